"""A ticket in words: what to trade, what it costs and covers, what that rests on."""

from collections.abc import Iterator
from typing import Final

from monitor.alerts.figures import figure, number
from monitor.hedge.legs import spell_trade
from monitor.model.layer import Covers, Fit, Leg, Ticket

DISCLAIMER: Final = "For education, not advice: prices by the model are no quotes. It never trades."
FAIR_R2: Final = 0.25
"""From here on a driver's fit is called fair; below it is weak."""

GOOD_R2: Final = 0.60
"""From here on it is called good."""

_NEARLY_ONE: Final = 0.995
_DOLLAR: Final = 0.5
"""Two amounts that differ by less are told as one."""


def ticket_lines(ticket: Ticket) -> Iterator[str]:
    """Yield the lines of a ticket, the trade first."""
    yield from _trade(ticket)
    if ticket.fee_share is not None:
        # Of what is received as of what is paid; the line above says which.
        yield f"{figure(abs(ticket.fee_share), 'fraction')} of a year's fees"
    elif ticket.sized:
        yield "share of a year's fees unknown"
    if ticket.sized:
        yield f"Sized  {ticket.sized}"
    yield from _risks(ticket)
    if ticket.covers is not None:
        yield from _covers(ticket.covers)
    if ticket.fit is not None:
        yield from fit_lines(ticket.fit)
    if ticket.better is not None:
        yield from _better(ticket.better, ticket.better_ticket)
    yield from ticket.warnings
    yield from filter(None, ticket.note.split("; "))


def ticket_brief(ticket: Ticket) -> Iterator[str]:
    """Yield a ticket in a line or two: the trade with its cost, what it covers, how it fits."""
    trades = ", ".join(spell_trade(leg) for leg in ticket.legs)
    yield f"{trades}: {_cash(ticket)} ({ticket.priced_by})"
    told = []
    if ticket.covers is not None:
        told.append(f"{next(_covers(ticket.covers)).lower()} in a 2020-like spike")
    if ticket.fit is not None:
        fit = ticket.fit
        how = "" if fit.r2 is None else f", {_tight(fit)} on {fit.driver}"
        told.append(f"fit {grade(fit)}{how}")
    if told:
        yield "; ".join(told)


def grade(fit: Fit) -> str:
    """Return a fit in one word: `good`, `fair`, `weak`, `unknown`.

    `none` where the driver falls in the weeks in which most is lost: what pays as it rises
    is then no hedge, however tight the fit.
    """
    if fit.r2 is None or fit.corr is None:
        return "unknown"
    if fit.corr >= 0:
        return "none"
    if fit.r2 >= GOOD_R2:
        return "good"
    return "fair" if fit.r2 >= FAIR_R2 else "weak"


def _trade(ticket: Ticket) -> Iterator[str]:
    single = len(ticket.legs) == 1
    head = "Ticket  "
    for leg, price in zip(ticket.legs, ticket.prices, strict=True):
        yield f"{head}{spell_trade(leg)}{'' if single else f'  ~{_price(leg, price)}'}"
        head = ""
    each = f"~{_price(ticket.legs[0], ticket.prices[0])} each, " if single else ""
    yield f"{each}{_cash(ticket)}"
    yield f"({_rests_on(ticket)})"


def _price(leg: Leg, price: float) -> str:
    """Return a price as its exchange states it; coins of a coin option to four places."""
    coin = leg.contract.strike and leg.contract.kind.startswith(("eth.", "btc."))
    return number(price, 4 if coin else 2)


def _risks(ticket: Ticket) -> Iterator[str]:
    most, margin = ticket.max_loss_usd, ticket.margin_usd
    if most is not None and margin is not None and abs(most - margin) < _DOLLAR:
        yield f"Most lost {figure(most, 'usd')}, margin the same"
        margin = None
    elif most is not None:
        yield f"Most lost {figure(most, 'usd')}"
    if ticket.break_evens:
        yield f"Breaks even at {' and '.join(figure(one, 'points') for one in ticket.break_evens)}"
    if margin is not None:
        yield f"Margin about {figure(margin, 'usd')}"


def _covers(covers: Covers) -> Iterator[str]:
    """Yield what share of the loss it pays; that it loses, where it does."""
    low, high = covers.low, covers.high
    if covers.given_up:
        yield f"Gives up cover of {_shares(low, high)} of IL (model)"
    elif high <= 0:
        yield f"Loses  {_shares(-high, -low)} of IL on top (model)"
    elif low < 0:
        paid = f"pays up to {number(high * 100, 0)} %"
        yield f"Covers between {paid} and loses {number(-low * 100, 0)} % of IL (model)"
    else:
        yield f"Covers expected {_shares(low, high)} of IL (model)"
    yield f"in {covers.scenario}"


def _shares(low: float, high: float) -> str:
    first, last = number(low * 100, 0), number(high * 100, 0)
    return f"{first} %" if first == last else f"{first}–{last} %"


def fit_lines(fit: Fit) -> Iterator[str]:
    """Yield how a hedge's driver has tracked the loss, and how much of that fell in calm."""
    word = grade(fit)
    if fit.r2 is None:
        yield f"Fit  {word}: IL on {fit.driver}, {fit.note}"
    else:
        way = ", the wrong way" if word == "none" else ""
        yield f"Fit  {word}: IL on {fit.driver}, {_tight(fit)}{way}"
        yield f"over {fit.note}"
    if fit.calm_share is not None:
        yield f"VIX ≤ 30 in {number(fit.calm_share * 100, 0)} % of past IL"


def _better(fit: Fit, ticket: str) -> Iterator[str]:
    yield f"better fit: {fit.driver}{'' if fit.r2 is None else f', {_tight(fit)}'}"
    if ticket:
        yield ticket


def _tight(fit: Fit) -> str:
    """Return correlation and R² of a fit that is known: `corr −0.60, R² 0.36`."""
    told = [("corr", fit.corr), ("R²", fit.r2)]
    return ", ".join(f"{name} {_ratio(value)}" for name, value in told if value is not None)


def _ratio(value: float) -> str:
    """Return a ratio in two places; what is not quite one is not told as one."""
    if _NEARLY_ONE <= abs(value) < 1:
        return "above 0.99" if value > 0 else "below −0.99"
    return number(value, 2)


def _cash(ticket: Ticket) -> str:
    text = figure(abs(ticket.cost_usd), "usd")
    return text if ticket.cost_usd >= 0 else f"{text} received"


def _rests_on(ticket: Ticket) -> str:
    low, high = sorted((ticket.cost_low_usd, ticket.cost_high_usd))
    if low == high:
        return ticket.priced_by
    if len(ticket.legs) == 1 and ticket.cost_usd:
        each = abs(ticket.prices[0] / ticket.cost_usd)
        first, last = (_price(ticket.legs[0], end * each) for end in sorted((abs(low), abs(high))))
        return f"{ticket.priced_by}, {first}–{last} at vol ±5"
    if high <= 0:  # received, as the line above says
        low, high = -high, -low
    joint = "–" if low >= 0 else " to "
    return f"{ticket.priced_by}, {number(low, 0)}{joint}{number(high, 0)} USD at vol ±5"
