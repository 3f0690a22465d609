"""What a family says on the family page: it takes the way of a reply into a case, and only a person closes it.

A report is kept as a text of the family's, so that a coordinator finds it in the thread and danger takes its sealed way. Nothing is
texted in answer: the page itself says that somebody will read it, and where help is at any hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.cases import barrier_reports, clerk_hearing, danger, escalation
from outreach.cases.actions import key_of_report, open_case
from outreach.cases.events import add_event
from outreach.cases.family_rights import Seen, SeenChild
from outreach.cases.matching import Match
from outreach.cases.states import CaseState, EventKind, Queue, move
from outreach.cases.tables import Case, CaseEvent
from outreach.consent import actions as consent
from outreach.consent.queries import post
from outreach.consent.states import Kind, Source
from outreach.district import queries as district
from outreach.district.people import Adult
from outreach.replies.reasons import CATEGORY_OF, Intent
from outreach.replies.tables import Inbound
from outreach.replies.understanding import Meaning
from outreach.settings import Settings

_BY = "family page"


@dataclass(frozen=True)
class Report:
    """One thing that a family said on the page."""

    once: str
    """Names the form that was sent, so that a doubled click is one report."""
    intent: Intent
    body: str
    """As staff read it: what was chosen, in English, and the family's own words."""
    locale: str
    barrier: str = ""
    """The first reason that was chosen."""
    reasons: tuple[str, ...] = ()
    """All of them."""
    urgent: bool = False
    suppress: bool = False
    to_human: bool = True
    why: str = "family page"


def with_own_words(report: Report, read: Meaning) -> Report:
    """The report with what its free words mean: danger and a stop hold whatever was chosen. Pure."""
    return replace(
        report,
        intent=Intent.CRISIS if read.urgent else report.intent,
        barrier=report.barrier or read.barrier,
        reasons=tuple(filter(None, (*report.reasons, read.barrier))),
        urgent=report.urgent or read.urgent,
        suppress=report.suppress or read.suppress,
        why=f"{report.why}; {read.why}" if read.urgent or read.suppress else report.why,
    )


def take(session: Session, seen: Seen, child: SeenChild, report: Report, *, settings: Settings, now: datetime) -> Case:
    """Put a report into the family's case, or open one; the same form again changes nothing.

    A stop in the family's own words is in the ledger when this returns, for every adult of the letter, texts and letters alike.
    """
    sid = f"page:{report.once}"
    if said := session.scalars(select(Inbound).where(Inbound.message_sid == sid)).first():
        event = session.scalars(select(CaseEvent).where(CaseEvent.inbound_id == said.id)).one()
        return session.get_one(Case, event.case_id)
    inbound = _kept(session, sid, report, now)
    case = _case(session, seen, child, report, now)
    if report.suppress and report.intent is not Intent.OPT_OUT:
        stop(session, seen.adults, texts=True, letters=True, now=now)
    if report.to_human:
        case.queue, case.waiting_since = Queue.NEEDS_ME.value, case.waiting_since or now
    elif CaseState(case.state) is CaseState.ANSWERED:
        case.queue = Queue.INFORMATION.value
    case.state = move(CaseState(case.state), CaseState.OPEN).value
    if report.urgent:
        _alarm(session, case, inbound, settings, now)
    escalation.place(session, case, settings, now, reason=report.barrier)
    barrier_reports.hear(session, case, inbound, report.reasons)
    clerk_hearing.hear(session, case, inbound, settings.zone)
    add_event(session, case, EventKind.INBOUND, by="", now=now, inbound_id=inbound.id)
    _tell(session, case, report, now)
    return case


def report_id(session: Session, report: Report) -> int:
    """The id of the text as which a report that was taken is kept."""
    return session.scalars(select(Inbound.id).where(Inbound.message_sid == f"page:{report.once}")).one()


def stop(session: Session, adults: Sequence[Adult], *, texts: bool, letters: bool, now: datetime) -> None:
    """Write into the ledger that some adults want no more texts, letters, or both; it holds from the next release on."""
    numbers = dict.fromkeys(phone.e164 for adult in adults for phone in adult.phones if phone.e164)
    names = [*(numbers if texts else ()), *((post(adult.contact_id) for adult in adults) if letters else ())]
    for name in sorted(names):
        consent.record(session, name, Kind.OPT_OUT, source=Source.FAMILY, by=_BY, now=now, note=_BY)


def _kept(session: Session, sid: str, report: Report, now: datetime) -> Inbound:
    inbound = Inbound(
        message_sid=sid,
        phone="",
        body=report.body,
        media=0,
        received_at=now,
        locale=report.locale,
        intent=report.intent.value,
        barrier=report.barrier,
        category=CATEGORY_OF[report.barrier] if report.barrier else "",
        urgent=report.urgent,
        suppress=report.suppress,
        to_human=report.to_human,
        why=report.why,
    )
    session.add(inbound)
    session.flush()
    return inbound


def _case(session: Session, seen: Seen, child: SeenChild, report: Report, now: datetime) -> Case:
    """The open case about this child on the writer's own number, locked until commit; else one of the report's own, which has no number.

    Who of a letter that names several wrote this is not known, and a report that one must not come home may be about the other: it
    belongs to nobody's thread until a person says so. The same holds for a number that somebody else holds as well.
    """
    contact = seen.adults[0].contact_id if len(seen.adults) == 1 else ""
    theirs = select(Case).where(
        Case.household == seen.household,
        Case.student_id == child.student_id,
        Case.phone.in_(_own_numbers(session, seen)),
        Case.state != CaseState.CLOSED.value,
    )
    if (standing := session.scalars(theirs.order_by(Case.id).limit(1).with_for_update()).first()) is not None:
        return standing
    found = Match(seen.household, contact, child.student_id, child.school_id)
    return open_case(session, key_of_report(child.student_id, contact), found, now, phone="", because=f"reply: {report.intent}")


def _own_numbers(session: Session, seen: Seen) -> list[str]:
    """The numbers of the one adult that the letter names, which nobody else holds; none where it names several."""
    if len(seen.adults) != 1:
        return []
    numbers = {phone.e164 for phone in seen.adults[0].phones if phone.e164}
    return [number for number in sorted(numbers) if len(district.adults_of_phone(session, number)) == 1]


def _alarm(session: Session, case: Case, inbound: Inbound, settings: Settings, now: datetime) -> None:
    case.urgent = True
    danger.notice(session, case, inbound, settings, now)
    incident = danger.open_incident(session, case.id)
    if incident is not None:  # the page showed where help is, whatever was sent
        danger.add_step(session, incident, danger.Step.FAMILY_TOLD, now=now, detail={"inbound": inbound.id})


def _tell(session: Session, case: Case, report: Report, now: datetime) -> None:
    if report.to_human and not case.school_id:
        sentence = "A family wrote on the family page, and its child belongs to no school for certain. Read it and say whose it is."
        key = f"unmatched_reply:{case.id}"
        attention.raise_item(session, kind="unmatched_reply", key=key, sentence=sentence, now=now, detail={"case": case.id})
