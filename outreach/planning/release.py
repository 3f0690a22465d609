"""The last word before a message leaves: everything is checked again, and the words are composed from what is true now.

Call ``check`` inside the transaction that claims the row. Its ``Go`` holds exactly what may leave, and nothing else may.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from outreach.attendance import queries as attendance
from outreach.attendance.deceased import deceased
from outreach.clock import local_date
from outreach.consent import queries as consent
from outreach.consent.queries import PhoneConsent
from outreach.database import Json
from outreach.district import queries as district
from outreach.district.households import Household
from outreach.messages import compose, letter_content, postal
from outreach.messages import queries as messages
from outreach.messages.compose import Facts
from outreach.messages.letter_content import LetterContent
from outreach.messages.letter_text import LetterTextError
from outreach.messages.placeholders import MissingValueError, TemplateError
from outreach.messages.queries import Choice
from outreach.messages.segments import measure
from outreach.messages.templates import menu
from outreach.planning import campaigns, correcting, doses, queries, situation, trial, two_way, welcome, which_days
from outreach.planning.addressing import envelope
from outreach.planning.checks import CHECKS, Check
from outreach.planning.correcting import NotReady, told_before
from outreach.planning.facts import facts_of, plain_facts, stored
from outreach.planning.nudges import Draft, drafts
from outreach.planning.queries import Waiting
from outreach.planning.reasons import Reason
from outreach.planning.school_days import closed_days
from outreach.planning.situation import Situation, window_of
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

ANSWER_WINDOW = timedelta(hours=24)
"""How long after the family's own message quiet hours do not bind an answer."""
_MAY_PASS = frozenset({Reason.TRUANCY, Reason.UNKNOWN_COUNT, Reason.HELD_CODE, Reason.SIS_DIFFERS})
"""Refusals that may pass by themselves: the message waits until it expires."""
_UNFIT = (TemplateError, MissingValueError, LetterTextError, postal.AddressError)


@dataclass(frozen=True)
class Go:
    """What may leave now: the words and what they were made of; *letter* for a letter."""

    body: str
    segments: int | None
    language: str
    approval_id: int | None
    facts: Json
    student_ids: tuple[str, ...]
    letter: LetterContent | None = None


@dataclass(frozen=True)
class Stop:
    """Nothing may leave: the state the row goes to, why, and for a held one when to look again."""

    state: State
    reason: str
    due_at: datetime | None = None


def facts_for(session: Session, rows: Collection[PlannedMessage], settings: Settings, now: datetime) -> Situation:
    """Read once what the checks of many messages rest on, for a batch that is checked and released in this transaction."""
    counted = {student_id for row in rows for student_id in row.student_ids if Check.COUNT in CHECKS[MessageClass(row.message_class)]}
    found = situation.load(session, counted, settings=settings, now=now)
    schools = {row.school_id for row in rows if row.school_id}
    return replace(
        found,
        deceased=deceased(session, {student_id for row in rows for student_id in row.student_ids} | counted),
        schools={**found.schools, **(district.schools(session, schools) if schools else {})},
        closed={school_id: closed_days(session, school_id, settings, now) for school_id in schools},
    )


def check(session: Session, planned: PlannedMessage, settings: Settings, now: datetime, *, facts: Situation | None = None) -> Go | Stop:
    """Decide whether *planned* may leave at *now*, by the table of ``planning.checks``; changes nothing.

    *facts* are those of ``facts_for`` this batch, read in this transaction; without them they are read for this message alone.
    """
    binding = CHECKS[MessageClass(planned.message_class)]
    facts = facts or facts_for(session, [planned], settings, now)
    if stop := _whatever_it_says(session, planned, binding, facts) or _braked(session, planned, facts):
        return stop
    if Check.COUNT in binding:
        return _nudge(session, planned, facts, now)
    number = consent.state(session, planned.phone) if planned.phone else None
    if stop := _standing(planned, binding, number, _block(session, planned)):
        return stop
    if stop := _person(session, planned, binding, settings, now):
        return stop
    return _said(session, planned, settings, now) if Check.APPROVED in binding else _typed(planned)


