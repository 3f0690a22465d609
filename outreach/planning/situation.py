"""What is true now about some children and their families: read once for a night's plan, and again for each release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from sqlalchemy.orm import Session

from outreach.attendance import queries as attendance
from outreach.attendance import sis_differences
from outreach.attendance.deceased import deceased
from outreach.attendance.queries import StudentCount
from outreach.clock import local_date
from outreach.consent import queries as consent
from outreach.district import queries as district
from outreach.district.households import Household, households
from outreach.district.people import ADULT, age
from outreach.district.tables import School, Student
from outreach.planning import brakes, peace
from outreach.planning.brakes import Brakes
from outreach.planning.reasons import Reason
from outreach.planning.recipients import Numbers, Permissions
from outreach.planning.shared_numbers import unconfirmed
from outreach.planning.signers import signers
from outreach.planning.window import Window, for_number
from outreach.settings import Settings
from outreach.thresholds.counts import counts_to_tell


@dataclass(frozen=True)
class Situation:
    """Children, counts, families, permissions and consents at one moment."""

    settings: Settings
    now: datetime
    students: Mapping[str, Student]
    counts: Mapping[str, StudentCount]
    until: Mapping[str, date]
    """Child → the last day its count holds."""
    enrolled: Mapping[str, list[str]]
    """Child → schools it attends today, the primary one first."""
    deceased: Collection[str]
    sis_differs: Collection[str]
    """Children whom the student information system counts otherwise."""
    schools: Mapping[str, School]
    households: tuple[Household, ...]
    permissions: Permissions
    numbers: Numbers
    signers: Mapping[str, str]
    """Child → who signs what is said of it, where somebody is named."""
    brakes: Brakes
    left_in_peace: Collection[str] = ()
    """Children whose families a person asked to leave in peace."""
    closed: Mapping[str, frozenset[date]] = field(default_factory=dict)
    """School → the coming dates on which it is closed; read for a release only."""

    def refusal(self, student_id: str) -> str:
        """Why no number may be told about a child; empty where it may."""
        if standing := self.standing(student_id):
            return standing
        counted = self.counts[student_id]
        if counted.count.unknown or not counted.count.calendar_known:
            return Reason.UNKNOWN_COUNT
        if student_id in self.sis_differs:
            return Reason.SIS_DIFFERS
        if counted.held_code:
            return Reason.HELD_CODE
        return Reason.SUSPENDED if counted.count.suspended and 2 * counted.count.suspended >= counted.count.absent else ""

    def quiet(self, student_id: str) -> str:
        """Why nothing is begun with a child's family for a while, whatever is known; empty where it may be."""
        return Reason.LEFT_IN_PEACE if student_id in self.left_in_peace else ""

    def standing(self, student_id: str) -> str:
        """Why nobody may be told anything of a child, with or without a number; empty where somebody may."""
        student = self.students.get(student_id)
        if student_id in self.deceased:
            return Reason.DECEASED
        if student is None or student.gone_import_id is not None or not self.enrolled.get(student_id) or student_id not in self.counts:
            return Reason.LEFT_SCHOOL
        if self.settings.adult_students == "hold" and student.birth_date and age(student.birth_date, self.today(student_id)) >= ADULT:
            return Reason.ADULT_STUDENT
        return ""

    def last_day(self, student_id: str) -> date:
        """The last day that a child's count holds."""
        return self.until[student_id]

    def today(self, student_id: str) -> date:
        """The date that it is at a child's school."""
        return local_date(self.now, zone_of(self.schools.get(self.school_of(student_id)), self.settings))

    def school_of(self, student_id: str) -> str:
        """The school a child attends, else the last it attended this year; empty where none."""
        counted = self.counts.get(student_id)
        return next(iter((*self.enrolled.get(student_id, ()), *(counted.schools if counted else ()))), "")

    def homes(self, student_id: str) -> list[Household]:
        """The households a child belongs to."""
        return self._homes.get(student_id, [])

    def household(self, key: str) -> Household | None:
        """The household of that key."""
        return self._by_key.get(key)

    def home_of(self, contact_id: str) -> Household | None:
        """The household that an adult belongs to."""
        return self._by_contact.get(contact_id)

    @cached_property
    def _by_contact(self) -> Mapping[str, Household]:
        return {adult.contact_id: household for household in self.households for adult in household.adults}

    @cached_property
    def _homes(self) -> Mapping[str, list[Household]]:
        found: defaultdict[str, list[Household]] = defaultdict(list)
        for household in self.households:
            for student_id in household.student_ids:
                found[student_id].append(household)
        return found

    @cached_property
    def _by_key(self) -> Mapping[str, Household]:
        return {household.key: household for household in self.households}

    def locale(self, own: str, own_name: str, student_id: str) -> tuple[str, str]:
        """The locale to write in and the family's language by name: the adult's own, else the child's home language, else the default."""
        if own or own_name:
            return own, own or own_name
        student = self.students.get(student_id)
        if student and student.home_language:
            return student.home_locale, student.home_locale or student.home_language
        return self.settings.default_language, self.settings.default_language


def window_of(school: School | None, settings: Settings, phone: str = "", closed: Collection[date] = frozenset()) -> Window:
    """When texts may leave for a school's families, but not on *closed* dates; to one of them on *phone*, not in its quiet hours either."""
    window = Window(settings.quiet_end, settings.quiet_start, settings.send_days, zone_of(school, settings), closed=closed)
    return for_number(window, phone)


def zone_of(school: School | None, settings: Settings) -> str:
    """The IANA zone that a school lives by."""
    return (school.timezone if school else "") or settings.zone


def load(session: Session, student_ids: Collection[str], *, settings: Settings, now: datetime) -> Situation:
    """Read everything about *student_ids* and their families; a child's today is that of its school."""
    adults = district.load_families(session, student_ids)
    family = {link.student_id for adult in adults for link in adult.links} | set(student_ids)
    phones = [phone.e164 for adult in adults for phone in adult.phones if phone.e164]
    counts = counts_to_tell(session, now, settings.zone, set(student_ids))
    attended = {school for schools in counts.enrolled.values() for school in schools}
    attended |= {school for counted in counts.by_student.values() for school in counted.schools}
    return Situation(
        settings=settings,
        now=now,
        students=district.students(session, student_ids),
        counts=counts.by_student,
        until=counts.until,
        enrolled=counts.enrolled,
        deceased=deceased(session, student_ids),
        sis_differs=sis_differences.held(session, student_ids),
        schools=district.schools(session, attended),
        households=tuple(households(adults)),
        permissions=Permissions(
            consent.blocks(session, family),
            settings.contacts_living_elsewhere,
            consent.without_letters(session),
            consent.protected(session),
        ),
        numbers=replace(
            numbers(session, phones, counts.enrolled), shared=unconfirmed(session, phones), verified_from=verified_from(settings, now)
        ),
        signers=signers(session, counts.enrolled),
        brakes=brakes.standing(session),
        left_in_peace=peace.held(session, student_ids, local_date(now, settings.zone)),
    )


def verified_from(settings: Settings, now: datetime) -> date | None:
    """The day from which on a feed's verification of a number still counts; None where it never grows old."""
    return local_date(now, settings.zone) - timedelta(days=settings.reverify_after_days) if settings.reverify_after_days else None


def numbers(session: Session, phones: Collection[str], enrolled: Mapping[str, Collection[str]]) -> Numbers:
    """What decides whether *phones* may be texted about children who attend the schools in *enrolled*."""
    return Numbers(consent.states(session, phones), attendance.trusted_sources(session, enrolled))
