"""What rules may ask of a pool, a function each."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from monitor.amm.volatility import annual
from monitor.signals.facts import Facts, PoolSeen, PositionSeen
from monitor.signals.lookback import DAY, WEEK, hours, pool_over

Answer: TypeAlias = tuple[float | bool | None, str]
"""A value and a note: how it came about; where the value is None, why it is not known."""

OfPool: TypeAlias = Callable[[Facts, PoolSeen, datetime], Answer]

OfPosition: TypeAlias = Callable[[Facts, PositionSeen, datetime], Answer]
"""What answers one name. It asks for no more than it needs, and never reads a clock."""

_LEAST_STEPS: Final = 12
"""Fewer steps of the price than this tell no volatility."""


def realised_vol(facts: Facts, pool: PoolSeen, span: timedelta) -> Answer:
    """Return the volatility of the pool's own price, an annual fraction.

    Root of the sum of squared logarithmic returns, by the year. The mean is taken for
    nothing, and the returns are of five minutes or of what the polls left.
    """
    over = pool_over(facts, pool, span)
    if isinstance(over, str):
        return None, over
    steps = over.now.steps - over.then.steps
    if steps < _LEAST_STEPS:
        return None, f"the price was seen to step only {steps} times in {hours(over.length)}"
    vol = annual(over.now.realised - over.then.realised, over.length)
    return vol, f"{steps} steps in {hours(over.length)}"


def implied_vol(facts: Facts, pool: PoolSeen, span: timedelta) -> Answer:
    """Return the volatility the pool's fees would pay for, an annual fraction."""
    over = pool_over(facts, pool, span)
    if isinstance(over, str):
        return None, over
    # Rounding may leave a hair less than nothing where nothing was added.
    variance = max(over.now.implied - over.then.implied, 0.0)
    return annual(variance, over.length), f"fees of {hours(over.length)}"


def _price(_facts: Facts, pool: PoolSeen, _now: datetime) -> Answer:
    return pool.price, ""


def _over(measure: Callable[[Facts, PoolSeen, timedelta], Answer], span: timedelta) -> OfPool:
    return lambda facts, pool, _now: measure(facts, pool, span)


OF_POOL: Final[Mapping[str, OfPool]] = {
    "pool.price": _price,
    "pool.realised_vol_1d": _over(realised_vol, DAY),
    "pool.realised_vol_7d": _over(realised_vol, WEEK),
    "pool.implied_vol_1d": _over(implied_vol, DAY),
    "pool.implied_vol_7d": _over(implied_vol, WEEK),
}
