"""What rules may ask of all positions together beside their value and loss, a function each.

What was borrowed and what lies idle nobody can read: a person types it, a nought where there is
none. What was not typed is not known. What borrowing and the hedge cost may be typed; else it is
what lending pools ask and what the layers held lose in time, and the note says which.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from monitor.hedge.book import Known, Ledger
from monitor.signals.book import book_value_usd, fees_unknown, live_positions, yearly_fees_usd
from monitor.signals.facts import Facts, PositionSeen, newest
from monitor.signals.of_market import market
from monitor.signals.of_pool import Answer
from monitor.signals.roots import STABLE

OfBook: TypeAlias = Callable[[Facts, datetime], Answer]
"""What answers one name. The whole book has been read, lately enough, when it is asked."""

WACC: Final = "book.wacc"
NO_VALUE: Final = "not every position has a price in US dollars"


_YEAR_DAYS: Final = 365


def _typed(facts: Facts, now: datetime, *names: str) -> list[float] | str:
    """Return figures a person types, or which of them is not known and why."""
    found = []
    for name in names:
        told = market(facts, f"lp.{name}", now)
        if not isinstance(told.value, float):
            unread = f"lp.{name} has not been read yet"
            typed = "; type it in [feed.manual.values], 0 where there is none"
            return told.note + (typed if told.note == unread else "")
        found.append(told.value)
    return found


def wacc(facts: Facts, now: datetime, ledger: Callable[[], Ledger] | None = None) -> Answer:
    """Return what the book's money costs a year, and where each part of it is from.

    (E/A)·r + (D/A)·b + h. ledger: of every layer; None where they are not looked at.
    """
    value = book_value_usd(facts)
    given = _typed(facts, now, "debt_usd", "idle_usd")
    if value is None or isinstance(given, str):
        return None, given if isinstance(given, str) else NO_VALUE
    debt, idle = given
    assets = value + idle
    if not 0 <= debt <= assets or not assets:
        return None, f"{debt:,.0f} USD of debt on {assets:,.0f} USD leave no equity"
    equity, of_equity = _cost_of_equity(facts, now)
    rate, of_rate = _cost_of_debt(facts, now) if debt else (0.0, "no debt")
    hedge, of_hedge = _cost_of_hedge(facts, now, ledger)
    if equity is None or rate is None or hedge is None:
        unknown = ((equity, of_equity), (rate, of_rate), (hedge, of_hedge))
        return None, next(why for number, why in unknown if number is None)
    owed = debt / assets
    told = (
        f"own {1 - owed:.0%} at {equity:.2%} ({of_equity}), owed {owed:.0%} at {rate:.2%} "
        f"({of_rate}), hedge {hedge / assets:.2%} ({of_hedge})"
    )
    return (1 - owed) * equity + owed * rate + hedge / assets, told


def _unless_typed(facts: Facts, now: datetime, name: str, other: Callable[[], Known]) -> Known:
    """Return a figure a person types, or another where nobody did; what was typed grows old."""
    told = market(facts, f"lp.{name}", now)
    if isinstance(told.value, float):
        return told.value, "typed"
    if newest(facts, f"lp.{name}") is not None:
        return None, told.note
    found, note = other()
    return (found, note) if found is not None else (None, f"lp.{name} is not typed, and {note}")


def _cost_of_debt(facts: Facts, now: datetime) -> Known:
    def lent() -> Known:
        told = market(facts, "rates.usdc_borrow", now)
        if not isinstance(told.value, float):
            return None, told.note
        return told.value, f"Aave's cheapest USDC: {told.note}"

    return _unless_typed(facts, now, "debt_rate", lent)


def _cost_of_hedge(facts: Facts, now: datetime, ledger: Callable[[], Ledger] | None) -> Known:
    """Return what the hedge costs a year, USD: typed, or what the layers held lose in time."""

    def carried() -> Known:
        if ledger is None:
            return None, "the hedge is not looked at here"
        held = ledger()
        theta, why = held.theta
        if theta is None:
            return None, why
        if not any(line.layer.legs for line in held.lines):
            return 0.0, "no layer is held"
        told = f"the layers' theta, {theta:+,.2f} USD a day"
        return -theta * _YEAR_DAYS + 0.0, f"{told}; {why}" if why else told

    return _unless_typed(facts, now, "hedge_cost_usd", carried)


def _cost_of_equity(facts: Facts, now: datetime) -> Known:
    """Return what its owner forgoes: the CAPM's return or, where that is unknown, lending's."""
    capm = market(facts, "capm.cost_of_equity", now)
    if isinstance(capm.value, float):
        return capm.value, "CAPM"
    lent = market(facts, "rates.usdc_supply", now)
    if isinstance(lent.value, float):
        return lent.value, f"what lending USDC would earn, for the CAPM is unknown: {capm.note}"
    return None, f"the cost of equity is unknown: {capm.note}; {lent.note}"


def _pcf(facts: Facts, now: datetime) -> Answer:
    """Return how many years of fees at their present pace the book is worth."""
    value, fees = book_value_usd(facts), yearly_fees_usd(facts, "book", now)
    if value is None:
        return None, NO_VALUE
    if fees is None:
        why = fees_unknown(facts)
        return None, why or "a position is younger than a day, or its entry is unknown"
    if not fees:
        return None, "no fees have been earned"
    silent = [
        f"#{one.position.token_id}"
        for one in live_positions(facts)
        if one.position.basis is not None and one.position.basis.source != "events"
    ]
    left_out = f"; what {', '.join(silent[:3])} collected is not known" if silent else ""
    return value / fees, f"{value:,.0f} / {fees:,.0f} USD a year{left_out}"


def _quick_ratio(facts: Facts, now: datetime) -> Answer:
    """Return what can be paid at once over what is owed: below 1 something must be sold."""
    given = _typed(facts, now, "idle_usd", "debt_usd", "due_usd")
    if isinstance(given, str):
        return None, given
    if book_value_usd(facts) is None:
        return None, NO_VALUE
    idle, debt, due = given
    if debt + due <= 0:
        return None, "nothing is owed"
    if why := fees_unknown(facts):
        return None, why
    held = live_positions(facts)
    stable = sum(stable_usd(facts, one) for one in held)
    fees = sum(one.measures.fees_usd or 0.0 for one in held)
    told = f"stable {stable:,.0f} + fees {fees:,.0f} + idle {idle:,.0f}"
    return (stable + fees + idle) / (debt + due), f"({told}) / {debt + due:,.0f} USD"


def stable_usd(facts: Facts, seen: PositionSeen) -> float:
    """Return the dollars a position holds in its quote token, 0 where that is no stable coin."""
    pool = facts.pools.get(seen.position.pool)
    if pool is None:
        return 0.0
    of, told = pool.state.pool, seen.measures
    raw, coin, each = (
        (told.amount0, of.token0, pool.usd0)
        if of.quote == 0
        else (told.amount1, of.token1, pool.usd1)
    )
    if each is None or abs(each - 1) > STABLE:
        return 0.0
    return raw / int(10**coin.decimals) * each


OF_BOOK: Final[Mapping[str, OfBook]] = {
    WACC: wacc,
    "book.pcf": _pcf,
    "book.quick_ratio": _quick_ratio,
}
