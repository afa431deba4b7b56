"""Oracle: QuantLib. Books: Hull, "Options, Futures, and Other Derivatives" (futures put
1.1166, worked); Haug, "The Complete Guide to Option Pricing Formulas" (Black-76, 1.7011);
vollib's documentation (5.5811...).
"""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import QuantLib
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.hedge import black76

forwards = st.floats(5.0, 100.0)
moneyness = st.floats(0.5, 2.0)
sigmas = st.floats(0.1, 2.0)
terms = st.floats(0.02, 2.0)


@dataclass(frozen=True, kw_only=True)
class Published:
    forward: float
    strike: float
    years: float
    rate: float
    sigma: float
    call: bool
    price: float
    digits: float


HAUG = Published(
    forward=19, strike=19, years=0.75, rate=0.10, sigma=0.28, call=True, price=1.7011, digits=5e-5
)
HULL = Published(
    forward=20,
    strike=20,
    years=4 / 12,
    rate=0.09,
    sigma=0.25,
    call=False,
    price=1.1166,
    digits=5e-5,
)
VOLLIB = Published(
    forward=100,
    strike=100,
    years=0.5,
    rate=0.02,
    sigma=0.2,
    call=True,
    price=5.581106724604812,
    digits=1e-12,
)


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(HAUG, id="Haug, Black-76 on a future"),
        pytest.param(HULL, id="Hull, a futures put"),
        pytest.param(VOLLIB, id="vollib's own example"),
    ],
)
def test_published_prices(example: Published) -> None:
    undiscounted = black76.price(
        example.forward,
        example.strike,
        sigma=example.sigma,
        years=example.years,
        call=example.call,
    )
    discounted = math.exp(-example.rate * example.years) * undiscounted
    assert discounted == pytest.approx(example.price, abs=example.digits)


@given(forwards, moneyness, sigmas, terms, st.booleans())
def test_price_delta_and_vega_are_quantlib_s(
    forward: float, ratio: float, sigma: float, years: float, call: bool
) -> None:
    strike = forward * ratio
    kind = QuantLib.Option.Call if call else QuantLib.Option.Put
    oracle = QuantLib.BlackCalculator(
        QuantLib.PlainVanillaPayoff(kind, strike), forward, sigma * math.sqrt(years), 1.0
    )
    assume(oracle.value() > 1e-4 * forward)  # below, the oracle itself has lost its digits
    worth = black76.price(forward, strike, sigma=sigma, years=years, call=call)
    assert worth == pytest.approx(oracle.value(), rel=1e-9)
    ours = black76.delta(forward, strike, sigma=sigma, years=years, call=call)
    assert ours == pytest.approx(oracle.deltaForward(), rel=1e-9)
    ours = black76.vega(forward, strike, sigma=sigma, years=years)
    assert ours == pytest.approx(oracle.vega(years), rel=1e-9)


@given(forwards, moneyness, sigmas, terms)
def test_theta_is_the_price_s_slope_in_time(
    forward: float, ratio: float, sigma: float, years: float
) -> None:
    strike, step = forward * ratio, 1e-4 * years
    later = black76.price(forward, strike, sigma=sigma, years=years - step)
    sooner = black76.price(forward, strike, sigma=sigma, years=years + step)
    slope = (later - sooner) / (2 * step)
    ours = black76.theta(forward, strike, sigma=sigma, years=years)
    assert ours == pytest.approx(slope, rel=1e-4, abs=1e-6 * forward)


@given(forwards, moneyness, sigmas, terms)
def test_call_less_put_is_forward_less_strike(
    forward: float, ratio: float, sigma: float, years: float
) -> None:
    strike = forward * ratio
    call = black76.price(forward, strike, sigma=sigma, years=years)
    put = black76.price(forward, strike, sigma=sigma, years=years, call=False)
    assert call - put == pytest.approx(forward - strike, abs=1e-10 * forward)


@given(forwards, moneyness, sigmas, terms, st.booleans())
def test_the_implied_vol_of_a_price_is_the_vol_that_made_it(
    forward: float, ratio: float, sigma: float, years: float, call: bool
) -> None:
    strike = forward * ratio
    premium = black76.price(forward, strike, sigma=sigma, years=years, call=call)
    intrinsic = max(forward - strike if call else strike - forward, 0.0)
    assume(premium - intrinsic > 1e-5 * forward)
    implied = black76.implied_vol(premium, forward, strike=strike, years=years, call=call)
    assert implied == pytest.approx(sigma, rel=1e-7)


def test_the_implied_vol_of_vollib_s_example_is_a_fifth() -> None:
    premium = 5.581106724604812 / math.exp(-0.02 * 0.5)
    implied = black76.implied_vol(premium, 100.0, strike=100.0, years=0.5)
    assert implied == pytest.approx(0.2, rel=1e-10)


