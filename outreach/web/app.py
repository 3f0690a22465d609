"""The Flask application, made from services; nothing here lives longer than its application."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, TracebackType

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined

from outreach.services import Services
from outreach.staff import keys
from outreach.web import (
    accounts,
    assets,
    attention,
    audit,
    baseline,
    bench,
    blocks,
    bulk,
    call_list,
    calls,
    campaigns,
    case_help,
    case_redaction,
    cases,
    clerk,
    consents,
    contact_ways,
    count_check,
    dashboard,
    data_health,
    delivery,
    disclosures,
    editor,
    errors,
    family,
    finding,
    goals,
    health,
    home,
    inbox,
    incidents,
    languages,
    layout,
    leaving,
    letters,
    letters_returned,
    mapping,
    mentors,
    metrics,
    my_calendar,
    my_day,
    my_mail,
    my_sign_in,
    oncall,
    operations,
    packet,
    pictures,
    playbook,
    providers,
    public,
    record,
    record_acts,
    record_requests,
    resources,
    restrictions,
    retention,
    rules,
    security,
    sending,
    setting_up,
    shared,
    signin,
    students,
    studies,
    survey,
    surveys,
    takers,
    webhooks,
    words,
)
from outreach.web.context import EXTENSION
from outreach.web.permissions import declare_open

PAGES = (
    accounts,
    assets,
    attention,
    audit,
    baseline,
    bench,
    blocks,
    bulk,
    call_list,
    calls,
    campaigns,
    case_help,
    case_redaction,
    cases,
    clerk,
    consents,
    contact_ways,
    count_check,
    dashboard,
    data_health,
    delivery,
    disclosures,
    editor,
    family,
    finding,
    goals,
    health,
    home,
    inbox,
    incidents,
    languages,
    leaving,
    letters,
    letters_returned,
    mapping,
    mentors,
    metrics,
    my_calendar,
    my_day,
    my_mail,
    my_sign_in,
    oncall,
    operations,
    packet,
    pictures,
    playbook,
    providers,
    public,
    record,
    record_acts,
    record_requests,
    resources,
    restrictions,
    retention,
    rules,
    sending,
    setting_up,
    shared,
    signin,
    students,
    studies,
    survey,
    surveys,
    takers,
    webhooks,
    words,
)
_NO_JOBS: Mapping[str, str] = MappingProxyType({})
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class OutreachFlask(Flask):
    """Flask that logs what broke without quoting it."""

    def log_exception(self, exc_info: _ExcInfo) -> None:
        """Write down kind and place of a breakdown, and no words of it."""
        errors.log_breakdown(exc_info[1])


def create_app(services: Services, jobs: Mapping[str, str] = _NO_JOBS) -> Flask:
    """Make the web application: pages for staff, webhooks for the carrier, health for machines; *jobs* says what each job does, by name."""
    return fill(build(), services, jobs)


def build() -> Flask:
    """The pages alone, before they know a database: the costly half, which tests share."""
    app = OutreachFlask("outreach.web")
    app.config.update(
        MAX_CONTENT_LENGTH=security.LARGEST_REQUEST,
        BOOTSTRAP_SERVE_LOCAL=True,
        WTF_CSRF_TIME_LIMIT=None,  # a form is good for as long as its sign-in
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Bootstrap5(app)
    csrf = CSRFProtect(app)
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    for page in (calls, webhooks):
        csrf.exempt(page.blueprint)  # the carrier carries no cookie and signs what it sends
    csrf.exempt(survey.blueprint)  # it knows nobody whom a form could be sent for, and gives no cookie that would tell one from another
    for endpoint in ("static", "bootstrap.static"):
        declare_open(app, endpoint, "files without data")
    layout.register(app)
    errors.register(app)
    app.after_request(security.add_headers)
    return app


def fill(app: Flask, services: Services, jobs: Mapping[str, str] = _NO_JOBS) -> Flask:
    """Give the pages of ``build`` what they work with."""
    app.config.update(SECRET_KEY=keys.secret_key(services.settings), **security.cookies(services.settings))
    app.config[operations.JOBS] = jobs
    app.extensions[EXTENSION] = services
    providers.register(app, services.settings)
    survey.register(app)
    public.register(app)
    return app
