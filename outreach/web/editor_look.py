"""What an editor sees beside the words: what is wrong with them, how a family reads them, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.district.tables import Contact, Enrolment, School, Student, StudentContact
from outreach.messages import compose, families, queries
from outreach.messages.advice import Advice, advise
from outreach.messages.check import problems_of
from outreach.messages.chips import explained
from outreach.messages.compose import Facts, Pair, Text
from outreach.messages.languages import DEFAULT, languages
from outreach.messages.letter_text import Block, LetterTextError, filled
from outreach.messages.placeholders import MissingValueError, TemplateError
from outreach.messages.queries import Choice
from outreach.messages.segments import outside_gsm
from outreach.messages.templates import Source
from outreach.planning import situation
from outreach.planning.facts import facts_of
from outreach.planning.nudges import drafts
from outreach.planning.states import Channel
from outreach.settings import Settings
from outreach.staff.queries import SignedIn
from outreach.thresholds.tables import Episode
from outreach.web import people

_UNFIT = (TemplateError, MissingValueError, LetterTextError)
_LONG_NAMES = 200
"""How many of the longest names are looked through for one whose letters make a text dear."""
_LATEST = 40
"""How many crossings are looked through for a real family to show."""


@dataclass(frozen=True)
class Reading:
    """Words as a family of one language reads them."""

    locale: str
    words_in: str
    """The language they are in: the family's, or English where its own are not approved."""
    current: bool
    """They are of the English as it stands, not of an earlier one."""
    text: Text | None = None
    blocks: tuple[Block, ...] = ()
    signature: tuple[str, ...] = ()
    missing: str = ""
    """Why it cannot be shown."""
    adults: int = 0


@dataclass(frozen=True)
class Look:
    """Everything beside the words."""

    refuses: tuple[str, ...]
    advice: Advice
    english: Reading | None
    """None where the words cannot be read."""
    longest: Text | None = None
    """A text with the longest real names of the district."""


def look(session: Session, source: Source, template: str, facts: Facts) -> Look:
    """Look at the English words *template* as the family of *facts* would read them."""
    advice = advise(source, template)
    if advice.too_long:
        return Look(advice.refuses, advice, None)
    pair = Pair(source.message, source.channel, DEFAULT, template, template)
    faults = tuple(explained(problem.sentence) for problem in problems_of(source, pair))
    english = reading(pair, facts, DEFAULT, current=True)
    return Look((*faults, *advice.refuses), advice, english, _longest(session, pair, facts))


def reading(pair: Pair, facts: Facts, locale: str, *, current: bool, tag: Pair | None = None, adults: int = 0) -> Reading:
    """Fill *pair* for the family of *facts*, whose language is *locale*."""
    try:
        if pair.channel == Channel.LETTER:
            each = [compose.child_values(child, pair.locale, year=True) for child in facts.children]
            blocks = filled(pair.translation, compose.values(facts, pair.locale, year=True), each)
            signature = tuple(filter(None, (facts.signer, facts.school, facts.district, facts.school_phone)))
            return Reading(locale, pair.locale, current, blocks=blocks, signature=signature, adults=adults)
        return Reading(locale, pair.locale, current, text=compose.text(pair, facts, tag), adults=adults)
    except _UNFIT as error:
        return Reading(locale, pair.locale, current, missing=explained(f"{error}."), adults=adults)


def readings(session: Session, source: Source, template: str, settings: Settings, school_id: str) -> Iterator[Reading]:
    """What families of each language read while these English words stand, each as a made-up family of that language."""
    adults = spoken(session, school_id)
    for locale in languages():
        facts = made_up(session, locale, settings, school_id)
        if locale == DEFAULT:
            yield _in_english(source, template, facts, locale, None, adults.get(locale, 0))
            continue
        found = queries.choose(session, source.message, source.channel, locale, school_id=school_id)
        if found is not None and not found.fallback:
            current = found.pair.source == template
            yield reading(found.pair, facts, locale, current=current, adults=adults.get(locale, 0))
        else:
            yield _in_english(source, template, facts, locale, found, adults.get(locale, 0))


def _in_english(source: Source, template: str, facts: Facts, locale: str, found: Choice | None, adults: int) -> Reading:
    pair = Pair(source.message, source.channel, DEFAULT, template, template)
    return reading(pair, facts, locale, current=True, tag=found.tag if found else None, adults=adults)


def made_up(session: Session, locale: str, settings: Settings, school_id: str) -> Facts:
    """A made-up family of that language, at the real school whose copy it is."""
    school = session.scalars(select(School).where(School.school_id == school_id).limit(1)).first() if school_id else None
    named = {"school": school.name, "school_phone": school.phone or settings.district_phone} if school else {}
    return families.made_up(locale, district=settings.district_name, **{name: value for name, value in named.items() if value})


def real(session: Session, known: SignedIn, settings: Settings, school_id: str, channel: str, now: datetime) -> Facts | None:
    """The facts of the family that crossed a threshold last and may be written to, among those *known* may see; None without one."""
    newest = session.scalars(select(Episode.student_id).order_by(Episode.id.desc()).limit(_LATEST)).all()
    schools = frozenset({school_id}) if school_id else known.schools
    seen = people.children(session, newest, schools)
    for student_id in (child for child in dict.fromkeys(newest) if child in seen):
        facts = situation.load(session, [student_id], settings=settings, now=now)
        for home in facts.homes(student_id):
            for draft in drafts(facts, home, Channel.LETTER if channel == Channel.LETTER else Channel.SMS, {student_id}):
                if not draft.refusal:
                    return facts_of(facts, draft.student_ids, draft.adults)
    return None


def spoken(session: Session, school_id: str) -> Mapping[str, int]:
    """Locale → adults who are written to in it, in the district or of one school's children."""
    rows = select(Contact.locale, func.count(Contact.contact_id.distinct())).group_by(Contact.locale)
    if school_id:
        rows = (
            rows.join(StudentContact, StudentContact.contact_id == Contact.contact_id)
            .join(Enrolment, Enrolment.student_id == StudentContact.student_id)
            .where(Enrolment.school_id == school_id)
        )
    return dict(session.execute(rows).all())


def price_of(found: Reading, settings: Settings) -> Decimal | None:
    """What one such message costs; None where it cannot be made."""
    if found.text is not None:
        return settings.segment_price * found.text.segments
    return settings.letter_price if found.blocks else None


def _longest(session: Session, pair: Pair, facts: Facts) -> Text | None:
    """The dearest text that the district's real names make."""
    if pair.channel != Channel.SMS:
        return None
    school = session.scalar(select(School.name).order_by(func.length(School.name).desc()).limit(1)) or ""
    children = _names(session)
    accented = [name for name in children if outside_gsm(name)]
    found = []
    for child in (*children[:1], *accented[:1]):
        try:
            found.append(compose.text(pair, families.with_longest(facts, child=child, school=school)))
        except _UNFIT:
            return None
    return max(found, key=lambda text: text.segments, default=None)


def _names(session: Session) -> Sequence[str]:
    called = func.coalesce(func.nullif(Student.preferred_name, ""), Student.first_name)
    return session.scalars(select(called).order_by(func.length(called).desc()).limit(_LONG_NAMES)).all()
