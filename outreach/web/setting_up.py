"""Setting the service up: the first steps, ticked by what is really there, and every setting with what it does."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from outreach import first_steps, settings_guide
from outreach.doctor import State, examine
from outreach.staff.roles import Permission
from outreach.web.context import services
from outreach.web.permissions import needs

blueprint = Blueprint("setting_up", __name__)


@blueprint.get("/first-steps")
@needs(Permission.OPERATIONS_READ)
def page() -> ResponseReturnValue:
    """From the empty database to the first real message, and what ``outreach doctor`` finds besides."""
    findings = examine(services())
    steps = first_steps.steps(services(), findings)
    order = [State.WRONG, State.LOOK, State.WELL]
    return render_template(
        "first_steps.html",
        steps=steps,
        ahead=first_steps.next_of(steps),
        findings=sorted(findings, key=lambda one: order.index(one.state)),
        signs={State.WRONG: ("!", "state-trouble"), State.LOOK: ("◇", "state-waiting"), State.WELL: ("✓", "state-good")},
    )


@blueprint.get("/settings")
@needs(Permission.OPERATIONS_READ)
def settings() -> ResponseReturnValue:
    """Every setting: what it does, what holds, where that comes from, and how it is changed."""
    words = request.args.get("q", "").strip()[:100]
    every = settings_guide.topics(services().settings)
    shown = settings_guide.matching(every, words)
    return render_template(
        "settings.html",
        groups=[(name, list(topics)) for name, topics in groupby(shown, key=lambda topic: topic.group)],
        words=words,
        own=sum(one.origin != settings_guide.Origin.SHIPPED for topic in every for one in topic.settings),
        shipped=settings_guide.Origin.SHIPPED,
        file=services().settings.home / "settings.toml",
    )
