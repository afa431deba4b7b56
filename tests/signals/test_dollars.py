"""Dollars: who is trusted, who follows by a pool, and what a feed that fails does to the book."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.model.observation import Snapshot
from monitor.model.pool import PoolState, Token, UsdPrice
from monitor.rules.surroundings import View
from monitor.signals.absorb import Lens, absorb
from monitor.signals.book import book_il, book_value_usd, unpriced
from monitor.signals.dollars import dollars
from monitor.signals.facts import Facts

AT = datetime(2023, 3, 11, 8, tzinfo=UTC)
USDC = Token(address="0x" + "11" * 20, symbol="USDC", decimals=6)
WETH = Token(address="0x" + "22" * 20, symbol="WETH", decimals=18)
SCAM = Token(address="0x" + "66" * 20, symbol="USDC", decimals=6)
OTHER = Token(address="0x" + "77" * 20, symbol="OTHER", decimals=18)
LENS = Lens(chains=frozenset({"main"}))
STALE = "chainlink USDC/USD is 25 h old, its heartbeat is 24 h"


def told(token: Token, usd: float | None) -> UsdPrice:
    return UsdPrice(token=token.address, usd=usd, source="chainlink", note="" if usd else STALE)


def pool(hand: Any, first: Token, second: Token, price: float, *, liquidity: int) -> PoolState:
    """Return a pool in which one whole `first` is `price` of the second."""
    state: PoolState = hand.snapshot(AT).pools[0]
    raw = price * 10 ** (second.decimals - first.decimals)
    made = replace(state.pool, address=f"0x{liquidity:040x}", token0=first, token1=second, quote=0)
    root = int(math.sqrt(raw) * 2**96)
    return replace(state, pool=made, sqrt_price_x96=root, liquidity=liquidity)


def test_march_2023_a_dollar_coin_at_88_cents_is_what_its_feed_says(hand: Any) -> None:
    # USDC's own feed on Ethereum fell to 0.88 on 11 March 2023; WETH's stood near 1,430.
    seen = hand.snapshot(AT, hand.position(1))
    fell = replace(seen, usd=(told(USDC, 0.88), told(WETH, 1430.0)))
    parity, depegged = (
        absorb(Facts(), one, LENS).positions[hand.key(1)].measures
        for one in (replace(seen, usd=(told(USDC, 1.0),)), fell)
    )
    in_usdc = parity.value.token0
    assert parity.value.usd == pytest.approx(in_usdc)
    assert depegged.value.usd == pytest.approx(0.88 * in_usdc), "the quote token's own price"
    assert depegged.total.usd == pytest.approx(0.88 * (parity.total.usd or 0))
    assert depegged.il == parity.il, "the price of dollars is in neither side of a ratio"
    assert depegged.il_worth is not None
    assert depegged.il_worth.usd is not None
    assert depegged.il_worth.usd <= 0


def test_a_peg_is_its_owner_s_word_and_stands_against_a_feed(hand: Any) -> None:
    state = pool(hand, USDC, WETH, 1 / 250, liquidity=10**18)
    got = dollars([state], [told(USDC, 0.88)], {USDC.address.lower()})
    assert got.prices[USDC.address] == 1.0
    assert got.prices[WETH.address] == pytest.approx(250)


def test_a_pool_prices_the_other_token_and_never_a_trusted_one(hand: Any) -> None:
    # The pool says a USDC is worth two WETH: whoever can move it may say anything.
    state = pool(hand, USDC, WETH, 2.0, liquidity=10**30)
    got = dollars([state], [told(USDC, 1.0), told(WETH, 1500.0)], ())
    assert got.prices == {USDC.address: 1.0, WETH.address: 1500.0}
    scam = pool(hand, SCAM, WETH, 1_000.0, liquidity=10**30)
    got = dollars([state, scam], [told(USDC, 1.0)], ())
    assert got.prices[USDC.address] == 1.0
    assert got.prices[WETH.address] == pytest.approx(0.5)
    assert SCAM.address not in got.prices, "what a pool priced prices nothing in turn"


def test_the_deeper_pool_speaks_counted_in_dollars_and_not_in_raw_liquidity(hand: Any) -> None:
    # 18 decimals on both sides make a raw liquidity large that stands for few dollars.
    deep = pool(hand, USDC, OTHER, 1 / 10, liquidity=10**16)
    shallow = pool(hand, WETH, OTHER, 1500 / 99, liquidity=10**17)
    for pools in ([deep, shallow], [shallow, deep]):
        got = dollars(pools, [told(USDC, 1.0), told(WETH, 1500.0)], ())
        assert got.prices[OTHER.address] == pytest.approx(10)


def test_a_token_whose_feed_fails_follows_by_a_pool_with_one_that_holds(hand: Any) -> None:
    state = pool(hand, USDC, WETH, 1 / 250, liquidity=10**18)
    got = dollars([state], [told(USDC, None), told(WETH, 260.0)], ())
    assert got.prices[USDC.address] == pytest.approx(260 / 250)
    assert got.doubt(state) == ""


def test_a_feed_that_fails_makes_dollars_unknown_and_says_why(hand: Any) -> None:
    seen = replace(hand.snapshot(AT, hand.position(1)), usd=(told(USDC, None),))
    known = absorb(Facts(), seen, LENS)
    value = View(facts=known, scope=hand.key(1), now=AT).value("position.value_usd")
    assert (value.value, value.note) == (None, STALE)
    silent = View(
        facts=absorb(Facts(), hand.snapshot(AT, hand.position(1)), LENS), now=AT, scope=hand.key(1)
    ).value("position.value_usd")
    assert (silent.value, "feed" in silent.note) == (None, True)


def test_a_feed_that_fails_leaves_no_position_out_of_the_book_by_the_way(hand: Any) -> None:
    def book(usd: tuple[UsdPrice, ...]) -> Facts:
        own = hand.snapshot(AT, hand.position(1), tick=hand.tick + 500)
        pool2 = pool(hand, OTHER, SCAM, 1.0, liquidity=10**18)
        second = replace(hand.position(2), pool=pool2.pool.key)
        both: Snapshot = replace(
            own, pools=(*own.pools, pool2), positions=(*own.positions, second), usd=usd
        )
        return absorb(Facts(), both, LENS)

    left_out = book((told(USDC, 1.0),))
    assert (book_il(left_out) is not None, unpriced(left_out)) == (True, 1)
    doubted = book((told(USDC, 1.0), told(OTHER, None)))
    assert (book_il(doubted), book_value_usd(doubted)) == (None, None)
    seen = View(facts=doubted, scope="book", now=AT).value("book.value_usd")
    assert seen.note == STALE
