"""What a pool did over the time it was watched, kept small.

Its sums (time, variance, LVR for a unit of liquidity) only ever grow, so that any span
is the difference of two marks. Marks are made every five minutes and whenever a
position crosses an edge; between two of them nothing is written, and what has been
added since the last is worked out when asked. All times are observations'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.amm.volatility import fee_variance, grown, lvr_step, squared_return
from monitor.model.pool import PoolState
from monitor.model.swift import swift

STEP: Final = timedelta(minutes=5)
"""How far apart a price's steps are, at the least, unless a position crosses an edge."""

HELD: Final = timedelta(hours=2)
"""A state counts for the time until the next observation, but no silence longer than this."""

_RECENT: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
HOURLY: Final = timedelta(days=8)
"""How far back there is a mark an hour."""

_LONGEST: Final = timedelta(days=32)
"""A span of 30 days begins at a mark that may be a day older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMark:
    """A pool at one observation, and its sums since it was first watched.

    seen_s: seconds observed, silences left out. steps: of the price. realised: its
    squared logarithmic returns. implied: the variance its fees paid for. lvr: what a
    unit of liquidity in range lost to rebalancing, raw token1.
    """

    at: datetime
    sqrt_price_x96: int
    growth0_x128: int
    growth1_x128: int
    seen_s: float = 0.0
    steps: int = 0
    realised: float = 0.0
    implied: float = 0.0
    lvr: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTrack:
    """A pool's marks of the last hour, oldest first. since: when it was first watched."""

    since: datetime
    marks: tuple[PoolMark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolHours:
    """A pool's marks of the last eight days, the first of each hour; before, one of each day.

    Oldest first; none older than 32 days.
    """

    marks: tuple[PoolMark, ...] = ()


_mark: Final = swift(PoolMark)


def advance(last: PoolMark, state: PoolState, at: datetime) -> PoolMark:
    """Return a pool's sums at an observation, from its last mark."""
    growth0 = grown(last.growth0_x128, state.fee_growth_global0_x128)
    growth1 = grown(last.growth1_x128, state.fee_growth_global1_x128)
    before, after = last.sqrt_price_x96, state.sqrt_price_x96
    passed = at - last.at
    return _mark(
        at=at,
        sqrt_price_x96=after,
        growth0_x128=state.fee_growth_global0_x128,
        growth1_x128=state.fee_growth_global1_x128,
        seen_s=last.seen_s + (passed.total_seconds() if passed <= HELD else 0.0),
        steps=last.steps + (passed > timedelta(0)),
        realised=last.realised + squared_return(before, after),
        implied=last.implied + fee_variance(growth0, growth1, after),
        lvr=last.lvr + lvr_step(before, after),
    )


def first_mark(state: PoolState, at: datetime) -> PoolMark:
    """Return where a pool's sums begin."""
    return PoolMark(
        at=at,
        sqrt_price_x96=state.sqrt_price_x96,
        growth0_x128=state.fee_growth_global0_x128,
        growth1_x128=state.fee_growth_global1_x128,
    )


def marked(track: PoolTrack | None, mark: PoolMark, *, turned: bool) -> PoolTrack:
    """Return the track with a mark at the end, if it is time for one or a position turned."""
    if track is None:
        return PoolTrack(since=mark.at, marks=(mark,))
    if not turned and not due(track, mark.at):
        return track
    # One of each five minutes, and the newest: it is what the sums go on from.
    spaced = _thinned(track.marks, STEP)
    recent = tuple(one for one in spaced if mark.at - one.at < _RECENT)
    return PoolTrack(since=track.since, marks=(*recent, mark))


def due(track: PoolTrack, at: datetime) -> bool:
    """Return whether it is time for a mark."""
    return _slot(at, STEP) != _slot(track.marks[-1].at, STEP)


def hourly(hours: PoolHours, mark: PoolMark) -> PoolHours:
    """Return the hours with this mark, if the newest is of another hour."""
    marks = hours.marks
    if marks and _slot(marks[-1].at, _RECENT) == _slot(mark.at, _RECENT):
        return hours
    near = (one for one in marks if mark.at - one.at < HOURLY)
    far = [one for one in marks if HOURLY <= mark.at - one.at < _LONGEST]
    days = {_slot(one.at, _DAY): one for one in reversed(far)}  # the first of each
    return PoolHours(marks=(*reversed(days.values()), *near, mark))


def _thinned(marks: Sequence[PoolMark], every: timedelta) -> list[PoolMark]:
    slots = {_slot(one.at, every): one for one in marks}  # the last of each
    return list(slots.values())


def _slot(at: datetime, every: timedelta) -> int:
    return int(at.timestamp() // every.total_seconds())
