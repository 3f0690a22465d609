"""Sections of figures that a school's papers share: where it stands, weeks, grades, reach and what surveys heard. Pure.

A school's own figures stand in full, however small: its people see the children.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from textwrap import shorten

from outreach.evidence.dashboard import SHOWN_TIERS, Group
from outreach.evidence.heard import Heard
from outreach.evidence.packet import day, many, percent, points
from outreach.evidence.packet_standing import Standing
from outreach.evidence.paper import Figure, Section, Table
from outreach.evidence.small_cells import SMALLEST, hide

TIERS = {"severe": "20 % and more", "moderate": "10 to 20 %", "at_risk": "5 to 10 %", "satisfactory": "Under 5 %"}
FEW = "few"
_WHY = _MOST = 3
_DID = 200
"""Letters of what a school did that stand in a line."""
_NOT_YET = "The district has not been added up yet. This stands here within minutes of its first attendance feed."


def where_we_stand(standing: Standing) -> Iterable[Section]:
    """Tiers and average daily attendance, beside the same day last year."""
    group, then = standing.now, standing.last_year
    if group is None or standing.as_of is None:
        yield Section("Where we stand", words=(_NOT_YET,))
        return
    figures = (
        Figure(
            percent(group.rate), f"of {many(group.counted, 'child', 'children')} miss a tenth of their days or more ({group.chronic:,})"
        ),
        *_against(group.rate, then.rate if then else None),
        Figure(percent(group.attendance), "attend on an average day since the year began"),
        *_against(group.attendance, then.attendance if then else None),
    )
    rows = tuple((TIERS[tier], f"{group.tiers.get(tier, 0):,}", percent(_share(group, tier))) for tier in SHOWN_TIERS)
    left = group.children - group.counted
    note = f" {many(left, 'child is', 'children are')} not counted yet and in no share." if left else ""
    yield Section(
        f"Where we stand, as of {day(standing.as_of, standing.today)}",
        figures=figures,
        table=Table(
            ("Days missed", "Children", "Share"),
            rows,
            (1.4, 0.8, 0.8),
            frozenset({1, 2}),
            tuple(float(_share(group, tier) or 0) for tier in SHOWN_TIERS),
        ),
        note=f"As on the page In figures.{note}",
    )


def standing_in_short(standing: Standing) -> Iterable[Section]:
    """The same in one line of figures."""
    group, then = standing.now, standing.last_year
    if group is None or standing.as_of is None:
        yield Section("Where we stand", words=(_NOT_YET,))
        return

    def moved(now: Fraction | None, before: Fraction | None) -> str:
        return "".join(f"; {one.value} {one.words}" for one in _against(now, before))

    of = many(group.counted, "child", "children")
    rest = (f"{group.tiers.get(tier, 0):,} miss {TIERS[tier].lower()}" for tier in ("at_risk", "satisfactory"))
    yield Section(
        f"Where we stand, as of {day(standing.as_of, standing.today)}",
        figures=(
            Figure(percent(group.rate), f"of {of} miss 10 % or more{moved(group.rate, then.rate if then else None)}"),
            Figure(percent(group.attendance), f"attend on an average day{moved(group.attendance, then.attendance if then else None)}"),
            Figure(f"{group.tiers.get('severe', 0):,}", "miss 20 % and more"),
            Figure(f"{group.tiers.get('moderate', 0):,}", "miss 10 to 20 %"),
        ),
        note=f"{'; '.join(rest)}. As on the page In figures.",
    )


def _against(now: Fraction | None, then: Fraction | None) -> Iterable[Figure]:
    if now is not None and then is not None:
        yield Figure(points(now, then), "against the same day last year")


def reaching(standing: Standing) -> Iterable[Section]:
    """Whom messages reached this year."""
    if not standing.reach:
        return
    total, told, delivered, answered = (
        sum(getattr(row, name) for row in standing.reach) for name in ("households", "told", "delivered", "answered")
    )
    why: Counter[str] = sum((Counter(row.unreached) for row in standing.reach), Counter())
    reasons = "; ".join(f"{number:,} {name}" for name, number in why.most_common(_WHY))
    yield Section(
        "Whom messages reached this school year",
        figures=(
            Figure(f"{total:,}", "families to tell"),
            Figure(f"{told:,}", "were told"),
            Figure(f"{delivered:,}", "of them for sure: delivered, or a letter that did not come back"),
            Figure(f"{answered:,}", "wrote back"),
        ),
        note=f"Not told: {reasons}." if reasons else "",
    )


def heard_in_short(standing: Standing) -> Iterable[Section]:
    """The choices that were made most in the newest surveys that are over, on a line each."""
    if not standing.heard:
        return
    lines = []
    for one in standing.heard:
        span = f"{day(one.first_day, standing.today)} to {day(one.last_day, standing.today)}"
        most = [f"{standing.choices[line.choice]} ({one.share(line)} of 100)" for line in one.lines if one.share(line) is not None][:_MOST]
        said = f"{one.answers:,} answers. Most: {'; '.join(most)}." if most else "Too few answers to be told."
        lines.append(
            f"{one.audience.capitalize()}, {span}: {said}" + (f" What we did: {shorten(one.did, _DID, placeholder='…')}" if one.did else "")
        )
    yield Section("What we heard: what makes it hard to come", points=tuple(lines))


def what_we_heard(standing: Standing) -> Iterable[Section]:
    """The newest surveys that are over, with small numbers hidden as on their own page."""
    for one in standing.heard:
        span = f"{day(one.first_day, standing.today)} to {day(one.last_day, standing.today)}"
        rows = tuple(
            (standing.choices[line.choice], _number(line.chosen), _share_of(one, line.chosen))
            for line in one.lines
            if line.chosen is not None
        )
        said = f"{one.answers:,} answers" if one.answers is not None else "fewer answers than may be told, or too close to it"
        hidden = len(one.lines) - len(rows)
        note = (
            f"{many(hidden, 'choice is', 'choices are')} left out: the number is small, or would give a small one away." if hidden else ""
        )
        yield Section(
            f"What we heard from {one.audience}, {span}",
            words=(
                f"What makes it hard to come to school? {said[0].upper()}{said[1:]}.",
                *((f"What we did: {one.did}",) if one.did else ()),
            ),
            table=Table(("Each could choose several", "Chosen", "Of 100"), rows, (3, 0.8, 0.8), frozenset({1, 2}), _bars(one))
            if rows
            else None,
            note=note,
        )


def _bars(one: Heard) -> tuple[float, ...]:
    return tuple((one.share(line) or 0) / 100 for line in one.lines if line.chosen is not None)


def _share_of(one: Heard, chosen: int | None) -> str:
    return f"{round(100 * chosen / one.answers)}" if chosen is not None and one.answers else "–"


def _number(value: int | None) -> str:
    return FEW if value is None else f"{value:,}"


def _share(group: Group, tier: str) -> Fraction | None:
    return Fraction(group.tiers.get(tier, 0), group.counted) if group.counted else None


def weeks(standing: Standing, most: int) -> Iterable[Section]:
    """The last weeks of which something is known, at most so many."""
    shown = [week for week in standing.weeks if week.group.rate is not None][-most:]
    if len(shown) > 1:
        rows = tuple((day(week.as_of, standing.today), percent(week.group.rate), percent(week.group.attendance)) for week in shown)
        yield Section(
            "Week by week",
            table=Table(
                ("Until", "Miss a tenth or more", "Attend on an average day"),
                rows,
                (1.2, 1.2, 1.4),
                frozenset({1, 2}),
                tuple(float(week.group.rate or 0) for week in shown),
            ),
            note="Both since the year began. The bar is the share that misses a tenth or more.",
        )


def grades(standing: Standing) -> Iterable[Section]:
    """By grade, with nothing from which a few children could be found."""
    groups = [group for group in standing.grades if group.counted]
    if not groups:
        return
    hidden = hide([[group.chronic, group.counted - group.chronic] for group in groups])
    rows = tuple(
        (
            group.value or "not said",
            _number(hidden.rows[place]),
            *((FEW, "–") if None in cells else (_number(cells[0]), percent(group.rate))),
        )
        for place, (group, cells) in enumerate(zip(groups, hidden.cells, strict=True))
    )
    yield Section(
        "By grade",
        table=Table(("Grade", "Children", "Miss a tenth or more", "Share"), rows, (1, 1, 1.4, 1), frozenset({1, 2, 3})),
        note=f"“{FEW.capitalize()}” stands for a number below {SMALLEST}, and for what would give one away.",
    )
