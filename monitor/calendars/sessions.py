"""Which hours count: sessions of the market a number belongs to, and open time between instants.

Three calendars. `24/7` always counts. `cboe vix` counts the regular hours in which
Cboe publishes the VIX, 08:30 to 15:15 Chicago, shorter on half days, never at weekends
or on holidays. `xnys close` counts sessions, a day each, for what is stated once a session.

Cboe publishes overnight too, from 02:15 to 08:25 Chicago on session days (background
knowledge, not yet confirmed against the live service). The free quote need not follow
it, and Friday's close must not look old on Monday at breakfast for want of quotes nobody
promised. So overnight minutes age only a value that was itself stamped in them.
"""

import warnings
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from monitor.calendars.hours import Hours

_FIRST: Final = date(1990, 1, 2)
_LAST: Final = date(2050, 12, 30)
_DAY_S: Final = 86_400.0
_CHICAGO: Final = ZoneInfo("America/Chicago")
_OVERNIGHT: Final = (time(2, 15), time(8, 25))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schedule:
    """Parallel columns, one row a session, instants in UTC seconds.

    begins: when the session's first value may be stamped. overnight_ends: equal to
    `begins` where there is no overnight session. before: open seconds before `opens`.
    """

    dates: Sequence[date]
    begins: Sequence[float]
    overnight_ends: Sequence[float]
    opens: Sequence[float]
    closes: Sequence[float]
    before: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an instant lies in a schedule, in UTC seconds.

    closes: how many sessions had closed. open_s: open seconds until then. overnight_ends:
    of the session that had begun last; where none had, the instant itself.
    """

    at: float
    closes: int
    open_s: float
    overnight_ends: float


def open_seconds(hours: Hours, start: datetime, end: datetime) -> float:
    """Return the open time between two instants, in seconds; 0 when `end` is not later.

    For `xnys close`: 86 400 for every close in (start, end], so two days are two sessions.
    Raises ValueError before 1990 and past 2050, where no calendar is known.
    """
    if end <= start:
        return 0.0
    if hours is Hours.ALWAYS:
        return (end - start).total_seconds()
    first, last = _place(hours, start), _place(hours, end)
    if hours is Hours.XNYS_CLOSE:
        return (last.closes - first.closes) * _DAY_S
    overnight = max(0.0, min(last.at, first.overnight_ends) - first.at)
    return last.open_s - first.open_s + overnight


def load_calendars() -> None:
    """Read the calendars now, which takes a second or two, so that no later question waits.

    For whoever starts an event loop: call it before.
    """
    for hours in (Hours.CBOE_VIX, Hours.XNYS_CLOSE):
        _schedule(hours)


def session_of(hours: Hours, at: datetime) -> date:
    """Return the last session that had begun by `at`; the UTC date for 24/7.

    A VIX session begins with its overnight hours, so 2024-08-05 04:00 New York is
    already Monday's; a Saturday belongs to Friday.
    """
    if hours is Hours.ALWAYS:
        return at.astimezone(UTC).date()
    schedule = _schedule(hours)
    row = bisect_right(schedule.begins, _within(at)) - 1
    if row < 0:
        raise ValueError(f"no session had begun by {at.isoformat()}")
    return schedule.dates[row]


def session_close(hours: Hours, day: date) -> datetime:
    """Return when the regular hours of a session end; midnight UTC after it for 24/7.

    Raises ValueError when `day` is no session.
    """
    if hours is Hours.ALWAYS:
        return datetime.combine(day, time(), UTC) + timedelta(days=1)
    schedule = _schedule(hours)
    return datetime.fromtimestamp(schedule.closes[_row(schedule, day)], UTC)


def session_bounds(hours: Hours, day: date) -> tuple[datetime, datetime]:
    """Return when a session begins and when the next one does: [begin, end) is its own.

    `session_of` gives `day` exactly inside them. Raises ValueError when `day` is no session.
    """
    if hours is Hours.ALWAYS:
        begin = datetime.combine(day, time(), UTC)
        return begin, begin + timedelta(days=1)
    schedule = _schedule(hours)
    row = _row(schedule, day)
    if row + 1 == len(schedule.begins):
        raise ValueError(f"no calendar is known past {day}")
    return (
        datetime.fromtimestamp(schedule.begins[row], UTC),
        datetime.fromtimestamp(schedule.begins[row + 1], UTC),
    )


def is_session(day: date) -> bool:
    """Return whether Cboe and the New York exchanges trade on `day`.

    None is known before 1990 nor past 2050.
    """
    return is_session_of(Hours.XNYS_CLOSE, day)


def is_session_of(hours: Hours, day: date) -> bool:
    """Return whether a market's numbers have a session on `day`; every day is one for 24/7."""
    if hours is Hours.ALWAYS:
        return True
    schedule = _schedule(hours)
    row = bisect_right(schedule.dates, day) - 1
    return row >= 0 and schedule.dates[row] == day


