"""Layers told to a phone: some thirty characters a line."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from monitor.alerts.figures import moment
from monitor.hedge.contracts import days_left, expired
from monitor.hedge.legs import spell_leg
from monitor.model.layer import LayerState, LayerStatus
from monitor.pipeline import State
from monitor.rules.pack import Rule

_MOST: Final = 12


def layers_told(state: State, rules: Iterable[Rule], now: datetime) -> Iterator[str]:
    """Yield every layer: those that hold something or are asked of first."""
    known = {rule.layer.id: rule.layer for rule in rules if rule.layer}
    there = sorted(state.layers.values(), key=lambda one: (not one.legs, one.layer, one.scope))
    awake = [one for one in there if one.legs or one.status is not LayerStatus.OFF]
    for one in awake[:_MOST]:
        yield from _layer(state, one, now)
    if len(awake) > _MOST:
        yield f"and {len(awake) - _MOST} more"
    off = sorted(known.keys() - {one.layer for one in awake})
    if off:
        yield f"off: {' '.join(off)}"
    if not known and not awake:
        yield "the rules have no layer"


def _layer(state: State, one: LayerState, now: datetime) -> Iterator[str]:
    live = [
        days_left(leg.contract.expiry, now) for leg in one.legs if not expired(leg.contract, now)
    ]
    left = f", {int(min(live))} d left" if live else ""
    yield f"{one.layer}{over(state, one.scope)} {one.status.value.replace('_', ' ')}{left}"
    for leg in one.legs:
        yield f" {spell_leg(leg)}"
    asked = one.proposal
    if asked is not None and not asked.expired:
        yield f" {asked.action.value} proposed: {asked.alert}"
        if asked.expires_at is not None:
            yield f" void {moment(asked.expires_at, now)}"


def over(state: State, scope: str) -> str:
    """Return a layer's position or pool as it follows the layer's id; empty for the book."""
    position = state.facts.positions.get(scope)
    pool = state.facts.pools.get(scope)
    if position is not None:
        return f" #{position.position.token_id}"
    return f" {pool.state.pool.pair}" if pool is not None else ""
