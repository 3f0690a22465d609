"""A local Ed-Fi ODS/API: real HTTP, change versions, deletes, key changes, cursors, snapshots, and bad days on order."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

Item = dict[str, Any]
KEY, SECRET = "the-key", "the secret"
KEYS: Mapping[str, tuple[str, ...]] = {
    "schools": ("schoolId",),
    "sessions": ("schoolId", "schoolYear", "sessionName"),
    "calendarDates": ("calendarCode", "date", "schoolId", "schoolYear"),
    "students": ("studentUniqueId",),
    "studentEducationOrganizationAssociations": ("educationOrganizationId", "studentUniqueId"),
    "contacts": ("contactUniqueId",),
    "studentContactAssociations": ("contactUniqueId", "studentUniqueId"),
    "studentSchoolAssociations": ("entryDate", "schoolId", "studentUniqueId"),
    "studentSchoolAttendanceEvents": (
        "attendanceEventCategoryDescriptor", "eventDate", "schoolId", "schoolYear", "sessionName", "studentUniqueId",
    ),
}  # fmt: skip
_AGED = {"contactUniqueId": "parentUniqueId", "contactReference": "parentReference"}
_PARENTS = {"parents": "contacts", "studentParentAssociations": "studentContactAssociations"}


class _Quiet(WSGIRequestHandler):
    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@dataclass
class Stored:
    id: str
    version: int
    item: Item
    flat: Item = field(init=False)

    def __post_init__(self) -> None:
        """Flatten it once; every page asks."""
        self.flat = values(self.item)


def values(item: Item) -> Item:
    """Every scalar value of an item and of what it refers to."""
    found: Item = {}
    for name, value in item.items():
        if isinstance(value, dict):
            found |= values(value)
        elif not isinstance(value, list):
            found[name] = value
    return found


@dataclass
class Ods:
    """What the server holds, and how it behaves."""

    version: str = "7.3"
    standard: str = "5.2.0"
    change_queries: bool = True
    snapshots: bool = False
    busy_every: int = 0
    """Every so manieth request is answered 429."""
    token_lasts: int = 0
    """A token is good for so many requests; 0 for ever."""
    oldest: int = 0
    newest: int = 0
    rows: dict[str, dict[str, Stored]] = field(default_factory=lambda: {name: {} for name in KEYS})
    gone: list[tuple[str, int, str, Item]] = field(default_factory=list)
    rekeyed: list[tuple[str, int, str, Item, Item]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    """Path → how often it was asked."""
    on_page: Callable[[str], None] = lambda _path: None
    """Called after each page was made."""
    _tokens: dict[str, int] = field(default_factory=dict)
    _made: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, resource: str, item: Item) -> None:
        """Insert, or update what has the same key."""
        with self._lock:
            self.newest += 1
            key = self.key(resource, item)
            old = self.rows[resource].get(key)
            self._made += 1
            name = old.id if old else hashlib.md5(str(self._made).encode()).hexdigest()  # noqa: S324 - only has to look unordered
            self.rows[resource][key] = Stored(name, self.newest, item)

    def delete(self, resource: str, key: str) -> None:
        """Delete one row."""
        with self._lock:
            self.newest += 1
            old = self.rows[resource].pop(key)
            self.gone.append((resource, self.newest, old.id, self._key_values(resource, old.item)))

    def change_key(self, resource: str, key: str, new: Item) -> None:
        """Give one row a new key; what refers to it follows without a new version, which is the worst a server may do."""
        with self._lock:
            self.newest += 1
            old = self.rows[resource].pop(key)
            before = self._key_values(resource, old.item)
            item = _renamed(old.item, before, new)
            self.rows[resource][self.key(resource, item)] = Stored(old.id, self.newest, item)
            self.rekeyed.append((resource, self.newest, old.id, before, self._key_values(resource, item)))
            for other in self.rows:
                if other != resource and set(KEYS[resource]) <= set(KEYS[other]):
                    held = self.rows[other].values()
                    moved = [
                        Stored(row.id, row.version, _renamed(row.item, before, new) if _speaks(row.item, before) else row.item)
                        for row in held
                    ]
                    self.rows[other] = {self.key(other, row.item): row for row in moved}

    def key(self, resource: str, item: Item) -> str:
        """The key of an item as one text."""
        return json.dumps(self._key_values(resource, item), sort_keys=True)

    def _key_values(self, resource: str, item: Item) -> Item:
        found = values(item)
        return {name: found[name] for name in KEYS[resource]}

    def signed_in(self) -> bool:
        """Whether this request brings a token that still holds."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._tokens:
            return False
        self._tokens[token] += 1
        return not self.token_lasts or self._tokens[token] <= self.token_lasts

    def token(self) -> str:
        """A new token."""
        token = f"token-{len(self._tokens)}"
        self._tokens[token] = 0
        return token

    def select(self, resource: str, kind: str) -> list[tuple[str, Item]]:
        """What a request asks for, each with the id by which it is ordered."""
        low, high = (int(request.args.get(name, default)) for name, default in (("minChangeVersion", 0), ("maxChangeVersion", 1 << 60)))
        with self._lock:
            if kind == "deletes":
                there = {self.key(resource, row.item) for row in self.rows[resource].values()}
                return [
                    (str(version), {"id": one, "changeVersion": version, "keyValues": keys})
                    for name, version, one, keys in self.gone
                    if name == resource and low <= version <= high and json.dumps(keys, sort_keys=True) not in there
                ]
            if kind == "keyChanges":
                return self._key_changes(resource, low, high)
            year = request.args.get("schoolYear")
            return sorted(
                (row.id, {"id": row.id, **row.item})
                for row in self.rows[resource].values()
                if low <= row.version <= high and (year is None or str(row.flat.get("schoolYear")) == year)
            )

    def _key_changes(self, resource: str, low: int, high: int) -> list[tuple[str, Item]]:
        """One entry for each item, from its first key in the window to its last."""
        found: dict[str, Item] = {}
        for name, version, one, before, after in self.rekeyed:
            if name == resource and low <= version <= high:
                first = found.get(one, {}).get("oldKeyValues", before)
                found[one] = {"id": one, "changeVersion": version, "oldKeyValues": first, "newKeyValues": after}
        return list(found.items())


