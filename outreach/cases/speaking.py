"""Families who write in a language that nobody at their school reads: a machine reads for staff, else a helper, and they hear when.

What a machine made is kept apart from what the family wrote (``translation``). Sealed words, and words that may mean danger, never go to a
cloud service; words that may mean danger go to nobody but the people named for it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.cases import danger_queries, language_rules, routing_facts, school_time
from outreach.cases.language_rules import Helper
from outreach.cases.language_states import TaskKind, TaskState
from outreach.cases.language_tables import LanguageTask
from outreach.cases.routing_tables import StaffDetail
from outreach.cases.speaking_queries import family_language, name_of, written_in
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.database import Database
from outreach.messages.languages import DEFAULT
from outreach.planning import actions as planning
from outreach.planning.states import MessageClass
from outreach.replies import machines
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.staff.roles import Role
from outreach.staff.tables import Account, AccountSchool
from outreach.translation.states import Kind, MachineState
from outreach.translation.tables import MachineText
from outreach.translation.translator import NoSuchLanguageError, Translator, UnreachableError

NOTE = "speaker_answers"
KIND = "language"
_AGAIN = (timedelta(minutes=1), timedelta(minutes=5))
"""After the first and the second time without an answer; after the third a person has it."""
_ABSENT = "nobody at the school reads this language, and no machine translates it"
_DANGER = "it may mean danger: only the people named for that read it, so have an interpreter called now"
_SEALED = "it is sealed: only the person who looks after the case reads it, with an interpreter of their choice"


def hear(session: Session, case: Case, inbound: Inbound, settings: Settings, now: datetime, *, spoken: bool = False) -> None:
    """See that somebody understands a family's text, by a machine or a person, and that the family knows when it will be answered."""
    if not inbound.to_human:  # most texts cost no more than this
        return
    language = written_in(inbound, family_language(session, case, settings))
    if language in {"", DEFAULT} or language in routing_facts.languages_at(session, case.school_id, settings, now):
        return
    if not _may_send(settings, Kind.READING) or _is_kept_in(session, case, settings, inbound):
        _give(session, case, inbound, language, settings, now, why=_ABSENT, told=not spoken)
        return
    row = _asked(case, Kind.READING, MachineState.WAITING, source=language, target=DEFAULT, now=now)
    row.inbound_id = inbound.id
    session.add(row)


def is_closed(session: Session, case: Case, inbound: Inbound | None = None) -> bool:
    """Whether words of a case, now or as one text has them, may mean danger or are sealed."""
    urgent = inbound is not None and inbound.urgent
    return urgent or case.sealed_since is not None or case.id in danger_queries.sealed_since(session, [case.id])


def _may_send(settings: Settings, kind: Kind) -> bool:
    """Whether words of a kind may go to a translation service at all."""
    sends = {"families": {Kind.READING}, "staff": {Kind.DRAFT}, "both": {Kind.READING, Kind.DRAFT}}[settings.translation_sends]
    return settings.translation != "none" and kind in sends


def _is_kept_in(session: Session, case: Case, settings: Settings, inbound: Inbound | None = None) -> bool:
    """Whether words must not leave the district's own servers, and the service is another company's."""
    return settings.translation == "deepl" and is_closed(session, case, inbound)


def may_draft(session: Session, case: Case, settings: Settings) -> bool:
    """Whether a machine may draft an answer in a case."""
    return _may_send(settings, Kind.DRAFT) and not _is_kept_in(session, case, settings)


def _asked(case: Case, kind: Kind, state: MachineState, *, source: str, target: str, now: datetime) -> MachineText:
    nothing = dict.fromkeys(("original", "words", "provider", "asked_by", "reason"), "")
    never = dict.fromkeys(("inbound_id", "made_at", "approved_by_id", "approved_at"))
    times = {"asked_at": now, "due_at": now}
    return MachineText(
        **nothing, **never, **times, kind=kind, state=state, case_id=case.id, phone=case.phone, source=source, target=target, tries=0
    )


def ask_for_draft(session: Session, case: Case, words: str, language: str, *, by: str, settings: Settings, now: datetime) -> MachineText:
    """Keep staff's *words* for a draft in *language*: a machine's, or where none may be asked, the speaker's own from the start."""
    state = MachineState.WAITING if may_draft(session, case, settings) else MachineState.FAILED
    row = _asked(case, Kind.DRAFT, state, source=DEFAULT, target=language, now=now)
    row.original, row.asked_by = words, by
    session.add(row)
    session.flush()
    if state is MachineState.FAILED:
        _give_draft(session, case, row, settings, now, why="no machine drafts it: please write it in the family's language")
    return row


