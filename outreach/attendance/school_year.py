"""Everything about schools that counting a school year needs: settings, calendars, silence. Loaded once, used for many children."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attendance import overlays
from outreach.attendance.calendars import (
    Event,
    Said,
    SchoolCalendar,
    chain,
    from_events,
    from_marks,
    nearest,
    opened_and_closed,
    silent_days,
    submissions,
)
from outreach.attendance.counting import Stay
from outreach.attendance.source_settings import SourceSettings
from outreach.attendance.tables import FeedImport, FeedSource, Mark, ReportedDay
from outreach.attendance.verdicts import Verdict
from outreach.attendance.versions import known_after, tables_of
from outreach.attendance.years import end_of_year, start_of_year
from outreach.district.overlays import version
from outreach.district.queries import slices
from outreach.district.tables import CalendarEvent, Enrolment, School, SectionPlace

NO_MEMBERSHIP = frozenset({"no show", "invalid enrollment"})
"""Exit types of a stay that never was."""
_DEFAULTS = SourceSettings(name="none")
_KNOWN = "school year"
_Span = tuple[str, date, date]
"""An organisation and the first and last day of a school year."""


def stay_of(entry: date, leaving: date | None, exit_type: str, settings: SourceSettings) -> Stay | None:
    """The dates an enrolment covers, by its source's rules; None where it gives no membership.

    An open one ends with the school year it began in; a closed one counts in every year it touches.
    """
    if exit_type.strip().casefold() in NO_MEMBERSHIP:
        return None
    if leaving is None:
        last = end_of_year(entry, settings.school_year_start)
    else:
        last = leaving if settings.exit_day == "inclusive" else leaving - timedelta(days=1)
    return Stay(entry, last) if entry <= last else None


class SchoolYear:
    """The school year around *as_of*, school by school; what it reads it keeps, so make a new one for new facts.

    ``of`` gives the one that this transaction has read already: a thousand letters of one batch share one calendar.
    """

    @classmethod
    def of(cls, session: Session, as_of: date) -> SchoolYear:
        """The year as this transaction has read it, or reads it now; after another import or overlay it is another year."""
        key = (as_of, session.scalar(select(func.max(FeedImport.id))), version(session))
        known: tuple[object, SchoolYear] | None = session.info.get(_KNOWN)
        if known is None or known[0] != key:
            known = session.info[_KNOWN] = (key, cls(session, as_of))
        return known[1]

    def __init__(self, session: Session, as_of: date, variation: Mapping[str, str] | None = None, *, known_at: int | None = None) -> None:
        """Read the sources, with some settings varied everywhere; schools are read when they are asked for.

        *known_at* takes the marks as they were after that import, and what follows from them; all else is as it is now.
        """
        self.as_of = as_of
        self.known_at = known_at
        self._session = session
        self._overlays = overlays.read(session)
        self.merged = self._overlays.merged
        self._sources = {
            row.name: (
                overlays.with_codes(SourceSettings.model_validate(row.settings), self._overlays.codes).varied(variation or {}),
                row.files,
            )
            for row in session.scalars(select(FeedSource).order_by(FeedSource.name))
        }
        self._telling = [name for name, (_, files) in self._sources.items() if "attendance" in files]
        self.has_schedules = session.scalar(select(SectionPlace.id).limit(1)) is not None
        self._parents = {row.school_id: row.parent_id for row in session.execute(select(School.school_id, School.parent_id))}
        self._settings: dict[str, SourceSettings] = {}
        self._at: dict[tuple[str, str], SourceSettings] = {}
        self._own_events: dict[_Span, dict[date, Sequence[Event]]] = {}
        self._events: dict[tuple[_Span, ...], dict[date, Sequence[Event]]] = {}
        self._plain: dict[tuple[object, ...], SchoolCalendar] = {}
        self._reported: dict[str, frozenset[date]] = {}
        self._calendars: dict[tuple[str, str, str], SchoolCalendar] = {}
        self._silent: dict[str, dict[date, str]] = {}

    def source(self, name: str) -> SourceSettings:
        """The settings of one source."""
        return self._sources[name][0] if name in self._sources else _DEFAULTS

    def source_at(self, name: str, school_id: str) -> SourceSettings:
        """The settings of one source as they hold at one school."""
        if (name, school_id) not in self._at:
            self._at[name, school_id] = self.source(name).at(school_id)
        return self._at[name, school_id]

    def settings(self, school_id: str) -> SourceSettings:
        """The settings that hold for attendance at a school: those of the source that reports it."""
        if school_id not in self._settings:
            names = self._telling or list(self._sources)
            if len(names) > 1:
                reporting = select(Mark.source).where(Mark.school_id == school_id, Mark.source.in_(names)).order_by(Mark.source).limit(1)
                names = [self._session.scalar(reporting) or names[0]]
            self._settings[school_id] = self.source(names[0]).at(school_id) if names else _DEFAULTS
        return self._settings[school_id]

    @property
    def marks_from(self) -> date:
        """No mark before this date can belong to a school year that holds ``as_of``."""
        return date(self.as_of.year - 1, 1, 1)

    def start(self, school_id: str) -> date:
        """The first day of the school year at a school."""
        return start_of_year(self.as_of, self.settings(school_id).school_year_start)

    def end(self, school_id: str) -> date:
        """The last day of the school year at a school."""
        return end_of_year(self.as_of, self.settings(school_id).school_year_start)

    def calendar(self, school_id: str, track: str, grade: str) -> SchoolCalendar:
        """The calendar of the year for children of one track and grade, with the days on which nobody can know."""
        key = (school_id, track, grade)
        if key not in self._calendars:
            settings, said = self.settings(school_id), self.said(school_id)
            if settings.calendar == "from-events":
                plain = from_marks(day for day in self.reported(school_id) if self.start(school_id) <= day <= self.end(school_id))
            else:
                plain = self._of_events(school_id, track, grade)
            plain = opened_and_closed(plain, said)
            affirmative = settings.reporting == "affirmative"
            submitted, missing = submissions(said)
            silent = {} if affirmative else {day: why for day, why in self.silent(school_id).items() if day not in submitted}
            own = affirmative or silent or missing or submitted
            unknown = {**silent, **missing, **plain.unknown}
            self._calendars[key] = replace(plain, affirmative=affirmative, unknown=unknown, submitted=submitted) if own else plain
        return self._calendars[key]

    def _of_events(self, school_id: str, track: str = "", grade: str = "") -> SchoolCalendar:
        """What the events alone say; schools, tracks and grades of which the same events speak share one calendar."""
        telling, meanings = self._telling_events(school_id), self.settings(school_id).events
        events = self.events(school_id)
        track = track if any(event.track for told in events.values() for event in told) else ""
        grade = grade if any(event.grades for told in events.values() for event in told) else ""
        key = (telling, track, grade, *sorted(meanings.items()))
        if key not in self._plain:
            self._plain[key] = from_events(events, meanings, track=track, grade=grade)
        return self._plain[key]

    def open_between(self, school_ids: Collection[str] | None, first: date, last: date) -> frozenset[date] | None:
        """The dates from *first* to *last* on which any of some schools (None: all) has school; None where none of them has a calendar.

        These dates alone are read, for all schools at once: a page asks for a week, and a district has hundreds of calendars.
        """
        schools = self._every_school() if school_ids is None else school_ids
        own: defaultdict[str, defaultdict[date, list[Event]]] = defaultdict(lambda: defaultdict(list))
        marked: defaultdict[str, set[date]] = defaultdict(set)
        known = False
        row = CalendarEvent
        for some in slices({one for school in schools for one in chain(school, self._parents)}):
            here = row.school_id.in_(some)
            week = select(row.school_id, row.date, row.event, row.minutes, row.track, row.grades).where(here, row.date.between(first, last))
            for event in self._session.execute(week):
                own[event.school_id][event.date].append(Event(*event[1:]))
            reported = select(ReportedDay.school_id, ReportedDay.date).where(ReportedDay.school_id.in_(some))
            for school, day in self._session.execute(reported.where(ReportedDay.date.between(first, last))):
                marked[school].add(day)
            known = known or self._session.scalar(select(row.id).where(here, row.date >= self.marks_from).limit(1)) is not None
        found = set[date]()
        for school in schools:
            settings = self.settings(school)
            told = nearest(own, chain(school, self._parents))
            plain = from_marks(marked[school]) if settings.calendar == "from-events" else from_events(told, settings.events)
            known = known or plain.known
            found |= {day for day in opened_and_closed(plain, self.said(school)).days if first <= day <= last}
        return frozenset(found) if known else None

    def _every_school(self) -> list[str]:
        """All organisations that are above no other; without a list of schools those that have a calendar."""
        below = sorted(self._parents.keys() - set(self._parents.values()))
        return below or list(self._session.scalars(select(CalendarEvent.school_id).distinct()))

    def said(self, school_id: str) -> dict[date, frozenset[Said]]:
        """What people here said of the year's dates at a school."""
        found = self._overlays.said(chain(school_id, self._parents))
        return {day: words for day, words in found.items() if self.start(school_id) <= day <= self.end(school_id)}

    def settled(self, student_id: str, school_id: str) -> Mapping[date, Verdict]:
        """The days of a child at a school that a person settled."""
        return self._overlays.settled.get((student_id, school_id), {})

    def settled_students(self) -> set[str]:
        """The ids of children of whom a person settled a day or merged two ids: their rows alone do not tell their count."""
        return set(self.merged.ids({*(student_id for student_id, _school_id in self._overlays.settled), *self.merged.kept}))

    def reported(self, school_id: str) -> frozenset[date]:
        """The dates on which the school sent any mark."""
        if school_id not in self._reported:
            rows = self._session.scalars(select(ReportedDay.date).where(ReportedDay.school_id == school_id))
            self._reported[school_id] = frozenset(rows if self.known_at is None else self._reported_then(school_id, self.known_at))
        return self._reported[school_id]

    def expect(self, school_ids: Collection[str]) -> None:
        """Read at once what the calendars of many schools rest on, instead of school by school."""
        if self.known_at is None:
            for some in slices(set(school_ids) - self._reported.keys()):
                found = defaultdict[str, set[date]](set)
                rows = self._session.execute(select(ReportedDay.school_id, ReportedDay.date).where(ReportedDay.school_id.in_(some)))
                for school_id, day in rows:
                    found[school_id].add(day)
                self._reported.update({school_id: frozenset(found[school_id]) for school_id in some})

    def _reported_then(self, school_id: str, import_id: int) -> Iterator[date]:
        """The dates with a mark that was known after an import; this looks through all marks, so it is for a person's question."""
        for table in tables_of(import_id):
            mine = select(table.date).where(table.school_id == school_id, *known_after(table, import_id)).distinct()
            yield from self._session.scalars(mine)

    def events(self, school_id: str) -> dict[date, Sequence[Event]]:
        """The year's events of a school, date by date from the nearest organisation."""
        telling = self._telling_events(school_id)
        if telling not in self._events:
            found = {span[0]: self._events_of(span) for span in telling}
            self._events[telling] = nearest(found, list(found))
        return self._events[telling]

    def _telling_events(self, school_id: str) -> tuple[_Span, ...]:
        """The school and the organisations above it as far as they have events in its school year, the nearest first."""
        first, last = self.start(school_id), self.end(school_id)
        spans = ((organisation, first, last) for organisation in chain(school_id, self._parents))
        return tuple(span for span in spans if self._events_of(span))

    def _events_of(self, span: _Span) -> dict[date, Sequence[Event]]:
        if span not in self._own_events:
            organisation, first, last = span
            columns = (CalendarEvent.date, CalendarEvent.event, CalendarEvent.minutes, CalendarEvent.track, CalendarEvent.grades)
            mine = select(*columns, CalendarEvent.cycle_day).where(CalendarEvent.school_id == organisation)
            found: defaultdict[date, list[Event]] = defaultdict(list)
            for row in self._session.execute(mine.where(CalendarEvent.date.between(first, last))):
                found[row.date].append(Event(*row))
            self._own_events[span] = dict(found)
        return self._own_events[span]

    def silent(self, school_id: str) -> dict[date, str]:
        """The days on which an exceptions-only school was silent for too long; what came later is known now."""
        if school_id not in self._silent:
            reported = self.reported(school_id)
            whole = opened_and_closed(self._of_events(school_id), self.said(school_id))
            horizon = max([self.as_of, *(day for day in reported if self.start(school_id) <= day <= self.end(school_id))])
            days = [day for day in whole.days if day <= horizon]
            self._silent[school_id] = silent_days(days, reported, lambda day: self._enrolled(school_id, day))
        return self._silent[school_id]

    def _enrolled(self, school_id: str, day: date) -> int:
        rows = self._session.scalars(select(Enrolment).where(Enrolment.school_id == school_id, Enrolment.entry_date <= day))
        children = set()
        for row in rows:
            stay = stay_of(row.entry_date, row.exit_date, row.exit_type, self.source_at(row.source, school_id))
            if stay is not None and stay.last >= day:
                children.add(self.merged.of(row.student_id))
        return len(children)
