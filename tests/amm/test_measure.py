"""One position measured, in either token order."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.amm import amounts_for_liquidity, sqrt_ratio_at_tick, tick_at_sqrt_ratio
from monitor.amm.ledger import basis_from_entry
from monitor.amm.measure import measure, price_range, usd_prices
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Basis, Position, TickState

WETH = Token(address="0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", symbol="WETH", decimals=18)
USDC = Token(address="0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", symbol="USDC", decimals=6)
AT_2500 = math.isqrt(2500 * 10**6 * 2**192 // 10**18)  # 2500 USDC a WETH, WETH first
AT_2500_TURNED = math.isqrt(10**18 * 2**192 // (2500 * 10**6))
TICKS = (-200_340, -196_260)  # 1,999.6 to 3,007.1 USDC a WETH
TURNED = (196_260, 200_340)
LIQUIDITY = 10**16


def pool_at(sqrt_price_x96: int, *, quote: int = 1, tick: int | None = None) -> PoolState:
    token0, token1 = (WETH, USDC) if quote == 1 else (USDC, WETH)
    pool = Pool(
        chain_id=1,
        address="0xpool",
        token0=token0,
        token1=token1,
        fee_pips=3000,
        tick_spacing=60,
        quote=quote,
    )
    return PoolState(
        pool=pool,
        sqrt_price_x96=sqrt_price_x96,
        tick=tick_at_sqrt_ratio(sqrt_price_x96) if tick is None else tick,
        liquidity=10**20,
        fee_growth_global0_x128=5 << 128,
        fee_growth_global1_x128=7 << 128,
    )


def position_of(
    ticks: tuple[int, int],
    liquidity: int = LIQUIDITY,
    *,
    basis: Basis | None = None,
    owed: tuple[int, int] = (0, 0),
) -> Position:
    """Make a position that has counted the pool's whole growth while in range."""
    untouched = TickState(fee_growth_outside0_x128=0, fee_growth_outside1_x128=0)
    return Position(
        key="1:0xmanager:7",
        token_id=7,
        owner="0xowner",
        pool="1:0xpool",
        tick_lower=ticks[0],
        tick_upper=ticks[1],
        liquidity=liquidity,
        fee_growth_inside0_last_x128=5 << 128,
        fee_growth_inside1_last_x128=7 << 128,
        tokens_owed0=owed[0],
        tokens_owed1=owed[1],
        lower=untouched,
        upper=untouched,
        basis=basis,
    )


def test_a_position_at_entry_is_worth_what_went_in() -> None:
    pool = pool_at(AT_2500)
    paid = amounts_for_liquidity(AT_2500, *TICKS, LIQUIDITY, round_up=True)
    seen = measure(
        position_of(TICKS, basis=basis_from_entry(*paid, LIQUIDITY, None)),
        pool,
        usd_prices(pool, {USDC.address}),
    )
    assert (seen.amount0, seen.amount1) == amounts_for_liquidity(AT_2500, *TICKS, LIQUIDITY)
    by_hand = seen.amount0 / 10**18 * 2500 + seen.amount1 / 10**6
    assert seen.value.usd == pytest.approx(by_hand, rel=1e-12)
    assert seen.value.token1 == pytest.approx(by_hand, rel=1e-12)
    assert seen.value.token0 == pytest.approx(by_hand / 2500, rel=1e-12)
    assert seen.il is not None
    assert -1e-9 < seen.il <= 0
    assert seen.price == pytest.approx(2500, rel=1e-9)
    assert seen.in_range


@pytest.mark.parametrize(
    ("quote", "price", "ticks"),
    [
        pytest.param(1, AT_2500, TICKS, id="WETH sorts first"),
        pytest.param(0, AT_2500_TURNED, TURNED, id="USDC sorts first"),
    ],
)
def test_people_see_the_same_price_range_and_distances_whichever_token_sorts_first(
    quote: int, price: int, ticks: tuple[int, int]
) -> None:
    seen = measure(position_of(ticks), pool_at(price, quote=quote))
    # 1.0001**tick * 10**12, by hand.
    lower, upper = 1.0001**-200_340 * 1e12, 1.0001**-196_260 * 1e12
    assert seen.price == pytest.approx(2500, rel=1e-9)
    assert (seen.price_lower, seen.price_upper) == pytest.approx((lower, upper), rel=1e-9)
    assert seen.distance_lower == pytest.approx((2500 - lower) / 2500, rel=1e-6)
    assert seen.distance_upper == pytest.approx((upper - 2500) / 2500, rel=1e-6)


