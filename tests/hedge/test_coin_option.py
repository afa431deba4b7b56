import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import coin_option

forwards = st.floats(500.0, 150_000.0)
moneyness = st.floats(0.4, 2.5)
sigmas = st.floats(0.2, 2.0)
terms = st.floats(0.01, 1.0)


@given(forwards, moneyness, sigmas, terms, st.booleans())
def test_a_price_in_coin_is_quantlib_s_in_dollars_over_the_forward(
    forward: float, ratio: float, sigma: float, years: float, call: bool
) -> None:
    strike = forward * ratio
    kind = QuantLib.Option.Call if call else QuantLib.Option.Put
    oracle = QuantLib.BlackCalculator(
        QuantLib.PlainVanillaPayoff(kind, strike), forward, sigma * years**0.5, 1.0
    )
    coin = coin_option.price_coin(forward, strike, sigma=sigma, years=years, call=call)
    assert coin == pytest.approx(oracle.value() / forward, rel=1e-9, abs=1e-13)
    usd = coin_option.price_usd(forward, strike, sigma=sigma, years=years, call=call)
    assert usd == pytest.approx(oracle.value(), rel=1e-9, abs=1e-13 * forward)


def test_payoffs_by_hand() -> None:
    settled = np.array([1_000.0, 2_000.0, 4_000.0])
    assert coin_option.payoff_coin(settled, 2_000.0).tolist() == [0.0, 0.0, 0.5]
    puts = coin_option.payoff_coin(settled, 2_000.0, call=False)
    assert puts.tolist() == [1.0, 0.0, 0.0]
    assert coin_option.payoff_usd(settled, 2_000.0, call=False).tolist() == [1_000.0, 0.0, 0.0]


@given(st.floats(1.0, 1e6), st.floats(1.0, 1e6))
def test_a_call_never_pays_a_whole_coin(settlement: float, strike: float) -> None:
    assert 0 <= coin_option.payoff_coin(settlement, strike) < 1


@given(st.floats(0.001, 0.5), st.floats(500.0, 5_000.0), st.booleans())
def test_at_the_break_even_the_payoff_is_the_premium(
    premium: float, strike: float, call: bool
) -> None:
    in_coin = coin_option.break_even(premium, strike, call=call)
    assert coin_option.payoff_coin(in_coin, strike, call=call) == pytest.approx(premium)
    in_usd = coin_option.break_even(premium, strike, call=call, entry=strike)
    paid = coin_option.payoff_usd(in_usd, strike, call=call)
    assert paid == pytest.approx(premium * strike)


@given(forwards, moneyness, sigmas, terms, st.booleans())
def test_the_deltas_are_slopes_of_the_prices(
    forward: float, ratio: float, sigma: float, years: float, call: bool
) -> None:
    strike, step = forward * ratio, 1e-5 * forward
    up, down = np.array([forward + step]), np.array([forward - step])
    option = {"sigma": sigma, "years": years, "call": call}
    usd = coin_option.price_usd(up, strike, **option) - coin_option.price_usd(
        down, strike, **option
    )
    coin = coin_option.price_coin(up, strike, **option) - coin_option.price_coin(
        down, strike, **option
    )
    delta = coin_option.delta(forward, strike, **option)
    net = coin_option.net_delta(forward, strike, **option)
    assert delta == pytest.approx(float(usd[0]) / (2 * step), abs=1e-6)
    assert net == pytest.approx(float(coin[0]) / (2 * step) * forward, abs=1e-6)


def test_the_implied_vol_of_a_price_in_coin() -> None:
    strikes, calls = np.array([1_600.0, 2_000.0, 2_600.0]), np.array([False, False, True])
    coin = coin_option.price_coin(2_010.0, strikes, sigma=0.8, years=30 / 365, call=calls)
    found = coin_option.implied_vol(coin, 2_010.0, strike=strikes, years=30 / 365, call=calls)
    assert found == pytest.approx(np.full(3, 0.8), rel=1e-9)


def test_a_premium_of_nothing_has_no_implied_vol() -> None:
    assert np.isnan(coin_option.implied_vol(0.0, 2_000.0, strike=2_200.0, years=0.1))
