"""Twilio's message resource over HTTP, as the real client calls it, and the control addresses that tests use."""

from __future__ import annotations

import hmac
import json
import socket
import time
from base64 import b64decode
from dataclasses import asdict
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from outreach.simulator.calls import call
from outreach.simulator.carrier import DEFAULT_SENDER, Line, Message, Photo, RefusedError
from outreach.simulator.faults import Fault, Order
from outreach.simulator.service import Simulation

twilio = Blueprint("twilio", __name__, url_prefix="/2010-04-01/Accounts/<account>")
services = Blueprint("services", __name__, url_prefix="/v1")
lookups = Blueprint("lookups", __name__, url_prefix="/v2")
control = Blueprint("control", __name__, url_prefix="/control")


def simulation() -> Simulation:
    """Return the running simulation of this app."""
    running: Simulation = current_app.extensions["simulation"]
    return running


@lookups.errorhandler(RefusedError)
@services.errorhandler(RefusedError)
@twilio.errorhandler(RefusedError)
def _refused(error: RefusedError) -> tuple[Response, int]:
    body = {
        "code": error.code,
        "message": str(error),
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": error.status,
    }
    return jsonify(body), error.status


@lookups.before_request
@services.before_request
@twilio.before_request
def _only_the_account() -> None:
    given, running = request.authorization, simulation()
    known = given is not None and given.username == running.account_sid and hmac.compare_digest(given.password or "", running.auth_token)
    if not known:
        raise RefusedError(20003, "Authenticate", 401)
    if (request.view_args or {}).get("account", running.account_sid) != running.account_sid:
        raise RefusedError(20404, "The requested resource was not found", 404)


@twilio.post("/Messages.json")
def create(account: str) -> tuple[Response, int] | Response:
    """Take a message, or go wrong as ordered."""
    running = simulation()
    time.sleep(running.latency)
    to = request.form.get("To", "")
    if {"SendAt", "ScheduleType"} & request.form.keys():
        raise RefusedError(35115, "This carrier schedules nothing")
    order = running.carrier.strike(to, at_request=True)
    match order.fault if order else None:
        case Fault.BUSY:
            raise RefusedError(20429, "Too Many Requests", 429)
        case Fault.BROKEN:
            return Response(_page("502 Bad Gateway"), 502, content_type="text/html")
        case Fault.WALL:
            return Response(_page("403 Forbidden"), 403, content_type="text/html")
        case Fault.REFUSE:
            raise RefusedError(order.code if order else 0, "Refused as ordered")
    message = running.carrier.accept(
        to=to,
        sender=request.form.get("MessagingServiceSid") or request.form.get("From", ""),
        body=request.form.get("Body", ""),
        callback=request.form.get("StatusCallback", ""),
        valid_seconds=request.form.get("ValidityPeriod", 36_000, type=int),
    )
    shown = _shown(message, account)
    running.report(message, running.carrier.strike(to, at_request=False))
    if order is not None and order.fault is Fault.DROP:
        _cut_the_line()
    elif order is not None and order.fault is Fault.DELAY:
        time.sleep(order.seconds)
    elif order is not None and order.fault is Fault.TAKEN_BUT_BROKEN:
        return Response(_page("502 Bad Gateway"), 502, content_type="text/html")
    elif order is not None and order.fault is Fault.GARBLED:
        return Response('{"sid": "SM', 201, content_type="application/json")
    return jsonify(shown), 201


@twilio.get("/Messages.json")
def listing(account: str) -> Response:
    """List messages, newest first, by To and From, in pages."""
    size = min(int(request.args.get("PageSize", 50)), 1000)
    page = int(request.args.get("Page", 0))
    asked = request.args
    found = simulation().carrier.listed(to=asked.get("To", ""), sender=asked.get("From", ""), after=asked.get("DateSent>", ""))
    part = found[page * size : (page + 1) * size]
    base = f"/2010-04-01/Accounts/{account}/Messages.json"
    filters = "".join(f"&{key}={value.replace('+', '%2B')}" for key, value in request.args.items() if key in {"To", "From"})
    more = f"{base}?PageSize={size}&Page={page + 1}{filters}" if len(found) > (page + 1) * size else None
    return jsonify(
        messages=[_shown(message, account) for message in part],
        page=page,
        page_size=size,
        start=page * size,
        end=page * size + max(len(part) - 1, 0),
        uri=f"{base}?PageSize={size}&Page={page}{filters}",
        first_page_uri=f"{base}?PageSize={size}&Page=0{filters}",
        next_page_uri=more,
        previous_page_uri=None,
    )


@twilio.get("/Messages/<sid>.json")
def fetch(account: str, sid: str) -> Response:
    """Return one message."""
    return jsonify(_shown(_found(sid), account))


@twilio.get("/Messages/<sid>/Media/<media>")
def photo(account: str, sid: str, media: str) -> Response:  # noqa: ARG001 - the account stands in every address
    """Give the bytes of one photo."""
    found = next((one for one in _found(sid).photos if one.sid == media), None)
    if found is None:
        raise RefusedError(20404, "The requested resource was not found", 404)
    return Response(found.content, content_type=found.type)


@twilio.post("/Messages/<sid>.json")
def update(account: str, sid: str) -> Response:
    """Redact a message's words (``Body=``); nothing here is scheduled, so nothing can be cancelled."""
    message = _found(sid)
    if request.form.get("Body") == "":
        simulation().carrier.redact(sid)
    elif "Status" in request.form:
        raise RefusedError(30409, "Message is not in a state that can be cancelled")
    return jsonify(_shown(message, account))


