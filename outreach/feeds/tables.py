"""What the service remembers of each folder it watches."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class FeedFolder(Base):
    """A folder below ``feed_folder``: how it stood when the service last had something to say of it."""

    __tablename__ = "feed_folders"

    name: Mapped[str] = mapped_column(primary_key=True)
    """The folder's own name."""
    source: Mapped[str]
    """The name in its ``source.toml``; empty while that cannot be read."""
    state: Mapped[str]
    """A ``feeds.watching.Standing``."""
    since: Mapped[datetime]
    fingerprint: Mapped[str]
    """Of what was refused: its files, our version and settings, and what else was loaded. The same is not tried again."""
    tries: Mapped[int]
    """Refusals in a row."""
    again_at: Mapped[datetime | None]
    """When a server that failed is asked again, or a loading that was ended is repeated."""