# --- the job --------------------------------------------------------------------------------------------------------------------


def translate_due(database: Database, translator: Translator | None, settings: Settings, now: datetime) -> int:
    """Ask the service for every text that waits, each in a transaction of its own; return how many it translated.

    Without a service (somebody took it out of the settings) what waits goes to helpers.
    """
    due = (MachineText.state == MachineState.WAITING.value, MachineText.due_at <= now)
    with database.read() as session:
        ids = session.scalars(select(MachineText.id).where(*due).order_by(MachineText.id)).all()
    made = 0
    for text_id in ids:
        with database.read() as session:
            row = session.get_one(MachineText, text_id)
            case, inbound = session.get_one(Case, row.case_id), session.get(Inbound, row.inbound_id or 0)
            asked = (inbound.body if inbound else row.original), row.source, row.target
            may = _may_send(settings, Kind(row.kind)) and not _is_kept_in(session, case, settings, inbound)  # sealed since, perhaps
        said = _ask(translator if may else None, *asked)
        with database.write() as session:
            made += _keep(session, text_id, said, translator, settings, now)
    return made


def _ask(translator: Translator | None, words: str, source: str, target: str) -> str | UnreachableError | NoSuchLanguageError:
    if translator is None:
        return NoSuchLanguageError()
    try:
        return translator.translate(words, source, target)
    except (UnreachableError, NoSuchLanguageError) as refusal:
        return refusal


def _keep(
    session: Session,
    text_id: int,
    said: str | UnreachableError | NoSuchLanguageError,
    translator: Translator | None,
    settings: Settings,
    now: datetime,
) -> bool:
    """Write down what the service said, if nobody else has meanwhile; return whether it translated."""
    row = session.scalars(select(MachineText).where(MachineText.id == text_id).with_for_update()).one()
    if row.state != MachineState.WAITING:
        return False
    row.tries, row.provider = row.tries + 1, translator.name if translator else ""
    if isinstance(said, UnreachableError) and row.tries <= len(_AGAIN):
        row.due_at, row.reason = now + _AGAIN[row.tries - 1], str(said)
        return False
    case, inbound = session.get_one(Case, row.case_id, with_for_update=True), session.get(Inbound, row.inbound_id or 0)
    if isinstance(said, str):
        row.state, row.words, row.made_at, row.reason = MachineState.MADE.value, said, now, ""
        why = "a machine drafted this answer: look at it before it leaves"
    else:
        row.state = MachineState.FAILED.value
        row.reason = str(said) if isinstance(said, UnreachableError) else "this language, or these words, cannot be translated by machine"
        why = "no machine could draft this answer: please write it in the family's language"
    if row.kind == Kind.DRAFT:
        _give_draft(session, case, row, settings, now, why=why)
    elif inbound is not None and not isinstance(said, str):
        _give(session, case, inbound, row.source, settings, now, why=_ABSENT, told=True)
    return isinstance(said, str)


# --- helpers --------------------------------------------------------------------------------------------------------------------


def _give(
    session: Session, case: Case, inbound: Inbound, language: str, settings: Settings, now: datetime, *, why: str, told: bool
) -> LanguageTask:
    """Give a text to somebody who reads it, and let the family know; a later text of the same case joins the open task."""
    by_then = _answer_by(session, case, settings, now)
    if told:
        _tell_family(session, case, inbound, by_then, settings, now)
    task = session.scalars(select(LanguageTask).where(LanguageTask.open_key == f"read:{case.id}")).one_or_none()
    if task is not None:
        task.inbound_id = inbound.id
        return task
    helper, closed = _helper(session, case, inbound, language, now, settings)
    task = new_task(case, TaskKind.READ, language, now, helper_id=helper, wanted_at=by_then, why=closed or why)
    task.open_key, task.inbound_id = f"read:{case.id}", inbound.id
    return put(session, case, task, now, urgent=inbound.urgent)


