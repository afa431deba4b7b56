"""The band on the road: a book that leans is sold forward, and mended as ETH rises or falls."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.hedge.legs import parse_leg
from monitor.model.layer import LayerStatus
from monitor.model.observation import Observation, Readings, Verb, Word
from monitor.model.reading import Reading
from monitor.pipeline import State, step

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LOWER = 1.0001**110_050


def coins(tick: int) -> float:
    """Return what the position of 1e16 holds of ETH, the pool's token1: L (√P - √Pa)."""
    return 1e16 * (1.0001 ** (tick / 2) - LOWER) / 1e18


def dvol(at: datetime) -> Readings:
    told = Reading(name="dvol.eth", value=60.0, unit="points", as_of=at, source="deribit")
    return Readings(source="dvol.eth", observed_at=at, readings=(told,))


def test_a_book_is_sold_level_and_bought_back(hand: Any) -> None:
    book, minute = hand.book("delta_band"), timedelta(minutes=1)

    def filled(at: datetime, text: str, verb: Verb = Verb.FILL) -> Word:
        return Word(
            id=text, verb=verb, observed_at=at, by="ann", layer="D1", fills=(parse_leg(text),)
        )

    state, said = State(), list[Alert]()

    def walk(*every: Observation) -> list[Alert]:
        nonlocal state
        before = len(said)
        for one in every:
            state, alerts = step(book, state, one)
            said.extend(one for one in alerts if one.rule.startswith(("D1", "delta")))
        return said[before:]

    (first,) = walk(dvol(AT), hand.snapshot(AT, hand.position()))
    assert (first.rule, first.ticket is not None) == ("D1.add", True)
    assert first.ticket is not None
    assert [float(leg.quantity) for leg in first.ticket.legs] == [-round(coins(221_100), 2)]
    assert f"sell {coins(221_100):,.2f} ETH forward" in first.text
    short = f"eth.perp {-round(coins(221_100), 2):.2f} @250"
    after = walk(
        filled(AT + minute, short),
        hand.snapshot(AT + 2 * minute, hand.position(), number=2),
    )
    assert not [one for one in after if one.state == "firing"]
    # ETH rises by 8 %: the pool has sold ETH, and the book is short what it sold.
    tick = 220_330
    at = AT + 3 * minute
    rolled = walk(dvol(at), hand.snapshot(at, hand.position(), tick=tick, number=3))
    (alert,) = [one for one in rolled if one.state == "firing"]
    assert (alert.rule, state.layers["D1|book"].status) == ("D1.roll", LayerStatus.ROLL_DUE)
    assert alert.ticket is not None
    (leg,) = alert.ticket.legs
    wanted = round(coins(221_100), 2) - coins(tick)
    assert float(leg.quantity) == pytest.approx(wanted, abs=0.0051)
    told = f"eth.perp +{leg.quantity} @270"
    walk(filled(at + minute, told, Verb.ROLL))
    layer = state.layers["D1|book"]
    assert layer.status is LayerStatus.ON
    assert sum(float(one.quantity) for one in layer.legs) == pytest.approx(-coins(tick), abs=0.0051)


def test_a_hedge_that_a_fall_made_too_small_is_sized_anew(hand: Any) -> None:
    book, minute = hand.book("delta_band"), timedelta(minutes=1)
    short = f"eth.perp {-round(coins(221_100), 2):.2f} @250"
    fill = Word(
        id="f", verb=Verb.FILL, observed_at=AT + minute, by="ann", layer="D1",
        fills=(parse_leg(short),),
    )  # fmt: skip
    state, at = State(), AT + 2 * minute
    # ETH falls by 8 %, to below the range all but a hair: the pool has bought what was sold.
    tick = 221_930
    fallen = (dvol(at), hand.snapshot(at, hand.position(), tick=tick, number=3))
    said = list[Alert]()
    for one in (dvol(AT), hand.snapshot(AT, hand.position()), fill, *fallen):
        state, alerts = step(book, state, one)
        said = [one for one in alerts if one.rule.startswith(("D1", "delta"))] or said
    (alert,) = [one for one in said if one.state == "firing"]
    assert (alert.rule, state.layers["D1|book"].status) == ("D1.roll", LayerStatus.ROLL_DUE)
    assert alert.ticket is not None
    (leg,) = alert.ticket.legs
    wanted = round(coins(221_100), 2) - coins(tick)
    assert wanted < 0
    assert float(leg.quantity) == pytest.approx(wanted, abs=0.0051)
