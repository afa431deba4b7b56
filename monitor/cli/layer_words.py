"""What a layer is made of and how its size is worked out, in words."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from monitor.hedge.cost_of_money import ADJUSTMENTS
from monitor.hedge.instruments import Instrument
from monitor.hedge.sizing import DEFAULT_BETA, LEAST_RISE, Size
from monitor.rules.pack import Layer

_NAMES: Final = {
    "call_spread": "call spread",
    "put_spread": "put spread",
    "strip": "strip that pays the impermanent loss",
    "perp": "short perpetual",
}
FACTORS: Final = {
    "wacc": "× (1 − WACC / fee APR), from 0 to 1",
    "differential": "× exp(−differential × years to expiry)",
}

_IN_PART: Final = (".strip", ".perp")
"""What is bought in part."""


def made_of(instrument: Instrument) -> str:
    """Return an instrument in words: `VIX call, about 110 days to expiry, at delta 0.5`."""
    root, _, kind = instrument.kind.partition(".")
    parts = [f"{root.upper()} {_NAMES.get(kind, kind)}"]
    parts += [f"about {instrument.dte} days to expiry"] if instrument.dte else []
    parts += [f"at least {instrument.least_dte}"] if instrument.least_dte else []
    parts += [] if instrument.delta is None else [f"at delta {instrument.delta:g}"]
    parts += [] if instrument.strike is None else [f"at strike {instrument.strike:,g}"]
    if instrument.moneyness is not None:
        parts.append(f"at {instrument.moneyness:g} times spot or forward")
    if instrument.multiple is not None:
        parts.append(f"{instrument.multiple:g} expected moves away or more")
    parts += [] if instrument.width is None else [f"the far strike {instrument.width:g} on"]
    if instrument.wing_delta is not None:
        parts.append(f"the far strike at delta {instrument.wing_delta:g}")
    if instrument.wing_moneyness is not None:
        parts.append(f"the far strike at {instrument.wing_moneyness:g} times it")
    parts += [f"{instrument.strikes} strikes a side"] if kind == "strip" else []
    parts += [] if instrument.leverage is None else [f"at leverage {instrument.leverage:g}"]
    return ", ".join(parts)


def sized_by(layer: Layer) -> Iterator[str]:
    """Yield a layer's size: the formula, what adjusts it, what caps it."""
    size = layer.size
    yield f"{size.policy}: {FORMULAS[size.policy](size)}"
    for name in ADJUSTMENTS.get(size.adjust, ()):
        yield f"adjusted by {name}: {FACTORS[name]}"
    yield from _caps(size)
    if size.policy != "fixed" and not layer.instrument.kind.endswith(_IN_PART):
        yield "rounded down to whole units"
    if size.over_hedge:
        yield "warned of, not refused, where it makes more than is expected to be lost"
    else:
        yield "refused where it would make more than is expected to be lost"


def _fixed(size: Size) -> str:
    return f"{size.contracts:,} units, whatever is covered"


def _fee_budget(size: Size) -> str:
    beta = DEFAULT_BETA if size.beta is None else size.beta
    return f"β {beta:g} × a year's fees / (premium of one unit × 365 / its days to expiry)"


def _premium(size: Size) -> str:
    told = f"{percent(size.share)} of the covered value / premium of one unit"
    if size.half_above is None:
        return told
    return f"{told}; half while the VIX future of 30 days is above {size.half_above:g}"


def _il_share(size: Size) -> str:
    return (
        f"{percent(size.share)} of the loss expected at {size.shock.label} / what one unit makes in"
        " it (model), a strip all of it; the VIX of the shock is at least"
        f" {LEAST_RISE:g} above the present one"
    )


def _vega(size: Size) -> str:
    return f"{size.vega_usd:,.0f} USD a volatility point / the vega of one unit"


def _delta(size: Size) -> str:
    share = percent(1.0 if size.share is None else size.share)
    return f"{share} of the positions' coins, less the delta held, / the delta of one unit"


FORMULAS: Final[Mapping[str, Callable[[Size], str]]] = {
    "fixed": _fixed,
    "fee_budget": _fee_budget,
    "premium": _premium,
    "il_share": _il_share,
    "vega": _vega,
    "delta": _delta,
}
"""How each policy reckons the size, in words."""


def _caps(size: Size) -> Iterator[str]:
    for value, told in (
        (size.max_capital_share, "of the covered value at risk at most"),
        (size.max_condor_share, "of the notional of the condors held at most"),
    ):
        if value is not None:
            yield f"{percent(value)} {told}"
    if size.max_leverage is not None:
        yield f"refused above leverage {size.max_leverage:g}"
    if size.min_distance is not None:
        yield f"refused where liquidation is nearer than {percent(size.min_distance)}"


def percent(share: float | None) -> str:
    """Return a fraction in percent, with every digit it has."""
    return f"{100 * (share or 0.0):.10g} %"
