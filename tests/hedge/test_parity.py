"""Hull's examples of parity broken both ways, and Investopedia's conversion."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import black_scholes
from monitor.hedge.black_scholes import Underlying
from monitor.hedge.parity import Traded, conversion, reversal

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
