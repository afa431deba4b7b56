"""A ticket in words: what to trade, what it costs, what that rests on."""

from collections.abc import Iterator

from monitor.alerts.figures import figure, number
from monitor.hedge.legs import count, spell_contract
from monitor.model.layer import Leg, Ticket


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
    return f"{verb} {count(leg.quantity)} × {spell_contract(leg.contract)}"


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
