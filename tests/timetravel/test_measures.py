"""Drawdowns of known paths, and the bootstrap where its distribution is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.timetravel.measures import (
    Floats,
    Interval,
    bootstrap,
    cut,
    deepest,
    drawdowns,
    share,
)

worths = st.lists(st.floats(1.0, 1e6), min_size=1, max_size=40).map(np.array)


def test_the_drawdown_of_a_known_path() -> None:
    path = np.array([100.0, 120.0, 90.0, 60.0, 130.0, 117.0])
    assert drawdowns(path) == pytest.approx([0.0, 0.0, -0.25, -0.5, 0.0, -0.1])
    assert deepest(path) == -0.5


def test_what_only_rises_never_draws_down() -> None:
    assert deepest(np.array([1.0, 1.0, 2.0, 3.0])) == 0.0


@given(worths, st.floats(0.01, 100.0))
def test_a_drawdown_is_a_fraction_whatever_the_currency(worth: Floats, rate: float) -> None:
    assert -1.0 <= deepest(worth) <= 0.0
    assert deepest(worth * rate) == pytest.approx(deepest(worth))


def test_one_unknown_worth_makes_the_drawdown_unknown() -> None:
    assert math.isnan(deepest(np.array([1.0, math.nan, 3.0])))


@pytest.mark.parametrize(
    ("hedged", "expected"),
    [
        pytest.param([100.0, 75.0], 0.5, id="half as deep"),
        pytest.param([100.0, 50.0], 0.0, id="as deep"),
        pytest.param([100.0, 25.0], -0.5, id="deeper"),
        pytest.param([100.0, 101.0], 1.0, id="none left"),
    ],
)
def test_a_hedge_cuts_the_drawdown(hedged: list[float], expected: float) -> None:
    assert cut(np.array([100.0, 50.0]), np.array(hedged)) == pytest.approx(expected)


def test_without_a_drawdown_there_is_nothing_to_cut() -> None:
    assert math.isnan(cut(np.array([1.0, 2.0]), np.array([1.0, 2.0])))


def test_a_share_needs_a_loss() -> None:
    assert share(30.0, -60.0) == 0.5
    assert share(-30.0, -60.0) == -0.5
    assert math.isnan(share(30.0, 0.0))
    assert math.isnan(share(30.0, 5.0))


def blocks(*values: float) -> list[Floats]:
    return [np.array([[value]]) for value in values]


def mean(rows: Floats) -> float:
    return float(np.mean(rows))


def test_what_is_constant_has_no_spread() -> None:
    assert bootstrap(blocks(*[3.0] * 10), mean, seed=1) == Interval(low=3.0, high=3.0)


def test_the_mean_of_noughts_and_ones_is_binomial() -> None:
    # Of 100 draws of a fair coin 5 % have at most 42 heads, 5 % at least 58: tables of the
    # binomial distribution, B(100, 1/2).
    found = bootstrap(blocks(*[0.0, 1.0] * 50), mean, seed=1)
    assert isinstance(found, Interval)
    assert found.low == pytest.approx(0.42, abs=0.011)
    assert found.high == pytest.approx(0.58, abs=0.011)


def test_the_seed_tells_the_draws() -> None:
    some = blocks(*range(10))
    assert bootstrap(some, mean, seed=1) == bootstrap(some, mean, seed=1)
    assert bootstrap(some, mean, seed=1) != bootstrap(some, mean, seed=2)


def test_a_block_stays_together() -> None:
    # Every block sums to nothing, and so does every draw of whole blocks.
    pairs = [np.array([[-1.0 * n], [1.0 * n]]) for n in range(1, 11)]
    found = bootstrap(pairs, lambda rows: float(np.sum(rows)), seed=1)
    assert found == Interval(low=0.0, high=0.0)


def test_too_few_blocks_say_so() -> None:
    assert bootstrap(blocks(*range(7)), mean, seed=1) == (
        "too few weeks for an interval (7; 8 are needed)"
    )


def test_draws_without_a_figure_are_no_interval() -> None:
    def rarely(rows: Floats) -> float:
        return mean(rows) if 0.0 in rows else math.nan

    # Nine of ten blocks are none: (9/10)^10 = 35 % of the draws.
    told = bootstrap(blocks(0.0, *[1.0] * 9), rarely, seed=1)
    assert isinstance(told, str)
    percent = int(told.partition("in ")[2].partition(" %")[0])
    assert percent == pytest.approx(35, abs=5)


def test_an_unknown_figure_has_no_interval() -> None:
    told = bootstrap(blocks(*[math.nan] * 9), mean, seed=1)
    assert told == "no interval: the figure itself is unknown"
