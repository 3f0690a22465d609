"""A stranger who types commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.contract import Stranger, Teller, telling


@pytest.fixture(scope="session")
def teller() -> Iterator[Teller]:
    """One process that carries out the commands of all tests."""
    with telling() as process:
        yield process


@pytest.fixture
def stranger(teller: Teller, tmp_path: Path) -> Stranger:
    """Somebody with an empty folder, a home of their own and the clock at a Tuesday noon in Chicago."""
    return Stranger(tmp_path / "desk", teller)
