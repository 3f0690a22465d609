"""What becomes of a child's episodes when it is counted again: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from outreach.attendance.counting import Count
from outreach.thresholds.rules import Rule, met_rungs
from outreach.thresholds.states import EpisodeState


@dataclass(frozen=True)
class Step:
    """One change: *state* of the child's running episode of *rule*, or of a new one."""

    rule: str
    state: EpisodeState
    new: bool


def steps(rules: Sequence[Rule], count: Count | None, running: Mapping[str, EpisodeState], *, first_time: frozenset[str]) -> Iterator[Step]:
    """Yield what changes for one child.

    *count* is None for a child who is not enrolled; *running* are its episodes of this year that are not closed, by rule;
    *first_time* names the rules that were never evaluated at its school: what they find is baseline.
    """
    speaking, passed = met_rungs(rules, count) if count is not None else ([], [])
    wanted = {rule.name: EpisodeState.OPEN for rule in speaking} | {rule.name: EpisodeState.PASSED for rule in passed}
    for name, state in running.items():
        if name not in wanted:
            yield Step(name, EpisodeState.CLOSED, new=False)
        elif (after := _after(state, wanted[name])) != state:
            yield Step(name, after, new=False)
    for name, state in wanted.items():
        if name not in running:
            baseline = state == EpisodeState.OPEN and name in first_time
            yield Step(name, EpisodeState.BASELINE if baseline else state, new=True)


def _after(now: EpisodeState, wanted: EpisodeState) -> EpisodeState:
    """A baseline episode waits for a person, whatever the count; an open one yields to a higher rung and comes back after it."""
    return now if now == EpisodeState.BASELINE and wanted == EpisodeState.OPEN else wanted
