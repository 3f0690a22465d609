"""From an unknown export to first counts: upload a sample, see what was recognised, confirm what it means, save ``source.toml``.

The sample holds children's data. It stands in a private folder of the home for a day at most, and in no address.
"""

from __future__ import annotations

import difflib
import hashlib
import shutil
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from outreach.attendance.refusal import RefusedError
from outreach.attendance.source_settings import SETTINGS_FILE
from outreach.clock import local_date
from outreach.feeds import watching
from outreach.feeds.drafting import Look, draft, extend, look, odd_rows, ready, with_dates
from outreach.feeds.presets import presets
from outreach.feeds.samples import KEPT_FOR, LARGEST_UPLOAD, Sample, SampleError, State, sample_of, sweep, take
from outreach.feeds.writing import WRITTEN, spelled, written
from outreach.messages.languages import languages
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web import mapping_forms as forms
from outreach.web import mapping_page as shown
from outreach.web.context import now, person, services, visitor
from outreach.web.data_findings import MEANINGS
from outreach.web.mapping_trial import counted_to, trial
from outreach.web.permissions import needs

blueprint = Blueprint("mapping", __name__)

_MEGABYTES = LARGEST_UPLOAD >> 20
_TOO_LARGE = f"That is more than {_MEGABYTES} MB. Some weeks of attendance of one or two schools are enough to describe a feed."


@blueprint.url_value_preprocessor
def _let_files_in(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """A sample is larger than any form; only people who may upload one may send so much, and this runs before anything reads it."""
    if endpoint == "mapping.files" and (known := visitor()) is not None and known.may(Permission.FEEDS_MAP):
        request.max_content_length = LARGEST_UPLOAD


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_problem: RequestEntityTooLarge) -> ResponseReturnValue:
    flash(_TOO_LARGE, "warning")
    return redirect(url_for("mapping.page"))


