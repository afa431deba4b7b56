"""One option on floats: QuantLib's to 1e-9, and what `black_scholes` says over arrays to 1e-12.

A price is a difference of two numbers as large as the spot, so the absolute error is of spot.
"""

import math
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import QuantLib
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.hedge import black76, black_scholes
from monitor.hedge.black_scholes import Underlying
from monitor.hedge.market import Market
from monitor.hedge.quote import Quote, quote
from monitor.hedge.single import carry, implied_vol, single
from monitor.hedge.skew import Skew, SkewedVol
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from tests.bench.timing import Times
from tests.hedge.markets import COIN_DAYS, MARKET, NOW, SPXW_DAYS, contract

spots = st.floats(10.0, 100_000.0)
ratios = st.floats(0.3, 3.0)
sigmas = st.floats(0.03, 3.0)
terms = st.floats(1 / 365, 3.0)
unders = st.builds(
    lambda spot, rate, dividend: Underlying(spot=spot, rate=rate, dividend=dividend),
    spots,
    st.floats(-0.02, 0.15),
    st.floats(0.0, 0.10),
)


def oracle(forward: float, strike: float, spread: float, *, call: bool, **of: float) -> Any:
    kind = QuantLib.Option.Call if call else QuantLib.Option.Put
    payoff = QuantLib.PlainVanillaPayoff(kind, strike)
    return QuantLib.BlackCalculator(payoff, forward, spread, of.get("discount", 1.0))


@given(unders, ratios, sigmas, terms, st.booleans())
def test_the_price_and_the_greeks_are_those_over_arrays(
    under: Underlying, ratio: float, sigma: float, years: float, call: bool
) -> None:
    spot = float(under.spot)
    found = single(under, spot * ratio, sigma=sigma, years=years, call=call)
    worth = black_scholes.price(under, spot * ratio, sigma=sigma, years=years, call=call)
    greeks = black_scholes.greeks(under, spot * ratio, sigma=sigma, years=years, call=call)
    assert found.price == pytest.approx(float(worth), rel=1e-12, abs=1e-12 * spot)
    assert found.delta == pytest.approx(float(greeks.delta), rel=1e-12, abs=1e-12)
    assert found.gamma == pytest.approx(float(greeks.gamma), rel=1e-12, abs=1e-12 / spot)
    assert found.vega == pytest.approx(float(greeks.vega), rel=1e-12, abs=1e-12 * spot)
    assert found.theta_day == pytest.approx(float(greeks.theta_day), rel=1e-12, abs=1e-12 * spot)


@given(unders, ratios, sigmas, terms, st.booleans())
def test_the_price_and_the_greeks_are_quantlib_s(
    under: Underlying, ratio: float, sigma: float, years: float, call: bool
) -> None:
    spot, strike = float(under.spot), float(under.spot) * ratio
    forward = spot * math.exp((float(under.rate) - float(under.dividend)) * years)
    discount = math.exp(-float(under.rate) * years)
    told = oracle(forward, strike, sigma * math.sqrt(years), call=call, discount=discount)
    found = single(under, strike, sigma=sigma, years=years, call=call)
    assert found.price == pytest.approx(told.value(), rel=1e-9, abs=1e-13 * spot)
    assert found.delta == pytest.approx(told.delta(spot), rel=1e-9, abs=1e-13)
    assert found.gamma == pytest.approx(told.gamma(spot), rel=1e-9, abs=1e-13 / spot)
    assert found.vega == pytest.approx(told.vega(years), rel=1e-9, abs=1e-13 * spot)
    theta = told.theta(spot, years) / 365
    assert found.theta_day == pytest.approx(theta, rel=1e-9, abs=1e-11 * spot)
    assert carry(under, years)[0] == pytest.approx(forward, rel=1e-14)


@pytest.mark.parametrize(("sigma", "years"), [(0.0, 1.0), (0.5, 0.0)])
@pytest.mark.parametrize(("strike", "worth"), [(18.0, 2.0), (20.0, 0.0), (23.0, 0.0)])
def test_without_time_or_volatility_a_call_is_its_intrinsic_value(
    sigma: float, years: float, strike: float, worth: float
) -> None:
    found = single(Underlying(spot=20.0), strike, sigma=sigma, years=years, call=True)
    assert found.price == worth


