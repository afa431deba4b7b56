"""Which strikes are listed: those quoted for an expiry, else the exchange's usual steps.

VIX 0.5 below 20 and 1 from there, SPX 5, coins by their price. A simplification: fewer are
listed far from the money and far in time.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from math import ceil, floor
from typing import Final, TypeAlias

from monitor.hedge.contracts import KINDS
from monitor.hedge.market import Market
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.model.same import Same

_STEPS: Final = {"vix": ((20.0, 0.5), (1e9, 1.0)), "spx": ((1e9, 5.0),)}
_COIN_STEPS: Final = (
    (100.0, 1.0),
    (400.0, 10.0),
    (1_000.0, 20.0),
    (10_000.0, 50.0),
    (1e9, 1_000.0),
)

_Quotes: TypeAlias = Mapping[Contract, OptionQuote]
_Strikes: TypeAlias = Mapping[tuple[str, date], tuple[float, ...]]


def quoted_strikes(kind: str, expiry: date, market: Market) -> tuple[float, ...]:
    """Return the strikes quoted for an expiry, rising; none where nobody quotes it."""
    return _indexed(Same(market.quotes)).get((kind, expiry), ()) if market.quotes else ()


def listed_strike(contract: Contract, market: Market) -> float:
    """Return the listed strike nearest to a contract's own, the lower of two equally near."""
    quoted = quoted_strikes(contract.kind, contract.expiry, market)
    if quoted:
        row = bisect_left(quoted, contract.strike)
        around = quoted[max(row - 1, 0) : row + 1]
        return min(around, key=lambda strike: abs(strike - contract.strike))
    step = step_at(KINDS[contract.kind].root, contract.strike)
    return max(floor(contract.strike / step + 0.5) * step, step)


def listed_beyond(bound: Contract, market: Market, *, up: bool) -> float | None:
    """Return the first listed strike at or above a contract's own, or else at or below it.

    None where the quoted ones end before, or nothing is left above zero.
    """
    quoted = quoted_strikes(bound.kind, bound.expiry, market)
    if quoted:
        row = bisect_left(quoted, bound.strike) if up else bisect_right(quoted, bound.strike) - 1
        return quoted[row] if 0 <= row < len(quoted) else None
    step = step_at(KINDS[bound.kind].root, bound.strike)
    strike = (ceil if up else floor)(bound.strike / step) * step
    return strike if strike > 0 else None


def step_at(root: str, strike: float) -> float:
    """Return how far apart the usual strikes lie at a strike."""
    return next(size for below, size in _STEPS.get(root, _COIN_STEPS) if strike < below)


@lru_cache(maxsize=2)
def _indexed(of: Same[_Quotes]) -> _Strikes:
    found: dict[tuple[str, date], list[float]] = {}
    for one in of.of:
        found.setdefault((one.kind, one.expiry), []).append(one.strike)
    return {key: tuple(sorted(strikes)) for key, strikes in found.items()}