@given(at=st.integers(-206_000, -190_000))
def test_turning_the_pair_round_changes_neither_value_nor_loss(at: int) -> None:
    entry = amounts_for_liquidity(AT_2500, *TICKS, LIQUIDITY, round_up=True)
    here_pool = pool_at(sqrt_ratio_at_tick(at))
    here = measure(
        position_of(TICKS, basis=basis_from_entry(*entry, LIQUIDITY, None)),
        here_pool,
        usd_prices(here_pool, {USDC.address}),
    )
    turned = (-TICKS[1], -TICKS[0])
    there_pool = pool_at(sqrt_ratio_at_tick(-at), quote=0)
    there = measure(
        position_of(turned, LIQUIDITY, basis=basis_from_entry(entry[1], entry[0], LIQUIDITY, None)),
        there_pool,
        usd_prices(there_pool, {USDC.address}),
    )
    assert here.value.usd == pytest.approx(there.value.usd, rel=1e-6)
    assert here.il == pytest.approx(there.il, rel=1e-4, abs=1e-8)
    assert here.distance_lower == pytest.approx(there.distance_lower, rel=1e-6, abs=1e-9)
    assert here.il_worth is not None
    assert here.il_worth.usd is not None
    assert here.il_worth.usd <= 0


@pytest.mark.parametrize(
    ("tick", "inside"),
    [
        pytest.param(TICKS[0] - 1, False, id="below"),
        pytest.param(TICKS[0], True, id="on the lower tick"),
        pytest.param(TICKS[1] - 1, True, id="one below the upper tick"),
        pytest.param(TICKS[1], False, id="on the upper tick"),
    ],
)
def test_in_range_is_slot0_s_word_whatever_the_price_says(tick: int, inside: bool) -> None:
    assert measure(position_of(TICKS), pool_at(AT_2500, tick=tick)).in_range is inside


def test_out_of_range_the_distance_to_the_passed_edge_is_negative() -> None:
    below = measure(position_of(TICKS), pool_at(sqrt_ratio_at_tick(TICKS[0] - 100)))
    assert below.distance_lower < 0 < below.distance_upper
    assert below.amount1 == 0


def told(**uncollected: int) -> Basis:
    """Return a basis that events tell."""
    stated = basis_from_entry(10**18, 10**9, LIQUIDITY, None)
    return replace(stated, source="events", **uncollected)


def test_fees_are_apart_from_the_value_and_in_the_total() -> None:
    owed = 10**18, 500 * 10**6
    seen = measure(position_of(TICKS, basis=told(), owed=owed), pool_at(AT_2500))
    assert (seen.owed0, seen.owed1) == (seen.fees0, seen.fees1) == owed
    assert seen.fees is not None
    assert seen.fees.token1 == pytest.approx(3000, rel=1e-9)
    assert seen.total.token1 == pytest.approx(seen.value.token1 + 3000, rel=1e-9)


def test_growth_since_the_last_count_is_owed() -> None:
    pool = pool_at(AT_2500)
    pool = replace(pool, fee_growth_global1_x128=pool.fee_growth_global1_x128 + (3 << 100))
    seen = measure(position_of(TICKS), pool)
    assert seen.owed0 == 0
    assert seen.owed1 == LIQUIDITY * 3 >> 28


def test_principal_withdrawn_and_not_collected_is_owed_but_is_no_fee() -> None:
    basis = told(uncollected1=400 * 10**6)
    seen = measure(position_of(TICKS, basis=basis, owed=(0, 500 * 10**6)), pool_at(AT_2500))
    assert (seen.owed1, seen.fees1) == (500 * 10**6, 100 * 10**6)
    assert seen.total.token1 == pytest.approx(seen.value.token1 + 500)


