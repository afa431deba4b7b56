"""The hedge desk: what to trade when a rule asks for an action, or why that is not known."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from monitor.hedge.market import Market
from monitor.hedge.ticket import draw_ticket, remove_ticket, roll_ticket
from monitor.model.layer import Action, LayerState, Ticket
from monitor.rules.expression import compile_rule
from monitor.rules.form import RESERVED
from monitor.rules.pack import Layer, Rule, Severity
from monitor.rules.template import compile_template
from monitor.signals.book import yearly_fees_usd
from monitor.signals.catalogue import BY_NAME, Scope
from monitor.signals.facts import Facts

_REMIND: Final = timedelta(hours=4)


def draw(
    rule: Rule, layer: LayerState, facts: Facts, market: Market, now: datetime
) -> Ticket | str:
    """Return the ticket of a rule's action on its layer, or why there is none."""
    made = rule.layer
    if made is None:
        return f"{rule.id} belongs to no layer"
    fees = yearly_fees_usd(facts, layer.scope, now)
    match rule.action:
        case Action.ADD:
            return draw_ticket(
                made.instrument, made.size, market=market, at=now, fee_income_usd=fees
            )
        case Action.ROLL:
            later = _later(layer, market)
            return roll_ticket(layer.legs, made.instrument, market=later, at=now)
        case _:
            return remove_ticket(layer.legs, market=market, at=now)


def _later(layer: LayerState, market: Market) -> Market:
    """Return the market with only the expiries beyond what the layer holds: a roll moves out."""
    held = max((leg.contract.expiry for leg in layer.legs), default=None)
    if held is None:
        return market
    return replace(market, expiries=tuple(day for day in market.expiries if day > held))


def orphan_rules(layers: Iterable[Layer]) -> Iterator[Rule]:
    """Return, for each layer that covers a position, the rule that ends it with its position.

    Critical, and nobody's to switch off: a hedge without its position is a bet.
    """
    for layer in layers:
        if layer.scope is Scope.POSITION:
            yield Rule(
                id=f"{layer.id}{RESERVED}",
                pack="self",
                action=Action.REMOVE,
                scope=layer.scope,
                layer=layer,
                when=compile_rule("layer.orphaned", BY_NAME),
                clear=None,
                title=compile_template("{layer.title}: its position is gone", BY_NAME),
                text=compile_template("The position is burned or empty: {ticket.legs}", BY_NAME),
                severity=Severity.CRITICAL,
                repeat=_REMIND,
            )
