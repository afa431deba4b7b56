"""By how much a hedge is made smaller for what its money costs.

wacc: a hedge is paid out of what fees leave after the money's own cost, so times
1 - wacc / fee APR, at least 0 and at most 1. differential: tailing the hedge
(Hull, "Options, Futures, and Other Derivatives", ch. 3): times exp(-d x T).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import exp
from typing import Final

_YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What the money of the covered positions costs, annual fractions; None is not known.

    wacc: weighted cost of capital. fee_apr: fees over value. differential: what borrowing US
    dollars on one chain costs above what lending them on another earns. notes: by name, what
    one rests on, or why it is not known. condor_usd: notional of the condors held.
    """

    wacc: float | None = None
    fee_apr: float | None = None
    differential: float | None = None
    condor_usd: float = 0.0
    notes: Mapping[str, str] = field(default_factory=dict)


def _wacc_factor(money: Money, days: float) -> tuple[float, str] | str:
    del days
    note = money.notes.get("wacc", "")
    if money.wacc is None:
        return f"the size is unknown: {note or 'what the money costs is not known'}"
    if money.fee_apr is None:
        return "the size is unknown: a year's fee income is not known yet"
    left = money.fee_apr - money.wacc
    factor = min(left / money.fee_apr, 1.0) if left > 0 and money.fee_apr > 0 else 0.0
    cost, fees = f"{money.wacc:.1%}", f"{money.fee_apr:.1%}"
    if not factor:
        told = f"the money costs {cost} a year, fees bring {fees}: nothing is left to hedge with"
        return _from(told, "WACC", note)
    return factor, _from(f"(1 − WACC {cost} / fee APR {fees}) = {factor:.2f}", "WACC", note)


def _tail_factor(money: Money, days: float) -> tuple[float, str] | str:
    note = money.notes.get("differential", "")
    if money.differential is None:
        return f"the size is unknown: {note or 'the differential is not known'}"
    years = days / _YEAR_DAYS
    factor = exp(-money.differential * years)
    told = f"exp(−differential {money.differential:.1%} × {years:.2f} y) = {factor:.3f}"
    return factor, _from(told, "differential", note)


def _from(told: str, name: str, note: str) -> str:
    """Return a factor in words, with what its figure rests on."""
    return f"{told}; {name}: {note}" if note else told


FACTORS: Final[Mapping[str, Callable[[Money, float], tuple[float, str] | str]]] = {
    "wacc": _wacc_factor,
    "differential": _tail_factor,
}
ADJUSTMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (name,) for name in FACTORS},
    "both": tuple(FACTORS),
}
"""By what a rule file may say, the factors that apply, in order."""
