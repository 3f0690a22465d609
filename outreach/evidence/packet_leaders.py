"""The papers that hold figures and no child: the principal's page, and the step back every six to nine weeks. Pure.

On the principal's page, which is shown around, a split by grade has no number below ten, nor one that would give one away, and there is
none by language; the paper of the step back is the team's own, and has them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from outreach.attendance.profiles import in_figures
from outreach.evidence.dashboard import Group
from outreach.evidence.packet import day, percent, points
from outreach.evidence.packet_figures import FEW, grades, heard_in_short, reaching, weeks, what_we_heard, where_we_stand
from outreach.evidence.packet_standing import AROUND, Desk, Period, Standing, Tried
from outreach.evidence.paper import Figure, Paper, Section, Table
from outreach.evidence.time_to_help import Waits
from outreach.messages.languages import languages

PAGE_FOOT = "Names no child. Splits leave out numbers below ten; whole-school numbers may be small: show it to staff, do not publish it."
STEP_BACK_FOOT = "Names no child, but small numbers may point at one: for this school’s team only, not to be published."
QUESTIONS = (
    "Which grade moved most, up or down, and what was different there?",
    "Which root cause do we hear most, and is there one answer for many families rather than one for each?",
    "What did we try that families say helped? Who else should get it?",
    "Whom do our messages not reach, in which language, and who could reach them?",
    "Where do families wait longest for help, and what would halve it?",
    "What do we stop doing, what do we keep, and what do we try in the next weeks? Who owns it?",
)
_NOT_PROOF = (
    "Counted are steps with ten school days on both sides. A step comes when it is worst, and what is at its worst often gets better by"
    " itself: these numbers say what happened next, not what a step did. The families’ own yes says more."
)
_WEEKS, _SOME_WEEKS = 10, 6


def one_pager(standing: Standing, desk: Desk, *, school: str, district: str, made: str) -> Paper:
    """The principal's page."""
    return Paper(
        title="One page for the principal",
        school=school,
        district=district,
        lines=(made,),
        foot=PAGE_FOOT,
        one_page=True,
        sections=(
            *where_we_stand(standing),
            *weeks(standing, _SOME_WEEKS),
            *grades(standing),
            _desk(desk),
            *reaching(standing),
            *heard_in_short(standing),
        ),
    )


def step_back(standing: Standing, period: Period, *, school: str, district: str, made: str) -> Paper:
    """What a team looks at every six to nine weeks."""
    span = f"{day(period.first, standing.today)} to {day(period.last, standing.today)}"
    return Paper(
        title="Step back",
        school=school,
        district=district,
        lines=(f"{span}. {made}", "For one hour, without single children: what do the figures say about how this school works?"),
        foot=STEP_BACK_FOOT,
        sections=(
            *where_we_stand(standing),
            *weeks(standing, _WEEKS),
            *_moved(standing, period),
            *_causes(period),
            *_helping(period),
            *_tried(period),
            *reaching(standing),
            *_languages(standing, period),
            *what_we_heard(standing),
            Section("Questions for the hour", points=QUESTIONS),
        ),
    )


def _desk(desk: Desk) -> Section:
    waits = desk.helped
    return Section(
        "The work",
        figures=(
            Figure(f"{desk.open_talks:,}", f"open conversations, in {desk.waiting:,} a family waits for us"),
            Figure(f"{desk.severe_without_step:,}", "miss 20 % or more and have no next step"),
            Figure(f"{desk.late:,}", "follow-ups overdue"),
            Figure(f"{desk.improving:,}", "of those at 10 % or more are improving"),
            Figure(f"{desk.never_reached:,}", "families at 10 % or more that nothing has reached"),
            Figure(f"{desk.silent:,}", "that were reached and never answered"),
            Figure(f"{waits.helped:,}", f"of {waits.heard:,} reasons heard this year: the family says it is better"),
            Figure(_days(waits), "from hearing a reason to the family’s yes, for half of those"),
        ),
    )


def _days(waits: Waits) -> str:
    return "–" if waits.median is None else f"{waits.median.total_seconds() / 86400:.1f} days"