def _said(session: Session, planned: PlannedMessage, settings: Settings, now: datetime) -> Go | Stop:
    """The words of a message that is no nudge; three of them name a child's days, which are counted anew."""
    if planned.message in {which_days.MESSAGE, which_days.RECORD_FIXED}:
        return _days(session, planned, settings, now)
    if planned.message == welcome.WHOSE_PHONE and (why := welcome.stop_asking(session, planned.phone, settings, now)):
        return Stop(State.CANCELLED, why)
    if planned.message == correcting.MESSAGE:
        return correction(session, planned, situation.load(session, planned.student_ids, settings=settings, now=now))
    return _plain(session, planned, settings)


def preview(session: Session, planned: PlannedMessage, settings: Settings, now: datetime) -> Go | Stop:
    """What a night's message would say now, whatever the hour and whatever holds it; changes nothing."""
    if Check.COUNT not in CHECKS[MessageClass(planned.message_class)]:
        return _plain(session, planned, settings)
    return _nudge(session, planned, facts_for(session, [planned], settings, now), now)


def correction(session: Session, planned: PlannedMessage, facts: Situation) -> Go | Stop:
    """What a correction says, if the number that was told is still wrong, and the one that a person approved is right."""
    found = correcting.prepare(session, planned, facts)
    if isinstance(found, NotReady):
        return Stop(found.state, found.reason)
    return _compose(session, planned, found.facts, found.draft)


def _days(session: Session, planned: PlannedMessage, settings: Settings, now: datetime) -> Go | Stop:
    """The days a child missed, as they are known now; where that is no longer certain, a person answers instead."""
    found = which_days.prepare(session, planned.phone, planned.student_ids[0], settings, now, planned.message)
    if isinstance(found, str):
        return Stop(State.CANCELLED, found)
    said = _compose(session, planned, found.facts, found.draft)
    return said if isinstance(said, Go) else Stop(State.CANCELLED, said.reason)


def letter_code(planned: PlannedMessage) -> str:
    """The code at a letter's foot, by which a returned one is found."""
    return f"L{planned.id:06d}"


def _whatever_it_says(session: Session, planned: PlannedMessage, binding: frozenset[Check], facts: Situation) -> Stop | None:
    """What stops a message before anybody asks what it says: whom it is about, and the hour."""
    if Check.DECEASED in binding and _of_the_dead(planned, facts):
        return Stop(State.CANCELLED, Reason.DECEASED)
    if Check.PRETENDED in binding and (why := trial.refusal(session, planned, facts.settings)):
        return Stop(State.CANCELLED, why)
    if planned.expires_at is not None and facts.now >= planned.expires_at:
        return Stop(State.CANCELLED, Reason.EXPIRED)
    if planned.channel != Channel.SMS:
        return None
    if Check.TWO_WAY in binding and (off := two_way.refusal(session, planned.school_id, facts.settings, facts.now)):
        return Stop(State.HELD, off)
    return _window(planned, facts) if Check.QUIET_HOURS in binding else None


def _braked(session: Session, planned: PlannedMessage, facts: Situation) -> Stop | None:
    """What a person stopped or took back waits; a nudge in shadow mode is planned again when its school goes live."""
    if waits := queries.taken_back(session, planned):
        return Stop(State.WAITING, waits)
    reason = facts.brakes.refusal(MessageClass(planned.message_class), planned.school_id)
    if reason is None:
        return None
    return Stop(_silenced(planned) if reason == Reason.SHADOW and planned.message_class == MessageClass.NUDGE else State.HELD, reason)


def _of_the_dead(planned: PlannedMessage, facts: Situation) -> bool:
    """Whether it speaks of a child who has died; a letter that names others as well goes on without that child."""
    died = set(facts.deceased).intersection(planned.student_ids)
    return bool(died) and (planned.message_class != MessageClass.NUDGE or died.issuperset(planned.student_ids))


