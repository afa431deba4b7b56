"""Three daemons on one PostgreSQL, killed, paused and cut off, tell what one would have told."""

import asyncio
import os
import random
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import date
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest

from monitor.clock import SystemClock, stopwatch, wait
from monitor.config import Settings
from monitor.devnet.listener import listening
from monitor.devnet.lockstep import Lockstep
from monitor.devnet.postgres import Postgres
from monitor.devnet.stage import DaemonProcess
from monitor.errors import Transient
from monitor.store.opening import living, open_store
from monitor.timetravel.story import Moment
from tests.app.test_kill import TOPIC, Outcome, settled

PACKS = ("alvh", "lp_range", "self", "waves")
NAMES = ("a", "b", "c")
CLOCK = SystemClock()
LEASE_S = 2.0
LOOK_S = 0.01
MOVES = ("kill who leads", "kill a helper", "pause who leads", "stop the database", "crash it")


@dataclass
class Trouble:
    """Disturbs three daemons and their database, each move while another moment is told.

    plan: the move at each number of a moment. failovers: seconds from when who led was taken
    away until another led.
    """

    play: Any
    server: Postgres
    daemons: dict[str, DaemonProcess]
    dice: random.Random
    plan: dict[int, str]
    made: int = 0
    failovers: list[float] = field(default_factory=list)
    _under_way: list[asyncio.Task[None]] = field(default_factory=list)

    async def begin(self, moment: int, group: asyncio.TaskGroup) -> None:
        """Begin the move planned at a moment, once the last is over and another can take over.

        The story waits for it: one that went on would be over before its last move.
        """
        if moment not in self.plan:
            return
        await asyncio.gather(*self._under_way)
        began = stopwatch()
        while self.leads() is None or not self.somebody_else():
            assert stopwatch() - began < 120, "nobody leads, or nobody could take over"
            await CLOCK.sleep(LOOK_S)
        self._under_way = [group.create_task(self._make(self.plan[moment]), name="trouble")]

    async def _make(self, move: str) -> None:
        await CLOCK.sleep(self.dice.uniform(0, 0.05))
        await getattr(self, f"_{move.replace(' ', '_')}")()
        self.made += 1
        for daemon in self.daemons.values():
            daemon.must_live()

    def leads(self) -> str | None:
        return next((one.name for one in living(self.server.url()) if one.leads), None)

    def somebody_else(self) -> bool:
        """Return whether there is another to take over: a start takes seconds."""
        return len(living(self.server.url())) > 1

    async def _kill_who_leads(self) -> None:
        led = self.leads()
        assert led is not None
        began = stopwatch()
        self.daemons[led].kill()
        await self._led_by_another(than=led)
        self.failovers.append(stopwatch() - began)
        self.daemons[led].start()

    async def _kill_a_helper(self) -> None:
        helper = self.dice.choice([name for name in NAMES if name != self.leads()])
        self.daemons[helper].kill()
        self.daemons[helper].start()

    async def _pause_who_leads(self) -> None:
        led = self.leads()
        assert led is not None
        process = self.daemons[led]._process
        assert process is not None
        os.kill(process.pid, SIGSTOP)
        await self._led_by_another(than=led)
        await CLOCK.sleep(self.dice.uniform(0, 1))
        os.kill(process.pid, SIGCONT)

    async def _stop_the_database(self) -> None:
        self.server.stop()
        self._begin_again()

    async def _crash_it(self) -> None:
        self.server.crash()
        self._begin_again()

    def _begin_again(self) -> None:
        """Have the database back, without a turn of this loop: the story's own eye saw nothing."""
        wait(self.dice.uniform(0, 0.5))
        self.server.start()
        began = stopwatch()
        while stopwatch() - began < 10:
            try:
                self.play.store.outbox.backlog()
            except Transient:
                wait(0.02)
            else:
                return
        raise AssertionError("the database does not answer again")

    async def _led_by_another(self, *, than: str) -> None:
        began = stopwatch()
        while self.leads() in {None, than}:
            assert stopwatch() - began < 60, f"nobody took over from {than}"
            await CLOCK.sleep(LOOK_S)


