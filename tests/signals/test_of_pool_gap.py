"""A pool's fees of 30 days against options of 30 days: by volatilities both were made with."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import QuantLib

from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading
from monitor.pipeline import State
from monitor.signals.absorb import Lens, absorb
from monitor.signals.facts import Facts
from monitor.signals.of_market import Told, market
from monitor.store.rows import changed_rows, restore

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PRICE = 250.0
DAYS = (date(2026, 3, 22), date(2026, 4, 11))
"""Twenty and forty days out, to the hour."""
LENS = Lens(pegged=frozenset({"0x" + "11" * 20}), chains=frozenset({"main"}))
VEGA = PRICE * math.sqrt(30 / 365 / (2 * math.pi)) / 100
"""What a point brings an option of a half delta: S n(0) √T."""
DERIBIT_FEES = (0.0003 + 0.00015) * PRICE / VEGA
DERIVE_FEES = (0.0003 * PRICE + 0.5) / VEGA


def paid(hand: Any, vol: float, *, days: float = 30, last: datetime = AT) -> Facts:
    """Return a pool watched for some days, whose fees in token1 paid for a volatility."""
    position = hand.position()
    first = hand.snapshot(last - timedelta(days=days), position)
    # vol² = 4 · fees / (L √P) a year.
    growth = int(vol**2 * days / 365 * 1.0001 ** (hand.tick / 2) / 4 * 2**128)
    later = hand.snapshot(last, position, number=2)
    (state,) = later.pools
    grown = replace(state, fee_growth_global1_x128=growth)
    return absorb(absorb(Facts(), first, LENS), replace(later, pools=(grown,)), LENS)


def with_options(
    facts: Facts, *quotes: OptionQuote, asked: float = 62.0, coin: str = "eth"
) -> Facts:
    told = {f"iv.{coin}30_cex": asked, f"{coin}.price": PRICE}
    by = {one.source: tuple(q for q in quotes if q.source == one.source) for one in quotes}
    readings = {
        f"{name}|": Reading(name=name, value=value, unit="", as_of=AT, source="test")
        for name, value in told.items()
    }
    return replace(facts, readings=readings, quotes=by)


def options(source: str, bid: float, ask: float, *, in_coin: bool) -> list[OptionQuote]:
    """Return two expiries of QuantLib's prices at the volatilities of both sides."""
    found = []
    for day in DAYS:
        years = (datetime(day.year, day.month, day.day, 8, tzinfo=UTC) - AT) / timedelta(days=365)
        for strike in range(180, 341, 5):
            for right, kind in (("call", QuantLib.Option.Call), ("put", QuantLib.Option.Put)):
                sides = [
                    QuantLib.blackFormula(kind, strike, PRICE, sigma * math.sqrt(years))
                    / (PRICE if in_coin else 1.0)
                    for sigma in (bid, ask)
                ]
                what = Contract(kind=f"eth.{right}", expiry=day, strike=float(strike))
                found.append(
                    OptionQuote(
                        contract=what, source=source, as_of=AT, bid=sides[0], ask=sides[1],
                        forward=PRICE,
                    )
                )  # fmt: skip
    return found


def ask(facts: Facts, name: str, at: datetime = AT) -> Told:
    return market(facts, f"parity.{name}", at)


def test_a_pool_that_is_not_watched_has_no_gap() -> None:
    for name in ("pool_gap_eth", "pool_edge_eth"):
        told = ask(with_options(Facts()), name)
        assert (told.value, told.note) == (None, "no pool of ETH in US dollars is watched")
    told = ask(with_options(Facts(), coin="btc"), "pool_gap_btc")
    assert (told.value, told.note) == (None, "no pool of BTC in US dollars is watched")


def test_the_gap_is_what_the_fees_of_the_options_own_thirty_days_pay_for(hand: Any) -> None:
    known = with_options(paid(hand, 0.70))
    told = ask(known, "pool_gap_eth")
    assert told.value == pytest.approx(8.0, abs=1e-3)
    assert told.note == "WETH/USDC 0.3 % 70.0% by fees of 720.0 h, options 62.0"
    late = ask(known, "pool_gap_eth", AT + timedelta(minutes=6))
    assert (late.value, late.note) == (None, "main has not been read for more than 5 m")


