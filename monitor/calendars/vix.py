"""When VIX options and futures expire, by CFE rule 1202."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from monitor.calendars.sessions import is_session, sessions_back

_FRIDAY: Final = 4
_BEFORE: Final = timedelta(days=30)


def vix_expiry(year: int, month: int) -> date:
    """Return the monthly expiry of VIX options and futures in a month.

    The Wednesday 30 days before the third Friday of the month after. Where that
    Wednesday or that Friday is a holiday, the business day before the Wednesday.
    It is not "the third Wednesday": 2025-01-22 is a fourth.
    """
    friday = third_friday(year + month // 12, month % 12 + 1)
    wednesday = friday - _BEFORE
    if is_session(wednesday) and is_session(friday):
        return wednesday
    return sessions_back(wednesday - timedelta(days=1), 0)


def vix_expiries(start: date, end: date) -> tuple[date, ...]:
    """Return the monthly expiries from `start` to `end`, both included, in order."""
    return tuple(day for day in _monthly(start, end) if start <= day <= end)


def third_friday(year: int, month: int) -> date:
    """Return the third Friday of a month, holiday or not."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


def _monthly(start: date, end: date) -> Iterator[date]:
    year, month = start.year, start.month
    while (year, month) <= (end.year, end.month):
        yield vix_expiry(year, month)
        year, month = year + month // 12, month % 12 + 1
