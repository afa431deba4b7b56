"""Figures: Uniswap/v3-periphery test/{LiquidityAmounts,PositionValue}.spec.ts at commit 0682387;
Uniswap/v3-sdk src/entities/position.test.ts at 4e16fe8.
"""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.amm import amounts_for_liquidity, sqrt_ratio_at_tick
from monitor.amm.amounts import amounts_between, value_x192

ONE = 1 << 96
LOWER = 75541088972021052632782079082  # encodeSqrtRatioX96(100, 110)
UPPER = 83095197869223157896060286990  # encodeSqrtRatioX96(110, 100)


@pytest.mark.parametrize(
    ("sqrt_price_x96", "liquidity", "amounts"),
    [
        pytest.param(ONE, 2148, (99, 99), id="inside, both tokens"),
        pytest.param(75162434512514379355924140470, 1048, (99, 0), id="below, all token0"),
        pytest.param(83472048772503575395058907992, 2097, (0, 199), id="above, all token1"),
        pytest.param(LOWER, 1048, (99, 0), id="on the lower edge, all token0"),
        pytest.param(UPPER, 2097, (0, 199), id="on the upper edge, all token1"),
    ],
)
def test_liquidity_amounts_spec(
    sqrt_price_x96: int, liquidity: int, amounts: tuple[int, int]
) -> None:
    assert amounts_between(sqrt_price_x96, LOWER, UPPER, liquidity) == amounts


SDK_PRICE = 79228162514264337593543  # 100e6 USDC / 100e18 DAI
HUNDRED = 100 * 10**18


@pytest.mark.parametrize(
    ("tick_lower", "tick_upper", "burn", "mint"),
    [
        pytest.param(
            -276310,
            -276300,
            (49949961958869841754181, 0),
            (49949961958869841754182, 0),
            id="below the range",
        ),
        pytest.param(-276340, -276330, (0, 49970077052), (0, 49970077053), id="above the range"),
        pytest.param(
            -276340,
            -276300,
            (120054069145287995769396, 79831926242),
            (120054069145287995769397, 79831926243),
            id="in range",
        ),
    ],
)
def test_a_burn_floors_and_a_mint_ceils(
    tick_lower: int, tick_upper: int, burn: tuple[int, int], mint: tuple[int, int]
) -> None:
    assert amounts_for_liquidity(SDK_PRICE, tick_lower, tick_upper, HUNDRED) == burn
    assert amounts_for_liquidity(SDK_PRICE, tick_lower, tick_upper, HUNDRED, round_up=True) == mint


def test_the_sdk_s_smaller_position_pays_the_same_token0() -> None:
    assert amounts_for_liquidity(SDK_PRICE, -276310, -276300, 10**14) == (49949961958869841, 0)


@pytest.mark.parametrize(
    ("tick_lower", "tick_upper", "principal"),
    [
        (-887220, 887220, (99999999999999999999999, 99999999999999999999999)),
        (-6000, 887220, (99999999999999999999999, 25917066770240321655335)),
        (-887220, 6000, (25917066770240321655335, 99999999999999999999999)),
    ],
)
def test_position_value_spec(tick_lower: int, tick_upper: int, principal: tuple[int, int]) -> None:
    liquidity = 100000000000000000005435
    assert amounts_for_liquidity(ONE, tick_lower, tick_upper, liquidity) == principal


prices = st.integers(-300_000, 300_000).map(sqrt_ratio_at_tick)
edges = st.tuples(st.integers(-300_000, 300_000), st.integers(-300_000, 300_000))
liquidities = st.integers(0, 2**128 - 1)


@given(prices, edges, liquidities)
def test_a_mint_charges_what_a_burn_pays_or_one_more(
    price: int, ticks: tuple[int, int], liquidity: int
) -> None:
    assume(ticks[0] < ticks[1])
    burn = amounts_for_liquidity(price, *ticks, liquidity)
    mint = amounts_for_liquidity(price, *ticks, liquidity, round_up=True)
    assert all(up - down in {0, 1} for up, down in zip(mint, burn, strict=True))


@given(st.integers(-100_000, 100_000), st.integers(1, 50_000), st.integers(-150_000, 150_000))
def test_turning_the_pair_round_swaps_the_amounts(low: int, width: int, at: int) -> None:
    liquidity = 10**24
    here = amounts_for_liquidity(sqrt_ratio_at_tick(at), low, low + width, liquidity)
    there = amounts_for_liquidity(sqrt_ratio_at_tick(-at), -low - width, -low, liquidity)
    for one, other in zip(here, reversed(there), strict=True):
        assert one == pytest.approx(other, rel=1e-9, abs=2)


@given(prices, st.integers(-200_000, 200_000), liquidities)
def test_two_adjoining_ranges_hold_what_one_over_both_holds(
    price: int, tick: int, liquidity: int
) -> None:
    left = amounts_for_liquidity(price, tick - 600, tick, liquidity)
    right = amounts_for_liquidity(price, tick, tick + 600, liquidity)
    both = amounts_for_liquidity(price, tick - 600, tick + 600, liquidity)
    for parts, whole in zip(zip(left, right, strict=True), both, strict=True):
        assert whole - sum(parts) == pytest.approx(
            0, abs=3 + (ONE // sqrt_ratio_at_tick(tick - 600))
        )


def test_a_value_counts_token0_at_the_price_s_square() -> None:
    assert value_x192(3, 5, 2 * ONE) == (3 * 4 + 5) << 192


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param((ONE, 10, 10, 1), "tick_lower", id="an empty range"),
        pytest.param((ONE, 20, 10, 1), "tick_lower", id="an inverted range"),
        pytest.param((ONE, 0, 10, -1), "liquidity", id="negative liquidity"),
        pytest.param((0, 0, 10, 1), "sqrt_price_x96", id="a pool without a price"),
    ],
)
def test_nonsense_is_refused_by_name(arguments: tuple[int, int, int, int], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        amounts_for_liquidity(*arguments)
