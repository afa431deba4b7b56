"""The hedge book: what each layer cost, is worth and made, and all of them together.

US dollars. A future counts at its whole worth, in cash as in value, so that profit is right and
a short one's value is below nought. What is not known is None, and a reason stands beside it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from monitor.hedge.contracts import expired, kind_of
from monitor.hedge.journal import Entry, standing
from monitor.hedge.mark import Mark
from monitor.hedge.xirr import Flow, earned
from monitor.model.layer import Contract, LayerState
from monitor.model.same import Same
from monitor.model.swift import swift

Known: TypeAlias = tuple[float | None, str]
"""A number and a note: where it is None, why it is not known."""

NOUGHT_USD: Final = 0.005
"""A loss of less is none: it is the rounding of amounts, and no share of it means anything."""

_Cost: TypeAlias = tuple[float, float | None]
"""How much of a contract is held, and what was paid for it; None where a trade has no price."""

_NOTHING: Final[_Cost] = (0.0, 0.0)
_DAYS: Final = 365.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One layer of the book.

    spent: paid for everything ever bought and beside it, >= 0; returned: received likewise. paid:
    for the legs held now, at their average price; negative where they were sold. theta: a
    calendar day, the funding of perpetual futures in it as its note says; vega: a volatility
    point; all of the legs held. dte: None where none is held.
    by: who gave the prices. flows: what the layer laid out and got back, dated: a future's profit
    as it is closed, for it costs nothing to hold; carried: what those held were entered at. at:
    when what is held was valued.
    """

    layer: LayerState
    spent: Known
    returned: Known
    paid: Known
    value: Known
    theta: Known
    vega: Known
    pnl: Known
    dte: float | None
    by: str
    flows: tuple[Flow, ...]
    carried: float
    at: datetime

    @property
    def irr(self) -> Known:
        """Return what it earns a year, all cash and what is held counted."""
        if self.pnl[0] is None or self.value[0] is None:
            return None, self.pnl[1]
        return _rate([*self.flows, (self.at, self.value[0] - self.carried)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Every layer that has a journal, and when it was looked at."""

    lines: tuple[Line, ...]
    at: datetime

    @property
    def pnl(self) -> Known:
        """Return what all layers made, cash and value."""
        return total((line.layer.layer, line.pnl) for line in self.lines)

    @property
    def value(self) -> Known:
        """Return what all legs held are worth."""
        return total((line.layer.layer, line.value) for line in self.lines)

    @property
    def paid(self) -> Known:
        """Return what was paid for all legs held."""
        return total((line.layer.layer, line.paid) for line in self.lines)

    @property
    def theta(self) -> Known:
        """Return what a day that passes brings; negative when it costs. Its note: funding in it."""
        found, why = total((line.layer.layer, line.theta) for line in self.lines)
        told = "; ".join(dict.fromkeys(line.theta[1] for line in self.lines if line.theta[1]))
        return found, why if found is None else told

    @property
    def vega(self) -> Known:
        """Return what a volatility point more brings."""
        return total((line.layer.layer, line.vega) for line in self.lines)

    @property
    def spent(self) -> Known:
        """Return all that was ever paid."""
        return total((line.layer.layer, line.spent) for line in self.lines)

    @property
    def returned(self) -> Known:
        """Return all that was ever received."""
        return total((line.layer.layer, line.returned) for line in self.lines)

    @property
    def irr(self) -> Known:
        """Return what all layers together earn a year: condors' income and calls' cost as one."""
        if not self.lines:
            return None, "no hedge was ever booked"
        value, why = self.value
        if value is None:
            return None, why
        if self.spent[0] is None:
            return self.spent
        flows = [flow for line in self.lines for flow in line.flows]
        carried = sum(line.carried for line in self.lines)
        return _rate([*flows, (self.at, value - carried)])


_line: Final = swift(Line)


def ledger_of(
    layers: Iterable[LayerState], mark: Callable[[LayerState], Mark | None], at: datetime
) -> Ledger:
    """Return the hedge book of the layers that have a journal. mark: of a layer's legs."""
    booked = [layer for layer in layers if layer.journal]
    return Ledger(lines=tuple(line_of(layer, mark(layer), at) for layer in booked), at=at)


def line_of(layer: LayerState, mark: Mark | None, at: datetime) -> Line:
    """Return a layer's line. mark: of its legs, None where they cannot be marked."""
    spent, returned, unpriced, flows, carried, paid = _cash(Same(layer))
    why = _unmarked(layer, mark, at)
    worth = mark.worth if mark and not why else None
    value: Known = (worth.value_usd, worth.note) if worth else (None if why else 0.0, why)
    pnl: Known = (None, unpriced or why)
    if value[0] is not None and not unpriced:
        pnl = (returned - spent + value[0], value[1])
    return _line(
        layer=layer,
        spent=(None, unpriced) if unpriced else (spent, ""),
        returned=(None, unpriced) if unpriced else (returned, ""),
        paid=paid,
        value=value,
        theta=(worth.theta_usd, worth.carry_note) if worth else (None if why else 0.0, why),
        vega=(worth.vega_usd, worth.note) if worth else (None if why else 0.0, why),
        pnl=pnl,
        dte=mark.dte if mark else None,
        by=worth.by if worth else "",
        flows=flows,
        carried=carried,
        at=at,
    )


class _Cash(NamedTuple):
    """What was paid and received for a layer; it changes with the layer alone."""

    spent: float
    returned: float
    unpriced: str
    flows: tuple[Flow, ...]
    carried: float
    paid: Known


@lru_cache(maxsize=1024)
def _cash(layer: Same[LayerState]) -> _Cash:
    entries = standing(layer.of.journal)
    known = _booked(layer.of, entries)
    flows, carried = _laid_out(layer.of, entries)
    return _Cash(
        spent=-sum(one for one in known if one < 0) + 0.0,
        returned=sum(one for one in known if one > 0) + 0.0,
        unpriced=_unpriced(entries),
        flows=flows,
        carried=carried,
        paid=_paid(entries),
    )


def costs_of(entries: Sequence[Entry]) -> dict[Contract, float | None]:
    """Return what was paid for each contract held, USD at its average price, < 0 where sold.

    None where a trade has no price; what was closed since is 0.
    """
    held: dict[Contract, _Cost] = {}
    for entry in entries:
        held[entry.fill.contract] = _after(held.get(entry.fill.contract, _NOTHING), entry)
    return {contract: cost for contract, (_, cost) in held.items()}


def _after(before: _Cost, entry: Entry) -> _Cost:
    """Return how much of a contract is held after a trade in it, and what was paid for that."""
    (had, cost), n, cash = before, float(entry.fill.quantity), entry.booked.cash_usd
    if had * n >= 0:
        cost = None if cost is None or cash is None else cost - cash
    elif abs(n) <= abs(had):
        cost = None if cost is None else cost * (had + n) / had
    else:  # through nought: what is beyond it was opened at this price
        cost = None if cash is None else -cash * (had + n) / n
    return had + n, cost if had + n else 0.0


def multiple(line: Line) -> Known:
    """Return what the legs held are worth over what was paid for them; 3 is three times."""
    if not line.layer.legs:
        return None, f"{line.layer.layer} holds no legs"
    paid, value = line.paid, line.value
    if paid[0] is None:
        return paid
    if value[0] is None:
        return value
    if paid[0] <= 0:
        return None, f"{line.layer.layer} was opened for a credit: nothing was paid to multiply"
    return value[0] / paid[0], f"{value[0]:,.0f} / {paid[0]:,.0f} USD"


def decay(line: Line) -> Known:
    """Return the share of the value that a day that passes brings; -0.02 loses 2 %."""
    return _over(line, line.theta, line.value, "its value is nought")


def theta_per_vega(line: Line) -> Known:
    """Return how many volatility points a day time is worth; -0.3: vol must rise by 0.3 a day."""
    return _over(line, line.theta, line.vega, "it has no vega")


def offset(pnl: Known, loss: Known) -> Known:
    """Return the share of a loss that a hedge's profit made good, signed.

    loss: USD, <= 0. 0.3: 30 % of it; negative where the hedge lost too. Without a loss there
    is no share, and it is unknown, not nought.
    """
    if pnl[0] is None:
        return pnl
    if loss[0] is None:
        return loss
    if loss[0] > -NOUGHT_USD:
        return None, "there was no loss to make good"
    made = f"{pnl[0]:,.0f} USD made on {loss[0]:,.0f} USD of IL"
    return pnl[0] / -loss[0], made.replace("-", "−")


def cost_share(theta: Known, fees_year: float | None) -> Known:
    """Return what a year of the hedge's carry costs as a share of a year's fees.

    Negative where it earns. fees_year: USD; None is unknown.
    """
    if theta[0] is None:
        return theta
    if not fees_year:
        return None, "a year's fees are not known" if fees_year is None else "no fees are earned"
    bleed = -theta[0] * _DAYS
    return bleed / fees_year, f"{bleed:,.0f} / {fees_year:,.0f} USD a year".replace("-", "−")


def total(parts: Iterable[tuple[str, Known]]) -> Known:
    """Return the sum of what layers have; unknown, and by whom, where one is."""
    found = 0.0
    for name, (number, why) in parts:
        if number is None:
            return None, why if why.startswith(name) else f"{name}: {why}"
        found += number
    return found, ""


def _over(line: Line, above: Known, below: Known, nought: str) -> Known:
    if not line.layer.legs:
        return None, f"{line.layer.layer} holds no legs"
    if above[0] is None:
        return above
    if below[0] is None:
        return below
    if not below[0]:
        return None, nought
    return above[0] / abs(below[0]), above[1]


def _rate(flows: Sequence[Flow]) -> Known:
    found = earned(flows)
    return (None, found) if isinstance(found, str) else (found, "")


def _unpriced(entries: Sequence[Entry]) -> str:
    without = next((entry for entry in entries if entry.booked.cash_usd is None), None)
    if without is None:
        return ""
    then = "" if without.fill.price is None else ": what the coin was worth then is not known"
    return f"{without.told}, has no price in US dollars{then}"


def _unmarked(layer: LayerState, mark: Mark | None, at: datetime) -> str:
    """Return why what is held has no value, or an empty text."""
    gone = sum(expired(leg.contract, at) for leg in layer.legs)
    if gone:
        legs = "leg awaits its" if gone == 1 else "legs await their"
        return f"{gone} expired {legs} settlement: close at the price it settled at"
    if not layer.legs:
        return ""
    return "" if mark and mark.worth else mark.note if mark else "its legs cannot be marked"


def _booked(layer: LayerState, entries: Sequence[Entry]) -> list[float]:
    """Return all cash that is known, of trades and beside them; a future at its whole worth."""
    traded = (entry.booked.cash_usd for entry in entries)
    return [*(cash for cash in traded if cash is not None), *(one.usd for one in layer.cash)]


def _laid_out(layer: LayerState, entries: Sequence[Entry]) -> tuple[tuple[Flow, ...], float]:
    """Return what was laid out and got back, and what the futures held were entered at."""
    found = [(one.at, one.usd) for one in layer.cash]
    futures: dict[Contract, _Cost] = {}
    for entry in entries:
        what, cash = entry.fill.contract, entry.booked.cash_usd or 0.0
        if not kind_of(what).option:
            before = futures.get(what, _NOTHING)
            futures[what] = _after(before, entry)
            cash += (futures[what][1] or 0.0) - (before[1] or 0.0)
        found.append((entry.booked.at, cash))
    return tuple(found), sum(cost or 0.0 for _, cost in futures.values())


def _paid(entries: Sequence[Entry]) -> Known:
    """Return what was paid for what is held, at average prices."""
    costs = costs_of(entries).values()
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return None, _unpriced(entries)
    return sum(known), ""
