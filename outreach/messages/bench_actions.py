"""What people do on the translator's bench: draft, hand in, approve, talk, invoice. The caller commits and writes the audit trail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.database import take_turns
from outreach.messages import editing
from outreach.messages.actions import ApprovedRow, approve_pairs
from outreach.messages.advice import MOST_LETTERS
from outreach.messages.bench_checks import refusals
from outreach.messages.bench_queries import Work, deliveries, work_at, works
from outreach.messages.bench_stages import Deadlines, Stage, words_changed, words_in
from outreach.messages.bench_tables import (
    TranslationDelivery,
    TranslationDraft,
    TranslationDue,
    TranslationInvoice,
    TranslationNote,
    TranslatorLanguage,
)
from outreach.messages.compose import Pair
from outreach.messages.editing import Hand, Spot
from outreach.messages.languages import DEFAULT, language, languages
from outreach.messages.pairs import digest
from outreach.messages.queries import latest_approval
from outreach.messages.templates import Source
from outreach.staff import queries as staff

LONGEST_NOTE = 1000
_ANY_DAY = Deadlines(0, 0)


class BenchError(ValueError):
    """The bench cannot take this; nothing was written."""


@dataclass(frozen=True)
class Seen:
    """Digests of what stood before a translator who hands words in; None where it was not shown."""

    english: str | None = None
    draft: str | None = None
    pair: str | None = None
    """Of the English and the words handed in for it, as ``shown_digest``."""


def set_languages(session: Session, account_id: int, chosen: Collection[str], reviews: Collection[str], hand: Hand) -> None:
    """Say in which languages an account translates, and in which of them it also approves. Raises BenchError."""
    if strange := sorted(set(chosen) - (set(languages()) - {DEFAULT})):
        refusal = f"{', '.join(strange)} is no language that is translated here."
        raise BenchError(refusal)
    session.execute(delete(TranslatorLanguage).where(TranslatorLanguage.account_id == account_id))
    session.add_all(
        TranslatorLanguage(account_id=account_id, locale=locale, reviews=locale in reviews, given_by=hand.by, given_at=hand.now)
        for locale in sorted(set(chosen))
    )
    session.flush()


def save_draft(session: Session, spot: Spot, text: str, hand: Hand, *, home: Path | None = None, seen: str | None = None) -> None:
    """Keep unfinished words, faults and all. *seen* is the digest of the draft that the writer began with. Raises BenchError."""
    take_turns(session, "wording")
    source = editing.source_of(session, spot, home)
    words = _typed(text, spot)
    row = _draft(session, spot)
    if seen is not None and seen != digest(row.text if row else ""):
        refusal = f"{row.saved_by if row else 'Somebody'} changed this draft while you were writing. Look at it, then save again."
        raise BenchError(refusal)
    if row is None:
        row = TranslationDraft(message=spot.message, channel=spot.channel, locale=spot.locale, school_id=spot.school_id)
        session.add(row)
    row.source_text, row.text, row.saved_by, row.saved_at = source.text, words, hand.by, hand.now
    session.flush()


def hand_in(session: Session, spot: Spot, template: str, hand: Hand, *, home: Path | None = None, seen: Seen | None = None) -> None:
    """Hand a translation in for the English as it stands; it leaves once a reviewer has approved it.

    The first translation of an English text counts as delivered words. Raises BenchError where the English, the draft or the words
    handed in are others than those *seen*, or the words have a fault.
    """
    take_turns(session, "wording")
    source = editing.source_of(session, spot, home)
    words = _typed(template, spot)
    if seen is not None:
        _refuse_unseen(session, source, spot, words, seen, home)
    if not words:
        refusal = "There are no words to hand in yet."
        raise BenchError(refusal)
    if faults := refusals(source, Pair(spot.message, spot.channel, spot.locale, source.text, words)):
        raise BenchError(" ".join(faults))
    session.execute(delete(TranslationDraft).filter_by(**_columns(spot)))
    hand_in_all(session, spot.locale, {spot: words}, hand, home=home)


def hand_in_all(session: Session, locale: str, words: Mapping[Spot, str], hand: Hand, *, home: Path | None = None) -> None:
    """Hand several translations in, each for the English as it stands; drafts of others stay. Raises EditError where one has a fault."""
    for spot, template in words.items():
        editing.write(session, spot, template, hand, home=home)
        session.execute(delete(TranslationDraft).filter_by(**_columns(spot), saved_by=hand.by))
        _deliver(session, spot, editing.source_of(session, spot, home).text, hand)
    _tell_reviewers(session, locale, hand, home)


def approve(session: Session, work: Work, hand: Hand, *, shown: str, own_words: bool, home: Path | None = None) -> ApprovedRow:
    """Approve what is offered at *work*, if it is what the reviewer saw (digest *shown*).

    Raises BenchError where it is not, or where it is the reviewer's own and *own_words* does not let people approve their own;
    ApprovalError where the words have a fault.
    """
    if not work.offered or shown != shown_digest(work.pair):
        refusal = "These words changed while you were reading. Please look at them again before you approve."
        raise BenchError(refusal)
    if not own_words and work.handed_in is not None and work.handed_in.written_by in staff.addresses(session, hand.by):
        refusal = "You handed these words in yourself, so somebody else approves them."
        raise BenchError(refusal)
    if faults := refusals(work.source, work.pair):
        raise BenchError(" ".join(faults))
    [row] = approve_pairs(session, [(work.source, work.pair)], by=hand.by, now=hand.now)
    _tell_reviewers(session, work.spot.locale, hand, home)
    return row


def shown_digest(pair: Pair) -> str:
    """Name both texts of a pair, so that nobody approves words they have not seen."""
    return digest(f"{pair.source}\0{pair.translation}")


def send_back(session: Session, work: Work, note: str, hand: Hand, *, shown: str, home: Path | None = None) -> TranslationNote:
    """Give what was handed in back to its translator with a note that says why; what was approved before goes on leaving.

    Raises BenchError where nothing was handed in, where it is not what the reviewer saw (digest *shown*), or without a note.
    """
    take_turns(session, "wording")
    if work.stage is not Stage.SUBMITTED or work.handed_in is None or shown != shown_digest(work.pair):
        refusal = "There is nothing here to send back, or it changed while you were reading. Please look again."
        raise BenchError(refusal)
    row = say(session, work.spot, note, hand, home=home, sends_back=work.handed_in.id)
    _tell_reviewers(session, work.spot.locale, hand, home)
    return row


def want_by(session: Session, spot: Spot, due_at: datetime, hand: Hand, *, home: Path | None = None) -> None:
    """Say until when the English of *spot* as it stands is to be translated. Raises BenchError where that is over already."""
    if due_at <= hand.now:
        refusal = "That day is over; please choose today or a later one."
        raise BenchError(refusal)
    source = editing.source_of(session, spot, home)
    session.add(TranslationDue(**_columns(spot), source_hash=digest(source.text), due_at=due_at, set_by=hand.by, set_at=hand.now))
    session.flush()


def say(session: Session, spot: Spot, text: str, hand: Hand, *, home: Path | None = None, sends_back: int | None = None) -> TranslationNote:
    """Add a note to the talk about some words, perhaps one that sends the version *sends_back* back. Raises BenchError."""
    editing.source_of(session, spot, home)
    words = _plain(text)
    if not words or len(words) > LONGEST_NOTE:
        refusal = f"Please write a note of at most {LONGEST_NOTE} characters."
        raise BenchError(refusal)
    row = TranslationNote(**_columns(spot), text=words, sends_back=sends_back, written_by=hand.by, written_at=hand.now)
    session.add(row)
    session.flush()
    return row


def mark_invoiced(session: Session, translator: str, upto: int, hand: Hand) -> TranslationInvoice:
    """Put what a translator has delivered, up to the delivery *upto*, on an invoice. Raises BenchError where nothing is left."""
    take_turns(session, "invoices")
    rows = [row for row in deliveries(session, translator) if row.id <= upto]
    if not rows:
        refusal = "All delivered words stand on an invoice already."
        raise BenchError(refusal)
    invoice = TranslationInvoice(translator=translator, words=sum(row.words for row in rows), marked_by=hand.by, marked_at=hand.now)
    session.add(invoice)
    session.flush()
    for row in rows:
        row.invoice_id = invoice.id
    session.flush()
    return invoice


def _refuse_unseen(session: Session, source: Source, spot: Spot, words: str, seen: Seen, home: Path | None) -> None:
    """Refuse what would undo work that the translator has not seen; the very words that stand there undo nothing."""
    if seen.english not in (None, digest(source.text)):
        refusal = "The English changed while you were writing. Look at what changed, then hand your words in again."
        raise BenchError(refusal)
    draft, work = _draft(session, spot), work_at(session, spot, _ANY_DAY, home)
    if draft is not None and seen.draft not in (None, digest(draft.text)):
        refusal = f"{draft.saved_by} changed the draft while you were writing. Look at it, then hand your words in again."
        raise BenchError(refusal)
    if work is not None and words == work.offered and work.stage is Stage.RETURNED:
        refusal = "These are the words that were sent back. Change them, or say in a note why they are right as they are."
        raise BenchError(refusal)
    if work is not None and words != work.offered and seen.pair not in (None, shown_digest(work.pair)):
        refusal = "Somebody else handed words in while you were writing. Look at theirs, then hand yours in again."
        raise BenchError(refusal)


def _plain(text: str) -> str:
    """What a form sent, with one kind of line end and without the one character that no database takes."""
    return text.replace("\r\n", "\n").replace("\0", "").strip()


def _typed(text: str, spot: Spot) -> str:
    words = _plain(text)
    if len(words) > (most := MOST_LETTERS[spot.channel]):
        refusal = f"This is {len(words):,} characters long; at most {most:,} can be kept."
        raise BenchError(refusal)
    return words


def _columns(spot: Spot) -> dict[str, str]:
    return {"message": spot.message, "channel": spot.channel, "locale": spot.locale, "school_id": spot.school_id}


def _draft(session: Session, spot: Spot) -> TranslationDraft | None:
    return session.scalars(
        select(TranslationDraft).filter_by(**_columns(spot)), execution_options={"populate_existing": True}
    ).one_or_none()


def _deliver(session: Session, spot: Spot, english: str, hand: Hand) -> None:
    """Count the words once for each English text, whoever mends the translation later."""
    if session.scalars(select(TranslationDelivery.id).filter_by(**_columns(spot), source_hash=digest(english))).first() is not None:
        return
    before = latest_approval(session, spot.message, spot.channel, spot.locale, school_id=spot.school_id)
    session.add(
        TranslationDelivery(
            **_columns(spot),
            source_hash=digest(english),
            translator=hand.by,
            words=words_in(english),
            words_changed=words_changed(before.source_text if before else "", english),
            delivered_at=hand.now,
            invoice_id=None,
        )
    )
    session.flush()


def _tell_reviewers(session: Session, locale: str, hand: Hand, home: Path | None) -> None:
    """Keep one line under *Attention* for each language with translations that wait for approval."""
    waiting = sum(work.stage is Stage.SUBMITTED for work in works(session, [locale], _ANY_DAY, home))
    key, name = f"bench:{locale}", language(locale).english
    if not waiting:
        resolve_key(session, key, by=hand.by, now=hand.now)
        return
    said = "1 translation waits" if waiting == 1 else f"{waiting} translations wait"
    raise_item(
        session,
        kind="translations",
        key=key,
        sentence=f"{name}: {said} for approval on the page Translating. Until then the words approved before go out.",
        now=hand.now,
        detail={"language": locale, "waiting": waiting},
    )
