"""The whole storm: rounds of sending and killing while everything changes, then calm, then the verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from outreach.cases.intake import take_waiting
from outreach.database import Database
from outreach.delivery.actions import dispatch
from outreach.delivery.reconcile import reconcile
from tests.chaos.judge import Verdict, judge
from tests.chaos.senders import Place, Sender, Step, asked_in, noting
from tests.chaos.world import World, running

_STEPS = (*Step, Step.ASKED, Step.ANSWERED, Step.ANSWERED)
"""Oftener where the carrier has a text and nobody has noted it."""
_LIFE = 0.6
"""Seconds at work within which a sender is killed, if it does not die at its step."""
_MOOD = 20
"""One look round in so many something else happens."""
_BETWEEN_ROUNDS = timedelta(minutes=6)
"""Longer than a claim is believed in, so each round finds what the dead of the one before left behind."""
_CALM = timedelta(minutes=11)


@dataclass
class Storm:
    """What a storm did, and what was found."""

    seed: int
    workers: int
    database: str
    kills: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=Verdict)

    def __str__(self) -> str:
        """One line to print."""
        found = self.verdict
        sums = f"lost {len(found.lost)}, doubled {len(found.doubled)}, silenced {len(found.silenced)}, untrue {len(found.untrue)}"
        return (
            f"seed {self.seed}, {self.database}, {self.workers} workers: {self.kills.total()} kills, {found.texts} texts; {sums}; "
            f"states {dict(found.states)}; kills {dict(self.kills)}"
        )


def storm(
    database: Database, folder: Path, *, seed: int, workers: int, kills: int, families: int, rounds: int, blind: bool = False
) -> Storm:
    """Kill *kills* senders in *rounds*, *workers* of them at work at a time; then let everything settle, and judge.

    *blind* senders leave the last read before a request out, to see whether the storm would notice.
    """
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    done = Storm(seed, workers, kind)
    with running(database, folder, families=families, seed=seed) as world:
        for number in range(rounds):
            share = kills * (number + 1) // rounds - done.kills.total()
            _round(world, done, share, blind=blind)
            world.clock.move_to(world.clock.now() + _BETWEEN_ROUNDS)
        _settle(world)
        with database.read() as session:
            done.verdict = judge(session, world.carrier.carrier.log, asked_in(world.requests), world.truth())
    return done


def _round(world: World, done: Storm, kills: int, *, blind: bool) -> None:
    at_work: list[Sender] = []
    world.lose_receipts()
    world.correct_attendance()
    corrected = False
    while kills or at_work:
        while kills and len(at_work) < done.workers:
            step, seed, life = world.chance.choice(_STEPS), world.chance.getrandbits(32), world.chance.uniform(0, _LIFE)
            world.answer(4)
            url = world.database.url.render_as_string(hide_password=False)
            at_work.append(
                Sender.start(
                    Place(url, world.values, world.clock.file, world.requests, blind=blind),
                    step,
                    seed,
                    life if step is Step.ANYWHERE else 4 * _LIFE,
                )
            )
            kills -= 1
        if not corrected and world.being_texted():
            world.correct_attendance()  # while numbers of before are on their way
            corrected = True
        _something_happens(world)
        at_work = _bury(done, at_work)
    world.carrier.simulation.outbound.wait(30)


def _bury(done: Storm, at_work: Sequence[Sender]) -> list[Sender]:
    left = []
    for sender in at_work:
        if sender.is_done():
            done.kills[sender.bury()] += 1
        else:
            left.append(sender)
    return left


def _something_happens(world: World) -> None:
    match world.chance.randrange(_MOOD):
        case 0 if len(world.silenced) < len(world.phones) // 3:
            world.silence()
        case 1 | 2 | 3:
            world.misbehave()
        case 4:
            world.answer(2)
        case _:
            time.sleep(0.01)


def _settle(world: World) -> None:
    """No more kills and no more faults: what is in doubt is looked up, what waits is sent."""
    world.calm()
    provider = noting(world.settings, world.requests)
    for _ in range(7):
        world.clock.move_to(world.clock.now() + _CALM)
        take_waiting(world.database, world.settings, world.clock.now())
        reconcile(world.database, provider, world.settings, world.clock)
        while dispatch(world.database, provider, world.settings, world.clock).claimed:
            pass
        world.carrier.simulation.outbound.wait(60)
