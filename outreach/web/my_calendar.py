"""My follow-ups in my own calendar: a secret address, made and revoked by the person, that tells counts and a link."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.cases import calendar_links
from outreach.evidence import calendar_feed
from outreach.staff.roles import Permission
from outreach.web.context import now, person, services
from outreach.web.permissions import needs, open_to_all

blueprint = Blueprint("my_calendar", __name__)


@blueprint.get("/me/calendar")
@needs(Permission.INBOX_ANSWER)
def page() -> ResponseReturnValue:
    """Whether there is an address, and when a program last read it."""
    return _page()


@blueprint.post("/me/calendar")
@needs(Permission.INBOX_ANSWER)
def make() -> ResponseReturnValue:
    """Make a new address and show it, once."""
    known = person()
    with services().database.write() as session:
        token = calendar_links.make(session, known.id, by=known.email, now=now())
    return _page(f"{_here()}{url_for('my_calendar.feed', token=token)}")


@blueprint.post("/me/calendar/revoke")
@needs(Permission.INBOX_ANSWER)
def revoke() -> ResponseReturnValue:
    """Let the address open nothing any more."""
    known = person()
    with services().database.write() as session:
        gone = calendar_links.revoke(session, known.id, by=known.email, now=now())
    flash("The address opens nothing any more." if gone else "There was no address.")
    return redirect(url_for("my_calendar.page"))


@blueprint.get("/calendar/<token>.ics")
@open_to_all("the address is the key; it tells counts and no name, and can be revoked")
def feed(token: str) -> ResponseReturnValue:
    """Read the calendar; whatever is wrong with an address, there is no such page."""
    with services().database.write() as session:
        found = calendar_links.reader(session, token)
        if found is None:
            abort(404)
        link, known = found
        calendar_links.note_read(link, now())
        content = calendar_feed.feed(session, known, services().settings, now(), page=f"{_here()}{url_for('my_day.follow_ups')}")
    return Response(content, mimetype="text/calendar")


def _here() -> str:
    return (services().settings.public_url or request.host_url).rstrip("/")


def _page(address: str = "") -> str:
    with services().database.read() as session:
        return render_template("my_calendar.html", link=calendar_links.of_account(session, person().id), address=address)
