"""New York's time, by which the US markets and offices date what they say."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.calendars.sessions import is_session

NEW_YORK: Final = ZoneInfo("America/New_York")
_AFTER_THE_CLOSE: Final = time(16, 15)
_RELEASE: Final = time(8, 30)
_ONE_DAY: Final = timedelta(days=1)
_MONDAY: Final = 0
_OCTOBER: Final = 10
_SECOND_WEEK: Final = range(8, 15)


def after_the_close(day: date) -> datetime:
    """Return 16:15 New York of a day, in UTC: when its last values are known."""
    return datetime.combine(day, _AFTER_THE_CLOSE, NEW_YORK).astimezone(UTC)


def release_time(day: date) -> datetime:
    """Return 08:30 New York of a day, in UTC: when the statistics office publishes."""
    return datetime.combine(day, _RELEASE, NEW_YORK).astimezone(UTC)


def next_morning(day: date, hour: time) -> datetime:
    """Return an hour of the next morning on which stocks trade and the Fed works, in UTC."""
    after = day + _ONE_DAY
    while not is_session(after) or _fed_rests(after):
        after += _ONE_DAY
    return datetime.combine(after, hour, NEW_YORK).astimezone(UTC)


def _fed_rests(day: date) -> bool:
    """Say whether it is Columbus or Veterans Day, on which stocks trade."""
    if day.weekday() == _MONDAY and day.month == _OCTOBER and day.day in _SECOND_WEEK:
        return True
    # On a Monday for a Sunday's; for a Saturday's no Friday is free.
    return (day.month, day.day) == (11, 11) or (
        day.weekday() == _MONDAY and (day.month, day.day) == (11, 12)
    )


def new_york_day(at: datetime) -> date:
    """Return the date in New York."""
    return at.astimezone(NEW_YORK).date()