def sessions_back(day: date, n: int) -> date:
    """Return the session `n` before `day`; with 0, `day` itself or the last one before it.

    Weekends and holidays count as the session before them. n >= 0.
    """
    if n < 0:
        raise ValueError(f"n must be 0 or more, was {n}")
    if day > _LAST:
        raise ValueError(f"no calendar is known for {day}")
    dates = _schedule(Hours.XNYS_CLOSE).dates
    row = bisect_right(dates, day) - 1 - n
    if row < 0:
        raise ValueError(f"no calendar is known {n} sessions before {day}")
    return dates[row]


def sessions_between(first: date, last: date) -> int:
    """Return how many sessions lie in (first, last]: business days from one to the other."""
    dates = _schedule(Hours.XNYS_CLOSE).dates
    return bisect_right(dates, last) - bisect_right(dates, first)


def _row(schedule: _Schedule, day: date) -> int:
    row = bisect_right(schedule.dates, day) - 1
    if row < 0 or schedule.dates[row] != day:
        raise ValueError(f"{day} is no session")
    return row


def _within(at: datetime) -> float:
    """Return `at` in seconds, refusing what no calendar covers: silence is not closed time."""
    if not _FIRST <= at.date() <= _LAST:
        raise ValueError(f"no calendar is known for {at.isoformat()}")
    return at.timestamp()


@lru_cache(maxsize=16_384)
def _place(hours: Hours, at: datetime) -> _Place:
    """Return where an instant lies; the same few are asked of again and again."""
    schedule, seconds = _schedule(hours), _within(at)
    row = bisect_right(schedule.begins, seconds) - 1
    return _Place(
        at=seconds,
        closes=bisect_right(schedule.closes, seconds),
        open_s=_open_until(schedule, seconds),
        overnight_ends=schedule.overnight_ends[row] if row >= 0 else seconds,
    )


def _open_until(schedule: _Schedule, at: float) -> float:
    row = bisect_right(schedule.opens, at) - 1
    if row < 0:
        return 0.0
    return schedule.before[row] + min(at, schedule.closes[row]) - schedule.opens[row]


@cache
def _schedule(hours: Hours) -> _Schedule:
    dates, opens, closes = _sessions("XCBF" if hours is Hours.CBOE_VIX else "XNYS")
    begins = overnight_ends = opens
    if hours is Hours.CBOE_VIX:
        begins, overnight_ends = (
            [datetime.combine(day, at, _CHICAGO).timestamp() for day in dates] for at in _OVERNIGHT
        )
    before, total = [], 0.0
    for opened, closed in zip(opens, closes, strict=True):
        before.append(total)
        total += closed - opened
    return _Schedule(
        dates=dates,
        begins=begins,
        overnight_ends=overnight_ends,
        opens=opens,
        closes=closes,
        before=before,
    )


def _sessions(name: str) -> tuple[list[date], list[float], list[float]]:
    # Imported here because it brings pandas: over a second, and not every verb needs it.
    import exchange_calendars  # noqa: PLC0415

    with warnings.catch_warnings():
        # The calendar library still speaks to pandas in a way pandas 4 will not know.
        warnings.simplefilter("ignore")
        calendar = exchange_calendars.get_calendar(name, start=_FIRST, end=_LAST)
        return (
            [stamp.date() for stamp in calendar.sessions],
            [stamp.timestamp() for stamp in calendar.schedule["open"]],
            [stamp.timestamp() for stamp in calendar.schedule["close"]],
        )
