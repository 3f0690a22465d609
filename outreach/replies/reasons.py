"""Why children miss school: thirty reasons in four root causes, and what a reply can be for."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class Intent(StrEnum):
    """What a reply is for, in the words of ``outreach triage``."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"
    WRONG_NUMBER = "wrong_number"
    DISPUTE_COUNT = "dispute_count"
    ASK_DATES = "ask_dates"
    REPORT_ABSENCE = "report_absence"
    BARRIER_REPORT = "barrier_report"
    REQUEST_CALL = "request_call"
    LANGUAGE_REQUEST = "language_request"
    QUESTION = "question"
    ACK = "ack"
    CONFIRM_NUMBER = "confirm_number"
    """The digit that says: a family of the school reads this phone. Only an answer to our question means it."""
    CONFIRM_CHILD = "confirm_child"
    """The first name of a child of theirs, typed on a number that strangers share. Only an answer to our question means it."""
    CONFIRM_CHANGE = "confirm_change"
    """The digit that says: the change asked for on the family page is ours. Only an answer to our question means it."""
    REFUSE_CHANGE = "refuse_change"
    """The digit that says: it is not."""
    HELPED = "helped"
    """The digit that says: what you did helps. Only an answer to our question means it."""
    NOT_YET = "not_yet"
    """The digit that says: not yet."""
    ANGRY_LEGAL = "angry_legal"
    CRISIS = "crisis"
    UNCLEAR = "unclear"
    UNRELATED = "unrelated"


class Category(StrEnum):
    """The four root causes of chronic absence (Attendance Works)."""

    BARRIERS = "barriers"
    AVERSION = "aversion"
    DISENGAGEMENT = "disengagement"
    MISCONCEPTIONS = "misconceptions"


_REASONS = {
    Category.BARRIERS: (
        "illness_chronic illness_acute mental_health_trauma transportation housing food health_care_access family_responsibilities "
        "student_job system_involvement community_safety immigration_fear"
    ),
    Category.AVERSION: (
        "social_anxiety bullying_peers academic_struggle unwelcoming_climate discipline undiagnosed_disability "
        "caregiver_negative_experience"
    ),
    Category.DISENGAGEMENT: "bored no_relationships no_relevance credits_hopeless",
    Category.MISCONCEPTIONS: (
        "excused_ok early_grades_dont_matter lost_track sick_any_symptom suspension_not_absence online_ok vacation_ok"
    ),
}
CATEGORY_OF = MappingProxyType({reason: category for category, reasons in _REASONS.items() for reason in reasons.split()})
"""Reason code → root cause."""
