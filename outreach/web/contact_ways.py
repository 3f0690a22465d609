"""How one adult is written to: the language, and where post reaches them, as a person here was told; no feed undoes it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.consent import queries as consent
from outreach.district import corrections, overlays
from outreach.district import queries as district
from outreach.district.overlays import Act, Kind, OverlayError
from outreach.district.people import Address, Adult
from outreach.district.tables import Overlay
from outreach.messages.languages import languages
from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, person, services
from outreach.web.letter_addresses import BLANK, INCOMPLETE, LONGEST, PARTS, choices, of_form, offer, one_line
from outreach.web.permissions import needs

blueprint = Blueprint("contact_ways", __name__, url_prefix="/contacts/one")

_LONGEST_WHY = 300
_WHY = "Write down how you know it: who said so, and when."
_PROTECTED = "This address is protected: no page shows it, and it is changed where the paper lies."


@blueprint.get("")
@needs(Permission.INBOX_READ)
def page() -> str:
    """What holds now, and from where."""
    with services().database.read() as session:
        return _show(session, _adult(session))


@blueprint.post("/language")
@needs(Permission.INBOX_ANSWER)
def language() -> ResponseReturnValue:
    """Say in which language this adult is written to."""
    chosen = request.form.get("locale", "")
    with services().database.write() as session:
        adult = _adult(session)
        if chosen not in languages():
            return _show(session, adult, problem="Choose one of the languages."), 422
        if not _why():
            return _show(session, adult, problem=_WHY), 422
        corrections.correct_language(session, adult.contact_id, chosen, _act())
        _audit(session, "contact.language", adult, {"language": chosen})
    return _done("From the next message on it is that language.")


@blueprint.post("/address")
@needs(Permission.MAIL_RETURNED)
def address() -> ResponseReturnValue:
    """Say where post reaches this adult, as they told it or as the post writes it."""
    typed = of_form(request.form)
    with services().database.write() as session:
        adult = _adult(session)
        if _is_protected(session, adult):
            return _show(session, adult, problem=_PROTECTED), 422
        if not typed.usable:
            return _show(session, adult, problem=INCOMPLETE, typed=typed), 422
        if not _why():
            return _show(session, adult, problem=_WHY, typed=typed), 422
        better = offer(typed)
        if better is not None and request.form.get("spelling") != "kept":
            return _show(session, adult, typed=typed, better=better)
        corrections.correct_address(session, adult.contact_id, typed, _act())
        _audit(session, "contact.address", adult, {})
    return _done("Letters go there from the next batch on.")


@blueprint.post("/back")
@needs(Permission.INBOX_ANSWER)
def take_back() -> ResponseReturnValue:
    """Let the feed's word hold again."""
    with services().database.write() as session:
        adult = _adult(session)
        said = _said(session, adult).get(request.form.get("what", ""))
        if said is None:
            abort(404)
        try:
            overlays.withdraw(session, said.id, _act())
        except OverlayError as refusal:
            return _show(session, adult, problem=str(refusal)), 422
        _audit(session, f"contact.{said.name}_back", adult, {})
    return _done("Taken back: what the feed says holds again.")


def _adult(session: Session) -> Adult:
    """The adult in the address, with a child whom this person may see; else there is no such page."""
    asked = request.args.get("adult", "")
    found = district.named_adults(session, [asked]) if asked else []
    if not found or not people.children(session, [link.student_id for link in found[0].links], person().schools):
        abort(404)
    return found[0]


def _said(session: Session, adult: Adult) -> dict[str, Overlay]:
    """What people here said of the adult's language and address and holds, by which of the two."""
    return {row.name: row for row in overlays.holding(session, Kind.CONTACT) if row.contact_id == adult.contact_id}


def _is_protected(session: Session, adult: Adult) -> bool:
    return adult.contact_id in consent.protected(session)


def _show(session: Session, adult: Adult, *, problem: str = "", typed: Address = BLANK, better: Address | None = None) -> str:
    protected, said = _is_protected(session, adult), _said(session, adult)
    return render_template(
        "contact_ways.html",
        adult=adult,
        children=people.children(session, [link.student_id for link in adult.links], person().schools).values(),
        languages=languages().values(),
        said=said,
        names=accounts.names_by_email(session, {row.by for row in said.values()}),
        protected=_PROTECTED if protected else "",
        address="" if protected else one_line(adult.address),
        typed=typed,
        choices=choices(typed, better),
        one_line=one_line,
        parts=PARTS,
        why=request.form.get("why", ""),
        problem=problem,
        longest=LONGEST,
        longest_why=_LONGEST_WHY,
    )


def _why() -> str:
    return storable(request.form.get("why", "")).strip()[:_LONGEST_WHY]


def _act() -> Act:
    return Act(person().email, now(), _why())


def _audit(session: Session, action: str, adult: Adult, detail: dict[str, str]) -> None:
    staff.audit(session, actor=person().email, action=action, subject=f"contact {adult.contact_id}", now=now(), detail=detail)


def _done(said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("contact_ways.page", adult=request.args.get("adult", "")))
