"""From a rule file's instrument to listed contracts. Deltas and prices: QuantLib's."""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
import QuantLib
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.hedge.cover import Cover, Covered
from monitor.hedge.il_strip import Range
from monitor.hedge.instruments import Instrument, Unit, unit_of
from monitor.hedge.market import Market
from monitor.hedge.payoff import payoff_of
from monitor.hedge.trades import legs_of
from monitor.model.layer import PERPETUAL, Contract
from monitor.model.quote import OptionQuote
from monitor.rules.layer_form import INSTRUMENTS
from tests.hedge.markets import (
    COVER,
    LIQUIDITY,
    MARKET,
    NOW,
    POSITION,
    WIDE,
    contract,
    years,
)

JUNE, WEEK, NEXT = date(2026, 6, 17), date(2026, 3, 9), date(2026, 3, 27)
KEYS: dict[str, dict[str, Any]] = {
    "vix.call": {"dte": 110, "delta": 0.5},
    "vix.put": {"dte": 30, "strike": 15.0},
    "vix.call_spread": {"dte": 110, "delta": 0.5, "width": 10.0},
    "vix.future": {"dte": 30},
    "spx.put": {"dte": 30, "multiple": 1.0},
    "spx.call": {"dte": 100, "moneyness": 1.05},
    "spx.put_spread": {"dte": 30, "delta": 0.25, "wing_delta": 0.10},
    "spx.condor": {"dte": 7, "multiple": 1.0, "width": 50.0},
    "eth.put": {"dte": 30, "moneyness": 0.8},
    "eth.call": {"dte": 30, "delta": 0.25},
    "eth.put_spread": {"dte": 30, "moneyness": 0.92, "wing_moneyness": 0.88},
    "eth.strip": {"dte": 30},
    "eth.perp": {"leverage": 2.0},
    "btc.put": {"dte": 110, "delta": 0.25},
    "btc.call": {"dte": 30, "multiple": 1.0},
    "btc.put_spread": {"dte": 30, "moneyness": 0.9, "width": 5_000.0},
    "btc.strip": {"dte": 30},
    "btc.perp": {},
}
# One BTC of a range like the ETH position's, thirty times as high.
BTC_HELD = replace(
    POSITION, key="1:0x:2", root="btc", range=Range(lower=45_000, upper=78_000, entry=60_000)
)


def made(kind: str, cover: Cover = COVER, market: Market = MARKET, **keys: Any) -> Unit:
    unit = unit_of(Instrument(kind=kind, **(keys or KEYS[kind])), market, NOW, cover)
    assert isinstance(unit, Unit), unit
    return unit


def told(unit: Unit) -> list[tuple[str, date, float, float]]:
    return [
        (one.contract.kind, one.contract.expiry, one.contract.strike, one.weight)
        for one in unit.parts
    ]


def why(kind: str, cover: Cover = COVER, market: Market = MARKET, **keys: Any) -> str:
    unit = unit_of(Instrument(kind=kind, **keys), market, NOW, cover)
    assert isinstance(unit, str), unit
    return unit


def test_every_instrument_a_rule_file_may_name_is_made() -> None:
    assert set(KEYS) == set(INSTRUMENTS)
    both = replace(COVER, held=(POSITION, BTC_HELD))
    for kind in INSTRUMENTS:
        assert made(kind, both).parts, kind


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        # 30 days from 2 March is 1 April, 14 days from either expiry: the later.
        ("vix.put", [("vix.put", date(2026, 4, 15), 15.0, 1.0)]),
        ("vix.future", [("vix.future", date(2026, 4, 15), 0.0, 1.0)]),
        # 6000 * 0.16 * sqrt(30 / 365) = 275.2 down is 5724.8; outside of it, on five points, 5720.
        ("spx.put", [("spxw.put", date(2026, 4, 1), 5_720.0, 1.0)]),
        # Beyond 45 days the morning contract; 1.05 * 6000.
        ("spx.call", [("spx.call", date(2026, 6, 18), 6_300.0, 1.0)]),
        # 6000 * 0.16 * sqrt(7 / 365) = 132.9: 5867.1 and 6132.9, outside 5865 and 6135.
        (
            "spx.condor",
            [
                ("spxw.put", WEEK, 5_815.0, 1.0),
                ("spxw.put", WEEK, 5_865.0, -1.0),
                ("spxw.call", WEEK, 6_135.0, -1.0),
                ("spxw.call", WEEK, 6_185.0, 1.0),
            ],
        ),
        ("eth.put", [("eth.put", NEXT, 1_600.0, 1.0)]),
        # 1840 and 1760, on steps of 50.
        ("eth.put_spread", [("eth.put", NEXT, 1_850.0, 1.0), ("eth.put", NEXT, 1_750.0, -1.0)]),
        ("btc.put_spread", [("btc.put", NEXT, 54_000.0, 1.0), ("btc.put", NEXT, 49_000.0, -1.0)]),
        ("eth.perp", [("eth.perp", PERPETUAL, 0.0, -1.0)]),
        ("btc.perp", [("btc.perp", PERPETUAL, 0.0, -1.0)]),
    ],
)
def test_the_contracts_one_would_expect(
    kind: str, parts: list[tuple[str, date, float, float]]
) -> None:
    assert told(made(kind)) == parts