STATED = basis_from_entry(10**18, 10**9, LIQUIDITY, None)


@pytest.mark.parametrize("basis", [None, STATED])
def test_without_events_what_the_manager_keeps_may_be_principal(basis: Basis | None) -> None:
    pool = pool_at(AT_2500)
    pool = replace(pool, fee_growth_global1_x128=pool.fee_growth_global1_x128 + (3 << 100))
    kept = 7 * 10**18, 500 * 10**6
    seen = measure(position_of(TICKS, basis=basis, owed=kept), pool)
    grown = LIQUIDITY * 3 >> 28
    assert (seen.owed0, seen.owed1) == (kept[0], kept[1] + grown)
    assert (seen.fees0, seen.fees1) == (0, grown)  # the least there is, and no figure
    assert seen.fees is None
    assert seen.fees_usd is None
    # 7 whole token0 at 2,500 each, and what is owed of token1: all of it the owner's.
    owed1 = (kept[1] + grown) / 10**6
    assert seen.total.token1 == pytest.approx(seen.value.token1 + 17_500 + owed1, rel=1e-9)


@pytest.mark.parametrize("basis", [None, STATED])
def test_without_events_and_with_nothing_kept_the_fees_are_known(basis: Basis | None) -> None:
    pool = pool_at(AT_2500)
    pool = replace(pool, fee_growth_global1_x128=pool.fee_growth_global1_x128 + (3 << 100))
    seen = measure(position_of(TICKS, basis=basis), pool)
    assert seen.fees is not None
    assert seen.fees.token1 == pytest.approx((LIQUIDITY * 3 >> 28) / 10**6)


def test_without_a_basis_the_loss_is_unknown_and_the_value_is_not() -> None:
    seen = measure(position_of(TICKS), pool_at(AT_2500))
    assert seen.il is None
    assert seen.il_worth is None
    assert seen.hodl is None
    assert seen.il_realised_token1 is None
    assert seen.value.token1 > 0


def test_a_basis_of_other_liquidity_is_no_basis() -> None:
    basis = basis_from_entry(10**18, 10**9, LIQUIDITY - 1, None)
    assert measure(position_of(TICKS, basis=basis), pool_at(AT_2500)).il is None


def test_an_unpriced_pair_has_no_usd_and_never_a_guessed_one() -> None:
    pool = pool_at(AT_2500)
    assert usd_prices(pool, ()) == {
        pool.pool.token0.address: None,
        pool.pool.token1.address: None,
    }
    seen = measure(position_of(TICKS), pool, usd_prices(pool, ()))
    assert seen.value.usd is None
    assert seen.total.usd is None


def test_the_other_token_follows_the_peg_by_the_pool_s_price() -> None:
    prices = usd_prices(pool_at(AT_2500), {USDC.address.lower()})
    assert prices[USDC.address] == 1.0
    assert prices[WETH.address] == pytest.approx(2500, rel=1e-9)
    turned = usd_prices(pool_at(AT_2500_TURNED, quote=0), {USDC.address})
    assert turned[WETH.address] == pytest.approx(2500, rel=1e-9)


def test_realised_loss_is_told_in_whole_token1_and_usd() -> None:
    basis = replace(basis_from_entry(10**18, 10**9, LIQUIDITY, None), realised_token1=-12_500_000)
    pool = pool_at(AT_2500)
    seen = measure(position_of(TICKS, basis=basis), pool, usd_prices(pool, {USDC.address}))
    assert seen.il_realised_token1 == pytest.approx(-12.5)
    assert seen.il_realised_usd == pytest.approx(-12.5)


def test_an_emptied_position_has_no_loss_and_no_value() -> None:
    seen = measure(position_of(TICKS, 0, basis=basis_from_entry(0, 0, 0, None)), pool_at(AT_2500))
    assert seen.il is None
    assert seen.value.token1 == 0


def test_a_whole_range_has_a_price_range_of_finite_floats() -> None:
    low, high = price_range(pool_at(AT_2500_TURNED, quote=0).pool, -887220, 887220)
    assert 0 < low < 1e-20
    assert 1e20 < high < math.inf
