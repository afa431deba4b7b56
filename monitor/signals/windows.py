"""Windows: what a number was, on average, at its highest, a while ago.

A market series (hours other than 24/7) counts days in sessions of its market, a week
being five; `delta(vix, "1d")` on a Monday looks back at Friday. Minutes and hours, and
everything over a 24/7 series, are plain elapsed time. A value holds until the next
sample. What the samples do not reach back to is unknown, and the note says why.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import islice, pairwise
from typing import Final

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_bounds, session_close, session_of, sessions_back
from monitor.signals.series import Sample, Series, Span, fleeting, span, stamp

__all__ = [
    "Direction",
    "Sample",
    "Series",
    "Span",
    "WindowValue",
    "average",
    "crossed",
    "delta",
    "highest",
    "lowest",
    "span",
]

_DAY: Final = timedelta(days=1) - timedelta(milliseconds=1)  # less than what fleeting means
_MINUS: Final = "\N{MINUS SIGN}"


class Direction(StrEnum):
    """Which way a level is crossed."""

    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowValue:
    """What a window gives. value: None when unknown; note: how it was made, or why unknown.

    A crossing's value is a bool, every other window's a number.
    as_of: the stamp of the newest sample used.
    """

    value: float | bool | None
    note: str
    as_of: datetime | None


def delta(series: Series, over: Span, *, now: datetime, hours: Hours) -> WindowValue:
    """Return the newest value minus the one a span ago.

    A span ago is the last sample at or before `now` less the span; in sessions, the
    last sample of the session that many before the newest sample's own.
    """
    seen = series.until(now)
    if not seen:
        return _unknown("no value yet", None)
    newest = seen[-1]
    if _in_sessions(over, hours):
        day = sessions_back(session_of(hours, newest.at), over.sessions or 0)
        last = _last_of(seen, hours, day)
        if last is None:
            return _unknown(f"no value from the session of {_day(day)}", newest)
        then, when = last, _session_note(hours, day, last)
    else:
        steps = _steps(seen, now - over.length)
        if steps is None:
            return _short(over, seen)
        then, when = steps[0], _stamp(steps[0].at)
    note = f"{_figure(newest.value)} {_MINUS} {_figure(then.value)} ({when})"
    return WindowValue(value=newest.value - then.value, note=note, as_of=newest.at)


def average(series: Series, over: Span, *, now: datetime, hours: Hours) -> WindowValue:
    """Return the mean over a span.

    In sessions: the plain mean of each session's last value, the newest sample's own
    session included, so "20d" is the usual mean of 20 closes. Otherwise weighted by
    time, each value holding until the next.
    """
    seen = series.until(now)
    if not seen:
        return _unknown("no value yet", None)
    if not _in_sessions(over, hours):
        steps = _steps(seen, now - over.length)
        return _short(over, seen) if steps is None else _weighted(steps, over, now)
    lasts = _lasts(seen, over, hours)
    if isinstance(lasts, WindowValue):
        return lasts
    mean = sum(lasts) / len(lasts)
    return WindowValue(value=mean, note=f"mean of {len(lasts)} sessions", as_of=seen[-1].at)


def highest(series: Series, over: Span, *, now: datetime, hours: Hours) -> WindowValue:
    """Return the highest value in force during a span, every sample counted."""
    return _extreme(series, over, now=now, hours=hours, sign=1)


def lowest(series: Series, over: Span, *, now: datetime, hours: Hours) -> WindowValue:
    """Return the lowest value in force during a span, every sample counted."""
    return _extreme(series, over, now=now, hours=hours, sign=-1)


def crossed(series: Series, level: float, direction: Direction, *, now: datetime) -> WindowValue:
    """Return whether the newest sample crossed `level`, which the one before had not.

    Above: before <= level < newest. Below: before >= level > newest. It stays true
    until the next sample; unknown while there are fewer than two. Lowest and highest
    values of a session that a past has filled do not count.
    """
    seen = series.until(now)
    newest = seen[-1] if seen else None
    earlier = islice(reversed(seen), 1, None)
    before = next((one for one in earlier if newest and not fleeting(one, newest)), None)
    if before is None or newest is None:
        return _unknown("no earlier value to have crossed from", newest)
    if direction is Direction.ABOVE:
        truth = before.value <= level < newest.value
    else:
        truth = before.value >= level > newest.value
    note = f"{_figure(before.value)} ({_stamp(before.at)}), then {_figure(newest.value)}"
    return WindowValue(value=truth, note=note, as_of=newest.at)


def _extreme(series: Series, over: Span, *, now: datetime, hours: Hours, sign: int) -> WindowValue:
    seen = series.until(now)
    if not seen:
        return _unknown("no value yet", None)
    steps: Sequence[Sample] | None
    if _in_sessions(over, hours):
        lasts = _lasts(seen, over, hours)
        if isinstance(lasts, WindowValue):
            return lasts
        first = sessions_back(session_of(hours, seen[-1].at), len(lasts) - 1)
        begin, _ = session_bounds(hours, first)
        steps = seen[bisect_left(seen, begin, key=stamp) :]
    else:
        steps = _steps(seen, now - over.length)
    if steps is None:
        return _short(over, seen)
    found = max(steps, key=lambda s: sign * s.value)
    if not _in_sessions(over, hours) and _of_an_earlier_day(found, steps, now - over.length):
        found = max(_of_whole_days(steps, now - over.length), key=lambda s: sign * s.value)
    note = f"{_figure(found.value)} at {_stamp(found.at)}"
    return WindowValue(value=found.value, note=note, as_of=seen[-1].at)


def _in_sessions(over: Span, hours: Hours) -> bool:
    return hours is not Hours.ALWAYS and over.sessions is not None


def _steps(seen: Sequence[Sample], start: datetime) -> Sequence[Sample] | None:
    """Return the value in force at `start` and all after it; None if none was known then."""
    first = bisect_right(seen, start, key=stamp) - 1
    return None if first < 0 else seen[first:]


def _of_an_earlier_day(one: Sample, steps: Sequence[Sample], start: datetime) -> bool:
    """Say whether a sample is the lowest or highest of a day that began before `start`."""
    row = bisect_right(steps, one.at, key=stamp)
    return one.at < start + _DAY and row < len(steps) and fleeting(one, steps[row])


def _of_whole_days(steps: Sequence[Sample], start: datetime) -> Sequence[Sample]:
    """Leave out the lowest and highest values of a day that began before `start`."""
    beyond = bisect_left(steps, start + _DAY, key=stamp)
    early = [one for one, after in pairwise(steps[: beyond + 1]) if not fleeting(one, after)]
    return [*early, *steps[min(beyond, len(steps) - 1) :]]


def _weighted(steps: Sequence[Sample], over: Span, now: datetime) -> WindowValue:
    total, end = 0.0, now
    for sample in reversed(steps):
        since = max(sample.at, now - over.length)
        total += sample.value * ((end - since) / over.length)
        end = since
    note = f"mean over {over.text} of {len(steps)} values"
    return WindowValue(value=total, note=note, as_of=steps[-1].at)


def _last_of(seen: Sequence[Sample], hours: Hours, day: date) -> Sample | None:
    begin, end = session_bounds(hours, day)
    row = bisect_left(seen, end, key=stamp) - 1
    return seen[row] if row >= 0 and seen[row].at >= begin else None


def _lasts(seen: Sequence[Sample], over: Span, hours: Hours) -> list[float] | WindowValue:
    """Return the last value of each session of the span; unknown if any session has none."""
    newest = session_of(hours, seen[-1].at)
    days = [sessions_back(newest, n) for n in range(over.sessions or 1)]
    found = [(day, _last_of(seen, hours, day)) for day in days]
    absent = [day for day, last in found if last is None]
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        return _unknown(f"no value from the session of {_day(absent[0])}{more}", seen[-1])
    return [last.value for _, last in found if last is not None]


def _short(over: Span, seen: Sequence[Sample]) -> WindowValue:
    return _unknown(f"known only since {_stamp(seen[0].at)}, not for {over.text}", seen[-1])


def _unknown(note: str, newest: Sample | None) -> WindowValue:
    return WindowValue(value=None, note=note, as_of=newest.at if newest else None)


def _session_note(hours: Hours, day: date, last: Sample) -> str:
    if last.at >= session_close(hours, day):
        return f"{_day(day)} close"
    return f"{_day(day)}, last seen {last.at.astimezone(UTC):%H:%M} UTC"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _stamp(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return f"{_day(utc.date())} {utc:%H:%M} UTC"


def _figure(value: float) -> str:
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4f}"


_SPANS: Final = {"avg": average, "delta": delta, "highest": highest, "lowest": lowest}
_CROSSINGS: Final = {"crossed_above": Direction.ABOVE, "crossed_below": Direction.BELOW}


def over_window(
    function: str, series: Series, argument: str | float, *, now: datetime, hours: Hours
) -> WindowValue:
    """Return what a rule's window function tells. argument: a span, or a crossing's level."""
    if isinstance(argument, str):
        return _SPANS[function](series, span(argument), now=now, hours=hours)
    return crossed(series, argument, _CROSSINGS[function], now=now)
