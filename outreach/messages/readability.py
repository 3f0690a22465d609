"""School grades of texts by published formulas: how many years of school a reader needs."""

from __future__ import annotations

import re

MOST = 6.0
"""The grade that texts to families stay within."""


def prose(template: str) -> str:
    """The words of a template as a family reads them, without tables, marks and the names of wordings."""
    plain = re.sub(r"(?m)^[a-z_]+: (.*)$", r"\1\n", re.sub(r"(?m)^\|.*$", "", template))  # a page's wordings have names
    filled = re.sub(r"\{\{ (\w+) \}\}", "Ana", plain)
    return filled.replace("**", "").strip()


def flesch_kincaid(english: str) -> float:
    """The grade of an English text (Kincaid et al. 1975): 0.39 words a sentence + 11.8 syllables a word - 15.59; 0 without words."""
    words = re.findall(r"[A-Za-z']+", english)
    if not words:
        return 0.0
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e")))) for word in words)
    return 0.39 * len(words) / _sentences(english) + 11.8 * syllables / len(words) - 15.59


def crawford(spanish: str) -> float:
    """The grade of a Spanish text (Crawford 1984): -0.205 sentences + 0.049 syllables, in a hundred words, - 3.407; 0 without words."""
    words = re.findall(r"[a-záéíóúüñ]+", spanish.lower())
    if not words:
        return 0.0
    # one syllable a vowel group; two strong vowels, or a stressed weak one, part it
    syllables = sum(max(1, len(re.findall(r"[iuü]?(?:[aeoáéó]|[íú])[iuüy]?(?![aeoáéóíú])|[aeoáéóíú]|[iuüy]", word))) for word in words)
    return 0.049 * 100 * syllables / len(words) - 0.205 * 100 * _sentences(spanish) / len(words) - 3.407


def _sentences(text: str) -> int:
    return max(1, len([part for part in re.split(r"[.?!]\s|\n\n|\n- ", text) if part.strip()]))
