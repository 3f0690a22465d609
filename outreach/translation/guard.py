"""The database's own refusal of machine text as an answer, on SQLite and PostgreSQL; the first migration holds it.

Words that a person typed (a planned message of no template) may not be, nor hold, the words of a draft for that number which no speaker
has approved. White space makes no difference; a draft of a word or two is refused only as a whole answer, since anybody may write "thanks".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REFUSAL = "machine text is no answer before a speaker has approved it"
LONG = 12
"""Letters from which on a draft is refused inside other words, too."""


_BLANK = (9, 10, 13, 32, 160)


def _sqlite() -> tuple[str, ...]:
    found = _found("char", "instr({0}, {1}) > 0")
    return tuple(
        f"CREATE TRIGGER machine_text_{when.split()[0].lower()} BEFORE {when} ON planned_messages "
        f"WHEN NEW.message = '' AND NEW.body <> '' AND EXISTS ({found}) BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for when in ("INSERT", "UPDATE OF body, message, phone")
    )


def _postgresql() -> tuple[str, ...]:
    found = _found("chr", "position({1} in {0}) > 0")
    function = (
        "CREATE FUNCTION refuse_machine_text() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF EXISTS ({found}) THEN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
    )
    trigger = (
        "CREATE TRIGGER machine_text BEFORE INSERT OR UPDATE OF body, message, phone ON planned_messages FOR EACH ROW "
        "WHEN (NEW.message = '' AND NEW.body <> '') EXECUTE FUNCTION refuse_machine_text()"
    )
    return function, trigger


def _found(letter: str, holds: str) -> str:
    """The question that finds the draft; *letter* is what the database calls the letter of a number."""
    body, words = (_bare(column, letter) for column in ("NEW.body", "m.words"))
    return (
        "SELECT 1 FROM machine_texts m WHERE m.phone = NEW.phone AND m.kind = 'draft' AND m.state <> 'approved' AND m.words <> '' "  # noqa: S608 - all of it is written here
        f"AND ({body} = {words} OR (length({words}) >= {LONG} AND {holds.format(body, words)}))"
    )


def _bare(column: str, letter: str) -> str:
    for code in _BLANK:
        column = f"replace({column}, {letter}({code}), '')"
    return column


STATEMENTS: Mapping[str, tuple[str, ...]] = MappingProxyType({"sqlite": _sqlite(), "postgresql": _postgresql()})
"""Dialect → what makes the refusal, statement by statement."""