@given(spots, ratios, st.floats(0.03, 15.0), terms, st.booleans())
def test_the_implied_vol_is_the_one_quantlib_priced_at(
    forward: float, ratio: float, sigma: float, years: float, call: bool
) -> None:
    strike, spread = forward * ratio, sigma * math.sqrt(years)
    told = oracle(forward, strike, spread, call=call)
    premium, vega = told.value(), told.vega(years)
    # Where a billionth of the volatility is not to be seen in the premium's last digits, none is.
    assume(vega * sigma * 1e-9 > 4e-16 * (forward + strike))
    found = implied_vol(premium, forward, strike=strike, years=years, call=call)
    assert found == pytest.approx(sigma, rel=1e-9)
    over = black76.implied_vol(premium, forward, strike=strike, years=years, call=call)
    assert found == pytest.approx(float(over), rel=1e-9)


@pytest.mark.parametrize(
    ("premium", "years"),
    [
        pytest.param(4.99, 0.1, id="below intrinsic value"),
        pytest.param(5.0, 0.1, id="intrinsic value alone"),
        pytest.param(25.0, 0.1, id="the whole forward"),
        pytest.param(-1.0, 0.1, id="less than nothing"),
        pytest.param(6.0, 0.0, id="no time left"),
        pytest.param(24.999, 0.001, id="beyond 2000 % a year"),
    ],
)
def test_a_price_no_volatility_makes_has_none(premium: float, years: float) -> None:
    assert math.isnan(implied_vol(premium, 25.0, strike=20.0, years=years, call=True))


@given(
    st.floats(0.02, 3.0),
    st.builds(lambda a, b: Skew(below=a, above=b), st.floats(-0.2, 0.3), st.floats(-0.2, 0.3)),
    st.floats(-0.1, 0.1),
    st.floats(1e-3, 30.0),
    st.floats(0.0, 3.0),
)
def test_one_strike_s_volatility_is_the_one_over_arrays(
    at: float, skew: Skew, shift: float, ratio: float, years: float
) -> None:
    vol = SkewedVol(at_forward=at, skew=skew, source="stated", shift=shift)
    strikes = np.array([20.0 * ratio])
    (over,) = vol.at(20.0, strikes, years=years)
    assert vol.of_one(20.0, 20.0 * ratio, years=years) == pytest.approx(over, rel=1e-12)


def quoted_strip(mark: float) -> tuple[list[Contract], Market]:
    """Return 14 options of one expiry, and a market in which Deribit quotes each."""
    rows = [
        contract(f"eth.{'put' if strike < 2_000 else 'call'}", COIN_DAYS[2], float(strike))
        for strike in range(1_650, 2_350, 50)
    ]
    quotes = {
        one: OptionQuote(contract=one, source="deribit", as_of=NOW, mark=mark, forward=2_000.0)
        for one in rows
    }
    return rows, Market(coins=MARKET.coins, quotes=quotes)


def of(what: Contract, market: Market, seconds: int = 0) -> Quote:
    found = quote(what, market, NOW + timedelta(seconds=seconds))
    assert isinstance(found, Quote), found
    return found


def test_a_quote_s_volatility_is_that_of_the_minute() -> None:
    (first, *_), market = quoted_strip(0.03)
    assert of(first, market, seconds=20).sigma == of(first, market).sigma
    assert of(first, market, seconds=40).sigma == of(first, market, seconds=60).sigma
    assert of(first, market, seconds=60).sigma != of(first, market).sigma


def test_a_quoted_strip_is_marked_in_three_milliseconds_and_anew_in_one() -> None:
    first, anew = Times(), Times()
    for n in range(9):
        rows, market = quoted_strip(0.03 + n * 1e-5)
        with first.measured():
            told = [of(one, market) for one in rows]
        with anew.measured():
            again = [of(one, market) for one in rows]
        assert told == again
    assert first.least_cpu <= 3e-3  # 0.6 ms alone on two cores
    assert anew.least_cpu <= 2e-3  # 0.4 ms


def test_one_option_with_all_its_greeks_takes_microseconds() -> None:
    rows = [contract("spxw.put", SPXW_DAYS[2], 5_000.0 + 5 * n) for n in range(200)]
    times = Times()
    for n in range(9):
        with times.measured():
            found = [of(one, MARKET, seconds=n) for one in rows]
        assert len(found) == len(rows)
    assert times.least_cpu / len(rows) <= 60e-6  # 14 µs alone on two cores
