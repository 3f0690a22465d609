"""Whatever holds words, numbers or files of families goes when its time is over, or a reason says why it stays."""

from __future__ import annotations

import re

from outreach.database import Base
from outreach.records.retention import KINDS, Kind
from outreach.tables import metadata
from tests.rules.house import ROOT, told

SPEAKS_OF_A_FAMILY = {
    "student_id", "student_ids", "contact_id", "contact_ids", "phone", "inbound_id", "case_id", "planned_id", "incident_id", "link_id",
    "import_id",
}  # fmt: skip
HOLDS_WORDS = {
    "body", "closed_why", "content", "document", "file", "html", "lifted_why", "name", "note", "original", "outcome", "params", "reason",
    "restriction", "result", "subject", "text", "tiers", "value", "why", "words",
}  # fmt: skip
_FEED = "the feed's: it goes when the feed brings it no more"
_CODE = "a word of ours, not of a family"
_EVIDENCE = "what was told or decided stays, because it is what a district answers for"
STAYS = {
    "consent_entries": _EVIDENCE,
    "legal_holds": _EVIDENCE,
    "letter_pages": "a letter as printed: what a template told stays, and returned post is found by it",
    "wrong_counts": _EVIDENCE,
    "record_statements": "it stays as long as the record it contradicts (34 CFR 99.21(c))",
    "overlays": "counts and addresses rest on it until a person takes it back",
    "contact_proposals": "the number or language became the contact's, or was refused",
    "restriction_decisions": _FEED,
    "student_adults": _FEED,
    "student_contacts": _FEED,
    "schools": _FEED,
    "mentor_ties": "somebody of the staff",
    "attempts": _CODE,
    "calls_made": _CODE,
    "letter_pulls": _CODE,
    "mailings": _CODE,
}


def test_every_table_with_words_of_families_has_a_time_or_a_reason_to_stay() -> None:
    folder = ROOT / "outreach" / "records"
    goes = "\n".join(path.read_text(encoding="utf-8") for path in (*folder.glob("retention*.py"), folder / "redaction.py"))
    classes = {mapper.local_table: mapper.class_.__name__ for mapper in Base.registry.mappers}
    columns = {table: set(table.columns.keys()) for table in metadata.sorted_tables}
    asked = {table.name: classes[table] for table, names in columns.items() if SPEAKS_OF_A_FAMILY & names and HOLDS_WORDS & names}
    gone = {name for name, mapped in asked.items() if re.search(rf"\b{mapped}\b", goes)}
    assert len(gone) > 15
    assert set(STAYS) <= asked.keys() - gone, "a reason for a table that is gone, or whose words go"
    broken = [
        f"{name}: give it a time in outreach/records, or say here why it stays" for name in sorted(asked.keys() - gone - STAYS.keys())
    ]
    assert not broken, told(broken)


def test_the_guide_names_every_kind() -> None:
    rows = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    missing = [kind for kind in Kind if f"| {KINDS[kind].label[0].lower()}{KINDS[kind].label[1:]} |" not in rows]
    assert not missing, missing
