"""The carrier's requests about phone calls: TwiML that greets a family in its language and puts it through, or says who calls back."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Response, abort, send_file, url_for
from flask.typing import ResponseReturnValue
from twilio.twiml.voice_response import VoiceResponse

from outreach.arrivals import Arrival
from outreach.cases import calls
from outreach.cases.calls import Greeting
from outreach.cases.intake import Kind, take
from outreach.web.context import now, services
from outreach.web.permissions import open_to_all
from outreach.web.webhooks import signed_params

blueprint = Blueprint("calls", __name__, url_prefix="/webhooks/twilio")

VOICES = {
    "en": ("Polly.Joanna", "en-US"),
    "es": ("Polly.Lupe", "es-US"),
    "zh-Hans": ("Polly.Zhiyu", "cmn-CN"),
    "vi": ("Google.vi-VN-Standard-A", "vi-VN"),
    "ar": ("Polly.Zeina", "arb"),
    "pt-BR": ("Polly.Camila", "pt-BR"),
    "ru": ("Polly.Tatyana", "ru-RU"),
    "ko": ("Polly.Seoyeon", "ko-KR"),
    "tl": ("Google.fil-PH-Standard-A", "fil-PH"),
    "uk": ("Google.uk-UA-Standard-A", "uk-UA"),
    "fr": ("Polly.Lea", "fr-FR"),
}
"""Locale → Twilio's voice and its language. The others have none: their words are recorded by a speaker, or heard in English."""
_RINGS_SECONDS = 25
_TALKED = {"completed", "answered"}


@blueprint.post("/voice")
@open_to_all("the carrier signs its requests")
def voice() -> ResponseReturnValue:
    """Greet a caller, and put the call through where somebody answers now."""
    params = signed_params()
    greeting, answer = _greeting(params), VoiceResponse()
    _say(answer, greeting, "hello")
    if greeting.dial:
        _say(answer, greeting, "connecting")
        answer.dial(action=url_for("calls.after"), timeout=_RINGS_SECONDS).number(greeting.dial)
    else:
        _later(answer, greeting, params)
    return _twiml(answer)


@blueprint.post("/voice/after")
@open_to_all("the carrier signs its requests")
def after() -> ResponseReturnValue:
    """Somebody talked, or nobody picked up."""
    params, answer = signed_params(), VoiceResponse()
    if params.get("DialCallStatus", "") not in _TALKED:
        _later(answer, _greeting(params), params)
    return _twiml(answer)


@blueprint.get("/recordings/<name>")
@open_to_all("words that every caller hears")
def recording(name: str) -> ResponseReturnValue:
    """One recorded wording."""
    path = _recordings() / name
    if path.parent != _recordings() or path.suffix != ".mp3" or not path.is_file():
        abort(404)
    return send_file(path.absolute(), mimetype="audio/mpeg")


def _greeting(params: dict[str, str]) -> Greeting:
    with services().database.read() as session:
        return calls.greet(session, params.get("From", "").strip(), services().settings, now())


def _later(answer: VoiceResponse, greeting: Greeting, params: dict[str, str]) -> None:
    """Promise a call back, and leave it to a person; nothing is promised to whom nobody can call."""
    if greeting.is_known and (sid := params.get("CallSid", "")):
        parts = services()
        kept = {name: params.get(name, "") for name in ("CallSid", "From", "To")}
        take(parts.database, parts.settings, Arrival(Kind.CALL.value, sid, kept, "", now()), now())
        _say(answer, greeting, "later")
    answer.hangup()


def _say(answer: VoiceResponse, greeting: Greeting, name: str) -> None:
    """Speak one wording in the first language that can be spoken: recorded in just these words, else by the carrier's voice for it."""
    for line in greeting.lines.get(name, ()):
        file = recording_of(line.locale, name, line.approved)
        if (_recordings() / file).is_file():
            answer.play(url_for("calls.recording", name=file))
            return
        if line.locale in VOICES:
            spoken, language = VOICES[line.locale]
            answer.say(line.words, voice=spoken, language=language)
            return


def recording_of(locale: str, name: str, approved: str) -> str:
    """The file that a recording of an approved wording has: when the words change, it is no longer played."""
    return f"{calls.MESSAGE}.{locale}.{name}.{hashlib.sha256(approved.encode()).hexdigest()[:8]}.mp3"


def _recordings() -> Path:
    return services().settings.home / "recordings"


def _twiml(answer: VoiceResponse) -> Response:
    return Response(str(answer), mimetype="text/xml")
