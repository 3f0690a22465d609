"""Shapes the packet of a team's meeting: page one, then the lists, one row per child. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from outreach.attendance.profiles import in_figures
from outreach.cases.barrier_words import LAYERS
from outreach.cases.help_states import Layer
from outreach.evidence import packet_figures
from outreach.evidence.packet import Child, Late, Offered, Talk, Team, called, contact, day, many, missed
from outreach.evidence.packet_standing import Standing
from outreach.evidence.paper import Figure, Paper, Section, Table

FOOT = "Names children: for this school’s team only. Shred it after the meeting; what is decided goes into each child’s conversation."
_HEAD = ("Child", "Missed", "Reasons known", "Owner", "Next step", "Last contact", "Decided today")
_WIDTHS = (1.7, 1.5, 1.4, 1.0, 1.4, 1.2, 1.6)
_NOBODY = "nobody"
_LAYERS: Sequence[Layer | None] = (*Layer, None)
_NO_LAYER = "no step yet"
_One = TypeVar("_One", Talk, Late, Offered)


def paper(team: Team, standing: Standing, *, school: str, district: str, made: str) -> Paper:
    """The packet; *made* says by whom and when."""
    lists = list(_lists(team))
    pages = [one for one in lists if one.table is not None]
    if pages:
        pages[0] = replace(pages[0], new_page=True)
    return Paper(
        title="Team meeting",
        school=school,
        district=district,
        lines=(made, _since(team)),
        foot=FOOT,
        sections=(
            *packet_figures.standing_in_short(standing),
            *packet_figures.heard_in_short(standing),
            _news(team),
            *packet_figures.reaching(standing),
            _contents(lists, team),
            *pages,
        ),
        wide=True,
    )


def _since(team: Team) -> str:
    if team.before is None:
        return "The first packet of this school: everybody who misses a tenth of the days or more is new in it."
    return f"“New” is what changed since the packet of {day(team.before.on, team.today)}."


def _news(team: Team) -> Section:
    since = f"since {day(team.before.on, team.today)}" if team.before else "in the last 14 days"
    severe = sum(child.count.tier == "severe" for child in team.new)
    words = f"newly at 10 % or more, of them {severe} newly at 20 % or more"
    if team.before is None:
        words = f"at 10 % or more today, of them {severe} at 20 % or more"
    return Section(
        f"What happened {since}",
        figures=(
            Figure(str(len(team.new)), words),
            *([Figure(str(len(team.better)), "of the last packet miss less than 10 % now")] if team.before else ()),
            Figure(str(team.work.opened), f"conversations opened, {many(team.work.steps_done, 'step', 'steps')} done"),
            Figure(str(team.work.said_better), f"families say it is better, {many(team.work.accepted, 'referral', 'referrals')} accepted"),
        ),
    )


def _contents(lists: Sequence[Section], team: Team) -> Section:
    rows = tuple((one.heading, str(len(one.table.rows)) if one.table else "none") for one in lists)
    half = -(-len(rows) // 2)
    beside = [*rows[half:], *(("", "") for _ in range(2 * half - len(rows)))]
    note = "Each list has a row for a child; a child may stand in several. Days missed are days of any kind, excused or not."
    if team.elsewhere:
        left = many(team.elsewhere, "open conversation is", "open conversations are")
        note += f" {left} about nobody who is enrolled here today: see the inbox."
    return Section(
        "In this packet",
        table=Table(("List", "Rows", "List", "Rows"), tuple((*a, *b) for a, b in zip(rows[:half], beside, strict=True)), (3, 0.8, 3, 0.8)),
        note=note,
    )


def _lists(team: Team) -> Iterable[Section]:
    """Every list, empty ones without a table."""
    yield _children("New at 10 % or 20 %", team.new, team, "A tier is new for a child who was not at it in the packet before.")
    yield _children("20 % or more, and no next step", team.severe_without_step, team)
    yield _improving(team)
    yield _better(team)
    yield _unheard(team)
    for layer in _LAYERS:
        name = LAYERS[layer] if layer else _NO_LAYER
        yield _talks(f"Open conversations: {name.lower()}", [talk for talk in team.talks if talk.layer is layer], team)
    yield _late(team.late, team)
    yield _offered(team.offered, team)
    yield _shared(team)


def _children(heading: str, children: Sequence[Child], team: Team, note: str = "") -> Section:
    rows = tuple(
        (
            called(child),
            missed(child, team.today),
            _reasons(child.talk),
            _owner(child.talk),
            _next(child, team),
            contact(child, team.today),
            _quiet(child, team),
        )
        for child in children
    )
    return Section(heading, table=_table(_HEAD, rows, _WIDTHS), note=note if rows else "")


def _improving(team: Team) -> Section:
    def lately(child: Child) -> str:
        last, before = child.lately or (0, 0)
        return f"{in_figures(last)} of the last 20 school days; {in_figures(before)} of the 20 before"

    rows = tuple(
        (called(child), missed(child, team.today), lately(child), _owner(child.talk), _quiet(child, team)) for child in team.improving
    )
    head = ("Child", "Missed", "Lately", "Owner", "Who tells the family")
    return Section("Improving", table=_table(head, rows, (1.7, 1.6, 2.2, 1.0, 1.6)), note=_CELEBRATE if rows else "")


_CELEBRATE = "Tell them: somebody noticed. A child at its worst often gets better by itself, so this proves nothing about what was tried."


def _better(team: Team) -> Section:
    rows = tuple((called(child), missed(child, team.today), _owner(child.talk), "") for child in team.better)
    head = ("Child", "Missed", "Owner", "Who tells the family")
    return Section("No longer at 10 %", table=_table(head, rows, (1.7, 1.6, 1.2, 2)))


def _unheard(team: Team) -> Section:
    rows = tuple(
        (
            called(child),
            missed(child, team.today),
            "arrived, no answer" if child.reached else "nothing has arrived",
            contact(child, team.today),
            "; ".join(child.knows) or "nobody is named",
            _owner(child.talk),
            _quiet(child, team),
        )
        for child in sorted(team.no_answer, key=lambda child: child.reached)
    )
    head = ("Child", "Missed", "Messages", "Last contact", "Knows the child", "Owner", "Decided today")
    return Section("Not reached, or no answer", table=_table(head, rows, (1.7, 1.5, 1.1, 1.3, 1.5, 1.0, 1.6)))


def _talks(heading: str, talks: Sequence[Talk], team: Team) -> Section:
    def decided(talk: Talk) -> str:
        return f"{talk.last.what}, {day(talk.last.on, team.today)}" if talk.last else "nothing yet"

    def row(talk: Talk, child: Child) -> tuple[str, ...]:
        return (
            called(child),
            missed(child, team.today),
            _reasons(talk),
            _owner(talk),
            _step(talk, team),
            decided(talk),
            _quiet(child, team),
        )

    head = ("Child", "Missed", "Reasons known", "Owner", "Next step", "Decided last", "Decided today")
    return Section(heading, table=_table(head, _rows(talks, team, row), _WIDTHS))


def _late(late: Sequence[Late], team: Team) -> Section:
    def row(one: Late, child: Child) -> tuple[str, ...]:
        since = f"{day(one.due_on, team.today)}, {many((team.today - one.due_on).days, 'day', 'days')} ago"
        return (called(child), missed(child, team.today), one.what, since, one.who or _NOBODY, _quiet(child, team))

    head = ("Child", "Missed", "Step", "Was due", "Who", "New day")
    return Section("Follow-ups overdue", table=_table(head, _rows(late, team, row), (1.7, 1.6, 1.5, 1.5, 1.2, 1.6)))


def _offered(offered: Sequence[Offered], team: Team) -> Section:
    def row(one: Offered, child: Child) -> tuple[str, ...]:
        since = f"{day(one.since, team.today)}, {many((team.today - one.since).days, 'day', 'days')} ago"
        return (called(child), missed(child, team.today), one.to, since, one.who or _NOBODY, _quiet(child, team))

    head = ("Child", "Missed", "To whom", "Offered", "Who asks", "What came of it")
    return Section("Referrals without an answer", table=_table(head, _rows(offered, team, row), (1.7, 1.6, 1.5, 1.5, 1.2, 1.6)))


def _shared(team: Team) -> Section:
    rows = tuple((one.what, many(one.households, "family", "families"), day(one.since, team.today), "") for one in team.shared)
    head = ("Several families name the same", "How many", "Since", "What would help all of them")
    return Section("Reasons that families share", table=_table(head, rows, (2.4, 1.2, 1.2, 4)))


def _rows(some: Sequence[_One], team: Team, row: Callable[[_One, Child], tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Rows of children whose count is known to the paper."""
    by_id = team.by_id
    return tuple(row(one, by_id[one.student_id]) for one in some if one.student_id in by_id)


def _table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...], widths: tuple[float, ...]) -> Table | None:
    return Table(head, rows, widths) if rows else None


def _reasons(talk: Talk | None) -> str:
    return "; ".join(talk.reasons) if talk and talk.reasons else "not known yet"


def _owner(talk: Talk | None) -> str:
    return (talk.owner if talk else "") or _NOBODY


def _next(child: Child, team: Team) -> str:
    if child.talk and child.talk.next:
        return _step(child.talk, team)
    return day(child.next_on, team.today) if child.next_on else "none"


def _step(talk: Talk, team: Team) -> str:
    if talk.next is None:
        return "none"
    what = talk.next.what or "put aside"
    if talk.next.on < team.today:
        what = f"overdue: {what}"
    who = f" ({talk.next.who})" if talk.next.who and talk.next.who != talk.owner else ""
    return f"{what}, {day(talk.next.on, team.today)}{who}"


def _quiet(child: Child, team: Team) -> str:
    """Room to write, or why nobody should do anything."""
    return f"Leave in peace until {day(child.quiet_until, team.today)}" if child.quiet_until else ""
