"""Marks by the model: Black-76 on the settlement, multipliers, legs past their last trading."""

import math
from datetime import UTC, date, datetime, timedelta
from statistics import NormalDist

import pytest

from monitor.hedge.contracts import days_left, expired, last_trading
from monitor.hedge.curve import VixCurve
from monitor.hedge.mark import mark
from monitor.hedge.market import Market, VixMarket
from monitor.hedge.skew import Skew
from monitor.hedge.vol import flat
from monitor.model.layer import Contract, Leg

NOW = datetime(2020, 2, 19, 21, 15, tzinfo=UTC)
MARCH, APRIL = date(2020, 3, 18), date(2020, 4, 15)
CURVE = VixCurve(settlements=((MARCH, 15.375), (APRIL, 16.325)), as_of=NOW)
LEVEL = Skew(below=0.0, above=0.0)
MARKET = Market(
    vix=VixMarket(spot=14.38, curve=CURVE, vol=flat(0.90), skew=LEVEL, expiries=(MARCH, APRIL))
)


def leg(kind: str, strike: float, quantity: int, expiry: date = MARCH) -> Leg:
    return Leg(contract=Contract(kind=kind, expiry=expiry, strike=strike), quantity=quantity)


def by_hand(forward: float, strike: float, sigma: float, years: float) -> float:
    """Price a call from the textbook's line, with the standard library's own normal."""
    spread, normal = sigma * math.sqrt(years), NormalDist().cdf
    d1 = math.log(forward / strike) / spread + spread / 2
    return forward * normal(d1) - strike * normal(d1 - spread)


def test_a_call_is_worth_a_hundred_dollars_a_point() -> None:
    # 19 February 16:15 to 18 March 09:30 New York, daylight saving begun: 27 d 16 h 15 m.
    years = (27 + (16 + 15 / 60) / 24) / 365
    marked = mark([leg("vix.call", 15.0, 4)], MARKET, NOW)
    assert marked is not None
    price = by_hand(15.375, 15.0, 0.90, years)
    assert marked.value_usd == pytest.approx(4 * 100 * price, rel=1e-9)
    assert marked.extrinsic_usd == pytest.approx(4 * 100 * (price - 0.375), rel=1e-9)
    assert marked.dte == 28
    assert marked.priced_by == "model"
    forward = "VIX forward 15.38, settlement of 18 Mar 2020"
    assert marked.note == f"{forward}; stated vol 90 %, no skew: model"


def test_a_sold_leg_counts_against_a_bought_one() -> None:
    bought = mark([leg("vix.call", 15.0, 1)], MARKET, NOW)
    sold = mark([leg("vix.call", 20.0, 1)], MARKET, NOW)
    spread = mark([leg("vix.call", 15.0, 1), leg("vix.call", 20.0, -1)], MARKET, NOW)
    assert bought is not None
    assert sold is not None
    assert spread is not None
    assert bought.value_usd is not None
    assert sold.value_usd is not None
    assert spread.value_usd == pytest.approx(bought.value_usd - sold.value_usd)


def test_a_future_is_worth_a_thousand_dollars_a_point_and_has_no_time_value() -> None:
    marked = mark([leg("vix.future", 0.0, -2, APRIL)], MARKET, NOW)
    assert marked is not None
    assert marked.value_usd == pytest.approx(-2 * 1000 * 16.325)
    assert marked.extrinsic_usd == 0.0


def test_days_are_those_of_the_nearest_leg() -> None:
    marked = mark([leg("vix.call", 15.0, 1, APRIL), leg("vix.call", 15.0, 1)], MARKET, NOW)
    assert marked is not None
    assert marked.dte == 28


def test_without_settlements_the_value_is_unknown_and_the_days_are_not() -> None:
    marked = mark([leg("vix.call", 15.0, 4)], Market(vix=VixMarket(spot=14.38)), NOW)
    assert marked is not None
    assert marked.value_usd is None
    assert marked.extrinsic_usd is None
    assert marked.dte == 28
    assert marked.note == "no settlement of VIX futures is known"


def test_expired_legs_are_left_out_and_told_of() -> None:
    eve = datetime(2020, 3, 17, 20, 15, tzinfo=UTC)  # Tuesday, 16:15 in New York
    legs = [leg("vix.call", 15.0, 4), leg("vix.call", 15.0, 1, APRIL)]
    alone, both = mark(legs[1:], MARKET, eve), mark(legs, MARKET, eve)
    assert alone is not None
    assert both is not None
    assert both.value_usd == alone.value_usd
    assert both.note.endswith("1 expired leg left out, awaiting settlement")


def test_nothing_alive_has_no_mark() -> None:
    assert mark([], MARKET, NOW) is None
    assert mark([leg("vix.call", 15.0, 4)], MARKET, datetime(2020, 3, 18, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("kind", "expiry", "ends"),
    [
        pytest.param(
            "vix.call",
            MARCH,
            datetime(2020, 3, 17, 20, 15, tzinfo=UTC),
            id="options trade until the eve's close",
        ),
        pytest.param(
            "vix.future",
            MARCH,
            datetime(2020, 3, 18, 13, 0, tzinfo=UTC),
            id="futures until the morning itself",
        ),
        pytest.param(
            "vix.put",
            date(2026, 6, 22),
            datetime(2026, 6, 18, 20, 15, tzinfo=UTC),
            id="the eve of a Monday after Juneteenth is a Thursday",
        ),
    ],
)
def test_contracts_stop_trading_when_the_exchange_says(
    kind: str, expiry: date, ends: datetime
) -> None:
    contract = Contract(kind=kind, expiry=expiry, strike=20.0)
    assert last_trading(contract) == ends
    assert expired(contract, ends)
    assert not expired(contract, ends - timedelta(seconds=1))


def test_days_are_counted_in_new_york() -> None:
    # 01:00 UTC on the 19th is still the 18th in New York.
    assert days_left(MARCH, datetime(2020, 2, 19, 1, 0, tzinfo=UTC)) == 29
