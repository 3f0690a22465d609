"""What the live rules would do with a file of replies.

Every text is read as a real one is. What was understood then goes the way of a real text, ``replies.receive`` and
``cases.take_in``, in a throw-away database that knows one subscribed guardian's number per text, and the flags are read from what
the system did. The numbers are alike, so what the system does rests on the decision alone: of texts that were decided alike the
first goes that way and speaks for the others, which makes a file of thousands a matter of seconds.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from outreach.attention import queries as attention
from outreach.cases.actions import take_in
from outreach.cases.states import Queue
from outreach.cases.tables import Case
from outreach.cases.triage_family import introduce_family, introduce_school
from outreach.consent import queries as consents
from outreach.database import Database
from outreach.delivery.tables import WebhookEvent
from outreach.replies.actions import receive
from outreach.replies.normalise import storable
from outreach.replies.understanding import Context, Meaning, understand
from outreach.settings import Settings, load_settings

SCHOOL_HOURS = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)
"""A Tuesday noon in Chicago."""
_SCHOOL = "S"
_FED = {"source": "triage", "import_id": 0, "line": 0}


class TriageError(ValueError):
    """The file of replies cannot be used."""


@dataclass(frozen=True)
class Reply:
    """One text to judge; *language* is the family's locale on file, empty if not known."""

    id: str
    text: str
    language: str = ""


@dataclass(frozen=True)
class TriageRow:
    """What was understood and done; flags are 0 or 1."""

    id: str
    intent: str
    barrier: str
    category: str
    urgent: int
    suppress: int
    to_human: int
    why: str


def run(source: Path, target: Path) -> int:
    """Judge the replies of CSV file *source* (``id,text[,language]``) into *target*; return how many. Raises TriageError."""
    replies = read(source)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(TriageRow))
        count = 0
        for row in triage(replies):
            writer.writerow(astuple(row))
            count += 1
    return count


def read(source: Path) -> list[Reply]:
    """Read a CSV file of replies: a byte order mark, quoted line breaks and further columns are fine. Raises TriageError."""
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = [name for name in ("id", "text") if name not in (reader.fieldnames or [])]
            if missing:
                message = f"{source.name} has no column {' and no column '.join(missing)}."
                raise TriageError(message)
            return [Reply(row["id"], row["text"], row.get("language") or "") for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{source.name} cannot be read: {error}."
        raise TriageError(message) from error


def triage(replies: Iterable[Reply], *, every: bool = False) -> Iterator[TriageRow]:
    """Yield what becomes of each of *replies* on the live path, in order; with *every* no reply speaks for another."""
    with tempfile.TemporaryDirectory(prefix="triage-") as folder:
        settings = load_settings(home=Path(folder), database_url="", now=None, provider="", timezone="America/Chicago")
        database = Database(settings.database)
        try:
            database.prepare(upgrade=True)
            with database.write() as session:
                introduce_school(session, settings, SCHOOL_HOURS)
            done: dict[tuple[object, ...], TriageRow] = {}
            for number, reply in enumerate(replies, start=1):
                meaning = understand(storable(reply.text), Context(language=reply.language))
                decision = (meaning.intent, meaning.urgent, meaning.suppress, meaning.to_human)
                if every or decision not in done:
                    with database.write() as session:
                        phone = introduce_family(session, number, reply.language, SCHOOL_HOURS)
                        done[decision] = _judge(session, phone, reply, meaning, settings)
                yield replace(done[decision], id=reply.id, barrier=meaning.barrier, category=meaning.category, why=meaning.why)
        finally:
            database.engine.dispose()


def _judge(session: Session, phone: str, reply: Reply, meaning: Meaning, settings: Settings) -> TriageRow:
    params = {"MessageSid": f"SM{phone}", "From": phone, "To": "+15550000000", "Body": storable(reply.text), "NumMedia": "0"}
    event = WebhookEvent(
        kind="inbound",
        dedup_key=params["MessageSid"],
        params=params,
        ref="",
        received_at=SCHOOL_HOURS,
        processed_at=SCHOOL_HOURS,
        problem="",
    )
    session.add(event)
    session.flush()
    inbound = receive(session, event, settings, SCHOOL_HOURS, meaning=meaning)
    case = take_in(session, inbound, settings, SCHOOL_HOURS)
    number_now = consents.state(session, phone)
    return TriageRow(
        id=reply.id,
        intent=inbound.intent,
        barrier=inbound.barrier,
        category=inbound.category,
        urgent=int(_alerted(session, case)),
        suppress=int(number_now.opted_out or bool(number_now.suppressed)),
        to_human=int(case.queue == Queue.NEEDS_ME),
        why=inbound.why,
    )


def _alerted(session: Session, case: Case) -> bool:
    """Whether an urgent item about this case stands before a person."""
    item = attention.by_key(session, f"danger:{case.id}")
    return item is not None and item.urgent
