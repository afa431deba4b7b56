"""How much may be hedged at all: strips by what they pay at expiry, both signs of the move."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from monitor.hedge.caps import sized
from monitor.hedge.cover import Cover
from monitor.hedge.instruments import Instrument, Part, Unit, unit_of
from monitor.hedge.market import Market, after
from monitor.hedge.shock import Shock
from monitor.hedge.sizing import Desk, Size, Sized
from monitor.hedge.ticket import Case, draw_ticket, roll_ticket
from monitor.hedge.whole_lots import in_whole_lots
from monitor.hedge.worth import held, worth_of
from monitor.model.layer import Leg, Ticket
from tests.hedge.markets import COVER, MARKET, NOW, POSITION, VIX, WIDE, contract

FALL = Shock(coins={"eth": -0.30}, vix=45.0)
NEXT = date(2026, 3, 27)
STRIP = Instrument(kind="eth.strip", dte=25)
PUTS = Instrument(kind="eth.put", dte=25, moneyness=0.80)
FUTURE = Instrument(kind="vix.future", dte=107)


def cover(liquidity: float, fees: float = 4_000.0) -> Cover:
    value = liquidity * float(WIDE.value(2_000.0))
    one = replace(POSITION, liquidity=liquidity, value_usd=value)
    return Cover(held=(one,), value_usd=value, fees_year_usd=fees)


def case(liquidity: float, market: Market = MARKET, **more: Any) -> Case:
    return Case(market=market, at=NOW, cover=cover(liquidity), **more)


def ticket(found: Ticket | str) -> Ticket:
    assert isinstance(found, Ticket), found
    return found


def lost(liquidity: float, price: float) -> float:
    """Return the loss against holding from 2,000 on, by the closed form: L (√S0 - √S')..."""
    root, end = math.sqrt(2_000), math.sqrt(min(max(price, 1_500.0), 2_600.0))
    eth, usd = 1 / root - 1 / math.sqrt(2_600), root - math.sqrt(1_500)
    now = price * (1 / end - 1 / math.sqrt(2_600)) + end - math.sqrt(1_500)
    return liquidity * (price * eth + usd - now)


def paid(legs: tuple[Leg, ...], price: float) -> float:
    """Return what options pay at expiry, by hand."""
    total = 0.0
    for leg in legs:
        gap = price - leg.contract.strike
        total += float(leg.quantity) * max(gap if "call" in leg.contract.kind else -gap, 0.0)
    return total


@pytest.mark.parametrize("dte", [25, 116])
@pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
def test_a_share_of_a_strip_pays_that_share_at_expiry_whatever_its_tenor(
    share: float, dte: int
) -> None:
    found = ticket(
        draw_ticket(replace(STRIP, dte=dte), Size(policy="il_share", share=share), case(400_000.0))
    )
    for price in (800.0, 1_400.0, 2_600.0, 3_200.0):
        assert paid(found.legs, price) / lost(400_000.0, price) == pytest.approx(share, rel=0.01)


def test_more_than_one_strip_is_refused_with_those_held_and_one_is_not() -> None:
    half = Size(policy="il_share", share=0.5)
    first = ticket(draw_ticket(STRIP, half, case(20_000.0)))
    fewer = replace(half, share=0.45)
    second = ticket(draw_ticket(STRIP, fewer, case(20_000.0, held=held(first.legs))))
    both = held((*first.legs, *second.legs))
    third = draw_ticket(STRIP, replace(half, share=0.1), case(20_000.0, held=both))
    assert isinstance(third, str)
    assert third.startswith("over-hedged: with what is held it would make")
    assert "at its expiry" in third
    # However long it runs: bought out of a budget of 1.3 strips, by the year.
    unit = unit_of(replace(STRIP, dte=116), MARKET, NOW, cover(20_000.0))
    assert isinstance(unit, Unit)
    worth = worth_of([(one.contract, one.weight) for one in unit.parts], MARKET, NOW)
    assert not isinstance(worth, str)
    fees = 1.3 * worth.outlay_usd * 365 / 116
    rich = replace(case(20_000.0), cover=cover(20_000.0, fees))
    far = draw_ticket(replace(STRIP, dte=116), Size(policy="fee_budget", beta=1.0), rich)
    assert isinstance(far, str)
    assert "at its expiry" in far


def desk(instrument: Instrument, market: Market = MARKET, **more: Any) -> Desk:
    unit = unit_of(instrument, market, NOW, COVER)
    assert isinstance(unit, Unit), unit
    return Desk(**({"unit": unit, "market": market, "at": NOW, "cover": COVER} | more))


def test_calls_on_the_coin_are_held_against_its_rise() -> None:
    calls = desk(Instrument(kind="eth.call", dte=25, moneyness=1.10))
    told = sized(Size(policy="fixed", contracts=1_000, shock=FALL), calls)
    assert isinstance(told, str)
    assert f"at ETH +30 %, where {lost(1_000.0, 2_600.0):,.0f} is expected to be lost" in told
    assert isinstance(sized(Size(policy="fixed", contracts=1, shock=FALL), calls), Sized)


def test_what_loses_at_a_rise_is_not_held_against_it() -> None:
    calls = ((contract("eth.call", NEXT, 2_200.0), 500.0),)
    assert isinstance(sized(Size(policy="fixed", contracts=1), desk(PUTS, held=calls)), Sized)


@pytest.mark.parametrize("spot", [40.0, 50.0, 60.0])
def test_in_a_shock_the_vix_rises_by_fifteen_points_at_least(spot: float) -> None:
    market = replace(MARKET, vix=replace(VIX, spot=spot))
    told = sized(Size(policy="fixed", contracts=10, shock=FALL), desk(FUTURE, market))
    # Ten futures, the jump of 15 points times exp(-4 * 107 / 365), 1,000 USD a point.
    made = 10 * 1_000 * 15 * math.exp(-4 * 107 / 365)
    assert isinstance(told, str)
    assert f"would make {made:,.0f} USD at ETH −30 %, VIX {spot + 15:g}" in told


def test_a_shock_of_a_vix_that_is_not_known_is_refused() -> None:
    market = replace(MARKET, vix=replace(VIX, spot=None))
    told = sized(Size(policy="fixed", contracts=1, shock=FALL), desk(FUTURE, market))
    assert told == "whether it would be over-hedged is unknown: the VIX is not known"
    share = sized(Size(policy="il_share", share=0.5, shock=FALL), desk(FUTURE, market))
    assert share == "what it makes at ETH −30 %, VIX 45 is unknown: the VIX is not known"
    assert isinstance(sized(Size(policy="fixed", contracts=1), desk(PUTS, market)), Sized)


def rolled(instrument: Instrument, size: Size, before: float, now: float) -> Ticket:
    """Return the roll of what was bought for so much liquidity once there is less."""
    bought = ticket(draw_ticket(instrument, size, case(before)))
    market = after(MARKET, NEXT)
    return ticket(
        roll_ticket(bought.legs, instrument, size, case(now, market, held=held(bought.legs)))
    )


def opened(found: Ticket) -> tuple[Leg, ...]:
    return tuple(leg for leg in found.legs if leg.contract.expiry > NEXT)


def test_a_strip_rolled_over_a_tenth_of_the_position_pays_what_that_loses() -> None:
    found = rolled(STRIP, Size(policy="il_share", share=0.8), 20_000.0, 2_000.0)
    for price in (1_400.0, 2_600.0):
        assert paid(opened(found), price) <= lost(2_000.0, price) * 1.001
    assert "more would be over-hedged" in found.sized
    assert any("the rest is only closed" in told for told in found.warnings)


def test_puts_rolled_over_a_tenth_of_the_position_are_as_many_as_may_be_added() -> None:
    size = Size(policy="il_share", share=0.5)
    (leg,) = opened(rolled(PUTS, size, 20_000.0, 2_000.0))
    market, n = after(MARKET, NEXT), int(leg.quantity)
    for count, passes in ((n, True), (n + 1, False)):
        new = draw_ticket(PUTS, Size(policy="fixed", contracts=count), case(2_000.0, market))
        assert isinstance(new, Ticket) is passes


def test_a_roll_of_what_still_fits_is_of_as_many_as_are_held() -> None:
    size = Size(policy="il_share", share=0.5)
    found = rolled(PUTS, size, 20_000.0, 20_000.0)
    closed, bought = found.legs
    assert closed.quantity == -bought.quantity
    assert found.warnings == ()


def test_a_roll_is_held_to_its_caps() -> None:
    bought = (Leg(contract=contract("eth.put", NEXT, 1_600.0), quantity=50),)
    size = Size(policy="fixed", contracts=50, max_capital_share=0.001)
    found = ticket(roll_ticket(bought, PUTS, size, case(20_000.0, after(MARKET, NEXT))))
    (leg,) = opened(found)
    price = found.prices[-1] * 2_000
    assert int(leg.quantity) == math.floor(0.001 * cover(20_000.0).value_usd / price)
    assert "capped at 0 % of the covered value" in found.sized


def test_a_roll_of_which_nothing_passes_says_why() -> None:
    bought = (Leg(contract=contract("eth.put", NEXT, 1_600.0), quantity=1),)
    size = Size(policy="fixed", contracts=1)
    told = roll_ticket(bought, PUTS, size, case(0.01, after(MARKET, NEXT)))
    assert isinstance(told, str)
    assert told.startswith("over-hedged")


@pytest.mark.parametrize(
    "size",
    [
        Size(policy="fixed", contracts=4, over_hedge=True),
        Size(policy="il_share", share=0.5),
        Size(policy="fee_budget", beta=0.25),
        Size(policy="premium", share=0.05, over_hedge=True),
        Size(policy="vega", vega_usd=20.0, over_hedge=True),
    ],
    ids=lambda size: size.policy,
)
def test_a_top_up_asks_only_for_what_the_layer_does_not_hold(size: Size) -> None:
    there = replace(case(20_000.0), cover=cover(20_000.0, 40_000.0))
    whole = ticket(draw_ticket(PUTS, size, there))
    n = int(whole.legs[0].quantity)
    half = held([replace(whole.legs[0], quantity=n // 2)])
    rest = ticket(draw_ticket(PUTS, size, replace(there, held=half, own=half)))
    assert rest.legs[0].quantity == n - n // 2
    assert "held" in rest.sized
    all_ = held(whole.legs)
    none = draw_ticket(PUTS, size, replace(there, held=all_, own=all_))
    assert isinstance(none, str)
    assert "nothing is left to add" in none or "less than one" in none


def test_a_strip_is_topped_up_to_its_share() -> None:
    size = Size(policy="il_share", share=0.8)
    small = ticket(draw_ticket(STRIP, size, case(10_000.0)))
    own = held(small.legs)
    rest = ticket(draw_ticket(STRIP, size, case(20_000.0, held=own, own=own)))
    assert sum(float(leg.quantity) for leg in rest.legs) == pytest.approx(
        sum(float(leg.quantity) for leg in small.legs), rel=0.1
    )


@pytest.mark.parametrize("liquidity", [3_000.0, 5_000.0, 10_000.0, 20_000.0])
@pytest.mark.parametrize("apr", [0.1, 0.2, 0.4, 0.6])
def test_a_strip_in_whole_lots_costs_no_more_than_its_budget(liquidity: float, apr: float) -> None:
    value = liquidity * float(WIDE.value(2_000.0))
    there = replace(case(liquidity), cover=cover(liquidity, apr * value))
    found = draw_ticket(STRIP, Size(policy="fee_budget", beta=0.25), there)
    if isinstance(found, str):
        assert "less than one contract of any strike" in found
    else:
        assert found.cost_usd * 365 / 25 <= 0.25 * apr * value * (1 + 1e-6)


def test_a_strip_of_which_a_side_is_less_than_a_lot_says_so() -> None:
    # Puts of half a coin and more are rounded up, calls of less than half fall away.
    of = Unit(
        parts=(
            Part(contract=contract("eth.put", NEXT, 1_800.0), weight=0.6),
            Part(contract=contract("eth.call", NEXT, 2_200.0), weight=0.4),
        ),
        whole=False,
    )
    on = Desk(unit=of, market=MARKET, at=NOW, cover=cover(20_000.0))
    legs, told = in_whole_lots(
        Size(policy="fixed", contracts=1, over_hedge=True), on, Sized(units=1.0, words="")
    )
    assert [(leg.contract.kind, leg.quantity) for leg in legs] == [("eth.put", 1)]
    assert told == ("It holds no call, each being less than a lot: nothing is paid if it rises.",)
