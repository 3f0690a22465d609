"""Translation files for tools outside: PO and CSV out, and back in line by line."""

from __future__ import annotations

from pathlib import PurePath

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from outreach.messages import exchange
from outreach.messages.exchange_intake import ImportRefusedError, take_in
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web.bench_common import hand, my_languages, need_language
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("files", __name__, url_prefix="/files")

FORMS = {"po": "text/x-gettext-translation; charset=utf-8", "csv": "text/csv; charset=utf-8"}


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_problem: RequestEntityTooLarge) -> ResponseReturnValue:
    flash("That is larger than any file of ours. Send one language at a time.", "warning")
    return redirect(url_for("bench.files.page"))


@blueprint.get("")
@needs(Permission.WORDS_TRANSLATE)
def page() -> ResponseReturnValue:
    """The files of this person's languages, and the place to bring one back."""
    with services().database.read() as session:
        return render_template("bench_files.html", mine=list(my_languages(session)), name="", taken=None, refused=None)


@blueprint.get("/<locale>.<form>")
@needs(Permission.WORDS_TRANSLATE)
def download(locale: str, form: str) -> ResponseReturnValue:
    """All texts of one language with what is translated so far."""
    if form not in FORMS:
        abort(404)
    home = services().settings.home
    with services().database.read() as session:
        need_language(session, locale)
        content = exchange.po_file(locale, home, session) if form == "po" else exchange.csv_file(locale, home, session)
    return Response(content, content_type=FORMS[form], headers={"Content-Disposition": f'attachment; filename="{locale}.{form}"'})


@blueprint.post("")
@needs(Permission.WORDS_TRANSLATE)
def upload() -> ResponseReturnValue:
    """Take a file in whole, but for lines that newer work has overtaken; or refuse it whole, with every fault."""
    file = request.files.get("file")
    if file is None or not file.filename:
        flash("Please choose a file.", "warning")
        return redirect(url_for("bench.files.page"))
    name, taken, refused = PurePath(file.filename).name, None, None
    try:
        with services().database.write() as session:
            mine = my_languages(session)
            taken = take_in(session, name, file.read(), hand(), home=services().settings.home, allowed=mine)
            detail = {"written": taken.written, "left": len(taken.left)}
            staff.audit(session, actor=person().email, action="words.import", subject=taken.locale, now=now(), detail=detail)
    except ImportRefusedError as refusal:
        refused = refusal
    with services().database.read() as session:
        shown = render_template("bench_files.html", mine=list(my_languages(session)), name=name, taken=taken, refused=refused)
    return shown, 422 if refused else 200
