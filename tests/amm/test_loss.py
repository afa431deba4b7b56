"""Figures: the loss table of the Uniswap docs as many mirrors carry it (1.25x to 5x)."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.amm import amounts_for_liquidity, impermanent_loss, sqrt_ratio_at_tick
from monitor.amm.amounts import value_x192
from monitor.amm.loss import loss_fraction


@pytest.mark.parametrize(
    ("price_ratio", "percent"),
    [(1.25, 0.6), (1.5, 2.0), (1.75, 3.8), (2, 5.7), (3, 13.4), (4, 20.0), (5, 25.5)],
)
def test_the_published_loss_table(price_ratio: float, percent: float) -> None:
    assert impermanent_loss(price_ratio) == pytest.approx(-percent / 100, abs=0.0005)
    assert impermanent_loss(1 / price_ratio) == pytest.approx(-percent / 100, abs=0.0005)


def test_an_unmoved_price_loses_nothing() -> None:
    assert impermanent_loss(1.0) == 0.0


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_loss_is_symmetric_and_never_a_gain(price_ratio: float) -> None:
    loss = impermanent_loss(price_ratio)
    assert -1 <= loss <= 0
    assert loss == pytest.approx(impermanent_loss(1 / price_ratio), abs=1e-12)


@given(st.floats(min_value=5e-324, max_value=1.7e308))
def test_no_price_however_far_loses_more_than_everything(price_ratio: float) -> None:
    assert -1 <= impermanent_loss(price_ratio) <= 0


@pytest.mark.parametrize("price_ratio", [0.0, -1.0, math.inf, math.nan])
def test_a_ratio_that_is_none_is_refused(price_ratio: float) -> None:
    with pytest.raises(ValueError, match="price_ratio"):
        impermanent_loss(price_ratio)


def _tick(ratio: float) -> int:
    return round(math.log(ratio) / math.log(1.0001))


def _loss(ticks: tuple[int, int], at: int) -> float:
    """Enter at tick 0, let the price go to another tick, and compare with holding."""
    liquidity = 10**30
    entry, now = sqrt_ratio_at_tick(0), sqrt_ratio_at_tick(at)
    hodl = amounts_for_liquidity(entry, *ticks, liquidity, round_up=True)
    principal = amounts_for_liquidity(now, *ticks, liquidity)
    loss = loss_fraction(value_x192(*principal, now), value_x192(*hodl, now))
    assert loss is not None
    return loss


@pytest.mark.parametrize(
    ("low", "high", "price", "loss"),
    [
        pytest.param(1 / 1.2, 1.2, 0.9, -0.015907, id="x1.2 range, price 0.9"),
        pytest.param(1 / 1.2, 1.2, 1.1, -0.013020, id="x1.2 range, price 1.1"),
        pytest.param(1 / 1.2, 1.2, 1.2, -0.047525, id="x1.2 range, on its edge"),
        pytest.param(1 / 1.2, 1.2, 1.5, -0.161822, id="x1.2 range, price 1.5"),
        pytest.param(1 / 1.2, 1.2, 2.0, -0.301518, id="x1.2 range, price 2"),
        pytest.param(0.5, 2.0, 1.5, -0.068981, id="x2 range, price 1.5"),
        pytest.param(0.5, 2.0, 2.0, -0.195262, id="x2 range, on its edge"),
        pytest.param(0.5, 2.0, 4.0, -0.517157, id="x2 range, price 4"),
        pytest.param(0.8, 1.2, 0.8, -0.063589, id="0.8 to 1.2, on its lower edge"),
        pytest.param(0.8, 1.2, 1.2, -0.043353, id="0.8 to 1.2, on its upper edge"),
    ],
)
def test_a_concentrated_range_loses_by_the_closed_form(
    low: float, high: float, price: float, loss: float
) -> None:
    # Closed form V = L(2√S - S/√b - √a); ticks move each price by up to half a basis point.
    assert _loss((_tick(low), _tick(high)), _tick(price)) == pytest.approx(loss, abs=1e-4)


def test_the_whole_range_loses_as_the_textbook_says() -> None:
    at = _tick(2.0)
    ratio = float(Fraction(sqrt_ratio_at_tick(at), 1 << 96)) ** 2
    assert _loss((-887220, 887220), at) == pytest.approx(impermanent_loss(ratio), rel=1e-9)


@given(
    st.integers(-100_000, 100_000),
    st.integers(1, 100_000),
    st.integers(-200_000, 200_000),
    st.integers(-200_000, 200_000),
    st.integers(1, 2**100),
)
def test_no_range_entered_anywhere_gains_over_holding_at_any_price(
    low: int, width: int, entry: int, at: int, liquidity: int
) -> None:
    ticks = (low, low + width)
    hodl = amounts_for_liquidity(sqrt_ratio_at_tick(entry), *ticks, liquidity, round_up=True)
    now = sqrt_ratio_at_tick(at)
    principal = amounts_for_liquidity(now, *ticks, liquidity)
    assert value_x192(*principal, now) <= value_x192(*hodl, now)


def test_nothing_held_has_no_loss() -> None:
    assert loss_fraction(0, 0) is None
