"""The glossary of each language: what the school's terms are called, by whom and since when."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.messages import glossary
from outreach.messages.glossary import GlossaryError, Term
from outreach.staff import actions as staff
from outreach.staff.queries import names_by_email
from outreach.staff.roles import Permission
from outreach.web.bench_common import hand, my_languages, need_language
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("glossary", __name__, url_prefix="/glossary")


@blueprint.get("")
@needs(Permission.WORDS_TRANSLATE)
def page() -> ResponseReturnValue:
    """The terms of one language, and what was ever said about them."""
    with services().database.read() as session:
        mine = list(my_languages(session))
        language = wanted if (wanted := request.args.get("language", "")) in mine else next(iter(mine), "")
        past = glossary.history(session, language) if language else []
        return render_template(
            "bench_glossary.html",
            mine=mine,
            language=language,
            terms=glossary.terms(session, language) if language else [],
            past=past,
            people=names_by_email(session, {row.written_by for row in past}),
            longest=glossary.LONGEST,
        )


@blueprint.post("")
@needs(Permission.WORDS_TRANSLATE)
def write() -> ResponseReturnValue:
    """Keep what a term is called, or take it off the list."""
    language, form = request.form.get("language", ""), request.form
    term = Term(form.get("term", ""), form.get("translation", ""), form.get("note", ""))
    try:
        with services().database.write() as session:
            need_language(session, language)
            row = glossary.write(session, language, term, hand(), removed=form.get("do") == "remove")
            if row is not None:
                staff.audit(session, actor=person().email, action="glossary.written", subject=f"{row.term} in {language}", now=now())
    except GlossaryError as refusal:
        flash(str(refusal), "warning")
    else:
        flash("The glossary is changed." if row else "That stands there already.")
    return redirect(url_for("bench.glossary.page", language=language))
