"""Another hedge for the same money: what it would be, in one line with its price."""

from math import floor
from typing import Final

from monitor.hedge.contracts import kind_of
from monitor.hedge.instruments import Instrument, Unit, unit_of
from monitor.hedge.legs import count, spell_contract
from monitor.hedge.ticket import Case
from monitor.hedge.trades import legs_of
from monitor.hedge.worth import held, together, worth_of
from monitor.model.layer import Leg, Ticket

_DAYS: Final = 60
_DELTA: Final = 0.25
_NEARLY: Final = 1e-9


def instrument_on(driver: str, root: str) -> Instrument | None:
    """Return what pays as a driver rises; None of one that no listed contract is written on.

    A coin's falls: its 25-delta put, 60 days. Its rises: the call. Its moves either way, and
    its volatility: the strip of puts and calls that pays the covered loss back.
    """
    match driver:
        case "vix":
            return Instrument(kind="vix.call", dte=_DAYS, delta=_DELTA)
        case "fall":
            return Instrument(kind=f"{root}.put", dte=_DAYS, delta=_DELTA)
        case "rise":
            return Instrument(kind=f"{root}.call", dte=_DAYS, delta=_DELTA)
        case "move" | "dvol":
            return Instrument(kind=f"{root}.strip", dte=_DAYS)
        case _:
            return None


def same_money(instrument: Instrument, ticket: Ticket, case: Case) -> str:
    """Return the trade in an instrument that costs what a ticket does, or why it has no price.

    Options that bring money in, and those a roll opens, are matched by the most that they can
    lose. Of a strip no more than the whole, which pays back all the loss.
    """
    found = _sized(instrument, ticket, case)
    return found if found.startswith("buy ") else f"not priced: {found}"


def _sized(instrument: Instrument, ticket: Ticket, case: Case) -> str:
    unit = unit_of(instrument, case.market, case.at, case.cover)
    if isinstance(unit, str):
        return unit
    each = worth_of([(part.contract, part.weight) for part in unit.parts], case.market, case.at)
    if isinstance(each, str):
        return each
    options = any(kind_of(leg.contract).option for leg in ticket.legs)
    money = max(ticket.cost_usd, ticket.max_loss_usd or 0.0 if options else 0.0)
    if money <= 0 or each.outlay_usd <= 0:
        return "there is no cost to match"
    units = money / each.outlay_usd
    units = float(floor(units + _NEARLY)) if unit.whole else min(units, 1.0)
    legs = legs_of(unit, units)
    by = {part.contract: one for part, one in zip(unit.parts, each.quotes, strict=True)}
    worth = together(held(legs), [by[leg.contract] for leg in legs])
    if not legs:
        whole = f"a whole one costs {each.outlay_usd:,.0f} ({each.by})"
        return f"{money:,.0f} USD buy no whole lot; {whole}"
    return f"buy {_words(unit, units, legs)}, {worth.outlay_usd:,.0f} USD ({worth.by})"


def _words(unit: Unit, units: float, legs: tuple[Leg, ...]) -> str:
    if unit.whole and len(legs) == 1:
        return f"{count(legs[0].quantity)} × {spell_contract(legs[0].contract)}"
    first, last = legs[0].contract, legs[-1].contract
    ticker, day, month, year, *_ = spell_contract(first).split()
    strikes = f"{len(legs)} strikes {first.strike:g}–{last.strike:g}"
    return f"{units * 100:.0f} % of the {ticker} strip {day} {month} {year} ({strikes})"
