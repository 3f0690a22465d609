"""What may leave, worked out a second time from the rows as they are: slow, naive, and with nothing of the service's own reasoning."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.attendance import naive

ZONE = ZoneInfo("America/Chicago")
RULES = {"text_5": (5, 3), "letter_10": (10, 5), "letter_20": (20, 8)}
"""Percent and days of the shipped rules; all of them wait for 20 days enrolled."""
TABLES = (
    "feed_sources", "schools", "calendar_events", "students", "enrolments", "marks", "contacts", "student_contacts", "contact_phones",
    "overlays", "phone_states", "contact_blocks", "restriction_decisions", "approvals", "planned_messages", "planned_episodes", "episodes",
)  # fmt: skip
MONTHS = {"en": "October {}", "es": "{} de octubre"}


@dataclass(frozen=True)
class Truth:
    """Everything there is, as plain dicts of each table's columns."""

    tables: dict[str, list[dict[str, Any]]]
    now: datetime

    @property
    def today(self) -> date:
        """The district's date."""
        return self.now.astimezone(ZONE).date()

    def until(self, child: str) -> date:
        """The last day of which a number of the child may be told: today where every school it attends is in."""
        schools = {stay["school_id"] for stay in self.of("enrolments", student_id=child) if self._covers(stay, self.today)}
        open_today = [school for school in schools if self._school_day(school, self.today)]
        return self.today if all(self._is_in(school) for school in open_today) else self.today - timedelta(days=1)

    def _is_in(self, school: str) -> bool:
        if self.tables["feed_sources"][0]["settings"]["reporting"] == "exceptions":
            return self.now.astimezone(ZONE).hour >= 10
        pupils = {stay["student_id"] for stay in self.of("enrolments", school_id=school) if self._covers(stay, self.today)}
        marked = {mark["student_id"] for mark in self.of("marks", school_id=school) if str(mark["date"]) == str(self.today)}
        return len(pupils & marked) >= len(pupils) * 0.95

    def of(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        """Rows with these values."""
        return [row for row in self.tables[table] if all(row[name] == value for name, value in wanted.items())]

    def count(self, child: str) -> dict[str, str] | None:
        """The child's row of ``counts --by student``, by the naive counter; None without one."""
        source = self.tables["feed_sources"][0]
        feed = {
            "settings": source["settings"],
            "files": {
                "schools": [{"school_id": row["school_id"], "parent_id": row["parent_id"]} for row in self.tables["schools"]],
                "calendar": [_text(row, "school_id", "date", "event", "minutes") for row in self.tables["calendar_events"]],
                "students": [_text(row, "student_id") for row in self.of("students", student_id=child, gone_import_id=None)],
                "enrollments": [
                    _text(row, "student_id", "school_id", "entry_date", "exit_date", "exit_type", "track", "grade")
                    for row in self.of("enrolments", student_id=child)
                ],
                "attendance": [
                    _text(row, "student_id", "school_id", "date", "code", "portion", "minutes", "section_id")
                    for row in self.of("marks", student_id=child)
                ],
            },
        }
        return next((row for row in naive.counts(feed, self.until(child), "student") if row["student_id"] == child), None)

    def may_be_told_of(self, child: str, contact: str) -> bool:
        """Whether a contact may hear of a child at all."""
        ties = self.of("student_contacts", student_id=child, contact_id=contact)
        known = self.of("contacts", contact_id=contact, gone_import_id=None)
        blocked = [b for b in self.of("contact_blocks", contact_id=contact, lifted_at=None) if b["student_id"] in ("", child)]
        if not ties or not known or blocked:
            return False
        tie = ties[0]
        cleared = self.of("restriction_decisions", student_id=child, contact_id=contact, restriction=tie["restriction"])
        receives = bool(tie["may_receive"]) if tie["may_receive"] is not None else tie["lives_with"] is None or bool(tie["lives_with"])
        return receives and (not tie["restriction"] or bool(cleared))

    def may_speak_of(self, child: str, rules: set[str]) -> bool:
        """Whether a number may be told of a child: here, minor, known, quiet codes apart, and over the threshold of a rule."""
        found = self.of("students", student_id=child, gone_import_id=None)
        count = self.count(child)
        if (
            not found
            or count is None
            or self.of("overlays", kind="deceased", student_id=child, withdraws=None)
            or not self._enrolled(child)
            or count["days_unknown"] != "0"
            or self._held(child)
        ):
            return False
        born = found[0]["birth_date"]
        if born and date.fromisoformat(str(born)).replace(year=int(str(born)[:4]) + 18) <= self.today:
            return False
        if count["days_suspended"] != "0" and 2 * int(count["days_suspended"]) >= int(count["days_absent"]):
            return False
        absent, enrolled = int(count["days_absent"]), int(count["days_enrolled"])
        return any(enrolled >= 20 and absent >= RULES[r][1] and 100 * absent >= RULES[r][0] * enrolled for r in rules)

    def _trusts(self, child: str) -> bool:
        """Whether every school that a child attends trusts registered numbers."""
        said = self.tables["feed_sources"][0]["settings"]
        here = [stay["school_id"] for stay in self.of("enrolments", student_id=child) if self._covers(stay, self.today)]
        own = [(said.get("schools") or {}).get(school, {}).get("trust_registration_phones") for school in here]
        return all(said["trust_registration_phones"] if word is None else word for word in own)

    def first_number(self, contact: str, child: str) -> str:
        """The number a contact is texted on about a child; empty where there is none."""
        trusted = self._trusts(child)
        rows = sorted(
            self.of("contact_phones", contact_id=contact), key=lambda r: (10**9 if r["priority"] is None else r["priority"], r["id"])
        )
        for row in rows:
            state = next(iter(self.of("phone_states", phone=row["e164"])), None)
            texts = row["can_text"] if row["can_text"] is not None else row["type"] == "mobile"
            sound = trusted or (row["verified_on"] and row["consent"])
            refused = (state["opted_out"] or state["suppressed"]) if state else row["consent"] is not None and not row["consent"]
            if row["e164"] and texts and sound and not refused:
                return str(row["e164"])
        return ""

    def fresh(self) -> bool:
        """Whether attendance came within five days."""
        return self.now - _instant(self.tables["feed_sources"][0]["last_delivered_at"]) <= timedelta(days=5)

    def window_open(self, school: str) -> bool:
        """Whether it is a weekday between nine and seven, and no holiday of the school."""
        local = self.now.astimezone(ZONE)
        closed = [
            row["event"] == "Holiday" for row in self.of("calendar_events", school_id=school) if str(row["date"]) == str(local.date())
        ]
        return local.weekday() < 5 and time(9) <= local.time() < time(19) and not (closed and all(closed))

    def heard_lately(self, row: dict[str, Any]) -> bool:
        """Whether this household was sent another count text in the last seven days."""
        left = [other for other in self.of("planned_messages", channel="sms", household=row["household"]) if other["sent_at"]]
        return any(self.now - _instant(other["sent_at"]) < timedelta(days=7) for other in left if other["id"] != row["id"])

    def words(self, channel: str, locale: str) -> tuple[str, str] | None:
        """The last approved text in a language, else in English, with its language."""
        for wanted in (locale, "en"):
            if found := self.of("approvals", message="count", channel=channel, locale=wanted):
                return str(max(found, key=lambda row: row["id"])["translation_text"]), wanted
        return None

    def filled(self, template: str, locale: str, child: str) -> str:
        """The text of a child, put together by hand."""
        missed = int((self.count(child) or {})["days_absent"])
        days = {"en": "day" if missed == 1 else "days", "es": "día" if missed == 1 else "días"}[locale]
        values = {
            "district": "Lincoln Schools",
            "child": self.of("students", student_id=child)[0]["first_name"],
            "days_missed": f"{missed} {days}",
            "as_of": MONTHS[locale].format(self.until(child).day),
        }
        for name, value in values.items():
            template = template.replace(f"{{{{ {name} }}}}", str(value))
        return template

    def _enrolled(self, child: str, school: str = "", on: date | None = None) -> bool:
        stays = [stay for stay in self.of("enrolments", student_id=child) if school in ("", stay["school_id"])]
        return any(self._covers(stay, on or self.today) for stay in stays)

    @staticmethod
    def _covers(stay: dict[str, Any], day: date) -> bool:
        return str(stay["entry_date"]) <= str(day) and (not stay["exit_date"] or str(day) <= str(stay["exit_date"]))

    def _school_day(self, school: str, day: date) -> bool:
        return any(row["event"] != "Holiday" for row in self.of("calendar_events", school_id=school) if str(row["date"]) == str(day))

    def _held(self, child: str) -> bool:
        codes = self.tables["feed_sources"][0]["settings"]["codes"]
        asking = [mark for mark in self.of("marks", student_id=child) if codes.get(mark["code"], {}).get("hold")]
        return any(self._counts(child, mark) for mark in asking)

    def _counts(self, child: str, mark: dict[str, Any]) -> bool:
        """Whether a mark lies on a day of the child's at that school."""
        day = date.fromisoformat(str(mark["date"]))
        events = self.of("calendar_events", school_id=mark["school_id"], date=mark["date"])
        open_day = any(event["event"] != "Holiday" for event in events)
        return open_day and day <= self.today and self._enrolled(child, mark["school_id"], day)


def read(session: Session, now: datetime) -> Truth:
    """Read the rows that the truth rests on."""
    tables = {name: [dict(row) for row in session.execute(text(f"SELECT * FROM {name}")).mappings()] for name in TABLES}  # noqa: S608 - fixed names
    for row in tables["feed_sources"]:
        row["settings"] = json.loads(row["settings"]) if isinstance(row["settings"], str) else row["settings"]
    return Truth(tables, now)


def _text(row: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: "" if row[name] is None else str(row[name]) for name in names}


def _instant(value: datetime | str) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)
