"""The real daemon killed at random moments and restarted: nothing decided is lost or doubled.

And what it recorded meanwhile replays to the very same alerts.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.alerts.wire import from_json, to_json
from monitor.app.replay import Replay
from monitor.app.rulebook import load_enabled, rulebook
from monitor.clock import SystemClock, stopwatch
from monitor.config import load_settings
from monitor.devnet.listener import Listener, listening
from monitor.devnet.lockstep import Lockstep
from monitor.devnet.person import Person
from monitor.sources.tape import read_tape
from monitor.store.lock import is_running
from monitor.store.sqlite import SqliteStore
from monitor.timetravel.story import Moment

PACKS = ("alvh", "lp_range", "self", "waves")
TOPIC = "hedgewatch/demo/event"
TAPE = "tape"
CLOCK = SystemClock()
LOOK_S = 0.003


@dataclass
class Reaper:
    """Kills a daemon `kills` times, wherever chance finds it, and starts it again each time.

    One time in five while it starts; else some moments of the story later, and of
    those every other as a letter waits for a channel: between decided and sent.
    """

    play: Any
    dice: random.Random
    kills: int
    told: int = 0
    moods: list[str] = field(default_factory=list)

    async def run(self) -> None:
        while len(self.moods) < self.kills:
            mood = self.dice.choice(("starting", "idle", "idle", "sending", "sending"))
            await getattr(self, f"_{mood}")()
            self.play.daemon.must_live()
            self.play.daemon.kill()
            self.moods.append(mood)
            self.play.daemon.start()

    async def _starting(self) -> None:
        await CLOCK.sleep(self.dice.uniform(0, 1))

    async def _idle(self) -> None:
        then = self.told + self.dice.randint(0, 4)
        while self.told < then or not is_running(self.play.stage.store_url):
            await CLOCK.sleep(LOOK_S)
        await CLOCK.sleep(self.dice.uniform(0, 0.08))

    async def _sending(self) -> None:
        await self._idle()
        began = stopwatch()
        while not any(one.waiting for one in self.play.store.outbox.backlog()):
            if stopwatch() - began > 5:
                return  # nobody has anything to say just now
            await CLOCK.sleep(0)
        await CLOCK.sleep(self.dice.uniform(0, 0.004))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run came to. decided: keys in the log; heard: keys and copies at the consumer.

    log, replayed: the alerts whole, as the store has them and as its tape gives them again.
    """

    decided: frozenset[str]
    heard: dict[str, int]
    undelivered: int
    log: tuple[str, ...] = ()
    replayed: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()

    @property
    def repeats(self) -> int:
        return sum(copies - 1 for copies in self.heard.values())


async def performed(told: list[Moment], reaper: Reaper) -> Outcome:
    """Tell the moments, answer every proposal, and count what came of it."""
    stage, store, daemon = reaper.play.stage, reaper.play.store, reaper.play.daemon

    async def meanwhile() -> None:
        if not reaper.kills:
            daemon.must_live()

    steps = Lockstep(stage=stage, store=store, volume_usd=30_000, meanwhile=meanwhile)
    async with listening(stage.broker.host, stage.broker.port, TOPIC) as heard:
        daemon.start()
        async with asyncio.TaskGroup() as group:
            group.create_task(reaper.run(), name="reaper")
            last = 0
            for moment in told:
                await steps.tell(moment)
                reaper.told += 1
                last = await answered(store, Person(stage.config), steps, last)
        await steps.drained()
        decided = frozenset(event.idem for event in store.history.events(limit=100_000))
        await settled(heard, decided)
        await daemon.stop()
    return Outcome(
        decided=decided,
        heard=dict(heard.copies),
        undelivered=sum(one.waiting + one.dead for one in store.outbox.backlog()),
        log=tuple(sorted(event.payload for event in store.history.events(limit=100_000))),
        replayed=tuple(sorted(to_json(alert) for alert in replayed(reaper.play, TAPE))),
        moods=tuple(reaper.moods),
    )


def replayed(play: Any, tape: str) -> tuple[Alert, ...]:
    """Return the alerts of a tape that lies beside a play's config."""
    settings = load_settings(play.stage.config)
    replay = Replay(rulebook(settings, load_enabled(settings)))
    return replay.run(read_tape(play.stage.folder / tape)).alerts


async def answered(store: SqliteStore, person: Person, steps: Lockstep, last: int) -> int:
    """Do what every fresh proposal asks; return the last event seen."""
    while fresh := store.history.events(last):
        last = fresh[-1].id
        proposals = [from_json(event.payload) for event in fresh]
        await asyncio.gather(*(person.answer(alert) for alert in proposals))
        await steps.until(lambda: not store.inbox.unheard(), "a person's words")
        await steps.drained()
    return last


async def settled(heard: Listener, decided: frozenset[str]) -> None:
    """Give the broker a moment to hand on what it has; what never comes is counted as lost."""
    began = stopwatch()
    while not decided <= heard.copies.keys() and stopwatch() - began < 5:
        await CLOCK.sleep(0.01)


@pytest.mark.parametrize(
    ("kills", "until"),
    [
        pytest.param(10, date(2020, 2, 21), id="10 kills", marks=pytest.mark.timeout(300)),
        pytest.param(
            60, date(2020, 3, 31), id="60 kills", marks=[pytest.mark.soak, pytest.mark.timeout(900)]
        ),
    ],
)
async def test_killed_at_random_it_tells_what_it_would_have_told_and_loses_nothing(
    kills: int,
    until: date,
    set_stage: Any,
    swayed: Callable[[date], list[Moment]],
    figure: Any,
) -> None:
    async def run(times: int) -> Outcome:
        dice = random.Random(f"{kills} kills")
        play = await set_stage(*PACKS, more=("--tape", f"{{folder}}/{TAPE}"))
        return await performed(swayed(until), Reaper(play, dice, times))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(times), name=f"{times} kills") for times in (0, kills)]
    whole, killed = (task.result() for task in tasks)
    lost = whole.decided - killed.heard.keys()
    moods = ", ".join(f"{killed.moods.count(mood)} {mood}" for mood in sorted({*killed.moods}))
    told = f"{kills} kills ({moods}): {len(killed.decided)} events, {killed.repeats} repeats"
    figure(f"kills.{kills}.lost", len(lost), "alerts", most=0, measured=told)
    assert len(killed.moods) == kills
    assert len(whole.decided) > 150, "too few events to mean anything"
    assert {idem.split(":")[1] for idem in whole.decided} >= {"L1.add", "L2.add", "wave.high"}
    assert not lost
    assert killed.heard.keys() == whole.heard.keys() == whole.decided == killed.decided
    assert (whole.replayed, killed.replayed) == (whole.log, killed.log)
    assert whole.repeats == 0
    assert (whole.undelivered, killed.undelivered) == (0, 0)
