"""What a position did over time: its fees by the year, its time in range, its usual moves."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from monitor.amm.amounts import amounts_for_liquidity, value_x192
from monitor.amm.capital import MICROSECOND, hodl_time
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.lookback import DAY, WEEK, hours, instant, position_over, watched
from monitor.signals.of_money import NO_POOL, known_basis, no_entry, state_of
from monitor.signals.of_pool import Answer, OfPosition, realised_vol

_YEAR: Final = timedelta(days=365)


def _out_of_range_s(facts: Facts, seen: PositionSeen, now: datetime) -> Answer:
    if seen.out_since is None:
        return 0.0, ""
    path, source = facts.paths.get(seen.position.key), facts.chains.get(seen.chain)
    passed = (now - seen.out_since).total_seconds()
    if path is None or seen.out_since > path.since:
        return passed, ""
    if source is None or source.good_at is None or source.good_at <= path.since:
        return None, f"seen at one block only, of {instant(path.since)}, and out of range there"
    return passed, f"at the least: it was out when first seen, {instant(path.since)}"


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


def fees_until(facts: Facts, seen: PositionSeen) -> datetime:
    """Return up to when a position has earned: its last withdrawal, where nothing is in now."""
    basis, source = seen.position.basis, facts.chains.get(seen.chain)
    if basis is not None and not basis.liquidity and basis.turned_at is not None:
        return basis.turned_at
    return source.good_at if source and source.good_at else seen.block.timestamp


def _fee_apr(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    """Fees over the hodl leg as it was over time: what is in now may be another amount."""
    basis, state, told = known_basis(seen), state_of(facts, seen), seen.measures
    if isinstance(basis, str) or state is None:
        return None, basis if isinstance(basis, str) else NO_POOL
    if basis.opened_at is None:
        return None, no_entry(seen)
    until = fees_until(facts, seen)
    age = until - basis.opened_at
    if age < DAY:
        return None, "it is younger than a day"
    root = state.sqrt_price_x96
    at_work = value_x192(*hodl_time(basis, until), root)
    if not at_work:
        return None, no_entry(seen)
    fees = value_x192(told.fees0 + basis.collected0, told.fees1 + basis.collected1, root)
    return fees * (_YEAR // MICROSECOND) / at_work, f"over {age / DAY:.1f} d"


def _fee_apr_over(span: timedelta) -> OfPosition:
    def answer(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
        over, state = position_over(facts, seen, span), state_of(facts, seen)
        if isinstance(over, str) or state is None:
            return None, over if isinstance(over, str) else NO_POOL
        root, held = state.sqrt_price_x96, seen.position
        earned = over.now.earned0 - over.then.earned0, over.now.earned1 - over.then.earned1
        # Amounts go with liquidity, so those of liquidity times time are worth value times time.
        at_work = amounts_for_liquidity(root, held.tick_lower, held.tick_upper, over.held_time)
        value = value_x192(*at_work, root)
        if not value:
            return None, f"it held nothing in the last {hours(over.length)}"
        year = _YEAR // MICROSECOND
        return value_x192(*earned, root) * year / value, _spelled(over.length)

    return answer


def _time_in_range(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    sums = watched(facts, seen)
    if isinstance(sums, str):
        return None, sums
    if not sums.seen_s:
        return None, "it was seen too seldom: nothing is known of the time between"
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