def _moved(standing: Standing, period: Period) -> Iterable[Section]:
    if period.start is None or standing.now is None or standing.as_of is None:
        yield Section("What moved", words=("Nothing was kept of the first of these weeks, so nothing can be set against it yet.",))
        return
    on, group = period.start

    def row(name: str, now: Group, then: Group | None) -> tuple[str, ...]:
        rate = then.rate if then else None
        attendance = then.attendance if then else None
        return (name, f"{now.counted:,}", percent(rate), percent(now.rate), points(now.rate, rate), points(now.attendance, attendance))

    rows = [row("All", standing.now, group)]
    rows += [row(f"Grade {one.value}" if one.value else "not said", one, period.start_grades.get(one.value)) for one in standing.grades]
    head = (
        "Grade",
        "Children",
        f"At 10 %, {day(on, standing.today)}",
        f"At 10 %, {day(standing.as_of, standing.today)}",
        "Moved",
        "Attendance moved",
    )
    yield Section(
        "What moved, by grade",
        table=Table(head, tuple(rows), (1.1, 0.8, 1.2, 1.2, 1.1, 1.3), frozenset({1, 2, 3, 4, 5})),
        note="Shares since the year began rise slowly and fall slowly. A grade of twenty children moves five points with one child.",
    )


def _causes(period: Period) -> Iterable[Section]:
    if not period.helped_all.heard:
        yield Section("Why children miss school", words=("No reason was heard in these weeks. What keeps us from asking?",))
        return
    named = list(period.causes)
    rows = tuple(
        (day(begin, period.last), *(str(heard.get(cause, 0)) for cause in named), str(sum(heard.values())))
        for begin, heard in period.fortnights
    )
    total = ("All", *(str(sum(heard.get(cause, 0) for _, heard in period.fortnights)) for cause in named), str(period.helped_all.heard))
    yield Section(
        "Why children miss school: reasons heard",
        table=Table(
            ("Two weeks from", *period.causes.values(), "All"),
            (*rows, total),
            (1.8, *(1.2 for _ in named), 0.7),
            frozenset(range(1, len(named) + 2)),
        ),
        note="By root cause and never by reason, so nothing sealed can be read from it. The last row may hold a single week.",
    )


def _helping(period: Period) -> Iterable[Section]:
    if not period.helped_all.heard:
        return
    named = [
        ("All", period.helped_all),
        *((words, period.helped[cause]) for cause, words in period.causes.items() if cause in period.helped),
    ]
    rows = tuple((name, f"{w.heard:,}", f"{w.helped:,}", _days(w), f"{w.closed_without_yes:,}", f"{w.open:,}") for name, w in named)
    yield Section(
        "How long families wait for help",
        table=Table(
            ("Root cause", "Heard", "Family said yes", "Half within", "Closed without a yes", "Still open"),
            rows,
            (1.8, 0.7, 1.1, 1, 1.3, 0.9),
            frozenset({1, 2, 3, 4, 5}),
        ),
        note="From the day a reason was heard to the family’s own yes that it is better, for reasons heard in these weeks.",
    )


def _tried(period: Period) -> Iterable[Section]:
    if not period.tried:
        yield Section("What we tried", words=("No step was written down as done in these weeks.",))
        return

    def row(one: Tried) -> tuple[str, ...]:
        yes = f"{one.yes:,} of {one.against:,}" if one.against else "–"
        days = (in_figures(one.before), in_figures(one.after)) if one.children else ("–", "–")
        return (one.kind, f"{one.done:,}", yes, f"{one.children:,}", *days)

    head = (
        "Step",
        "Done",
        "Family says it is better",
        "Children counted",
        f"Days missed, {AROUND} school days before",
        f"{AROUND} school days after",
    )
    yield Section(
        "What we tried, and what attendance did next",
        table=Table(head, tuple(map(row, period.tried)), (1.7, 0.6, 1.2, 0.9, 1.4, 1.1), frozenset({1, 2, 3, 4, 5})),
        note=_NOT_PROOF,
    )


def _languages(standing: Standing, period: Period) -> Iterable[Section]:
    if not standing.reach:
        return

    def name(locale: str) -> str:
        return languages()[locale].english if locale in languages() else locale or "not known"

    def within(wait: timedelta | None) -> str:
        return FEW if wait is None else f"{wait.total_seconds() / 3600:.1f} hours"

    rows = tuple(
        (
            name(row.language),
            f"{row.households:,}",
            f"{row.told:,}",
            f"{row.delivered:,}",
            f"{row.answered:,}",
            within(period.answers[row.language]) if row.language in period.answers else "–",
        )
        for row in sorted(standing.reach, key=lambda row: -row.households)
    )
    yield Section(
        "By language",
        table=Table(
            ("Language", "Families to tell", "Told", "Delivered", "Wrote back", "Half of our answers within"),
            rows,
            (1.4, 1, 0.8, 0.9, 0.9, 1.4),
            frozenset({1, 2, 3, 4, 5}),
        ),
        note="Families of this school year; answers of these weeks, where there were ten or more.",
    )
