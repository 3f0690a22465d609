"""The staff's mailbox as pages: what came, the newest first, and each e-mail as plain words."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from outreach.simulator.api import simulation
from outreach.simulator.pages import strict

mail_pages = Blueprint("mail_pages", __name__, url_prefix="/mail")
mail_pages.after_request(strict)


@mail_pages.get("")
def index() -> str:
    """List all e-mails."""
    letters = list(enumerate(simulation().mailbox.letters))
    return render_template("mailbox.html", letters=letters[::-1])


@mail_pages.get("/<int:place>")
def letter(place: int) -> str:
    """Show one e-mail."""
    letters = simulation().mailbox.letters
    if place >= len(letters):
        abort(404)
    return render_template("letter.html", letter=letters[place])
