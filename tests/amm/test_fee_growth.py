"""Figures: Uniswap/v3-core test/{Tick,UniswapV3Pool}.spec.ts at commit d8b1c635; Uniswap/v3-sdk
tickLibrary and positionLibrary tests at 4e16fe8; v3-periphery NonfungiblePositionManager.spec.ts
at 0682387.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.amm import fee_growth_inside, uncollected_fees

WORD = 2**256
Q128 = 1 << 128
Pair = tuple[int, int]


@pytest.mark.parametrize(
    ("tick", "lower", "upper", "inside"),
    [
        pytest.param(0, (0, 0), (0, 0), (15, 15), id="untouched ticks, inside: all of it"),
        pytest.param(4, (0, 0), (0, 0), (0, 0), id="price above: none"),
        pytest.param(-4, (0, 0), (0, 0), (0, 0), id="price below: none"),
        pytest.param(0, (0, 0), (2, 3), (13, 12), id="less what grew above"),
        pytest.param(0, (2, 3), (0, 0), (13, 12), id="less what grew below"),
        pytest.param(0, (2, 3), (4, 1), (9, 11), id="less both"),
        pytest.param(0, (WORD - 4, WORD - 3), (3, 5), (16, 13), id="across the wrap"),
    ],
)
def test_tick_spec(tick: int, lower: Pair, upper: Pair, inside: Pair) -> None:
    for token in (0, 1):
        grown = fee_growth_inside(tick, 15, lower=(-2, lower[token]), upper=(2, upper[token]))
        assert grown == inside[token]


def test_the_sdk_s_growth_inside() -> None:
    assert fee_growth_inside(0, Q128, lower=(-1, Q128 // 2), upper=(1, 0)) == Q128 // 2


@pytest.mark.parametrize(
    ("tick", "inside"),
    [
        pytest.param(-3, 10, id="one below the lower tick is outside"),
        pytest.param(-2, 6, id="the lower tick itself is inside"),
        pytest.param(1, 6, id="one below the upper tick is inside"),
        pytest.param(2, WORD - 10, id="the upper tick itself is outside"),
    ],
)
def test_the_lower_tick_counts_and_the_upper_does_not(tick: int, inside: int) -> None:
    # By hand, of 20: 20-(20-12)-2 = 10, 20-12-2 = 6 and 20-12-(20-2) = -10.
    assert fee_growth_inside(tick, 20, lower=(-2, 12), upper=(2, 2)) == inside


@pytest.mark.parametrize(
    ("inside", "last", "owed"),
    [
        pytest.param((2**128 - 1) << 128, 0, 2**128 - 1, id="the most a uint128 holds"),
        pytest.param(0, 0, 0, id="growth that wrapped to nothing"),
        pytest.param(Q128, 0, 1, id="one a unit of liquidity"),
        pytest.param(Q128, Q128, 0, id="growth already counted"),
    ],
)
def test_one_unit_of_liquidity_is_owed(inside: int, last: int, owed: int) -> None:
    assert uncollected_fees(1, inside, growth_inside_last_x128=last) == owed


@pytest.mark.parametrize(("liquidity", "owed"), [(100, 2501), (300, 7503)])
def test_position_manager_s_fee_split(liquidity: int, owed: int) -> None:
    # The swap's fee is 10005 over all its steps, not the 10000 of a single one.
    growth = (10005 << 128) // 400
    assert uncollected_fees(liquidity, growth, growth_inside_last_x128=0) == owed


def test_pool_spec_fees_across_the_overflow() -> None:
    # Liquidity 10e18, 0.05 % of 1e18, growth starting at the greatest word.
    liquidity, start = 10 * 10**18, WORD - 1
    fee = 10**18 * 500 // 10**6
    growth = (start + (fee << 128) // liquidity) % WORD
    assert uncollected_fees(liquidity, growth, growth_inside_last_x128=start) == 499999999999999


def test_without_liquidity_only_what_is_owed_counts() -> None:
    assert uncollected_fees(0, 12345, growth_inside_last_x128=WORD - 9, tokens_owed=7) == 7


words = st.integers(0, WORD - 1)


@given(words, words, words, st.integers(-10, 10))
def test_inside_below_and_above_make_up_the_whole(
    grown: int, out_lower: int, out_upper: int, tick: int
) -> None:
    inside = fee_growth_inside(tick, grown, lower=(-5, out_lower), upper=(5, out_upper))
    below = fee_growth_inside(tick, grown, lower=(-99, 0), upper=(-5, out_lower))
    above = fee_growth_inside(tick, grown, lower=(5, out_upper), upper=(99, 0))
    if tick >= -5:
        # An edge stores what lies beyond it seen from the price; the outer range sees its rest.
        below = out_lower
    if tick < 5:
        above = out_upper
    assert (inside + below + above) % WORD == grown


@given(words, st.integers(0, 2**120), st.integers(1, 2**100), words)
def test_fees_do_not_care_where_the_count_starts(
    start: int, grown: int, liquidity: int, shift: int
) -> None:
    here = uncollected_fees(liquidity, (start + grown) % WORD, growth_inside_last_x128=start)
    there = uncollected_fees(
        liquidity,
        (start + grown + shift) % WORD,
        growth_inside_last_x128=(start + shift) % WORD,
    )
    assert here == there == grown * liquidity // Q128 % Q128