def _standing(planned: PlannedMessage, binding: frozenset[Check], number: PhoneConsent | None, block: str) -> Stop | None:
    """Opt-outs and blocks: they bind every class, but for the one confirmation of an opt-out."""
    if Check.BLOCK in binding and block:
        return Stop(_silenced(planned), block)
    confirms = planned.message_class == MessageClass.CONFIRMATION and planned.message == "opt_out"
    if Check.OPT_OUT in binding and number is not None and not confirms:
        if number.opted_out:
            return Stop(_silenced(planned), Reason.OPTED_OUT)
        if number.suppressed:
            return Stop(_silenced(planned), Reason.SUPPRESSED)
    return None


def _block(session: Session, planned: PlannedMessage) -> str:
    """Why the contact may be told nothing of a child of this message, or of any child; empty where they may.

    What software says to a number that several adults may hold is stopped by a block on any of them.
    """
    if not planned.contact_id:
        to_all = (planned.reply_to_id and planned.message) or planned.message == welcome.WHOSE_PHONE
        return _block_of_number(session, planned.phone) if to_all else ""
    found = (consent.block(session, student_id, planned.contact_id) for student_id in planned.student_ids or [""])
    return next((reason for reason in found if reason), "")


def _block_of_number(session: Session, phone: str) -> str:
    holders = district.adults_of_phone(session, phone)
    blocks = consent.blocks(session, {link.student_id for adult in holders for link in adult.links})
    return next((blocks[pair] for adult in holders for link in adult.links if (pair := (link.student_id, adult.contact_id)) in blocks), "")


def _silenced(planned: PlannedMessage) -> State:
    """A nudge may find another way at the next planning; anything else has nowhere else to go."""
    return State.SKIPPED if planned.message_class == MessageClass.NUDGE else State.CANCELLED


def _window(planned: PlannedMessage, facts: Situation) -> Stop | None:
    wrote, now = planned.facts.get("family_wrote_at"), facts.now
    if planned.message_class == MessageClass.ANSWER and wrote and now - datetime.fromisoformat(wrote) <= ANSWER_WINDOW:
        return None
    begun_by_us = Check.SCHOOL_DAY in CHECKS[MessageClass(planned.message_class)]
    closed = facts.closed.get(planned.school_id, ()) if begun_by_us else ()
    window = window_of(facts.schools.get(planned.school_id), facts.settings, planned.phone, closed)
    if window.is_open(now):
        return None
    reason = Reason.NO_SCHOOL if local_date(now, window.zone) in closed else Reason.QUIET_HOURS
    return Stop(State.HELD, reason, window.next_open(now))


def _person(session: Session, planned: PlannedMessage, binding: frozenset[Check], settings: Settings, now: datetime) -> Stop | None:
    """Enrolment, age and number of a message without a count."""
    bound = {Reason.DECEASED: Check.DECEASED, Reason.LEFT_SCHOOL: Check.ENROLMENT, Reason.ADULT_STUDENT: Check.AGE}
    bound[Reason.LEFT_IN_PEACE] = Check.SCHOOL_DAY  # it binds what we begin, as holidays do: what the law sets still leaves
    if binding.isdisjoint({Check.ENROLMENT, Check.AGE, Check.VERIFIED}):
        return None
    facts = situation.load(session, planned.student_ids, settings=settings, now=now)
    standings = [campaigns.standing(session, planned.message, facts, child) or facts.quiet(child) for child in planned.student_ids]
    if found := next((why for why in standings if why and bound[Reason(why)] in binding), None):
        return Stop(State.CANCELLED, found)
    if why := campaigns.not_true_now(session, planned.message, facts, planned.student_ids):
        return Stop(State.CANCELLED, why)
    if Check.VERIFIED in binding and planned.channel == Channel.SMS:
        adults = [adult for adult in district.adults_of_phone(session, planned.phone) if adult.contact_id == planned.contact_id]
        phones = [phone for adult in adults for phone in adult.phones if phone.e164 == planned.phone]
        enrolled = {child: facts.enrolled.get(child, []) for child in planned.student_ids} or {"": []}
        known = situation.numbers(session, [planned.phone], enrolled)
        numbers = replace(known, shared=facts.numbers.shared, verified_from=situation.verified_from(settings, now))
        refusals = [next(filter(None, (numbers.refusal(phone, child) for child in enrolled)), "") for phone in phones]
        if all(refusals):
            return Stop(State.CANCELLED, next(iter(refusals), Reason.MOVED))
    return None