def delta_of(
    what: Contract, forward: float, sigma: float, time: float, carry: float = 1.0
) -> float:
    """Return QuantLib's delta by spot. carry: how many of the forward's is one of the spot's."""
    kind = QuantLib.Option.Call if what.kind.endswith("call") else QuantLib.Option.Put
    payoff = QuantLib.PlainVanillaPayoff(kind, what.strike)
    return (
        QuantLib.BlackCalculator(payoff, forward, sigma * math.sqrt(time), 1.0).deltaForward()
        * carry
    )


def skewed(
    strike: float, forward: float, at: float, time: float, slopes: tuple[float, float]
) -> float:
    away = min(max(math.log(strike / forward) / (at * math.sqrt(time)), -3.0), 3.0)
    return at * (1 + (slopes[0] if away < 0 else slopes[1]) * abs(away))


@pytest.mark.parametrize("delta", [0.10, 0.25, 0.50])
def test_a_vix_call_has_the_delta_asked_for_of_the_future(delta: float) -> None:
    (part,) = made("vix.call", dte=110, delta=delta).parts
    time = years("vix", JUNE)
    sigma = skewed(part.contract.strike, 20.0, 0.90, time, (0.0, 0.20))
    # Strikes are a point apart, which is up to 0.02 of delta on either side.
    assert delta_of(part.contract, 20.0, sigma, time) == pytest.approx(delta, abs=0.02)


def test_a_condor_by_the_deltas_cboe_s_cndr_has() -> None:
    unit = made("spx.condor", dte=30, delta=0.20, wing_delta=0.05)
    time = years("spxw", date(2026, 4, 1))
    forward = 6_000 * math.exp((0.04 - 0.013) * time)
    held = math.exp(-0.013 * time)
    deltas = [
        delta_of(
            one.contract,
            forward,
            skewed(one.contract.strike, forward, 0.16, time, (0.20, -0.08)),
            time,
            held,
        )
        for one in unit.parts
    ]
    assert deltas == pytest.approx([-0.05, -0.20, 0.20, 0.05], abs=0.003)
    assert [one.weight for one in unit.parts] == [1.0, -1.0, -1.0, 1.0]
    strikes = [one.contract.strike for one in unit.parts]
    assert strikes == sorted(set(strikes))
    # The skew puts the puts farther off than the calls.
    assert 6_000 - strikes[1] > strikes[2] - 6_000


@settings(deadline=None, max_examples=60)
@given(st.floats(0.3, 3.0), st.integers(5, 60), st.integers(5, 200))
def test_short_strikes_are_never_inside_the_move_and_wings_outside_of_them(
    multiple: float, dte: int, width: int
) -> None:
    unit = made("spx.condor", dte=dte, multiple=multiple, width=float(width))
    bought, sold, over, high = (one.contract for one in unit.parts)
    days = (sold.expiry - NOW.date()).days
    move = multiple * 6_000 * 0.16 * math.sqrt(days / 365)
    assert 6_000 - move - 5 <= sold.strike <= 6_000 - move
    assert 6_000 + move <= over.strike <= 6_000 + move + 5
    assert bought.strike < sold.strike <= over.strike < high.strike
    assert (sold.strike - bought.strike) % 5 == 0


def quoting(strikes: Iterable[float], *kinds: str, day: date = WEEK) -> Market:
    rows = [contract(kind, day, float(strike)) for kind in kinds for strike in strikes]
    return replace(
        MARKET,
        quotes={
            one: OptionQuote(contract=one, source="quoted", as_of=NOW, mark=0.01) for one in rows
        },
    )


@pytest.mark.parametrize(
    ("apart", "strikes"),
    [
        # 5867.1 and 6132.9 are the bounds; what lies nearest to them is often within.
        (5, [5_865.0, 6_135.0]),
        (10, [5_860.0, 6_140.0]),
        (25, [5_850.0, 6_150.0]),
        (50, [5_850.0, 6_150.0]),
        (100, [5_800.0, 6_200.0]),
    ],
)
def test_short_strikes_are_outside_the_move_however_far_apart_they_are_listed(
    apart: int, strikes: list[float]
) -> None:
    market = quoting(range(5_000, 7_001, apart), "spxw.put", "spxw.call")
    unit = made("spx.condor", market=market, dte=7, multiple=1.0, width=200.0)
    assert [one.contract.strike for one in unit.parts if one.weight < 0] == strikes


