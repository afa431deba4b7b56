"""What a position is worth, has earned and has lost: each in token0, token1 and US dollars."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from monitor.amm.amounts import amounts_for_liquidity, value_x192
from monitor.amm.event_price import Counted
from monitor.amm.greeks import lvr_per_day
from monitor.amm.measure import Worth, worth_of, worth_of_raw1
from monitor.amm.profit import flow_profit, pool_profit
from monitor.model.pool import PoolState
from monitor.model.position import Basis
from monitor.signals.book import FEES_UNKNOWN
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.lookback import DAY, NOT_YET, instant, pool_over, watched
from monitor.signals.of_pool import Answer, realised_vol
from monitor.signals.track import PoolMark

Counting: TypeAlias = tuple[Worth | None, str]
"""A worth and a note; without a worth the note says why."""

Money: TypeAlias = Callable[[Facts, PositionSeen, datetime], Counting]

NO_POOL: Final = "its pool is not in the last snapshot"
NO_DOLLARS: Final = "no token of the pool has a feed, or a peg in [usd]"
UNPRICED_FLOW: Final = "the price at one of its flows is unknown"
_NO_EVENTS: Final = "the entry was stated in [[entry]], which tells nothing of what was collected"
_NO_AMOUNTS: Final = "its [[entry]] states amounts that are worth nothing"
_WORTHLESS: Final = "what was put in and is still in is worth nothing"
_LEAST_MARKS: Final = 3


def no_entry(seen: PositionSeen) -> str:
    """Return why a measure that needs the entry is not known."""
    basis = seen.position.basis
    if basis is not None and not seen.position.liquidity:
        return "it holds no liquidity"
    if basis is not None and basis.liquidity == seen.position.liquidity:
        return _WORTHLESS if basis.source == "events" else _NO_AMOUNTS
    return seen.position.basis_note or "the position's entry is unknown"


def state_of(facts: Facts, seen: PositionSeen) -> PoolState | None:
    """Return a position's pool, None where the last snapshot lacks it."""
    pool = facts.pools.get(seen.position.pool)
    return pool.state if pool else None


def known_basis(seen: PositionSeen) -> Basis | str:
    """Return the basis where it is whole and of the liquidity there is, or why it is not."""
    basis = seen.position.basis
    if basis is None or basis.liquidity != seen.position.liquidity:
        return no_entry(seen)
    return basis if basis.source == "events" else _NO_EVENTS


def dollars_a_token1(seen: PositionSeen) -> float | None:
    """Return what one token1 is worth in US dollars, by the last snapshot."""
    return seen.measures.usd_a_token1


def dollars_a_quote(seen: PositionSeen, state: PoolState) -> float | None:
    """Return what one quote token is worth in US dollars, by the last snapshot."""
    each = dollars_a_token1(seen)
    return each if each is None or state.pool.quote == 1 else each / seen.measures.price


def worth_of_counted(counted: Counted, state: PoolState, seen: PositionSeen) -> Worth | None:
    """Return raw amounts of either token, both of one price, in whole units of everything."""
    if counted.token0 is None or counted.token1 is None:
        return None
    token1 = counted.token1 / int(10**state.pool.token1.decimals)
    each = dollars_a_token1(seen)
    return Worth(
        token0=counted.token0 / int(10**state.pool.token0.decimals),
        token1=token1,
        usd=None if each is None else token1 * each,
    )


