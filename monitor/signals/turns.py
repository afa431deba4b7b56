"""What a position did over the time it was watched, kept small.

Its sums change their course only where the price crosses one of its edges or its
liquidity changes: each such turn is kept, and in between they follow from the pool's.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.amm.capital import MICROSECOND
from monitor.amm.fee_growth import fee_growth_inside
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.amm.volatility import grown, lvr_step
from monitor.model.pool import PoolState
from monitor.model.position import Position
from monitor.signals.track import PoolMark

_MOST: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a position has added up since it was first watched.

    seen_s, inside_s: seconds observed, and of these in range. lvr: lost to rebalancing,
    raw token1. earned0, earned1: fees, raw, whether collected or not.
    """

    seen_s: float = 0.0
    inside_s: float = 0.0
    lvr: float = 0.0
    earned0: int = 0
    earned1: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Where a position's sums changed their course, and what they were.

    side: -1 with the price below the range, 0 inside, 1 above. liquidity: from here on;
    earning: how much of it earns fees of its own, none in a gauge.
    inside0_x128, inside1_x128: fee growth in the range. pool: its sums at this instant.
    """

    side: int
    liquidity: int
    earning: int
    inside0_x128: int
    inside1_x128: int
    pool: PoolMark
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionTrack:
    """A position's newest turns, oldest first. since: when it was first watched."""

    since: datetime
    turns: tuple[Turn, ...]


def side_of(state: PoolState, position: Position) -> int:
    """Return -1 with the price below a position's range, 0 inside, 1 above; by slot0's tick."""
    return (state.tick >= position.tick_upper) - (state.tick < position.tick_lower)


def has_turned(track: PositionTrack, position: Position, state: PoolState) -> bool:
    """Return whether a position is on another side than it was, or of another liquidity.

    Or earns its fees no more, or again.
    """
    last = track.turns[-1]
    return (last.liquidity, last.earning, last.side) != (
        position.liquidity,
        _earning(position),
        side_of(state, position),
    )


def first_turn(position: Position, state: PoolState, mark: PoolMark) -> PositionTrack:
    """Return where a position's sums begin."""
    inside = _inside(position, state)
    return PositionTrack(since=mark.at, turns=(_turn(position, state, mark, (Sums(), inside)),))


def turn(
    track: PositionTrack, position: Position, state: PoolState, *, last: PoolMark, mark: PoolMark
) -> PositionTrack:
    """Return the track with one turn more.

    last: the pool's mark before; mark: the one it makes of this observation. A pool whose
    sums began anew since the last turn tells nothing of the time between.
    """
    before = track.turns[-1]
    sums, inside = before.sums, _growth(before.liquidity, position, state)
    if mark.seen_s >= before.pool.seen_s and last.at >= before.pool.at:
        sums = _closed(before, position, state, last=last, mark=mark)
    turns = (*track.turns[-_MOST + 1 :], _turn(position, state, mark, (sums, inside)))
    return PositionTrack(since=track.since, turns=turns)


def sums_now(track: PositionTrack, position: Position, state: PoolState, mark: PoolMark) -> Sums:
    """Return a position's sums at the observation that `mark` is made of."""
    before = track.turns[-1]
    then = _since(before, mark)
    if not before.earning:
        return then
    earned = _earned(before, *_inside(position, state))
    return Sums(
        seen_s=then.seen_s,
        inside_s=then.inside_s,
        lvr=then.lvr,
        earned0=earned[0],
        earned1=earned[1],
    )


def sums_at(track: PositionTrack, mark: PoolMark) -> Sums | None:
    """Return a position's sums at a mark of its pool's past; None before its turns reach back."""
    found = bisect_right(track.turns, mark.at, key=lambda one: one.pool.at) - 1
    return None if found < 0 else _since(track.turns[found], mark)


