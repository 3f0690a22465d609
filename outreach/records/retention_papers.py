"""What has a time of its own beside the conversations: logs of incidents, papers of blocks, packets of teams, feeds as received."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, String, cast, delete, false, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from outreach import kept_files
from outreach.attendance.tables import FeedImport, KeptFile
from outreach.cases.danger_tables import Incident, IncidentStep
from outreach.cases.tables import Case
from outreach.consent import blocks
from outreach.consent.tables import ContactBlock
from outreach.evidence.packet_tables import Packet
from outreach.records.holds import Held
from outreach.records.redaction import TAKEN_OUT
from outreach.records.retention_rows import Act, Part, Window


def _incident_words(window: Window) -> Select[int]:
    held = or_(*_held(window.held, Case.student_id, Case.contact_id), Case.phone.in_(window.held.phones))
    ended = select(Incident.id).join(Case, Case.id == Incident.case_id).where(Incident.closed_at < window.before, ~held)
    said = IncidentStep.text.not_in(("", TAKEN_OUT))
    return select(IncidentStep.id).where(IncidentStep.incident_id.in_(ended), said).order_by(IncidentStep.id)


def _forget_incident_words(session: Session, ids: Sequence[int], _act: Act) -> None:
    """The one place that changes the log of an incident: who did what, and when, stays as it was written."""
    session.execute(update(IncidentStep).where(IncidentStep.id.in_(ids)).values(text=TAKEN_OUT))


def _papers(window: Window) -> Select[int]:
    held = or_(*_held(window.held, ContactBlock.student_id, ContactBlock.contact_id))
    old = select(ContactBlock.id).where(ContactBlock.lifted_at < window.before, ContactBlock.document != "", ~held)
    return old.order_by(ContactBlock.id)


def _forget_papers(session: Session, ids: Sequence[int], act: Act) -> None:
    for block in session.scalars(select(ContactBlock).where(ContactBlock.id.in_(ids))):
        blocks.drop(act.settings, block.document)
        block.document = block.document_type = ""
    session.flush()


def _packets(window: Window) -> Select[int]:
    tiers = cast(Packet.tiers, String)
    names = or_(false(), *(tiers.contains(f'"{child}"', autoescape=True) for child in sorted(window.held.students)))
    return select(Packet.id).where(Packet.made_at < window.before, tiers != "{}", ~names).order_by(Packet.id)


def _forget_packets(session: Session, ids: Sequence[int], _act: Act) -> None:
    session.execute(update(Packet).where(Packet.id.in_(ids)).values(tiers={}))


def _feeds(window: Window) -> Select[str]:
    """Files, by their hash, that only old deliveries brought, and no source's last one. One file holds everybody, so a hold keeps all."""
    last = select(func.max(FeedImport.id)).where(FeedImport.unchanged.is_(False)).group_by(FeedImport.source)
    young = or_(FeedImport.finished_at >= window.before, FeedImport.id.in_(last))
    needed = select(KeptFile.sha256).join(FeedImport, FeedImport.id == KeptFile.import_id).where(young)
    due = false() if window.held.students or window.held.contacts else KeptFile.sha256.not_in(needed)
    return select(KeptFile.sha256).where(due).distinct().order_by(KeptFile.sha256)


def _forget_feeds(session: Session, hashes: Sequence[str], act: Act) -> None:
    session.execute(delete(KeptFile).where(KeptFile.sha256.in_(hashes)))
    for one in hashes:
        kept_files.delete(act.settings.home / "feeds", f"{one}.gz")


def _held(held: Held, student: InstrumentedAttribute[str], contact: InstrumentedAttribute[str]) -> tuple[ColumnElement[bool], ...]:
    return student.in_(held.students), contact.in_(held.contacts)


INCIDENTS = Part(_incident_words, _forget_incident_words)
PAPERS = Part(_papers, _forget_papers)
PACKETS = Part(_packets, _forget_packets)
FEEDS = Part(_feeds, _forget_feeds)
