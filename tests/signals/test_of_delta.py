"""The book's delta by hand: coins of the curve, contracts of the layers, and what is not known."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import layer as layers
from monitor.hedge.legs import parse_leg
from monitor.model.layer import LayerState
from monitor.model.observation import Verb, Word
from monitor.model.reading import Reading
from monitor.rules.marked import Marked
from monitor.rules.surroundings import View
from monitor.rules.verdict import Value
from monitor.signals.absorb import Lens, absorb
from monitor.signals.covered import cover_of
from monitor.signals.facts import Facts
from monitor.signals.of_delta import coins_held
from monitor.signals.roots import root_of

AT = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
USDC = "0x" + "11" * 20
LENS = Lens(pegged=frozenset({USDC}), chains=frozenset({"main"}))
PRICE = 1e12 / 1.0001**221_100
"""USDC per WETH, which is the pool's token1."""
COINS = 1e16 * (1.0001**110_550 - 1.0001**110_050) / 1e18
"""What a position of 1e16 holds of token1 from 1,000 ticks below: L (√P - √Pa)."""


def held(name: str, *legs: str) -> LayerState:
    fills = tuple(parse_leg(leg) for leg in legs)
    word = Word(id=name, verb=Verb.FILL, observed_at=AT, by="ann", layer=name, fills=fills)
    return layers.hear(LayerState(layer=name, scope="book"), word)


def ask(facts: Facts, name: str, *every: LayerState, now: datetime = AT) -> Value:
    marked = Marked(facts, {f"{one.layer}|book": one for one in every}, now)
    return View(facts=facts, scope="book", now=now, marked=marked).value(name)


def seen(hand: Any, *positions: Any, tick: int | None = None) -> Facts:
    return absorb(Facts(), hand.snapshot(AT, *positions, tick=tick), LENS)


def with_reading(facts: Facts, name: str, value: float) -> Facts:
    readings = dict(facts.readings)
    readings[f"{name}|"] = Reading(name=name, value=value, unit="", as_of=AT, source="test")
    return Facts(
        pools=facts.pools, positions=facts.positions, chains=facts.chains, readings=readings
    )


def test_a_position_s_delta_is_the_coins_it_holds(hand: Any) -> None:
    told = ask(seen(hand, hand.position(1), hand.position(2)), "book.delta_eth")
    assert told.value == pytest.approx(2 * COINS, rel=1e-9)
    assert told.as_of == AT
    share = ask(seen(hand, hand.position(1)), "book.delta_eth_share")
    # In the middle of its ticks about half of it, a hair less on the side of the quote.
    assert share.value == pytest.approx(0.5, abs=0.002)


@given(tick=st.integers(219_000, 223_000))
def test_it_is_what_the_delta_policy_sizes_by(hand: Any, tick: int) -> None:
    facts = seen(hand, hand.position(1), tick=tick)
    coins = sum(one.coins() for one in cover_of(facts, "book", AT).of("eth"))
    assert coins_held(facts, "eth")[0] == pytest.approx(coins, rel=1e-9, abs=1e-9)


def test_perpetuals_and_options_of_the_layers_count(hand: Any) -> None:
    facts = seen(hand, hand.position(1))
    told = ask(facts, "book.delta_eth", held("D1", "eth.perp -1.25 @250"))
    assert told.value == pytest.approx(COINS - 1.25, rel=1e-9)
    assert "D1 -1.25" in told.note
    # A synthetic short, sold call and bought put of one strike, has a delta of -1 a coin
    # wherever the strike is; on the model's forward, which is the spot here.
    known = with_reading(facts, "dvol.eth", 60.0)
    legs = ("eth.call 2026-03-27 260 -3 @0.05", "eth.put 2026-03-27 260 +3 @0.08")
    told = ask(known, "book.delta_eth", held("X1", *legs))
    assert told.value == pytest.approx(COINS - 3, rel=1e-6)


def test_a_level_book_has_a_share_of_nought(hand: Any) -> None:
    facts = seen(hand, hand.position(1))
    level = held("D1", f"eth.perp {-round(COINS, 2):.2f} @250")
    told = ask(facts, "book.delta_eth_share", level)
    assert isinstance(told.value, float)
    assert abs(told.value) <= 0.005 * PRICE / (COINS * PRICE * 1.9)


def test_spx_legs_are_told_in_dollars_a_point(hand: Any) -> None:
    facts = seen(hand, hand.position(1))
    for name, value in (("spx.price", 6_000.0), ("vix", 16.0), ("rates.risk_free", 0.0)):
        facts = with_reading(facts, name, value)
    # Sold calls and bought puts of one strike: -1 of the index less dividends, times 100.
    legs = ("spx.call 2026-03-20 6000 -2 @90", "spx.put 2026-03-20 6000 +2 @90")
    layer = held("L1", *legs)
    told = ask(facts, "book.delta_spx", layer)
    years = (datetime(2026, 3, 20, 13, 30, tzinfo=UTC) - AT) / timedelta(days=365)
    assert told.value == pytest.approx(-200 * (1 - 0.013 * years), rel=1e-5)
    share = ask(facts, "book.delta_spx_share", layer).value
    total = ask(facts, "book.value_usd").value
    assert isinstance(total, float)
    assert isinstance(told.value, float)
    assert share == pytest.approx(told.value * 6_000 / total)


