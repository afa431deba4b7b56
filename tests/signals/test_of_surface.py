"""The same volatility at two venues: by the volatilities they were priced with."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import QuantLib

from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading
from monitor.signals import smiles
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
        quoted(name, f"eth.{right}", day, strike, sigma, spread=spread, coin=coin)
        for day, sigma in zip(DAYS, (near, far), strict=True)
        for strike in STRIKES
        for right in ("call", "put")
    )


def of_btc(quotes: tuple[OptionQuote, ...]) -> tuple[OptionQuote, ...]:
    """Return the same quotes of BTC at the same price, by the source that would tell them."""
    source = {"deribit": "deribit_btc_options", "derive": "derive_btc"}[quotes[0].source]
    return tuple(
        replace(
            one,
            source=source,
            contract=replace(one.contract, kind=one.contract.kind.replace("eth", "btc")),
        )
        for one in quotes
    )


def quoted(  # noqa: PLR0913 - what an option is priced by
    name: str, kind: str, day: date, strike: float, sigma: float, *, spread: float, coin: bool
) -> OptionQuote:
    years = (datetime(day.year, day.month, day.day, 8, tzinfo=UTC) - AT) / timedelta(days=365)
    right = QuantLib.Option.Call if kind.endswith("call") else QuantLib.Option.Put
    bid, mark, ask = (
        QuantLib.blackFormula(right, strike, ETH, (sigma + off) * math.sqrt(years))
        / (ETH if coin else 1.0)
        for off in (-spread, 0.0, spread)
    )
    return OptionQuote(
        contract=Contract(kind=kind, expiry=day, strike=strike),
        source=name,
        as_of=AT,
        bid=bid if spread else None,
        ask=ask if spread else None,
        mark=mark,
        forward=ETH,
    )


def facts(*venues: tuple[OptionQuote, ...]) -> Facts:
    told = {f"{coin}.price": ETH for coin in ("eth", "btc")}
    told |= {f"quotes.{coin}": 100.0 for coin in ("eth", "btc")}
    told |= {f"iv.{coin}30_{place}": 60.0 for coin in ("eth", "btc") for place in ("cex", "dex")}
    return Facts(
        readings={f"{name}|": read(name, value) for name, value in told.items()},
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


def test_premiums_paid_in_dollars_today_are_compared_undiscounted() -> None:
    # 30 days at 5 %: taken for undiscounted they would imply a quarter point less.
    cheap = tuple(
        replace(one, mark=0.996 * one.mark, discount=0.996)
        for one in venue("derive", 0.60, 0.55, coin=False)
        if one.mark is not None
    )
    told = ask(facts(venue("deribit", 0.60, 0.55), cheap), "surface_50d_eth")
    assert told.value == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", ["surface_25d", "surface_50d", "surface_25d_call", "surface_edge"])
def test_btc_is_judged_as_eth_is_and_by_its_own_quotes(name: str) -> None:
    both = (
        venue("deribit", 0.60, 0.55, spread=0.01),
        venue("derive", 0.66, 0.58, spread=0.01, coin=False),
    )
    alone = facts(*both)
    assert ask(alone, f"{name}_btc").value is None
    moved = facts(*both, *(of_btc(one) for one in both))
    assert ask(moved, f"{name}_btc").value == ask(alone, f"{name}_eth").value
    assert ask(moved, f"{name}_eth").value == ask(alone, f"{name}_eth").value


def test_quotes_of_two_missed_polls_are_no_surface() -> None:
    old = tuple(
        replace(one, as_of=AT - timedelta(minutes=13)) for one in venue("deribit", 0.60, 0.55)
    )
    told = ask(facts(old, venue("derive", 0.66, 0.58, coin=False)), "surface_50d_eth")
    assert told.note == "deribit has no quotes at this delta on both sides of 30 days"


def test_strikes_far_apart_tell_nothing_of_what_lies_between() -> None:
    # Of 60 % at both ends, but nobody quotes the middle: a smile may sag there.
    wings = tuple(
        one
        for one in venue("derive", 0.60, 0.60, coin=False)
        if not 1_700 < one.contract.strike < 2_400
    )
    known = facts(venue("deribit", 0.50, 0.50), wings)
    assert ask(known, "surface_50d_eth").value is None
    assert ask(known, "surface_25d_eth").value is None


def test_a_surface_is_judged_only_while_both_chains_are_read() -> None:
    known = facts(venue("deribit", 0.60, 0.55), venue("derive", 0.66, 0.58, coin=False))
    for name in ("quotes.eth", "iv.eth30_dex"):
        readings = {key: one for key, one in known.readings.items() if key != f"{name}|"}
        told = ask(replace(known, readings=readings), "surface_50d_eth")
        assert (told.value, told.note) == (None, f"{name} has not been read yet")


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
    # A premium of a few cents is a volatility of next to nothing: of no market.
    assert told.value is None


def test_the_edge_is_the_gap_less_both_spreads_and_fees() -> None:
    known = facts(
        venue("deribit", 0.60, 0.60, spread=0.01),
        venue("derive", 0.66, 0.66, spread=0.02, coin=False),
    )
    told = ask(known, "surface_edge_eth")
    # Sold at 64 on Derive, bought at 61 on Deribit; at the money vega is greatest, fees least.
    years = 30 / 365
    vega = ETH * math.sqrt(years / (2 * math.pi))  # S n(0) √T, of a half delta.
    fees = ((2 * 0.0003 + 0.00015) * ETH + 0.5) / (vega / 100)  # and one is delivered
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
        return smiles._smile.cache_info().misses

    before = solved()
    told = ask(known, "surface_edge_eth")
    # Two venues, two expiries around 30 days, two sides; the three deltas share them.
    assert solved() - before == 8
    later = market(known, "parity.surface_edge_eth", AT + timedelta(seconds=59))
    assert (solved() - before, later.value) == (8, told.value)
    market(known, "parity.surface_edge_eth", AT + timedelta(seconds=60))
    assert solved() - before == 16
    one = facts(venue("deribit", 0.60, 0.60, spread=0.01))
    assert ask(one, "surface_edge_eth").note == "derive has no fresh quotes of ETH"
    assert solved() - before == 16
