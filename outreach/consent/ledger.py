"""What a number's ledger adds up to: who has opted it out, whether it can be texted, whether it is verified.

The rules (FCC 47 CFR 64.1200(a)(10): an opt-out by any reasonable means binds; a person may opt in again):

- An opt-out by anyone stands until it is lifted. The family's own opt-in (START) lifts every opt-out, because it is the number's
  latest word. Anybody else's opt-in lifts only what the same source said: a feed's *yes* never lifts a family's *stop*.
- A suppression (wrong number, landline) is no opt-out: START does not lift it. Staff lift any; the others only their own.
- A feed says the same thing every night; only a change of what it says is news.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from outreach.consent.states import Kind, Source


@dataclass(frozen=True)
class Entry:
    """One statement about a number."""

    kind: Kind
    source: Source
    note: str = ""


@dataclass(frozen=True)
class Standing:
    """What the statements so far add up to; ``version`` is how many there are."""

    opted_out_by: frozenset[Source] = frozenset()
    suppressions: tuple[tuple[Source, str], ...] = field(default=())
    """Source → why, in the order placed; at most one per source."""
    verified: bool = False
    feed_said: Kind | None = None
    """The feed's last opt-out or opt-in."""
    version: int = 0

    @property
    def opted_out(self) -> bool:
        """Whether anybody's opt-out stands."""
        return bool(self.opted_out_by)

    @property
    def suppressed(self) -> str:
        """Why the number must or can not be texted; what a person said comes first; empty if nothing stands."""
        return dict(self.suppressions).get(Source.STAFF) or next((why for _, why in self.suppressions), "")


def fold(entries: Iterable[Entry]) -> Standing:
    """Add up statements in the order they were made."""
    standing = Standing()
    for entry in entries:
        standing = apply(standing, entry)
    return standing


def apply(standing: Standing, entry: Entry) -> Standing:
    """Return what stands after one more statement."""
    standing = replace(standing, version=standing.version + 1)
    source = entry.source
    if source is Source.FEED and entry.kind in {Kind.OPT_OUT, Kind.OPT_IN}:
        standing = replace(standing, feed_said=entry.kind)
    match entry.kind:
        case Kind.OPT_OUT:
            return replace(standing, opted_out_by=standing.opted_out_by | {source})
        case Kind.OPT_IN:
            lifted = standing.opted_out_by if source is Source.FAMILY else {source}
            return replace(standing, opted_out_by=standing.opted_out_by - lifted)
        case Kind.VERIFIED | Kind.UNVERIFIED:
            return replace(standing, verified=entry.kind is Kind.VERIFIED)
        case Kind.SUPPRESSED:
            others = tuple(pair for pair in standing.suppressions if pair[0] is not source)
            return replace(standing, suppressions=(*others, (source, entry.note or "marked as a number not to text")))
        case Kind.UNSUPPRESSED:
            kept = () if source is Source.STAFF else tuple(pair for pair in standing.suppressions if pair[0] is not source)
            return replace(standing, suppressions=kept)


def is_news(feed_said: Kind | None, entry: Entry) -> bool:
    """Say whether a statement tells anything new: a feed's repetition does not, nor its *yes* where it never said *no*."""
    if entry.source is not Source.FEED or entry.kind not in {Kind.OPT_OUT, Kind.OPT_IN}:
        return True
    if entry.kind is Kind.OPT_IN:
        return feed_said is Kind.OPT_OUT
    return feed_said is not Kind.OPT_OUT