def _give_draft(session: Session, case: Case, row: MachineText, settings: Settings, now: datetime, *, why: str) -> None:
    helper = _speaker(session, case, row.target, settings, now)
    task = new_task(case, TaskKind.CHECK, row.target, now, helper_id=helper, wanted_at=None, why=why)
    task.open_key, task.machine_id, task.asked_by = f"check:{row.id}", row.id, row.asked_by
    put(session, case, task, now)


def _speaker(session: Session, case: Case, language: str, settings: Settings, now: datetime) -> int | None:
    """Who looks at a draft: somebody at school before a helper, and in a sealed case only who looks after it."""
    if is_closed(session, case):
        return case.owner_id
    at_school = language_rules.choose(_readers(session, case, language, settings, now))
    return at_school or language_rules.choose(_helpers(session, case, language, now, settings))


def look_again(session: Session, account_id: int, reads: Collection[str], settings: Settings, now: datetime) -> None:
    """Somebody said anew what they read: what nobody has in these languages finds them, and what they read no longer finds another."""
    open_ones = select(LanguageTask).where(
        LanguageTask.state == TaskState.OPEN.value,
        LanguageTask.kind != TaskKind.INTERPRET.value,  # a person chose who interprets
    )
    mine = and_(LanguageTask.helper_id == account_id, LanguageTask.language.not_in(reads))
    nobodys = and_(LanguageTask.helper_id.is_(None), LanguageTask.language.in_(reads))
    for task in session.scalars(open_ones.where(or_(mine, nobodys)).order_by(LanguageTask.id)).all():
        case, inbound = session.get_one(Case, task.case_id), session.get(Inbound, task.inbound_id or 0)
        if inbound is not None:
            helper, closed = _helper(session, case, inbound, task.language, now, settings)
            if helper is None and not closed:
                helper = language_rules.choose(_readers(session, case, task.language, settings, now))
        else:
            helper, closed = _speaker(session, case, task.language, settings, now), ""
        if helper == task.helper_id:
            continue
        task.helper_id, task.given_at, task.why = helper, now, closed or task.why
        if helper is None:
            _before_the_school(session, case, task, now)
        else:
            attention.resolve_key(session, attention_key(task), by=KIND, now=now)


def _helper(session: Session, case: Case, inbound: Inbound, language: str, now: datetime, settings: Settings) -> tuple[int | None, str]:
    """Who is given a text, and why nobody else may be."""
    if inbound.urgent or case.id in danger_queries.sealed_since(session, [case.id]):
        return None, _DANGER
    if case.sealed_since is not None:
        return case.owner_id, _SEALED
    return language_rules.choose(_helpers(session, case, language, now, settings)), ""


def speakers(session: Session, case: Case, language: str, settings: Settings, now: datetime) -> dict[int, str]:
    """Who reads *language* and may help in a case: account → name."""
    found = [*_readers(session, case, language, settings, now), *_helpers(session, case, language, now, settings)]
    return dict(staff.names(session, {one.id for one in found})) if found else {}


def _readers(session: Session, case: Case, language: str, settings: Settings, now: datetime) -> list[Helper]:
    """Who may be given families of the case's school, reads *language* and is there."""
    people = routing_facts.people_of(session, case.school_id, settings, now)
    return [
        Helper(person.id, at_school=True, load=person.load) for person in people if language in person.languages and not person.away_until
    ]


def _helpers(session: Session, case: Case, language: str, now: datetime, settings: Settings) -> list[Helper]:
    """The language helpers who read *language* and are there, of this school or of another one: they see what they are given, no more."""
    rows = session.execute(
        select(Account.id, StaffDetail.languages)
        .join(StaffDetail, StaffDetail.account_id == Account.id)
        .where(Account.role == Role.LANGUAGE_HELPER.value, Account.disabled_at.is_(None))
    )
    reading = [row[0] for row in rows if language in row[1]]
    away = routing_facts.absences(session, reading, local_date(now, settings.zone))
    mine = AccountSchool.account_id.in_(reading), AccountSchool.school_id == case.school_id
    here = set(session.scalars(select(AccountSchool.account_id).where(*mine)))
    open_ones = select(LanguageTask.helper_id, func.count()).where(LanguageTask.state == TaskState.OPEN.value)
    loads = dict(session.execute(open_ones.group_by(LanguageTask.helper_id)).all())
    return [Helper(one, one in here, loads.get(one, 0)) for one in reading if one not in away]


