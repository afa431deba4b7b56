"""Which strikes are listed, by hand, and which is a delta's; quotes are gone through but once."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
import QuantLib

from monitor.hedge.instruments import Instrument, Unit, unit_of
from monitor.hedge.market import Market
from monitor.hedge.strikes import listed_beyond, listed_strike, quoted_strikes
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from tests.hedge.markets import COVER, MARKET, NOW, contract, years

DAY, LATER = date(2026, 3, 27), date(2026, 4, 24)


class Counted(dict[Contract, OptionQuote]):
    """Quotes that count how often they are gone through."""

    rounds = 0

    def __iter__(self) -> Iterator[Contract]:
        self.rounds += 1
        return super().__iter__()


def quoting(*strikes: float, kind: str = "eth.put") -> Market:
    rows = [contract(kind, DAY, strike) for strike in strikes]
    return replace(
        MARKET,
        quotes=Counted(
            (one, OptionQuote(contract=one, source="deribit", as_of=NOW, mark=0.01)) for one in rows
        ),
    )


def test_quotes_are_gone_through_once_for_all_strikes_and_all_shifts() -> None:
    market = quoting(1_700.0, 1_500.0)
    for strike in range(1_000, 3_000, 50):
        listed_strike(contract("eth.put", DAY, float(strike)), replace(market, vol_shift=0.05))
    assert isinstance(market.quotes, Counted)
    assert market.quotes.rounds == 1


def test_only_the_expiry_s_own_count_and_they_rise() -> None:
    market = quoting(1_700.0, 1_500.0)
    assert quoted_strikes("eth.put", DAY, market) == (1_500.0, 1_700.0)
    assert quoted_strikes("eth.put", LATER, market) == ()
    assert quoted_strikes("eth.call", DAY, market) == ()
    assert quoted_strikes("eth.put", DAY, MARKET) == ()


def test_other_quotes_have_other_strikes() -> None:
    for strike in (1_500.0, 1_600.0, 1_700.0, 1_800.0):
        assert quoted_strikes("eth.put", DAY, quoting(strike)) == (strike,)


@pytest.mark.parametrize(
    ("bound", "below", "above"),
    [
        pytest.param(1_600.0, 1_500.0, 1_700.0, id="between two"),
        pytest.param(1_700.0, 1_700.0, 1_700.0, id="at one"),
        pytest.param(1_400.0, None, 1_500.0, id="below all"),
        pytest.param(1_800.0, 1_700.0, None, id="above all"),
    ],
)
def test_the_first_quoted_strike_beyond_a_bound(
    bound: float, below: float | None, above: float | None
) -> None:
    market, at = quoting(1_700.0, 1_500.0), contract("eth.put", DAY, bound)
    assert listed_beyond(at, market, up=False) == below
    assert listed_beyond(at, market, up=True) == above


@pytest.mark.parametrize(
    ("kind", "bound", "below", "above"),
    [
        ("spxw.put", 5_867.1, 5_865.0, 5_870.0),
        ("vix.call", 19.7, 19.5, 20.0),
        ("vix.call", 20.2, 20.0, 21.0),
        ("eth.call", 1_951.0, 1_950.0, 2_000.0),
        ("eth.put", 0.4, None, 1.0),
    ],
)
def test_where_nobody_quotes_the_usual_steps_are_rounded_outward(
    kind: str, bound: float, below: float | None, above: float
) -> None:
    at = contract(kind, DAY, bound)
    assert listed_beyond(at, MARKET, up=False) == below
    assert listed_beyond(at, MARKET, up=True) == above


def smile(vol: float, strikes: range, right: str = "put") -> dict[Contract, OptionQuote]:
    """Return quotes of one expiry of ETH at one volatility, by QuantLib, in ETH as Deribit has."""
    spread = vol * math.sqrt(years("eth", DAY))
    side = QuantLib.Option.Put if right == "put" else QuantLib.Option.Call
    return {
        (one := contract(f"eth.{right}", DAY, float(strike))): OptionQuote(
            contract=one,
            source="deribit",
            as_of=NOW,
            mark=QuantLib.blackFormula(side, strike, 2_000.0, spread) / 2_000.0,
            forward=2_000.0,
        )
        for strike in strikes
    }


def oracle(strike: float, vol: float, right: str) -> float:
    side = QuantLib.Option.Put if right == "put" else QuantLib.Option.Call
    payoff = QuantLib.PlainVanillaPayoff(side, strike)
    spread = vol * math.sqrt(years("eth", DAY))
    return abs(QuantLib.BlackCalculator(payoff, 2_000.0, spread, 1.0).deltaForward())


@pytest.mark.parametrize("right", ["put", "call"])
@pytest.mark.parametrize("vol", [0.35, 0.60, 1.20])
@pytest.mark.parametrize("delta", [0.10, 0.25, 0.50])
def test_a_delta_s_strike_is_that_of_the_quotes_not_of_the_stated_volatility(
    right: str, vol: float, delta: float
) -> None:
    strikes = range(1_000, 4_001, 50)
    market = replace(MARKET, quotes=smile(vol, strikes, right))
    asked = Instrument(kind=f"eth.{right}", dte=25, delta=delta)
    unit = unit_of(asked, market, NOW, COVER)
    assert isinstance(unit, Unit)
    best = min(strikes, key=lambda one: abs(oracle(float(one), vol, right) - delta))
    assert [part.contract.strike for part in unit.parts] == [float(best)]
    assert unit.note == ""


def test_a_delta_that_no_listed_strike_has_is_told_of() -> None:
    market = replace(MARKET, quotes=smile(0.60, range(1_850, 2_201, 50)))
    unit = unit_of(Instrument(kind="eth.put", dte=25, delta=0.05), market, NOW, COVER)
    assert isinstance(unit, Unit)
    (part,) = unit.parts
    has = oracle(1_850.0, 0.60, "put")
    assert part.contract.strike == 1_850.0
    assert unit.note == (f"the nearest listed strike, 1850, has a delta of {has:.2f}, not 0.05")