@services.get("/Services/<sid>/PhoneNumbers")
def numbers(sid: str) -> Response:
    """List the one number of every messaging service."""
    number = {"sid": "PN" + "1" * 32, "account_sid": simulation().account_sid, "service_sid": sid, "phone_number": DEFAULT_SENDER}
    return jsonify(phone_numbers=[number], meta={"key": "phone_numbers", "page": 0, "page_size": 50, "next_page_url": None})


@services.post("/Consents/Bulk")
def consents() -> tuple[Response, int]:
    """Take opt-outs that were learned elsewhere."""
    items = [json.loads(item) for item in request.form.getlist("Items")]
    for item in items:
        if item["status"] == "opt-out":
            simulation().carrier.stop(item["sender_id"], item["contact_id"])
    return jsonify(items=[{"correlation_id": item["correlation_id"], "error_code": 0, "error_messages": []} for item in items]), 201


@lookups.get("/PhoneNumbers/<number>")
def look_up(number: str) -> Response:
    """Say what kind of line a number is, and, if a day is given, whether it changed hands."""
    known = simulation().carrier.lines.get(number, Line())
    asked, day = request.args.get("Fields", "").split(","), request.args.get("LastVerifiedDate")
    kind = {"type": known.type, "carrier_name": "Pretended", "error_code": None} if "line_type_intelligence" in asked else None
    since = {"last_verified_date": day, "is_number_reassigned": "yes" if known.reassigned else "no"} if day else None
    return jsonify(phone_number=number, valid=True, line_type_intelligence=kind, reassigned_number=since)


@control.post("/lines")
def lines() -> tuple[str, int]:
    """Say what numbers are: a JSON list of number, and type and reassigned where wanted."""
    for given in request.get_json():
        simulation().carrier.lines[given.pop("number")] = Line(**given)
    return "", 204


@control.get("/log")
def log() -> Response:
    """Return every message accepted from the service, oldest first."""
    messages = [{"sid": m.sid, "to": m.to, "body": m.body, "status": m.status, "callback": m.callback} for m in simulation().carrier.log]
    return jsonify(messages)


@control.post("/faults")
def faults() -> tuple[str, int]:
    """Go wrong as ordered: JSON with fault, and times, to, code, seconds where wanted."""
    given = request.get_json()
    simulation().carrier.order(Order(Fault(given.pop("fault")), **given))
    return "", 204


@control.post("/phones")
def phones() -> tuple[str, int]:
    """Put phones on the page: a JSON list of number and label."""
    for phone in request.get_json():
        simulation().carrier.seed(phone["number"], phone.get("label", ""))
    return "", 204


@control.post("/inbound")
def inbound() -> Response:
    """Text the service as a parent would: JSON with number and body, and photos where wanted; waits until the webhook answered.

    A photo is its content in base64, and its type.
    """
    given = request.get_json()
    photos = [Photo(b64decode(one["content"]), one.get("type", "image/jpeg")) for one in given.get("photos", ())]
    message = simulation().text_from(given["number"], given["body"], photos)
    return jsonify(sid=message.sid, posted=simulation().outbound.wait())


@control.post("/calls")
def calls() -> Response:
    """Call the service as a parent would: JSON with number, and picked_up where whoever it rings at answers."""
    given = request.get_json()
    return jsonify([asdict(one) for one in call(simulation(), given["number"], picked_up=given.get("picked_up", False))])


@control.post("/receipts")
def receipt() -> Response:
    """Let one receipt leave now: JSON with sid, status and code where wanted; waits until the webhook answered."""
    given = request.get_json()
    running = simulation()
    running.report_one(_found(given["sid"]), given["status"], given.get("code", ""))
    return jsonify(posted=running.outbound.wait())


def _page(title: str) -> str:
    """Make a page such as a proxy shows instead of the carrier's answer."""
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


def _found(sid: str) -> Message:
    message = simulation().carrier.find(sid)
    if message is None:
        raise RefusedError(20404, f"The requested resource /Messages/{sid}.json was not found", 404)
    return message


def _shown(message: Message, account: str) -> dict[str, Any]:
    by_service = message.sender.startswith("MG")
    base = f"/2010-04-01/Accounts/{account}/Messages/{message.sid}"
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": format_datetime(message.created_at),
        "date_sent": format_datetime(message.sent_at) if message.sent_at else None,
        "date_updated": format_datetime(message.updated_at),
        "direction": message.direction,
        "error_code": int(message.error_code) if message.error_code else None,
        "error_message": None,
        "from": None if by_service else message.sender,
        "messaging_service_sid": message.sender if by_service else None,
        "num_media": str(len(message.photos)),
        "num_segments": "0" if by_service and message.sent_at is None else _segments(message.body),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{base}/Media.json"},
        "to": message.number,
        "uri": f"{base}.json",
    }


def _segments(body: str) -> str:
    """Count roughly: the carrier's figure is only shown, the service counts its own exactly."""
    single, each = (160, 153) if body.isascii() else (70, 67)
    return str(1 if len(body) <= single else -(-len(body) // each))


def _cut_the_line() -> None:
    """Close the client's connection without a word, as a lost line does."""
    line: socket.socket = request.environ["werkzeug.socket"]
    line.shutdown(socket.SHUT_RDWR)
