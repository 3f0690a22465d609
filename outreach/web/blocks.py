"""Blocks: who is kept from hearing of a child, on which paper, and when somebody looks at it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from outreach.cases import searching
from outreach.clock import local_date
from outreach.consent import blocks, restrictions
from outreach.consent.blocks import BlockError, Paper
from outreach.consent.states import BlockKind
from outreach.consent.tables import ContactBlock
from outreach.district import queries as district
from outreach.district.people import Adult
from outreach.replies.media_types import ENDINGS, LARGEST, type_of
from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, person, services, visitor
from outreach.web.permissions import needs

blueprint = Blueprint("blocks", __name__, url_prefix="/blocks")

KINDS = {
    BlockKind.CUSTODY: ("Custody order", "Hears nothing of the child by text, letter, e-mail, page or call."),
    BlockKind.NO_CONTACT: ("No contact", "Hears nothing of the child by text, letter, e-mail, page or call."),
    BlockKind.ADDRESS: ("Protected address", "May be texted. No letter goes to the address on file, and no page or file shows it."),
}
"""What a block is and does, in plain words."""
_LONGEST = 300
_LONGEST_QUERY = 200
_LIFTED = 50
_LOOK_AFTER = timedelta(days=365)
_MEGABYTES = LARGEST >> 20
_TOO_LARGE = f"That file is more than {_MEGABYTES} MB. A photo of the page that names the people and the dates is enough."
_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@dataclass(frozen=True)
class Line:
    """One block as a page shows it."""

    block: ContactBlock
    adult: str
    child: str
    """Empty: any child."""
    due: bool


@blueprint.url_value_preprocessor
def _let_a_paper_in(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """A scan is larger than any form; only people who may place a block may send so much, and this runs before anything reads it."""
    if endpoint == "blocks.place" and (known := visitor()) is not None and known.may(Permission.BLOCKS_PLACE):
        request.max_content_length = LARGEST + _MEGABYTES * 1024


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_problem: RequestEntityTooLarge) -> ResponseReturnValue:
    flash(_TOO_LARGE, "warning")
    return redirect(url_for("blocks.page"))


@blueprint.get("")
@needs(Permission.BLOCKS_READ)
def page() -> ResponseReturnValue:
    """The blocks that hold, the next to look at first; and how many of the feed's restrictions wait to be read."""
    known, today = person(), _today()
    with services().database.read() as session:
        held, ended = blocks.standing(session, known.schools), blocks.lifted(session, known.schools, limit=_LIFTED)
        return render_template(
            "blocks.html",
            lines=_lines(session, held, today),
            ended=_lines(session, ended, today),
            kinds=KINDS,
            unread=sum(text.waiting for text in restrictions.texts(session, known.schools)),
            names=accounts.names_by_email(session, {by for row in (*held, *ended) for by in (row.placed_by, row.lifted_by)}),
            tomorrow=today + timedelta(days=1),
            next_look=today + _LOOK_AFTER,
            longest=_LONGEST,
        )


@blueprint.get("/new")
@needs(Permission.BLOCKS_PLACE)
def new() -> ResponseReturnValue:
    """Whom to keep from hearing: a search, or the form for one adult."""
    return _form()


@blueprint.post("/find")
@needs(Permission.BLOCKS_PLACE)
def find() -> ResponseReturnValue:
    """The adults of the children that are looked for. What is looked for is sent as a form: no address holds a name."""
    query, known = request.form.get("query", "")[:_LONGEST_QUERY], person()
    with services().database.read() as session:
        found = people.children(session, searching.children(session, query, known.schools), known.schools)
        adults = district.load_adults(session, list(found))
        rows = [(child, [adult for adult in adults if adult.link(child.student_id)]) for child in found.values()]
        return render_template("block_whom.html", query=query, rows=rows, asked=True)


@blueprint.post("/new")
@needs(Permission.BLOCKS_PLACE)
def place() -> ResponseReturnValue:
    """Place a block on one adult; it holds from the next message on."""
    try:
        kind, reason = _said()
        content, paper_type = _paper()
        name = blocks.keep(services().settings, content) if content else ""
        try:
            with services().database.write() as session:
                _place(session, kind, reason, Paper(_day("begins_on"), _day("ends_on"), _day("review_on"), name, paper_type))
        except Exception:
            blocks.drop(services().settings, name)  # a paper of no block is kept nowhere
            raise
    except BlockError as refusal:
        return _form(str(refusal)), 422
    flash("The block stands. It holds from the next message on.")
    return redirect(url_for("blocks.page"))


@blueprint.post("/<int:block_id>/lift")
@needs(Permission.BLOCKS_DECIDE)
def lift(block_id: int) -> ResponseReturnValue:
    """End a block, with the reason."""
    why = storable(request.form.get("why", ""))[:_LONGEST]
    return _act(
        block_id, "lifted", lambda session: blocks.lift(session, block_id, why=why, by=person().email, now=now()), "The block is lifted."
    )