def new_task(
    case: Case, kind: TaskKind, language: str, now: datetime, *, helper_id: int | None, wanted_at: datetime | None, why: str
) -> LanguageTask:
    """A task that nobody has begun."""
    nothing = dict.fromkeys(("asked_by", "ended_by", "result"), "")
    never = dict.fromkeys(("open_key", "inbound_id", "machine_id", "ended_at"))
    return LanguageTask(
        **nothing, **never, case_id=case.id, kind=kind, state=TaskState.OPEN, language=language, helper_id=helper_id, given_at=now,
        wanted_at=wanted_at, why=why, asked_at=now,
    )  # fmt: skip


def put(session: Session, case: Case, task: LanguageTask, now: datetime, *, urgent: bool = False) -> LanguageTask:
    """Write a task; where nobody has it, it stands under *Attention* too."""
    session.add(task)
    session.flush()
    if task.helper_id is None or task.kind == TaskKind.INTERPRET:
        _before_the_school(session, case, task, now, urgent=urgent)
    return task


def _before_the_school(session: Session, case: Case, task: LanguageTask, now: datetime, *, urgent: bool = False) -> None:
    """Put a task under *Attention*; whoever looks after the service reads it too, so nothing that a person typed stands in it."""
    why = "" if task.kind == TaskKind.INTERPRET else task.why
    sentence = f"{_wanted(task)} Case {case.id}: {why}." if why else f"{_wanted(task)} Case {case.id}."
    key, detail = attention_key(task), {"case": case.id}
    attention.raise_item(session, kind=KIND, key=key, sentence=sentence, now=now, school_id=case.school_id, detail=detail, urgent=urgent)


def attention_key(task: LanguageTask) -> str:
    """Under which key a task stands under *Attention*."""
    return f"{KIND}:{task.id}"


def _wanted(task: LanguageTask) -> str:
    name = name_of(task.language)
    if task.kind == TaskKind.INTERPRET:
        return f"An interpreter for {name} is asked for."
    doing = "read what a family wrote" if task.kind == TaskKind.READ else "look at an answer"
    return f"Nobody is found to {doing} in {name}."


def settle(session: Session, case_id: int, *, by: str, now: datetime, result: str) -> None:
    """End the reading that is asked for in a case: somebody answered the family, or closed the case."""
    for task in session.scalars(select(LanguageTask).where(LanguageTask.open_key == f"read:{case_id}")):
        end(session, task, TaskState.DONE, by=by, now=now, result=result)


def end(session: Session, task: LanguageTask, state: TaskState, *, by: str, now: datetime, result: str) -> None:
    """End one task, and take it from *Attention*."""
    task.state, task.open_key, task.ended_by, task.ended_at, task.result = state.value, None, by, now, result
    attention.resolve_key(session, attention_key(task), by=by, now=now)


# --- the family -----------------------------------------------------------------------------------------------------------------


def _answer_by(session: Session, case: Case, settings: Settings, now: datetime) -> datetime:
    """By when a speaker answers: the last hour of school of the day that many school days on."""
    hours = school_time.of(session, case.school_id, settings, now)
    a_day = timedelta(hours=settings.school_closes.hour - settings.school_opens.hour)
    return hours.after(now, settings.speaker_within_days * a_day)


def _tell_family(session: Session, case: Case, inbound: Inbound, by_then: datetime, settings: Settings, now: datetime) -> None:
    """Tell the family when a speaker answers: once a day, never to a machine or to whoever stopped us, and never in place of help.

    Outside school hours it waits until somebody reads: the note of the hour says where help is, and must look like any other night's.
    """
    refused = inbound.suppress or inbound.urgent or not inbound.phone.startswith("+") or machines.suspected(session, inbound, now)
    if refused or machines.said_lately(session, inbound.phone, [NOTE], now):
        return
    hours = school_time.of(session, case.school_id, settings, now)
    due = now if hours.is_open(now) else hours.after(now, timedelta())
    planning.plan_automatic(
        session,
        message=NOTE,
        phone=inbound.phone,
        locale=family_language(session, case, settings),
        inbound_id=inbound.id,
        message_class=MessageClass.CONFIRMATION,
        settings=settings,
        now=now,
        about={
            "contact_id": case.contact_id,
            "student_ids": [case.student_id] if case.student_id else [],
            "school_id": case.school_id,
            "due_at": due,
            "expires_at": by_then,
            "facts": {"answer_by": local_date(by_then, hours.zone.key).isoformat()},
        },
    )
