"""The placeholder language of message templates: ``{{ name }}`` from one list, and nothing else.

Administrators and translators write templates, so this is no programming language: no conditions, no loops, no attributes. A value is
put in once and never read again, so a child called ``{{ days_missed }}`` keeps that name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

ALLOWED: Mapping[str, str] = {
    "child": "first or preferred name of the child with most absences",
    "children": "the names of all children the message is about",
    "days_missed": 'how many school days the child missed, as a phrase: "12 days"',
    "days_told": 'in a correction: how many school days we told before, as a phrase: "14 days"',
    "days_enrolled": 'how many school days the child was enrolled, as a phrase: "80 days"',
    "as_of": "the last day counted",
    "dates": 'the latest days the child missed, eight at most: "September 3, 14; October 2"',
    "school": "name of the child's school",
    "district": "name of the district",
    "school_phone": "number of the school, else of the district",
    "adult_names": "names of the adults a letter is for",
    "signed_by": "who signs a text: the adult at school who knows the child, and the number to call",
    "note": "what the sender adds in words of their own, such as what was done, or day, time and place of a meeting",
    "answer_by": "the day by which somebody who speaks the family's language answers",
    "interpreter_phone": "number at which an interpreter is found",
    "page_address": "address of the family page, as it is typed",
    "page_code": "the code of the letter, to be typed there",
}
"""Every placeholder, with what it stands for (shown to translators)."""

_SLOT = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_LEFTOVER = re.compile(r"[{}]+")


class TemplateError(ValueError):
    """A template cannot be read: it has an unknown placeholder or broken braces."""


class MissingValueError(ValueError):
    """A template asks for something that is not known about this family."""


@dataclass(frozen=True)
class Slot:
    """A placeholder."""

    name: str


Part = str | Slot


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[Part, ...]:
    """Cut a template into words and placeholders; raises TemplateError naming what is wrong."""
    parts: list[Part] = []
    end = 0
    for match in _SLOT.finditer(text):
        parts += [_words(text[end : match.start()]), _slot(match[1])]
        end = match.end()
    parts.append(_words(text[end:]))
    return tuple(part for part in parts if part)


def fill(parts: tuple[Part, ...], values: Mapping[str, str]) -> str:
    """Put *values* in; raises MissingValueError naming the placeholder that has none."""
    return "".join(part if isinstance(part, str) else value_of(part, values) for part in parts)


def value_of(slot: Slot, values: Mapping[str, str]) -> str:
    """Return the value of one placeholder; raises MissingValueError where it has none."""
    if value := values.get(slot.name):
        return value
    message = f"nothing is known for {{{{ {slot.name} }}}}"
    raise MissingValueError(message)


def names(text: str) -> frozenset[str]:
    """Return the placeholders that a template uses; raises TemplateError."""
    return frozenset(part.name for part in parse(text) if isinstance(part, Slot))


def _slot(name: str) -> Slot:
    if name not in ALLOWED:
        message = f"{{{{ {name} }}}} is not a placeholder; there are {', '.join(ALLOWED)}"
        raise TemplateError(message)
    return Slot(name)


def _words(text: str) -> str:
    if found := _LEFTOVER.search(text):
        near = text[max(0, found.start() - 15) : found.end() + 15]
        message = f"{found[0]!r} stands alone near {near!r}; a placeholder is written {{{{ child }}}}"
        raise TemplateError(message)
    return text
