"""The consent ledger: what is stopped and by whom, every statement about a number or a contact's letters, and what staff may add to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import queries as cases
from outreach.consent import book, by_hand
from outreach.consent.by_hand import ConsentError, Word
from outreach.consent.queries import PhoneConsent, is_post, post, states
from outreach.consent.tables import ConsentEntry, NumberReader
from outreach.delivery import drift
from outreach.district import queries as district
from outreach.district.people import Adult
from outreach.district.tables import ContactPhone
from outreach.planning.shared_numbers import unconfirmed
from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import consent_words, panel, people, sheets
from outreach.web.context import now, page_number, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("consents", __name__)

_AT_ONCE = 50
_LONGEST = 300
_COLUMNS = ("what", "adults", "at", "statement", "who", "by", "note", "until", "stopped_now", "not_texted_because", "confirmed_now")


@dataclass(frozen=True)
class Line:
    """One number or one contact's letters in a list."""

    name: str
    shown: str
    adults: tuple[tuple[str, str], ...]
    """Contact id and name, of those whom this person may see."""
    says: str


@dataclass(frozen=True)
class Part:
    """One number of an adult, or their letters, with everything that was ever said of it."""

    name: str
    shown: str
    may_send: bool
    says: str
    entries: Sequence[ConsentEntry]
    given: Sequence[ContactPhone]
    """What the feeds say of this number."""
    shared: bool
    """Different families gave it, and not each has confirmed it."""
    readers: Sequence[NumberReader]
    words: tuple[Word, ...]

    @property
    def letters(self) -> bool:
        """Whether it is about letters."""
        return is_post(self.name)


@dataclass(frozen=True)
class Subject:
    """Whose ledger a page shows."""

    adult: Adult | None
    phone: str
    """The number of a conversation; empty where the page was opened from an adult."""
    case_id: int | None

    @property
    def names(self) -> list[str]:
        """The names in the ledger, numbers first."""
        numbers = [phone.e164 for phone in self.adult.phones if phone.e164] if self.adult else []
        letters = [post(self.adult.contact_id)] if self.adult else []
        return list(dict.fromkeys([*filter(None, [self.phone]), *numbers, *letters]))

    @property
    def address(self) -> dict[str, str]:
        """What stands in the address of this page."""
        return {"adult": self.adult.contact_id} if self.adult else {"case": str(self.case_id)}


@blueprint.get("/consent")
@needs(Permission.INBOX_READ)
def page() -> ResponseReturnValue:
    """What is stopped, the latest first; and where we and the carrier differ."""
    known, number = person(), page_number()
    with services().database.read() as session:
        found = book.stopped(session, known.schools, limit=_AT_ONCE, offset=(number - 1) * _AT_ONCE)
        differs = drift.find(session)
        holders = book.holders(session, [row.phone for row in found.rows], known.schools)
        now_stands = states(session, [row.phone for row in found.rows])
        at = {row.phone: row.changed_at for row in found.rows}
        lines = _lines(session, holders, [row.phone for row in found.rows], now_stands)
        return render_template(
            "consents.html",
            lines=[(line, at[line.name]) for line in lines],
            total=found.total,
            page=number,
            more=found.total > number * _AT_ONCE,
            carrier_only=_of_mine(session, differs.carrier_only),
            ours_only=_of_mine(session, differs.ours_only),
        )


@blueprint.get("/consent.csv")
@needs(Permission.INBOX_READ)
def export() -> Response:
    """Every statement of the ledger about this person's families, one a row."""
    known = person()
    with services().database.write() as session:
        names = book.names(session, known.schools)
        entries, now_stands = book.entries(session, names), states(session, names)
        holders = book.holders(session, names, known.schools)
        adults = people.contact_names(session, {who for some in holders.values() for who in some})
        rows = [
            _row(entry, now_stands[name], [adults.get(who, who) for who in holders.get(name, [])])
            for name in names
            for entry in entries.get(name, [])
        ]
        staff.audit(session, actor=known.email, action="consent.exported", subject="consent", now=now(), detail={"rows": len(rows)})
    return sheets.answer("consent.csv", _COLUMNS, rows)


def _row(entry: ConsentEntry, stands: PhoneConsent, adults: Sequence[str]) -> tuple[str, ...]:
    return (
        "letters" if is_post(entry.phone) else entry.phone,
        "; ".join(adults),
        entry.at.isoformat(),
        entry.kind,
        entry.source,
        entry.by,
        consent_words.note(entry),
        entry.until.isoformat() if entry.until else "",
        stands.opted_out_by,
        stands.suppressed,
        "yes" if stands.verified else "no",
    )