def _total(_facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    return seen.measures.total, ""


def _principal(_facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    return seen.measures.value, ""


def _fees(_facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    fees = seen.measures.fees
    return fees, "" if fees else FEES_UNKNOWN


def _hodl(_facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    worth = seen.measures.hodl
    return worth, "" if worth else no_entry(seen)


def _il(_facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    worth = seen.measures.il_worth
    return worth, "" if worth else no_entry(seen)


def _collected(facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    basis, state = known_basis(seen), state_of(facts, seen)
    if isinstance(basis, str) or state is None:
        return None, basis if isinstance(basis, str) else NO_POOL
    value = value_x192(basis.collected0, basis.collected1, state.sqrt_price_x96)
    return worth_of(value, state, dollars_a_token1(seen)), ""


def _earned(facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    sums, state = watched(facts, seen), state_of(facts, seen)
    if isinstance(sums, str) or state is None:
        return None, sums if isinstance(sums, str) else NO_POOL
    value = value_x192(sums.earned0, sums.earned1, state.sqrt_price_x96)
    return worth_of(value, state, dollars_a_token1(seen)), _since(facts, seen)


def _net_pnl(facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    basis, state = known_basis(seen), state_of(facts, seen)
    if isinstance(basis, str) or state is None:
        return None, basis if isinstance(basis, str) else NO_POOL
    worth = worth_of_counted(pool_profit(seen.position, state), state, seen)
    return worth, "" if worth else no_entry(seen)


def _lvr(facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    sums, state = watched(facts, seen), state_of(facts, seen)
    if isinstance(sums, str) or state is None:
        return None, sums if isinstance(sums, str) else NO_POOL
    return worth_of_raw1(sums.lvr, state, dollars_a_token1(seen)), _since(facts, seen)


def _lvr_day(facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    pool = facts.pools.get(seen.position.pool)
    if pool is None:
        return None, NO_POOL
    vol, note = realised_vol(facts, pool, DAY)
    if vol is None:
        return None, note
    rate = lvr_per_day(pool.state, seen.position, vol)
    return worth_of_raw1(rate, pool.state, dollars_a_token1(seen)), note


def _markout(facts: Facts, seen: PositionSeen, _now: datetime) -> Counting:
    """What the range bought and sold in each hour of a day, at the price an hour later."""
    pool, path = facts.pools.get(seen.position.pool), facts.paths.get(seen.position.key)
    if pool is None or path is None:
        return None, NOT_YET
    over = pool_over(facts, pool, DAY)
    if isinstance(over, str):
        return None, over
    if over.then.at < path.since:
        return None, f"watched only since {instant(path.since)}"
    if any(one.liquidity != path.turns[-1].liquidity for one in path.turns):
        return None, "its liquidity has changed"
    marks = [one for one in facts.hours[seen.position.pool].marks if one.at >= over.then.at]
    if len(marks) < _LEAST_MARKS:
        return None, "the price was seen too seldom"
    value = _marked_out(seen, marks)
    note = f"{len(marks) - 2} stretches of about an hour"
    return worth_of(value, pool.state, dollars_a_token1(seen)), note


def _marked_out(seen: PositionSeen, marks: list[PoolMark]) -> int:
    held = seen.position
    amounts = [
        amounts_for_liquidity(one.sqrt_price_x96, held.tick_lower, held.tick_upper, held.liquidity)
        for one in marks
    ]
    flows = zip(amounts, amounts[1:], marks[2:], strict=False)
    return sum(
        value_x192(after[0] - before[0], after[1] - before[1], later.sqrt_price_x96)
        for before, after, later in flows
    )


def _since(facts: Facts, seen: PositionSeen) -> str:
    return f"since {instant(facts.paths[seen.position.key].since)}"


MONEY: Final[Mapping[str, Money]] = {
    "value": _total,
    "principal": _principal,
    "fees": _fees,
    "collected": _collected,
    "earned": _earned,
    "hodl": _hodl,
    "il": _il,
    "net_pnl": _net_pnl,
    "lvr_day": _lvr_day,
    "lvr": _lvr,
    "markout": _markout,
}
"""By the middle of their names: `position.<this>_token0`, `_token1` and `_usd`."""


def in_unit(money: Money, unit: str) -> Callable[[Facts, PositionSeen, datetime], Answer]:
    """Return a measure of money in one of its three units: token0, token1 or usd."""

    def answer(facts: Facts, seen: PositionSeen, now: datetime) -> Answer:
        worth, note = money(facts, seen, now)
        if worth is None:
            return None, note
        if unit == "usd" and worth.usd is None:
            pool = facts.pools.get(seen.position.pool)
            return None, (pool.usd_note if pool else "") or NO_DOLLARS
        figure: float | None = getattr(worth, unit)
        return figure, note

    return answer


def _flow_pnl(seen: PositionSeen, state: PoolState, _basis: Basis) -> Counted:
    return flow_profit(seen.position, state)


def _il_realised(_seen: PositionSeen, _state: PoolState, basis: Basis) -> Counted:
    return Counted(token0=basis.realised_token0, token1=basis.realised_token1)


FLOWS: Final[Mapping[str, Callable[[PositionSeen, PoolState, Basis], Counted]]] = {
    "flow_pnl": _flow_pnl,
    "il_realised": _il_realised,
}
"""What counts every flow at its own price, so that each token makes a question of its own."""


def by_flows(
    count: Callable[[PositionSeen, PoolState, Basis], Counted], unit: str
) -> Callable[[Facts, PositionSeen, datetime], Answer]:
    """Return a measure of flows in one unit; in dollars it is the quote token's, as that is now."""

    def answer(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
        basis, state = known_basis(seen), state_of(facts, seen)
        if isinstance(basis, str) or state is None:
            return None, basis if isinstance(basis, str) else NO_POOL
        counted = count(seen, state, basis)
        token = state.pool.quote if unit == "usd" else ("token0", "token1").index(unit)
        raw = (counted.token0, counted.token1)[token]
        if raw is None:
            return None, UNPRICED_FLOW
        coin = (state.pool.token0, state.pool.token1)[token]
        whole = raw / int(10**coin.decimals)
        if unit != "usd":
            return whole, ""
        each = dollars_a_quote(seen, state)
        if each is None:
            return None, facts.pools[seen.position.pool].usd_note or NO_DOLLARS
        return whole * each, ""

    return answer
