"""Who may do what: the roles of a district, their permissions and how far they reach, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """One thing a page or an action lets a person do."""

    INBOX_READ = "inbox.read"
    INBOX_ANSWER = "inbox.answer"
    """Write to a family; take, close and reopen a case."""
    INBOX_NOTE = "inbox.note"
    """Write a note that only staff see."""
    NOTES_SETTLE = "notes.settle"
    """See what families say of the attendance record, and say what came of it."""
    LANGUAGE_HELP = "language.help"
    """Read, write and interpret for families in one's languages: what was given to oneself, and what waits at one's schools."""
    RESOURCES_READ = "resources.read"
    """See who can help families; no family stands there."""
    RESOURCES_EDIT = "resources.edit"
    """Write and check the resources of one's schools; with the whole district in reach, of the district."""
    DELIVERY_READ = "delivery.read"
    SENDING_READ = "sending.read"
    """See what is stopped, by whom and why."""
    SENDING_STOP = "sending.stop"
    """Stop everything that goes out from one's schools, and start again."""
    SENDING_DECIDE = "sending.decide"
    """Let a night's messages go, take them back, and keep schools in shadow mode."""
    LETTERS_READ = "letters.read"
    """See batches of letters and what is printed in them."""
    LETTERS_RELEASE = "letters.release"
    """Approve, release and take back a batch, and say which letters were pulled."""
    MAIL_RETURNED = "mail.returned"
    """Note a letter that came back, and where the family lives now; large print."""
    BASELINE_READ = "baseline.read"
    BASELINE_RELEASE = "baseline.release"
    RULES_READ = "rules.read"
    """See when families hear of days missed."""
    RULES_CHANGE = "rules.change"
    """Change the rules of the whole district, with whom that would reach in sight."""
    WORDS_READ = "words.read"
    WORDS_EDIT = "words.edit"
    """Write English words: the district's, or with a reach of schools those schools' own copies."""
    WORDS_APPROVE = "words.approve"
    WORDS_TRANSLATE = "words.translate"
    """Work on the translator's bench: for a translator, in the languages they were given; it shows made-up families only."""
    ATTENTION_READ = "attention.read"
    ATTENTION_RESOLVE = "attention.resolve"
    OPERATIONS_READ = "operations.read"
    """See how the service itself fares: jobs, feeds, texts that do not arrive, cost; no family."""
    DATA_READ = "data.read"
    """See what keeps counts unknown: codes, dates and schools, with numbers of children."""
    DATA_FIX = "data.fix"
    """Say what a code means, or what a date at a school was."""
    DATA_CHILDREN = "data.children"
    """See and settle days of named children, and gather two ids of one child."""
    FEEDS_MAP = "feeds.map"
    """Upload exports to look at, say what their columns and codes mean, and write the source.toml of a feed."""
    DANGER_READ = "danger.read"
    """Read a text that may mean danger, and what is written after it; everybody else sees that it is sealed."""
    ON_CALL_READ = "on_call.read"
    """See who is called, and who answered a test."""
    ON_CALL_SET = "on_call.set"
    """Say who is called, and send tests."""
    DASHBOARD_READ = "dashboard.read"
    """See tiers, attendance and reach in numbers; who may not see children sees no small ones."""
    GOALS_SET = "goals.set"
    """Say what one's schools want to reach; with the whole district in reach, the district too."""
    FIGURES_PUBLISH = "figures.publish"
    """Show the district's figures to everybody who has the link, without small numbers."""
    STUDY_READ = "study.read"
    """See what studies were set up to find, and what they found; no child and no family."""
    STUDY_DECIDE = "study.decide"
    """Propose, start and end studies; whoever starts one did not propose it."""
    SURVEY_READ = "survey.read"
    """See in numbers what families and students of one's schools said in a survey."""
    SURVEY_SET = "survey.set"
    """Open and end a survey at one's schools, and say what was done about what it heard."""
    SURVEY_WORDS = "survey.words"
    """Read what was written in a survey, which nobody signed, and take out words that name somebody."""
    BLOCKS_READ = "blocks.read"
    """See who is kept from hearing of a child of one's schools, and why."""
    BLOCKS_PLACE = "blocks.place"
    """Place a block, with the paper it rests on: silence is the safe side."""
    BLOCKS_DECIDE = "blocks.decide"
    """Open the paper, lift a block, and say which of the feed's restrictions forbid messages."""
    RECORDS_GIVE = "records.give"
    """See everything held of any child, decide what of it is given to whom, and give it."""
    RECORDS_KEEP = "records.keep"
    """Hold what must be kept, take words out, and say how long things are kept."""
    DISCLOSURES_READ = "disclosures.read"
    """See who was given what of which child."""
    CHILDREN_OWN = "children.own"
    """A mentor's: see the attendance of one's own children, and write down check-ins."""
    PACKET_MAKE = "packet.make"
    """Take out the papers of one's schools for their teams; the team's packet names children."""
    PLAYBOOK_SET = "playbook.set"
    """Say who looks at which list on which day, for the whole district."""
    PEOPLE_SET = "people.set"
    """Say what the people of one's schools read and take, when they are away, and who covers."""
    ACCOUNTS_SET = "accounts.set"
    """Invite people to one's schools, send and take back their links, and help those who cannot sign in any more."""
    AUDIT_READ = "audit.read"
    """See who saw and changed what, and whether somebody touched the trail."""
    CLOCK_MOVE = "clock.move"
    """Move the demo's clock; there is no such page outside the demo."""
    ACCOUNT_SELF = "account.self"
    """One's own password and sign-out."""