def _typed(planned: PlannedMessage) -> Go:
    """Words that a person typed, approved by sending them."""
    return Go(planned.body, measure(planned.body).segments, planned.language, None, planned.facts, tuple(planned.student_ids))


def _plain(session: Session, planned: PlannedMessage, settings: Settings) -> Go | Stop:
    """A message without a count: its approved words, and what they say of names, school and a person's note."""
    words = messages.choose(
        session,
        planned.message,
        planned.channel,
        planned.family_language,
        default=settings.default_language,
        school_id=planned.school_id,
    )
    if words is None:
        return Stop(State.CANCELLED, Reason.NO_WORDS)
    try:
        text = compose.text(words.pair, plain_facts(session, planned, settings), words.tag)
    except _UNFIT as error:
        return Stop(State.CANCELLED, f"{Reason.WRONG_WORDS} ({error})")
    if not text.fits:
        return Stop(State.CANCELLED, _too_long(text))
    asks = {**planned.facts, **_menu(planned, settings)}
    return Go(text.body, text.segments, words.locale, words.approval_id, asks, tuple(planned.student_ids))


def _menu(planned: PlannedMessage, settings: Settings) -> Json:
    """What each digit means that the words ask for, kept with the row: it is how the answer is read."""
    found = menu(planned.message, planned.channel, settings.home)
    return {"menu": dict(found)} if found else {}


def _too_long(text: compose.Text) -> str:
    return f"{Reason.WRONG_WORDS} (with these names it takes {text.segments} segments)"


def _nudge(session: Session, planned: PlannedMessage, facts: Situation, now: datetime) -> Go | Stop:
    """A message with a count: who, what and whether, all anew."""
    settings = facts.settings
    last = attendance.last_attendance_at(session, planned.student_ids)
    if last is None or now - last > timedelta(days=settings.feed_fresh_days):
        return Stop(State.HELD, Reason.STALE)
    blocks = [facts.permissions.blocks.get((student_id, planned.contact_id), "") for student_id in planned.student_ids]
    standing = _standing(planned, CHECKS[MessageClass.NUDGE], facts.numbers.consents.get(planned.phone), blocks[0] if all(blocks) else "")
    if standing is not None:
        return standing
    items = _still_over(session, planned, facts)
    if not items:
        return Stop(State.CANCELLED, Reason.BELOW)
    household = facts.home_of(planned.contact_id)
    draft = _again(facts, planned, household, {item.student_id for item in items})
    mine = [item for item in items if item.student_id in draft.student_ids]
    if refusal := draft.refusal or _too_soon(session, planned, mine, queries.marks(household, planned.household), facts, now):
        return Stop(State.HELD if refusal in _MAY_PASS else State.SKIPPED, refusal)
    return _compose(session, planned, facts, draft, wording=_wording(session, planned, mine))


def _wording(session: Session, planned: PlannedMessage, items: Sequence[Waiting]) -> str:
    """The words of the highest crossing: those for a family that heard of a child of this message before, else the rule's own."""
    rule = max((item.rule for item in items), key=lambda rule: rule.rung)
    return rule.again if rule.again and queries.heard_before(session, planned) else rule.wording


