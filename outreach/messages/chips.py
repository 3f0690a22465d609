"""Placeholders as people read and write them: ``[child's name]`` for ``{{ child }}``, so that nobody has to learn a template language."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from types import MappingProxyType

from outreach.messages.placeholders import ALLOWED, TemplateError

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "child": "child's name",
        "children": "names of the children",
        "days_missed": "days missed",
        "days_told": "days told before",
        "days_enrolled": "days enrolled",
        "as_of": "last day counted",
        "dates": "dates missed",
        "school": "school",
        "district": "district",
        "school_phone": "school's phone",
        "adult_names": "names of the adults",
        "signed_by": "who signs",
        "note": "sender's note",
        "interpreter_phone": "interpreter's phone",
        "answer_by": "day of the answer",
        "page_address": "address of the page",
        "page_code": "code of the letter",
    }
)
"""Placeholder → its plain name."""
_BY_NAME = {plain: name for name, plain in NAMES.items()}
_SLOT = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_CHIP = re.compile(r"\[([^\[\]\n]{0,80})\]")


def chip(name: str) -> str:
    """How a placeholder stands in the words of the editor."""
    return f"[{NAMES[name]}]"


def to_plain(template: str) -> str:
    """Return a template with its placeholders as chips; one that is not known stays as it is."""
    return _SLOT.sub(lambda match: chip(match[1]) if match[1] in NAMES else match[0], template)


def from_plain(words: str) -> str:
    """Return what a person wrote as a template; raises TemplateError for a chip that does not exist, naming the one that was meant."""
    return _CHIP.sub(lambda match: f"{{{{ {_name(match[1])} }}}}", words)


def explained(sentence: str) -> str:
    """A fault in the words of a template, in the words of the editor."""
    return to_plain(sentence)


def _name(written: str) -> str:
    wanted = " ".join(written.replace("\u2019", "'").casefold().split())
    if wanted in _BY_NAME:
        return _BY_NAME[wanted]
    if wanted in ALLOWED:
        return wanted
    near = difflib.get_close_matches(wanted, _BY_NAME, n=1, cutoff=0.6)
    hint = f"did you mean [{near[0]}]?" if near else "use one of those listed under the words."
    message = f"[{written}] is nothing we can fill in; {hint}"
    raise TemplateError(message)
