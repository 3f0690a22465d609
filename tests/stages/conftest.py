"""What the stages' tests have in common."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from outreach.database import Database
from tests.conftest import NOON
from tests.web.seed import people


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One transaction of the kind that pages open, with the people of the seed."""
    opened = Session(database.engine)
    people(opened, NOON)
    opened.flush()
    yield opened
    opened.close()
