"""What lies on the translator's bench: each text in each language, how far it is, and what was said about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.messages import queries
from outreach.messages.bench_stages import Deadlines, Stage, stage_of
from outreach.messages.bench_tables import (
    TranslationDelivery,
    TranslationDraft,
    TranslationDue,
    TranslationInvoice,
    TranslationNote,
    TranslatorLanguage,
)
from outreach.messages.compose import Pair
from outreach.messages.editing import Spot
from outreach.messages.languages import DEFAULT, languages
from outreach.messages.pairs import current_pairs, digest
from outreach.messages.queries import CORE_PACK
from outreach.messages.tables import Approval, WordingVersion
from outreach.messages.templates import Source, sources
from outreach.messages.wording import Overlay


@dataclass(frozen=True)
class Work:
    """One text in one language."""

    source: Source
    spot: Spot
    stage: Stage
    offered: str
    """The translation of the English as it stands; empty where there is none."""
    approval: Approval | None
    """The pair in force: what leaves now."""
    handed_in: WordingVersion | None
    """Who stands behind what is offered; none for a shipped draft."""
    draft: TranslationDraft | None
    since: datetime | None
    """When exactly this English was approved; none while it may still change."""
    due: datetime | None
    due_by: str
    """Who said until when; empty where the usual days hold."""
    notes: tuple[TranslationNote, ...]

    @property
    def core(self) -> bool:
        """Part of what a language needs before anything else."""
        return self.spot.message in CORE_PACK

    @property
    def pair(self) -> Pair:
        """The English and what is offered for it."""
        return Pair(self.spot.message, self.spot.channel, self.spot.locale, self.source.text, self.offered)

    @property
    def sent_back(self) -> TranslationNote | None:
        """The note with which a reviewer sent back what is offered."""
        return sent_back_with(self.handed_in, self.notes)

    @property
    def former_english(self) -> str:
        """The English for which the words that leave were approved, where it was another; else empty."""
        return self.approval.source_text if self.approval and self.approval.source_hash != digest(self.source.text) else ""


def works(session: Session, locales: Collection[str], deadlines: Deadlines, home: Path | None = None) -> list[Work]:
    """Return every text in each of *locales*, of the district and of schools with a copy: what is open and of the core pack first."""
    overlay = queries.overlay(session)
    wanted = [locale for locale in locales if locale in languages() and locale != DEFAULT]
    found = [work for school in ("", *overlay.schools()) for work in _of_school(session, school, wanted, overlay, deadlines, home)]
    return sorted(found, key=_order)


def work_at(session: Session, spot: Spot, deadlines: Deadlines, home: Path | None = None) -> Work | None:
    """Return one text in one language; None where there is no such text."""
    return next((work for work in works(session, [spot.locale], deadlines, home) if work.spot == spot), None)


def languages_of(session: Session, account_id: int) -> Mapping[str, bool]:
    """Return the languages a translator works in → whether they may approve there too."""
    rows = session.scalars(select(TranslatorLanguage).filter_by(account_id=account_id).order_by(TranslatorLanguage.locale))
    return {row.locale: row.reviews for row in rows}


def everyones_languages(session: Session) -> Mapping[int, Mapping[str, bool]]:
    """Return account → its languages, for all translators that have one."""
    found: dict[int, dict[str, bool]] = {}
    for row in session.scalars(select(TranslatorLanguage).order_by(TranslatorLanguage.locale)):
        found.setdefault(row.account_id, {})[row.locale] = row.reviews
    return found


def deliveries(session: Session, translator: str | None = None, *, invoice_id: int | None = None) -> list[TranslationDelivery]:
    """Return what was handed in: what stands on no invoice yet, or what stands on one; of one translator or of all."""
    chosen = select(TranslationDelivery).where(TranslationDelivery.invoice_id == invoice_id)
    if translator is not None:
        chosen = chosen.where(TranslationDelivery.translator == translator)
    return list(session.scalars(chosen.order_by(TranslationDelivery.translator, TranslationDelivery.locale, TranslationDelivery.id)))


def invoices(session: Session, translator: str | None = None) -> list[TranslationInvoice]:
    """Return the invoices that were marked, the newest first; of one translator or of all."""
    chosen = select(TranslationInvoice).order_by(TranslationInvoice.id.desc())
    return list(session.scalars(chosen if translator is None else chosen.filter_by(translator=translator)))


def approvals_at(session: Session, spot: Spot) -> list[Approval]:
    """Return who approved what at *spot*, the newest first."""
    rows = select(Approval).filter_by(message=spot.message, channel=spot.channel, locale=spot.locale, school_id=spot.school_id)
    return list(session.scalars(rows.order_by(Approval.id.desc())))


def sent_back_with(handed_in: WordingVersion | None, notes: Collection[TranslationNote]) -> TranslationNote | None:
    """Return the note that sends *handed_in* back, if one does."""
    return next((note for note in notes if handed_in is not None and note.sends_back == handed_in.id), None)


def place_of(row: TranslationDraft | TranslationDue | TranslationNote | TranslationDelivery | WordingVersion) -> Spot:
    """Where a row belongs."""
    return Spot(row.message, row.channel, row.school_id, row.locale)


def _of_school(
    session: Session, school: str, locales: Collection[str], overlay: Overlay, deadlines: Deadlines, home: Path | None
) -> Iterator[Work]:
    """Each text of one school's own, or of the district."""
    offered = {
        (pair.message, pair.channel, pair.locale): pair.translation for _source, pair in current_pairs(home, overlay, school_id=school)
    }
    known = queries.in_force(session, school_id=school)
    versions = {row.id: row for row in session.scalars(select(WordingVersion).where(WordingVersion.locale.in_(locales)))}
    drafts = {place_of(row): row for row in session.scalars(select(TranslationDraft).where(TranslationDraft.locale.in_(locales)))}
    notes: dict[Spot, list[TranslationNote]] = {}
    for note in session.scalars(select(TranslationNote).where(TranslationNote.locale.in_(locales)).order_by(TranslationNote.id)):
        notes.setdefault(place_of(note), []).append(note)
    asked = {
        (place_of(row), row.source_hash): row
        for row in session.scalars(select(TranslationDue).where(TranslationDue.locale.in_(locales)).order_by(TranslationDue.id))
    }
    for source, locale in product(sources(home, overlay, school_id=school), locales):
        spot, place = Spot(source.message, source.channel, school, locale), (source.message, source.channel, locale)
        english, approval = known.get((source.message, source.channel, DEFAULT)), known.get(place)
        written = overlay.words(*place[:2], locale=locale, school_id=school)
        handed_in = versions[written.version_id] if written is not None and written.source_hash == digest(source.text) else None
        wish = asked.get((spot, digest(source.text)))
        since = english.approved_at if english is not None and english.source_hash == digest(source.text) else None
        yield Work(
            source=source,
            spot=spot,
            stage=stage_of(
                source.text,
                offered.get(place, ""),
                approved=(approval.source_hash, approval.translation_hash) if approval else None,
                by_person=handed_in is not None,
                sent_back=sent_back_with(handed_in, notes.get(spot, ())) is not None,
            ),
            offered=offered.get(place, ""),
            approval=approval,
            handed_in=handed_in,
            draft=drafts.get(spot),
            since=since,
            due=wish.due_at if wish else deadlines.due(since, core=source.message in CORE_PACK),
            due_by=wish.set_by if wish else "",
            notes=tuple(notes.get(spot, ())),
        )


def _order(work: Work) -> tuple[bool, bool, bool, datetime, str, str]:
    """What is open comes first, then the core pack, then by the day it is due."""
    due = work.due or datetime.max.replace(tzinfo=UTC)
    return work.stage is Stage.DONE, not work.core, work.due is None, due, work.spot.message, work.spot.locale
