"""`hedgewatch positions`: what is shown as now is of now, and fits 80 columns."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.model.observation import Missing, Snapshot
from monitor.model.pool import Token, UsdPrice

MINUTE = timedelta(minutes=1)


def row(lines: list[str], name: str) -> list[str]:
    (found,) = [line for line in lines if re.match(rf"{name} (?!IL)", line)]
    return found.split()


def test_a_position_shows_the_price_now_its_range_loss_fees_and_value(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at - timedelta(seconds=4), hand.position(1), number=21_204_511))
    lines = home.told("positions")
    heads = ["position", "pair", "range", "now", "IL", "fees", "in", "range", "value"]
    assert lines[0].split() == heads
    name, pair, bar, edges, now, il, percent, fees, inside, _ = row(lines, "#1")
    assert (name, pair, il, percent, fees) == ("#1", "WETH/USDC", "0.00", "%", "0.00")
    assert inside == "—", "seen at one block only"
    # USDC is token0 with 6 decimals: a WETH costs 10**12 / 1.0001**221100.
    assert float(now) == pytest.approx(1e12 / 1.0001**221_100, abs=0.01)
    low, high = (float(edge) for edge in edges.split("–"))
    assert low == pytest.approx(1e12 / 1.0001**222_100, abs=1)
    assert high == pytest.approx(1e12 / 1.0001**220_100, abs=1)
    assert bar.index("●") == pytest.approx(len(bar) // 2, abs=1), "opened at the middle"
    assert lines[-1] == "main block 21,204,511, 4 s ago"


def test_the_share_of_the_time_in_range_is_told_in_percent(home: Any, hand: Any) -> None:
    # In for a half hour of two, then out: a state holds until the next block read.
    for half_hours, moved in ((4, 0), (3, 1_500), (2, 1_500), (0, 0)):
        at = home.at - half_hours * timedelta(minutes=30)
        home.take(hand.snapshot(at, hand.position(1), tick=hand.tick + moved))
    cells = row(home.told("positions"), "#1")
    assert cells[8:10] == ["25", "%"]


def test_a_loss_has_a_true_minus_and_a_space_before_its_percent(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at, hand.position(1), tick=hand.tick + 900))
    assert row(home.told("positions"), "#1")[5].startswith("−")
    assert row(home.told("positions"), "#1")[6] == "%"


def test_a_position_out_of_range_says_which_side_and_for_how_long(home: Any, hand: Any) -> None:
    above = hand.position(1, ticks=(hand.tick - 1_200, hand.tick - 600))
    below = hand.position(2, ticks=(hand.tick + 600, hand.tick + 1_200))
    for minutes in (3, 0):
        home.take(hand.snapshot(home.at - minutes * MINUTE, above, below))
    # Prices are USDC for a WETH, and so the higher tick is the lower price.
    assert row(home.told("positions"), "#1")[2:6] == ["out", "▼", "3", "m"]
    assert row(home.told("positions"), "#2")[2:6] == ["out", "▲", "3", "m"]


def test_a_chain_that_fails_has_its_age_and_reason_in_the_footer(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at - 4 * MINUTE, hand.position(1), number=7))
    home.take(hand.gap("main", home.at - MINUTE))
    assert home.told("positions")[-1] == "main block 7, 4 m ago: main cannot be reached"
    home.at += 2 * MINUTE
    assert home.told("positions")[-2:] == [
        "main block 7, 6 m ago: main cannot be reached",
        "Figures older than 5 m are not of now: rules take them for unknown.",
    ]


def test_gone_and_unread_positions_show_a_reason_and_no_figure(home: Any, hand: Any) -> None:
    both = (hand.position(1), hand.position(2))
    home.take(hand.snapshot(home.at - MINUTE, *both))
    lost = (
        Missing(key=hand.key(1), reason="its NFT was burned", gone=True),
        Missing(key=hand.key(2), reason="the call reverted"),
    )
    home.take(hand.snapshot(home.at, missing=lost))
    lines = home.told("positions")
    assert " ".join(row(lines, "#1")) == "#1 WETH/USDC gone: its NFT was burned"
    assert " ".join(row(lines, "#2")) == "#2 WETH/USDC not read: the call reverted"
    assert not [line for line in lines if line.startswith("unread")], "told once"


def test_a_wallet_that_cannot_be_listed_is_told(home: Any, hand: Any) -> None:
    wallet = "1:0x" + "aa" * 20
    reason = "the wallet cannot be listed: the endpoint answers with an error each time"
    home.take(hand.snapshot(home.at, missing=(Missing(key=wallet, reason=reason, wallet=True),)))
    lines = home.told("positions")
    assert lines[0] == "no position seen yet"
    told = " ".join(line.strip() for line in lines)
    assert f"unread    {wallet}: {reason}" in told
    assert max(map(len, lines)) <= 80


def test_an_unknown_entry_says_why(home: Any, hand: Any) -> None:
    note = "its [[entry]] needs liquidity = 7, if that is what it is for"
    home.take(hand.snapshot(home.at, replace(hand.position(1), basis=None, basis_note=note)))
    lines = home.told("positions")
    assert row(lines, "#1")[5] == "unknown"
    assert f"#1 IL unknown: {note}" in lines


def test_an_entry_of_nothing_says_that_it_is_one(home: Any, hand: Any) -> None:
    held = hand.position(1)
    basis = replace(held.basis, hodl0=0, hodl1=0)
    home.take(hand.snapshot(home.at, replace(held, basis=basis)))
    lines = home.told("positions")
    assert row(lines, "#1")[5] == "unknown"
    assert "#1 IL unknown: its [[entry]] states amounts that are worth nothing" in lines


def test_an_empty_position_has_no_place_in_its_range(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at, replace(hand.position(1), liquidity=0)))
    assert row(home.told("positions"), "#1")[2] == "empty"


def elsewhere(seen: Snapshot, token_id: int, symbol: str) -> Snapshot:
    """Return the same block on another chain, its position renumbered, its base renamed."""
    pool = seen.pools[0].pool
    base = Token(address=pool.token1.address, symbol=symbol, decimals=18)
    moved = replace(pool, chain_id=8453, token1=base)
    position = replace(
        seen.positions[0],
        key=f"8453:0x{'44' * 20}:{token_id}",
        token_id=token_id,
        pool=moved.key,
    )
    return replace(
        seen,
        chain="base",
        chain_id=8453,
        pools=(replace(seen.pools[0], pool=moved),),
        positions=(position,),
    )


@pytest.mark.parametrize(
    ("token_id", "symbol", "tick"),
    [
        pytest.param(2, "WETH", 221_100, id="a usual pair"),
        pytest.param(120_447_199, "wstETH-very-long", 221_100, id="a long name"),
        pytest.param(1_204_471, "PEPE", 414_100, id="a price far below a cent"),
        pytest.param(1_204_471, "BTC", 161_100, id="a price of six digits"),
    ],
)
def test_several_chains_are_named_and_80_columns_are_enough(
    token_id: int, symbol: str, tick: int, home: Any, hand: Any
) -> None:
    home.chains = {"main": 1, "base": 8453}
    far = hand.position(1, ticks=(tick - 1_000, tick + 1_000))
    here = hand.snapshot(home.at, hand.position(4471), tick=tick)
    home.take(here, elsewhere(hand.snapshot(home.at, far, tick=tick), token_id, symbol))
    lines = home.told("positions")
    assert row(lines, "#4471")[:2] == ["#4471", "main"]
    assert [line for line in lines if line.startswith(f"#{token_id} base ")]
    assert max(map(len, lines)) <= 80, "\n".join(lines)
    assert lines[-2:] == ["main block 1, 0 s ago", "base block 1, 0 s ago"]


def test_a_chain_that_is_configured_and_was_never_read_is_said_so(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at, hand.position(1)))
    home.chains = {"main": 1, "base": 8453}
    assert home.told("positions")[-1] == "base not read yet"


def test_dollars_a_feed_would_give_and_does_not_are_told_once_with_the_reason(
    home: Any, hand: Any
) -> None:
    seen: Snapshot = hand.snapshot(home.at, hand.position(1), hand.position(2))
    state = seen.pools[0]
    far = Token(address="0x" + "aa" * 20, symbol="USDC", decimals=6)
    pool = replace(state.pool, token0=far)
    why = "chainlink USDC/USD is 25 h old, its heartbeat is 24 h"
    price = UsdPrice(token=far.address, usd=None, source="chainlink USDC/USD", note=why)
    home.take(replace(seen, pools=(replace(state, pool=pool),), usd=(price,)))
    lines = home.told("positions")
    assert row(lines, "#1")[-3:] == ["unknown", "—", "unknown"]
    assert [line for line in lines if "chainlink" in line] == [f"no USD    {why}"]
