"""When the boards are told: alerts at once, prices every few seconds, nothing twice."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from monitor.app.showing import EVERY_S, Showing
from monitor.channels.mqtt import MqttChannel
from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.pipeline import State, step
from monitor.rules.lifecycle import Instance, Phase

AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


class Wall:
    """A board that counts, and a stopwatch that is set by hand."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, str]] = []
        self.now = 100.0

    async def show(self, state: Mapping[str, str]) -> None:
        self.told.append(state)

    def seconds(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def showing(wall: Wall) -> Showing:
    return Showing([cast("MqttChannel", wall)], seconds=wall.seconds)


def of(told: Mapping[str, str], kind: str) -> dict[str, str]:
    return {topic: payload for topic, payload in told.items() if topic.startswith(kind)}


def moved(hand: Any, tick: int, state: State | None = None) -> State:
    snapshot = hand.snapshot(AT, hand.position(), tick=tick)
    return step(hand.book(), state or State(), snapshot)[0]


async def test_prices_wait_and_come_all_the_same(wall: Wall, showing: Showing, hand: Any) -> None:
    first = moved(hand, 221_100)
    second = moved(hand, 221_200, first)
    await showing.show(first)
    await showing.show(second)
    assert len(wall.told) == 1
    wall.now += EVERY_S
    await showing.show(second)
    await showing.show(second)
    assert len(wall.told) == 2


async def test_an_alert_does_not_wait(wall: Wall, showing: Showing, hand: Any) -> None:
    state = moved(hand, 221_100)
    await showing.show(state)
    firing = Instance(rule="il.deep", scope="book", phase=Phase.FIRING, seq=1, since=AT)
    await showing.show(replace(state, instances={"il.deep|book": firing}))
    assert [len(of(told, "alert/")) for told in wall.told] == [0, 1]
    assert json.loads(wall.told[1]["alerts"])["firing"].keys() == {"il.deep|book"}
    assert list(wall.told[1])[:2] == ["alerts", "alert/il.deep/book/state"], "before any figure"


async def test_an_alert_takes_no_price_along(wall: Wall, showing: Showing, hand: Any) -> None:
    first = moved(hand, 221_100)
    firing = Instance(rule="il.deep", scope="book", phase=Phase.FIRING, seq=1, since=AT)
    later = replace(moved(hand, 221_200, first), instances={"il.deep|book": firing})
    await showing.show(first)
    await showing.show(later)
    assert of(wall.told[0], "position/") == of(wall.told[1], "position/")
    wall.now += EVERY_S
    await showing.show(later)
    assert of(wall.told[0], "position/") != of(wall.told[2], "position/")


async def test_a_rule_that_counts_is_no_news(wall: Wall, showing: Showing, hand: Any) -> None:
    state = moved(hand, 221_100)
    pending = Instance(rule="il.deep", scope="book", phase=Phase.PENDING, since=AT)
    for held in (1, 2):
        counting = replace(pending, held=timedelta(seconds=held))
        await showing.show(replace(state, instances={"il.deep|book": counting}))
    assert len(wall.told) == 1


async def test_the_last_word_does_not_wait(wall: Wall, showing: Showing, hand: Any) -> None:
    await showing.show(moved(hand, 221_100))
    await showing.show(moved(hand, 221_200), at_once=True)
    assert len(wall.told) == 2


async def test_a_number_of_a_feed_is_shown_and_waits_its_turn(
    wall: Wall, showing: Showing, hand: Any
) -> None:
    state = moved(hand, 221_100)
    await showing.show(state)
    for value in (13.68, 14.5):  # the later word of the same instant counts
        state = step(hand.book(), state, hand.vix(value, AT, AT + timedelta(seconds=value)))[0]
        await showing.show(state)
    assert len(wall.told) == 1
    wall.now += EVERY_S
    await showing.show(state)
    (shown,) = of(wall.told[1], "signal/").values()
    assert json.loads(shown) == {
        "schema": "hedgewatch.signal/1",
        "name": "vix",
        "value": 14.5,
        "unit": "points",
        "as_of": "2026-11-20T14:30:00+00:00",
        "source": "cboe",
    }


async def test_the_daemons_own_figures_are_no_signals_to_show(
    wall: Wall, showing: Showing, hand: Any
) -> None:
    up = Reading(name="system.up_s", value=7.0, unit="s", as_of=AT, source="daemon")
    readings = Readings(source="daemon", observed_at=AT, readings=(up,))
    await showing.show(step(hand.book(), State(), readings)[0])
    assert wall.told[0].keys() == {"alerts"}
