"""What options of one root and one expiry pay at settlement: break-evens, the most one loses."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.hedge.contracts import Right, kind_of, units
from monitor.model.layer import Leg

FUTURE_MARGIN: Final = 0.30
"""Margin of a VIX future, a share of its notional: declared, for brokers differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payoff:
    """Outcomes at settlement of legs bought for a cost, USD, before fees.

    break_evens: settlements at which nothing is made, rising. max_loss_usd, max_profit_usd: >= 0,
    infinite where there is no bound. Coin-settled payoffs are counted in US dollars, the coin
    sold at the settlement.
    """

    break_evens: tuple[float, ...]
    max_loss_usd: float
    max_profit_usd: float


def payoff_of(legs: Sequence[Leg], cost_usd: float) -> Payoff | None:
    """Return the outcomes; None unless all are options that share one root and one expiry."""
    if not all(kind_of(leg.contract).option for leg in legs):
        return None
    if len({(kind_of(leg.contract).root, leg.contract.expiry) for leg in legs}) != 1:
        return None
    kinks = np.unique([0.0, *(leg.contract.strike for leg in legs)])
    made = _paid(legs, kinks) - cost_usd
    slope = _slope_beyond(legs)
    roots = [*_roots(kinks, made)]
    if slope and (far := kinks[-1] - made[-1] / slope) > kinks[-1]:
        roots.append(float(far))
    return Payoff(
        break_evens=tuple(roots),
        max_loss_usd=inf if slope < 0 else max(-float(made.min()), 0.0),
        max_profit_usd=inf if slope > 0 else max(float(made.max()), 0.0),
    )


def most_lost(legs: Sequence[Leg], *, outlay_usd: float, value_usd: float) -> float:
    """Return the most that legs can lose, USD, before fees; infinite where there is no bound.

    outlay_usd: what options cost. value_usd: the whole worth of all, which is what futures
    bought lose if theirs settles at nothing.
    """
    if all(kind_of(leg.contract).right is Right.FUTURE for leg in legs):
        return value_usd if all(leg.quantity > 0 for leg in legs) else inf
    outcome = payoff_of(legs, outlay_usd)
    return outcome.max_loss_usd if outcome else inf


def _paid(legs: Sequence[Leg], settlements: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.zeros(len(settlements))
    for leg in legs:
        held, strike = units(leg.quantity, leg.contract), leg.contract.strike
        sign = 1 if kind_of(leg.contract).right is Right.CALL else -1
        total += held * np.maximum(sign * (settlements - strike), 0.0)
    return total


def _slope_beyond(legs: Sequence[Leg]) -> float:
    """Return USD for a point above the highest strike."""
    rising = (leg for leg in legs if kind_of(leg.contract).right is Right.CALL)
    total = sum(units(leg.quantity, leg.contract) for leg in rising)
    return 0.0 if abs(total) < 1e-9 else total  # noqa: PLR2004


def _roots(kinks: NDArray[np.float64], made: NDArray[np.float64]) -> "list[float]":
    """Return where a line from kink to kink crosses nothing."""
    found = []
    for left, right, low, high in zip(kinks, kinks[1:], made, made[1:], strict=False):
        if low * high < 0:
            found.append(float(left - low * (right - left) / (high - low)))
        elif low == 0 and high != 0 and left > 0:
            found.append(float(left))
    return found