async def told_to(play: Any, moments: list[Moment], daemons: list[Any], trouble: Any) -> Outcome:
    """Tell the moments to daemons that run, and count what a consumer heard."""
    stage, store = play.stage, play.store

    async def meanwhile() -> None:
        if trouble is None:
            daemons[0].must_live()

    steps = Lockstep(stage=stage, store=store, volume_usd=30_000, meanwhile=meanwhile)
    async with listening(stage.broker.host, stage.broker.port, TOPIC) as heard:
        for daemon in daemons:
            daemon.start()
        await play.until(play.blocks, "the first poll", within_s=180)
        async with asyncio.TaskGroup() as group:
            for number, moment in enumerate(moments):
                if trouble is not None:
                    await trouble.begin(number, group)
                await steps.tell(moment)
        await steps.drained()
        decided = frozenset(event.idem for event in store.history.events(limit=100_000))
        await settled(heard, decided)
        for daemon in daemons:
            await daemon.stop()
    return Outcome(
        decided=decided,
        heard=dict(heard.copies),
        undelivered=sum(one.waiting + one.dead for one in store.outbox.backlog()),
        log=tuple(sorted(event.payload for event in store.history.events(limit=100_000))),
    )


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a test of several daemons stands on."""

    set_stage: Any
    server: Postgres
    story: Callable[[date], list[Moment]]

    async def alone(self, until: date) -> Outcome:
        """Return what one daemon on a file tells, undisturbed."""
        play = await self.set_stage(*PACKS)
        return await told_to(play, self.story(until), [play.daemon], None)

    async def together(self, until: date, moves: list[str], seed: str) -> tuple[Outcome, Trouble]:
        """Return what three on a PostgreSQL tell, disturbed."""
        dice, moments = random.Random(seed), self.story(until)
        plan = dict(zip(sorted(dice.sample(range(len(moments)), len(moves))), moves, strict=True))
        play = await self.set_stage(*PACKS)
        share(play, self.server, LEASE_S)
        daemons = {name: DaemonProcess(play.stage, "--name", name) for name in NAMES}
        with ExitStack() as stack:
            for daemon in daemons.values():
                stack.callback(daemon.kill)
            store = open_store(self.server.url(), now=moments[0].at)
            shared = replace(play, store=stack.enter_context(closing(store)))
            trouble = Trouble(shared, self.server, daemons, dice, plan)
            outcome = await told_to(shared, moments, list(daemons.values()), trouble)
        return outcome, trouble


def share(play: Any, server: Postgres, lease_s: float) -> None:
    """Have a play's daemons share a server."""
    play.edit(f'url = "{play.stage.store_url}"', f'url = "{server.url()}"\nlease_s = {lease_s}')


@pytest.fixture
def ground(set_stage: Any, server: Postgres, swayed: Callable[[date], list[Moment]]) -> Ground:
    return Ground(set_stage=set_stage, server=server, story=swayed)


@pytest.mark.parametrize(
    ("rounds", "until"),
    [
        pytest.param(
            1,
            date(2020, 2, 18),
            id="each once",
            marks=pytest.mark.timeout(600),
        ),
        pytest.param(
            6,
            date(2020, 3, 31),
            id="six times",
            marks=[pytest.mark.soak, pytest.mark.timeout(3600)],
        ),
    ],
)
async def test_three_daemons_disturbed_tell_what_one_undisturbed_tells(
    *, rounds: int, until: date, ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(f"{rounds} rounds")
    moves = [move for _ in range(rounds) for move in dice.sample(MOVES, len(MOVES))]
    async with asyncio.TaskGroup() as group:
        first = group.create_task(ground.alone(until))
        second = group.create_task(ground.together(until, moves, f"{rounds} times"))
    one, (several, trouble) = first.result(), second.result()
    lost = one.decided - several.heard.keys()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(moves)} disturbances of 3 daemons: {len(several.decided)} events, "
            f"{several.repeats} repeats, {len(lost)} lost; with a lease of {LEASE_S:g} s "
            f"another led after {max(trouble.failovers):.1f} s at most\n"
        )
    assert trouble.made == len(moves)
    assert len(one.decided) > 100, "too few events to mean anything"
    assert not lost
    assert several.heard.keys() == one.heard.keys() == one.decided == several.decided
    assert several.log == one.log
    assert (one.undelivered, several.undelivered) == (0, 0)


@pytest.mark.timeout(180)
async def test_another_watches_within_15_s_of_the_death_of_who_led(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the lease a config has that says nothing of it."""
    play = await ground.set_stage(*PACKS)
    share(play, ground.server, Settings().store.lease_s)
    daemons = {name: DaemonProcess(play.stage, "--name", name) for name in NAMES[:2]}
    moment = ground.story(date(2020, 2, 14))[0]
    with ExitStack() as stack:
        for daemon in daemons.values():
            stack.callback(daemon.kill)
            daemon.start()
        store = open_store(ground.server.url(), now=moment.at)
        shared = replace(play, store=stack.enter_context(closing(store)))
        trouble = Trouble(shared, ground.server, daemons, random.Random("one"), {})

        async def block(price: float) -> None:
            await play.stage.devnet.trade_to(price, volume_usd=30_000, at=moment.at)
            wanted = (await play.stage.devnet.head()).number
            await shared.until(lambda: wanted in shared.blocks(), f"block {wanted}", within_s=60)

        await block(240.0)
        two = lambda: len(living(ground.server.url())) > 1  # noqa: E731
        await shared.until(two, "two daemons", within_s=60)
        led = trouble.leads()
        assert led is not None
        began = stopwatch()
        daemons[led].kill()
        await block(260.0)
        took = stopwatch() - began
        assert trouble.leads() not in {None, led}
    with capsys.disabled():
        sys.stdout.write(f"\na block was taken by another {took:.1f} s after who led was killed\n")
    assert took <= 15
