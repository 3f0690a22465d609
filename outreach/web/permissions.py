"""Every route says who may use it; one that does not is a failing test."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from outreach.staff.roles import Permission
from outreach.web.context import lacks_factor, visitor

P = ParamSpec("P")
R = TypeVar("R")
_DECLARED = "declared_access"


def needs(permission: Permission) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let only people in whose role has *permission*; strangers are shown the sign-in page and come back after it.

    Who has to set up a second factor first reaches only what is of the own account.
    """

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            known = visitor()
            if known is None:
                return _ask_to_sign_in()
            if not known.may(permission):
                abort(403)
            if permission is not Permission.ACCOUNT_SELF and lacks_factor(known):
                return _lead_to(url_for("my_sign_in.page"))
            return view(*args, **kwargs)

        return _declare(guarded, permission.value)

    return decorate


def open_to_all(why: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let everybody in, for the reason *why*."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        return _declare(view, f"open: {why}")

    return decorate


def declare_open(app: Flask, endpoint: str, why: str) -> None:
    """Say of a library's route that everybody may use it."""
    library_view = app.view_functions[endpoint]

    @wraps(library_view)
    def view(**kwargs: Any) -> ResponseReturnValue:  # noqa: ANN401 - a library's view takes what its own rule holds
        return library_view(**kwargs)  # type: ignore[return-value]  # Flask's views may also be coroutines; these are not

    app.view_functions[endpoint] = open_to_all(why)(view)


def access(app: Flask) -> dict[str, str]:
    """What each route declares: endpoint → permission, ``open: why``, or empty."""
    return {rule.endpoint: getattr(app.view_functions[rule.endpoint], _DECLARED, "") for rule in app.url_map.iter_rules()}


def undeclared(app: Flask) -> list[str]:
    """Endpoints that forgot to say who may use them."""
    return sorted(endpoint for endpoint, declared in access(app).items() if not declared)


def safe_path(wanted: str) -> str | None:
    """A path of this site to go back to, or None: a link elsewhere must not ride on our sign-in page."""
    parts = urlsplit(wanted)
    local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return wanted if local and wanted.isprintable() else None


def _declare(view: Callable[P, R], declared: str) -> Callable[P, R]:
    setattr(view, _DECLARED, declared)
    return view


def _ask_to_sign_in() -> ResponseReturnValue:
    here = request.full_path.rstrip("?") if request.method == "GET" and not request.headers.get("HX-Request") else None
    return _lead_to(url_for("signin.page", next=here))


def _lead_to(address: str) -> ResponseReturnValue:
    """Go to another page instead; a part of a page takes the whole page there."""
    if not request.headers.get("HX-Request"):
        return redirect(address)
    refusal = make_response("", 401)
    refusal.headers["HX-Redirect"] = address
    return refusal
