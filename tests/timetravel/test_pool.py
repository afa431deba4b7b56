"""The model pool against closed forms: IL, value at mint, fees of a declared share of LVR."""

import itertools
from datetime import UTC, datetime, timedelta
from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.amm.measure import Scales, measure
from monitor.model.observation import Snapshot
from monitor.timetravel.pool import USDC, Held, ModelPool

AT = datetime(2022, 1, 3, tzinfo=UTC)
prices = st.floats(200.0, 5_000.0).map(lambda price: round(price, 2))


def walked(path: list[float], *, width: float | None, share: float = 1.0) -> Snapshot:
    pool = ModelPool(held=(Held(width=width, value_usd=100_000.0),), fee_share=share)
    seen = [pool.snapshot(AT + n * timedelta(hours=1), price) for n, price in enumerate(path)]
    return seen[-1]


def measured(seen: Snapshot):  # noqa: ANN201 - the daemon's own record
    (position,), (state,) = seen.positions, seen.pools
    return measure(position, state, scales=Scales(state, {USDC: 1.0}))


def test_a_position_is_worth_at_mint_what_was_asked_for() -> None:
    for width in (1.2, 2.0, None):
        found = measured(walked([2_000.0], width=width))
        assert found.total.usd == pytest.approx(100_000.0, rel=1e-6)
        assert found.il == pytest.approx(0.0, abs=1e-9)


@given(prices)
def test_the_full_range_loses_as_the_textbook_says(price: float) -> None:
    ratio = price / 1_000.0
    found = measured(walked([1_000.0, price], width=None))
    assert found.il == pytest.approx(2 * sqrt(ratio) / (1 + ratio) - 1, abs=1e-6)


@given(st.lists(prices, min_size=2, max_size=8))
def test_fees_of_a_full_range_are_the_declared_share_of_what_moves_cost(path: list[float]) -> None:
    # The curve against holding each step's tokens: L · (√P' - √P)² / √P of the quote token.
    found = measured(walked(path, width=None, share=0.5))
    liquidity = 100_000.0 / (2 * sqrt(path[0]))
    # In WETH, the raw token1, a root is 1/√P; the fee is paid half in each at the step's end.
    paid = 0.0
    for before, after in itertools.pairwise(path):
        lost = (1 / sqrt(after) - 1 / sqrt(before)) ** 2 * sqrt(before)
        half = 0.5 * lost / 2 * liquidity
        paid += half * after + half * path[-1]
    assert found.fees_usd == pytest.approx(paid, rel=1e-6, abs=1e-4)


def test_out_of_range_nothing_is_earned_and_back_inside_it_goes_on() -> None:
    inside = measured(walked([1_000.0, 1_050.0], width=1.2)).fees_usd
    gone = measured(walked([1_000.0, 1_050.0, 1_500.0], width=1.2)).fees_usd
    farther = measured(walked([1_000.0, 1_050.0, 1_500.0, 1_900.0], width=1.2)).fees_usd
    back = measured(walked([1_000.0, 1_050.0, 1_500.0, 1_900.0, 1_000.0], width=1.2)).fees_usd
    assert inside is not None
    assert gone is not None
    assert farther is not None
    assert back is not None
    assert inside < gone < farther * (1 + 1e-12)
    # What was earned in WETH is worth more at 1,900; nothing was added to it.
    assert farther / gone < 1_900 / 1_500
    assert back > gone * 0.5
    assert log(back) > log(inside)