def _speaks(item: Item, key: Item) -> bool:
    found = values(item)
    return all(found.get(name) == value for name, value in key.items())


def _renamed(item: Item, old: Item, new: Item) -> Item:
    return {
        name: _renamed(value, old, new) if isinstance(value, dict) else new[name] if name in new and value == old.get(name) else value
        for name, value in item.items()
    }


def _aged(item: Any) -> Any:
    """An item as data standards before 5 write it: adults are parents."""
    if isinstance(item, dict):
        return {_AGED.get(name, name): _aged(value) for name, value in item.items()}
    return [_aged(one) for one in item] if isinstance(item, list) else item


def application(ods: Ods) -> Flask:  # noqa: C901 - one short function a route
    """The server's routes."""
    app = Flask("ods")
    count = iter(range(1, 1 << 60))

    @app.before_request
    def _bad_day() -> Response | None:
        ods.asked[request.path] += 1
        if ods.busy_every and next(count) % ods.busy_every == 0:
            return Response("slow down", 429, {"Retry-After": "1"})
        return None

    @app.get("/")
    def _root() -> Item:
        base = request.host_url.rstrip("/")
        urls = {"oauth": f"{base}/oauth/token", "dataManagementApi": f"{base}/data/v3/", "changeQueries": f"{base}/changeQueries/v1/"}
        return {"version": ods.version, "dataModels": [{"name": "Ed-Fi", "version": ods.standard}], "urls": urls}

    @app.post("/oauth/token")
    def _token() -> Any:
        given = base64.b64decode(request.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if given != f"{KEY}:{SECRET}" or request.form.get("grant_type") != "client_credentials":
            return {"error": "invalid_client"}, 401
        return {"access_token": ods.token(), "expires_in": 1800, "token_type": "bearer"}

    @app.get("/changeQueries/v1/availableChangeVersions")
    def _versions() -> Any:
        if not ods.signed_in():
            return {"message": "expired"}, 401
        if not ods.change_queries or (request.headers.get("Use-Snapshot") == "true" and not ods.snapshots):
            return {"message": "not found"}, 404
        return {"oldestChangeVersion": ods.oldest, "newestChangeVersion": ods.newest}

    @app.get("/data/v3/ed-fi/<resource>")
    @app.get("/data/v3/ed-fi/<resource>/<kind>")
    def _data(resource: str, kind: str = "") -> Any:
        if not ods.signed_in():
            return {"message": "expired"}, 401
        new = ods.standard.startswith("5")
        if resource in (_PARENTS if new else _PARENTS.values()):
            return {"message": "not found"}, 404
        answer = _page(ods, _PARENTS.get(resource, resource), kind, aged=not new)
        ods.on_page(request.path)
        return answer

    return app


def _page(ods: Ods, resource: str, kind: str, *, aged: bool) -> Any:
    found = ods.select(resource, kind)
    headers = {"Total-Count": str(len(found))} if request.args.get("totalCount") == "true" else {}
    if not kind and ods.version >= "7.3" and "pageSize" in request.args:
        after = request.args.get("pageToken", "")
        page = [row for row in found if row[0] > after][: int(request.args["pageSize"])]
        if page and page[-1][0] != found[-1][0]:
            headers["Next-Page-Token"] = page[-1][0]
    else:
        offset, limit = int(request.args.get("offset", 0)), int(request.args.get("limit", 25))
        page = found[offset : offset + limit]
    items = [item for _, item in page]
    return Response(json.dumps(_aged(items) if aged else items), headers=headers, mimetype="application/json")


@contextmanager
def serving(ods: Ods, certificate: Path | None = None) -> Iterator[str]:
    """Serve on a loopback address, over TLS where there is a certificate; give the base address."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = make_server("127.0.0.1", 0, application(ods), threaded=True, request_handler=_Quiet, ssl_context=context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
