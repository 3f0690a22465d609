"""Around the translating: words delivered and invoiced, what each language did, and who works in which language."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import reach
from outreach.messages import bench_actions, bench_queries
from outreach.messages.bench_actions import BenchError
from outreach.messages.bench_tables import TranslationDelivery
from outreach.messages.languages import DEFAULT, languages
from outreach.staff import actions as staff
from outreach.staff.queries import names_by_email
from outreach.staff.roles import Permission, Role
from outreach.staff.tables import Account
from outreach.web import sheets
from outreach.web.bench_common import hand, my_languages, oversees
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("office", __name__)

_SEASON = timedelta(days=90)
_COLUMNS = ("translator", "language", "message", "channel", "school", "words", "words_changed", "delivered_on", "invoice")


@blueprint.get("/delivered")
@needs(Permission.WORDS_TRANSLATE)
def delivered() -> ResponseReturnValue:
    """The words since the last invoice, and the invoices before; of oneself, or of all for who looks after all languages."""
    with services().database.read() as session:
        rows = bench_queries.deliveries(session, _whose())
        past = bench_queries.invoices(session, _whose())
        open_of: dict[str, list[TranslationDelivery]] = {}
        for row in rows:
            open_of.setdefault(row.translator, []).append(row)
        people = names_by_email(
            session, {row.translator for row in rows} | {who for row in past for who in (row.translator, row.marked_by)}
        )
        return render_template("bench_delivered.html", mine=list(my_languages(session)), open_of=open_of, past=past, people=people)


@blueprint.get("/delivered.csv")
@needs(Permission.WORDS_TRANSLATE)
def sheet() -> ResponseReturnValue:
    """The same as a table: what stands on no invoice yet, or on the invoice asked for."""
    invoice = small_number(request.args.get("invoice", ""))
    with services().database.read() as session:
        rows = [_line(row) for row in bench_queries.deliveries(session, _whose(), invoice_id=invoice)]
    return sheets.answer(f"words-invoice-{invoice}.csv" if invoice else "words-delivered.csv", _COLUMNS, rows)


def _line(row: TranslationDelivery) -> tuple[object, ...]:
    """One delivery in the order of the columns."""
    day = row.delivered_at.date().isoformat()
    return row.translator, row.locale, row.message, row.channel, row.school_id, row.words, row.words_changed, day, row.invoice_id


@blueprint.post("/delivered/invoiced")
@needs(Permission.WORDS_TRANSLATE)
def invoiced() -> ResponseReturnValue:
    """Mark what the page showed as standing on an invoice."""
    translator, upto = request.form.get("translator", ""), small_number(request.form.get("upto", ""))
    if _whose() not in (None, translator) or upto is None:
        abort(404)
    try:
        with services().database.write() as session:
            invoice = bench_actions.mark_invoiced(session, translator, upto, hand())
            detail = {"invoice": invoice.id, "words": invoice.words}
            staff.audit(session, actor=person().email, action="words.invoiced", subject=translator, now=now(), detail=detail)
            said = f"{invoice.words:,} words stand on invoice {invoice.id} now."
        flash(said)
    except BenchError as refusal:
        flash(str(refusal), "warning")
    return redirect(url_for("bench.office.delivered"))


@blueprint.get("/reach")
@needs(Permission.WORDS_TRANSLATE)
def did() -> ResponseReturnValue:
    """What the last three months brought in each of this person's languages, in numbers too large to point at a family."""
    with services().database.read() as session:
        mine, found = list(my_languages(session)), reach.by_language(session, now() - _SEASON)
    rows = [found.get(locale) or reach.Reach(locale, 0, 0, 0, None) for locale in mine]
    return render_template("bench_reach.html", mine=mine, rows=rows, days=_SEASON.days, fewest=reach.FEWEST)


@blueprint.get("/people")
@needs(Permission.WORDS_APPROVE)
def people() -> ResponseReturnValue:
    """Who works in which language."""
    with services().database.read() as session:
        return render_template(
            "bench_people.html",
            mine=list(my_languages(session)),
            accounts=_translators(session),
            given=bench_queries.everyones_languages(session),
            locales=[locale for locale in languages() if locale != DEFAULT],
            own_allowed=services().settings.translators_approve_own,
        )


@blueprint.post("/people")
@needs(Permission.WORDS_APPROVE)
def give() -> ResponseReturnValue:
    """Give a translator languages to work in, and to approve in; or take them away."""
    chosen, reviews = request.form.getlist("language"), request.form.getlist("reviews")
    with services().database.write() as session:
        account = next((one for one in _translators(session) if str(one.id) == request.form.get("account")), None) or abort(404)
        try:
            bench_actions.set_languages(session, account.id, {*chosen, *reviews}, reviews, hand())
        except BenchError:
            abort(400)
        detail = {"languages": sorted({*chosen, *reviews}), "reviews": sorted(reviews)}
        staff.audit(session, actor=person().email, action="languages.given", subject=f"account {account.id}", now=now(), detail=detail)
        name = account.name
    flash(f"{name} has these languages now.")
    return redirect(url_for("bench.office.people"))


def _whose() -> str | None:
    """Whose words this person sees; None for everybody's."""
    return None if oversees() else person().email


def _translators(session: Session) -> list[Account]:
    chosen = select(Account).where(Account.role == Role.TRANSLATOR.value, Account.disabled_at.is_(None))
    return list(session.scalars(chosen.order_by(Account.name, Account.id)))