def test_where_nothing_is_quoted_outside_the_move_there_is_no_condor() -> None:
    market = quoting(range(5_900, 6_101, 5), "spxw.put", "spxw.call")
    told = why("spx.condor", market=market, dte=7, multiple=1.0, width=50.0)
    assert told == "no listed strike lies at 5867.05 or below"


@settings(deadline=None, max_examples=60)
@given(st.floats(0.06, 0.49), st.floats(0.1, 0.9))
def test_the_wing_by_delta_lies_outside_or_is_refused(delta: float, share: float) -> None:
    unit = unit_of(
        Instrument(kind="spx.put_spread", dte=30, delta=delta, wing_delta=delta * share),
        MARKET,
        NOW,
        COVER,
    )
    if isinstance(unit, Unit):
        near, far = unit.parts
        assert far.contract.strike < near.contract.strike
        assert (near.weight, far.weight) == (1.0, -1.0)
    else:
        assert "is not outside" in unit


@pytest.mark.parametrize(
    ("kind", "keys", "reason"),
    [
        ("spx.condor", {"dte": 7, "multiple": 1.0, "width": 1.0}, "is not outside 5865"),
        (
            "spx.condor",
            {"dte": 7, "multiple": 1.0, "width": 6_000.0},
            "no strike lies so far below",
        ),
        ("eth.put", {"dte": 30, "multiple": 9.0}, "no strike lies so far below 2000"),
        ("vix.call", {"dte": 30}, "no strike has a delta of 0"),
    ],
)
def test_what_cannot_be_made_says_why(kind: str, keys: dict[str, Any], reason: str) -> None:
    assert reason in why(kind, **keys)


def paid(unit: Unit, prices: np.ndarray) -> np.ndarray:
    total = np.zeros(len(prices))
    for one in unit.parts:
        sign = 1.0 if one.contract.kind.endswith("call") else -1.0
        total += one.weight * np.maximum(sign * (prices - one.contract.strike), 0.0)
    return total


PRICES = np.linspace(50.0, 9_000.0, 17_901)


@pytest.mark.parametrize("strikes", [1, 3, 5, 10])
def test_a_strip_on_listed_strikes_pays_the_loss_at_every_price_at_least(strikes: int) -> None:
    made_ = paid(made("eth.strip", dte=30, strikes=strikes), PRICES)
    lost = np.asarray(WIDE.loss(PRICES)) * LIQUIDITY
    assert np.all(made_ >= lost - 1e-6)
    # Beyond the range it is exact, up to a strike outside; within, steps of 50 allow so much.
    ends = (PRICES <= 1_450) | (PRICES >= 2_700)
    assert made_[ends] == pytest.approx(lost[ends], abs=1e-6)
    if strikes >= 3:
        assert np.max(made_ - lost) <= 0.0025 * POSITION.value_usd


@pytest.mark.parametrize(("strikes", "percent"), [(3, 0.24), (5, 0.09)])
def test_where_any_strike_is_quoted_its_error_is_the_published_one(
    strikes: int, percent: float
) -> None:
    grid = np.sort(np.concatenate((np.linspace(1_400, 2_700, 5_201), [1_500.0, 2_600.0])))
    rows = [contract("eth.put", NEXT, float(strike)) for strike in np.unique(grid)]
    quotes = {
        one: OptionQuote(contract=one, source="deribit", as_of=NOW, mark=0.01) for one in rows
    }
    unit = made("eth.strip", market=replace(MARKET, quotes=quotes), dte=30, strikes=strikes)
    lost = np.asarray(WIDE.loss(PRICES)) * LIQUIDITY
    worst = np.max(np.abs(paid(unit, PRICES) - lost)) / POSITION.value_usd * 100
    assert worst <= percent


def held(lower: float, upper: float) -> Covered:
    wide = Range(lower=lower, upper=upper, entry=2_000.0)
    return replace(POSITION, key=f"1:0x:{lower}", range=wide)


