"""What is encrypted opens with its key, whole and in its own place, and not otherwise."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach import keyring
from outreach.keyring import MAGIC, KeyringError, Ring, SealedError, SealedWriter, add_key, open_sealed, ring_of, seal

ONE, TWO = Ring({"aaaaaaaaaaaaaaaa": b"1" * 32}), Ring({"bbbbbbbbbbbbbbbb": b"2" * 32})
BOTH = Ring(TWO.keys | ONE.keys)
CHUNK = 64 * 1024


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5])
def test_what_was_sealed_opens_and_hides_its_words(size: int) -> None:
    content = (b"Luis Lopez " * (size // 11 + 1))[:size]
    sealed = seal(ONE, content, "photo")
    assert open_sealed(ONE, sealed, "photo") == content
    assert open_sealed(BOTH, sealed, "photo") == content, "an older key still opens"
    assert b"Luis" not in sealed
    assert seal(ONE, content, "photo") != sealed, "nobody sees that two files are the same"


@given(pieces=st.lists(st.integers(0, 3 * CHUNK), max_size=5))
@settings(max_examples=20, deadline=None)
def test_in_whatever_pieces_it_is_written_it_is_the_same(pieces: list[int]) -> None:
    out = io.BytesIO()
    with SealedWriter(out, ONE, "x") as writer:
        for number, size in enumerate(pieces):
            writer.write(bytes([number]) * size)
    assert open_sealed(ONE, out.getvalue(), "x") == b"".join(bytes([number]) * size for number, size in enumerate(pieces))


CONTENT = b"secret " * 30_000
SEALED = seal(ONE, CONTENT, "x")
HEADER, WHOLE = len(MAGIC) + 32, CHUNK + 16


@pytest.mark.parametrize(
    "changed",
    [
        SEALED[:-1],
        SEALED[: HEADER + WHOLE],
        SEALED[:HEADER],
        SEALED[: HEADER - 3],
        SEALED + b"x",
        SEALED[: HEADER + 5] + bytes([SEALED[HEADER + 5] ^ 1]) + SEALED[HEADER + 6 :],
        SEALED[: HEADER - 2] + bytes([SEALED[HEADER - 2] ^ 1]) + SEALED[HEADER - 1 :],
        SEALED[:HEADER] + SEALED[HEADER + WHOLE : HEADER + 2 * WHOLE] + SEALED[HEADER : HEADER + WHOLE] + SEALED[HEADER + 2 * WHOLE :],
        SEALED[:HEADER] + SEALED[HEADER + WHOLE :],
    ],
    ids=["cut", "cut at a chunk", "empty", "half a header", "longer", "a bit", "the salt", "two chunks swapped", "one left out"],
)
def test_whatever_was_touched_does_not_open(changed: bytes) -> None:
    with pytest.raises(SealedError):
        open_sealed(ONE, changed, "x")


def test_a_file_does_not_open_in_the_place_of_another_or_without_its_key() -> None:
    with pytest.raises(SealedError):
        open_sealed(ONE, SEALED, "y")
    with pytest.raises(KeyringError, match="aaaaaaaaaaaaaaaa"):
        open_sealed(TWO, SEALED, "x")
    assert open_sealed(Ring({}), b"plain", "x") == b"plain"
    assert seal(Ring({}), b"plain", "x") == b"plain"


def test_a_new_key_comes_first_and_those_before_it_stay(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    first = add_key(file)
    second = add_key(file)
    assert list(ring_of(str(file), tmp_path / "home").keys) == [second, first]
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("lines", ["", "# only a comment\n", "short\n", base64.urlsafe_b64encode(b"x" * 31).decode() + "\n", "é\n"])
def test_a_file_that_holds_no_key_is_refused_and_not_quoted(tmp_path: Path, lines: str) -> None:
    file = tmp_path / "keys"
    file.write_text(lines, encoding="utf-8")
    with pytest.raises(KeyringError) as refusal:
        ring_of(str(file), tmp_path / "home")
    assert "short" not in str(refusal.value)


def test_keys_in_the_home_are_refused_because_each_snapshot_would_hold_them(tmp_path: Path) -> None:
    add_key(tmp_path / "keys")
    with pytest.raises(KeyringError, match="inside the home"):
        ring_of(str(tmp_path / "keys"), tmp_path)


def test_nothing_starts_without_a_key_that_something_needs(tmp_path: Path) -> None:
    keyring.note_used(tmp_path, frozenset(ONE.keys))
    keyring.check(BOTH, tmp_path)
    with pytest.raises(KeyringError, match="without it nothing starts"):
        keyring.check(TWO, tmp_path)
