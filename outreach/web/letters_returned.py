"""Returned mail: the number of a letter that came back, and what is known of where the family lives now. And large print."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.delivery import letter_returns as returns
from outreach.delivery.letter_returns import UnknownLetterError
from outreach.delivery.letter_tables import LetterPage, ReturnedMail
from outreach.district import corrections
from outreach.district.overlays import Act
from outreach.district.people import Address
from outreach.planning.tables import PlannedMessage
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, person, services
from outreach.web.letter_addresses import BLANK, INCOMPLETE, LONGEST, PARTS, choices, of_form, offer, one_line
from outreach.web.permissions import needs

blueprint = Blueprint("letters_returned", __name__)


@blueprint.get("/returned-mail")
@needs(Permission.MAIL_RETURNED)
def page() -> ResponseReturnValue:
    """A place to scan or type a letter's number, and the letters whose families nobody has found yet."""
    known = person()
    with services().database.read() as session:
        open_ones = (
            select(ReturnedMail.returned_at, LetterPage.letter_id, PlannedMessage)
            .join(PlannedMessage, PlannedMessage.id == ReturnedMail.planned_id)
            .join(LetterPage, LetterPage.planned_id == PlannedMessage.id)
            .where(ReturnedMail.settled_at.is_(None))
            .order_by(ReturnedMail.returned_at)
        )
        found = {row.id: (at, letter_id, row) for at, letter_id, row in session.execute(open_ones) if known.sees(row.school_id)}
        children = people.children(session, {child for *_, row in found.values() for child in row.student_ids}, known.schools)
        return render_template("returned_mail.html", found=found.values(), children=children)


@blueprint.post("/returned-mail")
@needs(Permission.MAIL_RETURNED)
def came_back() -> ResponseReturnValue:
    """Note a letter that came back by its number."""
    try:
        with services().database.write() as session:
            letter, row = returns.find(session, request.form.get("number", "")[:20], person().sees)
            returns.came_back(session, letter, row, now=now(), by=person().email)
            _audit(session, "mail.returned", row)
            planned_id, number = row.id, letter.letter_id
    except UnknownLetterError as problem:
        flash(str(problem), "warning")
        return redirect(url_for("letters_returned.page"))
    flash(f"Letter {number} is noted. Nothing is sent to this address until somebody confirms it.")
    return redirect(url_for("letters_returned.one", planned_id=planned_id))


@blueprint.get("/returned-mail/<int:planned_id>")
@needs(Permission.MAIL_RETURNED)
def one(planned_id: int) -> ResponseReturnValue:
    """One printed letter: to whom it went, whether it came back, and what a person can do."""
    with services().database.read() as session:
        return _page(session, planned_id)


def _page(session: Session, planned_id: int, *, typed: Address = BLANK, better: Address | None = None) -> str:
    """The page of a letter; with an address that was *typed*, and the post's way of writing it, for the person to choose."""
    letter, row = _letter(session, planned_id)
    contacts = row.facts.get("contact_ids", [])
    back = session.scalars(select(ReturnedMail).where(ReturnedMail.planned_id == row.id, ReturnedMail.settled_at.is_(None))).first()
    return render_template(
        "returned_letter.html",
        letter=letter,
        row=row,
        back=back,
        large=not returns.large_print(session).isdisjoint(contacts),
        adults=people.contact_names(session, set(contacts)),
        children=people.children(session, row.student_ids, person().schools),
        typed=typed,
        choices=choices(typed, better),
        one_line=one_line,
        parts=PARTS,
        longest=LONGEST,
    )


@blueprint.post("/returned-mail/<int:planned_id>/address")
@needs(Permission.MAIL_RETURNED)
def address(planned_id: int) -> ResponseReturnValue:
    """Say where the family lives now; the feed does not undo it."""
    typed = of_form(request.form)
    with services().database.write() as session:
        _, row = _letter(session, planned_id)
        if not typed.usable:
            flash(INCOMPLETE, "warning")
            return redirect(url_for("letters_returned.one", planned_id=planned_id))
        better = offer(typed)
        if better is not None and request.form.get("spelling") != "kept":
            return _page(session, planned_id, typed=typed, better=better)
        act = Act(person().email, now(), "returned mail")
        for contact_id in row.facts.get("contact_ids", []):
            corrections.correct_address(session, contact_id, typed, act)
        returns.settle(session, row, confirmed=False, now=now(), by=person().email)
        _audit(session, "mail.new_address", row)
    flash("The new address is noted. The letter goes there with the next batch, where it still holds.")
    return redirect(url_for("letters_returned.page"))


@blueprint.post("/returned-mail/<int:planned_id>/confirm")
@needs(Permission.MAIL_RETURNED)
def confirm(planned_id: int) -> ResponseReturnValue:
    """Say that the address is right after all."""
    with services().database.write() as session:
        _, row = _letter(session, planned_id)
        returns.settle(session, row, confirmed=True, now=now(), by=person().email)
        _audit(session, "mail.address_confirmed", row)
    flash("The address is confirmed. The letter goes there again with the next batch, where it still holds.")
    return redirect(url_for("letters_returned.page"))


@blueprint.post("/returned-mail/<int:planned_id>/large-print")
@needs(Permission.MAIL_RETURNED)
def large_print(planned_id: int) -> ResponseReturnValue:
    """Set the letters to this household in large print, or not any more."""
    large = request.form.get("large") == "yes"
    with services().database.write() as session:
        _, row = _letter(session, planned_id)
        returns.set_large_print(session, row.facts.get("contact_ids", []), large=large, now=now(), by=person().email)
        _audit(session, "mail.large_print", row)
    flash("Letters to this household are in large print from now on." if large else "Letters to this household are in usual print again.")
    return redirect(url_for("letters_returned.one", planned_id=planned_id))


def _letter(session: Session, planned_id: int) -> tuple[LetterPage, PlannedMessage]:
    """A printed letter of this person's schools; any other is answered like one that does not exist."""
    letter, row = session.get(LetterPage, planned_id), session.get(PlannedMessage, planned_id)
    if letter is None or row is None or not person().sees(row.school_id):
        abort(404)
    return letter, row


def _audit(session: Session, action: str, row: PlannedMessage) -> None:
    staff.audit(session, actor=person().email, action=action, subject=f"message {row.id}", now=now())
