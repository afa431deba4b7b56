"""Sums of pools and positions as they are now, and as they were a span ago."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from monitor.signals.facts import Facts, PoolSeen, PositionSeen
from monitor.signals.track import HOURLY, PoolHours, PoolMark, advance
from monitor.signals.turns import Sums, held_time, sums_at, sums_now

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)
NOT_YET: Final = "the position has not been watched yet"


class PoolSpan(NamedTuple):
    """A pool's sums at both ends of a span, which is no shorter than was asked for."""

    then: PoolMark
    now: PoolMark

    @property
    def length(self) -> timedelta:
        """Return how long the span really is: up to an hour more than was asked for.

        Of more than a week up to a day more, and in either case as much more as nobody watched.
        """
        return self.now.at - self.then.at


class PositionSpan(NamedTuple):
    """A position's sums at both ends of a span of its pool.

    held_time: its liquidity times the microseconds it was in, over the span.
    """

    then: Sums
    now: Sums
    length: timedelta
    held_time: int


def pool_now(facts: Facts, pool: PoolSeen) -> PoolMark | None:
    """Return a pool's sums as of its last snapshot; None where it is not followed yet."""
    track = facts.tracks.get(pool.state.pool.key)
    source = facts.chains.get(pool.chain)
    if track is None or source is None or source.good_at is None:
        return None
    return advance(track.marks[-1], pool.state, source.good_at)


def pool_over(facts: Facts, pool: PoolSeen, span: timedelta) -> PoolSpan | str:
    """Return a pool's sums over the last span, or why they are not known."""
    now = pool_now(facts, pool)
    if now is None:
        return "the pool has not been watched yet"
    start = now.at - span
    marks = facts.hours.get(pool.state.pool.key, PoolHours()).marks
    then = next((one for one in reversed(marks) if one.at <= start), None)
    # A span within the hourly marks is not stretched beyond them by a silence.
    if then is None or (span < HOURLY < now.at - then.at):
        since = next((one.at for one in marks if one.at > start), now.at)
        return _since(since, now)
    return PoolSpan(then, now)


def position_now(facts: Facts, seen: PositionSeen) -> Sums | None:
    """Return a position's sums as of its last snapshot; None where it is not followed yet."""
    pool, path = facts.pools.get(seen.position.pool), facts.paths.get(seen.position.key)
    mark = pool_now(facts, pool) if pool else None
    if pool is None or path is None or mark is None:
        return None
    return sums_now(path, seen.position, pool.state, mark)


def watched(facts: Facts, seen: PositionSeen) -> Sums | str:
    """Return what a position has added up by its last snapshot, or why that is not known.

    At the first block it was seen at there is nothing to add up, which is not zero.
    """
    pool, path = facts.pools.get(seen.position.pool), facts.paths.get(seen.position.key)
    mark = pool_now(facts, pool) if pool else None
    if pool is None or path is None or mark is None:
        return NOT_YET
    if mark.at <= path.since:
        return _since(path.since, mark)
    return sums_now(path, seen.position, pool.state, mark)


def position_over(facts: Facts, seen: PositionSeen, span: timedelta) -> PositionSpan | str:
    """Return a position's sums over the last span, or why they are not known."""
    pool, path = facts.pools.get(seen.position.pool), facts.paths.get(seen.position.key)
    now = position_now(facts, seen)
    if pool is None or path is None or now is None:
        return NOT_YET
    found = pool_over(facts, pool, span)
    if isinstance(found, str):
        return found
    if found.then.at < path.since:
        return _since(path.since, found.now)
    then = sums_at(path, found.then)
    if then is None:
        return "it has crossed its edges too often to look back so far"
    held = held_time(path, found.then.at, found.now.at)
    return PositionSpan(then, now, found.length, held)


def _since(since: datetime, now: PoolMark) -> str:
    """Return why a time that reaches back further than the watching is not known."""
    if now.at <= since:
        return f"seen at one block only, of {instant(since)}"
    return f"watched only since {instant(since)}"


def instant(at: datetime) -> str:
    """Return an instant as people write it: `2 Mar 14:05 UTC`."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b %H:%M} UTC"


def hours(length: timedelta) -> str:
    """Return a length in hours: `24.5 h`."""
    return f"{length / timedelta(hours=1):.1f} h"
