"""The district at a glance: who misses how much, where, since when, and whom messages reach."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.attendance.years import start_of_year
from outreach.cases import reach as answering
from outreach.cases.barrier_words import shipped
from outreach.district import queries as district
from outreach.evidence import dashboard, time_to_help
from outreach.evidence.dashboard import DIMENSIONS, Group
from outreach.evidence.small_cells import Hidden, hide
from outreach.evidence.snapshot_tables import SnapshotReach
from outreach.evidence.snapshots import WHOLE, a_year_before
from outreach.evidence.time_to_help import Heard, Waits
from outreach.staff.roles import Permission
from outreach.web.context import person, services
from outreach.web.permissions import needs

blueprint = Blueprint("dashboard", __name__)

_YEAR_START = "07-01"
"""Only where the line of weeks begins; counts know each school's own."""
_WHY_SHOWN = 3


@dataclass
class Reaching:
    """Whom messages reached in one language, or in all."""

    households: int = 0
    told: int = 0
    delivered: int = 0
    answered: int = 0
    unreached: Counter[str] = field(default_factory=Counter)

    def add(self, row: SnapshotReach) -> None:
        """Add one school's."""
        self.households += row.households
        self.told += row.told
        self.delivered += row.delivered
        self.answered += row.answered
        self.unreached.update(row.unreached)

    @property
    def why_not(self) -> list[tuple[str, int]]:
        """The commonest reasons why nothing left."""
        return self.unreached.most_common(_WHY_SHOWN)


@blueprint.get("/dashboard")
@needs(Permission.DASHBOARD_READ)
def page() -> ResponseReturnValue:
    """One school or the district, by what is asked."""
    known = person()
    by, school_id = request.args.get("by", "school"), request.args.get("school", WHOLE)
    if by not in DIMENSIONS or (school_id and not known.sees(school_id)):
        abort(404)
    if known.schools is not None and not school_id and by != "school":
        school_id = min(known.schools, default="-")
    with services().database.read() as session:
        names = {school.school_id: school.name or school.school_id for school in district.schools(session).values()}
        mine = {key: name for key, name in names.items() if known.sees(key)}
        kept = dashboard.newest(session)
        if kept is None:
            return render_template("dashboard_empty.html")
        groups = dashboard.groups(session, kept, by, school_id=school_id, schools=known.schools if by == "school" else None)
        before = dashboard.on(session, a_year_before(kept.as_of))
        earlier = (
            dashboard.groups(session, before, by, school_id=school_id, schools=known.schools if by == "school" else None) if before else []
        )
        scope = school_id or (WHOLE if known.schools is None else next(iter(known.schools), "-"))
        since = start_of_year(kept.as_of, _YEAR_START)
        heard = _heard(session, since, kept.as_of, school_id)
        reach = [row for row in dashboard.reach(session, kept, known.schools) if not school_id or row.school_id == school_id]
        return render_template(
            "dashboard.html",
            kept=kept,
            by=by,
            school_id=school_id,
            schools=mine,
            groups=groups,
            hidden=None if known.may(Permission.DATA_CHILDREN) else _hidden(groups),
            earlier={(group.school_id, group.value): group for group in earlier},
            before=before,
            whole=dashboard.whole(session, kept, scope),
            weeks=dashboard.weeks(session, kept.as_of, since, scope),
            lying=dashboard.lying(session, kept, {school_id} if school_id else known.schools),
            reach=_by_language(reach),
            reached=_all(reach),
            answering=_answering(session, since, school_id),
            helping=_helping(heard),
            heard_by_month=_by_month(heard),
            step_names={name: kind.label for name, kind in shipped().kinds.items()},
            dimensions=DIMENSIONS,
            tiers=dashboard.SHOWN_TIERS,
            district_wide=known.schools is None,
        )


def _heard(session: Session, since: date, until: date, school_id: str) -> Sequence[Heard]:
    """What stood in families' way this year, as they said it."""
    zone, known = ZoneInfo(services().settings.zone), person()
    begin, end = (datetime.combine(day, time(), zone) for day in (since, until + timedelta(days=1)))
    return time_to_help.barriers(session, begin, end, {school_id} if school_id else known.schools)


def _helping(found: Sequence[Heard]) -> list[tuple[str, Waits]]:
    """How long families waited for help, by root cause, all of them first; who may not see children sees no more than all."""
    words = shipped().categories
    causes = time_to_help.by_category(found) if person().may(Permission.DATA_CHILDREN) else {}
    return [("All", time_to_help.waits(found)), *((words[cause], some) for cause, some in causes.items())] if found else []


def _by_month(found: Sequence[Heard]) -> list[tuple[str, dict[str, int]]]:
    """Month (``2026-09``) → root cause → how often it was heard, for the causes that were."""
    zone, words = ZoneInfo(services().settings.zone), shipped().categories
    counted = Counter((one.heard_at.astimezone(zone).strftime("%Y-%m"), one.category) for one in found)
    causes = sorted({cause for _, cause in counted})
    return [(month, {words[cause]: counted[month, cause] for cause in causes}) for month in sorted({month for month, _ in counted})]


def _answering(session: Session, since: date, school_id: str) -> dict[str, timedelta | None]:
    """Language → how long families of it waited for a person's answer this year, in the middle; None where they are few."""
    begin = datetime.combine(since, time(), ZoneInfo(services().settings.zone))
    return answering.answer_times(session, begin, {school_id} if school_id else person().schools)


def _hidden(groups: Sequence[Group]) -> Hidden | None:
    """The tiers of all groups as whoever may not see children may see them."""
    return hide([[group.tiers.get(tier, 0) for tier in dashboard.SHOWN_TIERS] for group in groups]) if groups else None


def _by_language(rows: Iterable[SnapshotReach]) -> list[tuple[str, Reaching]]:
    found: defaultdict[str, Reaching] = defaultdict(Reaching)
    for row in rows:
        found[row.language].add(row)
    return sorted(found.items(), key=lambda one: -one[1].households)


def _all(rows: Iterable[SnapshotReach]) -> Reaching:
    found = Reaching()
    for row in rows:
        found.add(row)
    return found