@blueprint.post("/<int:block_id>/look")
@needs(Permission.BLOCKS_DECIDE)
def look(block_id: int) -> ResponseReturnValue:
    """Note that it still stands, and when to look again."""
    on = _day("review_on") or _today() + _LOOK_AFTER
    return _act(
        block_id,
        "looked_at",
        lambda session: blocks.look_again(session, block_id, on, _today()),
        "It stands. The day for the next look is noted.",
    )


@blueprint.get("/<int:block_id>/paper")
@needs(Permission.BLOCKS_DECIDE)
def paper(block_id: int) -> ResponseReturnValue:
    """The paper of a block, to keep and never to run; that it was opened is on record."""
    known = person()
    with services().database.write() as session:
        block = blocks.one(session, block_id, known.schools)
        content = blocks.document(services().settings, block) if block is not None else None
        if block is None or content is None:
            abort(404)
        staff.audit(session, actor=known.email, action="block.paper_seen", subject=f"block {block.id}", now=now())
        kind = block.document_type
    answer = Response(content, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="block-{block_id}{ENDINGS[kind]}"'
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def _act(block_id: int, done: str, action: Callable[[Session], ContactBlock], said: str) -> ResponseReturnValue:
    known = person()
    try:
        with services().database.write() as session:
            if blocks.one(session, block_id, known.schools) is None:
                abort(404)
            action(session)
            staff.audit(session, actor=known.email, action=f"block.{done}", subject=f"block {block_id}", now=now())
    except BlockError as refusal:
        flash(str(refusal), "warning")
    else:
        flash(said)
    return redirect(url_for("blocks.page"))


def _said() -> tuple[BlockKind, str]:
    """The kind of block and what it rests on, as the form has them. Raises BlockError."""
    kind = next((one for one in BlockKind if one == request.form.get("kind")), None)
    reason = storable(request.form.get("reason", "")).strip()[:_LONGEST]
    if kind is None or not reason:
        message = "Say what kind of block it is, and which paper or whose word it rests on."
        raise BlockError(message)
    return kind, reason


def _place(session: Session, kind: BlockKind, reason: str, paper: Paper) -> None:
    """Place it on the adult in the address. Raises BlockError where the same block stands already."""
    known, adult = person(), _adult(session)
    child = request.form.get("child", "") if kind is not BlockKind.ADDRESS else ""
    if child and child not in _children(session, adult):
        abort(404)
    before = {row.id for row in blocks.of_contact(session, adult.contact_id)}
    block = blocks.place(session, adult.contact_id, kind=kind, reason=reason, by=known.email, now=now(), student_id=child, paper=paper)
    if block.id in before:
        message = "The same block stands already. Lift it first, or note on it when to look again."
        raise BlockError(message)
    detail = {"kind": kind.value, "contact": adult.contact_id, "child": child, "paper": bool(paper.document)}
    staff.audit(session, actor=known.email, action="block.placed", subject=f"block {block.id}", now=now(), detail=detail)


def _form(problem: str = "") -> str:
    if not request.args.get("adult"):
        return render_template("block_whom.html", query="", rows=[], asked=False)
    today = _today()
    with services().database.read() as session:
        adult = _adult(session)
        children = _children(session, adult)
        held = [row for row in blocks.of_contact(session, adult.contact_id) if row.lifted_at is None]
        mine = [row for row in held if not row.student_id or row.student_id in children]
        return render_template(
            "block_new.html",
            adult=adult,
            children=children,
            standing=_lines(session, mine, today),
            kinds=KINDS,
            problem=problem,
            sent=request.form,
            tomorrow=today + timedelta(days=1),
            next_look=today + _LOOK_AFTER,
            longest=_LONGEST,
            megabytes=_MEGABYTES,
        )


def _adult(session: Session) -> Adult:
    """The adult in the address, if one of this person's children is theirs."""
    found = district.named_adults(session, [request.args.get("adult", "")])
    if not found or not _children(session, found[0]):
        abort(404)
    return found[0]


def _children(session: Session, adult: Adult) -> dict[str, people.ChildName]:
    return people.children(session, [link.student_id for link in adult.links], person().schools)


def _paper() -> tuple[bytes, str]:
    """The uploaded paper and what its bytes say it is; nothing where none was chosen. Raises BlockError."""
    sent = request.files.get("paper")
    content = sent.read(LARGEST + 1) if sent is not None else b""
    kind = type_of(content)
    if content and (not kind or len(content) > LARGEST):
        message = _TOO_LARGE if len(content) > LARGEST else "The paper must be a PDF or a picture."
        raise BlockError(message)
    return content, kind


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None


def _today() -> date:
    return local_date(now(), services().settings.zone)


def _lines(session: Session, rows: Sequence[ContactBlock], today: date) -> list[Line]:
    adults = people.contact_names(session, {row.contact_id for row in rows})
    children = people.children(session, {row.student_id for row in rows if row.student_id}, None)
    return [
        Line(
            row,
            adults.get(row.contact_id, row.contact_id),
            children[row.student_id].name if row.student_id in children else row.student_id,
            row.lifted_at is None and blocks.is_due(row, today),
        )
        for row in rows
    ]