@blueprint.get("/consent/one")
@needs(Permission.INBOX_READ)
def one() -> ResponseReturnValue:
    """Everything about one adult, or about the number of one conversation."""
    return _show()


def _show(problem: str = "") -> str:
    with services().database.read() as session:
        subject = _subject(session)
        parts = _parts(session, subject)
        said_by = {entry.by for part in parts for entry in part.entries}
        return render_template(
            "consent_one.html",
            subject=subject,
            parts=parts,
            children=_children(session, subject).values(),
            adults=people.contact_names(session, {row.contact_id for part in parts for row in part.readers}),
            names=accounts.names_by_email(session, said_by),
            may={word: _may(word) for word in Word},
            buttons=consent_words.BUTTONS,
            asks=consent_words.ASKS,
            statement=consent_words.statement,
            speaker=consent_words.speaker,
            note=consent_words.note,
            problem=problem,
            longest=_LONGEST,
        )


@blueprint.post("/consent/one")
@needs(Permission.INBOX_NOTE)
def say() -> ResponseReturnValue:
    """Write down a stop, a consent on paper, or that letters are wanted again; each with a reason."""
    known, form = person(), request.form
    word = next((one for one in Word if one == form.get("word")), None)
    if word is None or not _may(word):
        abort(403)
    try:
        with services().database.write() as session:
            subject = _subject(session)
            name = form.get("name", "")
            if name not in subject.names:
                abort(404)
            why = storable(form.get("why", ""))[:_LONGEST]
            by_hand.say(session, name, word, why=why, by=known.email, now=now())
            about = f"contact {subject.adult.contact_id}" if subject.adult else f"case {subject.case_id}"
            staff.audit(session, actor=known.email, action=f"consent.{word}", subject=about, now=now(), detail={"letters": is_post(name)})
    except ConsentError as refusal:
        return _show(str(refusal)), 422
    flash("Written down. It holds from the next message on.")
    return redirect(url_for("consents.one", _external=False, **subject.address))


def _may(word: Word) -> bool:
    """Whoever writes notes writes down a stop; what opens something again is for those who answer families."""
    return person().may(Permission.INBOX_NOTE if word is Word.STOP else Permission.INBOX_ANSWER)


def _subject(session: Session) -> Subject:
    """The adult or the conversation in the address, if it is one of this person's."""
    asked, case_id = request.args.get("adult", ""), small_number(request.args.get("case", ""))
    if case_id is not None:
        case = cases.one(session, case_id, person().schools)
        found = district.named_adults(session, [case.contact_id]) if case.contact_id else []
        return Subject(found[0] if found else None, case.phone, case_id)
    found = district.named_adults(session, [asked]) if asked else []
    subject = Subject(found[0] if found else None, "", None)
    if not found or not _children(session, subject):
        abort(404)
    return subject


def _children(session: Session, subject: Subject) -> dict[str, people.ChildName]:
    """The adult's children whom this person may see."""
    links = [link.student_id for link in subject.adult.links] if subject.adult else []
    return people.children(session, links, person().schools)


def _parts(session: Session, subject: Subject) -> list[Part]:
    names = subject.names
    now_stands, entries = states(session, names), book.entries(session, names)
    strangers, readers = unconfirmed(session, names), book.readers(session, names)
    who = subject.adult.contact_id if subject.adult else ""
    fed = session.scalars(select(ContactPhone).where(ContactPhone.contact_id == who, ContactPhone.e164 != "")).all() if who else []
    parts = []
    for name in names:
        may_send, says = consent_words.standing(now_stands[name])
        parts.append(
            Part(
                name,
                "Letters" if is_post(name) else panel.shown_number(name),
                may_send,
                says,
                entries.get(name, [])[::-1],
                [row for row in fed if row.e164 == name],
                name in strangers,
                [row for row in readers if row.phone == name and row.contact_id == who],
                by_hand.may_say(now_stands[name]),
            )
        )
    return parts


def _lines(session: Session, holders: dict[str, list[str]], names: Sequence[str], now_stands: dict[str, PhoneConsent]) -> list[Line]:
    adults = people.contact_names(session, {who for some in holders.values() for who in some})
    return [
        Line(
            name,
            "Letters" if is_post(name) else panel.shown_number(name),
            tuple((who, adults.get(who, who)) for who in holders.get(name, [])),
            consent_words.standing(now_stands[name])[1],
        )
        for name in names
    ]


def _of_mine(session: Session, phones: Collection[str]) -> list[Line]:
    """The numbers of this person's families among *phones*; for the whole district also those of nobody we know."""
    schools = person().schools
    holders = book.holders(session, phones, schools)
    shown = [phone for phone in phones if schools is None or phone in holders]
    return _lines(session, holders, shown, states(session, shown))
