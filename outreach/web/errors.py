"""What a person sees when something is not as it should be: a sentence and a way on, never a row's content."""

from __future__ import annotations

import traceback

import structlog
from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from outreach.database import UnavailableError

_BROKE = 500
SENTENCES = {
    400: ("This did not arrive whole", "Please go back, reload the page and try again."),
    401: ("You are signed out", "Please sign in again."),
    403: ("Not for your role", "Your role does not include this page. If you need it, ask your administrator."),
    404: ("Nothing here for you", "There is no such page, or it belongs to a school that is not one of yours."),
    405: ("That does not work here", "Please go back and use the buttons of the page."),
    413: ("That was too long", "Please go back and shorten it."),
    429: ("Too many at once", "Please wait a minute, and look again."),
    500: ("Something broke on our side", "It was noted. Nothing you wrote was sent twice; please look before you try again."),
}
BUSY = ("Attendance is being loaded just now", "Nothing was saved. Please go back and try again in a minute.")
STALE = ("This page was open for too long", "Please go back, reload it and send it again. Nothing was sent.")


def register(app: Flask) -> None:
    """Answer every refusal and every breakdown with a page of ours."""

    @app.errorhandler(HTTPException)
    def refuse(problem: HTTPException) -> ResponseReturnValue:
        code = problem.code or _BROKE
        return show(code)

    @app.errorhandler(UnavailableError)
    def busy(_problem: UnavailableError) -> ResponseReturnValue:
        return _page(503, *BUSY)

    @app.errorhandler(CSRFError)
    def stale(_problem: CSRFError) -> ResponseReturnValue:
        return show_stale()


def show(code: int) -> ResponseReturnValue:
    """The page for an HTTP status."""
    return _page(code, *SENTENCES.get(code, SENTENCES[_BROKE if code >= _BROKE else 400]))


def show_stale() -> ResponseReturnValue:
    """The page for a form without its token."""
    return _page(400, *STALE)


def log_breakdown(problem: BaseException | None) -> None:
    """Write down what broke and where, without the exception's words: they may quote a family."""
    frames = traceback.extract_tb(problem.__traceback__) if problem else []
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    structlog.get_logger("outreach.web").error(
        "a request broke", kind=type(problem).__name__, endpoint=request.endpoint, method=request.method, where=where
    )


def _page(code: int, title: str, sentence: str) -> ResponseReturnValue:
    if request.headers.get("HX-Request") or request.path.startswith("/webhooks/"):
        return sentence, code, {"Content-Type": "text/plain; charset=utf-8"}
    if code >= _BROKE:  # perhaps the database: this page asks it nothing
        return current_app.jinja_env.get_template("broken.html").render(title=title, sentence=sentence), code
    return render_template("error.html", code=code, title=title, sentence=sentence), code
