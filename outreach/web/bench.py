"""The translator's bench: what is to be done, and one text beside its translation. It shows words and made-up families only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.clock import local_date, start_of_day
from outreach.messages import actions, bench_actions, bench_checks, bench_queries, glossary
from outreach.messages.advice import MOST_LETTERS
from outreach.messages.bench_actions import LONGEST_NOTE, BenchError, Seen
from outreach.messages.bench_queries import Work
from outreach.messages.bench_stages import Stage, words_in
from outreach.messages.check import LONGEST
from outreach.messages.chips import chip, explained, from_plain, to_plain
from outreach.messages.compose import Pair, Text, text
from outreach.messages.differences import Piece, differences
from outreach.messages.editing import EditError, Spot
from outreach.messages.pairs import digest
from outreach.messages.placeholders import ALLOWED, MissingValueError, TemplateError, names
from outreach.messages.tables import Approval
from outreach.staff import actions as staff
from outreach.staff.queries import addresses, names_by_email
from outreach.staff.roles import Permission
from outreach.web import bench_files, bench_glossary, bench_office, editor_look, people
from outreach.web.bench_common import deadlines, hand, local_day, my_languages, need_language, oversees
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("bench", __name__, url_prefix="/bench")
for room in (bench_files, bench_glossary, bench_office):
    blueprint.register_blueprint(room.blueprint)
blueprint.add_app_template_filter(local_day)

CHANNELS = {"sms": "Text message", "letter": "Letter", "page": "Wordings"}
PILES = {"todo": "To do", "review": "Wait for approval", "done": "Done"}
_REFUSALS = (BenchError, EditError, TemplateError, actions.ApprovalError)


def pile_of(work: Work) -> str:
    """Where a text lies: with the translator, with the reviewer, or done."""
    return {Stage.SUBMITTED: "review", Stage.DONE: "done"}.get(work.stage, "todo")


@blueprint.get("")
@needs(Permission.WORDS_TRANSLATE)
def page() -> ResponseReturnValue:
    """What is to be done in this person's languages: the core pack first, then by the day it is due."""
    language, pile = request.args.get("language", ""), request.args.get("pile", "todo")
    with services().database.read() as session:
        mine = list(my_languages(session))
        found = bench_queries.works(session, mine, deadlines(), services().settings.home)
        shown = [work for work in found if language in ("", work.spot.locale)]
        return render_template(
            "bench.html",
            mine=mine,
            language=language if language in mine else "",
            pile=pile,
            piles=PILES,
            sizes=Counter(map(pile_of, shown)),
            open_in=Counter(work.spot.locale for work in found if pile_of(work) == "todo"),
            works=[work for work in shown if pile_of(work) == pile],
            late=sum(work.due is not None and work.due < now() and pile_of(work) == "todo" for work in shown),
            schools=people.school_names(session),
            channels=CHANNELS,
            words_in=words_in,
            oversees=oversees(),
        )


@blueprint.get("/words/<locale>/<message>/<channel>")
@needs(Permission.WORDS_TRANSLATE)
def work(locale: str, message: str, channel: str) -> ResponseReturnValue:
    """One text, English and translation side by side."""
    return _page(Spot(message, channel, request.args.get("school", ""), locale))


@blueprint.post("/words/<locale>/<message>/<channel>/look")
@needs(Permission.WORDS_TRANSLATE)
def look(locale: str, message: str, channel: str) -> ResponseReturnValue:
    """What stands beside the words typed so far."""
    with services().database.read() as session:
        found = _work(session, _spot(message, channel, locale))
        return render_template("parts/bench_look.html", **_beside(session, found, request.form.get("words", "")))


@blueprint.post("/words/<locale>/<message>/<channel>")
@needs(Permission.WORDS_TRANSLATE)
def change(locale: str, message: str, channel: str) -> ResponseReturnValue:
    """Do what the pressed button says: keep a draft, hand in, approve, or add a note."""
    spot, typed = _spot(message, channel, locale), request.form.get("words")
    known = {"draft": _draft, "hand_in": _hand_in, "approve": _approve, "send_back": _send_back, "due": _due, "note": _note}
    do = known.get(request.form.get("do", ""))
    if do is None:
        return _page(spot, typed)
    try:
        with services().database.write() as session:
            found = _work(session, spot)
            said = do(session, found)
            staff.audit(session, actor=person().email, action=f"bench.{request.form['do']}", subject=_subject(spot), now=now())
    except _REFUSALS as refusal:
        return _page(spot, typed, problem=explained(str(refusal))), 422
    flash(said)
    return redirect(url_for("bench.work", message=message, channel=channel, locale=locale, school=spot.school_id or None))


def _draft(session: Session, work: Work) -> str:
    bench_actions.save_draft(session, work.spot, _typed(), hand(), home=services().settings.home, seen=request.form.get("seen_draft"))
    return "Kept as a draft. Only you and the others of this language see it."


def _hand_in(session: Session, work: Work) -> str:
    form = request.form
    seen = Seen(form.get("seen"), form.get("seen_draft"), form.get("shown"))
    bench_actions.hand_in(session, work.spot, from_plain(_typed()), hand(), home=services().settings.home, seen=seen)
    return "Handed in. These words leave once a reviewer has approved them; until then the approved ones go out."


def _approve(session: Session, work: Work) -> str:
    if not need_language(session, work.spot.locale):
        abort(403)
    settings = services().settings
    shown = request.form.get("shown", "")
    bench_actions.approve(session, work, hand(), shown=shown, own_words=settings.translators_approve_own, home=settings.home)
    return "Approved. These words may now leave; your name stays with them."


def _send_back(session: Session, work: Work) -> str:
    if not need_language(session, work.spot.locale):
        abort(403)
    form = request.form
    bench_actions.send_back(session, work, form.get("note", ""), hand(), shown=form.get("shown", ""), home=services().settings.home)
    return "Sent back with your note. What was approved before goes on leaving."


