"""The public sample district, where it is to be found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[2].parent / "shared" / "data" / "grand-bend"


def grand_bend(given: str | None) -> Path:
    """Its folder: *given* (``OUTREACH_GRAND_BEND``), or beside the project. Without it a laptop skips and CI fails."""
    folder = Path(given) if given else _BESIDE
    if not (folder / "source.toml").is_file():
        if os.environ.get("CI"):
            pytest.fail(f"the sample district is missing: {folder} holds no source.toml")
        pytest.skip("the sample district is not here; OUTREACH_GRAND_BEND may name its folder")
    return folder
