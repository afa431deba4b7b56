"""What rules may ask of a position, a function each: name -> (value, note)."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from monitor.amm.greeks import capital_efficiency, delta, gamma
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.of_earning import OF_EARNING
from monitor.signals.of_losses import OF_LOSSES
from monitor.signals.of_money import (
    FLOWS,
    MONEY,
    NO_DOLLARS,
    NO_POOL,
    by_flows,
    dollars_a_token1,
    in_unit,
    state_of,
)
from monitor.signals.of_pool import Answer, OfPosition
from monitor.signals.of_time import OF_TIME


def _in_range(_facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    return seen.measures.in_range, ""


def _distance_lower(_facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    return seen.measures.distance_lower, ""


def _distance_upper(_facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    return seen.measures.distance_upper, ""


def _delta(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    state, told = state_of(facts, seen), seen.measures
    return (None, NO_POOL) if state is None else (delta(state.pool, told.amount0, told.amount1), "")


def _delta_usd(facts: Facts, seen: PositionSeen, now: datetime) -> Answer:
    held, note = _delta(facts, seen, now)
    state, each = state_of(facts, seen), dollars_a_token1(seen)
    if state is None or not isinstance(held, float):
        return None, note
    if each is None:
        pool = facts.pools[seen.position.pool]
        return None, pool.usd_note or NO_DOLLARS
    # Quoted in token1 the base is worth its price in it; else the base is token1 itself.
    return held * each * (seen.measures.price if state.pool.quote == 1 else 1.0), ""


def _gamma(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    state = state_of(facts, seen)
    return (None, NO_POOL) if state is None else (gamma(state, seen.position), "")


def _efficiency(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    state, told = state_of(facts, seen), seen.measures
    if state is None:
        return None, NO_POOL
    value = capital_efficiency(state, seen.position, told.amount0, told.amount1)
    return value, "" if value is not None else "it holds nothing"


_UNITS: Final = ("token0", "token1", "usd")
_ENDLESS: Final = "its tokens' decimals and price make a number too large to count with"
_MONEY: Final = {
    f"position.{name}_{unit}": in_unit(money, unit)
    for name, money in MONEY.items()
    for unit in _UNITS
} | {
    f"position.{name}_{unit}": by_flows(count, unit)
    for name, count in FLOWS.items()
    for unit in _UNITS
}


def _finite(answer: OfPosition) -> OfPosition:
    """Return what answers the same, but is not known where no number is large enough for it."""

    def told(facts: Facts, seen: PositionSeen, now: datetime) -> Answer:
        value, note = answer(facts, seen, now)
        if isinstance(value, float) and not math.isfinite(value):
            return None, _ENDLESS
        return value, note

    return told


_ALL: Final[Mapping[str, OfPosition]] = {
    **_MONEY,
    **OF_LOSSES,
    **OF_TIME,
    **OF_EARNING,
    "position.delta": _delta,
    "position.delta_usd": _delta_usd,
    "position.gamma": _gamma,
    "position.efficiency": _efficiency,
    "position.in_range": _in_range,
    "position.distance_lower": _distance_lower,
    "position.distance_upper": _distance_upper,
}

OF_POSITION: Final[Mapping[str, OfPosition]] = {name: _finite(one) for name, one in _ALL.items()}

OF_A_RANGE: Final = frozenset(
    {
        "position.in_range",
        "position.out_of_range_s",
        "position.distance_lower",
        "position.distance_upper",
        "position.lower_sigmas",
        "position.upper_sigmas",
    }
)
"""Names that mean nothing of a position without liquidity."""
