"""Commands as a person at a prompt meets them, without the seconds that a process of its own needs to start."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from unittest import mock

from outreach.cli import main

NOTHING_MORE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def run(home: Path, *words: str, more: Mapping[str, str] = NOTHING_MORE) -> Done:
    """Run ``outreach`` with *words* in *home* one afternoon of September 2026, *more* in the environment; ``journeys`` start real ones."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OUTREACH_", "TWILIO_"))}
    clean |= {"OUTREACH_HOME": str(home), "OUTREACH_NOW": "2026-09-18T15:00:00-05:00", **more}
    out, err = io.StringIO(), io.StringIO()
    here = mock.patch.dict(os.environ, clean, clear=True), mock.patch.object(sys, "argv", ["outreach", *words])
    with here[0], here[1], redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
    return Done(status, out.getvalue(), err.getvalue())
