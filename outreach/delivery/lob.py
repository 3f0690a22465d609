"""Letters through Lob, with Lob's own client.

What the client leaves open is set here: timeouts (its default is to wait for ever) and no retries of its own (urllib3's would repeat a
connection). Its typed call takes a letter's page as HTML or an address on the web only, so the page goes through the client's general
call as an upload. Rules of the API: https://docs.lob.com (letters, idempotent requests), https://help.lob.com (error reference).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import urllib3
from lob_python.api_client import ApiClient
from lob_python.configuration import Configuration
from lob_python.exceptions import ApiException, OpenApiException

from outreach.delivery.mail_house import HouseAnswer, Piece, Said
from outreach.settings import Settings

_PATH = "/letters"
_PAGE = 100
"""Letters in one page of the list, the most that Lob gives."""
_NOT_OURS = frozenset({401, 402, 403, 404, 405, 407})
_BUSY, _TAKEN = 429, range(200, 300)
_FINAL, _SERVER = range(400, 500), 500
_LONGEST_NAME, _LONGEST_LINE = 40, 64
_NEVER_LEFT = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NameResolutionError)
_BACK = "returned to sender"


class Lob:
    """One account at Lob."""

    def __init__(self, settings: Settings) -> None:
        """Work with *settings*; nothing is connected before there is something to mail."""
        configuration = Configuration(host=settings.mail_house_api_base.rstrip("/"), username=settings.mail_house_key, password="")
        configuration.retries = False
        self._settings = settings
        self._client = ApiClient(configuration)

    @classmethod
    def from_settings(cls, settings: Settings) -> Lob | None:
        """The account of these settings, or None where the district prints its letters itself."""
        return cls(settings) if settings.mail_house == "lob" else None

    def close(self) -> None:
        """Give the connections back."""
        self._client.rest_client.pool_manager.clear()
        self._client.close()

    def mail(self, piece: Piece) -> HouseAnswer:
        """Ask once. The reference is the idempotency key as well: for a day Lob itself takes a repeated request for the first one."""
        try:
            status, body = self._ask("POST", piece)
        except _NEVER_LEFT as error:
            return HouseAnswer(Said.LATER, detail=f"the mail house is not reached ({type(error).__name__})")
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return HouseAnswer(Said.UNCERTAIN, detail=type(error).__name__)
        if status in _TAKEN:
            name = body.get("id")
            return HouseAnswer(Said.TAKEN, name) if isinstance(name, str) and name else HouseAnswer(Said.UNCERTAIN, detail="half an answer")
        return _refusal(status, body)

    def find(self, ref: str) -> str:
        """Lob's name for the letter with our reference; what its list shows of other letters does not count."""
        for letter in self._list({"metadata": json.dumps({"ref": ref})}):
            if (letter.get("metadata") or {}).get("ref") == ref:
                return str(letter["id"])
        return ""

    def returned(self, since: datetime) -> list[str]:
        """Lob's names of letters that came back, by what the post's scans say."""
        wanted = {"date_created": json.dumps({"gt": since.isoformat()})}
        return [
            str(letter["id"]) for letter in self._list(wanted) if any(_came_back(event) for event in letter.get("tracking_events") or ())
        ]

    def _list(self, wanted: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """The letters of a list, page by page. Raises OSError where it cannot be read to its end."""
        after = ""
        while True:
            query = [("limit", str(_PAGE)), *wanted.items(), *([("after", after)] if after else [])]
            try:
                status, body = self._ask("GET", query=query)
            except urllib3.exceptions.HTTPError as error:
                raise OSError(type(error).__name__) from error
            letters = body.get("data")
            if status not in _TAKEN or not isinstance(letters, list):
                message = f"the mail house's list answers {status}"
                raise OSError(message)
            yield from letters
            if len(letters) < _PAGE:
                return
            after = str(letters[-1]["id"])

    def _ask(self, method: str, piece: Piece | None = None, *, query: list[tuple[str, str]] | None = None) -> tuple[int, Mapping[str, Any]]:
        """One request through the client: the status and the answer's JSON, empty where it is none."""
        headers = {"Accept": "application/json"}
        if piece is not None:
            headers |= {"Content-Type": "multipart/form-data", "Idempotency-Key": piece.ref}
        seconds = self._settings.mail_house_timeout_seconds
        try:
            answer = self._client.call_api(
                _PATH,
                method,
                query_params=query or [],
                header_params=headers,
                post_params=self._fields(piece) if piece else None,
                files={"file": [_page(piece)]} if piece else None,
                auth_settings=["basicAuth"],
                _preload_content=False,
                _request_timeout=(min(seconds, 5.0), seconds),
            )
            status, data = int(answer.status), bytes(answer.data)
        except ApiException as error:
            status, data = int(error.status or 0), error.body if isinstance(error.body, bytes) else str(error.body or "").encode()
        except (OpenApiException, UnicodeDecodeError, AttributeError):  # the client stumbles over answers that are no text
            status, data = _SERVER, b""
        return status, _object(data)

    def _fields(self, piece: Piece) -> list[tuple[str, str]]:
        together = " & ".join(piece.to.names)
        return [
            ("to[name]", together if len(together) <= _LONGEST_NAME else piece.to.names[0][:_LONGEST_NAME]),
            ("to[address_line1]", piece.to.line1[:_LONGEST_LINE]),
            ("to[address_line2]", piece.to.line2[:_LONGEST_LINE]),
            ("to[address_city]", piece.to.city),
            ("to[address_state]", piece.to.state),
            ("to[address_zip]", piece.to.postal_code),
            ("from", self._settings.mail_house_from),
            ("color", "false"),
            ("double_sided", "true" if self._settings.letter_duplex else "false"),
            ("address_placement", self._settings.mail_house_address_placement),
            ("use_type", "operational"),
            ("metadata[ref]", piece.ref),
        ]


class _Upload(io.BytesIO):
    """The page under the name that the client asks a file for; it says nothing about the family."""

    name = "letter.pdf"


def _page(piece: Piece) -> _Upload:
    return _Upload(piece.pdf)


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refusal(status: int, body: Mapping[str, Any]) -> HouseAnswer:
    said = body.get("error")
    code = str(said.get("code", "")) if isinstance(said, dict) else ""
    detail = f"{code.replace('_', ' ') or 'no reason given'} (HTTP {status})"
    if status == _BUSY:
        return HouseAnswer(Said.LATER, detail="the mail house is busy")
    if status in _NOT_OURS:
        return HouseAnswer(Said.NOT_OURS, detail=detail)
    if status not in _FINAL or not isinstance(said, dict):
        return HouseAnswer(Said.UNCERTAIN, detail=f"HTTP {status}")
    bad_address = "address" in code or "deliverab" in code or "zip" in code
    return HouseAnswer(Said.BAD_ADDRESS if bad_address else Said.BAD_LETTER, detail=detail)


def _came_back(event: object) -> bool:
    return isinstance(event, dict) and str(event.get("name", "")).casefold() == _BACK
