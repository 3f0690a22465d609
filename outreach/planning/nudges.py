"""A household's crossings become one message a channel, or refusals: pure over a ``Situation``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from outreach.attendance.profiles import Days
from outreach.district.households import Household
from outreach.district.people import Adult
from outreach.planning.reasons import Reason
from outreach.planning.recipients import for_letter, for_text
from outreach.planning.situation import Situation
from outreach.planning.states import Channel


@dataclass(frozen=True)
class Draft:
    """One message to one household on one channel, the child with most absences first; or, with a *refusal*, why there is none."""

    household: str
    channel: Channel
    student_ids: tuple[str, ...]
    adults: tuple[Adult, ...] = ()
    """For a text the one adult; for a letter all it names, the addressed one first."""
    phone: str = ""
    refusal: str = ""


def drafts(situation: Situation, household: Household, channel: Channel, student_ids: Collection[str]) -> Iterator[Draft]:
    """Decide for the children of a household who crossed a threshold on a channel.

    A text speaks of the child with most absences; a letter names all children whom the same adults may be told about.
    """
    ordered = by_absences(situation, student_ids)
    sound = []
    for student_id in ordered:
        if refusal := situation.refusal(student_id) or situation.quiet(student_id):
            yield Draft(household.key, channel, (student_id,), refusal=refusal)
        else:
            sound.append(student_id)
    yield from (_texts if channel == Channel.SMS else _letters)(situation, household, sound)


def by_absences(situation: Situation, student_ids: Collection[str]) -> list[str]:
    """Children with most days missed first."""

    def missed(student_id: str) -> Days:
        counted = situation.counts.get(student_id)
        return counted.count.absent if counted else 0

    return sorted(student_ids, key=lambda student_id: (-missed(student_id), student_id))


def _texts(situation: Situation, household: Household, student_ids: Sequence[str]) -> Iterator[Draft]:
    speaking = False
    for student_id in student_ids:
        found = for_text(household.adults, student_id, situation.permissions, situation.numbers)
        if found.adult is None:
            yield Draft(household.key, Channel.SMS, (student_id,), refusal=found.refusal)
        elif speaking:
            yield Draft(household.key, Channel.SMS, (student_id,), refusal=Reason.SIBLING_FIRST)
        else:
            speaking = True
            yield Draft(household.key, Channel.SMS, (student_id,), (found.adult,), found.phone)


def _letters(situation: Situation, household: Household, student_ids: Sequence[str]) -> Iterator[Draft]:
    together: dict[frozenset[str], tuple[list[Adult], list[str]]] = {}
    for student_id in student_ids:
        adults, refusal = for_letter(household.adults, student_id, situation.permissions)
        if refusal:
            yield Draft(household.key, Channel.LETTER, (student_id,), refusal=refusal)
        else:
            together.setdefault(frozenset(a.contact_id for a in adults), (adults, []))[1].append(student_id)
    for adults, children in together.values():
        yield Draft(household.key, Channel.LETTER, tuple(children), tuple(adults))
