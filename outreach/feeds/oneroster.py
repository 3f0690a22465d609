"""OneRoster packages, bulk and delta, become canonical rows: schools, students, stays, adults and their numbers.

What OneRoster cannot say stays unsaid: it has no attendance, no school days, no languages and no restrictions. Those come from
files beside the package, or from another source that uses the same ids.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from outreach.attendance.refusal import RefusedError
from outreach.feeds.delivery import Row, write_file
from outreach.feeds.memberships import Stay, joined
from outreach.feeds.oneroster_files import Package
from outreach.feeds.options import OneRoster
from outreach.feeds.store import Item, Store

_ADULTS = frozenset({"guardian", "parent", "relative"})
Body = Mapping[str, str]


def merge(store: Store, package: Package) -> dict[str, pl.DataFrame]:
    """Bring the copy to what a package says: a bulk file replaces, a delta changes; return each file's rows that cannot be read.

    Raises RefusedError for a delta of which no bulk file ever came. Call it inside a transaction of *store*.
    """
    faults, begun = {}, set(store.get("bulk") or [])
    for name, mode in package.modes.items():
        if mode == "delta" and name not in begun:
            sentence = f"{package.name} brings only changes of {name}.csv, and it never came whole; send a bulk package first."
            raise RefusedError(sentence)
        rows, faults[name] = package.rows(name)
        rows = rows.sort("dateLastModified", *[column for column in rows.columns if column != "dateLastModified"])
        if mode == "delta":
            _change(store, name, rows)
        else:
            generation = (store.get(f"generation {name}") or 0) + 1
            store.set(f"generation {name}", generation)
            store.put(name, (_item(row) for row in rows.iter_rows(named=True) if not _gone(row)), generation)
            store.drop_others(generation, name)
            begun.add(name)
    store.set("bulk", sorted(begun))
    store.set("version", package.version)
    return faults


def _change(store: Store, name: str, rows: pl.DataFrame) -> None:
    """Apply a delta; a row older than what is known is an old delta come late."""
    generation = store.get(f"generation {name}") or 0
    for row in rows.iter_rows(named=True):
        known = store.find(name, row["sourcedId"])
        if known is not None and known.body["dateLastModified"] > row["dateLastModified"]:
            continue
        if _gone(row):
            store.drop(name, [row["sourcedId"]])
        else:
            store.put(name, [_item(row)], generation)


def _gone(row: Body) -> bool:
    return row["status"].lower() == "tobedeleted"


def _item(row: Body) -> Item:
    return Item({"sourcedId": row["sourcedId"]}, row["sourcedId"], {k: v for k, v in row.items() if v and k not in {"sourcedId", "status"}}
                | {"dateLastModified": row["dateLastModified"]})  # fmt: skip


class Roster:
    """The copy of a OneRoster source, read as canonical rows."""

    def __init__(self, store: Store, options: OneRoster, *, exclusive: bool) -> None:
        """Read the small files; *exclusive* says that a last date is the first day out."""
        self._store, self._options, self._exclusive = store, options, exclusive
        self._orgs = {one: body for one, body in self._bodies("orgs") if body.get("type", "").lower() == "school"}
        self._sessions = dict(self._bodies("academicSessions"))
        self._users = dict(self._bodies("users"))
        self._roles: dict[str, list[Body]] = defaultdict(list)
        if store.get("version") == "1.1":
            for user, body in self._users.items():
                for org in _listed(body.get("orgSourcedIds", "")) or [""]:
                    self._roles[user].append({"role": body.get("role", "").lower(), "orgSourcedId": org})
        for _, body in self._bodies("roles"):
            self._roles[body.get("userSourcedId", "")].append({**body, "role": body.get("role", "").lower()})
        self._students = {user for user in self._users if any(role["role"] == "student" for role in self._roles[user])}

    def write(self, folder: Path) -> None:
        """Write the canonical files that OneRoster has something for."""
        write_file(folder, "schools", self._schools())
        write_file(folder, "students", self._student_rows())
        write_file(folder, "enrollments", self._enrollments())
        ties = self._ties()
        adults = sorted({adult for _, adult in ties})
        write_file(folder, "contacts", (self._contact(adult) for adult in adults))
        write_file(folder, "contact_phones", (row for adult in adults for row in self._phones(adult)))
        write_file(folder, "student_contacts", (self._tie(child, adult) for child, adult in ties))

    def _bodies(self, name: str) -> Iterator[tuple[str, Body]]:
        return ((item.id, item.body) for item in self._store.items(name))

    def _student(self, user: str) -> str:
        return user if self._options.student_id == "sourcedId" else self._users.get(user, {}).get("identifier", "")

    def _school(self, org: str) -> str:
        return org if self._options.school_id == "sourcedId" else self._orgs.get(org, {}).get("identifier", "")

    def _schools(self) -> Iterator[Row]:
        for org, body in self._orgs.items():
            yield {"school_id": self._school(org), "name": body.get("name", ""), "parent_id": body.get("parentSourcedId", "")}

    def _student_rows(self) -> Iterator[Row]:
        births = {one: body.get("birthDate", "") for one, body in self._bodies("demographics")}
        for user in sorted(self._students):
            body = self._users[user]
            yield {
                "student_id": self._student(user),
                "first_name": body.get("givenName", ""),
                "last_name": body.get("familyName", ""),
                "preferred_name": body.get("preferredGivenName", ""),
                "birth_date": births.get(user, ""),
                "grade": self._grade(user),
            }

    def _grade(self, user: str) -> str:
        return next(iter(_listed(self._users.get(user, {}).get("grades", ""))), "")

    def _enrollments(self) -> Iterator[Row]:
        """One row a stay: from dated roles (1.2), else from the child's classes at the school; without any date an empty entry."""
        classes = self._stays_by_classes()
        for user in sorted(self._students):
            mine = [role for role in self._roles[user] if role["role"] == "student" and role.get("orgSourcedId", "") in self._orgs]
            schools = {role["orgSourcedId"] for role in mine} | {org for org in classes.get(user, {}) if org in self._orgs}
            for org in sorted(schools):
                roles = [role for role in mine if role["orgSourcedId"] == org]
                kind = {role.get("roleType", "").lower() for role in roles} - {""}
                primary = "" if not kind else "true" if "primary" in kind else "false"
                fixed = {"student_id": self._student(user), "school_id": self._school(org), "grade": self._grade(user), "primary": primary}
                for entry, leaving in self._dates([role for role in roles if role.get("beginDate")], classes.get(user, {}).get(org, [])):
                    yield {**fixed, "entry_date": entry, "exit_date": leaving}

    def _dates(self, roles: list[Body], classes: list[Stay]) -> list[tuple[str, str]]:
        if roles:
            return sorted({(role["beginDate"], role.get("endDate", "")) for role in roles})
        if classes:
            out = timedelta(days=1 if self._exclusive else 0)
            return [(stay.first.isoformat(), (stay.last + out).isoformat() if stay.last else "") for stay in joined(classes)]
        years = [body.get("startDate", "") for body in self._sessions.values() if body.get("type", "").lower() == "schoolyear"]
        return [(max(years, default="") if self._options.undated_enrollments == "year-start" else "", "")]

    def _stays_by_classes(self) -> dict[str, dict[str, list[Stay]]]:
        """Child → school → the times of its class enrolments; a date an enrolment lacks is that of the class's terms."""
        terms = {one: _listed(body.get("termSourcedIds", "")) for one, body in self._bodies("classes")}
        found: dict[str, dict[str, list[Stay]]] = defaultdict(lambda: defaultdict(list))
        for _, body in self._bodies("enrollments"):
            if body.get("role", "").lower() != "student":
                continue
            sessions = [self._sessions[term] for term in terms.get(body.get("classSourcedId", ""), []) if term in self._sessions]
            first = _date(body.get("beginDate", "")) or min(filter(None, (_date(s.get("startDate", "")) for s in sessions)), default=None)
            last = _date(body.get("endDate", "")) or max(filter(None, (_date(s.get("endDate", "")) for s in sessions)), default=None)
            if first is not None:
                out = timedelta(days=1 if self._exclusive and last else 0)
                stay = Stay(first, last - out if last else None)
                found[body.get("userSourcedId", "")][body.get("schoolSourcedId", "")].append(stay)
        return found

    def _ties(self) -> list[tuple[str, str]]:
        """Child and adult, each pair once; packages name the adult at the child, the child at the adult, or both."""
        found: set[tuple[str, str]] = set()
        for user, body in self._users.items():
            for other in _listed(body.get("agentSourcedIds", "")):
                if user in self._students and other not in self._students:
                    found.add((user, other))
                elif other in self._students and self._is_adult(user):
                    found.add((other, user))
        return sorted(found)

    def _is_adult(self, user: str) -> bool:
        return any(role["role"] in _ADULTS for role in self._roles.get(user, []))

    def _contact(self, adult: str) -> Row:
        body = self._users.get(adult)
        if body is None:
            return {"contact_id": ""}  # named by a child and not delivered: the row is rejected, and listed so
        names = {"first_name": body.get("givenName", ""), "last_name": body.get("familyName", "")}
        return {"contact_id": adult, **names, "email": body.get("email", "")}

    def _phones(self, adult: str) -> Iterator[Row]:
        body = self._users.get(adult, {})
        mobile, other = body.get("sms", ""), body.get("phone", "")
        if mobile:
            yield {"contact_id": adult, "phone": mobile, "type": "mobile", "priority": "1"}
        if other and other != mobile:
            yield {"contact_id": adult, "phone": other, "priority": "2"}

    def _tie(self, child: str, adult: str) -> Row:
        relation = next((role["role"] for role in self._roles.get(adult, []) if role["role"] in _ADULTS), "")
        return {"student_id": self._student(child), "contact_id": adult, "relation": relation}


def _listed(text: str) -> list[str]:
    """The values of a list field."""
    return [one.strip() for one in next(csv.reader([text]), []) if one.strip()]


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
