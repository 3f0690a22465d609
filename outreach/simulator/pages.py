"""The families' phones as pages: every phone with its thread, and a form to answer as that parent. Works without script."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from outreach.simulator.api import simulation
from outreach.simulator.calls import call
from outreach.simulator.carrier import Message, Phone, Photo

pages = Blueprint("pages", __name__)

_PREVIEW = 3
"""Messages shown on a phone's card."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)


@dataclass(frozen=True)
class Shown:
    """A phone with its place in the list (its address on the pages, so that no number stands in one) and its messages."""

    place: int
    phone: Phone
    messages: list[Message]

    @property
    def number(self) -> str:
        """The number as people write it in the United States, or as it is."""
        digits = self.phone.number.removeprefix("+1")
        return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}" if len(digits) == 10 and digits.isdecimal() else self.phone.number  # noqa: PLR2004


@pages.app_template_filter("when")
def _when(instant: datetime) -> str:
    """Show an instant as a phone would: weekday and clock time in the district's zone."""
    return instant.astimezone(ZoneInfo(simulation().zone)).strftime("%a %-d %b, %-I:%M %p")


@pages.after_request
def strict(response: Response) -> Response:
    """Let a page load nothing but what stands here, and be kept by nobody."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@pages.get("/")
def index() -> str:
    """Show all phones, the one with the newest message first."""
    shown = [_shown(place) for place in range(len(simulation().carrier.phones))]
    shown.sort(key=lambda each: each.messages[-1].created_at if each.messages else _LONG_AGO, reverse=True)
    texts = sum(len(each.messages) for each in shown)
    return render_template("phones.html", phones=shown, texts=texts, preview=_PREVIEW)


@pages.get("/phones/<int:place>")
def phone(place: int) -> str:
    """Show one phone: its thread in a frame that renews itself, and beside it a form that does not."""
    return render_template("phone.html", shown=_shown(place))


@pages.get("/phones/<int:place>/thread")
def thread(place: int) -> str:
    """Show only the messages; this page renews itself every two seconds."""
    return render_template("thread.html", shown=_shown(place))


@pages.post("/phones/<int:place>")
def answer(place: int) -> BaseResponse:
    """Text the service as the owner of this phone."""
    words = request.form.get("body", "").strip()
    photos = [Photo(sent.read(), sent.mimetype) for sent in request.files.getlist("photos") if sent.filename]
    if words or photos:
        simulation().text_from(_shown(place).phone.number, words, photos)
    return redirect(url_for("pages.phone", place=place))


@pages.post("/phones/<int:place>/call")
def ring(place: int) -> str:
    """Call the number that the texts came from, and show what the caller heard."""
    shown = _shown(place)
    heard = call(simulation(), shown.phone.number, picked_up="picked_up" in request.form)
    return render_template("call.html", shown=shown, heard=heard)


def _shown(place: int) -> Shown:
    carrier = simulation().carrier
    phones = carrier.phones
    if not 0 <= place < len(phones):
        abort(404)
    return Shown(place, phones[place], carrier.thread(phones[place].number))