class Reach(StrEnum):
    """Whose rows a role sees."""

    DISTRICT = "district"
    SCHOOLS = "schools"
    """Those of the schools named for the account."""
    CHILDREN = "children"
    """No school's, but some children of the schools named for the account (``cases.mentors``)."""


class Role(StrEnum):
    """What a person is to the service."""

    COORDINATOR = "coordinator"
    ATTENDANCE_CLERK = "attendance_clerk"
    SCHOOL_ADMINISTRATOR = "school_administrator"
    DISTRICT_ADMINISTRATOR = "district_administrator"
    MENTOR = "mentor"
    TRANSLATOR = "translator"
    LANGUAGE_HELPER = "language_helper"
    RECORDS_OFFICER = "records_officer"
    EVALUATOR = "evaluator"
    IT = "it"

    @property
    def words(self) -> str:
        """The role as people say it."""
        return "IT" if self is Role.IT else self.value.replace("_", " ")


@dataclass(frozen=True)
class Grant:
    """What a role may do, and on whose rows."""

    reach: Reach
    permissions: frozenset[Permission]


def _grant(reach: Reach, *permissions: Permission) -> Grant:
    return Grant(reach, frozenset({Permission.ACCOUNT_SELF, *permissions}))


_P = Permission
_DATA = (_P.DATA_READ, _P.DATA_FIX, _P.DATA_CHILDREN)
_RESOURCES = (_P.RESOURCES_READ, _P.RESOURCES_EDIT)
_THREADS = (_P.INBOX_READ, _P.INBOX_NOTE, _P.NOTES_SETTLE)
_INBOX = (*_THREADS, _P.INBOX_ANSWER, _P.LANGUAGE_HELP, _P.DELIVERY_READ, _P.ATTENTION_READ, _P.ATTENTION_RESOLVE, _P.CLOCK_MOVE)
_SENDING = (_P.SENDING_READ, _P.SENDING_STOP)
_TEAM = (_P.PACKET_MAKE,)
_FIGURES = (_P.BASELINE_READ, _P.RULES_READ, _P.DASHBOARD_READ)
_SURVEY = (_P.SURVEY_READ, _P.SURVEY_WORDS)
_POST = (_P.MAIL_RETURNED,)
_BLOCKS = (_P.BLOCKS_READ, _P.BLOCKS_PLACE)
_RECORDS = (_P.RECORDS_GIVE, _P.RECORDS_KEEP, _P.DISCLOSURES_READ)
_DANGER = (_P.DANGER_READ, _P.ON_CALL_READ)
_SERVICE = (_P.ATTENTION_READ, _P.ATTENTION_RESOLVE, _P.OPERATIONS_READ)
_WORDS = (_P.WORDS_READ, _P.WORDS_EDIT)

GRANTS: Mapping[Role, Grant] = MappingProxyType(
    {
        Role.COORDINATOR: _grant(
            Reach.SCHOOLS, *_INBOX, *_TEAM, *_RESOURCES, *_POST, *_SENDING, *_DANGER, *_DATA, *_FIGURES, *_SURVEY, *_BLOCKS
        ),
        Role.ATTENDANCE_CLERK: _grant(Reach.SCHOOLS, *_POST, *_THREADS, _P.RESOURCES_READ, _P.DELIVERY_READ, _P.ATTENTION_READ, *_DATA),
        Role.SCHOOL_ADMINISTRATOR: _grant(
            Reach.SCHOOLS,
            *_INBOX,
            *_TEAM,
            *_RESOURCES,
            *_POST,
            *_SENDING,
            *_DANGER,
            *_DATA,
            *_FIGURES,
            *_SURVEY,
            _P.SURVEY_SET,
            _P.GOALS_SET,
            *_WORDS,
            *_BLOCKS,
            _P.BLOCKS_DECIDE,
            _P.PEOPLE_SET,
            _P.ACCOUNTS_SET,
        ),
        # the baseline and the words are the whole district's, so only a district-wide role changes them
        Role.DISTRICT_ADMINISTRATOR: Grant(Reach.DISTRICT, frozenset(Permission) - {_P.CHILDREN_OWN}),
        # reads words and made-up families, never a real one: so not the page of words, which counts adults
        Role.TRANSLATOR: _grant(Reach.SCHOOLS, _P.WORDS_TRANSLATE),
        # attention sentences carry no family's name or number, and codes and dates no child's
        Role.IT: _grant(Reach.DISTRICT, *_SERVICE, _P.DATA_READ, _P.DATA_FIX, _P.FEEDS_MAP, _P.CLOCK_MOVE),
        Role.MENTOR: _grant(Reach.CHILDREN, _P.CHILDREN_OWN),
        # a helper sees the tasks that were given to them, and the words those are about
        Role.LANGUAGE_HELPER: _grant(Reach.SCHOOLS, _P.LANGUAGE_HELP),
        Role.RECORDS_OFFICER: _grant(Reach.DISTRICT, *_BLOCKS, *_RECORDS, _P.BLOCKS_DECIDE, _P.AUDIT_READ, _P.ATTENTION_READ),
        Role.EVALUATOR: _grant(Reach.DISTRICT, _P.STUDY_READ, _P.DASHBOARD_READ, _P.SURVEY_READ),
    }
)


def may(role: Role, permission: Permission) -> bool:
    """Say whether *role* has *permission*."""
    return permission in GRANTS[role].permissions
