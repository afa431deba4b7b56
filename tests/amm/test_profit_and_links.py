"""Profit by its two names, and loss over a chain of rebalances; figures by hand and algebra."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.amm import amounts_for_liquidity, sqrt_ratio_at_tick
from monitor.amm.ledger import basis_from_entry, fold
from monitor.amm.linked import ChainedLoss, chained_loss
from monitor.amm.loss import loss_fraction
from monitor.amm.profit import flow_profit, pool_profit
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Flow, Link, LiquidityEvent, Position, TickState

START = datetime(2020, 2, 14, tzinfo=UTC)
ONE = 1 << 96
TWICE = 112045541949572279837463876454  # sqrt(2) * 2**96, v3-core TickMath.spec.ts
WIDE, NARROW = (-6000, 6000), (-600, 1800)
BIG = 10**22
ZERO = TickState(fee_growth_outside0_x128=0, fee_growth_outside1_x128=0)
TOKEN = Token(address="0x" + "11" * 20, symbol="A", decimals=18)
POOL = Pool(
    chain_id=1,
    address="0x" + "33" * 20,
    token0=TOKEN,
    token1=replace(TOKEN, address="0x" + "22" * 20),
    fee_pips=3000,
    tick_spacing=60,
    quote=1,
)


def at(price: int, quote: int = 1) -> PoolState:
    return PoolState(
        pool=replace(POOL, quote=quote),
        sqrt_price_x96=price,
        tick=0,
        liquidity=BIG,
        fee_growth_global0_x128=0,
        fee_growth_global1_x128=0,
    )


def happened(
    flow: Flow, when: int, liquidity: int, amounts: tuple[int, int], price: int
) -> LiquidityEvent:
    return LiquidityEvent(
        flow=flow,
        block_number=when,
        log_index=0,
        at=START,
        liquidity=liquidity,
        amount0=amounts[0],
        amount1=amounts[1],
        sqrt_price_x96=price,
    )


def deposit(when: int, liquidity: int, price: int, ticks: tuple[int, int]) -> LiquidityEvent:
    amounts = amounts_for_liquidity(price, *ticks, liquidity, round_up=True)
    return happened(Flow.INCREASE, when, liquidity, amounts, price)


def withdrawal(when: int, liquidity: int, price: int, ticks: tuple[int, int]) -> LiquidityEvent:
    amounts = amounts_for_liquidity(price, *ticks, liquidity)
    return happened(Flow.DECREASE, when, liquidity, amounts, price)


def position(
    *events: LiquidityEvent,
    ticks: tuple[int, int] = WIDE,
    links: tuple[Link, ...] | None = (),
    owed: tuple[int, int] = (0, 0),
) -> Position:
    basis = fold(events, *ticks)
    assert basis is not None
    return Position(
        key="1:0x:1",
        token_id=1,
        owner="",
        pool=POOL.key,
        tick_lower=ticks[0],
        tick_upper=ticks[1],
        liquidity=basis.liquidity,
        fee_growth_inside0_last_x128=0,
        fee_growth_inside1_last_x128=0,
        tokens_owed0=owed[0],
        tokens_owed1=owed[1],
        lower=ZERO,
        upper=ZERO,
        basis=basis,
        links=links,
    )


def link(*events: LiquidityEvent, ticks: tuple[int, int] = WIDE) -> Link:
    basis = fold(events, *ticks)
    assert basis is not None
    return Link(key="1:0x:0", tick_lower=ticks[0], tick_upper=ticks[1], basis=basis)


def chained(one: Position, pool: PoolState) -> ChainedLoss:
    found = chained_loss(one, pool)
    assert found is not None
    return found


# --- profit ---------------------------------------------------------------------------------


def test_pool_profit_counts_everything_at_the_price_now() -> None:
    # 100 + 100 in; half withdrawn as 40 + 60 and collected with fees of 5 + 8; 3 + 2 owed.
    held = position(
        happened(Flow.INCREASE, 1, 100, (100, 100), ONE),
        happened(Flow.DECREASE, 2, 100, (40, 60), ONE),
        happened(Flow.COLLECT, 3, 0, (45, 68), ONE),
        owed=(3, 2),
    )
    # Left is nothing but what is owed: (3 + 45 - 100) * 2 + (2 + 68 - 100).
    assert pool_profit(held, at(TWICE)).token1 == pytest.approx(-134, abs=1)
    assert pool_profit(held, at(TWICE)).token0 == pytest.approx(-67, abs=1)


def test_flow_profit_counts_each_flow_at_its_own_price() -> None:
    held = position(
        happened(Flow.INCREASE, 1, 100, (100, 100), ONE),
        happened(Flow.DECREASE, 2, 100, (70, 140), TWICE),
        happened(Flow.COLLECT, 2, 0, (75, 150), TWICE),
    )
    # In at one: 200 of either. Out at two: 75 * 2 + 150 of token1, 75 + 150 / 2 of token0.
    assert flow_profit(held, at(ONE)).token1 == pytest.approx(100, abs=1)
    assert flow_profit(held, at(ONE)).token0 == pytest.approx(-50, abs=1)


def test_principal_owed_is_counted_once() -> None:
    # Withdrawn and not collected: it waits among the tokens owed, and nowhere else.
    held = position(
        happened(Flow.INCREASE, 1, 100, (100, 100), ONE),
        happened(Flow.DECREASE, 2, 100, (99, 99), ONE),
        owed=(109, 99),
    )
    assert pool_profit(held, at(ONE)).token1 == 8
    assert flow_profit(held, at(ONE)).token1 == 8


def test_a_gift_is_profit() -> None:
    own = happened(Flow.INCREASE, 1, 100, (100, 100), ONE)
    gift = replace(happened(Flow.INCREASE, 2, 100, (40, 60), ONE), given=True)
    out = happened(Flow.DECREASE, 3, 200, (140, 160), ONE)
    held = position(own, gift, out, owed=(140, 160))
    assert pool_profit(held, at(ONE)).token1 == 100
    assert flow_profit(held, at(ONE)).token1 == 100


@pytest.mark.parametrize("profit", [pool_profit, flow_profit])
def test_profit_is_unknown_while_nothing_tells_what_came_out(profit: object) -> None:
    assert callable(profit)
    held = position(deposit(1, BIG, ONE, WIDE))
    stated = replace(held, basis=basis_from_entry(1, 1, BIG, None))
    for unknown in (stated, replace(held, basis=None), replace(held, liquidity=1)):
        assert (profit(unknown, at(ONE)).token0, profit(unknown, at(ONE)).token1) == (None, None)


prices = st.integers(-20_000, 20_000).map(sqrt_ratio_at_tick)


@given(prices, prices)
def test_without_fees_pool_profit_is_the_loss_against_holding(entry: int, now: int) -> None:
    held = position(deposit(1, BIG, entry, WIDE))
    lost = chained(held, at(now)).lost
    assert pool_profit(held, at(now)) == lost


# --- chains ---------------------------------------------------------------------------------


@given(prices, prices)
def test_one_link_is_its_own_loss(entry: int, now: int) -> None:
    held = position(deposit(1, BIG, entry, WIDE))
    assert held.basis is not None
    value = amounts_for_liquidity(now, *WIDE, BIG)
    own = loss_fraction(
        value[0] * now**2 + (value[1] << 192),
        held.basis.hodl0 * now**2 + (held.basis.hodl1 << 192),
    )
    assert own is not None
    # Both count whole units, of which there are few only where the price is extreme.
    assert chained(held, at(now)).loss == pytest.approx(own, rel=1e-6, abs=1e-12)


def test_two_links_are_joined_geometrically() -> None:
    # -10 % when it was closed, and -10 % now.
    first = link(
        happened(Flow.INCREASE, 1, 100, (500, 500), ONE),
        happened(Flow.DECREASE, 2, 100, (450, 450), ONE),
    )
    second = position(
        happened(Flow.INCREASE, 3, 100, (1000, 0), ONE),
        happened(Flow.DECREASE, 4, 100, (900, 0), ONE),
        links=(first,),
    )
    found = chained(second, at(TWICE))
    assert found.links == 2
    assert found.loss == pytest.approx(0.9 * 0.9 - 1)
    assert found.lost.token1 == -200


@given(prices)
def test_a_rebalance_adds_nothing_at_its_own_price(turn: int) -> None:
    before = position(deposit(1, BIG, ONE, WIDE))
    closed = link(deposit(1, BIG, ONE, WIDE), withdrawal(2, BIG, turn, WIDE))
    after = position(deposit(3, BIG, turn, NARROW), ticks=NARROW, links=(closed,))
    assert chained(after, at(turn)).loss == pytest.approx(
        chained(before, at(turn)).loss, rel=1e-6, abs=1e-9
    )


@given(prices)
def test_a_position_closed_at_its_entry_and_opened_again_changes_nothing(now: int) -> None:
    whole = position(deposit(1, BIG, ONE, WIDE))
    closed = link(deposit(1, BIG, ONE, WIDE), withdrawal(2, BIG, ONE, WIDE))
    split = position(deposit(3, BIG, ONE, WIDE), links=(closed,))
    assert chained(split, at(now)).loss == pytest.approx(
        chained(whole, at(now)).loss, rel=1e-9, abs=1e-12
    )


@given(st.lists(prices, min_size=1, max_size=5), prices, st.sampled_from([0, 1]))
def test_no_chain_ever_shows_a_gain(turns: list[int], now: int, quote: int) -> None:
    links: list[Link] = []
    entry = ONE
    for turn in turns:
        links.append(link(deposit(1, BIG, entry, WIDE), withdrawal(2, BIG, turn, WIDE)))
        entry = turn
    found = chained(position(deposit(3, BIG, entry, WIDE), links=tuple(links)), at(now, quote))
    assert -1 <= found.loss <= 0
    assert found.lost.token0 is not None
    assert found.lost.token0 <= 0
    # The chain has lost no less than any link of it.
    alone = chained(position(deposit(3, BIG, entry, WIDE)), at(now, quote))
    assert found.loss <= alone.loss


def test_a_link_that_is_not_known_leaves_the_chain_unknown() -> None:
    held = position(deposit(1, BIG, ONE, WIDE), links=None)
    assert chained_loss(held, at(ONE)) is None
    assert chained_loss(replace(held, links=(), basis=None), at(ONE)) is None
    unpriced = link(
        happened(Flow.INCREASE, 1, 100, (500, 500), ONE),
        replace(happened(Flow.DECREASE, 2, 100, (900, 0), ONE), sqrt_price_x96=None),
    )
    assert chained_loss(replace(held, links=(unpriced,)), at(ONE)) is None