def _too_soon(
    session: Session, planned: PlannedMessage, items: Sequence[Waiting], family: Collection[str], facts: Situation, now: datetime
) -> str:
    found = queries.rhythm(
        session,
        now,
        weekly_cap=facts.settings.weekly_nudge_cap,
        cool_down=queries.longest_cool_down(items),
        of=planned,
        family=family,
    )
    channel, today = Channel(planned.channel), facts.today(items[0].student_id)
    counts = {item.student_id: facts.counts[item.student_id].count for item in items}
    heard = doses.load(session, items, facts.settings, today, family=family)
    return found.refusal(frozenset(family), channel, items) or heard.refusal(family, channel, items, counts, today) or ""


def _compose(session: Session, planned: PlannedMessage, facts: Situation, draft: Draft, wording: str = "") -> Go | Stop:
    """The approved words with today's facts; *wording* where its words are approved in the family's language."""
    own = draft.adults[0]
    locale, _ = facts.locale(own.locale, own.language, draft.student_ids[0])
    words = messages.choose(
        session,
        planned.message,
        planned.channel,
        locale,
        default=facts.settings.default_language,
        wording=wording,
        school_id=facts.school_of(draft.student_ids[0]),
    )
    if words is None:
        return Stop(State.HELD, Reason.NO_WORDS)
    try:
        return _composed(facts, planned, draft, words)
    except _UNFIT as error:
        return Stop(State.HELD, f"{Reason.WRONG_WORDS} ({error})")


def _still_over(session: Session, planned: PlannedMessage, facts: Situation) -> list[Waiting]:
    """The open crossings of a message whose threshold today's count reaches, or may reach where days are unknown."""
    return [
        item
        for item in queries.open_episodes_of(session, planned.id)
        if item.rule.message == planned.facts.get("in_place_of", planned.message)
        and item.student_id in planned.student_ids
        and item.student_id not in facts.deceased
        and (item.student_id not in facts.counts or item.rule.may_meet(facts.counts[item.student_id].count))
    ]


def _again(facts: Situation, planned: PlannedMessage, household: Household | None, students: Collection[str]) -> Draft:
    """Decide anew whom this message may reach; a text that would go to another number, or a letter to another adult, does not go."""
    channel = Channel(planned.channel)
    if household is None:
        return Draft(planned.household, channel, tuple(sorted(students)), refusal=Reason.NO_CONTACT)
    found = list(drafts(facts, household, channel, students))
    same = [d for d in found if not d.refusal and d.adults[0].contact_id == planned.contact_id and d.phone == planned.phone]
    if same:
        return same[0]
    refused = next((d for d in found if d.refusal), None)
    return refused or Draft(household.key, channel, tuple(sorted(students)), refusal=Reason.MOVED)


def _composed(facts: Situation, planned: PlannedMessage, draft: Draft, words: Choice) -> Go | Stop:
    told = told_before(planned.facts)
    said = facts_of(facts, draft.student_ids, draft.adults, told)
    based_on = stored(facts, draft.student_ids, draft.adults, told) | _menu(planned, facts.settings)
    based_on |= {key: planned.facts[key] for key in ("corrects", "in_place_of") if key in planned.facts}
    if draft.channel == Channel.SMS:
        text = compose.text(words.pair, said, words.tag)
        if not text.fits:
            return Stop(State.HELD, _too_long(text))
        return Go(text.body, text.segments, words.locale, words.approval_id, based_on, draft.student_ids)
    return Go("", None, words.locale, words.approval_id, based_on, draft.student_ids, _letter(facts, planned, draft, words, said))


def _letter(facts: Situation, planned: PlannedMessage, draft: Draft, words: Choice, said: Facts) -> LetterContent:
    school = facts.schools.get(facts.school_of(draft.student_ids[0]))
    settings = facts.settings
    sender = postal.return_lines(
        settings.letter_return_lines, settings.district_name, school.name if school else "", school.address if school else ""
    )
    day = facts.today(draft.student_ids[0])
    return letter_content.build(
        words.pair, said, envelope(draft.adults), letter_id=letter_code(planned), sender=sender, day=day, tag=words.tag
    )
