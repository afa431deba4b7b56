"""What rules may ask of one layer's money and of how it moves, a function each."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from monitor.hedge.book import Known, Line, decay, multiple, theta_per_vega
from monitor.hedge.mark import Mark
from monitor.hedge.market import Market, ground
from monitor.hedge.quote import quote
from monitor.model.layer import LayerState

OfLayer: TypeAlias = Callable[[Line, Market], Known]


def kept(layer: LayerState, mark: Mark) -> Mapping[str, float | None]:
    """Return what a mark tells by itself, by name."""
    entry, left = layer.extrinsic_at_entry_usd, None
    if entry and mark.extrinsic_usd is not None:
        left = mark.extrinsic_usd / entry
    return {
        "layer.value_usd": mark.value_usd,
        "layer.extrinsic_left": left,
    }


def delta_usd(line: Line, market: Market) -> Known:
    """Return what of their underlyings the legs held move like, USD: Σ delta · its price.

    Of a VIX option and of a coin's, the price of its forward.
    """
    if line.value[0] is None:
        return line.value
    found = 0.0
    for leg in line.layer.legs:
        base = ground(leg.contract.kind, leg.contract.expiry, market, line.at)
        one = quote(leg.contract, market, line.at)
        if isinstance(base, str) or isinstance(one, str):
            return None, base if isinstance(base, str) else str(one)
        found += float(leg.quantity) * one.delta * float(base.underlying.spot)
    return found, line.value[1]


OF_LAYER: Final[Mapping[str, OfLayer]] = {
    "layer.pnl_usd": lambda line, _: line.pnl,
    "layer.multiple": lambda line, _: multiple(line),
    "layer.paid_usd": lambda line, _: line.paid,
    "layer.theta_usd": lambda line, _: line.theta,
    "layer.vega_usd": lambda line, _: line.vega,
    "layer.theta_per_vega": lambda line, _: theta_per_vega(line),
    "layer.decay": lambda line, _: decay(line),
    "layer.delta_usd": delta_usd,
}
