"""What a position did over time: its fees by the year, its time in range, its usual moves."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from monitor.amm.amounts import value_x192
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.lookback import DAY, WEEK, hours, instant, position_now, position_over
from monitor.signals.of_losses import compared
from monitor.signals.of_money import NO_POOL, known_basis, no_entry, state_of
from monitor.signals.of_pool import Answer, OfPosition, realised_vol

_YEAR: Final = timedelta(days=365)


def _out_of_range_s(_facts: Facts, seen: PositionSeen, now: datetime) -> Answer:
    return 0.0 if seen.out_since is None else (now - seen.out_since).total_seconds(), ""


def _sigmas(edge: str) -> OfPosition:
    """Return how many daily standard deviations of the price an edge is away."""

    def answer(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
        pool, told = facts.pools.get(seen.position.pool), seen.measures
        if pool is None:
            return None, NO_POOL
        vol, note = realised_vol(facts, pool, DAY)
        if vol is None:
            return None, note
        if not vol:
            return None, "the price has not moved"
        ratio = told.price / told.price_lower if edge == "lower" else told.price_upper / told.price
        return math.log(ratio) / (vol * math.sqrt(DAY / _YEAR)), note

    return answer


def _fee_apr(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    basis, state = known_basis(seen), state_of(facts, seen)
    if isinstance(basis, str) or state is None:
        return None, basis if isinstance(basis, str) else NO_POOL
    held = compared(facts, seen)
    if held is None or basis.opened_at is None or not held.hodl:
        return None, no_entry(seen)
    source = facts.chains.get(seen.chain)
    age = (source.good_at if source and source.good_at else seen.block.timestamp) - basis.opened_at
    if age < DAY:
        return None, "it is younger than a day"
    return held.fees / held.hodl * (_YEAR / age), f"over {age / DAY:.1f} d"


def _fee_apr_over(span: timedelta) -> OfPosition:
    def answer(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
        over, state, told = position_over(facts, seen, span), state_of(facts, seen), seen.measures
        if isinstance(over, str) or state is None:
            return None, over if isinstance(over, str) else NO_POOL
        root = state.sqrt_price_x96
        earned = over.now.earned0 - over.then.earned0, over.now.earned1 - over.then.earned1
        value = value_x192(told.amount0, told.amount1, root)
        if not value:
            return None, "it holds nothing"
        return value_x192(*earned, root) / value * (_YEAR / over.length), _spelled(over.length)

    return answer


def _time_in_range(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    sums = position_now(facts, seen)
    if sums is None or not sums.seen_s:
        return None, "the position has not been watched yet"
    since = facts.paths[seen.position.key].since
    return sums.inside_s / sums.seen_s, f"since {instant(since)}"


def _time_in_range_over(span: timedelta) -> OfPosition:
    def answer(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
        over = position_over(facts, seen, span)
        if isinstance(over, str):
            return None, over
        watched = over.now.seen_s - over.then.seen_s
        if not watched:
            return None, f"not watched in the last {hours(over.length)}"
        return (over.now.inside_s - over.then.inside_s) / watched, _spelled(over.length)

    return answer


def _spelled(length: timedelta) -> str:
    return f"over {hours(length)}"


OF_TIME: Final[Mapping[str, OfPosition]] = {
    "position.out_of_range_s": _out_of_range_s,
    "position.time_in_range": _time_in_range,
    "position.time_in_range_1d": _time_in_range_over(DAY),
    "position.time_in_range_7d": _time_in_range_over(WEEK),
    "position.lower_sigmas": _sigmas("lower"),
    "position.upper_sigmas": _sigmas("upper"),
    "position.fee_apr": _fee_apr,
    "position.fee_apr_1d": _fee_apr_over(DAY),
    "position.fee_apr_7d": _fee_apr_over(WEEK),
}
