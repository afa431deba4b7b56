"""New York's time, by which the US markets and offices date what they say."""

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

NEW_YORK: Final = ZoneInfo("America/New_York")
_AFTER_THE_CLOSE: Final = time(16, 15)
_RELEASE: Final = time(8, 30)


def after_the_close(day: date) -> datetime:
    """Return 16:15 New York of a day, in UTC: when its last values are known."""
    return datetime.combine(day, _AFTER_THE_CLOSE, NEW_YORK).astimezone(UTC)


def release_time(day: date) -> datetime:
    """Return 08:30 New York of a day, in UTC: when the statistics office publishes."""
    return datetime.combine(day, _RELEASE, NEW_YORK).astimezone(UTC)


def new_york_day(at: datetime) -> date:
    """Return the date in New York."""
    return at.astimezone(NEW_YORK).date()
