"""What rules may ask of a position, a function each: name -> (value, note)."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from monitor.amm.amounts import value_x192
from monitor.amm.breakeven import Stake, break_even
from monitor.amm.greeks import capital_efficiency, delta, gamma
from monitor.amm.linked import chained_loss
from monitor.amm.measure import price_of_raw
from monitor.amm.variants import (
    Holdings,
    against_all_in,
    against_deposited,
    holdings,
    loss_of_initial,
    textbook_loss,
)
from monitor.model.pool import PoolState
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.lookback import DAY, WEEK, hours, instant, position_now, position_over
from monitor.signals.of_money import (
    MONEY,
    NO_DOLLARS,
    NO_POOL,
    dollars_a_token1,
    flow_pnl,
    in_unit,
    known_basis,
    no_entry,
    state_of,
)
from monitor.signals.of_pool import Answer, realised_vol

OfPosition: TypeAlias = Callable[[Facts, PositionSeen, datetime], Answer]
"""What answers one name. It asks for no more than it needs, and never reads a clock."""

_YEAR: Final = timedelta(days=365)
_SEVERAL: Final = "there were entries at several prices, or one out of range"
_LEFT_OUT: Final = "fees collected are not known, and left out"


def compared(facts: Facts, seen: PositionSeen) -> Holdings | None:
    """Return what the losses compare, None where the entry or the pool is unknown."""
    state, told = state_of(facts, seen), seen.measures
    if state is None:
        return None
    amounts, fees = (told.amount0, told.amount1), (told.fees0, told.fees1)
    return holdings(seen.position, state.sqrt_price_x96, amounts=amounts, fees=fees)


def _il(_facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    value = seen.measures.il
    return value, "" if value is not None else no_entry(seen)


def _in_range(_facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    return seen.measures.in_range, ""


def _out_of_range_s(_facts: Facts, seen: PositionSeen, now: datetime) -> Answer:
    return 0.0 if seen.out_since is None else (now - seen.out_since).total_seconds(), ""


def _distance_lower(_facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    return seen.measures.distance_lower, ""


def _distance_upper(_facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    return seen.measures.distance_upper, ""


def _of_holdings(ask: Callable[[Holdings, PoolState], float | None]) -> OfPosition:
    def answer(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
        held, state = compared(facts, seen), state_of(facts, seen)
        if held is None or state is None:
            return None, no_entry(seen)
        value = ask(held, state)
        if value is None:
            return None, _SEVERAL
        stated = seen.position.basis is not None and seen.position.basis.source != "events"
        return value, _LEFT_OUT if stated else ""

    return answer


def _il_chained(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    state = state_of(facts, seen)
    found = chained_loss(seen.position, state) if state else None
    basis = seen.position.basis
    if found is None and basis is not None and basis.liquidity == seen.position.liquidity:
        return None, seen.position.links_note or "the price at one of its withdrawals is unknown"
    if found is None:
        return None, no_entry(seen)
    return found.loss, f"{found.links} linked positions" if found.links > 1 else ""


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


def stake_of(seen: PositionSeen) -> Stake | None:
    """Return a position's range, and its fees less its hodl leg; None without an entry."""
    held, basis, told = seen.position, seen.position.basis, seen.measures
    if basis is None or basis.liquidity != held.liquidity or not held.liquidity:
        return None
    return Stake(
        tick_lower=held.tick_lower,
        tick_upper=held.tick_upper,
        liquidity=held.liquidity,
        surplus0=told.fees0 + basis.collected0 - basis.hodl0,
        surplus1=told.fees1 + basis.collected1 - basis.hodl1,
    )


def _has_earned(seen: PositionSeen) -> bool:
    """Return whether any fees are owed or known to have been collected."""
    basis, told = seen.position.basis, seen.measures
    return bool(told.fees0 or told.fees1 or (basis and (basis.collected0 or basis.collected1)))


def _breakeven(side: int) -> OfPosition:
    def answer(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
        stake, state = stake_of(seen), state_of(facts, seen)
        if stake is None or state is None:
            return None, no_entry(seen)
        # Turned round, the lower price is the upper one's inverse.
        quote = state.pool.quote
        raw = break_even(stake)[side if quote == 1 else 1 - side]
        if raw is None and not _has_earned(seen):
            return None, "no fees have been earned that a loss could outweigh"
        if raw is None:
            return None, f"fees outweigh the loss however far the price {('falls', 'rises')[side]}"
        return price_of_raw(state.pool, raw), ""

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


_MONEY: Final = {
    f"position.{name}_{unit}": in_unit(money, unit)
    for name, money in MONEY.items()
    for unit in ("token0", "token1", "usd")
}

OF_POSITION: Final[Mapping[str, OfPosition]] = _MONEY | {
    "position.flow_pnl_token0": flow_pnl(0),
    "position.flow_pnl_token1": flow_pnl(1),
    "position.il": _il,
    "position.il_v2": _of_holdings(lambda held, _: textbook_loss(held)),
    "position.il_of_initial": _of_holdings(lambda held, at: loss_of_initial(held, at.pool.quote)),
    "position.il_chained": _il_chained,
    "position.vs_initial": _of_holdings(lambda held, at: against_all_in(held, at.pool.quote)),
    "position.vs_deposited": _of_holdings(lambda held, _: against_deposited(held)),
    "position.vs_all_token0": _of_holdings(lambda held, _: against_all_in(held, 0)),
    "position.vs_all_token1": _of_holdings(lambda held, _: against_all_in(held, 1)),
    "position.delta": _delta,
    "position.delta_usd": _delta_usd,
    "position.gamma": _gamma,
    "position.efficiency": _efficiency,
    "position.in_range": _in_range,
    "position.out_of_range_s": _out_of_range_s,
    "position.time_in_range": _time_in_range,
    "position.time_in_range_1d": _time_in_range_over(DAY),
    "position.time_in_range_7d": _time_in_range_over(WEEK),
    "position.distance_lower": _distance_lower,
    "position.distance_upper": _distance_upper,
    "position.lower_sigmas": _sigmas("lower"),
    "position.upper_sigmas": _sigmas("upper"),
    "position.breakeven_lower": _breakeven(0),
    "position.breakeven_upper": _breakeven(1),
    "position.fee_apr": _fee_apr,
    "position.fee_apr_1d": _fee_apr_over(DAY),
    "position.fee_apr_7d": _fee_apr_over(WEEK),
}

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
