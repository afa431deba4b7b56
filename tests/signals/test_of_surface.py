"""The same volatility at two venues, and at a pool: by the volatilities they were priced with."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import QuantLib

from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading
from monitor.signals import of_surface
from monitor.signals.absorb import Lens, absorb
from monitor.signals.facts import Facts
from monitor.signals.of_market import Told, market

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ETH = 2_000.0
DAYS = (date(2026, 3, 22), date(2026, 4, 11))
"""Twenty and forty days out, to the hour."""
STRIKES = tuple(float(k) for k in range(1_400, 2_801, 50))


def read(name: str, value: float) -> Reading:
    return Reading(name=name, value=value, unit="", as_of=AT, source="test")


def venue(
    name: str, near: float, far: float, *, spread: float = 0.0, coin: bool = True
) -> tuple[OptionQuote, ...]:
    """Return two expiries, each of one volatility. spread: half of it, in volatility."""
    return tuple(
        _quote(name, right, day, strike, sigma, spread=spread, coin=coin)
        for day, sigma in zip(DAYS, (near, far), strict=True)
        for strike in STRIKES
        for right in ("call", "put")
    )


def _quote(  # noqa: PLR0913 - what an option is priced by
    name: str, right: str, day: date, strike: float, sigma: float, *, spread: float, coin: bool
) -> OptionQuote:
    years = (datetime(day.year, day.month, day.day, 8, tzinfo=UTC) - AT) / timedelta(days=365)
    kind = QuantLib.Option.Call if right == "call" else QuantLib.Option.Put
    bid, mark, ask = (
        QuantLib.blackFormula(kind, strike, ETH, (sigma + off) * math.sqrt(years))
        / (ETH if coin else 1.0)
        for off in (-spread, 0.0, spread)
    )
    return OptionQuote(
        contract=Contract(kind=f"eth.{right}", expiry=day, strike=strike),
        source=name,
        as_of=AT,
        bid=bid if spread else None,
        ask=ask if spread else None,
        mark=mark,
        forward=ETH,
    )


def facts(*venues: tuple[OptionQuote, ...]) -> Facts:
    return Facts(
        readings={"eth.price|": read("eth.price", ETH)},
        quotes={one[0].source: one for one in venues if one},
    )


def ask(known: Facts, name: str) -> Told:
    return market(known, f"parity.{name}", AT)


def at_month(near: float, far: float) -> float:
    """Return total variance halfway between 20 and 40 days, as a volatility of 30."""
    return math.sqrt((near**2 * 20 + far**2 * 40) / 2 / 30)


@pytest.mark.parametrize("name", ["surface_25d_eth", "surface_50d_eth", "surface_25d_call_eth"])
def test_the_gap_is_that_of_the_volatilities_whatever_the_premium_is_in(name: str) -> None:
    known = facts(venue("deribit", 0.60, 0.55), venue("derive", 0.66, 0.58, coin=False))
    told = ask(known, name)
    gap = 100 * (at_month(0.66, 0.58) - at_month(0.60, 0.55))
    assert told.value == pytest.approx(gap, abs=1e-6)
    assert told.note.startswith(f"Derive {at_month(0.66, 0.58):.1%}, Deribit")


def test_a_venue_without_the_tenor_makes_it_unknown() -> None:
    whole = venue("deribit", 0.60, 0.55)
    near = tuple(one for one in venue("derive", 0.66, 0.58, coin=False)
                 if one.contract.expiry == DAYS[0])  # fmt: skip
    told = ask(facts(whole, near), "surface_25d_eth")
    assert told.value is None
    assert told.note == "derive has no quotes at this delta on both sides of 30 days"
    assert ask(facts(near), "surface_25d_eth").value is None
    sided = venue("derive", 0.66, 0.58, spread=0.01, coin=False)
    alone = ask(facts(sided), "surface_edge_eth")
    assert (alone.value, "deribit" in alone.note) == (None, True)


def test_a_premium_taken_in_the_wrong_unit_is_no_volatility() -> None:
    wrong = venue("derive", 0.66, 0.58, coin=True)  # in coin where dollars are stated
    told = ask(facts(venue("deribit", 0.60, 0.55), wrong), "surface_50d_eth")
    # A premium of a few cents is a volatility of next to nothing, not one of 60 %.
    assert told.value is None or told.value < -40


def test_the_edge_is_the_gap_less_both_spreads_and_fees() -> None:
    known = facts(
        venue("deribit", 0.60, 0.60, spread=0.01),
        venue("derive", 0.66, 0.66, spread=0.02, coin=False),
    )
    told = ask(known, "surface_edge_eth")
    # Sold at 64 on Derive, bought at 61 on Deribit; at the money vega is greatest, fees least.
    years = 30 / 365
    vega = ETH * math.sqrt(years / (2 * math.pi))  # S n(0) √T, of a half delta.
    fees = (2 * 0.0003 * ETH + 0.5) / (vega / 100)
    assert told.value == pytest.approx(3.0 - fees, abs=1e-3)
    assert told.note.startswith("at the money: sell at 64.0% on derive, buy at 61.0% on deribit")
    level = facts(
        venue("deribit", 0.60, 0.60, spread=0.01),
        venue("derive", 0.60, 0.60, spread=0.01, coin=False),
    )
    assert ask(level, "surface_edge_eth").value == pytest.approx(-2.0 - fees, abs=1e-3)


def test_quotes_without_sides_have_a_gap_and_no_edge() -> None:
    known = facts(venue("deribit", 0.60, 0.55), venue("derive", 0.66, 0.58, coin=False))
    assert ask(known, "surface_edge_eth").value is None


def test_volatilities_are_worked_out_once_a_minute_of_the_same_quotes() -> None:
    known = facts(
        venue("deribit", 0.60, 0.60, spread=0.01),
        venue("derive", 0.66, 0.66, spread=0.02, coin=False),
    )

    def solved() -> int:
        return of_surface._smile.cache_info().misses

    before = solved()
    told = ask(known, "surface_edge_eth")
    # Two venues, two expiries around 30 days, two sides; the three deltas share them.
    assert solved() - before == 8
    later = market(known, "parity.surface_edge_eth", AT + timedelta(seconds=59))
    assert (solved() - before, later.value) == (8, told.value)
    market(known, "parity.surface_edge_eth", AT + timedelta(seconds=60))
    assert solved() - before == 16
    one = facts(venue("deribit", 0.60, 0.60, spread=0.01))
    assert ask(one, "surface_edge_eth").note == "derive has no quotes of ETH"
    assert solved() - before == 16


def test_a_pool_that_is_not_watched_has_no_gap() -> None:
    known = replace(facts(), readings={"iv.eth30_cex|": read("iv.eth30_cex", 62.0)})
    told = ask(known, "pool_gap_eth")
    assert (told.value, told.note) == (None, "no pool of ETH in US dollars is watched")


def test_a_pool_s_gap_is_what_its_fees_of_a_week_pay_for(hand: Any) -> None:
    first = hand.snapshot(AT - timedelta(days=7), hand.position())
    # vol² = 4 · fees / (L √P) a year, of fees in token1: 0.7² over seven days, by hand.
    root = 1.0001 ** (hand.tick / 2)
    growth = int(0.49 * 7 / 365 * root / 4 * 2**128)
    later = hand.snapshot(AT, hand.position(), number=2)
    (state,) = later.pools
    paid = replace(state, fee_growth_global1_x128=growth)
    lens = Lens(pegged=frozenset({"0x" + "11" * 20}), chains=frozenset({"main"}))
    seen = absorb(absorb(Facts(), first, lens), replace(later, pools=(paid,)), lens)
    known = replace(seen, readings={"iv.eth30_cex|": read("iv.eth30_cex", 62.0)})
    told = ask(known, "pool_gap_eth")
    assert told.value == pytest.approx(8.0, abs=1e-3)
    assert told.note == "WETH/USDC 0.3 % 70.0% by fees of 168.0 h, options 62.0"
    late = market(known, "parity.pool_gap_eth", AT + timedelta(minutes=6))
    assert (late.value, late.note) == (None, "main has not been read for more than 5 m")
    young = absorb(Facts(), later, lens)
    fresh = ask(replace(young, readings=known.readings), "pool_gap_eth")
    assert (fresh.value, "seen at one block only" in fresh.note) == (None, True)