def held_time(track: PositionTrack, since: datetime, until: datetime) -> int:
    """Return a position's liquidity times the microseconds it was in, over a stretch of time.

    What was in before the oldest turn that is kept is not in it.
    """
    ends = [*(one.pool.at for one in track.turns[1:]), until]
    return sum(
        one.liquidity * max((min(end, until) - max(one.pool.at, since)) // MICROSECOND, 0)
        for one, end in zip(track.turns, ends, strict=True)
    )


def _since(before: Turn, mark: PoolMark) -> Sums:
    """Return the sums at a mark after a turn and before the next, by the pool's own."""
    sums, pool = before.sums, before.pool
    passed = mark.seen_s - pool.seen_s
    if before.side:
        return Sums(
            seen_s=sums.seen_s + passed,
            inside_s=sums.inside_s,
            lvr=sums.lvr,
            earned0=sums.earned0,
            earned1=sums.earned1,
        )
    held, earning = before.liquidity, before.earning
    return Sums(
        seen_s=sums.seen_s + passed,
        inside_s=sums.inside_s + passed,
        lvr=sums.lvr + held * (mark.lvr - pool.lvr),
        earned0=sums.earned0 + (grown(pool.growth0_x128, mark.growth0_x128) * earning >> 128),
        earned1=sums.earned1 + (grown(pool.growth1_x128, mark.growth1_x128) * earning >> 128),
    )


def _closed(
    before: Turn, position: Position, state: PoolState, *, last: PoolMark, mark: PoolMark
) -> Sums:
    """Return the sums at the next turn; of the last step only what lay in the range counts."""
    sums, passed = before.sums, mark.seen_s - before.pool.seen_s
    lost = 0.0 if before.side else last.lvr - before.pool.lvr
    lower, upper = sqrt_ratio_at_tick(position.tick_lower), sqrt_ratio_at_tick(position.tick_upper)
    lost += lvr_step(
        min(max(last.sqrt_price_x96, lower), upper), min(max(mark.sqrt_price_x96, lower), upper)
    )
    earned = sums.earned0, sums.earned1
    if before.earning:
        earned = _earned(before, *_growth(before.liquidity, position, state))
    return Sums(
        seen_s=sums.seen_s + passed,
        inside_s=sums.inside_s + (0.0 if before.side else passed),
        lvr=sums.lvr + before.liquidity * lost,
        earned0=earned[0],
        earned1=earned[1],
    )


def _turn(
    position: Position, state: PoolState, mark: PoolMark, begun: tuple[Sums, tuple[int, int]]
) -> Turn:
    """Return a turn that begins with these sums, and this fee growth in the range."""
    sums, (inside0, inside1) = begun
    return Turn(
        side=side_of(state, position),
        liquidity=position.liquidity,
        earning=_earning(position),
        inside0_x128=inside0,
        inside1_x128=inside1,
        pool=mark,
        sums=sums,
    )


def _earning(position: Position) -> int:
    return position.liquidity if position.earns_fees else 0


def _earned(before: Turn, inside0: int, inside1: int) -> tuple[int, int]:
    held, sums = before.earning, before.sums
    return (
        sums.earned0 + (grown(before.inside0_x128, inside0) * held >> 128),
        sums.earned1 + (grown(before.inside1_x128, inside1) * held >> 128),
    )


def _growth(held: int, position: Position, state: PoolState) -> tuple[int, int]:
    """Return the growth up to which the liquidity held until now has earned.

    Where it changed, that is what the position manager noted when it did.
    """
    if held == position.liquidity:
        return _inside(position, state)
    return position.fee_growth_inside0_last_x128, position.fee_growth_inside1_last_x128


def _inside(position: Position, state: PoolState) -> tuple[int, int]:
    lower, upper = position.lower, position.upper
    return (
        fee_growth_inside(
            state.tick,
            state.fee_growth_global0_x128,
            lower=(position.tick_lower, lower.fee_growth_outside0_x128),
            upper=(position.tick_upper, upper.fee_growth_outside0_x128),
        ),
        fee_growth_inside(
            state.tick,
            state.fee_growth_global1_x128,
            lower=(position.tick_lower, lower.fee_growth_outside1_x128),
            upper=(position.tick_upper, upper.fee_growth_outside1_x128),
        ),
    )
