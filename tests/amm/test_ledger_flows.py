"""What went in and out of a position: gifts, compounding, fees beside principal, both orders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.amm import amounts_for_liquidity, sqrt_ratio_at_tick
from monitor.amm.amounts import value_x192
from monitor.amm.ledger import fold
from monitor.model.position import Basis, Flow, LiquidityEvent

START = datetime(2020, 2, 14, tzinfo=UTC)
TICKS = (-6000, 6000)
ONE = 1 << 96
BIG = 10**22


def happened(
    flow: Flow,
    at: int,
    amounts: tuple[int, int],
    liquidity: int = 0,
    **more: Any,
) -> LiquidityEvent:
    return LiquidityEvent(
        flow=flow,
        block_number=at,
        log_index=at,
        at=START + timedelta(hours=at),
        liquidity=liquidity,
        amount0=amounts[0],
        amount1=amounts[1],
        **{"sqrt_price_x96": ONE} | more,
    )


def deposit(at: int, liquidity: int, price: int) -> LiquidityEvent:
    amounts = amounts_for_liquidity(price, *TICKS, liquidity, round_up=True)
    return happened(Flow.INCREASE, at, amounts, liquidity, sqrt_price_x96=price)


def withdrawal(at: int, liquidity: int, price: int) -> LiquidityEvent:
    return happened(
        Flow.DECREASE,
        at,
        amounts_for_liquidity(price, *TICKS, liquidity),
        liquidity,
        sqrt_price_x96=price,
    )


def folded(*events: LiquidityEvent) -> Basis:
    basis = fold(events, *TICKS)
    assert basis is not None
    return basis


def test_fees_collected_before_a_withdrawal_are_not_its_principal() -> None:
    # 30 of fees are out; then 50 of principal wait among the tokens owed.
    basis = folded(
        happened(Flow.INCREASE, 1, (100, 100), 10),
        happened(Flow.COLLECT, 2, (30, 7)),
        happened(Flow.DECREASE, 3, (50, 50), 5),
    )
    assert (basis.collected0, basis.collected1) == (30, 7)
    assert (basis.uncollected0, basis.uncollected1) == (50, 50)
    assert (basis.withdrawn0, basis.withdrawn1) == (50, 50)


def test_a_position_s_fees_are_its_collects_less_its_decreases_once_all_is_out() -> None:
    # Position 389043 on mainnet, WETH as token1, its sums split over two withdrawals: fees
    # of 2529.573180 USDC and 2.356193777865975827 ETH came out.
    basis = folded(
        happened(Flow.INCREASE, 1, (200_000_000_000, 1), 10),
        happened(Flow.COLLECT, 2, (1_000_000_000, 0)),
        happened(Flow.DECREASE, 3, (100_000_000_000, 0), 5),
        happened(Flow.DECREASE, 4, (95_871_891_206, 0), 5),
        happened(Flow.COLLECT, 5, (197_401_464_386, 2_356_193_777_865_975_827)),
    )
    assert (basis.collected0, basis.collected1) == (2_529_573_180, 2_356_193_777_865_975_827)
    assert (basis.withdrawn0, basis.withdrawn1) == (195_871_891_206, 0)


def test_a_gift_joins_the_leg_and_costs_the_owner_nothing() -> None:
    gift = replace(happened(Flow.INCREASE, 2, (40, 60), 5), given=True)
    basis = folded(happened(Flow.INCREASE, 1, (100, 100), 10), gift)
    assert (basis.hodl0, basis.hodl1) == (140, 160)
    assert (basis.deposited0, basis.deposited1) == (140, 160)
    assert (basis.gifted0, basis.gifted1) == (40, 60)
    assert (basis.paid_token0, basis.paid_token1) == (200, 200)


@pytest.mark.parametrize(
    ("collected", "put_back", "compounded"),
    [
        pytest.param((30, 70), (30, 70), (30, 70), id="all of it"),
        pytest.param((30, 70), (10, 20), (10, 20), id="some of it, the rest stays outside"),
        pytest.param((30, 70), (60, 140), (30, 70), id="half of the deposit is fresh"),
        pytest.param((100, 0), (50, 50), (50, 50), id="swapped into both tokens in between"),
        pytest.param((0, 0), (50, 50), (0, 0), id="nothing was collected"),
    ],
)
def test_fees_put_back_in_the_same_transaction_are_compounded_by_worth(
    collected: tuple[int, int], put_back: tuple[int, int], compounded: tuple[int, int]
) -> None:
    basis = folded(
        happened(Flow.INCREASE, 1, (1000, 1000), 100, transaction="0xa"),
        happened(Flow.COLLECT, 2, collected, transaction="0xb"),
        happened(Flow.INCREASE, 3, put_back, 10, transaction="0xb"),
    )
    assert (basis.compounded0, basis.compounded1) == compounded
    assert (basis.collected0, basis.collected1) == collected


def test_principal_put_back_or_fees_of_another_transaction_are_not_compounded() -> None:
    basis = folded(
        happened(Flow.INCREASE, 1, (1000, 1000), 100, transaction="0xa"),
        happened(Flow.COLLECT, 2, (30, 30), transaction="0xb"),
        happened(Flow.DECREASE, 3, (500, 500), 50, transaction="0xc"),
        happened(Flow.COLLECT, 4, (500, 500), transaction="0xc"),
        happened(Flow.INCREASE, 5, (500, 500), 50, transaction="0xc"),
    )
    assert (basis.compounded0, basis.compounded1) == (0, 0)


def test_flows_are_worth_what_they_were_at_their_own_price() -> None:
    twice = 112045541949572279837463876454  # sqrt(2) * 2**96, v3-core TickMath.spec.ts
    basis = folded(
        happened(Flow.INCREASE, 1, (1000, 1000), 100),
        happened(Flow.DECREASE, 2, (350, 700), 50, sqrt_price_x96=twice),
        happened(Flow.COLLECT, 3, (350, 710), sqrt_price_x96=twice),
    )
    assert (basis.paid_token0, basis.paid_token1) == (2000, 2000)
    assert basis.received_token1 == pytest.approx(350 * 2 + 710, abs=1)
    assert basis.received_token0 == pytest.approx(350 + 710 / 2, abs=1)
    assert basis.released_token1 == pytest.approx(500 * 2 + 500, abs=1)
    assert basis.realised_token1 == pytest.approx(-100, abs=1)
    assert basis.realised_token0 == pytest.approx(-50, abs=1)


def test_a_collect_is_priced_by_its_transaction_and_unknown_without() -> None:
    # The deposit tells no price to a collect of another block.
    lone = happened(Flow.COLLECT, 9, (5, 5), sqrt_price_x96=None, transaction="0xb")
    known = folded(happened(Flow.INCREASE, 1, (10**10, 10**10), BIG), lone)
    assert (known.received_token0, known.received_token1) == (None, None)
    beside = replace(happened(Flow.DECREASE, 8, (3, 3), 1), transaction="0xb")
    basis = folded(happened(Flow.INCREASE, 1, (10, 10), BIG), beside, lone)
    assert basis.received_token1 == 10


def test_a_price_is_inferred_from_large_amounts_rather_than_taken_from_the_block_s_end() -> None:
    at = sqrt_ratio_at_tick(1234)
    moved = replace(deposit(1, BIG, at), sqrt_price_x96=sqrt_ratio_at_tick(3000))
    basis = folded(moved)
    assert basis.paid_token1 == pytest.approx(
        value_x192(moved.amount0, moved.amount1, at) >> 192, rel=1e-15
    )


inside = st.integers(-5900, 5900).map(sqrt_ratio_at_tick)
anywhere = st.integers(-20_000, 20_000)
steps = st.lists(st.tuples(st.sampled_from("dwcg"), st.integers(1, 10**24), anywhere), max_size=8)


def story(history: list[tuple[str, int, int]]) -> list[LiquidityEvent]:
    """Return deposits, withdrawals, collects and gifts that some chain could have seen."""
    events, liquidity = [deposit(0, BIG, ONE)], BIG
    for at, (kind, size, tick) in enumerate(history, start=1):
        price = sqrt_ratio_at_tick(tick)
        if kind in "dg":
            events.append(replace(deposit(at, size, price), given=kind == "g"))
            liquidity += size
        elif kind == "c":
            events.append(happened(Flow.COLLECT, at, (size, size // 3), sqrt_price_x96=price))
        elif size < liquidity:
            events.append(withdrawal(at, size, price))
            liquidity -= size
    return events


@given(steps)
def test_the_books_balance(history: list[tuple[str, int, int]]) -> None:
    events = story(history)
    basis = folded(*events)

    def total(flow: Flow, side: str) -> int:
        return sum(getattr(one, side) for one in events if one.flow is flow)

    for side, put, took, out, waits in (
        ("amount0", basis.deposited0, basis.withdrawn0, basis.collected0, basis.uncollected0),
        ("amount1", basis.deposited1, basis.withdrawn1, basis.collected1, basis.uncollected1),
    ):
        assert put == total(Flow.INCREASE, side)
        assert took == total(Flow.DECREASE, side)
        assert took - waits + out == total(Flow.COLLECT, side)
        assert out >= max(0, total(Flow.COLLECT, side) - took)
        assert waits >= 0


def mirrored(event: LiquidityEvent) -> LiquidityEvent:
    price = event.sqrt_price_x96
    return replace(
        event,
        amount0=event.amount1,
        amount1=event.amount0,
        sqrt_price_x96=None if price is None else (1 << 192) // price,
    )


@given(steps)
def test_the_other_token_order_is_the_same_story(history: list[tuple[str, int, int]]) -> None:
    # The range is symmetric about a price of one, so that its mirror is itself.
    events = story(history)
    straight, other = folded(*events), folded(*(mirrored(one) for one in events))
    for name in ("hodl", "collected", "uncollected", "deposited", "withdrawn", "gifted"):
        assert getattr(straight, f"{name}0") == getattr(other, f"{name}1")
        assert getattr(straight, f"{name}1") == getattr(other, f"{name}0")
    size = sum(one.amount0 + one.amount1 for one in events) + 1
    for name in ("realised", "released", "paid", "received"):
        for one, two in (("token0", "token1"), ("token1", "token0")):
            assert getattr(straight, f"{name}_{one}") == pytest.approx(
                getattr(other, f"{name}_{two}"), rel=1e-8, abs=max(16, size * 8e-9)
            )


@given(inside, st.integers(6001, 20_000), st.integers(6001, 20_000))
def test_out_of_range_the_loss_is_linear_in_the_price(entry: int, one: int, two: int) -> None:
    basis = folded(deposit(0, BIG, entry))

    def gap(price: int) -> int:
        held = amounts_for_liquidity(price, *TICKS, BIG)
        return value_x192(held[0] - basis.hodl0, held[1] - basis.hodl1, price)

    first, second = sqrt_ratio_at_tick(one), sqrt_ratio_at_tick(two)
    # Above the range all is token1, and the loss grows by hodl0 a unit of price.
    assert gap(second) - gap(first) == -basis.hodl0 * (second**2 - first**2)


@given(inside)
def test_at_entry_the_loss_is_rounding_dust(entry: int) -> None:
    basis = folded(deposit(0, BIG, entry))
    held = amounts_for_liquidity(entry, *TICKS, BIG)
    assert 0 <= basis.hodl0 - held[0] <= 1
    assert 0 <= basis.hodl1 - held[1] <= 1
