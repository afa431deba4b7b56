"""Three times, each where it may be: as_of for age, observed_at for rules, now for delivery."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.alerts.event import event_json
from monitor.app.daemon import Daemon
from monitor.channels.port import Message
from monitor.clock import ManualClock
from monitor.model.observation import Observation
from monitor.pipeline import Rulebook, State, step
from monitor.rules.lifecycle import Phase
from monitor.store.courier import Courier
from monitor.store.memory import MemoryStore

NOON = datetime(2020, 2, 14, 17, 0, tzinfo=UTC)  # in New York, in session
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RULES = """\
schema = 1
[pack]
id = "timed"
title = "One rule with every kind of span"
evidence = "claim"
sources = []
[[rule]]
id = "high"
scope = "book"
action = "notify"
when = 'vix > 20.0'
for = "10m"
keep_firing_for = "5m"
cooldown = "1h"
repeat = "20m"
text = "VIX {vix:.1f}"
"""
IN, OUT = 25.0, 15.0


@pytest.fixture
def book(hand: Any, tmp_path: Path) -> Rulebook:
    (tmp_path / "timed.toml").write_text(RULES)
    made: Rulebook = hand.book(files=(tmp_path / "timed.toml",))
    return made


def walked(book: Rulebook, *seen: Observation) -> tuple[State, list[Alert]]:
    state, told = State(), list[Alert]()
    for one in seen:
        state, alerts = step(book, state, one)
        told += alerts
    return state, told


def turns(told: list[Alert]) -> list[tuple[str, int]]:
    """Return each turn with the minutes since NOON at which it came."""
    return [(a.state.value, int((a.at - NOON).total_seconds() // 60)) for a in told]


def levels(hand: Any, lag: timedelta, *values: tuple[int, float]) -> list[Observation]:
    """Return VIX readings observed so many minutes after NOON, each true `lag` before."""
    return [
        hand.vix(value, NOON + minute * MINUTE - lag, NOON + minute * MINUTE)
        for minute, value in values
    ]


STORY = [(m, IN) for m in range(0, 36, 5)] + [(m, OUT) for m in (40, 45)]
STORY += [(m, IN) for m in range(50, 121, 5)]


def test_observed_at_alone_drives_for_repeat_keep_firing_and_cooldown(
    book: Rulebook, hand: Any
) -> None:
    _, told = walked(book, *levels(hand, MINUTE, *STORY))
    assert turns(told) == [
        ("firing", 10),  # true since 0, for 10 minutes
        ("repeat", 30),  # 20 minutes later
        ("resolved", 45),  # false since 40, kept for 5 minutes
        ("firing", 115),  # cool until 105, then 10 minutes again
    ]


def test_as_of_moves_no_turn_and_shows_in_the_age_alone(book: Rulebook, hand: Any) -> None:
    _, prompt = walked(book, *levels(hand, MINUTE, *STORY))
    _, late = walked(book, *levels(hand, 19 * MINUTE, *STORY))
    assert turns(late) == turns(prompt)
    assert [alert.idem for alert in late] == [alert.idem for alert in prompt]
    ages = [{term.age_s for alert in told for term in alert.trace} for told in (prompt, late)]
    assert ages == [{60.0}, {19 * 60.0}]


def test_a_reading_that_was_true_too_long_ago_is_unknown_whenever_it_comes(
    book: Rulebook, hand: Any
) -> None:
    # The catalogue believes a VIX for 35 minutes of open market.
    state, told = walked(book, *levels(hand, 36 * MINUTE, *STORY))
    assert told == []
    instance = state.instances["high|book"]
    assert (instance.phase, instance.flag.value) == (Phase.INACTIVE, "nodata")


def test_an_observation_older_than_the_last_turns_no_clock_back(book: Rulebook, hand: Any) -> None:
    state, _ = walked(book, *levels(hand, MINUTE, (0, IN), (4, IN), (8, IN)))
    before = state.instances["high|book"]
    late = hand.snapshot(NOON - HOUR, hand.position(1))
    state, alerts = step(book, state, late)
    assert (state.at, alerts) == (NOON + 8 * MINUTE, ())
    after = state.instances["high|book"]
    assert (after.held, after.since) == (before.held, before.since) == (8 * MINUTE, NOON)
    state, alerts = step(book, state, levels(hand, MINUTE, (10, IN))[0])
    assert turns(list(alerts)) == [("firing", 10)]


def test_an_alert_made_by_an_old_observation_is_told_at_the_present(
    book: Rulebook, hand: Any
) -> None:
    state, _ = walked(book, *levels(hand, MINUTE, (0, IN), (5, IN)))
    _, alerts = step(book, replace(state, at=NOON + 10 * MINUTE), hand.gap("main", NOON - HOUR))
    assert turns(list(alerts)) == [("firing", 10)]


@dataclass
class Postbox:
    """A channel that keeps what it is given."""

    name: str = "console"
    got: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        self.got.append(message)


Delivered = tuple[Daemon, MemoryStore, list[Message]]


def delivered(book: Rulebook, seen: list[Observation], now: datetime) -> Delivered:
    """Let a daemon take it all, and a courier deliver, as if the clock stood at `now`."""
    store, postbox = MemoryStore(now=NOON), Postbox()
    daemon = Daemon(
        store=store,
        book=book,
        state=State(),
        channels=("console",),
        reload=lambda: book,
        now=lambda: now,
    )
    for one in seen:
        daemon.take(one, 0)
    courier = Courier(store, postbox, ManualClock(now), lambda: 0.5)
    before = store.load()
    asyncio.run(courier.deliver_due(now))
    assert store.load() == before, "delivery changes no state"
    return daemon, store, postbox.got


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(NOON + 3 * HOUR, id="an hour after it all"),
        pytest.param(NOON + timedelta(days=2), id="two days late"),
        pytest.param(NOON - HOUR, id="with a clock that is an hour slow"),
    ],
)
def test_now_changes_nothing_but_the_stamp_of_sending(
    now: datetime, book: Rulebook, hand: Any
) -> None:
    seen = levels(hand, MINUTE, *STORY)
    prompt = delivered(book, seen, NOON + 2 * HOUR)
    other = delivered(book, seen, now)
    assert other[0].state == prompt[0].state
    assert other[1].load() == prompt[1].load()
    assert [m.alert for m in other[2]] == [m.alert for m in prompt[2]]
    assert len(other[2]) == 4
    events = [
        [json.loads(event_json(m.alert, sent_at=m.now)) for m in d[2]] for d in (prompt, other)
    ]
    assert {event.pop("ts") for event in events[0]} == {(NOON + 2 * HOUR).isoformat()}
    assert {event.pop("ts") for event in events[1]} == {now.isoformat()}
    assert events[0] == events[1]


def test_an_alert_on_a_block_stamped_ahead_of_our_clock_does_not_wait_for_it(
    book: Rulebook, hand: Any
) -> None:
    slow = NOON - HOUR
    _, store, got = delivered(book, levels(hand, MINUTE, (0, IN), (5, IN), (10, IN)), slow)
    assert [message.alert.at for message in got] == [NOON + 10 * MINUTE]
    assert store.outbox.next_due("console") is None


def test_what_is_past_a_quarter_is_forgotten_by_the_observations_own_time(
    book: Rulebook, hand: Any
) -> None:
    story = [*STORY, (125, OUT), (130, OUT)]
    daemon, store, _ = delivered(book, levels(hand, MINUTE, *story), NOON + 3 * HOUR)
    assert len(store.history.events()) == 5
    daemon.take(hand.gap("main", NOON + timedelta(days=89)), 0)
    assert len(store.history.events()) == 5
    daemon.take(hand.gap("main", NOON + timedelta(days=91)), 0)
    assert store.history.events() == ()
    assert daemon.state.instances["high|book"].seq == 2, "an episode's number is never used twice"
