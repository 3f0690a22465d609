"""Where the shipped data files are: beside the source in a checkout, inside the package in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_BUNDLED = _PACKAGE / "_data"


def data_folder(name: str) -> Path:
    """Return the folder *name* (``config``, ``templates`` or ``translations``) of the shipped data files."""
    return (_BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent) / name
