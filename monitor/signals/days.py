"""Which days a signal has bars of, by its calendar; what is missing among them."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Final

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import (
    is_session_of,
    session_bounds,
    session_close,
    session_of,
    sessions_back,
)
from monitor.signals.signal import Signal

_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)
_MONTH: Final = 31


def monthly(signal: Signal) -> bool:
    """Return whether a bar is a month's, dated by its first day."""
    return signal.cadence.startswith("monthly")


def last_whole(signal: Signal, now: datetime) -> date:
    """Return the last session that is over."""
    if signal.hours is Hours.ALWAYS:
        return now.astimezone(UTC).date() - _DAY
    day = session_of(signal.hours, now)
    if session_close(signal.hours, day) <= now:
        return day
    begin, _ = session_bounds(signal.hours, day)
    return session_of(signal.hours, begin - _INSTANT)


def first_kept(signal: Signal, last: date) -> date:
    """Return the first day of which a bar is kept where `last` is the newest."""
    if monthly(signal):
        return last - signal.bars * _MONTH * _DAY
    if signal.hours is Hours.ALWAYS:
        return last - (signal.bars - 1) * _DAY
    return sessions_back(last, signal.bars - 1)


def sessions_of(signal: Signal, first: date, last: date) -> list[date]:
    """Return the days from `first` to `last` that should have a bar."""
    days = (first + n * _DAY for n in range((last - first).days + 1))
    if monthly(signal):
        return [day for day in days if day.day == 1]
    return [day for day in days if is_session_of(signal.hours, day)]


def missing(signal: Signal, known: Collection[date], first: date, last: date) -> list[date]:
    """Return the sessions of a stretch that are not known; of months, those between known ones.

    A month's figure comes weeks after it, so that the last ones are not missed yet.
    """
    if not known:
        return [] if monthly(signal) else sessions_of(signal, first, last)
    if monthly(signal):
        first, last = min(known), max(known)
    return [day for day in sessions_of(signal, first, last) if day not in known]
