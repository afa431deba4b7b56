"""One bar a session: the first, highest, lowest and last value of a number in it.

What indicators look back on. A value a minute is thinned to a bar as it comes, so that
years take little room. Bars fetched from a provider's history stand beside those seen.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Final

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_of, sessions_back
from monitor.model.reading import Bar

_DAY: Final = attrgetter("day")
_ONE_DAY: Final = timedelta(days=1)


def point(day: date, value: float, at: datetime) -> Bar:
    """Return the bar of a single value."""
    return Bar(day=day, open=value, high=value, low=value, close=value, at=at)


def ended(bar: Bar, value: float, at: datetime) -> Bar:
    """Return a bar with another last value."""
    return Bar(
        day=bar.day,
        open=bar.open,
        high=max(bar.high, value),
        low=min(bar.low, value),
        close=value,
        at=at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Bars of one number, oldest first, one a day.

    Hashed by identity, so that what is worked out of many bars is remembered at no cost.
    """

    bars: tuple[Bar, ...] = ()
    __hash__ = object.__hash__

    def take(self, value: float, day: date, at: datetime, keep: int) -> "Bars":
        """Return the bars with a value added to its day's; an older value of a day is passed."""
        bars = self.bars
        place = len(bars) if not bars or day > bars[-1].day else bisect_left(bars, day, key=_DAY)
        if place == len(bars):
            return Bars(bars=(*bars, point(day, value, at))[-keep:])
        old = bars[place]
        if old.day != day:
            return Bars(bars=(*bars[:place], point(day, value, at), *bars[place:])[-keep:])
        if at < old.at or (at == old.at and value == old.close):
            return self
        return Bars(bars=(*bars[:place], ended(old, value, at), *bars[place + 1 :]))

    def join(self, others: Iterable[Bar], keep: int) -> "Bars":
        """Return the bars with others of past sessions, which are whole.

        One with a range has seen all of its session and stands; one of a last value alone,
        where it is newer than ours, ends ours.
        """
        known = {bar.day: bar for bar in self.bars}
        for bar in others:
            mine = known.get(bar.day)
            if mine is None or bar.high > bar.low:
                known[bar.day] = bar if bar != mine else mine
            elif bar.at > mine.at:
                known[bar.day] = ended(mine, bar.close, bar.at)
        joined = tuple(known[day] for day in sorted(known))[-keep:]
        return self if joined == self.bars else Bars(bars=joined)

    def until(self, now: datetime) -> "Bars":
        """Return the bars published by `now`."""
        if not self.bars or self.bars[-1].at <= now:
            return self
        return Bars(bars=tuple([bar for bar in self.bars if bar.at <= now]))


def day_of(hours: Hours, at: datetime) -> date:
    """Return the day a value belongs to: the session that had begun, or the UTC date."""
    return session_of(hours, at)


def long_ended(table: Mapping[str, Bars], name: str, hours: Hours, keep: int) -> set[str]:
    """Return the keys of a family's members that ended more than `keep` sessions ago.

    Futures expire and others are listed: their bars would gather for ever.
    """
    newest = {
        key: bars.bars[-1].day
        for key, bars in table.items()
        if bars.bars and key.startswith(f"{name}|")
    }
    if not newest:
        return set()
    oldest = _back(hours, max(newest.values()), keep)
    return {key for key, day in newest.items() if day < oldest}


def last_sessions(bars: Bars, hours: Hours, count: int) -> Sequence[Bar] | str:
    """Return the newest `count` bars, none of whose sessions is missing; else why not.

    The newest is that of the present session so far, where that has begun.
    """
    seen = bars.bars[-count:]
    if len(seen) < count:
        return f"{len(bars.bars)} of {count} sessions known"
    first = _back(hours, seen[-1].day, count - 1)
    if seen[0].day != first:
        missing = next(
            bar.day
            for n, bar in enumerate(reversed(seen))
            if bar.day != _back(hours, seen[-1].day, n)
        )
        return f"a session after {missing} is not known"
    return seen


def _back(hours: Hours, day: date, n: int) -> date:
    return day - n * _ONE_DAY if hours is Hours.ALWAYS else sessions_back(day, n)
