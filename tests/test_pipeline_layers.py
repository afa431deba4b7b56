"""Layers of several legs, of coins and of decimal quantities on the whole road: bought, sold in
part, rolled, expired, orphaned. Days are of 2020; prices are round and made up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor.hedge import layer as layers
from monitor.hedge.book import line_of
from monitor.hedge.cover import Covered
from monitor.hedge.legs import format_leg, spell_leg
from monitor.hedge.worth import held, worth_of
from monitor.model.layer import LayerState, LayerStatus, Ticket
from monitor.model.observation import Readings, Verb
from monitor.model.reading import Reading
from monitor.rules.desk import Book, draw
from monitor.rules.lifecycle import Phase
from monitor.signals.covered import cover_of
from monitor.signals.market import market_of
from tests.test_pipeline import DAY, FEB_14, HOUR, Road, word

PACK = """\
schema = 1
[pack]
id = "many"
title = "Many legs"
evidence = "claim"

[[layer]]
id = "M"
title = "VIX calls by rungs"
scope = "book"
instrument = { kind = "vix.call", dte = 110, delta = 0.50 }
size = { policy = "fixed", contracts = 4 }
monetise = [{ at = 3.0, sell = 0.5 }, { at = 5.0, sell = 0.5 }, { at = 8.0, sell = 1.0 }]
roll = { dte = 21 }

[[layer]]
id = "C"
title = "SPX condor"
scope = "book"
instrument = { kind = "spx.condor", dte = 30, multiple = 1.0, width = 50 }
size = { policy = "fixed", contracts = 2 }
roll = { dte = 3 }
  [[layer.rule]]
  id = "C.add"
  action = "add"
  top_up = true
  when = 'vix < 15.0'

[[layer]]
id = "X"
title = "ETH strip"
scope = "position"
instrument = { kind = "eth.strip", dte = 30, strikes = 2 }
size = { policy = "il_share", share = 1.0, over_hedge = true }
  [[layer.rule]]
  id = "X.add"
  action = "add"
  when = 'position.in_range'
  [[layer.rule]]
  id = "X.remove"
  action = "remove"
  when = 'vix > 40.0'

[[layer]]
id = "P"
title = "ETH perpetual short"
scope = "book"
instrument = { kind = "eth.perp", leverage = 2 }
size = { policy = "delta", share = 0.5, over_hedge = true }
  [[layer.rule]]
  id = "P.add"
  action = "add"
  when = 'book.positions > 0.0'
