"""What rules may ask of all positions together beside their value and loss, a function each.

What was borrowed, what lies idle and what the hedge costs nobody can read: a person types
it, a nought where there is none. What was not typed is not known.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from monitor.signals.book import book_value_usd, fees_unknown, live_positions, yearly_fees_usd
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.of_market import market
from monitor.signals.of_pool import Answer
from monitor.signals.roots import STABLE

OfBook: TypeAlias = Callable[[Facts, datetime], Answer]
"""What answers one name. The whole book has been read, lately enough, when it is asked."""

NO_VALUE: Final = "not every position has a price in US dollars"


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


def _wacc(facts: Facts, now: datetime) -> Answer:
    """Return what the book's money costs a year: (E/A)·r + (D/A)·b + h."""
    value = book_value_usd(facts)
    given = _typed(facts, now, "debt_usd", "idle_usd", "hedge_cost_usd")
    if value is None or isinstance(given, str):
        return None, given if isinstance(given, str) else NO_VALUE
    debt, idle, hedge = given
    assets = value + idle
    if not 0 <= debt <= assets or not assets:
        return None, f"{debt:,.0f} USD of debt on {assets:,.0f} USD leave no equity"
    rate = _typed(facts, now, "debt_rate") if debt else [0.0]
    if isinstance(rate, str):
        return None, rate
    equity, note = _cost_of_equity(facts, now)
    if equity is None:
        return None, note
    cost = (1 - debt / assets) * equity + debt / assets * rate[0] + hedge / assets
    own, owed = f"{1 - debt / assets:.0%} at {equity:.2%}", f"{debt / assets:.0%} at {rate[0]:.2%}"
    return cost, f"own {own} ({note}), owed {owed}, hedge {hedge / assets:.2%}"


def _cost_of_equity(facts: Facts, now: datetime) -> tuple[float | None, str]:
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
    "book.wacc": _wacc,
    "book.pcf": _pcf,
    "book.quick_ratio": _quick_ratio,
}
