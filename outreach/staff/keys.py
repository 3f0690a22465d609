"""The secret that signs cookies and seals: outside the database, so that whoever can write there cannot forge either."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from outreach.settings import Settings


def secret_key(settings: Settings) -> str:
    """The setting, else a key made once and kept in the home folder, readable by its owner only."""
    if settings.secret_key:
        return settings.secret_key
    kept = settings.home / "secret-key"
    if not kept.exists():
        _keep_once(kept, secrets.token_urlsafe(48))
    return kept.read_text(encoding="ascii").strip()


def _keep_once(file: Path, text: str) -> None:
    """Write a file that two starting processes agree on: whole or not at all, and the first one wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(text)
        try:
            os.link(draft, file)
        except FileExistsError:
            return
    finally:
        Path(draft).unlink()
