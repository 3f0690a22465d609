"""What becomes of a child's episodes when it is counted again: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from outreach.attendance.counting import Count
from outreach.thresholds.rules import Rule, met_rungs
from outreach.thresholds.states import EpisodeState


@dataclass(frozen=True)
class Running:
    """An episode that is not closed; *waits* says that it is of the baseline and no person has released it."""

    state: EpisodeState
    waits: bool = False


@dataclass(frozen=True)
class Step:
    """One change: *state* of the child's running episode of *rule*, or of a new one (*baseline*: which speaks only after a release)."""

    rule: str
    state: EpisodeState
    new: bool
    baseline: bool = False


def steps(rules: Sequence[Rule], count: Count, running: Mapping[str, Running], *, first_time: Collection[str]) -> Iterator[Step]:
    """Yield what changes for one child with *count*.

    *running* are its episodes of this year that are not closed, by rule; *first_time* names the rules that were never evaluated at
    its school: what they find is baseline.
    """
    speaking, passed = met_rungs(rules, count, running)
    wanted = {rule.name: EpisodeState.OPEN for rule in speaking} | {rule.name: EpisodeState.PASSED for rule in passed}
    for name, episode in running.items():
        if name not in wanted:
            yield Step(name, EpisodeState.CLOSED, new=False)
        elif (after := _after(wanted[name], waits=episode.waits)) != episode.state:
            yield Step(name, after, new=False)
    for name, state in wanted.items():
        if name not in running:
            baseline = name in first_time
            yield Step(name, _after(state, waits=baseline), new=True, baseline=baseline)


def _after(wanted: EpisodeState, *, waits: bool) -> EpisodeState:
    """What is not released waits, whatever the count; a lower rung stays passed while a higher one speaks, and comes back after it."""
    return EpisodeState.BASELINE if waits and wanted == EpisodeState.OPEN else wanted
