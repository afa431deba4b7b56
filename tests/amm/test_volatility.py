"""Variance out of prices and fees, against Lambert's formula and the exact curve."""

import math
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.amm.amounts import amounts_between
from monitor.amm.volatility import annual, fee_variance, grown, lvr_step, squared_return

Q96, Q128 = 1 << 96, 1 << 128
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("fee", "spacing"),
    [
        pytest.param(0.0005, 10, id="0.05 %"),
        pytest.param(0.003, 60, id="0.3 %"),
        pytest.param(0.01, 200, id="1 %"),
    ],
)
def test_fee_growth_tells_the_volatility_lamberts_formula_tells(fee: float, spacing: int) -> None:
    # Lambert, On-chain Volatility and Uniswap v3: 2 · fee · √(volume / tick value) a day,
    # the tick being one spacing wide.
    root, liquidity, volume = math.isqrt(1500 * Q96 * Q96), 10**22, 3.7e24
    width = spacing * math.log(1.0001)
    tick_value = liquidity * (root / Q96) * width / 2
    lambert = 2 * fee * math.sqrt(volume / tick_value) * math.sqrt(365)
    growth1 = int(volume * fee / liquidity * Q128)
    assert annual(fee_variance(0, growth1, root), DAY) == pytest.approx(lambert, rel=1e-3)
    # The same fees, taken in the other token.
    growth0 = int(volume / 1500 * fee / liquidity * Q128)
    assert annual(fee_variance(growth0, 0, root), DAY) == pytest.approx(lambert, rel=1e-3)


def test_at_the_implied_volatility_the_fees_pay_for_lvr() -> None:
    root, growth1 = 38 * Q96, 5 * Q128 // 1000
    vol = annual(fee_variance(0, growth1, root), DAY)
    assert vol**2 * 38 / 4 / 365 == pytest.approx(5 / 1000)


@given(
    before=st.integers(10**26, 10**32),
    move=st.fractions(Fraction(1, 2), Fraction(2)),
)
def test_a_step_loses_what_the_exact_amounts_say(before: int, move: Fraction) -> None:
    after = int(before * move)
    lower, upper, liquidity = 10**25, 10**33, 10**30
    had, have = (amounts_between(one, lower, upper, liquidity) for one in (before, after))
    price = Fraction(after * after, 1 << 192)
    lost = (had[0] - have[0]) * price + had[1] - have[1]
    rounding = float(price) + 1
    assert liquidity * lvr_step(before, after) == pytest.approx(
        float(lost), rel=1e-9, abs=2 * rounding
    )


def test_small_steps_add_up_to_the_rate() -> None:
    # A day of 288 steps, each of 0.2 %, up and down: vol² of a day is 288 · ln(1.002)².
    here, there = 40 * Q96, int(40 * math.sqrt(1.002) * Q96)
    lost = 144 * (lvr_step(here, there) + lvr_step(there, here))
    variance = 144 * (squared_return(here, there) + squared_return(there, here))
    assert lost == pytest.approx(variance * 40 / 4, rel=1e-3)
    assert annual(variance, DAY) == pytest.approx(math.log(1.002) * math.sqrt(288 * 365))


def test_growth_wraps() -> None:
    assert grown((1 << 256) - 3, 4) == 7
