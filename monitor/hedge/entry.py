"""The extrinsic value a layer was entered at: what it held, plus what was added as it was added."""

from dataclasses import replace
from datetime import datetime

from monitor.hedge.layer import opened
from monitor.hedge.legs import add_legs
from monitor.hedge.mark import Mark, mark
from monitor.hedge.market import Market
from monitor.model.layer import Contract, LayerState, LayerStatus, Leg, Quantity


def entered(old: LayerState, new: LayerState, market: Market, at: datetime) -> LayerState:
    """Return a layer after a trade with what its added legs' extrinsic value is now in its entry.

    old: before the trade. Unknown while any part of it is: see `backfilled`.
    """
    if not opened(old.legs, new.legs):
        return new
    kept = _kept(old.legs, new.legs)
    if kept and old.extrinsic_at_entry_usd is None:
        return replace(new, extrinsic_at_entry_usd=None)
    gone = tuple(Leg(contract=leg.contract, quantity=-leg.quantity) for leg in kept)
    found = mark(add_legs(new.legs, gone), market, at)
    if found is None or found.extrinsic_usd is None:
        return replace(new, extrinsic_at_entry_usd=None)
    before = new.extrinsic_at_entry_usd or 0.0 if kept else 0.0
    return replace(new, extrinsic_at_entry_usd=before + found.extrinsic_usd)


def backfilled(layer: LayerState, found: Mark | None) -> LayerState:
    """Return a layer that was entered while no mark was had, with the first there is."""
    known = layer.extrinsic_at_entry_usd is not None or layer.status is LayerStatus.EXPIRED
    if known or not layer.legs or found is None or found.extrinsic_usd is None:
        return layer
    return replace(layer, extrinsic_at_entry_usd=found.extrinsic_usd)


def _kept(before: tuple[Leg, ...], after: tuple[Leg, ...]) -> tuple[Leg, ...]:
    """Return what of the legs before is still held after."""
    left: dict[Contract, Quantity] = {leg.contract: leg.quantity for leg in after}
    found = []
    for leg in before:
        now = left.get(leg.contract, 0)
        if now * leg.quantity > 0:
            found.append(
                replace(
                    leg,
                    quantity=now if abs(float(now)) < abs(float(leg.quantity)) else leg.quantity,
                )
            )
    return tuple(found)
