"""A ticket in words: what to trade, what it costs, what that rests on."""

from collections.abc import Iterator
from typing import Final

from monitor.alerts.figures import day, figure, number
from monitor.model.layer import Contract, Leg, Ticket

_ROOTS: Final = {
    "vix.call": ("VIX", "call"),
    "vix.put": ("VIX", "put"),
    "vix.future": ("VX", "future"),
}


def ticket_lines(ticket: Ticket) -> Iterator[str]:
    """Yield the lines of a ticket, the trade first."""
    single = len(ticket.legs) == 1
    head = "Ticket  "
    for leg, price in zip(ticket.legs, ticket.prices, strict=True):
        yield f"{head}{leg_words(leg)}{'' if single else f'  ~{number(price, 2)}'}"
        head = ""
    yield f"~{number(ticket.prices[0], 2)} each, {_cash(ticket)}" if single else _cash(ticket)
    yield f"({_rests_on(ticket)})"
    if ticket.fee_share is not None:
        yield f"{figure(ticket.fee_share, 'fraction')} of a year's fees"
    if ticket.note:
        yield ticket.note


def leg_words(leg: Leg) -> str:
    """Return a leg as an order: `buy 4 × VIX 17 Mar 2027 29 call`."""
    verb = "buy" if leg.quantity > 0 else "sell"
    return f"{verb} {abs(leg.quantity)} × {contract_words(leg.contract)}"


def contract_words(contract: Contract) -> str:
    """Return a contract's name: `VIX 17 Mar 2027 29 call`, `VX 17 Mar 2027 future`."""
    root, _, right = contract.kind.rpartition(".")
    name, kind = _ROOTS.get(contract.kind, (root.upper(), right))
    strike = f" {contract.strike:g}" if contract.strike else ""
    return f"{name} {day(contract.expiry)}{strike} {kind}"


def _cash(ticket: Ticket) -> str:
    text = figure(abs(ticket.cost_usd), "usd")
    return text if ticket.cost_usd >= 0 else f"{text} received"


def _rests_on(ticket: Ticket) -> str:
    low, high = sorted((ticket.cost_low_usd, ticket.cost_high_usd))
    if low == high:
        return ticket.priced_by
    if len(ticket.legs) == 1 and ticket.cost_usd:
        each = abs(ticket.prices[0] / ticket.cost_usd)
        ends = sorted((abs(low) * each, abs(high) * each))
        return f"{ticket.priced_by}, {number(ends[0], 2)}–{number(ends[1], 2)} at vol ±5"
    joint = "–" if low >= 0 else " to "
    return f"{ticket.priced_by}, {number(low, 0)}{joint}{number(high, 0)} USD at vol ±5"