@pytest.mark.parametrize(
    "premium",
    [
        pytest.param(4.99, id="below intrinsic value"),
        pytest.param(5.0, id="intrinsic value alone"),
        pytest.param(25.0, id="the whole forward"),
    ],
)
def test_a_price_no_volatility_makes_has_none(premium: float) -> None:
    assert math.isnan(float(black76.implied_vol(premium, 25.0, strike=20.0, years=0.1)))


@given(st.floats(8.0, 80.0), sigmas, terms, st.floats(0.02, 0.98))
def test_the_strike_for_a_delta_has_that_delta(
    forward: float, sigma: float, years: float, delta: float
) -> None:
    strike = black76.strike_for_delta(forward, sigma, years=years, delta=delta)
    ours = black76.delta(forward, strike, sigma=sigma, years=years)
    assert ours == pytest.approx(delta, rel=1e-9)


@pytest.mark.parametrize(
    ("forward", "sigma", "days", "strike"),
    [
        pytest.param(18, 0.95, 30, 18.68, id="30 days at 95 %"),
        pytest.param(19, 0.60, 220, 21.18, id="220 days at 60 %"),
    ],
)
def test_a_half_delta_lies_above_the_forward(
    forward: float, sigma: float, days: int, strike: float
) -> None:
    # By hand: 18 * exp(0.95**2 / 2 * 30 / 365), 19 * exp(0.6**2 / 2 * 220 / 365).
    found = black76.strike_for_delta(forward, sigma, years=days / 365, delta=0.5)
    assert found == pytest.approx(strike, abs=0.005)


@pytest.mark.parametrize(("sigma", "years"), [(0.0, 1.0), (0.5, 0.0)])
def test_without_time_or_volatility_a_price_is_its_intrinsic_value(
    sigma: float, years: float
) -> None:
    strikes = np.array([18.0, 20.0, 23.0])
    calls = black76.price(20.0, strikes, sigma=sigma, years=years)
    puts = black76.price(20.0, strikes, sigma=sigma, years=years, call=False)
    assert calls.tolist() == [2.0, 0.0, 0.0]
    assert puts.tolist() == [0.0, 0.0, 3.0]


def test_rows_are_priced_as_they_would_be_one_by_one() -> None:
    forward, strike = np.array([15.0, 20.0, 40.0]), np.array([18.0, 20.0, 30.0])
    rows = black76.price(forward, strike, sigma=0.9, years=0.25)
    singles = [
        float(black76.price(f, k, sigma=0.9, years=0.25))
        for f, k in zip(forward, strike, strict=True)
    ]
    assert rows.tolist() == singles


@given(forwards, moneyness, sigmas, terms, st.booleans())
def test_gamma_and_rho_are_quantlib_s_and_theta_falls_by_the_day(
    forward: float, ratio: float, sigma: float, years: float, call: bool
) -> None:
    strike = forward * ratio
    kind = QuantLib.Option.Call if call else QuantLib.Option.Put
    oracle = QuantLib.BlackCalculator(
        QuantLib.PlainVanillaPayoff(kind, strike), forward, sigma * math.sqrt(years), 1.0
    )
    gamma = black76.gamma(forward, strike, sigma=sigma, years=years)
    assert gamma == pytest.approx(oracle.gammaForward(), rel=1e-9, abs=1e-13 / forward)
    # QuantLib's rho moves the forward with the rate: less that, the discounting is left.
    rho = black76.rho(forward, strike, sigma=sigma, years=years, call=call)
    assert rho == pytest.approx(-years * oracle.value(), rel=1e-9, abs=1e-12 * forward)
    theta = black76.theta(forward, strike, sigma=sigma, years=years)
    assert black76.theta_day(forward, strike, sigma=sigma, years=years) == theta / 365


def test_calls_and_puts_are_priced_and_solved_side_by_side() -> None:
    strikes, calls = np.array([15.0, 18.0, 25.0]), np.array([False, True, True])
    worth = black76.price(18.0, strikes, sigma=0.9, years=0.25, call=calls)
    deltas = black76.delta(18.0, strikes, sigma=0.9, years=0.25, call=calls)
    for n, (strike, call) in enumerate(zip(strikes, calls, strict=True)):
        terms = {"sigma": 0.9, "years": 0.25, "call": bool(call)}
        assert worth[n] == black76.price(18.0, strike, **terms)
        assert deltas[n] == black76.delta(18.0, strike, **terms)
    implied = black76.implied_vol(worth, 18.0, strike=strikes, years=0.25, call=calls)
    assert implied == pytest.approx(np.full(3, 0.9), rel=1e-9)
