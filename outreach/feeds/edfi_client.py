"""Asking an Ed-Fi ODS/API: signing in, paging, waiting when it asks for patience.

Source of the protocol: the Ed-Fi ODS/API documentation for suite 3, versions 5 to 7 (root document, OAuth 2 client credentials,
offset paging with Total-Count, cursor paging since 7.3, change queries, snapshots).
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.util import Retry

from outreach.attendance.refusal import RefusedError
from outreach.feeds.options import EdFi
from outreach.settings import FeedKey

_CONNECT_SECONDS = 10
_EARLY_SECONDS = 60
"""A token is renewed that long before it ends."""
_PATIENCE = 300
"""The longest wait that a server may ask for between two tries, in seconds."""
_BUSY = frozenset({429, 500, 502, 503, 504})
_CURSORS_SINCE = (7, 3)
_CONTACTS_SINCE = 5
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404

Json = dict[str, Any]


@dataclass(frozen=True)
class Versions:
    """The change versions that a server can tell about; they are a sequence, not times."""

    oldest: int
    newest: int


@dataclass(frozen=True)
class Page:
    """Some items, and where the next ones are to be found; *following* is None at the end."""

    items: list[Json]
    following: str | None


class Client:
    """One signed-in conversation with one server. Refusals are RefusedError with one sentence, which never repeats a secret."""

    def __init__(self, options: EdFi, key: FeedKey) -> None:
        """Prepare; the server's root document is read at once."""
        self._options, self._key = options, key
        self._host = urlsplit(options.url).hostname or options.url
        self._http = requests.Session()
        patience = Retry(
            total=6,
            connect=2,
            read=2,
            other=0,  # a certificate does not become good by waiting
            backoff_factor=1,
            backoff_max=60,
            status_forcelist=_BUSY,
            allowed_methods={"GET", "POST"},
            raise_on_status=False,
            retry_after_max=_PATIENCE,
        )
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, HTTPAdapter(max_retries=patience))
        self._token, self._token_ends = "", 0.0
        self._headers = {"Use-Snapshot": "true"} if options.snapshot else {}
        try:
            self._read_root()
        except BaseException:
            self._http.close()
            raise

    def __enter__(self) -> Self:
        """Use as a context, so that connections are closed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._http.close()

    def _read_root(self) -> None:
        root = self._json(self._ask("GET", f"{self._options.url}/"))
        urls = root.get("urls", {}) if isinstance(root, dict) else {}
        if not isinstance(urls, dict) or not {"oauth", "dataManagementApi"} <= urls.keys():
            sentence = f"{self._host} does not answer like an Ed-Fi server; url in source.toml must be its base address."
            raise RefusedError(sentence)
        self._urls = {name: self._routed(str(url)) for name, url in urls.items()}
        self.by_cursor = _numbers(str(root.get("version", ""))) >= _CURSORS_SINCE
        models = [_numbers(str(m.get("version", ""))) for m in root.get("dataModels", []) if str(m.get("name", "")).lower() == "ed-fi"]
        self.has_contacts = max(models, default=(_CONTACTS_SINCE,)) >= (_CONTACTS_SINCE,)
        """Whether adults are called contacts (data standard 5) or parents (before)."""

    def _routed(self, url: str) -> str:
        """An address of the root document with its placeholders filled; its host must be the one of source.toml."""
        parts = iter(self._options.route)
        try:
            filled = re.sub(r"\{[^}]*\}", lambda _: next(parts), url).rstrip("/")
        except StopIteration:
            sentence = f"The addresses of {self._host} have more parts to fill in than route in source.toml names."
            raise RefusedError(sentence) from None
        there, ours = urlsplit(filled), urlsplit(self._options.url)
        if (there.scheme, there.netloc) != (ours.scheme, ours.netloc):
            sentence = f"{self._host} sends us on to {there.hostname}; nothing is sent to a server that source.toml does not name."
            raise RefusedError(sentence)
        return filled

    def versions(self) -> Versions | None:
        """What the server can tell about changes; None where it offers no change queries."""
        if "changeQueries" not in self._urls:
            return None
        answer = self._get(f"{self._urls['changeQueries']}/availableChangeVersions", {})
        if answer is None:
            if self._options.snapshot:
                sentence = f"{self._host} has no snapshot to read; ask its host for one, or leave snapshot out of source.toml."
                raise RefusedError(sentence)
            return None
        said = self._json(answer)
        try:
            told = {name.lower(): int(value) for name, value in said.items()}  # version 5 wrote OldestChangeVersion
            return Versions(told["oldestchangeversion"], told["newestchangeversion"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            sentence = f"{self._host} does not say which change versions it has; nothing was loaded."
            raise RefusedError(sentence) from error

    def pages(
        self, path: str, query: Mapping[str, str], start: str | None, *, cursors: bool = False, maybe: bool = False
    ) -> Iterator[Page]:
        """The pages of *path* from *start* on (None: the first).

        *cursors* says that this path knows them, if the server does; *maybe*, that a server without the path has nothing there.
        Offsets run backwards: what is deleted or changed away while we read moves later items to places that are still to be read,
        so one may come twice and none is missed. That holds because *query* bounds the change version, so nothing comes anew.
        """
        if cursors and self.by_cursor:
            yield from self._by_cursor(path, query, start)
            return
        size = self._options.page_size
        if start is None:
            first = self._data(path, {**query, "limit": str(size), "offset": "0", "totalCount": "true"})
            if first is None and maybe:
                yield Page([], None)
                return
            first = self._known(first, path)
            total = self._total(first, path)
            if total <= size:
                yield Page(self._items(first), None)
                return
        offset = int(start) if start is not None else (total - 1) // size * size
        while offset >= 0:
            items = self._items(self._known(self._data(path, {**query, "limit": str(size), "offset": str(offset)}), path))
            offset -= size
            yield Page(items, str(offset) if offset >= 0 else None)

    def _by_cursor(self, path: str, query: Mapping[str, str], start: str | None) -> Iterator[Page]:
        token = start
        while token != "":
            more = {"pageSize": str(self._options.page_size), **({"pageToken": token} if token else {})}
            answer = self._known(self._data(path, {**query, **more}), path)
            items = self._items(answer)
            before, token = token, answer.headers.get("Next-Page-Token", "") if items else ""
            if token and token == before:
                sentence = f"{self._host} tells the same page of {path} over and over; nothing was loaded."
                raise RefusedError(sentence)
            yield Page(items, token or None)

    def _total(self, answer: requests.Response, path: str) -> int:
        try:
            return int(answer.headers["Total-Count"])
        except (KeyError, ValueError) as error:
            sentence = f"{self._host} does not say how many {path} it has; nothing was loaded."
            raise RefusedError(sentence) from error

    def _data(self, path: str, query: Mapping[str, str]) -> requests.Response | None:
        return self._get(f"{self._urls['dataManagementApi']}/ed-fi/{path}", query)

    def _known(self, answer: requests.Response | None, path: str) -> requests.Response:
        if answer is None:
            sentence = f"{self._host} knows no {path}; nothing was loaded."
            raise RefusedError(sentence)
        return answer

    def _items(self, answer: requests.Response) -> list[Json]:
        items = self._json(answer)
        if not isinstance(items, list):
            sentence = f"{self._host} answers something else than a list; nothing was loaded."
            raise RefusedError(sentence)
        return items

    def _get(self, url: str, query: Mapping[str, str]) -> requests.Response | None:
        """Ask with a token that holds; one the server no longer takes is renewed once. None where there is nothing."""
        answer = self._ask("GET", url, params=query, headers={**self._headers, "Authorization": f"Bearer {self._signed_in()}"})
        if answer.status_code == _UNAUTHORISED:
            self._token = ""
            answer = self._ask("GET", url, params=query, headers={**self._headers, "Authorization": f"Bearer {self._signed_in()}"})
        if answer.status_code == _NOT_FOUND:
            return None
        if answer.status_code in {_UNAUTHORISED, _FORBIDDEN}:
            sentence = f"{self._host} does not let this key read {urlsplit(url).path.rpartition('/ed-fi/')[2]}; its host must allow it."
            raise RefusedError(sentence)
        return self._good(answer)

    def _signed_in(self) -> str:
        if not self._token or time.monotonic() >= self._token_ends:
            answer = self._ask(
                "POST",
                self._urls["oauth"],
                data={"grant_type": "client_credentials"},
                auth=HTTPBasicAuth(self._key.key.encode(), self._key.secret.encode()),
            )
            if answer.status_code in {400, _UNAUTHORISED, _FORBIDDEN}:
                sentence = f"{self._host} does not accept the key and secret; check feed_keys in settings.toml. Nothing was loaded."
                raise RefusedError(sentence)
            said = self._json(self._good(answer))
            self._token = str(said.get("access_token", ""))
            lasts = float(said.get("expires_in") or 1800)
            self._token_ends = time.monotonic() + max(lasts - _EARLY_SECONDS, lasts / 2)
        return self._token

    def _good(self, answer: requests.Response) -> requests.Response:
        if answer.ok:
            return answer
        busy = "too busy to answer" if answer.status_code in _BUSY else "refuses to answer"
        sentence = f"{self._host} is {busy} (HTTP {answer.status_code}); what was read is kept, and the next try goes on from there."
        if answer.status_code not in _BUSY:
            sentence = f"{self._host} {busy} (HTTP {answer.status_code}); nothing was loaded."
        raise RefusedError(sentence)

    def _ask(self, method: str, url: str, **more: Any) -> requests.Response:  # noqa: ANN401 - the library's own options
        try:
            return self._http.request(method, url, timeout=(_CONNECT_SECONDS, self._options.timeout_seconds), allow_redirects=False, **more)
        except requests.exceptions.SSLError as error:
            sentence = f"The certificate of {self._host} is not valid ({_why(error)}); nothing was asked or loaded."
            raise RefusedError(sentence) from None
        except requests.RequestException as error:
            sentence = f"{self._host} does not answer ({type(error).__name__}); what was read is kept, and the next try goes on from there."
            raise RefusedError(sentence) from None

    def _json(self, answer: requests.Response) -> Any:  # noqa: ANN401 - whatever the server says
        try:
            return self._good(answer).json(parse_float=str)
        except requests.exceptions.JSONDecodeError as error:
            sentence = f"{self._host} answers something that is no JSON; nothing was loaded."
            raise RefusedError(sentence) from error


def _why(error: BaseException | None) -> str:
    """What is wrong with a certificate, as the TLS library says it."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
    return "TLS failed"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0]))
