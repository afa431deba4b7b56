"""Each of the losses in the wild, against its own published figures and against each other."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.amm import amounts_for_liquidity, sqrt_ratio_at_tick
from monitor.amm.breakeven import Stake, break_even
from monitor.amm.ledger import basis_from_entry, fold
from monitor.amm.loss import loss_fraction
from monitor.amm.variants import (
    Holdings,
    against_all_in,
    against_deposited,
    entry_root,
    holdings,
    loss_of_initial,
    textbook_loss,
)
from monitor.model.position import Flow, LiquidityEvent, Position, TickState

Q96 = 1 << 96
LIQUIDITY = 10**24
UNTOUCHED = TickState(fee_growth_outside0_x128=0, fee_growth_outside1_x128=0)


def root_of(price: float) -> int:
    return math.isqrt(int(price * 2**64) << 128)


def tick_of(price: float) -> int:
    return round(math.log(price) / math.log(1.0001)) if price else -887_272


def entered(low: float, high: float, then: float = 1.0) -> Position:
    """Return a position put in at one price, 1 unless said otherwise."""
    upper = 887_272 if high == math.inf else tick_of(high)
    ticks = (tick_of(low), upper)
    paid = amounts_for_liquidity(root_of(then), *ticks, LIQUIDITY, round_up=True)
    return Position(
        key="1:0xm:1",
        token_id=1,
        owner="0x",
        pool="1:0xp",
        tick_lower=ticks[0],
        tick_upper=ticks[1],
        liquidity=LIQUIDITY,
        fee_growth_inside0_last_x128=0,
        fee_growth_inside1_last_x128=0,
        tokens_owed0=0,
        tokens_owed1=0,
        lower=UNTOUCHED,
        upper=UNTOUCHED,
        basis=basis_from_entry(*paid, LIQUIDITY, None),
    )


def compared(position: Position, price: float, fees: tuple[int, int] = (0, 0)) -> Holdings:
    root = root_of(price)
    now = amounts_for_liquidity(root, position.tick_lower, position.tick_upper, LIQUIDITY)
    held = holdings(position, root, amounts=now, fees=fees)
    assert held is not None
    return held


@pytest.mark.parametrize(
    ("low", "high", "down", "up"),
    [
        pytest.param(0, math.inf, -0.0062, -0.0041, id="from nothing to any price"),
        pytest.param(0, 2, -0.0090, -0.0067, id="from nothing to twice"),
        pytest.param(0.25, 1.75, -0.0160, -0.0115, id="75 % about it"),
        pytest.param(0.5, 1.5, -0.0253, -0.0178, id="50 % about it"),
        pytest.param(0.75, 1.25, -0.0510, -0.0349, id="25 % about it"),
    ],
)
def test_the_declared_loss_of_a_published_table(
    low: float, high: float, down: float, up: float
) -> None:
    # qiwihui's table of losses at 20 % down and up, put over holding.
    for price, expected in ((0.8, down), (1.2, up)):
        held = compared(entered(low, high), price)
        assert loss_fraction(held.value, held.hodl) == pytest.approx(expected, abs=5e-5)


def test_the_same_table_over_the_initial_value() -> None:
    # Its own denominator. The page prints -4.75 % here; its formula gives -4.65 %.
    held = compared(entered(0.75, 1.25), 0.8)
    assert loss_of_initial(held, 1) == pytest.approx(-0.0465, abs=5e-5)


def test_the_textbook_loss_knows_the_price_ratio_alone() -> None:
    narrow, wide = compared(entered(0.5, 8), 4.0), compared(entered(0, math.inf), 4.0)
    assert textbook_loss(narrow) == pytest.approx(-0.2, abs=1e-6), "four times up: a fifth"
    assert textbook_loss(wide) == pytest.approx(textbook_loss(narrow))
    assert loss_fraction(wide.value, wide.hodl) == pytest.approx(-0.2, abs=1e-6)
    told = loss_fraction(narrow.value, narrow.hodl)
    assert told is not None
    assert told < -0.25, "it is the loss of a full range, and too small for any other"


PRICES = st.floats(math.log(0.1), math.log(10)).map(math.exp)


@given(then=st.floats(0.6, 1.7), now=PRICES, fee=st.integers(0, 10**23))
def test_the_variants_relate_as_algebra_says(then: float, now: float, fee: int) -> None:
    position = entered(0.5, 2.0, then)
    held = compared(position, now, (fee, 2 * fee))
    assert held.root_then is not None
    assert held.entered is not None
    ratio = (held.root / held.root_then) ** 2
    il = loss_fraction(held.value, held.hodl)
    assert il is not None
    fees = held.fees / held.hodl
    assert against_deposited(held) == pytest.approx(il + fees, abs=1e-12)
    # Over the initial value: the same loss, by what holding has come to since.
    grown = held.hodl / 2**192 / held.entered[1]
    assert loss_of_initial(held, 1) == pytest.approx(il * grown, abs=1e-9)
    assert loss_of_initial(held, 0) == pytest.approx(il * grown / ratio, abs=1e-9)
    # All in token0 gains the price's ratio over all in token1.
    all0, all1 = against_all_in(held, 0), against_all_in(held, 1)
    assert all0 is not None
    assert all1 is not None
    assert 1 + all1 == pytest.approx((1 + all0) * ratio, rel=1e-9)
    assert 1 + all1 == pytest.approx((1 + against_deposited(held)) * grown, rel=1e-9)


@given(then=st.floats(0.52, 1.95), source=st.sampled_from(("config", "events")))
def test_the_entry_price_is_told_by_what_went_in(then: float, source: str) -> None:
    position = entered(0.5, 2.0, then)
    assert position.basis is not None
    basis = replace(position.basis, source=source)
    assert entry_root(position, basis) == pytest.approx(root_of(then), rel=1e-9)


def deposited(low: float, high: float, prices: tuple[float, ...]) -> Position:
    """Return a position of as many deposits, all of the same liquidity, each at its price."""
    single = entered(low, high)
    ticks = single.tick_lower, single.tick_upper
    events = []
    for number, price in enumerate(prices):
        amounts = amounts_for_liquidity(root_of(price), *ticks, LIQUIDITY, round_up=True)
        deposit = LiquidityEvent(
            flow=Flow.INCREASE,
            block_number=number,
            log_index=0,
            at=datetime(2026, 11, 22, 12, number, tzinfo=UTC),
            liquidity=LIQUIDITY,
            amount0=amounts[0],
            amount1=amounts[1],
            sqrt_price_x96=root_of(price),
        )
        events.append(deposit)
    return replace(single, liquidity=len(prices) * LIQUIDITY, basis=fold(events, *ticks))


@pytest.mark.parametrize(
    "prices",
    [
        pytest.param((0.94, 1.06), id="twelve percent apart"),
        pytest.param((1.02, 0.91), id="eleven, the lower one last"),
        pytest.param((0.97, 1.03), id="six percent apart"),
        pytest.param((1.0, 1.01), id="one percent apart"),
    ],
)
def test_deposits_at_near_prices_are_counted_each_at_its_own(prices: tuple[float, float]) -> None:
    position = deposited(0.9, 1.1, prices)
    assert position.basis is not None
    ticks = position.tick_lower, position.tick_upper
    worth0 = worth1 = 0.0
    for price in prices:
        amount0, amount1 = amounts_for_liquidity(root_of(price), *ticks, LIQUIDITY)
        worth0 += amount0 + amount1 / price
        worth1 += amount0 * price + amount1
    now = amounts_for_liquidity(root_of(1.0), *ticks, 2 * LIQUIDITY)
    held = holdings(position, root_of(1.0), amounts=now, fees=(0, 0))
    assert held is not None
    assert (held.root_then, textbook_loss(held)) == (None, None)
    for token, worth in enumerate((worth0, worth1)):
        assert against_all_in(held, token) == pytest.approx(sum(now) / worth - 1, abs=1e-9)


def test_deposits_at_one_price_have_one_price() -> None:
    position = deposited(0.9, 1.1, (1.04, 1.04, 1.04))
    assert position.basis is not None
    assert entry_root(position, position.basis) == pytest.approx(root_of(1.04), rel=1e-9)


def test_an_entry_stated_in_rounded_amounts_tells_its_price() -> None:
    position = entered(0.5, 2.0, 1.2)
    basis = position.basis
    assert basis is not None
    unit = 10**20  # of some 10^23
    rounded = replace(basis, hodl0=basis.hodl0 // unit * unit, hodl1=basis.hodl1 // unit * unit)
    assert entry_root(position, rounded) == pytest.approx(root_of(1.2), rel=1e-3)


def test_two_entries_at_two_prices_have_no_one_price() -> None:
    one, other = entered(0.5, 2.0, 0.8), entered(0.5, 2.0, 1.2)
    assert one.basis is not None
    assert other.basis is not None
    both = basis_from_entry(
        one.basis.hodl0 + other.basis.hodl0,
        one.basis.hodl1 + other.basis.hodl1,
        2 * LIQUIDITY,
        None,
    )
    position = replace(one, liquidity=2 * LIQUIDITY, basis=both)
    assert entry_root(position, both) is None
    held = holdings(position, root_of(1.0), amounts=(1, 1), fees=(0, 0))
    assert held is not None
    assert (held.entered, textbook_loss(held), against_all_in(held, 0)) == (None, None, None)
    # What each deposit was worth at its own price is known where its events are.
    paid = replace(both, paid_token0=10**24, paid_token1=3 * 10**24)
    told = holdings(replace(position, basis=paid), root_of(1.0), amounts=(1, 1), fees=(0, 0))
    assert told is not None
    assert told.entered == (1e24, 3e24)
    assert textbook_loss(told) is None, "there is no one price"


def test_a_deposit_out_of_range_does_not_tell_its_price() -> None:
    position = entered(0.5, 2.0, 3.0)
    assert position.basis is not None
    assert entry_root(position, position.basis) is None


def gain(position: Position, price: float, fees: tuple[int, int]) -> float:
    """Return value and fees less holding at a price, in units of the liquidity."""
    held = compared(position, price, fees)
    return (held.value + held.fees - held.hodl) / 2**192 / 10**24


@given(then=st.floats(0.52, 1.95), fee0=st.integers(10**20, 10**23), fee1=st.integers(0, 10**23))
def test_break_even_prices_are_where_the_fees_are_used_up(
    then: float, fee0: int, fee1: int
) -> None:
    position = entered(0.5, 2.0, then)
    basis = position.basis
    assert basis is not None
    stake = Stake(
        tick_lower=position.tick_lower,
        tick_upper=position.tick_upper,
        liquidity=LIQUIDITY,
        surplus0=fee0 - basis.hodl0,
        surplus1=fee1 - basis.hodl1,
    )
    lower, upper = break_even(stake)
    for price, outward in ((lower, 0.99), (upper, 1.01)):
        if price is None:
            continue
        assert gain(position, price, (fee0, fee1)) == pytest.approx(0, abs=1e-6)
        assert gain(position, price * outward, (fee0, fee1)) < 0
    assume(lower is not None and upper is not None)
    assert lower is not None
    assert upper is not None
    assert lower < then < upper
    assert gain(position, math.sqrt(lower * upper), (fee0, fee1)) > 0


def test_fees_beyond_any_loss_have_no_break_even() -> None:
    position = entered(0.5, 2.0)
    basis = position.basis
    assert basis is not None
    stake = Stake(
        tick_lower=position.tick_lower,
        tick_upper=position.tick_upper,
        liquidity=LIQUIDITY,
        surplus0=1,
        surplus1=1,
    )
    assert break_even(stake) == (None, None)
    # All of token0 earned back, none of token1: only a fall can still take it away.
    lower, upper = break_even(replace(stake, surplus1=-basis.hodl1))
    assert lower is not None
    assert upper is None


def test_without_fees_the_entry_is_the_break_even() -> None:
    position = entered(0.5, 2.0)
    basis = position.basis
    assert basis is not None
    root = sqrt_ratio_at_tick(0)
    # Rounded down to the side of a gain, or the two would meet in nothing.
    stake = Stake(
        tick_lower=position.tick_lower,
        tick_upper=position.tick_upper,
        liquidity=LIQUIDITY,
        surplus0=10**12 - basis.hodl0,
        surplus1=10**12 - basis.hodl1,
    )
    lower, upper = break_even(stake)
    assert lower == pytest.approx((root / Q96) ** 2, abs=1e-4)
    assert upper == pytest.approx((root / Q96) ** 2, abs=1e-4)
