"""What every view works with: the services, the time, and the person who asks."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from flask import abort, current_app, g, request, session

from outreach.services import Services
from outreach.staff import factors
from outreach.staff import queries as staff
from outreach.staff.queries import SignedIn

EXTENSION = "outreach"
SESSION_KEY = "key"
_LAST_PAGE = 100_000


def services() -> Services:
    """The parts this application was made with."""
    return cast(Services, current_app.extensions[EXTENSION])


def now() -> datetime:
    """The present instant, aware, in UTC; one request knows one."""
    if "now" not in g:
        g.now = services().clock.now()
    return cast(datetime, g.now)


def visitor() -> SignedIn | None:
    """Who is signed in, read once a request; None for a stranger or an ended sign-in."""
    if "visitor" not in g:
        key = session.get(SESSION_KEY)
        g.visitor = None
        if isinstance(key, str):
            with services().database.read() as rows:
                g.visitor = staff.signed_in(rows, key, now())
    return cast("SignedIn | None", g.visitor)


def person() -> SignedIn:
    """Who is signed in, in a view that lets nobody else in."""
    found = visitor()
    if found is None:
        abort(401)
    return found


def lacks_factor(known: SignedIn) -> bool:
    """Whether this person has to set up a second factor before anything else."""
    if known.has_factor:
        return False
    with services().database.read() as rows:
        return factors.needed(rows, known.id, known.role, services().settings)


def page_number() -> int:
    """The page asked for (``?page=2``), at least 1; anything else is the first."""
    asked = request.args.get("page", "1")
    return min(max(1, int(asked[:9])), _LAST_PAGE) if asked.isascii() and asked.isdigit() else 1


def small_number(text: str) -> int | None:
    """The whole number that a form sent; None for anything else, and for one that a column of numbers cannot hold."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000000") else None
