"""A child's record is whole: every table that names a child, an adult or a conversation has a place in it, or a reason why not."""

from __future__ import annotations

import re

from outreach.database import Base
from outreach.tables import metadata
from tests.rules.house import ROOT, told

NAMES_SOMEBODY = {"student_id", "student_ids", "contact_id", "contact_ids", "phone", "inbound_id", "case_id", "planned_id"}
"""Columns by which a row speaks of a family."""
_JOURNEY = "how a message travelled; the message itself says what became of it"
_SUM = "a sum of rows that the record shows"
_WORKING = "how staff share their work; it says nothing of the family"
_STAFF = "somebody of the staff"
LEFT_OUT = {
    "attempts": _JOURNEY,
    "carrier_statuses": _JOURNEY,
    "follow_ups": _JOURNEY,
    "letter_pulls": _JOURNEY,
    "mailings": _JOURNEY,
    "carrier_stops": _SUM,
    "phone_states": _SUM,
    "sis_differences": _SUM,
    "case_words": _SUM,
    "number_lookups": "what the carrier says of a line",
    "number_readers": "a text said it, and the record shows the text",
    "restriction_decisions": "the record shows the restriction",
    "calls_made": "the event of its case has the words",
    "contacts": "read through district.queries",
    "section_places": "the timetable",
    "case_presences": _WORKING,
    "case_routes": _WORKING,
    "case_schools": _WORKING,
    "inbox_acts": _WORKING,
    "shared_task_cases": _WORKING,
    "mentor_ties": _STAFF,
    "on_call_people": _STAFF,
    "on_call_pages": _STAFF,
}


def test_every_table_about_a_family_has_a_place_in_the_record_or_a_reason_why_not() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "outreach" / "records").glob("*.py"))
    classes = {mapper.local_table: mapper.class_.__name__ for mapper in Base.registry.mappers}
    about_families = {table for table in metadata.sorted_tables if NAMES_SOMEBODY & set(table.columns.keys())}
    read = {table.name for table in about_families if re.search(rf"\b{classes[table]}\b", source)}
    broken = [f"{table.name}: show it in outreach/records, or say here why not" for table in about_families if table.name not in read]

    assert len(read) > 20
    assert set(LEFT_OUT) <= {table.name for table in about_families}, "a reason for a table that is gone"
    assert not [line for line in broken if line.partition(":")[0] not in LEFT_OUT], told(broken)
