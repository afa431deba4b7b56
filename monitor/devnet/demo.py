"""`hedgewatch demo`: February to June 2020, told to the real daemon, and what came of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import wrap
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.render import console_line
from monitor.alerts.ticket import ticket_brief
from monitor.alerts.wire import from_json
from monitor.clock import SystemClock, stopwatch
from monitor.devnet.before import leave_past
from monitor.devnet.demo_folder import claim, empty
from monitor.devnet.demo_result import DemoResult
from monitor.devnet.listener import Listener, listening
from monitor.devnet.lockstep import Lockstep
from monitor.devnet.person import Person
from monitor.devnet.stage import DaemonProcess, Stage, open_stage
from monitor.store.port import Store
from monitor.store.rows import restore
from monitor.store.sqlite import open_sqlite
from monitor.timetravel.scene import Scene, scene_of
from monitor.timetravel.story import Moment, moments

PACKS: Final = ("alvh", "lp_range", "self")
VALUE_USD: Final = 100_000.0
"""Each of the four positions at the start."""

VOLUME_USD: Final = 30_000.0
"""Trading in each block of six hours: invented, so that there are fees. Not history."""

_CLOCK: Final = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """out: where files go. until: the story's last day, None for all of it.

    days_a_second: how fast to tell it at most; 0 for as fast as it goes.
    """

    out: Path
    until: date | None = None
    days_a_second: float = 0.0


_SHOWN: Final = frozenset({"layer", "pool", "position", "reading", "chain", "feed"})
"""The rows of the store that a scene is made of."""


@dataclass(slots=True)
class _Teller:
    """Tells the story, answers its proposals, and keeps what a report needs."""

    steps: Lockstep
    store: Store
    person: Person
    say: Callable[[str], None]
    last_event: int = 0
    alerts: list[Alert] = field(default_factory=list)
    scenes: list[Scene] = field(default_factory=list)

    async def tell(self, moment: Moment) -> None:
        await self.steps.tell(moment)
        while fresh := self._fresh():
            answers = await asyncio.gather(*(self.person.answer(alert) for alert in fresh))
            for alert, said in zip(fresh, answers, strict=True):
                self.say(console_line(alert, dated=True))
                for line in _ticket(alert):
                    self.say(line)
                if said:
                    self.say(f"{'':<12}you: {said}")
            await self.steps.drained()
        # Only what a report needs: a year of bars, say, takes long to read.
        rows = {key: row for key, row in self.store.load().rows.items() if key[0] in _SHOWN}
        state = restore(rows, ())
        self.scenes.append(scene_of(state, moment.at, moment.price))

    def _fresh(self) -> list[Alert]:
        events = self.store.history.events(self.last_event)
        self.last_event = max((event.id for event in events), default=self.last_event)
        fresh = [from_json(event.payload) for event in events]
        self.alerts += fresh
        return fresh


def _ticket(alert: Alert) -> list[str]:
    """Return an open proposal's ticket in few lines of 80 columns."""
    if alert.ticket is None or alert.state not in {AlertState.FIRING, AlertState.REPEAT}:
        return []
    indent = " " * 12
    return [
        row
        for line in ticket_brief(alert.ticket)
        for row in wrap(line, 80, initial_indent=indent, subsequent_indent=f"{indent}  ")
    ]


async def run_demo(settings: DemoSettings, *, say: Callable[[str], None] = print) -> DemoResult:
    """Tell the story and return what came of it; raises Permanent when it cannot be told."""
    began = stopwatch()
    told = list(moments(settings.until))
    folder = settings.out / "run"
    claim(folder)
    say("setting the stage: local chain, Uniswap v3, broker, feed server, daemon")
    async with _performance(folder, told[0]) as (stage, daemon, heard):
        store = open_sqlite(stage.store_url, now=told[0].at)
        with closing(store):
            teller = _teller(stage, daemon, store, say)
            teller.steps.left = leave_past(store.inbox, told[0].at)
            say(stage.broker.says)
            say(f"{len(told)} moments from {told[0].at:%d %b} to {told[-1].at:%d %b %Y}, told")
            await _tell_all(teller, told, settings)
            tally = store.history.tally("devnet")
            await daemon.stop()
            result = DemoResult(
                alerts=tuple(sorted(teller.alerts, key=_by_time)),
                scenes=tuple(teller.scenes),
                polls=tally.polls,
                gaps=tally.gaps,
                heard=len(heard.events),
                repeats=heard.repeats,
                undelivered=sum(one.waiting + one.dead for one in store.outbox.backlog()),
                took_s=stopwatch() - began,
            )
    return result


@asynccontextmanager
async def _performance(
    folder: Path, first: Moment
) -> AsyncIterator[tuple[Stage, DaemonProcess, Listener]]:
    opened = open_stage(folder, start=first.at, price=first.price, value_usd=VALUE_USD)
    async with opened as stage:
        empty(folder)  # only now: a part that is missing leaves the earlier run alone
        stage.write_config(PACKS)
        stage.set_clock(datetime.fromtimestamp(first.at.timestamp() - 60, UTC))
        topic = "hedgewatch/demo/event"
        async with listening(stage.broker.host, stage.broker.port, topic) as heard:
            # Made by the story's clock, so that the same story gives the same keys.
            open_sqlite(stage.store_url, now=first.at).close()
            daemon = DaemonProcess(stage)
            daemon.start()
            try:
                yield stage, daemon, heard
            finally:
                daemon.kill()


def _teller(
    stage: Stage, daemon: DaemonProcess, store: Store, say: Callable[[str], None]
) -> _Teller:
    async def meanwhile() -> None:
        daemon.must_live()

    steps = Lockstep(stage=stage, store=store, volume_usd=VOLUME_USD, meanwhile=meanwhile)
    return _Teller(steps=steps, store=store, person=Person(stage.config), say=say)


async def _tell_all(teller: _Teller, told: Sequence[Moment], settings: DemoSettings) -> None:
    began, month = stopwatch(), 0
    for number, moment in enumerate(told):
        await teller.tell(moment)
        if moment.at.month != month:
            month = moment.at.month
            share = number / len(told)
            teller.say(f"--- {moment.at:%B %Y}   {share:>4.0%} told, {stopwatch() - began:.0f} s")
        if settings.days_a_second:
            due = (moment.at - told[0].at).total_seconds() / 86_400 / settings.days_a_second
            await _CLOCK.sleep(max(0.0, due - (stopwatch() - began)))


def _by_time(alert: Alert) -> tuple[datetime, str, str]:
    # People answer several proposals at once, so the order within an instant is chance.
    return alert.at, alert.rule, alert.idem


def run(settings: DemoSettings, *, say: Callable[[str], None] = print) -> DemoResult:
    """Run the demo to its end in an event loop of its own."""
    return asyncio.run(run_demo(settings, say=say))
