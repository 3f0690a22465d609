"""first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
    )
    op.create_table(
        "attention_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attention_items")),
    )
    with op.batch_alter_table("attention_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attention_items_key"), ["key"], unique=False)
        batch_op.create_index("ix_attention_items_open_key", ["open_key"], unique=True)
        batch_op.create_index(batch_op.f("ix_attention_items_resolved_at"), ["resolved_at"], unique=False)

    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_table(
        "audit_seals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seals")),
    )
    op.create_table(
        "brakes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brakes")),
        sa.UniqueConstraint("open_key", name=op.f("uq_brakes_open_key")),
    )
    op.create_table(
        "calendar_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("track", sa.String(), nullable=False),
        sa.Column("cycle_day", sa.String(), nullable=False),
        sa.Column("grades", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_events")),
        sa.UniqueConstraint(
            "source",
            "school_id",
            "date",
            "event",
            "track",
            "grades",
            name=op.f("uq_calendar_events_source_school_id_date_event_track_grades"),
        ),
    )
    with op.batch_alter_table("calendar_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_events_school_id_date"), ["school_id", "date"], unique=False)

    op.create_table(
        "carrier_statuses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_sid", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("planned_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_statuses")),
        sa.UniqueConstraint("provider_sid", "status", name=op.f("uq_carrier_statuses_provider_sid_status")),
    )
    op.create_table(
        "carrier_stops",
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_carrier_stops")),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("household", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("sealed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_because", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_open_key", ["open_key"], unique=True)
        batch_op.create_index(batch_op.f("ix_cases_phone"), ["phone"], unique=False)
        batch_op.create_index(
            "ix_cases_queue",
            ["state", "queue", "owner_id", "snoozed_until", "urgent", "waiting_since", "opened_at", "school_id", "id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_cases_state_closed_at"), ["state", "closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_student_id"), ["student_id"], unique=False)

    op.create_table(
        "consent_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_entries")),
    )
    with op.batch_alter_table("consent_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_entries_phone"), ["phone"], unique=False)
        batch_op.create_index(batch_op.f("ix_consent_entries_until"), ["until"], unique=False)

    op.create_table(
        "contact_blocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("document_type", sa.String(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_blocks")),
    )
    with op.batch_alter_table("contact_blocks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_blocks_contact_id"), ["contact_id"], unique=False)

    op.create_table(
        "contact_phones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("e164", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("can_text", sa.Boolean(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("consent", sa.Boolean(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_phones")),
        sa.UniqueConstraint("source", "contact_id", "phone", "type", name=op.f("uq_contact_phones_source_contact_id_phone_type")),
    )
    with op.batch_alter_table("contact_phones", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_phones_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_phones_e164"), ["e164"], unique=False)

    op.create_table(
        "contacts",
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("address_line1", sa.String(), nullable=False),
        sa.Column("address_line2", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("postal_code", sa.String(), nullable=False),
        sa.Column("gone_import_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contacts")),
    )
    op.create_table(
        "disclosures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosures")),
    )
    with op.batch_alter_table("disclosures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosures_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_disclosures_student_id"), ["student_id"], unique=False)

    op.create_table(
        "enrolments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("entry_date", sa.Date(), nullable=False),
        sa.Column("exit_date", sa.Date(), nullable=True),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("exit_type", sa.String(), nullable=False),
        sa.Column("track", sa.String(), nullable=False),
        sa.Column("primary", sa.Boolean(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint(
            "source", "student_id", "school_id", "entry_date", name=op.f("uq_enrolments_source_student_id_school_id_entry_date")
        ),
    )
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolments_school_id"), ["school_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolments_student_id"), ["student_id"], unique=False)

    op.create_table(
        "episodes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_version_id", sa.Integer(), nullable=False),
        sa.Column("school_year", sa.Date(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("days_absent", sa.String(), nullable=False),
        sa.Column("days_enrolled", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episodes")),
        sa.UniqueConstraint("student_id", "rule", "school_year", "episode", name=op.f("uq_episodes_student_id_rule_school_year_episode")),
    )
    with op.batch_alter_table("episodes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_episodes_state"), ["state"], unique=False)

    op.create_table(
        "evaluations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("overlay_id", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
    )
    op.create_table(
        "family_tries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_tries")),
        sa.UniqueConstraint("address", "since", name=op.f("uq_family_tries_address_since")),
    )
    op.create_table(
        "feed_folders",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed_folders")),
    )
    op.create_table(
        "feed_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("unchanged", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_imports")),
    )
    op.create_table(
        "feed_sources",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("last_import_id", sa.Integer(), nullable=False),
        sa.Column("last_delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("looks", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed_sources")),
    )
    op.create_table(
        "glossary_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("term", sa.String(), nullable=False),
        sa.Column("translation", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_glossary_versions")),
    )
    with op.batch_alter_table("glossary_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_glossary_versions_locale_term"), ["locale", "term"], unique=False)

    op.create_table(
        "goals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("permille", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goals")),
        sa.UniqueConstraint("open_key", name=op.f("uq_goals_open_key")),
    )
    with op.batch_alter_table("goals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_goals_school_id"), ["school_id"], unique=False)

    op.create_table(
        "heard_until",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_heard_until")),
    )
    op.create_table(
        "import_problems",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_problems")),
    )
    with op.batch_alter_table("import_problems", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_problems_import_id"), ["import_id"], unique=False)

    op.create_table(
        "inbound_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_sid", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("media", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("barrier", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("suppress", sa.Boolean(), nullable=False),
        sa.Column("to_human", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_messages")),
        sa.UniqueConstraint("message_sid", name=op.f("uq_inbound_messages_message_sid")),
    )
    with op.batch_alter_table("inbound_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_messages_phone_received_at"), ["phone", "received_at"], unique=False)

    op.create_table(
        "instance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.Column("held_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
    )
    op.create_table(
        "job_runs",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("every_seconds", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_runs")),
    )
    op.create_table(
        "kept_files",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("canonical", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "canonical", name=op.f("pk_kept_files")),
    )
    op.create_table(
        "large_print",
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_large_print")),
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.Column("lifted_why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    with op.batch_alter_table("legal_holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_holds_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_legal_holds_student_id"), ["student_id"], unique=False)

    op.create_table(
        "letter_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prepared_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.JSON(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(), nullable=False),
        sa.Column("print_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("oldest_day", sa.Date(), nullable=True),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_batches")),
    )
    op.create_table(
        "mark_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("section_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("portion", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("ended_import_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mark_versions")),
    )
    with op.batch_alter_table("mark_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mark_versions_student_id"), ["student_id"], unique=False)

    op.create_table(
        "marks",
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("section_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("portion", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("student_id", "date", "school_id", "section_id", "code", "source", name=op.f("pk_marks")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "message_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by", sa.String(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("started_by", sa.JSON(), nullable=False),
        sa.Column("waits", sa.String(), nullable=False),
        sa.Column("mass_send", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_batches")),
    )
    op.create_table(
        "number_lookups",
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("line_type", sa.String(), nullable=False),
        sa.Column("reassigned", sa.Boolean(), nullable=False),
        sa.Column("asked_for", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_number_lookups")),
    )
    op.create_table(
        "number_readers",
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("phone", "contact_id", name=op.f("pk_number_readers")),
    )
    op.create_table(
        "other_contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_other_contacts")),
        sa.UniqueConstraint(
            "source", "student_id", "date", "channel", "kind", name=op.f("uq_other_contacts_source_student_id_date_channel_kind")
        ),
    )
    with op.batch_alter_table("other_contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_other_contacts_student_id"), ["student_id"], unique=False)

    op.create_table(
        "overlays",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("instead_of", sa.JSON(), nullable=False),
        sa.Column("withdraws", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overlays")),
    )
    with op.batch_alter_table("overlays", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_overlays_student_id"), ["student_id"], unique=False)

    op.create_table(
        "packets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("named", sa.Integer(), nullable=False),
        sa.Column("tiers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packets")),
    )
    with op.batch_alter_table("packets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_packets_school_id_kind_made_on"), ["school_id", "kind", "made_on"], unique=False)

    op.create_table(
        "phone_states",
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("opted_out_by", sa.String(), nullable=False),
        sa.Column("feed_said", sa.String(), nullable=False),
        sa.Column("suppressed", sa.String(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_phone_states")),
    )
    op.create_table(
        "planned_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("once_key", sa.String(), nullable=False),
        sa.Column("message_class", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("household", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("student_ids", sa.JSON(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("family_language", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("approval_id", sa.Integer(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=True),
        sa.Column("reply_to_id", sa.Integer(), nullable=True),
        sa.Column("retry_of_id", sa.Integer(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requeued", sa.Integer(), nullable=False),
        sa.Column("provider_sid", sa.String(), nullable=False),
        sa.Column("carrier_status", sa.String(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_messages")),
        sa.UniqueConstraint("once_key", name=op.f("uq_planned_messages_once_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_planned_messages_ref")),
    )
    with op.batch_alter_table("planned_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_planned_messages_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_planned_messages_claimed_at_message_class_segments"), ["claimed_at", "message_class", "segments"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_planned_messages_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_planned_messages_household"), ["household"], unique=False)
        batch_op.create_index(batch_op.f("ix_planned_messages_message_class_created_at"), ["message_class", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_planned_messages_phone"), ["phone"], unique=False)
        batch_op.create_index(batch_op.f("ix_planned_messages_provider_sid"), ["provider_sid"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_planned_messages_state_channel_due_at_school_id_reason"),
            ["state", "channel", "due_at", "school_id", "reason"],
            unique=False,
        )

    op.create_table(
        "playbook_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playbook_versions")),
    )
    op.create_table(
        "public_switches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_switches")),
    )
    op.create_table(
        "record_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_requests")),
    )
    with op.batch_alter_table("record_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_requests_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_record_requests_student_id"), ["student_id"], unique=False)

    op.create_table(
        "record_statements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_statements")),
    )
    with op.batch_alter_table("record_statements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_statements_student_id"), ["student_id"], unique=False)

    op.create_table(
        "recount_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("overlay_id", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recount_runs")),
    )
    op.create_table(
        "redaction_wishes",
        sa.Column("provider_sid", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider_sid", name=op.f("pk_redaction_wishes")),
    )
    op.create_table(
        "redactions",
        sa.Column("provider_sid", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider_sid", name=op.f("pk_redactions")),
    )
    op.create_table(
        "reported_days",
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "date", name=op.f("pk_reported_days")),
    )
    op.create_table(
        "resources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("schools", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("grades", sa.JSON(), nullable=False),
        sa.Column("subgroups", sa.JSON(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("checked_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resources")),
    )
    op.create_table(
        "restriction_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("restriction", sa.String(), nullable=False),
        sa.Column("forbids", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction_decisions")),
    )
    with op.batch_alter_table("restriction_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_restriction_decisions_restriction"), ["restriction"], unique=False)

    op.create_table(
        "retention_rules",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("by_itself", sa.Boolean(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_retention_rules")),
    )
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
    )
    op.create_table(
        "rule_starts",
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("reach", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rule", "reach", "school_id", name=op.f("pk_rule_starts")),
    )
    op.create_table(
        "rule_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_versions")),
        sa.UniqueConstraint("rule", "digest", name=op.f("uq_rule_versions_rule_digest")),
    )
    op.create_table(
        "rules_versions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("holds_from", sa.Date(), nullable=False),
        sa.Column("back_to", sa.Integer(), nullable=True),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rules_versions")),
    )
    op.create_table(
        "schools",
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("low_grade", sa.String(), nullable=False),
        sa.Column("high_grade", sa.String(), nullable=False),
        sa.Column("gone_import_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", name=op.f("pk_schools")),
    )
    op.create_table(
        "section_places",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("section_id", sa.String(), nullable=False),
        sa.Column("begin_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("cycle_days", sa.String(), nullable=False),
        sa.Column("weekdays", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_section_places")),
        sa.UniqueConstraint(
            "source",
            "student_id",
            "school_id",
            "section_id",
            "begin_date",
            "cycle_days",
            "weekdays",
            name=op.f("uq_section_places_source_student_id_school_id_section_id_begin_date_cycle_days_weekdays"),
        ),
    )
    with op.batch_alter_table("section_places", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_section_places_student_id"), ["student_id"], unique=False)

    op.create_table(
        "sender_pace",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_pace")),
    )
    op.create_table(
        "shared_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("done", sa.String(), nullable=False),
        sa.Column("why_not", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_tasks")),
        sa.UniqueConstraint("open_key", name=op.f("uq_shared_tasks_open_key")),
    )
    with op.batch_alter_table("shared_tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shared_tasks_school_id_reason"), ["school_id", "reason"], unique=False)

    op.create_table(
        "sis_comparisons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("overlay_id", sa.Integer(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sis_comparisons")),
    )
    op.create_table(
        "sis_differences",
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("sis_enrolled", sa.String(), nullable=False),
        sa.Column("sis_absent", sa.String(), nullable=False),
        sa.Column("enrolled", sa.String(), nullable=False),
        sa.Column("absent", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("student_id", "school_id", "as_of", name=op.f("pk_sis_differences")),
    )
    op.create_table(
        "sis_totals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("days_enrolled", sa.String(), nullable=False),
        sa.Column("days_absent", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sis_totals")),
        sa.UniqueConstraint("source", "student_id", "school_id", "as_of", name=op.f("uq_sis_totals_source_student_id_school_id_as_of")),
    )
    with op.batch_alter_table("sis_totals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sis_totals_student_id"), ["student_id"], unique=False)

    op.create_table(
        "snapshots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("overlay_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
        sa.UniqueConstraint("as_of", name=op.f("uq_snapshots_as_of")),
    )
    op.create_table(
        "student_adults",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_student_adults")),
        sa.UniqueConstraint("source", "student_id", "name", name=op.f("uq_student_adults_source_student_id_name")),
    )
    with op.batch_alter_table("student_adults", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_student_adults_student_id"), ["student_id"], unique=False)

    op.create_table(
        "student_contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("primary", sa.Boolean(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("lives_with", sa.Boolean(), nullable=True),
        sa.Column("may_receive", sa.Boolean(), nullable=True),
        sa.Column("restriction", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_student_contacts")),
        sa.UniqueConstraint("source", "student_id", "contact_id", name=op.f("uq_student_contacts_source_student_id_contact_id")),
    )
    with op.batch_alter_table("student_contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_student_contacts_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_student_contacts_student_id"), ["student_id"], unique=False)

    op.create_table(
        "students",
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("preferred_name", sa.String(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("home_language", sa.String(), nullable=False),
        sa.Column("home_locale", sa.String(), nullable=False),
        sa.Column("subgroups", sa.String(), nullable=False),
        sa.Column("gone_import_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("student_id", name=op.f("pk_students")),
    )
    with op.batch_alter_table("students", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_students_birth_date"), ["birth_date"], unique=False)

    op.create_table(
        "studies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("arms", sa.JSON(), nullable=False),
        sa.Column("schools", sa.JSON(), nullable=False),
        sa.Column("grades", sa.JSON(), nullable=False),
        sa.Column("subgroups", sa.JSON(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
    )
    op.create_table(
        "survey_rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("did_by", sa.String(), nullable=False),
        sa.Column("did_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_rounds")),
        sa.UniqueConstraint("open_key", name=op.f("uq_survey_rounds_open_key")),
    )
    with op.batch_alter_table("survey_rounds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_rounds_school_id"), ["school_id"], unique=False)

    op.create_table(
        "translation_drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("source_text", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translation_drafts")),
        sa.UniqueConstraint(
            "message", "channel", "locale", "school_id", name=op.f("uq_translation_drafts_message_channel_locale_school_id")
        ),
    )
    op.create_table(
        "translation_dues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("source_hash", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translation_dues")),
    )
    with op.batch_alter_table("translation_dues", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_translation_dues_message_channel_locale_school_id"), ["message", "channel", "locale", "school_id"], unique=False
        )

    op.create_table(
        "translation_invoices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("translator", sa.String(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("marked_by", sa.String(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translation_invoices")),
    )
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dedup_key", sa.String(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
        sa.UniqueConstraint("kind", "dedup_key", name=op.f("uq_webhook_events_kind_dedup_key")),
    )
    with op.batch_alter_table("webhook_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_events_processed_at"), ["processed_at"], unique=False)

    op.create_table(
        "wording_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("source_hash", sa.String(), nullable=False),
        sa.Column("back_to", sa.Integer(), nullable=True),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording_versions")),
        sa.UniqueConstraint(
            "message", "channel", "locale", "school_id", "number", name=op.f("uq_wording_versions_message_channel_locale_school_id_number")
        ),
    )
    op.create_table(
        "wrong_passwords",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("typed", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrong_passwords")),
    )
    with op.batch_alter_table("wrong_passwords", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wrong_passwords_typed_at"), ["typed", "at"], unique=False)

    op.create_table(
        "account_schools",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_schools_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "school_id", name=op.f("pk_account_schools")),
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("source_hash", sa.String(), nullable=False),
        sa.Column("translation_hash", sa.String(), nullable=False),
        sa.Column("source_text", sa.String(), nullable=False),
        sa.Column("translation_text", sa.String(), nullable=False),
        sa.Column("phrases_hash", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["wording_versions.id"], name=op.f("fk_approvals_version_id_wording_versions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_approvals_message_channel_locale_school_id"), ["message", "channel", "locale", "school_id"], unique=False
        )

    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("planned_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("clean_passes", sa.Integer(), nullable=False),
        sa.Column("last_pass_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["planned_id"], ["planned_messages.id"], name=op.f("fk_attempts_planned_id_planned_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempts_planned_id"), ["planned_id"], unique=False)

    op.create_table(
        "barriers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("said_yes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("closed_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_barriers_case_id_cases")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_messages.id"], name=op.f("fk_barriers_inbound_id_inbound_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_barriers")),
    )
    with op.batch_alter_table("barriers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_barriers_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_barriers_heard_at"), ["heard_at"], unique=False)

    op.create_table(
        "calendar_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_calendar_links_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_links")),
        sa.UniqueConstraint("open_key", name=op.f("uq_calendar_links_open_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_links_token_hash")),
    )
    with op.batch_alter_table("calendar_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_links_account_id"), ["account_id"], unique=False)

    op.create_table(
        "campaigns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("schools", sa.JSON(), nullable=False),
        sa.Column("grades", sa.JSON(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("children", sa.Integer(), nullable=False),
        sa.Column("planned_by", sa.String(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("called_off_by", sa.String(), nullable=False),
        sa.Column("called_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["message_batches.id"], name=op.f("fk_campaigns_batch_id_message_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_table(
        "case_drafts",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_case_drafts_account_id_accounts")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_drafts_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "account_id", "kind", name=op.f("pk_case_drafts")),
    )
    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("planned_id", sa.Integer(), nullable=True),
        sa.Column("episode_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_events_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
        sa.UniqueConstraint("episode_id", name=op.f("uq_case_events_episode_id")),
        sa.UniqueConstraint("inbound_id", name=op.f("uq_case_events_inbound_id")),
    )
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_events_case_id_at"), ["case_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_events_kind_at"), ["kind", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_events_planned_id"), ["planned_id"], unique=False)

    op.create_table(
        "case_presences",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("typed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_case_presences_account_id_accounts")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_presences_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "account_id", name=op.f("pk_case_presences")),
    )
    op.create_table(
        "case_routes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_routes_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_routes")),
    )
    with op.batch_alter_table("case_routes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_routes_case_id_id"), ["case_id", "id"], unique=False)
        batch_op.create_index("ix_case_routes_due", ["due_at"], unique=False)

    op.create_table(
        "case_schools",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_schools_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "school_id", name=op.f("pk_case_schools")),
    )
    with op.batch_alter_table("case_schools", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_schools_school_id_case_id"), ["school_id", "case_id"], unique=False)

    op.create_table(
        "case_words",
        sa.Column("word", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("is_name", sa.Boolean(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_words_case_id_cases")),
        sa.PrimaryKeyConstraint("word", "is_name", "case_id", name=op.f("pk_case_words")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("case_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_words_case_id"), ["case_id"], unique=False)

    op.create_table(
        "check_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_check_ins_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_ins")),
    )
    with op.batch_alter_table("check_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_check_ins_student_id_at"), ["student_id", "at"], unique=False)

    op.create_table(
        "contact_proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_contact_proposals_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_proposals")),
        sa.UniqueConstraint("open_key", name=op.f("uq_contact_proposals_open_key")),
    )
    with op.batch_alter_table("contact_proposals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_proposals_case_id"), ["case_id"], unique=False)

    op.create_table(
        "emails",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_emails_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emails")),
        sa.UniqueConstraint("key", name=op.f("uq_emails_key")),
    )
    with op.batch_alter_table("emails", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_emails_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "family_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("planned_id", sa.Integer(), nullable=False),
        sa.Column("household", sa.String(), nullable=False),
        sa.Column("contact_ids", sa.JSON(), nullable=False),
        sa.Column("student_ids", sa.JSON(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["planned_id"], ["planned_messages.id"], name=op.f("fk_family_codes_planned_id_planned_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_family_codes_code_hash")),
    )
    with op.batch_alter_table("family_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_family_codes_household"), ["household"], unique=False)
        batch_op.create_index(batch_op.f("ix_family_codes_planned_id"), ["planned_id"], unique=False)

    op.create_table(
        "follow_ups",
        sa.Column("planned_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("next_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["next_id"], ["planned_messages.id"], name=op.f("fk_follow_ups_next_id_planned_messages")),
        sa.ForeignKeyConstraint(["planned_id"], ["planned_messages.id"], name=op.f("fk_follow_ups_planned_id_planned_messages")),
        sa.PrimaryKeyConstraint("planned_id", name=op.f("pk_follow_ups")),
    )
    op.create_table(
        "former_emails",
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_former_emails_account_id_accounts")),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_former_emails")),
    )
    with op.batch_alter_table("former_emails", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_emails_account_id"), ["account_id"], unique=False)

    op.create_table(
        "inbound_media",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_messages.id"], name=op.f("fk_inbound_media_inbound_id_inbound_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_media")),
        sa.UniqueConstraint("inbound_id", "number", name=op.f("uq_inbound_media_inbound_id_number")),
    )
    with op.batch_alter_table("inbound_media", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_media_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "inbox_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("planned_id", sa.Integer(), nullable=True),
        sa.Column("good_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_inbox_acts_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_acts")),
    )
    with op.batch_alter_table("inbox_acts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbox_acts_account_id_at"), ["account_id", "at"], unique=False)

    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_incidents_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("open_key", name=op.f("uq_incidents_open_key")),
    )
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incidents_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incidents_next_step_at"), ["next_step_at"], unique=False)

    op.create_table(
        "letter_pages",
        sa.Column("planned_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.String(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["letter_batches.id"], name=op.f("fk_letter_pages_batch_id_letter_batches")),
        sa.ForeignKeyConstraint(["planned_id"], ["planned_messages.id"], name=op.f("fk_letter_pages_planned_id_planned_messages")),
        sa.PrimaryKeyConstraint("planned_id", name=op.f("pk_letter_pages")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_letter_pages_letter_id")),
    )
    with op.batch_alter_table("letter_pages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_pages_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "letter_pulls",
        sa.Column("planned_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["letter_batches.id"], name=op.f("fk_letter_pulls_batch_id_letter_batches")),
        sa.ForeignKeyConstraint(["planned_id"], ["planned_messages.id"], name=op.f("fk_letter_pulls_planned_id_planned_messages")),
        sa.PrimaryKeyConstraint("planned_id", name=op.f("pk_letter_pulls")),
    )
    op.create_table(
        "linked_identities",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_linked_identities_account_id_accounts")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_linked_identities")),
    )
    with op.batch_alter_table("linked_identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_linked_identities_account_id"), ["account_id"], unique=False)

    op.create_table(
        "machine_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'approved' OR (kind = 'draft' AND approved_by_id IS NOT NULL)", name=op.f("ck_machine_texts_approved_by_a_person")
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["accounts.id"], name=op.f("fk_machine_texts_approved_by_id_accounts")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_machine_texts_case_id_cases")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_messages.id"], name=op.f("fk_machine_texts_inbound_id_inbound_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine_texts")),
        sa.UniqueConstraint("inbound_id", name=op.f("uq_machine_texts_inbound_id")),
    )
    with op.batch_alter_table("machine_texts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_machine_texts_phone"), ["phone"], unique=False)
        batch_op.create_index(batch_op.f("ix_machine_texts_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "mail_choices",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_mail_choices_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "kind", name=op.f("pk_mail_choices")),
    )
    op.create_table(
        "mailings",
        sa.Column("planned_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clean_passes", sa.Integer(), nullable=False),
        sa.Column("asked_again", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["letter_batches.id"], name=op.f("fk_mailings_batch_id_letter_batches")),
        sa.ForeignKeyConstraint(["planned_id"], ["planned_messages.id"], name=op.f("fk_mailings_planned_id_planned_messages")),
        sa.PrimaryKeyConstraint("planned_id", name=op.f("pk_mailings")),
    )
    with op.batch_alter_table("mailings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mailings_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mailings_house_id"), ["house_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mailings_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "mentor_ties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_mentor_ties_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentor_ties")),
        sa.UniqueConstraint("account_id", "student_id", "name", name=op.f("uq_mentor_ties_account_id_student_id_name")),
    )
    op.create_table(
        "on_call_people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.Integer(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("begins", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("last_resort", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_on_call_people_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call_people")),
        sa.UniqueConstraint("open_key", name=op.f("uq_on_call_people_open_key")),
    )
    op.create_table(
        "planned_episodes",
        sa.Column("planned_id", sa.Integer(), nullable=False),
        sa.Column("episode_id", sa.Integer(), nullable=False),
        sa.Column("household", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_planned_episodes_episode_id_episodes")),
        sa.ForeignKeyConstraint(["planned_id"], ["planned_messages.id"], name=op.f("fk_planned_episodes_planned_id_planned_messages")),
        sa.PrimaryKeyConstraint("planned_id", "episode_id", name=op.f("pk_planned_episodes")),
        sa.UniqueConstraint("episode_id", "household", "channel", name=op.f("uq_planned_episodes_episode_id_household_channel")),
    )
    op.create_table(
        "record_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("gives", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["record_requests.id"], name=op.f("fk_record_decisions_request_id_record_requests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_decisions")),
    )
    with op.batch_alter_table("record_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_decisions_request_id"), ["request_id"], unique=False)

    op.create_table(
        "record_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dates", sa.JSON(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("looked_import_id", sa.Integer(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("thanks_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_record_words_case_id_cases")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_messages.id"], name=op.f("fk_record_words_inbound_id_inbound_messages")),
        sa.ForeignKeyConstraint(["thanks_id"], ["planned_messages.id"], name=op.f("fk_record_words_thanks_id_planned_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_words")),
        sa.UniqueConstraint("inbound_id", name=op.f("uq_record_words_inbound_id")),
    )
    with op.batch_alter_table("record_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_words_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_record_words_state_heard_at"), ["state", "heard_at"], unique=False)

    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes_account_id_accounts")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_codes_account_id"), ["account_id"], unique=False)

    op.create_table(
        "returned_mail",
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("planned_id", sa.Integer(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_by", sa.String(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["planned_id"], ["planned_messages.id"], name=op.f("fk_returned_mail_planned_id_planned_messages")),
        sa.PrimaryKeyConstraint("contact_id", "place", name=op.f("pk_returned_mail")),
    )
    with op.batch_alter_table("returned_mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_returned_mail_planned_id"), ["planned_id"], unique=False)

    op.create_table(
        "second_factors",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("sealed_secret", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_second_factors_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "sign_in_links",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sign_in_links_account_id_accounts")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_links")),
    )
    op.create_table(
        "snapshot_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("children", sa.Integer(), nullable=False),
        sa.Column("tiers", sa.JSON(), nullable=False),
        sa.Column("enrolled", sa.Integer(), nullable=False),
        sa.Column("absent_halves", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_snapshot_groups_snapshot_id_snapshots"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_groups")),
        sa.UniqueConstraint(
            "snapshot_id", "school_id", "dimension", "value", name=op.f("uq_snapshot_groups_snapshot_id_school_id_dimension_value")
        ),
    )
    op.create_table(
        "snapshot_patterns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_snapshot_patterns_snapshot_id_snapshots"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_patterns")),
        sa.UniqueConstraint(
            "snapshot_id", "school_id", "kind", "value", name=op.f("uq_snapshot_patterns_snapshot_id_school_id_kind_value")
        ),
    )
    op.create_table(
        "snapshot_reach",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("unreached", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_snapshot_reach_snapshot_id_snapshots"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_reach")),
        sa.UniqueConstraint("snapshot_id", "school_id", "language", name=op.f("uq_snapshot_reach_snapshot_id_school_id_language")),
    )
    op.create_table(
        "snapshot_waits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.JSON(), nullable=False),
        sa.Column("middle", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_snapshot_waits_snapshot_id_snapshots"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_waits")),
        sa.UniqueConstraint("snapshot_id", "school_id", "kind", "value", name=op.f("uq_snapshot_waits_snapshot_id_school_id_kind_value")),
    )
    op.create_table(
        "staff_absences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("cover_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_staff_absences_account_id_accounts")),
        sa.ForeignKeyConstraint(["cover_id"], ["accounts.id"], name=op.f("fk_staff_absences_cover_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_absences")),
    )
    with op.batch_alter_table("staff_absences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_absences_account_id_ends"), ["account_id", "ends"], unique=False)

    op.create_table(
        "staff_details",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("grades", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_staff_details_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_staff_details")),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("waits_for_code", sa.Boolean(), nullable=False),
        sa.Column("by_link", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_staff_sessions_account_id_accounts")),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("public_id", name=op.f("uq_staff_sessions_public_id")),
    )
    with op.batch_alter_table("staff_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_sessions_account_id"), ["account_id"], unique=False)

    op.create_table(
        "study_homes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("household", sa.String(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("prior", sa.String(), nullable=False),
        sa.Column("arm", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_study_homes_study_id_studies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_homes")),
        sa.UniqueConstraint("study_id", "household", name=op.f("uq_study_homes_study_id_household")),
        sa.UniqueConstraint("study_id", "student_id", name=op.f("uq_study_homes_study_id_student_id")),
    )
    op.create_table(
        "survey_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["survey_rounds.id"], name=op.f("fk_survey_links_round_id_survey_rounds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_links")),
        sa.UniqueConstraint("round_id", "grade", name=op.f("uq_survey_links_round_id_grade")),
        sa.UniqueConstraint("token", name=op.f("uq_survey_links_token")),
    )
    op.create_table(
        "text_redactions",
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_messages.id"], name=op.f("fk_text_redactions_inbound_id_inbound_messages")),
        sa.PrimaryKeyConstraint("inbound_id", name=op.f("pk_text_redactions")),
    )
    op.create_table(
        "translation_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("source_hash", sa.String(), nullable=False),
        sa.Column("translator", sa.String(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("words_changed", sa.Integer(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["translation_invoices.id"], name=op.f("fk_translation_deliveries_invoice_id_translation_invoices")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translation_deliveries")),
        sa.UniqueConstraint(
            "message",
            "channel",
            "locale",
            "school_id",
            "source_hash",
            name=op.f("uq_translation_deliveries_message_channel_locale_school_id_source_hash"),
        ),
    )
    with op.batch_alter_table("translation_deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_translation_deliveries_translator"), ["translator"], unique=False)

    op.create_table(
        "translation_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("sends_back", sa.Integer(), nullable=True),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sends_back"], ["wording_versions.id"], name=op.f("fk_translation_notes_sends_back_wording_versions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translation_notes")),
    )
    with op.batch_alter_table("translation_notes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_translation_notes_message_channel_locale_school_id"), ["message", "channel", "locale", "school_id"], unique=False
        )

    op.create_table(
        "translator_languages",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("reviews", sa.Boolean(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_translator_languages_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "locale", name=op.f("pk_translator_languages")),
    )
    op.create_table(
        "wrong_counts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("planned_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("true_now", sa.String(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_wrong_counts_case_id_cases")),
        sa.ForeignKeyConstraint(["planned_id"], ["planned_messages.id"], name=op.f("fk_wrong_counts_planned_id_planned_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrong_counts")),
        sa.UniqueConstraint("planned_id", "student_id", "told", name=op.f("uq_wrong_counts_planned_id_student_id_told")),
    )
    with op.batch_alter_table("wrong_counts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wrong_counts_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_wrong_counts_message_id"), ["message_id"], unique=False)

    op.create_table(
        "calls_made",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("overlay_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["case_events.id"], name=op.f("fk_calls_made_event_id_case_events")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls_made")),
    )
    with op.batch_alter_table("calls_made", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calls_made_student_id"), ["student_id"], unique=False)

    op.create_table(
        "case_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("barrier_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by", sa.String(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("told_id", sa.Integer(), nullable=True),
        sa.Column("asked_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["asked_id"], ["planned_messages.id"], name=op.f("fk_case_steps_asked_id_planned_messages")),
        sa.ForeignKeyConstraint(["barrier_id"], ["barriers.id"], name=op.f("fk_case_steps_barrier_id_barriers")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_steps_case_id_cases")),
        sa.ForeignKeyConstraint(["told_id"], ["planned_messages.id"], name=op.f("fk_case_steps_told_id_planned_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_steps")),
    )
    with op.batch_alter_table("case_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_steps_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_steps_state_done_at"), ["state", "done_at"], unique=False)

    op.create_table(
        "family_visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("code_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["code_id"], ["family_codes.id"], name=op.f("fk_family_visits_code_id_family_codes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_visits")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_family_visits_key_hash")),
    )
    with op.batch_alter_table("family_visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_family_visits_opened_at"), ["opened_at"], unique=False)

    op.create_table(
        "incident_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_steps_incident_id_incidents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_steps")),
    )
    with op.batch_alter_table("incident_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_steps_incident_id_at"), ["incident_id", "at"], unique=False)

    op.create_table(
        "language_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("machine_id", sa.Integer(), nullable=True),
        sa.Column("helper_id", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_language_tasks_case_id_cases")),
        sa.ForeignKeyConstraint(["helper_id"], ["accounts.id"], name=op.f("fk_language_tasks_helper_id_accounts")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_messages.id"], name=op.f("fk_language_tasks_inbound_id_inbound_messages")),
        sa.ForeignKeyConstraint(["machine_id"], ["machine_texts.id"], name=op.f("fk_language_tasks_machine_id_machine_texts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_language_tasks")),
        sa.UniqueConstraint("open_key", name=op.f("uq_language_tasks_open_key")),
    )
    with op.batch_alter_table("language_tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_language_tasks_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_language_tasks_inbound_id"), ["inbound_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_language_tasks_state_helper_id"), ["state", "helper_id"], unique=False)

    op.create_table(
        "on_call_pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("planned_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_how", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["on_call_people.id"], name=op.f("fk_on_call_pages_person_id_on_call_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call_pages")),
        sa.UniqueConstraint("incident_id", "number", name=op.f("uq_on_call_pages_incident_id_number")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_on_call_pages_token_hash")),
    )
    with op.batch_alter_table("on_call_pages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_on_call_pages_acknowledged_at"), ["acknowledged_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_on_call_pages_person_id_at"), ["person_id", "at"], unique=False)

    op.create_table(
        "study_children",
        sa.Column("home_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("needs", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["home_id"], ["study_homes.id"], name=op.f("fk_study_children_home_id_study_homes")),
        sa.PrimaryKeyConstraint("home_id", "student_id", name=op.f("pk_study_children")),
    )
    with op.batch_alter_table("study_children", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_study_children_student_id"), ["student_id"], unique=False)

    op.create_table(
        "survey_answers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("danger", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["survey_links.id"], name=op.f("fk_survey_answers_link_id_survey_links")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answers")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("survey_answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_answers_link_id"), ["link_id"], unique=False)

    op.create_table(
        "referrals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_referrals_case_id_cases")),
        sa.ForeignKeyConstraint(["resource_id"], ["resources.id"], name=op.f("fk_referrals_resource_id_resources")),
        sa.ForeignKeyConstraint(["step_id"], ["case_steps.id"], name=op.f("fk_referrals_step_id_case_steps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
        sa.UniqueConstraint("step_id", name=op.f("uq_referrals_step_id")),
    )
    with op.batch_alter_table("referrals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referrals_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referrals_resource_id_state"), ["resource_id", "state"], unique=False)

    op.create_table(
        "shared_task_cases",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_shared_task_cases_case_id_cases")),
        sa.ForeignKeyConstraint(["step_id"], ["case_steps.id"], name=op.f("fk_shared_task_cases_step_id_case_steps")),
        sa.ForeignKeyConstraint(["task_id"], ["shared_tasks.id"], name=op.f("fk_shared_task_cases_task_id_shared_tasks")),
        sa.PrimaryKeyConstraint("task_id", "case_id", name=op.f("pk_shared_task_cases")),
    )
    for statement in {
        "sqlite": (
            "CREATE TRIGGER machine_text_insert BEFORE INSERT ON planned_messages WHEN NEW.message = '' AND NEW.body <> '' AND EXISTS (SELECT 1 FROM machine_texts m WHERE m.phone = NEW.phone AND m.kind = 'draft' AND m.state <> 'approved' AND m.words <> '' AND (replace(replace(replace(replace(replace(NEW.body, char(9), ''), char(10), ''), char(13), ''), char(32), ''), char(160), '') = replace(replace(replace(replace(replace(m.words, char(9), ''), char(10), ''), char(13), ''), char(32), ''), char(160), '') OR (length(replace(replace(replace(replace(replace(m.words, char(9), ''), char(10), ''), char(13), ''), char(32), ''), char(160), '')) >= 12 AND instr(replace(replace(replace(replace(replace(NEW.body, char(9), ''), char(10), ''), char(13), ''), char(32), ''), char(160), ''), replace(replace(replace(replace(replace(m.words, char(9), ''), char(10), ''), char(13), ''), char(32), ''), char(160), '')) > 0))) BEGIN SELECT RAISE(ABORT, 'machine text is no answer before a speaker has approved it'); END",
            "CREATE TRIGGER machine_text_update BEFORE UPDATE OF body, message, phone ON planned_messages WHEN NEW.message = '' AND NEW.body <> '' AND EXISTS (SELECT 1 FROM machine_texts m WHERE m.phone = NEW.phone AND m.kind = 'draft' AND m.state <> 'approved' AND m.words <> '' AND (replace(replace(replace(replace(replace(NEW.body, char(9), ''), char(10), ''), char(13), ''), char(32), ''), char(160), '') = replace(replace(replace(replace(replace(m.words, char(9), ''), char(10), ''), char(13), ''), char(32), ''), char(160), '') OR (length(replace(replace(replace(replace(replace(m.words, char(9), ''), char(10), ''), char(13), ''), char(32), ''), char(160), '')) >= 12 AND instr(replace(replace(replace(replace(replace(NEW.body, char(9), ''), char(10), ''), char(13), ''), char(32), ''), char(160), ''), replace(replace(replace(replace(replace(m.words, char(9), ''), char(10), ''), char(13), ''), char(32), ''), char(160), '')) > 0))) BEGIN SELECT RAISE(ABORT, 'machine text is no answer before a speaker has approved it'); END",
        ),
        "postgresql": (
            "CREATE FUNCTION refuse_machine_text() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM machine_texts m WHERE m.phone = NEW.phone AND m.kind = 'draft' AND m.state <> 'approved' AND m.words <> '' AND (replace(replace(replace(replace(replace(NEW.body, chr(9), ''), chr(10), ''), chr(13), ''), chr(32), ''), chr(160), '') = replace(replace(replace(replace(replace(m.words, chr(9), ''), chr(10), ''), chr(13), ''), chr(32), ''), chr(160), '') OR (length(replace(replace(replace(replace(replace(m.words, chr(9), ''), chr(10), ''), chr(13), ''), chr(32), ''), chr(160), '')) >= 12 AND position(replace(replace(replace(replace(replace(m.words, chr(9), ''), chr(10), ''), chr(13), ''), chr(32), ''), chr(160), '') in replace(replace(replace(replace(replace(NEW.body, chr(9), ''), chr(10), ''), chr(13), ''), chr(32), ''), chr(160), '')) > 0))) THEN RAISE EXCEPTION 'machine text is no answer before a speaker has approved it' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER machine_text BEFORE INSERT OR UPDATE OF body, message, phone ON planned_messages FOR EACH ROW WHEN (NEW.message = '' AND NEW.body <> '') EXECUTE FUNCTION refuse_machine_text()",
        ),
    }[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    op.drop_table("shared_task_cases")
    with op.batch_alter_table("referrals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referrals_resource_id_state"))
        batch_op.drop_index(batch_op.f("ix_referrals_case_id"))

    op.drop_table("referrals")
    with op.batch_alter_table("survey_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_answers_link_id"))

    op.drop_table("survey_answers")
    with op.batch_alter_table("study_children", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_study_children_student_id"))

    op.drop_table("study_children")
    with op.batch_alter_table("on_call_pages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_on_call_pages_person_id_at"))
        batch_op.drop_index(batch_op.f("ix_on_call_pages_acknowledged_at"))

    op.drop_table("on_call_pages")
    with op.batch_alter_table("language_tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_language_tasks_state_helper_id"))
        batch_op.drop_index(batch_op.f("ix_language_tasks_inbound_id"))
        batch_op.drop_index(batch_op.f("ix_language_tasks_case_id"))

    op.drop_table("language_tasks")
    with op.batch_alter_table("incident_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_steps_incident_id_at"))

    op.drop_table("incident_steps")
    with op.batch_alter_table("family_visits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_family_visits_opened_at"))

    op.drop_table("family_visits")
    with op.batch_alter_table("case_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_steps_state_done_at"))
        batch_op.drop_index(batch_op.f("ix_case_steps_case_id"))

    op.drop_table("case_steps")
    with op.batch_alter_table("calls_made", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calls_made_student_id"))

    op.drop_table("calls_made")
    with op.batch_alter_table("wrong_counts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_wrong_counts_message_id"))
        batch_op.drop_index(batch_op.f("ix_wrong_counts_case_id"))

    op.drop_table("wrong_counts")
    op.drop_table("translator_languages")
    with op.batch_alter_table("translation_notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_translation_notes_message_channel_locale_school_id"))

    op.drop_table("translation_notes")
    with op.batch_alter_table("translation_deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_translation_deliveries_translator"))

    op.drop_table("translation_deliveries")
    op.drop_table("text_redactions")
    op.drop_table("survey_links")
    op.drop_table("study_homes")
    with op.batch_alter_table("staff_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_sessions_account_id"))

    op.drop_table("staff_sessions")
    op.drop_table("staff_details")
    with op.batch_alter_table("staff_absences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_absences_account_id_ends"))

    op.drop_table("staff_absences")
    op.drop_table("snapshot_waits")
    op.drop_table("snapshot_reach")
    op.drop_table("snapshot_patterns")
    op.drop_table("snapshot_groups")
    op.drop_table("sign_in_links")
    op.drop_table("second_factors")
    with op.batch_alter_table("returned_mail", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_returned_mail_planned_id"))

    op.drop_table("returned_mail")
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_codes_account_id"))

    op.drop_table("recovery_codes")
    with op.batch_alter_table("record_words", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_words_state_heard_at"))
        batch_op.drop_index(batch_op.f("ix_record_words_case_id"))

    op.drop_table("record_words")
    with op.batch_alter_table("record_decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_decisions_request_id"))

    op.drop_table("record_decisions")
    op.drop_table("planned_episodes")
    op.drop_table("on_call_people")
    op.drop_table("mentor_ties")
    with op.batch_alter_table("mailings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mailings_state_due_at"))
        batch_op.drop_index(batch_op.f("ix_mailings_house_id"))
        batch_op.drop_index(batch_op.f("ix_mailings_batch_id"))

    op.drop_table("mailings")
    op.drop_table("mail_choices")
    with op.batch_alter_table("machine_texts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_machine_texts_state_due_at"))
        batch_op.drop_index(batch_op.f("ix_machine_texts_phone"))

    op.drop_table("machine_texts")
    with op.batch_alter_table("linked_identities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_linked_identities_account_id"))

    op.drop_table("linked_identities")
    op.drop_table("letter_pulls")
    with op.batch_alter_table("letter_pages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_letter_pages_batch_id"))

    op.drop_table("letter_pages")
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incidents_next_step_at"))
        batch_op.drop_index(batch_op.f("ix_incidents_case_id"))

    op.drop_table("incidents")
    with op.batch_alter_table("inbox_acts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbox_acts_account_id_at"))

    op.drop_table("inbox_acts")
    with op.batch_alter_table("inbound_media", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbound_media_state_due_at"))

    op.drop_table("inbound_media")
    with op.batch_alter_table("former_emails", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_former_emails_account_id"))

    op.drop_table("former_emails")
    op.drop_table("follow_ups")
    with op.batch_alter_table("family_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_family_codes_planned_id"))
        batch_op.drop_index(batch_op.f("ix_family_codes_household"))

    op.drop_table("family_codes")
    with op.batch_alter_table("emails", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_emails_state_due_at"))

    op.drop_table("emails")
    with op.batch_alter_table("contact_proposals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_proposals_case_id"))

    op.drop_table("contact_proposals")
    with op.batch_alter_table("check_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_check_ins_student_id_at"))

    op.drop_table("check_ins")
    with op.batch_alter_table("case_words", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_words_case_id"))

    op.drop_table("case_words")
    with op.batch_alter_table("case_schools", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_schools_school_id_case_id"))

    op.drop_table("case_schools")
    with op.batch_alter_table("case_routes", schema=None) as batch_op:
        batch_op.drop_index("ix_case_routes_due")
        batch_op.drop_index(batch_op.f("ix_case_routes_case_id_id"))

    op.drop_table("case_routes")
    op.drop_table("case_presences")
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_events_planned_id"))
        batch_op.drop_index(batch_op.f("ix_case_events_kind_at"))
        batch_op.drop_index(batch_op.f("ix_case_events_case_id_at"))

    op.drop_table("case_events")
    op.drop_table("case_drafts")
    op.drop_table("campaigns")
    with op.batch_alter_table("calendar_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendar_links_account_id"))

    op.drop_table("calendar_links")
    with op.batch_alter_table("barriers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_barriers_heard_at"))
        batch_op.drop_index(batch_op.f("ix_barriers_case_id"))

    op.drop_table("barriers")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempts_planned_id"))

    op.drop_table("attempts")
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_approvals_message_channel_locale_school_id"))

    op.drop_table("approvals")
    op.drop_table("account_schools")
    with op.batch_alter_table("wrong_passwords", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_wrong_passwords_typed_at"))

    op.drop_table("wrong_passwords")
    op.drop_table("wording_versions")
    with op.batch_alter_table("webhook_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_events_processed_at"))

    op.drop_table("webhook_events")
    op.drop_table("translation_invoices")
    with op.batch_alter_table("translation_dues", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_translation_dues_message_channel_locale_school_id"))

    op.drop_table("translation_dues")
    op.drop_table("translation_drafts")
    with op.batch_alter_table("survey_rounds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_rounds_school_id"))

    op.drop_table("survey_rounds")
    op.drop_table("studies")
    with op.batch_alter_table("students", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_students_birth_date"))

    op.drop_table("students")
    with op.batch_alter_table("student_contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_student_contacts_student_id"))
        batch_op.drop_index(batch_op.f("ix_student_contacts_contact_id"))

    op.drop_table("student_contacts")
    with op.batch_alter_table("student_adults", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_student_adults_student_id"))

    op.drop_table("student_adults")
    op.drop_table("snapshots")
    with op.batch_alter_table("sis_totals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sis_totals_student_id"))

    op.drop_table("sis_totals")
    op.drop_table("sis_differences")
    op.drop_table("sis_comparisons")
    with op.batch_alter_table("shared_tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shared_tasks_school_id_reason"))

    op.drop_table("shared_tasks")
    op.drop_table("sender_pace")
    with op.batch_alter_table("section_places", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_section_places_student_id"))

    op.drop_table("section_places")
    op.drop_table("schools")
    op.drop_table("rules_versions")
    op.drop_table("rule_versions")
    op.drop_table("rule_starts")
    op.drop_table("retention_runs")
    op.drop_table("retention_rules")
    with op.batch_alter_table("restriction_decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_restriction_decisions_restriction"))

    op.drop_table("restriction_decisions")
    op.drop_table("resources")
    op.drop_table("reported_days")
    op.drop_table("redactions")
    op.drop_table("redaction_wishes")
    op.drop_table("recount_runs")
    with op.batch_alter_table("record_statements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_statements_student_id"))

    op.drop_table("record_statements")
    with op.batch_alter_table("record_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_requests_student_id"))
        batch_op.drop_index(batch_op.f("ix_record_requests_ended_at"))

    op.drop_table("record_requests")
    op.drop_table("public_switches")
    op.drop_table("playbook_versions")
    with op.batch_alter_table("planned_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_planned_messages_state_channel_due_at_school_id_reason"))
        batch_op.drop_index(batch_op.f("ix_planned_messages_provider_sid"))
        batch_op.drop_index(batch_op.f("ix_planned_messages_phone"))
        batch_op.drop_index(batch_op.f("ix_planned_messages_message_class_created_at"))
        batch_op.drop_index(batch_op.f("ix_planned_messages_household"))
        batch_op.drop_index(batch_op.f("ix_planned_messages_contact_id"))
        batch_op.drop_index(batch_op.f("ix_planned_messages_claimed_at_message_class_segments"))
        batch_op.drop_index(batch_op.f("ix_planned_messages_batch_id"))

    op.drop_table("planned_messages")
    op.drop_table("phone_states")
    with op.batch_alter_table("packets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_packets_school_id_kind_made_on"))

    op.drop_table("packets")
    with op.batch_alter_table("overlays", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_overlays_student_id"))

    op.drop_table("overlays")
    with op.batch_alter_table("other_contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_other_contacts_student_id"))

    op.drop_table("other_contacts")
    op.drop_table("number_readers")
    op.drop_table("number_lookups")
    op.drop_table("message_batches")
    op.drop_table("marks")
    with op.batch_alter_table("mark_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mark_versions_student_id"))

    op.drop_table("mark_versions")
    op.drop_table("letter_batches")
    with op.batch_alter_table("legal_holds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_legal_holds_student_id"))
        batch_op.drop_index(batch_op.f("ix_legal_holds_contact_id"))

    op.drop_table("legal_holds")
    op.drop_table("large_print")
    op.drop_table("kept_files")
    op.drop_table("job_runs")
    op.drop_table("instance")
    with op.batch_alter_table("inbound_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbound_messages_phone_received_at"))

    op.drop_table("inbound_messages")
    with op.batch_alter_table("import_problems", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_problems_import_id"))

    op.drop_table("import_problems")
    op.drop_table("heard_until")
    with op.batch_alter_table("goals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_goals_school_id"))

    op.drop_table("goals")
    with op.batch_alter_table("glossary_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_glossary_versions_locale_term"))

    op.drop_table("glossary_versions")
    op.drop_table("feed_sources")
    op.drop_table("feed_imports")
    op.drop_table("feed_folders")
    op.drop_table("family_tries")
    op.drop_table("evaluations")
    with op.batch_alter_table("episodes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_episodes_state"))

    op.drop_table("episodes")
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enrolments_student_id"))
        batch_op.drop_index(batch_op.f("ix_enrolments_school_id"))

    op.drop_table("enrolments")
    with op.batch_alter_table("disclosures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disclosures_student_id"))
        batch_op.drop_index(batch_op.f("ix_disclosures_at"))

    op.drop_table("disclosures")
    op.drop_table("contacts")
    with op.batch_alter_table("contact_phones", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_phones_e164"))
        batch_op.drop_index(batch_op.f("ix_contact_phones_contact_id"))

    op.drop_table("contact_phones")
    with op.batch_alter_table("contact_blocks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_blocks_contact_id"))

    op.drop_table("contact_blocks")
    with op.batch_alter_table("consent_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_entries_until"))
        batch_op.drop_index(batch_op.f("ix_consent_entries_phone"))

    op.drop_table("consent_entries")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cases_student_id"))
        batch_op.drop_index(batch_op.f("ix_cases_state_closed_at"))
        batch_op.drop_index("ix_cases_queue")
        batch_op.drop_index(batch_op.f("ix_cases_phone"))
        batch_op.drop_index("ix_cases_open_key")

    op.drop_table("cases")
    op.drop_table("carrier_stops")
    op.drop_table("carrier_statuses")
    with op.batch_alter_table("calendar_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendar_events_school_id_date"))

    op.drop_table("calendar_events")
    op.drop_table("brakes")
    op.drop_table("audit_seals")
    op.drop_table("audit_entries")
    with op.batch_alter_table("attention_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attention_items_resolved_at"))
        batch_op.drop_index("ix_attention_items_open_key")
        batch_op.drop_index(batch_op.f("ix_attention_items_key"))

    op.drop_table("attention_items")
    op.drop_table("accounts")