def loss_between(low: float, high: float, prices: np.ndarray) -> np.ndarray:
    """Return a position's loss by the strip's own density, 1/2 K^(-3/2) on [low, high] alone.

    By hand: on the calls' side 1/2 times the integral of (S - K) K^(-3/2) from S0 to min(S, high).
    """
    ends = np.clip(prices, low, high)
    start = 2_000.0
    mass = 1 / math.sqrt(start) - 1 / np.sqrt(ends)
    return LIQUIDITY * (prices * mass - (np.sqrt(ends) - math.sqrt(start)))


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        pytest.param(1_000.0, 4_000.0, id="half to twice"),
        pytest.param(1e-9, 1e12, id="full range"),
    ],
)
def test_a_range_beyond_what_is_quoted_is_covered_as_far_as_it_is(
    lower: float, upper: float
) -> None:
    market = quoting(range(1_400, 2_801, 50), "eth.put", "eth.call", day=NEXT)
    unit = made("eth.strip", Cover(held=(held(lower, upper),)), market, dte=30)
    strikes = [one.contract.strike for one in unit.parts]
    assert (min(strikes), max(strikes)) == (1_400.0, 2_800.0)
    ends = np.array([1_000.0, 1_400.0, 2_800.0, 4_000.0])
    assert paid(unit, ends) == pytest.approx(loss_between(1_400.0, 2_800.0, ends))
    assert unit.note.startswith("options are quoted from 1,400 to 2,800 only: what is lost beyond")


def test_one_range_beyond_what_is_quoted_keeps_no_other_from_its_strip() -> None:
    market = quoting(range(1_400, 2_801, 50), "eth.put", "eth.call", day=NEXT)
    off, wide = held(3_000.0, 3_500.0), held(1e-9, 1e12)
    alone = made("eth.strip", COVER, market, dte=30)
    both = made("eth.strip", replace(COVER, held=(off, POSITION)), market, dte=30)
    assert (alone.parts, alone.note) == (both.parts, "")
    assert both.note.endswith("what is lost beyond is not covered (1 of 2 ranges)")
    assert len(made("eth.strip", replace(COVER, held=(wide, POSITION)), market, dte=30).parts) > 2
    told = why("eth.strip", Cover(held=(off,)), market, dte=30)
    assert told.startswith("options are quoted from 1,400 to 2,800 only")


def test_a_strip_s_ends_lie_around_its_range_however_far_apart_strikes_are_listed() -> None:
    # 1,480 is nearest to 1,500, which is inside of it; 2,610 to 2,600.
    market = quoting(range(1_000, 4_001, 100), "eth.put", "eth.call", day=NEXT)
    unit = made("eth.strip", Cover(held=(held(1_480.0, 2_610.0),)), market, dte=30)
    strikes = [one.contract.strike for one in unit.parts]
    assert (min(strikes), max(strikes), unit.note) == (1_400.0, 2_700.0, "")


def test_two_positions_are_covered_by_one_strip_together() -> None:
    other = replace(POSITION, key="1:0x:9", range=Range(lower=1_800, upper=2_200, entry=2_000))
    both = made("eth.strip", replace(COVER, held=(POSITION, other)), dte=30)
    apart = [made("eth.strip", replace(COVER, held=(one,)), dte=30) for one in (POSITION, other)]
    assert paid(both, PRICES) == pytest.approx(sum(paid(one, PRICES) for one in apart))
    assert not both.whole


@pytest.mark.parametrize(
    ("cover", "reason"),
    [
        (Cover(), "no covered position is in ETH against US dollars"),
        (Cover(why="#7 is quoted in DAI"), "#7 is quoted in DAI"),
        (
            Cover(held=(replace(POSITION, range=Range(lower=10, upper=20, entry=2_000)),)),
            "no covered range lies within a third and thrice the price",
        ),
    ],
)
def test_without_a_position_there_is_no_strip(cover: Cover, reason: str) -> None:
    assert why("eth.strip", cover, dte=30) == reason


def test_a_range_far_off_is_left_out_and_the_others_are_covered() -> None:
    far = replace(POSITION, key="1:0x:9", range=Range(lower=10, upper=20, entry=2_000))
    assert made("eth.strip", replace(COVER, held=(far, POSITION)), dte=30) == made(
        "eth.strip", dte=30
    )


def test_a_condor_s_figures_are_its_payoff_s() -> None:
    legs = legs_of(made("spx.condor"), 2)
    outcome = payoff_of(legs, -2 * 800.0)
    assert outcome is not None
    assert outcome.break_evens == pytest.approx((5_857.0, 6_143.0))
    assert (outcome.max_profit_usd, outcome.max_loss_usd) == (1_600.0, 2 * (5_000 - 800))


@pytest.mark.parametrize(
    ("kind", "root", "keys"),
    [
        ("eth.strip", "eth", {"dte": 60}),
        ("eth.put", "eth", {"dte": 60, "delta": 0.25}),
        ("spx.put_spread", "spx", {"dte": 30, "delta": 0.25, "width": 50.0}),
    ],
)
def test_an_unknown_market_says_why(kind: str, root: str, keys: dict[str, Any]) -> None:
    reason = f"{root}.price is unknown: 3 h old, limit 1 h"
    blind = replace(MARKET, spx=None, coins={}, unknown={root: reason})
    assert why(kind, market=blind, **keys) == reason