def _due(session: Session, work: Work) -> str:
    """Say until when; who looks after all languages may say it for all of them at once."""
    if not need_language(session, work.spot.locale):
        abort(403)
    everywhere = bool(request.form.get("everywhere")) and oversees()
    try:
        day = date.fromisoformat(request.form.get("due", ""))
    except ValueError:
        refusal = "Please give the day as year, month, day: 2026-10-05."
        raise BenchError(refusal) from None
    until = start_of_day(day + timedelta(days=1), services().settings.zone) - timedelta(minutes=1)
    for locale in my_languages(session) if everywhere else (work.spot.locale,):
        bench_actions.want_by(session, replace(work.spot, locale=locale), until.astimezone(UTC), hand(), home=services().settings.home)
    return "The day stands."


def _note(session: Session, work: Work) -> str:
    bench_actions.say(session, work.spot, request.form.get("note", ""), hand(), home=services().settings.home)
    return "Your note stands below."


def _typed() -> str:
    return request.form.get("words", "").replace("\r\n", "\n").strip()


def _spot(message: str, channel: str, locale: str) -> Spot:
    return Spot(message, channel, request.form.get("school", ""), locale)


def _subject(spot: Spot) -> str:
    return f"{spot.message}/{spot.channel} in {spot.locale}{' at ' + spot.school_id if spot.school_id else ''}"


def _work(session: Session, spot: Spot) -> Work:
    """One text in a language of this person; for others it does not exist."""
    need_language(session, spot.locale)
    found = bench_queries.work_at(session, spot, deadlines(), services().settings.home)
    return found or abort(404)


def _page(spot: Spot, typed: str | None = None, problem: str = "") -> str:
    """The whole page, with the words as they stand or as they were typed."""
    with services().database.read() as session:
        found = _work(session, spot)
        words = typed if typed is not None else found.draft.text if found.draft else to_plain(found.offered)
        history = bench_queries.approvals_at(session, spot)
        return render_template(
            "bench_work.html",
            **_beside(session, found, words),
            words=words,
            problem=problem,
            english=to_plain(found.source.text),
            former=_changes(found.former_english, found),
            since_draft=_changes(found.draft.source_text if found.draft else "", found),
            leaving=to_plain(found.approval.translation_text) if found.approval else "",
            offered=to_plain(found.offered),
            terms=glossary.occurring(glossary.terms(session, spot.locale), found.source.text),
            slots=[(chip(name), meaning) for name, meaning in ALLOWED.items() if name in names(found.source.text)],
            counted=bench_checks.counted(spot.locale) if "{{ days_" in found.source.text else [],
            history=history,
            plain=to_plain,
            people=_names(session, found, history),
            school=people.school_names(session).get(spot.school_id, spot.school_id),
            channels=CHANNELS,
            may_approve=need_language(session, spot.locale) and pile_of(found) != "done" and bool(found.offered),
            may_direct=need_language(session, spot.locale),
            own=bool(found.handed_in and found.handed_in.written_by in addresses(session, person().email)),
            own_allowed=services().settings.translators_approve_own,
            shown=bench_actions.shown_digest(found.pair),
            seen=digest(found.source.text),
            seen_draft=digest(found.draft.text if found.draft else ""),
            longest_note=LONGEST_NOTE,
            next_up=_next(session, found),
            today=local_date(now(), services().settings.zone),
            oversees=oversees(),
        )


def _beside(session: Session, work: Work, typed: str) -> dict[str, object]:
    """What both the page and its live part show: the words as a made-up family reads them, what they cost, and what is wrong."""
    settings, spot = services().settings, work.spot
    shown: dict[str, object] = {"work": work, "spot": spot, "reading": None, "longest": None, "refuses": [], "hints": []}
    try:
        template = from_plain(typed.replace("\r\n", "\n").strip())
        pair = Pair(spot.message, spot.channel, spot.locale, work.source.text, template)
        if template:
            facts = editor_look.made_up(session, spot.locale, settings, spot.school_id)
            shown["refuses"] = [explained(sentence) for sentence in bench_checks.refusals(work.source, pair)]
            shown["hints"] = bench_checks.advice(work.source, pair)
            shown["reading"] = editor_look.reading(pair, facts, spot.locale, current=True)
            shown["longest"] = _longest(pair)
    except TemplateError as error:
        shown["refuses"] = [explained(str(error))]
    return shown | {"price": settings.segment_price, "length": len(typed), "most": MOST_LETTERS.get(spot.channel)}


def _longest(pair: Pair) -> Text | None:
    """A text with the longest plausible names."""
    try:
        return text(pair, LONGEST) if pair.channel == "sms" else None
    except (TemplateError, MissingValueError):
        return None


def _changes(before: str, work: Work) -> tuple[Piece, ...]:
    """What changed from an earlier English to this one; nothing where it is the same."""
    return differences(to_plain(before), to_plain(work.source.text)) if before and before != work.source.text else ()


def _names(session: Session, work: Work, history: list[Approval]) -> Mapping[str, str]:
    """Names of everybody who wrote, approved or said something here, by e-mail."""
    spoke = {note.written_by for note in work.notes} | {row.approved_by for row in history}
    wrote = {row.written_by for row in (work.handed_in,) if row} | {row.saved_by for row in (work.draft,) if row}
    return names_by_email(session, spoke | wrote | {work.due_by})


def _next(session: Session, work: Work) -> Work | None:
    """What is to be done next in the same language."""
    found = bench_queries.works(session, [work.spot.locale], deadlines(), services().settings.home)
    return next((one for one in found if pile_of(one) == "todo" and one.spot != work.spot), None)
