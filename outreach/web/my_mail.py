"""E-mails to me: which a person of the staff wants, and in which language."""

from __future__ import annotations

from calendar import day_name

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.delivery import mail
from outreach.delivery.mail import CHOSEN, LOCALES, Kind
from outreach.staff.actions import audit
from outreach.staff.roles import Permission
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("my_mail", __name__)

ALERTS = {"": "None", Kind.REPLIES_AT_ONCE.value: "At once, when a family writes", Kind.REPLIES_HOURLY.value: "At most once an hour"}
"""Of families that wait, one kind or none."""
HELP_ALERTS = {
    Kind.HELP_NEVER.value: "None",
    Kind.HELP_AT_ONCE.value: "At once, when something is given to me",
    Kind.HELP_HOURLY.value: "At most once an hour",
}
"""Of tasks in a language, one kind or none; who helps with nothing else gets them at once until they choose."""
WORDS = {
    Kind.MID_DAY: ("Mid-day", "What waits for you, what families wrote since the morning, and which registers are missing."),
    Kind.CODE_REVIEW: ("Codes and registers", "Each school’s missing registers and odd codes, at the end of the day."),
    Kind.WEEKLY: ("My week", "What waits, what is due, and what happened in the last seven days."),
    Kind.FEED_REPORT: ("What the feeds brought", "What came in the night, what was refused, and what did not come."),
}
"""What a kind is called here, and what is in it."""


def _comes(kind: Kind) -> str:
    """When a kind of ``WORDS`` comes."""
    settings = services().settings
    day = (
        f"on {day_name[settings.weekly_digest_day]}s"
        if kind is Kind.WEEKLY
        else "every day"
        if kind is Kind.FEED_REPORT
        else "on school days"
    )
    at = {
        Kind.MID_DAY: settings.mid_day_bulletin_at,
        Kind.CODE_REVIEW: settings.code_review_at,
        Kind.WEEKLY: settings.weekly_digest_at,
    }.get(kind, settings.feed_report_at)
    return f"It comes {day} after {at.strftime('%-I:%M %p').lower()}."


@blueprint.get("/me/mail")
@needs(Permission.ACCOUNT_SELF)
def page() -> ResponseReturnValue:
    """The kinds that this person may get, with what they chose."""
    known = person()
    with services().database.read() as session:
        chosen = mail.chosen_by(session, known.id)
    until_said = Kind.HELP_AT_ONCE if known.role is mail.UNTIL_SAID[Kind.HELP_AT_ONCE][0] else Kind.HELP_NEVER
    return render_template(
        "my_mail.html",
        kinds=[(kind, *WORDS[kind], _comes(kind)) for kind in WORDS if known.may(CHOSEN[kind])],
        alerts=ALERTS if known.may(CHOSEN[Kind.REPLIES_AT_ONCE]) else {},
        alert=next((kind.value for kind in chosen if kind.value in ALERTS), ""),
        help_alerts=HELP_ALERTS if known.may(CHOSEN[Kind.HELP_AT_ONCE]) else {},
        help_alert=next((kind.value for kind in chosen if kind.value in HELP_ALERTS), until_said.value),
        chosen=chosen,
        locale=next(iter(chosen.values()), "en"),
        locales=LOCALES,
        carried=bool(services().settings.smtp_host),
    )


@blueprint.post("/me/mail")
@needs(Permission.ACCOUNT_SELF)
def choose() -> ResponseReturnValue:
    """Keep what this person chose; kinds that they may not see are none."""
    known, locale = person(), request.form.get("locale", "en")
    asked = {request.form.get("alert", ""), request.form.get("help", ""), *(kind.value for kind in WORDS if request.form.get(kind.value))}
    kinds = [kind for kind, permission in CHOSEN.items() if kind.value in asked and known.may(permission)]
    with services().database.write() as session:
        mail.choose(session, known.id, kinds, locale=locale if locale in LOCALES else "en", now=now())
        subject = f"account {known.id}"
        audit(session, actor=known.email, action="mail.chosen", subject=subject, now=now(), detail={"kinds": [*map(str, kinds)]})
    flash("Kept. You get these e-mails from now on." if set(kinds) - {Kind.HELP_NEVER} else "Kept. You get no e-mails.")
    return redirect(url_for("my_mail.page"))