"""
JUNE = "vix.call 2020-06-17 18"
CONDOR = (
    "spxw.put 2020-03-13 3200 +2 @9.10",
    "spxw.put 2020-03-13 3250 -2 @13.20",
    "spxw.call 2020-03-13 3480 -2 @6.40",
    "spxw.call 2020-03-13 3530 +2 @2.10",
)


@pytest.fixture
def road(hand: Any, tmp_path: Path) -> Road:
    path = tmp_path / "many.toml"
    path.write_text(PACK, encoding="utf-8")
    return Road(hand.book(files=(path,)))


def told(at: datetime, **values: float) -> Readings:
    """Return readings of the market, `spx_price` for spx.price."""
    named = {name.replace("_", ".", 1): value for name, value in values.items()}
    rows = tuple(
        Reading(name=name, value=value, unit="", as_of=at, source="made up")
        for name, value in named.items()
    )
    return Readings(source="made up", observed_at=at, readings=rows)


def curve(hand: Any, day: date, june: float) -> Readings:
    at = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
    return hand.settled(day, {date(2020, 6, 17): june, date(2020, 9, 16): june}, at)


def legs(road: Road, layer: str, scope: str = "book") -> list[str]:
    return [format_leg(leg) for leg in road.layer(layer, scope).legs]


def firing(road: Road) -> set[str]:
    return {one.rule for one in road.state.instances.values() if one.phase is Phase.FIRING}


def test_a_rung_is_asked_for_in_part_sold_and_never_asked_for_again(road: Road, hand: Any) -> None:
    road.take(curve(hand, date(2020, 2, 14), 16.7))
    road.take(word(Verb.FILL, FEB_14, f"{JUNE} +4 @2.00", layer="M"))
    assert "M.monetise" not in firing(road)
    # At 25 an 18 call is worth its 7 points and a little: above 3 times 2.00, below 5 times.
    road.take(curve(hand, date(2020, 2, 27), 25.0))
    asked = road.alert("M.monetise")
    assert asked.ticket is not None
    assert [spell_leg(leg) for leg in asked.ticket.legs] == ["sell 2 × VIX 17 Jun 2020 18 call"]
    assert asked.ticket.cost_usd < -2 * 100 * 6.0
    assert road.layer("M").status is LayerStatus.ON
    at = datetime(2020, 2, 27, 23, tzinfo=UTC)
    road.take(word(Verb.CLOSE, at, f"{JUNE} -2 @7.40", layer="M"))
    assert (road.layer("M").rungs, road.layer("M").proposal) == (1, None)
    assert "M.monetise" not in firing(road)
    road.take(curve(hand, date(2020, 2, 28), 17.0), curve(hand, date(2020, 3, 2), 25.0))
    assert "M.monetise" not in firing(road), "it came back and rose again: that rung is taken"
    # 45 is 27 points over 18: beyond the second and the third rung at once, so all of it.
    road.take(curve(hand, date(2020, 3, 12), 45.0))
    again = road.alert("M.monetise")
    assert again.ticket is not None
    assert [leg.quantity for leg in again.ticket.legs] == [-2]
    road.take(word(Verb.CLOSE, datetime(2020, 3, 12, 23, tzinfo=UTC), layer="M"))
    assert (road.layer("M").status, road.layer("M").rungs) == (LayerStatus.OFF, 0)
    cash = layers.cash_usd(road.layer("M"))
    assert cash is None, "closed without a price, so what it made is not known"


def test_a_condor_is_asked_for_with_its_warning_topped_up_and_rolled_whole(
    road: Road, hand: Any
) -> None:
    road.take(
        told(FEB_14, spx_price=3_380.0, vix=13.7, vix9d=12.0, vix3m=16.0),
        curve(hand, date(2020, 2, 14), 16.7),
    )
    ticket = road.alert("C.add").ticket
    assert ticket is not None
    assert [leg.quantity for leg in ticket.legs] == [2, -2, -2, 2]
    assert ticket.cost_usd < 0
    assert ticket.warnings[0].startswith("It loses in the same spike: ")
    assert len(ticket.break_evens) == 2
    # By hand: 3380 * 13.7 % * sqrt(28 / 365), about 128 points either way of 3380.
    put, call = ticket.legs[1].contract.strike, ticket.legs[2].contract.strike
    assert put < 3_380 - 120 < 3_380 + 120 < call
    road.take(word(Verb.FILL, FEB_14 + HOUR, *CONDOR, layer="C"))
    assert layers.cash_usd(road.layer("C")) == pytest.approx(2 * 100 * (13.2 - 9.1 + 6.4 - 2.1))
    top_up = (one.replace("2 @", "1 @") for one in CONDOR)
    road.take(word(Verb.FILL, FEB_14 + 2 * HOUR, *top_up, layer="C", name="top-up"))
    assert [leg.quantity for leg in road.layer("C").legs] == [-3, 3, 3, -3]
    later = datetime(2020, 3, 10, 15, tzinfo=UTC)
    road.take(told(later, spx_price=2_880.0, vix=47.0, vix9d=60.0, vix3m=40.0))
    rolled = road.alert("C.roll").ticket
    assert rolled is not None
    closed = [leg for leg in rolled.legs if leg.contract.expiry == date(2020, 3, 13)]
    opened = [leg for leg in rolled.legs if leg.contract.expiry > date(2020, 3, 13)]
    assert sorted(leg.quantity for leg in closed) == [-3, -3, 3, 3]
    assert sorted(leg.quantity for leg in opened) == [-3, -3, 3, 3]


def test_a_condor_expires_at_the_close_of_its_day_and_is_settled_leg_by_leg(
    road: Road, hand: Any
) -> None:
    road.take(word(Verb.FILL, FEB_14, *CONDOR, layer="C"))
    # 13 March 2020, 16:00 New York is 20:00 UTC: SPXW stops with the close.
    close = datetime(2020, 3, 13, 20, tzinfo=UTC)
    road.take(hand.gap("vix", close - timedelta(minutes=1)))
    assert road.layer("C").status is LayerStatus.ROLL_DUE
    road.take(hand.gap("vix", close))
    assert (road.layer("C").status, road.layer("C").proposal) == (LayerStatus.EXPIRED, None)
    # Settled at 2711.02: the put spread pays its whole 50 points, the calls nothing.
    settled = (
        "spxw.put 2020-03-13 3200 -2 @488.98",
        "spxw.put 2020-03-13 3250 +2 @538.98",
        "spxw.call 2020-03-13 3480 +2 @0",
        "spxw.call 2020-03-13 3530 -2 @0",
    )
    road.take(word(Verb.CLOSE, close + HOUR, *settled, layer="C"))
    layer = road.layer("C")
    assert (layer.status, layer.legs) == (LayerStatus.OFF, ())
    assert layers.cash_usd(layer) == pytest.approx(2 * 100 * (8.4 - 50))


def test_legs_apart_one_side_of_a_condor_may_be_closed(road: Road) -> None:
    road.take(word(Verb.FILL, FEB_14, *CONDOR, layer="C"))
    puts = ("spxw.put 2020-03-13 3200 -2 @1", "spxw.put 2020-03-13 3250 +2 @2")
    road.take(word(Verb.CLOSE, FEB_14 + DAY, *puts, layer="C"))
    assert legs(road, "C") == ["spxw.call 2020-03-13 3480 -2", "spxw.call 2020-03-13 3530 +2"]
    too_many = word(Verb.CLOSE, FEB_14 + 2 * DAY, "spxw.call 2020-03-13 3480 +3 @1", layer="C")
    assert road.refusal(too_many) == ("+3 SPXW 13 Mar 2020 3480 call closes nothing that C holds")


def test_a_strip_covers_its_position_is_sold_in_part_and_orphaned(road: Road, hand: Any) -> None:
    key, there = hand.key(), hand.position()
    road.take(told(FEB_14, dvol_eth=80.0), hand.snapshot(FEB_14, there))
    asked = road.alert("X.add").ticket
    assert asked is not None
    # ETH at 250 in a range of 226 to 276: puts below and calls above, steps of ten dollars.
    kinds = {(leg.contract.kind, leg.contract.strike % 10) for leg in asked.legs}
    assert kinds == {("eth.put", 0.0), ("eth.call", 0.0)}
    # At 175, below all of it, it pays its expiry's worth: the loss, within its lots of one.
    lost = Covered.loss_usd(cover_of(road.state.facts, key, FEB_14).held[0], -0.30)
    pays = sum(
        float(leg.quantity) * max(leg.contract.strike - 0.7 * 250, 0.0)
        for leg in asked.legs
        if leg.contract.kind == "eth.put"
    )
    assert pays == pytest.approx(-lost, rel=0.02)
    bought = [f"{format_leg(leg)} @0.01" for leg in asked.legs]
    road.take(word(Verb.FILL, FEB_14 + HOUR, *bought, layer="X", scope=key))
    layer = road.layer("X", key)
    assert layer.status is LayerStatus.ON
    paid = sum(float(leg.quantity) * 0.01 for leg in layer.legs)
    assert layers.cash_usd(layer) == pytest.approx(-250 * paid, rel=1e-3)
    first = layer.legs[0]
    part = format_leg(first).replace(f"+{first.quantity}", "-1")
    road.take(word(Verb.CLOSE, FEB_14 + 2 * HOUR, f"{part} @0.02", layer="X", scope=key))
    assert road.layer("X", key).legs[0].quantity == first.quantity - 1
    later = FEB_14 + 3 * HOUR
    road.take(told(later, dvol_eth=81.0), hand.snapshot(later, number=2))
    ended = road.alert("X.orphaned")
    assert ended.ticket is not None
    assert {leg.quantity < 0 for leg in ended.ticket.legs} == {True}
    assert road.layer("X", key).status is LayerStatus.REMOVE_DUE


def test_coin_options_expire_at_eight_utc_and_are_paid_in_the_coin(road: Road, hand: Any) -> None:
    key = hand.key()
    road.take(told(FEB_14, dvol_eth=80.0), hand.snapshot(FEB_14, hand.position()))
    put = "eth.put 2020-02-28 240"
    road.take(word(Verb.FILL, FEB_14, f"{put} +3 @0.02", layer="X", scope=key))
    end = datetime(2020, 2, 28, 8, tzinfo=UTC)
    road.take(hand.gap("vix", end - timedelta(seconds=1)))
    assert road.layer("X", key).status is LayerStatus.ON
    road.take(hand.snapshot(end, hand.position(), number=2))
    assert road.layer("X", key).status is LayerStatus.EXPIRED
    # Settled at 200: (240 - 200) / 200 = 0.2 of a coin each.
    road.take(word(Verb.CLOSE, end + HOUR, f"{put} -3 @0.2", layer="X", scope=key))
    layer = road.layer("X", key)
    assert (layer.status, layer.legs) == (LayerStatus.OFF, ())
    assert layers.cash_usd(layer) == pytest.approx(250 * 3 * (0.2 - 0.02), rel=1e-3)


def test_a_coin_premium_told_late_is_worth_what_the_coin_was_that_day(
    road: Road, hand: Any
) -> None:
    key, put = hand.key(), "eth.put 2020-02-28 240"
    road.take(told(FEB_14, eth_price=280.0), hand.snapshot(FEB_14, hand.position()))
    late = FEB_14 + 3 * DAY
    road.take(told(late, eth_price=250.0))
    said = word(Verb.FILL, late, f"{put} +3 @0.02", layer="X", scope=key)
    road.take(replace(said, traded_at=FEB_14 - HOUR))
    (entry,) = road.layer("X", key).journal
    assert (entry.at, entry.cash_usd) == (FEB_14 - HOUR, pytest.approx(-3 * 0.02 * 280))
    assert road.layer("X", key).opened_at == FEB_14 - HOUR
    assert road.layer("X", key).extrinsic_at_entry_usd is None, "now's is not that day's"
    # A correction is of the same day's trade.
    fixed = word(Verb.CORRECT, late + HOUR, f"{put} +3 @0.03", layer="X", scope=key)
    road.take(replace(fixed, entry=1))
    assert layers.cash_usd(road.layer("X", key)) == pytest.approx(-3 * 0.03 * 280)


def test_a_coin_premium_of_a_day_without_a_price_is_unknown_and_says_so(
    road: Road, hand: Any
) -> None:
    key, put = hand.key(), "eth.put 2020-02-28 240"
    road.take(told(FEB_14, eth_price=280.0), hand.snapshot(FEB_14, hand.position()))
    said = word(Verb.FILL, FEB_14, f"{put} +3 @0.02", layer="X", scope=key)
    road.take(replace(said, traded_at=FEB_14 - 5 * DAY))
    spent, why = line_of(road.layer("X", key), None, FEB_14).spent
    assert spent is None
    assert why.endswith("has no price in US dollars: what the coin was worth then is not known")


def test_a_perpetual_is_sold_in_hundredths_and_never_expires(road: Road, hand: Any) -> None:
    road.take(told(FEB_14, dvol_eth=80.0), hand.snapshot(FEB_14, hand.position()))
    asked = road.alert("P.add").ticket
    assert asked is not None
    (leg,) = asked.legs
    assert leg.quantity < 0
    assert Decimal(leg.quantity) * 100 % 1 == 0
    assert any("liquidated at" in one for one in asked.warnings)
    road.take(word(Verb.FILL, FEB_14 + HOUR, "eth.perp -1.25 @250", layer="P"))
    road.take(word(Verb.CLOSE, FEB_14 + DAY, "eth.perp +0.5 @240", layer="P"))
    assert legs(road, "P") == ["eth.perp -0.75"]
    road.take(hand.snapshot(FEB_14 + 400 * DAY, hand.position(), number=2))
    assert road.layer("P").status is LayerStatus.ON
    road.take(word(Verb.CLOSE, FEB_14 + 401 * DAY, "eth.perp +0.75 @200", layer="P"))
    # By hand: 0.5 coins fell by 10 dollars, 0.75 by 50.
    assert layers.cash_usd(road.layer("P")) == pytest.approx(0.5 * 10 + 0.75 * 50)


def test_a_strip_over_a_position_counts_in_what_the_book_may_still_hedge(
    road: Road, hand: Any
) -> None:
    key = hand.key()
    road.take(told(FEB_14, dvol_eth=80.0), hand.snapshot(FEB_14, hand.position()))
    asked = road.alert("X.add").ticket
    assert asked is not None
    assert road.layer("P").proposal is not None
    bought = [f"{format_leg(leg)} @0.01" for leg in asked.legs]
    soon = FEB_14 + timedelta(minutes=1)
    road.take(word(Verb.FILL, soon, *bought, layer="X", scope=key))
    (rule,) = [one for one in road.book.rules if one.id == "P.add"]
    state, at = road.state, soon
    market = market_of(state.facts, at)
    book = Book(facts=state.facts, market=market, layers=state.layers, now=at)
    drawn = draw(rule, LayerState(layer="P", scope="book"), book)
    assert isinstance(drawn, Ticket)
    strip = worth_of(held(road.layer("X", key).legs), market, at)
    assert not isinstance(strip, str)
    # The perpetual's delta is all the same -1, so the strip's own is told as it is.
    assert f"{strip.delta['eth']:+,.4g} held" in drawn.sized
