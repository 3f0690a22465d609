"""From the empty database to the first real message: the steps in their order, ticked by what is really there.

It rests on what ``doctor`` finds, so that the page and the command tell the same story.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from outreach.attendance.tables import FeedSource
from outreach.doctor import Finding, State, examine
from outreach.planning.states import TOLD, MessageClass
from outreach.planning.tables import MessageBatch, PlannedMessage
from outreach.services import Services
from outreach.settings import Settings
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from outreach.thresholds import spot_checks
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode

SHIPPED_NAME = "Your School District"
_UNREGISTERED = "No provider is set. Register with the carriers first: outreach registration-pack writes the forms."
_STEPS: Mapping[str, tuple[str, str, str]] = {
    "you": ("Say who you are", "Name, time zone and number stand in every message.", "setting_up.settings"),
    "feed": ("Load the first feed", "Counts come from the marks of your student information system.", "mapping.page"),
    "meaning": ("Give codes and days their meaning", "What nobody understands is never counted.", "data_health.page"),
    "counts": ("Check the counts", "A wrong count costs more trust than none: compare a few with your system.", "count_check.page"),
    "words": ("Approve the words", "Only words that a named person approved leave.", "words.page"),
    "people": ("Bring people in", "Families who are told answer, and somebody must read that.", "accounts.page"),
    "danger": ("Name who is called for danger", "A child who is not safe must reach a person at any hour.", "oncall.page"),
    "carrier": ("Connect the carrier", "Until then texts are held; letters can go first.", "setting_up.settings"),
    "round": ("Let the first round go", "Whoever is over a threshold today waits until a person releases them.", "baseline.page"),
    "night": ("Look at a night’s messages", "In shadow mode all is planned and nothing leaves.", "sending.page"),
    "told": ("See the first count arrive", "From here on the service runs by itself.", "delivery.page"),
}
"""Title, why, and the endpoint of the page where it is done."""


@dataclass(frozen=True)
class Step:
    """One step; *lacks* says in sentences what it still needs, and is empty once it is done."""

    title: str
    why: str
    page: str
    """The endpoint of the page where it is done."""
    lacks: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        """Nothing is left of it."""
        return not self.lacks


def steps(services: Services, findings: Collection[Finding] | None = None) -> list[Step]:
    """Return all steps in order. *findings* are those of ``doctor.examine``, where somebody has them already."""
    found = examine(services) if findings is None else findings
    wrong = [one for one in found if one.state is not State.WELL]

    def of(*areas: str, worst_only: bool = True) -> tuple[str, ...]:
        return tuple(one.sentence for one in wrong if one.area in areas and (one.state is State.WRONG or not worst_only))

    with services.database.read() as session:
        seen = _InDatabase(session)
        lacks = {
            "you": _name(services.settings),
            "feed": seen.feed(),
            "meaning": of("codes", "calendar"),
            "counts": seen.counts(),
            "words": of("words"),
            "people": seen.people(),
            "danger": of("on call", worst_only=False),
            "carrier": of("provider") if services.settings.provider else (_UNREGISTERED,),
            "round": seen.first_round(),
            "night": seen.a_night(),
            "told": seen.told(),
        }
    return [Step(*_STEPS[key], lacking) for key, lacking in lacks.items()]


def next_of(found: Sequence[Step]) -> Step | None:
    """The first step that is not done; None after the last."""
    return next((step for step in found if not step.is_done), None)


def has_told(session: Session) -> bool:
    """Whether a count ever left for a family: the first steps lie behind this district then."""
    counts = PlannedMessage.message_class == MessageClass.NUDGE.value, PlannedMessage.state.in_(TOLD)
    return bool(session.scalar(select(exists(select(PlannedMessage.id).where(*counts)))))


def finding(found: Sequence[Step]) -> Finding:
    """The same story in one line for ``outreach doctor``."""
    ahead = next_of(found)
    done = sum(step.is_done for step in found)
    if ahead is None:
        return Finding("first steps", State.WELL, "Every first step is done.")
    return Finding("first steps", State.LOOK, f"{done} of {len(found)} first steps are done; next: {ahead.title}. {ahead.lacks[0]}")


def _name(settings: Settings) -> tuple[str, ...]:
    name = () if settings.district_name != SHIPPED_NAME else ("Set district_name: it opens every text and heads every letter.",)
    return name if settings.timezone else (*name, "Set timezone: quiet hours and dates follow it.")


class _InDatabase:
    """What the rows tell."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def people(self) -> tuple[str, ...]:
        there = set(self._session.scalars(select(Account.role).where(Account.disabled_at.is_(None)).distinct()))
        wanted = {Role.DISTRICT_ADMINISTRATOR: "an administrator of the district", Role.COORDINATOR: "a coordinator who answers families"}
        return tuple(f"There is not yet {who}." for role, who in wanted.items() if role.value not in there)

    def feed(self) -> tuple[str, ...]:
        return self._lacks(select(FeedSource.name), "No feed was loaded yet. Upload the files on Feeds, or run: outreach import FOLDER.")

    def counts(self) -> tuple[str, ...]:
        said = spot_checks.standing(self._session)
        if not said:
            return ("Nobody has compared counts with the student information system yet.",)
        differ = sum(not agrees for agrees in said.values())
        one = "1 child’s count was found to differ" if differ == 1 else f"The counts of {differ} children were found to differ"
        return (f"{one} from the student information system. Mend the feed or its meaning, and check again.",) if differ else ()

    def first_round(self) -> tuple[str, ...]:
        nobody = self._lacks(select(Episode.id), "Nobody has been found over a threshold yet: outreach evaluate, or the next night, looks.")
        released = select(Episode.id).where(Episode.state != EpisodeState.BASELINE)
        return nobody or self._lacks(released, "Children over a threshold wait for the first release.")

    def a_night(self) -> tuple[str, ...]:
        return self._lacks(select(MessageBatch.id), "No night has planned messages yet.")

    def told(self) -> tuple[str, ...]:
        return () if has_told(self._session) else ("No count has left yet.",)

    def _lacks(self, rows: Select[Any], sentence: str) -> tuple[str, ...]:
        """Nothing where there is such a row, else what is lacking."""
        return () if self._session.scalar(select(exists(rows))) else (sentence,)
