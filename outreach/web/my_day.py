"""Today: who I am to the service, what waits for me now, and what the district's playbook asks of me this week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from outreach import first_steps
from outreach.cases import help_queries, playbook
from outreach.cases.playbook import Line
from outreach.clock import local_date
from outreach.evidence import waiting
from outreach.evidence.waiting import What
from outreach.staff.roles import Permission
from outreach.web import layout, people
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("my_day", __name__)

WAITING: Mapping[What, tuple[str, str, str, dict[str, Any]]] = MappingProxyType(
    {
        What.DANGER: (
            "text that may mean danger, and nobody has it",
            "texts that may mean danger, and nobody has them",
            "incidents.page",
            {},
        ),
        What.NEEDS_ME: ("conversation needs a person", "conversations need a person", "inbox.page", {}),
        What.FOLLOW_UPS: ("follow-up of yours is due", "follow-ups of yours are due", "my_day.follow_ups", {}),
        What.LANGUAGES: ("text or call waits for a speaker", "texts or calls wait for a speaker", "languages.page", {}),
        What.CALLS: ("family to call", "families to call", "call_list.page", {}),
        What.DISPUTES: ("word of a family about the record", "words of families about the record", "clerk.page", {}),
        What.ATTENTION: ("thing the service could not settle", "things the service could not settle", "attention.page", {}),
        What.HELD: ("message held back", "messages held back", "delivery.page", {"state": "held"}),
    }
)
"""Of each kind: one, several, and the page where it waits."""
LISTS: Mapping[str, tuple[str, str, dict[str, Any]]] = MappingProxyType(
    {
        "none": ("No list", "", {}),
        "needs_me": ("Inbox", "inbox.page", {}),
        "calls": ("Calls", "call_list.page", {}),
        "follow_ups": ("Follow-ups", "my_day.follow_ups", {}),
        "my_students": ("My students", "students.page", {}),
        "no_next_step": ("My students: no next step", "students.page", {"view": "no_next_step"}),
        "never_reached": ("My students: never reached", "students.page", {"view": "never_reached"}),
        "silent": ("My students: silent", "students.page", {"view": "silent"}),
        "improving": ("My students: improving", "students.page", {"view": "improving"}),
        "disputes": ("Notes and disputes", "clerk.page", {}),
        "data": ("Data", "data_health.page", {}),
        "delivery": ("Delivery", "delivery.page", {}),
        "attention": ("Attention", "attention.page", {}),
        "packet": ("Papers for the team", "packet.page", {}),
        "in_figures": ("In figures", "dashboard.page", {}),
    }
)
"""Where the work of a playbook's line is: its name and its page."""
_AHEAD = timedelta(days=7)


@blueprint.get("/today")
@needs(Permission.INBOX_READ)
def page() -> ResponseReturnValue:
    """What waits now, and this week's lines."""
    known, settings = person(), services().settings
    today = local_date(now(), settings.zone)
    with services().database.read() as session:
        waits = waiting.read(session, known, settings, now())
        days = waiting.school_days(session, known.schools, today)
        lines = playbook.week(playbook.current(session).lines, known.role, today, days)
        names = people.school_names(session)
        is_new = known.may(Permission.OPERATIONS_READ) and not first_steps.has_told(session)
    return render_template(
        "my_day.html",
        waits=waits,
        words=WAITING,
        week=lines,
        link=link_of,
        lists=LISTS,
        today=today,
        has_school=today in days,
        is_new=is_new,
        schools=sorted(names.get(one, one) for one in known.schools) if known.schools is not None else None,
    )


@blueprint.get("/today/follow-ups")
@needs(Permission.INBOX_ANSWER)
def follow_ups() -> ResponseReturnValue:
    """Planned steps of this person whose day has come, and those of the week ahead."""
    known, settings = person(), services().settings
    today = local_date(now(), settings.zone)
    with services().database.read() as session:
        rows = [(step, case) for step, case in session.execute(waiting.due_steps(known, today + _AHEAD))]
        cases = {case.id: case for _, case in rows}
        shown = {
            one.id: one
            for case in cases.values()
            for one in help_queries.steps(session, case, help_queries.barriers(session, [case], known), known)
        }
        names = people.children(session, {case.student_id for case in cases.values() if case.student_id}, known.schools)
    return render_template("follow_ups.html", rows=rows, shown=shown, names=names, today=today)


def link_of(line: Line) -> str:
    """Where the work of a line is for this person; empty where it is on no list, or on one that they may not open."""
    _, endpoint, arguments = LISTS[line.list]
    return url_for(endpoint, **arguments) if endpoint and layout.may_open(endpoint) else ""