def test_what_is_not_known_is_told_and_never_nought(hand: Any) -> None:
    facts = seen(hand, hand.position(1))
    # Without a volatility the option has no delta, and so the book has none.
    option = held("X1", "eth.put 2026-03-27 240 +3 @0.03")
    told = ask(facts, "book.delta_eth", option)
    assert told.value is None
    assert told.note.startswith("X1 has no delta: dvol.eth is unknown")
    # The perpetual's layer is of no concern to BTC; VIX legs are none to ETH.
    assert ask(facts, "book.delta_btc", option).value == 0
    later = AT + timedelta(minutes=6)
    assert ask(facts, "book.delta_eth", now=later).value is None
    assert ask(facts, "book.delta_spx", now=later).value == 0
    bare = View(facts=facts, scope="book", now=AT).value("book.delta_eth")
    assert (bare.value, bare.note) == (None, "the hedge is not looked at here")
    assert ask(Facts(), "book.delta_eth_share").value is None


def in_pool(hand: Any, symbol: str, liquidity: int) -> Facts:
    """Return one WETH position of 1e16, and one of another token of the same price."""
    snapshot = hand.snapshot(AT, hand.position(1))
    (state,) = snapshot.pools
    token = replace(state.pool.token1, address="0x" + "99" * 20, symbol=symbol)
    odd = replace(state, pool=replace(state.pool, address="0x" + "aa" * 20, token1=token))
    other = replace(hand.position(2), pool=odd.pool.key, liquidity=liquidity)
    both = replace(snapshot, pools=(state, odd), positions=(*snapshot.positions, other))
    return absorb(Facts(), both, LENS)


@pytest.mark.parametrize(
    ("symbol", "root"),
    [
        ("WETH.e", "eth"), ("BTCB", "btc"), ("BTC.b", "btc"), ("cbBTC", "btc"), ("tBTC", "btc"),
        ("wstETH", ""), ("stETH", ""), ("USDC", ""),
    ],
)  # fmt: skip
def test_bridged_coins_are_the_coin(symbol: str, root: str) -> None:
    assert root_of(symbol) == root


def test_a_bridged_coin_counts(hand: Any) -> None:
    told = ask(in_pool(hand, "WETH.e", 10**16), "book.delta_eth")
    assert told.value == pytest.approx(2 * COINS, rel=1e-9)


@pytest.mark.parametrize("symbol", ["wstETH", "stETH", "rETH", "cbETH", "weETH", "LINK"])
def test_a_little_of_what_is_not_read_in_coins_is_left_out_and_named(
    hand: Any, symbol: str
) -> None:
    told = ask(in_pool(hand, symbol, 10**15), "book.delta_eth")
    # A tenth of the liquidity: about half of an eleventh of the book is in that token.
    assert told.value == pytest.approx(COINS, rel=1e-9)
    assert f"1 position left out ({symbol})" in told.note


def test_much_of_it_makes_the_delta_unknown(hand: Any) -> None:
    facts = in_pool(hand, "wstETH", 10**16)
    for name in ("book.delta_eth", "book.delta_eth_share"):
        told = ask(facts, name)
        assert told.value is None
        assert told.note == "1 position left out (wstETH): more than 10% of the book's value"
    # Staked ETH is none of BTC's concern.
    assert ask(facts, "book.delta_btc").value == 0


def test_expired_legs_have_no_delta_any_more(hand: Any) -> None:
    facts = seen(hand, hand.position(1))
    gone = held("X1", "eth.put 2026-03-03 240 +3 @0.03")
    now = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    fresh = absorb(facts, hand.snapshot(now, hand.position(1), number=2), LENS)
    assert date(2026, 3, 3) == gone.legs[0].contract.expiry
    assert ask(fresh, "book.delta_eth", gone, now=now).value == pytest.approx(COINS, rel=1e-9)


def test_legs_that_await_their_settlement_have_a_delta_nobody_reads(hand: Any) -> None:
    """Of SPX, settled at Friday's opening, nothing trades after Thursday's close."""
    layer = held("L1", "spx.put 2026-03-20 6000 +2 @90")
    for now, value in (
        (datetime(2026, 3, 20, 13, 29, tzinfo=UTC), None),
        (datetime(2026, 3, 20, 13, 30, tzinfo=UTC), 0),
    ):
        facts = absorb(Facts(), hand.snapshot(now, hand.position(1)), LENS)
        told = ask(facts, "book.delta_spx", layer, now=now)
        assert told.value == value
        if value is None:
            assert told.note == "L1 has legs that trade no more and await their settlement"


def test_vix_legs_do_not_move_the_index_and_are_named(hand: Any) -> None:
    facts = seen(hand, hand.position(1))
    told = ask(facts, "book.delta_spx", held("L2", "vix.call 2026-06-17 22 +4 @2.1"))
    assert (told.value, told.note) == (0, "VIX legs of L2 left out")
    assert ask(facts, "book.delta_spx").note == ""
