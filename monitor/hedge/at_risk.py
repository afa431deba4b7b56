"""The most that what is held can lose: what a credit brings in is not what it risks."""

from collections.abc import Sequence
from datetime import date
from math import isinf

from monitor.hedge.book import Known, Ledger, Line, costs_of, total
from monitor.hedge.contracts import kind_of
from monitor.hedge.journal import standing
from monitor.hedge.legs import spell_leg
from monitor.hedge.payoff import payoff_of
from monitor.model.layer import Leg


def at_risk(ledger: Ledger) -> Known:
    """Return the most all layers can lose from what was paid for what they hold, USD, >= 0.

    Each layer's own worst, and in it each expiry's, added up: none is taken to make good
    another's. Unknown where a loss has no bound.
    """
    return total((line.layer.layer, _of_line(line)) for line in ledger.lines)


def _of_line(line: Line) -> Known:
    costs = costs_of(standing(line.layer.journal))
    groups: dict[tuple[str, date], list[Leg]] = {}
    for leg in line.layer.legs:
        key = kind_of(leg.contract).root, leg.contract.expiry
        groups.setdefault(key, []).append(leg)
    found = 0.0
    for legs in groups.values():
        paid = [costs[leg.contract] for leg in legs]
        known = [cost for cost in paid if cost is not None]
        if len(known) < len(paid):
            return line.paid
        lost, why = _most(legs, sum(known))
        if lost is None:
            return None, why
        found += lost
    return found, ""


def _most(legs: Sequence[Leg], paid: float) -> Known:
    told = payoff_of(legs, paid)
    if told is not None and not isinf(told.max_loss_usd):
        return told.max_loss_usd, ""
    sold = [leg for leg in legs if told is None or leg.quantity < 0]
    open_end = next((leg for leg in sold if not kind_of(leg.contract).option), sold[0])
    return None, f"the most that can be lost with {spell_leg(open_end)} is not known"
