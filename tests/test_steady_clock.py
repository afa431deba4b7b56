"""A clock that jumps: what is told meanwhile, when it is followed, and that no rule is fooled."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.alerts.wire import to_json
from monitor.channels.port import MemoryChannel
from monitor.clock import SteadyClock
from monitor.errors import Transient
from monitor.model.observation import Block, Observation
from monitor.pipeline import State, step
from monitor.sources.timeline import Timeline
from monitor.store.courier import Courier
from monitor.store.memory import MemoryStore
from monitor.store.records import Change, Outgoing
from tests.some_alert import a_notice

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)  # a Monday, the market open
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Machine:
    """A machine's two clocks: the wall's, which anybody may set, and how long it has run.

    held: how long it stood still, which it does not count.
    """

    off: timedelta = timedelta()
    held: timedelta = timedelta()
    ran: float = 0.0
    lead: timedelta = MINUTE

    def now(self) -> datetime:
        return self.true + self.off

    @property
    def true(self) -> datetime:
        return NOON + self.held + timedelta(seconds=self.ran)

    async def sleep(self, seconds: float) -> None:
        self.ran += seconds
        await asyncio.sleep(0)  # noqa: TID251 - others have their turn

    def steady(self) -> SteadyClock:
        return SteadyClock(self, seconds=lambda: self.ran)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_it_tells_the_wall_and_follows_what_is_mended_of_it(machine: Machine) -> None:
    clock, last = machine.steady(), NOON
    for off in (0, 1, 30, 59, 50, 40, 35, 30, 59):
        machine.off = off * SECOND
        machine.ran += 5
        assert last <= clock.now() == max(last, machine.now())
        last = clock.now()


@pytest.mark.parametrize("off", [3 * HOUR, -3 * HOUR, timedelta(days=900), -2 * MINUTE])
def test_a_jump_is_told_once_and_time_goes_on_as_it_passes(
    off: timedelta, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = machine.steady()
    machine.off = off
    for _ in range(20):
        machine.ran += 10
        assert clock.now() == machine.true
    machine.off = timedelta()
    machine.ran += 10
    assert clock.now() == machine.true
    jumped, right = caplog.messages
    assert jumped.startswith("this machine's clock jumped: it is ")
    assert right == "this machine's clock is right again"


def test_a_jump_forward_is_followed_when_a_block_bears_it_out(machine: Machine) -> None:
    """As when a machine was held and let go: its own count of time missed the hours."""
    clock = machine.steady()
    machine.off = 3 * HOUR
    assert clock.now() == NOON
    clock.witness(NOON + 3 * HOUR - 12 * SECOND)
    assert clock.now() == NOON + 3 * HOUR


def test_a_block_that_is_told_again_and_again_speaks_once(machine: Machine) -> None:
    clock = machine.steady()
    timeline = Timeline(clock)
    stands = Block(number=7, hash="0x07", timestamp=machine.true)
    machine.off = 3 * HOUR
    for _ in range(31):
        machine.ran += 10
        timeline.believed(stands)
    assert clock.now() == machine.now()


def test_blocks_that_speak_against_it_hold_for_ever(machine: Machine) -> None:
    clock = machine.steady()
    machine.off = 3 * HOUR
    for _ in range(1000):
        machine.ran += 60
        clock.witness(machine.true - 12 * SECOND)
        assert clock.now() == machine.true


def test_without_any_block_it_is_followed_after_five_minutes(machine: Machine) -> None:
    clock = machine.steady()
    machine.off = 3 * HOUR
    clock.now()
    machine.ran += 299
    assert clock.now() == machine.true
    machine.ran += 1
    assert clock.now() == machine.true + 3 * HOUR


def test_it_never_runs_backwards_nor_before_what_a_run_before_has_seen(machine: Machine) -> None:
    clock = machine.steady()
    clock.not_before(NOON + HOUR)
    for off in (0, 7200, -7200, 5400, 30, -30):
        machine.off = off * SECOND
        before = clock.now()
        machine.ran += 1
        assert clock.now() > before
    assert NOON + HOUR < clock.now() <= NOON + HOUR + 6 * SECOND


def test_a_clock_that_is_ahead_at_the_start_is_followed_when_it_is_set_right(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    """Were it believed, time would be a day ahead for ever: it never runs backwards."""
    caplog.set_level(logging.INFO)
    machine.off = 24 * HOUR
    clock = machine.steady()
    clock.begin(machine.true - 12 * SECOND)
    assert clock.trouble == "this machine's clock is 1 day, 0:00:12 ahead of the newest block"
    clock.not_before(machine.true - HOUR)
    for _ in range(60):
        machine.ran += 12
        clock.witness(machine.true - 2 * SECOND)
        assert clock.now() == machine.true - 12 * SECOND
    machine.off = timedelta()
    assert clock.now() == machine.true
    assert clock.trouble == ""
    told, right = caplog.messages
    assert told.startswith("this machine's clock is 1 day, 0:00:12 ahead of the newest block, and")
    assert right == "this machine's clock is right again"


@pytest.mark.parametrize("every_s", [0, 12], ids=["stands", "catches up"])
def test_a_right_clock_is_believed_within_minutes_though_the_chain_is_old(
    machine: Machine, every_s: int
) -> None:
    clock, block = machine.steady(), NOON - 24 * HOUR
    clock.begin(block)
    clock.not_before(NOON - 48 * HOUR)
    assert clock.now() == block
    for _ in range(40):
        machine.ran += 12
        if every_s:
            clock.witness(block := block + 100 * every_s * SECOND)
    assert clock.now() == machine.now()


def test_a_clock_beside_the_newest_block_is_believed_at_once(machine: Machine) -> None:
    clock = machine.steady()
    clock.begin(NOON - 4 * MINUTE)
    assert (clock.now(), clock.trouble) == (NOON, "")


def test_what_was_observed_ahead_of_the_clock_is_told_at_the_start(machine: Machine) -> None:
    clock = machine.steady()
    clock.not_before(NOON + 24 * HOUR)
    assert clock.trouble == "this machine's clock is 1 day, 0:00:00 behind what was observed before"
    machine.ran += 60
    assert clock.now() == NOON + 24 * HOUR + MINUTE


def test_a_chain_is_read_on_while_the_wall_is_set_back(machine: Machine) -> None:
    clock = machine.steady()
    timeline = Timeline(clock)
    machine.off = -3 * HOUR
    machine.ran += 12
    block = Block(number=7, hash="0x7", timestamp=machine.true - SECOND)
    assert timeline.believed(block) == machine.true  # else it would be "hours ahead": unread


# --- rules ---------------------------------------------------------------------------------------

RULES = """\
schema = 1
[pack]
id = "jump"
title = "Rules with a length of time in them"
evidence = "claim"
sources = []
[[rule]]
id = "pending"
scope = "book"
action = "notify"
when = 'vix > 20.0'
for = "10m"
repeat = "1h"
text = "VIX {vix:.1f}"
[[rule]]
id = "old"
scope = "book"
action = "notify"
when = 'vix > 90.0'
on_nodata = "alert"
max_age = { vix = "35m" }
text = "VIX {vix:.1f}"
"""


@pytest.fixture
def told(hand: Any, tmp_path: Path) -> Callable[..., list[tuple[int, str, str]]]:
    """Return what plays three hours of minutes, in some of which the wall is set.

    VIX is above the threshold from minute 60 on. It tells each alert's minute, rule and state.
    """
    (tmp_path / "jump.toml").write_text(RULES)
    book = replace(hand.book(files=(tmp_path / "jump.toml",)), max_gap=5 * MINUTE)

    def observed(timeline: Timeline, machine: Machine, minute: int) -> Iterator[Observation]:
        block = Block(number=minute, hash=hex(minute), timestamp=machine.true - SECOND)
        timeline.believed(block)
        as_of = machine.true - 15 * MINUTE  # the free feed's delay
        yield hand.vix(25.0 if minute >= 60 else 15.0, as_of, timeline.stamp())

    def play(
        jumps: dict[int, timedelta], held: tuple[int, timedelta] = (0, timedelta())
    ) -> list[tuple[int, str, str]]:
        machine, state = Machine(), State()
        timeline, alerts = Timeline(machine.steady()), list[tuple[int, Alert]]()
        for minute in range(180):
            machine.off = jumps.get(minute, machine.off)
            machine.held = held[1] if minute >= held[0] else machine.held
            for seen in observed(timeline, machine, minute):
                state, new = step(book, state, seen)
                alerts += [(minute, alert) for alert in new]
            machine.ran += 60
        return [(minute, one.rule, one.state.value) for minute, one in alerts]

    return play


CALM = [(70, "pending", "firing"), (130, "pending", "repeat")]


def test_undisturbed_it_fires_after_its_ten_minutes(told: Any) -> None:
    assert told({}) == CALM


@pytest.mark.parametrize(
    "jumps",
    [
        pytest.param({65: 3 * HOUR}, id="forward while pending"),
        pytest.param({65: -3 * HOUR}, id="back while pending"),
        pytest.param({65: 3 * HOUR, 67: timedelta()}, id="forward and back again"),
        pytest.param({30: -3 * HOUR, 100: 3 * HOUR, 150: timedelta()}, id="back, then forward"),
        pytest.param({95: timedelta(days=400)}, id="a year forward while firing"),
    ],
)
def test_a_jump_changes_no_alert_and_no_minute_of_it(
    jumps: dict[int, timedelta], told: Any
) -> None:
    assert told(jumps) == CALM


def test_hours_in_which_the_machine_stood_still_satisfy_no_length_of_time(told: Any) -> None:
    """Those have passed indeed, and nobody looked: the ten minutes begin anew."""
    assert told({}, held=(65, HOUR)) == [(75, "pending", "firing"), (135, "pending", "repeat")]


# --- deliveries ----------------------------------------------------------------------------------


def alert() -> Alert:
    return a_notice(NOON, idem="one", key="k")


async def test_a_letter_that_waits_to_be_tried_again_is_not_held_by_a_clock_set_back(
    machine: Machine,
) -> None:
    store, clock, stop = MemoryStore(now=NOON), machine.steady(), asyncio.Event()
    told = alert()
    one = Outgoing(
        idem="one", key="k", alert_id=told.id, at=NOON, payload=to_json(told), channels=("mqtt",)
    )
    store.commit(Change(alerts=(one,)))
    asked_to_wait = Transient("come later", retry_after=30 * SECOND)
    channel = MemoryChannel(name="mqtt", failures=[asked_to_wait])
    courier = Courier(store, channel, clock, lambda: 0.5)
    assert await courier.deliver_due(clock.now()) == 1
    machine.off = -3 * HOUR
    async with asyncio.TaskGroup() as group:
        group.create_task(courier.run(stop))
        while not channel.sent:
            assert machine.ran < 60, "held"
            await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop
        sent_after = machine.ran
        stop.set()
    assert 30 <= sent_after <= 36
