"""Bringing our copy of an Ed-Fi server up to date: everything once, then what changed, in steps that a killed process can go on with.

A *run* reads up to the newest change version that the server named at its start. What changes while it reads has a higher version
and is the next run's; runs follow one another until nothing new came. The copy's own version moves only when a run is complete.
Source of the order (key changes, changes, deletes backwards): Ed-Fi, Using the Changed Record Queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from outreach.attendance.refusal import RefusedError
from outreach.feeds.edfi_client import Client, Page, Versions
from outreach.feeds.edfi_resources import RESOURCES, Resource, id_of, renamed
from outreach.feeds.options import EdFi
from outreach.feeds.store import Store

_ROUNDS = 5
"""A server that never rests is followed so many times; the rest comes the next night."""
_STALE_HOURS = 12
"""Without change versions a run that was left so long ago is begun anew: its pages are no longer those of one server."""
_RETRY_HOURS = 1

Run = dict[str, Any]


def synchronise(store: Store, client: Client, options: EdFi, *, now: datetime, progress: Callable[[str], None]) -> None:
    """Bring *store* up to what the server knows. Raises RefusedError; what was read so far stays, and the next call goes on."""
    with store.transaction():
        store.set("tried_at", now.isoformat())
    for _ in range(_ROUNDS):
        versions = client.versions()
        run = _run(store, client, options, versions, now)
        _work(store, client, options, run, progress)
        if versions is None or run["target"] == versions.newest == _newest(client):
            break
    with store.transaction():
        store.set("pulled_at", now.isoformat())


def is_due(store: Store, options: EdFi, now: datetime) -> bool:
    """Whether the server should be asked again by itself: after the set hours, or an hour after a try that failed."""
    pulled, tried = (datetime.fromisoformat(text) if (text := store.get(name)) else None for name in ("pulled_at", "tried_at"))
    if tried is None:
        return True
    if pulled is None or tried > pulled:
        return now - tried >= timedelta(hours=_RETRY_HOURS)
    return now - pulled >= timedelta(hours=options.every_hours)


def _newest(client: Client) -> int | None:
    versions = client.versions()
    return None if versions is None else versions.newest


def _run(store: Store, client: Client, options: EdFi, versions: Versions | None, now: datetime) -> Run:
    """The run that was left behind, if it still makes sense, or a new one."""
    identity = [options.url, options.school_years, options.route, client.has_contacts]
    left: Run | None = store.get("run")
    if left is not None and left["identity"] == identity and _goes_on(left, versions, now):
        return left
    saved, full_at = store.get("version"), store.get("full_at")
    full = (
        versions is None
        or saved is None
        or store.get("identity") != identity
        or not versions.oldest <= saved <= versions.newest
        or now - datetime.fromisoformat(full_at) >= timedelta(days=options.reload_days)
    )
    generation = (store.get("generation") or 0) + (1 if full else 0)
    run: Run = {
        "identity": identity,
        "full": full,
        "low": 0 if full else saved + 1,
        "target": versions.newest if versions else None,
        "generation": generation,
        "began": now.isoformat(),
        "step": 0,
        "position": None,
    }
    with store.transaction():
        store.set("run", run)
    return run


def _goes_on(run: Run, versions: Versions | None, now: datetime) -> bool:
    if versions is None or run["target"] is None:
        return versions is None and run["target"] is None and now - datetime.fromisoformat(run["began"]) < timedelta(hours=_STALE_HOURS)
    reads_from = run["target"] if run["full"] else run["low"] - 1
    return bool(versions.oldest <= reads_from and run["target"] <= versions.newest)


def _steps(options: EdFi, *, full: bool) -> list[tuple[str, Resource, int | None]]:
    """What is to be read, in order: the kind, the resource, and the school year where a resource has one."""
    years = sorted(set(options.school_years))
    items = [("items", one, year) for one in RESOURCES for year in (years if one.yearly else [None])]
    if full:
        return items
    return [*(("keyChanges", one, None) for one in RESOURCES), *items, *(("deletes", one, None) for one in reversed(RESOURCES))]


def _work(store: Store, client: Client, options: EdFi, run: Run, progress: Callable[[str], None]) -> None:
    """Do the steps that are left, each page in one transaction with the place it was read from; then the new version holds."""
    steps = _steps(options, full=run["full"])
    for number in range(run["step"], len(steps)):
        kind, resource, year = steps[number]
        read = 0
        for page in _pages(client, run, kind, resource, year):
            read += len(page.items)
            with store.transaction():
                _apply(store, kind, resource, page, run["generation"])
                run |= {"step": number, "position": page.following} if page.following else {"step": number + 1, "position": None}
                store.set("run", run)
            progress(f"Ed-Fi {resource.name}{'' if kind == 'items' else f', {kind}'}: {read} read")
    with store.transaction():
        if run["full"]:
            store.drop_others(run["generation"])
            store.set("full_at", run["began"])
        for name, value in (("version", run["target"]), ("generation", run["generation"]), ("identity", run["identity"]), ("run", None)):
            store.set(name, value)


def _pages(client: Client, run: Run, kind: str, resource: Resource, year: int | None) -> Iterator[Page]:
    path = resource.path(has_contacts=client.has_contacts)
    query: dict[str, str] = {}
    if run["target"] is not None:
        query["maxChangeVersion"] = str(run["target"])
    if not run["full"]:
        query["minChangeVersion"] = str(run["low"])
    if kind != "items":
        return client.pages(f"{path}/{kind}", query, run["position"], maybe=kind == "keyChanges")  # these came only with version 5.4
    if year is not None:
        query["schoolYear"] = str(year)
    return client.pages(path, query, run["position"], cursors=True)


def _apply(store: Store, kind: str, resource: Resource, page: Page, generation: int) -> None:
    try:
        if kind == "items":
            store.put(resource.name, [resource.item(one) for one in page.items], generation)
        elif kind == "deletes":
            store.drop(resource.name, [id_of(one) for one in page.items])
        else:
            changes = [(_own(resource, one["oldKeyValues"]), _own(resource, one["newKeyValues"])) for one in page.items]
            speaking = [one.name for one in RESOURCES if set(resource.keys) <= set(one.keys)]
            store.rename(speaking, [change for change in changes if change[0] and change[0] != change[1]])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        sentence = f"The server tells {resource.name} ({kind}) in a way that Ed-Fi does not know; nothing was loaded."
        raise RefusedError(sentence) from error


def _own(resource: Resource, values: Mapping[str, Any]) -> dict[str, str]:
    """The key values of a key change under our names; a key that cannot be told whole is none."""
    told = renamed(values)
    return {name: told[name] for name in resource.keys} if set(resource.keys) <= set(told) else {}
