"""Oracle: QuantLib. Books: Hull, "Options, Futures, and Other Derivatives"; Haug, "The
Complete Guide to Option Pricing Formulas": the worked examples named below.

Against QuantLib everything agrees to 1e-9 of itself. Near zero an absolute error rules: a
price is a difference of two numbers as large as the spot, so below 1e-4 of spot both sides
have 1e-13 of spot; theta crosses zero likewise.
"""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import QuantLib
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.hedge import black_scholes
from monitor.hedge.black_scholes import Underlying
from tests.bench.timing import Times


@dataclass(frozen=True, kw_only=True)
class Option:
    under: Underlying
    strike: float
    sigma: float
    years: float
    call: bool


@st.composite
def options(draw: st.DrawFn) -> Option:
    spot = draw(st.floats(10.0, 10_000.0))
    return Option(
        under=Underlying(
            spot=spot, rate=draw(st.floats(-0.02, 0.15)), dividend=draw(st.floats(0.0, 0.10))
        ),
        strike=spot * draw(st.floats(0.3, 3.0)),
        sigma=draw(st.floats(0.03, 2.0)),
        years=draw(st.floats(1 / 365, 3.0)),
        call=draw(st.booleans()),
    )


def oracle_of(option: Option) -> QuantLib.BlackCalculator:
    kind = QuantLib.Option.Call if option.call else QuantLib.Option.Put
    under, years = option.under, option.years
    return QuantLib.BlackCalculator(
        QuantLib.PlainVanillaPayoff(kind, option.strike),
        under.spot * math.exp((under.rate - under.dividend) * years),
        option.sigma * math.sqrt(years),
        math.exp(-under.rate * years),
    )


def price_of(option: Option) -> float:
    return float(
        black_scholes.price(
            option.under,
            option.strike,
            sigma=option.sigma,
            years=option.years,
            call=option.call,
        )
    )


def greeks_of(option: Option) -> black_scholes.Greeks:
    return black_scholes.greeks(
        option.under, option.strike, sigma=option.sigma, years=option.years, call=option.call
    )


def book(spot: float, strike: float, **terms: float) -> Option:
    return Option(
        under=Underlying(spot=spot, rate=terms["rate"], dividend=terms.get("dividend", 0.0)),
        strike=strike,
        sigma=terms["sigma"],
        years=terms["years"],
        call=not terms.get("put"),
    )


HULL_GREEKS = book(49, 50, rate=0.05, sigma=0.20, years=20 / 52)


@pytest.mark.parametrize(
    ("option", "published", "digits"),
    [
        pytest.param(
            book(42, 40, rate=0.10, sigma=0.20, years=0.5), 4.7594, 5e-5, id="Hull, a call"
        ),
        pytest.param(
            book(42, 40, rate=0.10, sigma=0.20, years=0.5, put=1), 0.8086, 5e-5, id="Hull, a put"
        ),
        pytest.param(HULL_GREEKS, 2.4005, 5e-5, id="Hull, the call of the greeks"),
        pytest.param(
            book(930, 900, rate=0.08, dividend=0.03, sigma=0.20, years=2 / 12),
            51.83,
            5e-3,
            id="Hull, an index call",
        ),
        pytest.param(
            book(60, 65, rate=0.08, sigma=0.30, years=0.25), 2.1334, 5e-5, id="Haug, a call"
        ),
        pytest.param(
            book(100, 95, rate=0.10, dividend=0.05, sigma=0.20, years=0.5, put=1),
            2.4648,
            5e-5,
            id="Haug, Merton's put with a dividend yield",
        ),
    ],
)
def test_published_prices(option: Option, published: float, digits: float) -> None:
    assert price_of(option) == pytest.approx(published, abs=digits)


def test_the_greeks_hull_works_out() -> None:
    greeks = greeks_of(HULL_GREEKS)
    assert greeks.delta == pytest.approx(0.5216, abs=5e-5)
    assert greeks.gamma == pytest.approx(0.06554, abs=5e-6)
    assert greeks.vega == pytest.approx(12.105, abs=5e-4)
    assert greeks.theta_year == pytest.approx(-4.3053, abs=5e-5)
    assert greeks.theta_day == pytest.approx(-4.3053 / 365, abs=5e-5 / 365)
    assert greeks.rho == pytest.approx(8.9070, abs=5e-5)


def test_the_implied_vol_hull_works_out() -> None:
    implied = black_scholes.implied_vol(
        1.875, Underlying(spot=21, rate=0.10), strike=20, years=0.25
    )
    assert implied == pytest.approx(0.2345, abs=5e-5)


@given(options())
def test_prices_are_quantlib_s(option: Option) -> None:
    expected = oracle_of(option).value()
    assert price_of(option) == pytest.approx(expected, rel=1e-9, abs=1e-13 * option.under.spot)