def test_a_pool_watched_for_less_tells_nothing_and_says_since_when(hand: Any) -> None:
    for name in ("pool_gap_eth", "pool_edge_eth"):
        told = ask(with_options(paid(hand, 0.70, days=29.9)), name)
        assert (told.value, told.note) == (
            None, "WETH/USDC: watched only since 31 Jan 10:24 UTC",
        )  # fmt: skip


def test_a_restart_forgets_nothing_of_the_thirty_days(hand: Any) -> None:
    known = with_options(paid(hand, 0.70))
    rows = changed_rows(State(), State(facts=known, at=AT))
    again = restore({key: text for key, text in rows.items() if text is not None}, ()).facts
    assert ask(again, "pool_gap_eth") == ask(known, "pool_gap_eth")


def test_a_pool_whose_dollars_are_unknown_says_so(hand: Any) -> None:
    blind = Lens(chains=frozenset({"main"}))
    seen = absorb(Facts(), hand.snapshot(AT, hand.position()), blind)
    told = ask(with_options(seen), "pool_gap_eth")
    assert (told.value, told.note) == (
        None,
        "WETH/USDC: no token of the pool has a feed, or a peg in [usd]",
    )


def test_a_pool_of_another_coin_is_no_measure_of_btc(hand: Any) -> None:
    told = ask(with_options(paid(hand, 0.70), coin="btc"), "pool_gap_btc")
    assert (told.value, told.note) == (None, "no pool of BTC in US dollars is watched")


def test_what_a_rich_pool_leaves_is_less_the_ask_and_fees(hand: Any) -> None:
    quotes = options("deribit_options", 0.60, 0.63, in_coin=True)
    told = ask(with_options(paid(hand, 0.70), *quotes), "pool_edge_eth")
    assert told.value == pytest.approx(70 - 63 - DERIBIT_FEES, abs=1e-3)
    assert told.note.startswith("WETH/USDC 0.3 % 70.0% by fees of 720.0 h; buy at 63.0% on deribit")


def test_what_a_poor_pool_leaves_is_the_bid_less_fees(hand: Any) -> None:
    quotes = options("deribit_options", 0.60, 0.63, in_coin=True)
    told = ask(with_options(paid(hand, 0.40), *quotes), "pool_edge_eth")
    assert told.value == pytest.approx(60 - 40 - DERIBIT_FEES, abs=1e-3)
    assert "; sell at 60.0% on deribit; fees" in told.note


def test_a_gap_within_the_spread_beats_nothing(hand: Any) -> None:
    quotes = options("deribit_options", 0.56, 0.68, in_coin=True)
    known = with_options(paid(hand, 0.66), *quotes)
    assert ask(known, "pool_gap_eth").value == pytest.approx(4.0, abs=1e-3)
    assert ask(known, "pool_edge_eth").value == pytest.approx(66 - 68 - DERIBIT_FEES, abs=1e-3)


def test_the_venue_that_leaves_more_is_taken(hand: Any) -> None:
    deribit = options("deribit_options", 0.60, 0.64, in_coin=True)
    derive = options("derive", 0.50, 0.55, in_coin=False)
    told = ask(with_options(paid(hand, 0.80), *deribit, *derive), "pool_edge_eth")
    assert told.value == pytest.approx(max(80 - 64 - DERIBIT_FEES, 80 - 55 - DERIVE_FEES), abs=1e-3)
    assert "buy at 55.0% on derive" in told.note


def test_a_side_that_nobody_quotes_is_declared_and_said_so(hand: Any) -> None:
    bare = with_options(paid(hand, 0.70))
    told = ask(bare, "pool_edge_eth")
    assert told.value == pytest.approx(70 - 64 - DERIBIT_FEES, abs=1e-3)
    assert "buy at 64.0%, 2% off the middle, declared" in told.note
    asked = [replace(one, bid=None) for one in options("deribit_options", 0.6, 0.63, in_coin=True)]
    sided = ask(with_options(paid(hand, 0.40), *asked), "pool_edge_eth")
    assert sided.value == pytest.approx(60 - 40 - DERIBIT_FEES, abs=1e-3)
    assert "sell at 60.0%, 2% off the middle, declared" in sided.note
