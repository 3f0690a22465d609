"""Made-up families, so that words can be looked at before any family reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

from outreach.messages.compose import Child, Facts
from outreach.messages.languages import DEFAULT

_DATES = tuple(date(2026, month, day) for month, day in ((8, 31), (9, 3), (9, 14), (9, 15), (9, 28), (10, 2), (10, 13), (10, 14)))
_NAMES: Mapping[str, tuple[str, str, str]] = {
    DEFAULT: ("Maya", "Jordan Price", "Ms. Carter"),
    "es": ("Sofía", "Elena Ramírez", "Sra. Delgado"),
    "zh-Hans": ("Mei", "Wei Chen", "Ms. Lin"),
    "vi": ("Minh", "Lan Nguyễn", "Ms. Tran"),
    "ar": ("يوسف", "عمر حداد", "Ms. Haddad"),
    "ht": ("Widline", "Marie Jean-Louis", "Ms. Pierre"),
    "pt-BR": ("João", "Ana Souza", "Sra. Lima"),
    "ru": ("Дарья", "Ольга Иванова", "Ms. Petrova"),
    "so": ("Ayaan", "Hodan Warsame", "Ms. Farah"),
    "ko": ("지우", "김민서", "Ms. Park"),
    "tl": ("Althea", "Maria Santos", "Ms. Reyes"),
    "uk": ("Софія", "Олена Бондар", "Ms. Kovalenko"),
    "fr": ("Amélie", "Claire Diallo", "Mme Traoré"),
    "ur": ("عائشہ", "بلال احمد", "Ms. Khan"),
    "am": ("ሰላም", "አበበ ተስፋዬ", "Ms. Bekele"),
    "sw": ("Neema", "Amani Mushi", "Ms. Mwangi"),
}
"""Locale → a child, an adult of the family, and who signs."""


def made_up(locale: str, *, district: str, school: str = "Lincoln Elementary School", school_phone: str = "(312) 555-0100") -> Facts:
    """A family that does not exist, with a name of its language, at a real or a made-up school."""
    child, adult, signer = _NAMES.get(locale, _NAMES[DEFAULT])
    return Facts(
        district=district,
        school=school,
        school_phone=school_phone,
        children=(
            Child(
                name=child,
                days_missed=Fraction(8),
                days_enrolled=41,
                as_of=date(2026, 10, 16),
                school=school,
                days_told=Fraction(10),
                dates=_DATES,
            ),
        ),
        adult_names=(adult,),
        signer=signer,
        note="Tuesday, October 27, at 5:30 pm in room 204.",
        interpreter_phone=school_phone,
        answer_by=date(2026, 10, 28),
    )


def with_longest(facts: Facts, *, child: str, school: str) -> Facts:
    """The same family with the longest real names of the district, for what a text may cost at most."""
    known = replace(facts, school=school or facts.school)
    return replace(known, children=tuple(replace(one, name=child or one.name, school=school or one.school) for one in facts.children))
