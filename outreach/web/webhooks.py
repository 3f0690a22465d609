"""The carrier's requests: signature first, the raw row second, understanding third."""

from __future__ import annotations

import hashlib
from concurrent.futures import Executor

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from twilio.request_validator import RequestValidator, get_signature_algorithm

from outreach.arrivals import Arrival
from outreach.cases.intake import Kind, store, take_in
from outreach.settings import Settings
from outreach.web.context import now, services
from outreach.web.permissions import open_to_all

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks/twilio")

AFTER_THE_ANSWER = "outreach.after_the_answer"
"""The application's extension that takes in what is stored, so that the carrier need not wait; without one it is done at once."""
_SILENCE = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""TwiML that sends nothing: every answer of ours is a planned message."""


@blueprint.post("/inbound")
@open_to_all("the carrier signs its requests")
def inbound() -> ResponseReturnValue:
    """Take a text from a family."""
    params = signed_params()
    _take(Kind.INBOUND, params, dedup_key=params.get("MessageSid", ""))
    return Response(_SILENCE, mimetype="text/xml")


@blueprint.post("/status")
@open_to_all("the carrier signs its requests")
def status() -> ResponseReturnValue:
    """Take what became of one of our messages; our own reference stands in the address."""
    params = signed_params()
    told = [params.get(name, "") for name in ("MessageSid", "MessageStatus", "ErrorCode")]
    _take(Kind.STATUS, params, dedup_key=":".join(told) if told[0] else "")
    return "", 204


def is_signed(settings: Settings) -> bool:
    """Whether the carrier signed the present request with our token or, in a rotation, the second one.

    The signature covers the address as the carrier knows it, which behind a proxy is not the one that arrives here: it is the
    configured public address with this request's own path and query.
    """
    base = settings.public_url.rstrip("/") or f"{request.scheme}://{request.environ.get('HTTP_HOST', '')}"
    query = request.environ.get("QUERY_STRING", "")
    address = f"{base}{request.path}?{query}" if query else f"{base}{request.path}"
    signature = request.headers.get("X-Twilio-Signature", "")
    tokens = [token for token in (settings.twilio_auth_token, settings.twilio_auth_token_secondary) if token]
    try:
        algorithm = get_signature_algorithm(request.headers.get("X-Twilio-Webhooks-Signature-Settings", ""))
        return any(RequestValidator(token).validate(address, request.form, signature, algorithm) for token in tokens)
    except Exception:  # noqa: BLE001 - whatever a stranger's request makes the validator stumble over, it is a stranger's
        return False


def signed_params() -> dict[str, str]:
    """What the carrier tells; whoever else asks is refused."""
    if not is_signed(services().settings):
        abort(403)
    # PostgreSQL stores no NUL
    return {name: value.replace("\0", "\N{REPLACEMENT CHARACTER}") for name, value in request.form.items()}


def _take(kind: Kind, params: dict[str, str], *, dedup_key: str) -> None:
    """Store it before the carrier hears that we have it. Where the server has a hand for it, the rest is done after the answer."""
    parts, at = services(), now()
    key = dedup_key or hashlib.sha256(repr(sorted(params.items())).encode()).hexdigest()
    fresh = store(parts.database, parts.settings, Arrival(kind.value, key, params, request.args.get("o", ""), at), at)
    hand: Executor | None = current_app.extensions.get(AFTER_THE_ANSWER)
    if hand is None:
        take_in(parts.database, parts.settings, fresh, at)
    elif fresh:
        hand.submit(take_in, parts.database, parts.settings, fresh, at)
