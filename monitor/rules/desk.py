"""The hedge desk: what to trade when a rule asks for an action, or why that is not known."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.hedge.book import Ledger, ledger_of
from monitor.hedge.contracts import Right, expired, kind_of, units
from monitor.hedge.cost_of_money import ADJUSTMENTS
from monitor.hedge.ladder import reached, share_due
from monitor.hedge.mark import mark
from monitor.hedge.market import Market, after
from monitor.hedge.overlap import hedging
from monitor.hedge.rebalance import rebalance_ticket, sized_anew
from monitor.hedge.ticket import Case, draw_ticket, remove_ticket, roll_ticket
from monitor.hedge.worth import Holding, held
from monitor.model.layer import PERPETUAL, Action, Fit, LayerState, Leg, Proposal, Ticket
from monitor.rules.basis_risk import fit_of, with_fit
from monitor.rules.expression import compile_rule
from monitor.rules.form import RESERVED
from monitor.rules.pack import Layer, Rule, Severity
from monitor.rules.shorthand import by_rungs
from monitor.rules.surroundings import View
from monitor.rules.template import compile_template
from monitor.signals.catalogue import BY_NAME, Scope
from monitor.signals.covered import cover_of, money_of
from monitor.signals.facts import Facts

NO_LAYER: Final = "the rule belongs to no layer"

_REMIND: Final = timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a desk draws tickets on: the facts, the markets, and every layer there is."""

    facts: Facts
    market: Market
    layers: Mapping[str, LayerState]
    now: datetime

    def ledger(self) -> Ledger:
        """Return the hedge book: every layer that has a journal, marked on these markets."""
        return ledger_of(
            self.layers.values(), lambda one: mark(one.legs, self.market, self.now), self.now
        )


def _rung_due(rule: Rule, view: View) -> int:
    """Return up to which rung a firing rule asks to sell; 0 of a rule that is not its ladder's."""
    if rule.layer is None or view.layer is None or not by_rungs(rule):
        return 0
    multiple = view.value("layer.multiple").value
    known = multiple if isinstance(multiple, float) else None
    return reached(rule.layer.ladder, known, view.layer.rungs)


def proposed(rule: Rule, view: View, book: Book, *, alert: str, at: datetime) -> Proposal:
    """Return what a rule asks for, with its ticket or why there is none. alert: its short id."""
    rung = _rung_due(rule, view)
    drawn = draw(rule, view.layer, book, rung=rung) if view.layer else NO_LAYER
    return Proposal(
        rule=rule.id,
        alert=alert,
        action=rule.action,
        at=at,
        expires_at=at + rule.expires if rule.expires else None,
        ticket=drawn if isinstance(drawn, Ticket) else None,
        note="" if isinstance(drawn, Ticket) else drawn,
        rung=rung,
        fit=None if isinstance(drawn, Ticket) else _fit(rule, view, book),
    )


def _fit(rule: Rule, view: View, book: Book) -> Fit | None:
    if rule.layer is None or view.layer is None:
        return None
    cover = cover_of(book.facts, view.layer.scope, book.now)
    return fit_of(rule.layer.instrument, cover, book.facts, book.now)


def draw(rule: Rule, layer: LayerState, book: Book, *, rung: int = 0) -> Ticket | str:
    """Return the ticket of a rule's action on its layer, or why there is none.

    rung: up to which one of its ladder the layer is to be sold; 0 where it is not by rungs.
    """
    made, closes = rule.layer, False
    if made is None:
        return NO_LAYER
    cover = cover_of(book.facts, layer.scope, book.now)
    asked = ADJUSTMENTS.get(made.size.adjust, ())
    case = Case(
        market=book.market,
        at=book.now,
        cover=cover,
        money=replace(
            money_of(book.facts, cover, book.now, asked=asked, ledger=book.ledger),
            condor_usd=condor_usd(book.layers, book.now),
        ),
        held=_held(layer, made.size.shock.coins, book),
        own=held(_live(layer, book.now)),
    )
    match rule.action:
        case Action.ADD:
            drawn = draw_ticket(made.instrument, made.size, case)
        case Action.ROLL if sized_anew(made.instrument, made.size):
            drawn = rebalance_ticket(layer.legs, made.instrument, made.size, case)
        case Action.ROLL:
            case = replace(case, market=_later(layer, book.market))
            drawn = roll_ticket(layer.legs, made.instrument, made.size, case)
        case _:
            share = share_due(made.ladder, layer.rungs, rung) if rung else 1.0
            drawn, closes = remove_ticket(layer.legs, case, share=share), True
    if isinstance(drawn, str):
        return drawn
    case = replace(case, market=book.market)
    return with_fit(drawn, made.instrument, case, book.facts, closes=closes)


def _held(layer: LayerState, coins: Mapping[str, float], book: Book) -> tuple[Holding, ...]:
    """Return what already hedges a layer's scope; that of others by their loss in a shock."""
    return hedging(
        layer.scope,
        book.layers.values(),
        pools={key: seen.position.pool for key, seen in book.facts.positions.items()},
        lost=lambda scope: cover_of(book.facts, scope, book.now).loss_usd(dict(coins)),
        at=book.now,
    )


def _live(layer: LayerState, now: datetime) -> list[Leg]:
    return [leg for leg in layer.legs if not expired(leg.contract, now)]


def condor_usd(layers: Mapping[str, LayerState], now: datetime) -> float:
    """Return the notional of the condors held, USD: their short puts' strikes and multipliers.

    A condor is short puts and calls of one layer: a hedge's put spread is none.
    """
    total = 0.0
    for one in layers.values():
        sold = [leg for leg in _live(one, now) if leg.quantity < 0]
        spx = [leg for leg in sold if kind_of(leg.contract).root == "spx"]
        puts = [leg for leg in spx if kind_of(leg.contract).right is Right.PUT]
        if len(puts) < len(spx):
            total -= sum(units(leg.quantity, leg.contract) * leg.contract.strike for leg in puts)
    return total


def _later(layer: LayerState, market: Market) -> Market:
    """Return the markets with only the expiries beyond what the layer holds: a roll moves out."""
    ends = [leg.contract.expiry for leg in layer.legs if leg.contract.expiry != PERPETUAL]
    return after(market, max(ends)) if ends else market


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
