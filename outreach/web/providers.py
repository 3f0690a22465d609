"""Signing in with the district's own provider, by OpenID Connect's code flow with state, nonce and PKCE; one client for all of them."""

from __future__ import annotations

from typing import Any, cast

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, abort, current_app, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException

from outreach.settings import Settings, SignInProvider
from outreach.staff import identities
from outreach.staff.identities import Told, UnknownPersonError
from outreach.web import signin
from outreach.web.context import now, services
from outreach.web.permissions import open_to_all, safe_path

blueprint = Blueprint("providers", __name__)

_EXTENSION = "authlib.integrations.flask_client"
_TIMEOUT_SECONDS = 10
_NEXT = "provider_next"
_UNCLEAR = "The sign-in service gave no answer that can be trusted. Please try again; if it stays so, tell IT."
_log = structlog.get_logger()


def register(app: Flask, settings: Settings) -> None:
    """Make a client for each provider of the settings; nobody is asked anything before somebody signs in."""
    clients = OAuth(app)
    for name, one in settings.sign_in_providers.items():
        clients.register(
            name,
            client_id=one.client_id,
            client_secret=one.client_secret,
            server_metadata_url=f"{one.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256", "default_timeout": _TIMEOUT_SECONDS},
        )


@blueprint.get("/sign-in/with/<name>")
@open_to_all("nobody is signed in yet")
def leave(name: str) -> ResponseReturnValue:
    """Send the browser to the provider, with a state, a nonce and a challenge that only this browser can answer."""
    _provider(name)
    session[_NEXT] = safe_path(request.args.get("next", "")) or ""
    try:
        return cast(ResponseReturnValue, _client(name).authorize_redirect(_back(name)))
    except (RequestException, ValueError, RuntimeError) as problem:
        return _refuse(name, problem, _UNCLEAR)


@blueprint.get("/sign-in/with/<name>/back")
@open_to_all("the provider's signature is checked")
def back(name: str) -> ResponseReturnValue:
    """Take what the provider says of whoever comes back, and sign them in if they were invited."""
    provider = _provider(name)
    try:
        told = _told(name, provider)
    except (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, RuntimeError) as problem:
        return _refuse(name, problem, _UNCLEAR)
    wanted = safe_path(str(session.pop(_NEXT, ""))) or url_for("home.index")
    try:
        with services().database.write() as rows:
            return signin.come_in(rows, identities.recognise(rows, told, now()), wanted)
    except UnknownPersonError as problem:
        return _refuse(name, problem, str(problem))


def _told(name: str, provider: SignInProvider) -> Told:
    """Fetch the token for this browser's code; its signature, issuer, audience, nonce and time are checked against the provider's keys."""
    wanted = {"iss": {"essential": True, "value": provider.issuer}, "aud": {"essential": True, "value": provider.client_id}}
    token: dict[str, Any] = _client(name).authorize_access_token(claims_options=wanted)
    claims = token["userinfo"]
    email = str(claims.get("email", ""))
    verified = identities.is_verified(email, claims.get("email_verified"), provider.trusted_domains)
    return Told(provider.issuer, str(claims["sub"]), email, verified)


def _refuse(name: str, problem: Exception, sentence: str) -> ResponseReturnValue:
    """Say that this did not work; the log names the kind of problem, and neither a token nor a person."""
    _log.warning("sign_in_refused", provider=name, kind=type(problem).__name__)
    return signin.form(sentence), 403


def _back(name: str) -> str:
    """Where the provider sends people back to; it must be written down there."""
    path, base = url_for("providers.back", name=name), services().settings.public_url or request.host_url
    return f"{base.rstrip('/')}{path}"


def _provider(name: str) -> SignInProvider:
    return services().settings.sign_in_providers.get(name) or abort(404)


def _client(name: str) -> Any:  # noqa: ANN401 - the library has no types
    return current_app.extensions[_EXTENSION].create_client(name)
