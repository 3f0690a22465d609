"""The words of the family page: one text with a line for each wording, so that a person approves a language's page as a whole.

The page has no words of its own: what stands on it was approved, or it stands in approved English. Pure.
"""

from __future__ import annotations

from outreach.messages.compose import Pair
from outreach.messages.placeholders import TemplateError


def wordings(text: str) -> dict[str, str]:
    """Cut a page's text into its wordings, by name. Raises TemplateError for a line that is none, or a name that stands twice."""
    found: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, words = line.partition(":")
        name, words = name.strip(), words.strip()
        if not colon or not words or not name.isidentifier():
            message = f"{line[:40]!r} is no wording: a name, a colon and its words are"
            raise TemplateError(message)
        if name in found:
            message = f"the wording {name!r} stands twice"
            raise TemplateError(message)
        found[name] = words
    return found


def faults_of(pair: Pair) -> list[str]:
    """What keeps a page's translation from standing for its source. Raises as ``wordings`` does."""
    wanted, there = wordings(pair.source), wordings(pair.translation)
    missing = [f"the wording {name!r} is missing." for name in wanted if name not in there]
    return missing + [f"the wording {name!r} is not in the English text." for name in there if name not in wanted]