@given(options())
def test_greeks_are_quantlib_s(option: Option) -> None:
    oracle, greeks, years = oracle_of(option), greeks_of(option), option.years
    spot = float(option.under.spot)
    assert greeks.delta == pytest.approx(oracle.delta(spot), rel=1e-9, abs=1e-13)
    assert greeks.gamma == pytest.approx(oracle.gamma(spot), rel=1e-9, abs=1e-13 / spot)
    assert greeks.vega == pytest.approx(oracle.vega(years), rel=1e-9, abs=1e-13 * spot)
    assert greeks.rho == pytest.approx(oracle.rho(years), rel=1e-9, abs=1e-13 * spot)
    theta = oracle.theta(spot, years)
    assert greeks.theta_year == pytest.approx(theta, rel=1e-9, abs=1e-12 * spot)
    assert greeks.theta_day == pytest.approx(theta / 365, rel=1e-9, abs=1e-12 * spot)


@given(options())
def test_call_less_put_is_the_forward_less_the_strike_discounted(option: Option) -> None:
    under, years = option.under, option.years
    both = black_scholes.price(
        under, option.strike, sigma=option.sigma, years=years, call=np.array([True, False])
    )
    gap = under.discount(years) * (under.forward(years) - option.strike)
    assert both[0] - both[1] == pytest.approx(gap, abs=1e-11 * under.spot)


@given(options())
def test_the_implied_vol_of_a_price_is_the_vol_that_made_it(option: Option) -> None:
    # What a premium tells of its volatility is vega times it: below that, digits are gone.
    assume(greeks_of(option).vega > 1e-3 * option.under.spot)
    implied = black_scholes.implied_vol(
        price_of(option),
        option.under,
        strike=option.strike,
        years=option.years,
        call=option.call,
    )
    assert implied == pytest.approx(option.sigma, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize(
    "premium",
    [
        pytest.param(0.0, id="nothing paid"),
        pytest.param(20.0 * math.exp(-0.01), id="the discounted intrinsic value alone"),
        pytest.param(100.0, id="the whole spot"),
    ],
)
def test_a_premium_no_volatility_makes_has_none(premium: float) -> None:
    under = Underlying(spot=100.0, rate=0.1, dividend=0.1)
    assert np.isnan(black_scholes.implied_vol(premium, under, strike=80.0, years=0.1))


@given(options(), st.floats(0.01, 0.99))
def test_the_strike_for_a_delta_has_that_delta(option: Option, share: float) -> None:
    under, years = option.under, option.years
    delta = share * float(under.dividend_discount(years))
    strike = black_scholes.strike_for_delta(
        under, delta, sigma=option.sigma, years=years, call=option.call
    )
    found = black_scholes.greeks(
        under, strike, sigma=option.sigma, years=years, call=option.call
    ).delta
    assert found == pytest.approx(delta if option.call else -delta, rel=1e-9)


@pytest.mark.parametrize("delta", [0.0, 0.99, 1.5])
def test_a_delta_no_option_has_has_no_strike(delta: float) -> None:
    under = Underlying(spot=100.0, dividend=0.02)
    assert np.isnan(black_scholes.strike_for_delta(under, delta, sigma=0.2, years=1.0))


@pytest.mark.parametrize(("sigma", "years"), [(0.0, 1.0), (0.3, 0.0)])
def test_without_time_or_volatility_a_price_is_its_intrinsic_value(
    sigma: float, years: float
) -> None:
    strikes = np.array([90.0, 100.0, 115.0])
    calls = black_scholes.price(Underlying(spot=100.0), strikes, sigma=sigma, years=years)
    assert calls.tolist() == [10.0, 0.0, 0.0]


def test_rows_are_priced_as_they_would_be_one_by_one() -> None:
    strikes, calls = np.array([80.0, 100.0, 120.0]), np.array([True, False, True])
    under = Underlying(spot=100.0, rate=0.04, dividend=0.013)
    rows = black_scholes.price(under, strikes, sigma=0.2, years=0.25, call=calls)
    singles = [
        float(black_scholes.price(under, k, sigma=0.2, years=0.25, call=bool(c)))
        for k, c in zip(strikes, calls, strict=True)
    ]
    assert rows.tolist() == singles


def test_ten_thousand_options_are_priced_within_the_limit() -> None:
    strikes = np.linspace(50.0, 200.0, 10_000)
    under = Underlying(spot=100.0, rate=0.04, dividend=0.013)
    times = Times()
    for _ in range(9):  # the fastest of nine: a busy machine is not the code's fault
        with times.measured():
            black_scholes.price(under, strikes, sigma=0.2, years=0.25)
    assert times.least_cpu <= 0.010
