"""Whatever a chain or a person states of a position: a finite figure, or unknown with a reason."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.amm.ledger import basis_from_entry
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Basis, Position
from monitor.rules.surroundings import View
from monitor.signals.absorb import Lens, absorb
from monitor.signals.book import book_il, book_value_usd, yearly_fees_usd
from monitor.signals.catalogue_lp import LP_SIGNALS
from monitor.signals.explain import explain
from monitor.signals.facts import Facts

AT = datetime(2026, 3, 2, tzinfo=UTC)
USDC = "0x" + "11" * 20
LENS = Lens(pegged=frozenset({USDC}), chains=frozenset({"main"}))
HIGHEST = 887_272


def of_nothing(hand: Any, amounts: tuple[int, int] = (0, 0)) -> Position:
    held: Position = hand.position(1)
    return replace(held, basis=basis_from_entry(*amounts, held.liquidity, AT - timedelta(days=9)))


def test_an_entry_of_nothing_is_no_basis_and_says_so(hand: Any) -> None:
    position = of_nothing(hand)
    facts = absorb(Facts(), hand.snapshot(AT, position), LENS)
    view = View(facts=facts, scope=position.key, now=AT)
    for name in ("il", "il_chained", "hodl_usd", "il_usd", "breakeven_lower", "breakeven_upper"):
        told = view.value(f"position.{name}")
        assert told.value is None
        assert told.note == "its [[entry]] states amounts that are worth nothing", name
    for name in ("vs_deposited", "vs_initial", "vs_all_token0", "il_of_initial"):
        told = view.value(f"position.{name}")
        assert told.value is None
        assert told.note, name
    assert view.value("position.value_usd").value is not None
    assert {one.name for one in explain(facts, position.key, AT)} == {s.name for s in LP_SIGNALS}


OF_FEES = (
    *(f"position.fees_{unit}" for unit in ("token0", "token1", "usd")),
    *(f"position.vs_{what}" for what in ("initial", "deposited", "all_token0", "all_token1")),
    "position.breakeven_lower",
    "position.breakeven_upper",
    "book.pcf",
)


def test_what_is_kept_for_a_stated_entry_may_be_principal_and_is_no_fee(hand: Any) -> None:
    """Half withdrawn and not collected, and the entry stated anew: nothing tells a fee."""
    position = of_nothing(hand, (60 * 10**6, 10**17))
    facts = absorb(Facts(), hand.snapshot(AT, position), LENS)
    assert yearly_fees_usd(facts, "book", AT) == 0
    kept = replace(position, tokens_owed0=50_000 * 10**6)
    facts = absorb(Facts(), hand.snapshot(AT, kept), LENS)
    view = View(facts=facts, scope=position.key, now=AT)
    book = View(facts=facts, scope="book", now=AT)
    for name in OF_FEES:
        told = (book if name == "book.pcf" else view).value(name)
        assert told.value is None, name
        assert "tokensOwed may hold withdrawn principal" in told.note, name
    assert yearly_fees_usd(facts, "book", AT) is None  # and no budget is made of it
    assert view.value("position.il").value is not None
    inside, without = (view.value(f"position.{one}_usd").value for one in ("value", "principal"))
    assert inside - without == pytest.approx(50_000)
    assert {one.name for one in explain(facts, position.key, AT)} == {s.name for s in LP_SIGNALS}


def test_deposits_that_are_worth_nothing_are_no_basis(hand: Any) -> None:
    position = of_nothing(hand)
    basis = replace(position.basis, source="events", paid_token0=0, paid_token1=0)
    position = replace(position, basis=basis)
    facts = absorb(Facts(), hand.snapshot(AT, position), LENS)
    told = View(facts=facts, scope=position.key, now=AT).value("position.fee_apr")
    assert told.note == "what was put in and is still in is worth nothing"


RAW = st.one_of(st.sampled_from((0, 1, 2, 10**18, 2**128 - 1)), st.integers(0, 2**128 - 1))
SIGNED = st.integers(-(2**128), 0)
COUNTED = st.one_of(st.none(), RAW)


@st.composite
def bases(draw: st.DrawFn, liquidity: int) -> Basis | None:
    if draw(st.integers(0, 9)) == 0:
        return None
    collected, withdrawn = draw(st.tuples(RAW, RAW)), draw(st.tuples(RAW, RAW))
    of = draw(st.sampled_from((liquidity, 0, 1)))
    hodl = draw(st.tuples(RAW, RAW)) if of else (0, 0)
    deposited = hodl[0] + withdrawn[0], hodl[1] + withdrawn[1]
    gifted = [draw(st.sampled_from((0, 1, one))) for one in deposited]
    opened = AT - draw(st.sampled_from([timedelta(0), timedelta(days=1), timedelta(days=999)]))
    return Basis(
        liquidity=of,
        hodl0=hodl[0],
        hodl1=hodl[1],
        realised_token0=draw(st.one_of(st.none(), SIGNED)),
        realised_token1=draw(st.one_of(st.none(), SIGNED)),
        released_token0=draw(COUNTED),
        released_token1=draw(COUNTED),
        collected0=collected[0],
        collected1=collected[1],
        deposited0=deposited[0],
        deposited1=deposited[1],
        withdrawn0=withdrawn[0],
        withdrawn1=withdrawn[1],
        gifted0=min(gifted[0], deposited[0]),
        gifted1=min(gifted[1], deposited[1]),
        paid_token0=draw(COUNTED),
        paid_token1=draw(COUNTED),
        received_token0=draw(COUNTED),
        received_token1=draw(COUNTED),
        compounded_token0=draw(st.sampled_from((0, None, 5))),
        opened_at=draw(st.sampled_from((opened, None))),
        turned_at=opened,
        source=draw(st.sampled_from(("events", "config"))),
    )


@st.composite
def odd(draw: st.DrawFn, hand: Any) -> tuple[PoolState, Position]:
    lower = draw(st.integers(-HIGHEST, HIGHEST - 1))
    ticks = lower, draw(st.integers(lower + 1, HIGHEST))
    tick = draw(st.sampled_from([-HIGHEST, HIGHEST - 1, *ticks, draw(st.integers(*ticks))]))
    liquidity = draw(st.one_of(st.sampled_from((0, 1, 2**128 - 1)), st.integers(0, 2**128 - 1)))
    decimals = [draw(st.sampled_from((0, 6, 18, 77, 255))) for _ in (0, 1)]
    pool: Pool = replace(
        hand.snapshot(AT).pools[0].pool,
        token0=Token(address=USDC, symbol="A", decimals=decimals[0]),
        token1=Token(address="0x" + "22" * 20, symbol="B", decimals=decimals[1]),
        quote=draw(st.sampled_from((0, 1))),
    )
    state = PoolState(
        pool=pool,
        sqrt_price_x96=sqrt_ratio_at_tick(tick),
        tick=tick,
        liquidity=liquidity,
        fee_growth_global0_x128=draw(RAW),
        fee_growth_global1_x128=draw(RAW),
    )
    position = replace(
        hand.position(1, ticks=ticks), liquidity=liquidity, basis=draw(bases(liquidity))
    )
    return state, replace(position, tokens_owed0=draw(RAW), tokens_owed1=draw(RAW))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_measure_is_finite_or_unknown_with_a_reason(hand: Any, data: st.DataObject) -> None:
    state, position = data.draw(odd(hand))
    pegged = data.draw(st.sampled_from((LENS, Lens(chains=frozenset({"main"})))))
    facts, at = Facts(), AT - timedelta(days=2)
    for step in range(data.draw(st.sampled_from((1, 2, 50)))):
        at = AT - timedelta(days=2) + step * timedelta(hours=1)
        grown = replace(state, fee_growth_global0_x128=state.fee_growth_global0_x128 + step)
        seen = replace(hand.snapshot(at, position, number=step + 1), pools=(grown,))
        facts = absorb(facts, seen, pegged)
    view = View(facts=facts, scope=position.key, now=at)
    for signal in LP_SIGNALS:
        told = view.value(signal.name)
        assert told.value is not None or told.note, signal.name
        assert not isinstance(told.value, float) or math.isfinite(told.value), signal.name
    for one in explain(facts, position.key, at):
        assert one.how, one.name
    for total in (book_il(facts), book_value_usd(facts), yearly_fees_usd(facts, "book", at)):
        assert total is None or isinstance(total, float | int)


def test_a_slope_too_steep_for_a_number_is_unknown(hand: Any) -> None:
    # L / (2 P^1.5) of 2^127, at a root of 2^-64, times the quote token's 10^255: over 2^1024.
    seen = hand.snapshot(AT, hand.position(1))
    state, low = seen.pools[0], -HIGHEST + 60
    coins = (replace(state.pool.token0, decimals=0), replace(state.pool.token1, decimals=255))
    pool = replace(state.pool, token0=coins[0], token1=coins[1], quote=1)
    position = replace(
        seen.positions[0], tick_lower=low - 60, tick_upper=low + 60, liquidity=2**127
    )
    moved = replace(state, pool=pool, tick=low, sqrt_price_x96=sqrt_ratio_at_tick(low))
    facts = absorb(Facts(), replace(seen, pools=(moved,), positions=(position,)), LENS)
    told = View(facts=facts, scope=position.key, now=AT).value("position.gamma")
    assert told.value is None
    assert told.note == "its tokens' decimals and price make a number too large to count with"
