"""Hull's examples of parity broken both ways, and Investopedia's conversion."""

import math

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import black76, black_scholes
from monitor.hedge.black_scholes import Underlying
from monitor.hedge.fees import DERIBIT
from monitor.hedge.parity import (
    Traded,
    box_cost,
    box_rate,
    chain_discount,
    conversion,
    in_coin,
    reversal,
    synthetic_forward,
)

DISCOUNT = math.exp(-0.10 * 0.25)


def test_hull_s_put_that_is_dear_is_worth_a_reversal() -> None:
    found = reversal(Traded(call=3.0, put=2.25, underlying=31.0), 30.0, discount=DISCOUNT)
    assert found / DISCOUNT == pytest.approx(1.0158, abs=5e-5)


def test_hull_s_put_that_is_cheap_is_worth_a_conversion() -> None:
    found = conversion(Traded(call=3.0, put=1.0, underlying=31.0), 30.0, discount=DISCOUNT)
    assert found / DISCOUNT == pytest.approx(0.2659, abs=5e-5)


def test_investopedia_s_conversion_makes_five_cents() -> None:
    found = conversion(Traded(call=4.95, put=5.80, underlying=74.10), 75.0)
    assert found == pytest.approx(0.05, abs=1e-12)


@given(st.floats(0.5, 2.0), st.floats(0.05, 1.0), st.floats(0.01, 2.0))
def test_at_the_model_s_prices_neither_makes_anything(
    ratio: float, sigma: float, years: float
) -> None:
    under, strike = Underlying(spot=100.0, rate=0.05), 100.0 * ratio
    call, put = (
        float(black_scholes.price(under, strike, sigma=sigma, years=years, call=each))
        for each in (True, False)
    )
    traded, discount = Traded(call=call, put=put, underlying=100.0), under.discount(years)
    assert conversion(traded, strike, discount=discount) == pytest.approx(0.0, abs=1e-10)
    assert reversal(traded, strike, discount=discount) == pytest.approx(0.0, abs=1e-10)


# --- in the coin ------------------------------------------------------------------------------

COINS = st.floats(0.3, 3.0)


@given(forward=st.floats(500, 5_000), ratio=COINS, settled=COINS, call=st.floats(0.0, 0.9))
def test_what_is_locked_in_in_coin_is_so_at_every_settlement(
    forward: float, ratio: float, settled: float, call: float
) -> None:
    """By each leg's own payoff: options and an inverse future pay coin by what they settle at."""
    strike, at, put = forward * ratio, forward * settled, 0.05
    prices, discount = in_coin(call, put, forward)
    promised = float(conversion(prices, strike, discount=discount))
    options = (max(strike - at, 0.0) - max(at - strike, 0.0)) / at  # paid in coin
    future = strike * (1 / forward - 1 / at)  # K dollars bought at F.
    assert call - put + options + future == pytest.approx(promised, abs=1e-9)


@given(forward=st.floats(500, 5_000), ratio=COINS, sigma=st.floats(0.1, 2.0))
def test_at_the_model_s_coin_prices_there_is_nothing(
    forward: float, ratio: float, sigma: float
) -> None:
    call, put = (
        float(black76.price(forward, forward * ratio, sigma=sigma, years=0.25, call=each)) / forward
        for each in (True, False)
    )
    prices, discount = in_coin(call, put, forward)
    found = float(conversion(prices, forward * ratio, discount=discount))
    assert found == pytest.approx(0.0, abs=1e-10)
    assert float(reversal(prices, forward * ratio, discount=discount)) == -found


# --- boxes and the chain's forward ------------------------------------------------------------


@given(
    low=st.floats(0.6, 1.2), width=st.floats(0.05, 0.5), rate=st.floats(0.001, 0.1),
    sigma=st.floats(0.05, 0.8), years=st.floats(0.05, 2.0),
)  # fmt: skip
def test_a_box_of_quantlib_s_prices_lends_at_the_rate(
    low: float, width: float, rate: float, sigma: float, years: float
) -> None:
    forward, discount = 100.0 * math.exp(rate * years), math.exp(-rate * years)

    def traded(strike: float) -> Traded:
        call, put = (
            QuantLib.blackFormula(kind, strike, forward, sigma * math.sqrt(years), discount)
            for kind in (QuantLib.Option.Call, QuantLib.Option.Put)
        )
        return Traded(call=call, put=put, underlying=0.0)

    cost = box_cost(traded(100 * low), traded(100 * (low + width)))
    assert float(cost) == pytest.approx(100 * width * discount, rel=1e-9)
    assert float(box_rate(cost, 100 * width, years)) == pytest.approx(rate, abs=1e-8)


def test_a_box_by_hand() -> None:
    # Strikes 50 and 60, calls 7.71 and 2.45, puts 1.20 and 5.70 of half a year: bought for 9.76,
    # worth 10: ln(10/9.76) / 0.5 = 4.859 % a year.
    low, high = (
        Traded(call=7.71, put=1.20, underlying=0),
        Traded(call=2.45, put=5.70, underlying=0),
    )
    assert float(box_cost(low, high)) == pytest.approx(9.76)
    assert float(box_rate(9.76, 10.0, 0.5)) == pytest.approx(0.04859, abs=5e-6)
    assert math.isnan(float(box_rate(-0.1, 10.0, 0.5)))


def test_the_forward_of_a_chain_is_not_moved_by_one_wrong_quote() -> None:
    strikes = np.array([90.0, 95.0, 100.0, 105.0, 110.0])
    gaps = DISCOUNT * (102.0 - strikes)
    assert synthetic_forward(strikes, gaps, discount=DISCOUNT) == pytest.approx(102.0)
    gaps[2] += 7.0
    assert synthetic_forward(strikes, gaps, discount=DISCOUNT) == pytest.approx(102.0)


@given(rate=st.floats(-0.02, 0.1), years=st.floats(0.02, 2.0), forward=st.floats(50.0, 200.0))
def test_the_discount_of_a_chain_is_its_own(rate: float, years: float, forward: float) -> None:
    strikes, discount = np.linspace(80.0, 120.0, 21), math.exp(-rate * years)
    gaps = discount * (forward - strikes)
    assert chain_discount(strikes, gaps) == pytest.approx(discount, rel=1e-9)
    gaps[4] += 9.0
    assert chain_discount(strikes, gaps) == pytest.approx(discount, rel=1e-9)


# --- fees -------------------------------------------------------------------------------------


def test_deribit_s_fees_by_its_schedule() -> None:
    # 0.03 % of the coin, but never more than an eighth of the premium.
    assert float(DERIBIT.of_option(0.05)) == pytest.approx(0.0003)
    assert float(DERIBIT.of_option(0.0008)) == pytest.approx(0.0001)
    # 0.05 % taken, 0.025 % delivered, 0.01 % for half a spread.
    assert float(DERIBIT.of_future(2.0)) == pytest.approx(2 * 0.00085)
