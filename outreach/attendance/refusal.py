"""A delivery that is refused whole."""

from __future__ import annotations


class RefusedError(ValueError):
    """The feed was refused; nothing was written."""
