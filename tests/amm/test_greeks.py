"""Delta, gamma, LVR rate and capital efficiency, against published figures and exact amounts."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.amm import amounts_for_liquidity, sqrt_ratio_at_tick, tick_at_sqrt_ratio
from monitor.amm.greeks import capital_efficiency, delta, gamma, lvr_per_day
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Position, TickState

Q96 = 1 << 96
UNTOUCHED = TickState(fee_growth_outside0_x128=0, fee_growth_outside1_x128=0)
ALL = (-887_220, 887_220)
PLAIN = Pool(
    chain_id=1,
    address="0xpool",
    token0=Token(address="0x0", symbol="ETH", decimals=18),
    token1=Token(address="0x1", symbol="USD", decimals=18),
    fee_pips=3000,
    tick_spacing=1,
    quote=1,
)


def at(sqrt_price_x96: int, pool: Pool = PLAIN) -> PoolState:
    return PoolState(
        pool=pool,
        sqrt_price_x96=sqrt_price_x96,
        tick=tick_at_sqrt_ratio(sqrt_price_x96),
        liquidity=1,
        fee_growth_global0_x128=0,
        fee_growth_global1_x128=0,
    )


def root_of(price: float) -> int:
    return math.isqrt(int(price * 2**64) << 128)


def tick_of(price: float) -> int:
    return round(math.log(price) / math.log(1.0001))


def held(ticks: tuple[int, int], liquidity: int) -> Position:
    return Position(
        key="1:0xm:1",
        token_id=1,
        owner="0x",
        pool=PLAIN.key,
        tick_lower=ticks[0],
        tick_upper=ticks[1],
        liquidity=liquidity,
        fee_growth_inside0_last_x128=0,
        fee_growth_inside1_last_x128=0,
        tokens_owed0=0,
        tokens_owed1=0,
        lower=UNTOUCHED,
        upper=UNTOUCHED,
    )


def amounts(state: PoolState, position: Position) -> tuple[int, int]:
    return amounts_for_liquidity(
        state.sqrt_price_x96, position.tick_lower, position.tick_upper, position.liquidity
    )


def value(root_x96: int, position: Position) -> float:
    """Return the principal in token1 units of 1e18."""
    held0, held1 = amounts(at(root_x96), position)
    return (held0 * root_x96 * root_x96 / 2**192 + held1) / 1e18


def test_the_published_greeks_of_one_ether_and_a_thousand_dollars() -> None:
    # zelos-demeter, dev_uni_lp_helper_test.py: price 1,000, range 900 to 1,100; its own
    # figures round the range to ticks, these are of the range itself.
    state, lower, upper = at(root_of(1000)), tick_of(900), tick_of(1100)
    by0 = 1e18 / (1 / math.sqrt(1000) - 1 / math.sqrt(1100))
    by1 = 1000e18 / (math.sqrt(1000) - math.sqrt(900))
    position = held((lower, upper), int(min(by0, by1)))
    assert delta(PLAIN, *amounts(state, position)) == pytest.approx(0.906867, rel=1e-3)
    assert gamma(state, position) == pytest.approx(-0.0097434, rel=1e-5)


ROOTS = st.floats(-2.0, 2.0).map(lambda log: root_of(1500 * math.exp(log)))


@given(root=ROOTS)
def test_delta_and_gamma_are_the_slopes_of_the_exact_value(root: int) -> None:
    position = held((tick_of(1000), tick_of(2500)), 10**24)
    edges = [sqrt_ratio_at_tick(one) for one in (position.tick_lower, position.tick_upper)]
    step = root // 10_000
    if any(abs(root - edge) < 2 * step for edge in edges):
        return  # a kink: the slope has two values there
    less, more = root - step, root + step
    prices = [(one / Q96) ** 2 for one in (less, more)]
    slope = (value(more, position) - value(less, position)) / (prices[1] - prices[0])
    assert delta(PLAIN, *amounts(at(root), position)) == pytest.approx(slope, rel=1e-6, abs=1e-9)
    deltas = [delta(PLAIN, *amounts(at(one), position)) for one in (less, more)]
    curve = (deltas[1] - deltas[0]) / (prices[1] - prices[0])
    assert gamma(at(root), position) == pytest.approx(curve, rel=1e-6, abs=1e-12)


@given(root=ROOTS, other=st.sampled_from([6, 8, 18]))
def test_turning_the_pair_round_changes_no_greek(root: int, other: int) -> None:
    turned_pool = replace(
        PLAIN, token0=replace(PLAIN.token1, decimals=other), token1=PLAIN.token0, quote=0
    )
    here_pool = replace(PLAIN, token1=replace(PLAIN.token1, decimals=other))
    ticks = tick_of(1000), tick_of(2500)
    here, there = at(root, here_pool), at((1 << 192) // root, turned_pool)
    one, mirror = held(ticks, 10**20), held((-ticks[1], -ticks[0]), 10**20)
    if here.tick in ticks or -1 - there.tick in ticks:
        return  # which side an edge belongs to is not mirrored
    told = delta(here_pool, *amounts(here, one)), gamma(here, one)
    back = delta(turned_pool, *amounts(there, mirror)), gamma(there, mirror)
    assert back == pytest.approx(told, rel=1e-6, abs=1e-12)
    # The rate is in raw token1 on each side: counted in one token it is the same.
    rate, mirrored = lvr_per_day(here, one, 0.5), lvr_per_day(there, mirror, 0.5)
    assert mirrored * (root / Q96) ** 2 == pytest.approx(rate, rel=1e-6)
    sizes = [capital_efficiency(s, p, *amounts(s, p)) for s, p in ((here, one), (there, mirror))]
    assert sizes[1] == pytest.approx(sizes[0], rel=1e-6)


def test_lvr_of_a_full_range_takes_an_eighth_of_the_variance() -> None:
    # Milionis, Moallemi, Roughgarden and Zhang, Automated Market Making and
    # Loss-Versus-Rebalancing: a constant product loses σ²/8 of its value.
    state, position = at(root_of(1000)), held(ALL, 10**24)
    worth = value(state.sqrt_price_x96, position) * 1e18
    assert lvr_per_day(state, position, 0.8) * 365 == pytest.approx(worth * 0.8**2 / 8, rel=1e-6)


def test_a_narrow_range_loses_so_many_times_more() -> None:
    # 8.35 times for 0.75 to 1.25 of the price: the same factor is its capital efficiency.
    state, position = at(root_of(1)), held((tick_of(0.75), tick_of(1.25)), 10**24)
    worth = value(state.sqrt_price_x96, position) * 1e18
    ratio = lvr_per_day(state, position, 0.8) * 365 / (worth * 0.8**2 / 8)
    assert ratio == pytest.approx(8.35, rel=1e-3)
    assert capital_efficiency(state, position, *amounts(state, position)) == pytest.approx(ratio)


def test_a_full_range_is_as_efficient_as_itself_and_out_of_range_there_is_no_depth() -> None:
    state = at(root_of(1000))
    full, away = held(ALL, 10**24), held((tick_of(1100), tick_of(1200)), 10**24)
    assert capital_efficiency(state, full, *amounts(state, full)) == pytest.approx(1, rel=1e-6)
    assert capital_efficiency(state, away, *amounts(state, away)) == 0
    assert (gamma(state, away), lvr_per_day(state, away, 0.8)) == (0, 0)
    empty = replace(away, liquidity=0)
    assert capital_efficiency(state, empty, 0, 0) is None