@blueprint.get("/mapping")
@needs(Permission.FEEDS_MAP)
def page() -> ResponseReturnValue:
    """The sample as far as it is understood; without one, the place to upload it."""
    sweep(services().settings.home, now())
    sample = _sample()
    found = _looked(sample)
    if found is None:
        return render_template("mapping_start.html", megabytes=_MEGABYTES, hours=KEPT_FOR.total_seconds() // 3600, systems=_systems())
    todo = ready(found)
    done = None if todo else trial(sample, found, _today(), settings=services().settings, now=now())
    return render_template(
        "mapping.html",
        found=found,
        choices=found.choices,
        cards=shown.cards(found),
        forms=shown.date_forms(found),
        serials=shown.serials(found),
        codes=shown.codes(found),
        events=shown.events(found),
        spoken=shown.languages(found),
        rows=odd_rows(found.choices.placed, found.sheets, found.choices.preset),
        todo=todo,
        trial=done,
        count_to=counted_to(found, _today()),
        letters=sorted({letter for sheet in found.sheets.values() for letter in sheet.letters}, key=str.casefold),
        titles=shown.TITLES,
        meanings={value: words for value, (words, _) in MEANINGS.items()},
        locales={locale: one.english for locale, one in languages().items()},
        systems=_systems(),
        delimiters=forms.DELIMITERS,
        encodings=forms.ENCODINGS,
        year_starts=forms.YEAR_STARTS,
    )


@blueprint.post("/mapping/files")
@needs(Permission.FEEDS_MAP)
def files() -> ResponseReturnValue:
    """Take uploaded exports into the sample, and look at them."""
    sample = _sample()
    chosen = [(one.filename or "", one.stream) for one in request.files.getlist("files") if one.filename]
    if not chosen:
        flash("Please choose one or more files.", "warning")
        return redirect(url_for("mapping.page"))
    try:
        names = take(sample, chosen, now())
    except SampleError as problem:
        flash(str(problem), "warning")
        return redirect(url_for("mapping.page"))
    try:
        before = sample.state
        choices = before.choices if before else None
        found = draft(sample.files) if choices is None else with_dates(look(sample.files, extend(sample.files, choices)))
    except RefusedError as problem:
        for name in names:
            (sample.files / name).unlink(missing_ok=True)
        flash(str(problem), "warning")
        return redirect(url_for("mapping.page"))
    _remember(sample, found)
    return redirect(url_for("mapping.page"))


@blueprint.post("/mapping/choices")
@needs(Permission.FEEDS_MAP)
def choices() -> ResponseReturnValue:
    """Keep what a person said about the sample; codes they confirmed are on the audit trail."""
    sample, before = _sample(), _looked(_sample())
    if before is None:
        return _gone()
    try:
        after = forms.read(request.form, before, sample.files, by=person().email, today=_today())
    except RefusedError as problem:
        flash(f"{problem} Your other choices were not kept.", "warning")
        return redirect(url_for("mapping.page"))
    _remember(sample, after)
    _write_down(before, after)
    return redirect(url_for("mapping.source") if request.form.get("next") == "source" else url_for("mapping.page", _anchor="counts"))


@blueprint.get("/mapping/source")
@needs(Permission.FEEDS_MAP)
def source() -> ResponseReturnValue:
    """The ``source.toml`` that would be saved, where to, and what it would change there."""
    found = _looked(_sample())
    if found is None:
        return _gone()
    text, target = written(found), _target(found)
    there = _there(target)
    difference = (
        []
        if there is None
        else list(difflib.unified_diff(there.splitlines(), text.splitlines(), "as it is", "as it would be", lineterm="", n=2))
    )
    waiting = [code for code in found.codes if code not in found.choices.codes]
    return render_template(
        "mapping_source.html", choices=found.choices, text=text, there=there, difference=difference, seen=_digest(there),
        todo=ready(found), waiting=waiting, lost=_lost(there), may_load=_may_load(found, target), files=sorted(found.sheets),
    )  # fmt: skip


@blueprint.get("/mapping/source.toml")
@needs(Permission.FEEDS_MAP)
def download() -> ResponseReturnValue:
    """The same as a file."""
    found = _looked(_sample())
    if found is None:
        return _gone()
    answer = Response(written(found), mimetype="application/toml")
    answer.headers["Content-Disposition"] = f"attachment; filename={SETTINGS_FILE}"
    return answer


@blueprint.post("/mapping/save")
@needs(Permission.FEEDS_MAP)
def save() -> ResponseReturnValue:
    """Write ``source.toml`` into the feed folder, and with ``load`` the files too; the sample is deleted.

    What stands there now must be what the person saw.
    """
    sample = _sample()
    found = _looked(sample)
    if found is None:
        return _gone()
    target, loads = _target(found), "load" in request.form
    if loads and not _may_load(found, target):
        abort(400)
    there = _there(target)
    if request.form.get("seen") != _digest(there):
        flash("The file in the feed folder is not the one you saw. Look at the difference, then save again.", "warning")
        return redirect(url_for("mapping.source"))
    try:
        if loads:
            sample.copy_to(target.parent)
        _put(target, written(found))
    except OSError as problem:
        flash(f"It could not be written into {target.parent.name} ({problem.strerror}). Download it, and put it there by hand.", "warning")
        return redirect(url_for("mapping.source"))
    codes = {code: spelled(one.meaning) for code, one in found.choices.codes.items()}
    with services().database.write() as session:
        detail = {"codes": codes, "replaced": there is not None, "loads": loads}
        staff.audit(session, actor=person().email, action="feed.mapped", subject=f"feed {found.choices.name}", now=now(), detail=detail)
    sample.discard()
    if loads:
        flash("Saved. The files are loaded within a few minutes; what cannot be read stands under Attention then.")
        return redirect(url_for("data_health.page"))
    what = f"As soon as the feed’s files lie in the folder {target.parent.name}, they are loaded; until then Attention asks for them."
    flash(f"Saved. {what} The sample is deleted.")
    return redirect(url_for("mapping.page"))


@blueprint.post("/mapping/discard")
@needs(Permission.FEEDS_MAP)
def discard() -> ResponseReturnValue:
    """Delete the sample."""
    _sample().discard()
    flash("The sample is deleted.")
    return redirect(url_for("mapping.page"))


def _sample() -> Sample:
    return sample_of(services().settings.home, person().id)


def _looked(sample: Sample) -> Look | None:
    """The sample as its choices read it; None where there is none."""
    state = sample.state
    if state is None or state.choices is None:
        return None
    return look(sample.files, state.choices)


def _remember(sample: Sample, found: Look) -> None:
    state = sample.state or State(at=now())
    sample.remember(state.model_copy(update={"choices": found.choices}))


def _write_down(before: Look, after: Look) -> None:
    """Put on the audit trail which codes were given a meaning, or lost it."""
    was, said = before.choices.codes, after.choices.codes
    changed = {code: spelled(said[code].meaning) if code in said else "" for code in {*was, *said} if was.get(code) != said.get(code)}
    if changed:
        with services().database.write() as session:
            subject = f"feed {after.choices.name}"
            staff.audit(session, actor=person().email, action="feed.codes", subject=subject, now=now(), detail={"codes": changed})


def _gone() -> ResponseReturnValue:
    flash("There is no sample any more: it was saved, deleted, or older than a day. Please upload it again.", "warning")
    return redirect(url_for("mapping.page"))


def _target(found: Look) -> Path:
    """Where the service looks for this feed."""
    return watching.place(services().settings) / found.choices.name / SETTINGS_FILE


def _may_load(found: Look, target: Path) -> bool:
    """Whether the sample itself may be a feed's first delivery: all is said, and no delivery of it lies there that it would cut short."""
    lying = [path for path in target.parent.glob("*") if not path.name.startswith(SETTINGS_FILE)]
    return not ready(found) and not lying


def _there(target: Path) -> str | None:
    if not target.is_file():
        return None
    return target.read_text(encoding="utf-8-sig", errors="replace")


def _lost(there: str | None) -> list[str]:
    """Settings of the present file that the page does not ask about, and would not write."""
    try:
        return sorted(set(tomllib.loads(there or "")) - WRITTEN)
    except tomllib.TOMLDecodeError:
        return []


def _put(target: Path, text: str) -> None:
    """Write the file whole or not at all; the former one stays beside it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.copyfile(target, target.with_name(f"{SETTINGS_FILE}.before"))
    new = target.with_name(f"{SETTINGS_FILE}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(target)


def _digest(text: str | None) -> str:
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()


def _systems() -> Mapping[str, str]:
    return {name: one.title for name, one in presets().items()}


def _today() -> date:
    return local_date(now(), services().settings.zone)
