"""When Deribit's options and futures expire: at 08:00 UTC, by the day, week, month and quarter.

Source: Deribit, "Contract Introduction Policy" (support.deribit.com), for BTC and ETH.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final

from monitor.model.expiry import Expiry

_HOUR: Final = time(8, 0, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_FRIDAY: Final = 4
_QUARTER: Final = 3


class Cycle(StrEnum):
    """What an expiry is the end of; the longest, where it ends several."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


_LISTED: Final = {Cycle.DAILY: 3, Cycle.WEEKLY: 3, Cycle.MONTHLY: 3, Cycle.QUARTERLY: 4}


def cycle_of(day: date) -> Cycle:
    """Return the longest cycle that ends on a day: every day ends one at least.

    Fridays end weeks, the last Friday of a month ends it, of March, June, September and
    December a quarter. Holidays do not count.
    """
    if day.weekday() != _FRIDAY:
        return Cycle.DAILY
    if (day + _WEEK).month == day.month:
        return Cycle.WEEKLY
    return Cycle.MONTHLY if day.month % _QUARTER else Cycle.QUARTERLY


def deribit_expiry(day: date) -> Expiry:
    """Return the expiry on a day: trading ends and the settlement price is known at 08:00 UTC.

    It is the average of the index over the half hour before.
    """
    at = datetime.combine(day, _HOUR)
    return Expiry(day=day, last_trading=at, settlement=at)


def deribit_listed(at: datetime) -> tuple[Expiry, ...]:
    """Return the expiries of options that surely trade at an instant, in order, each once.

    The next three days, weeks and months and four quarters. A new week, month or quarter
    comes a day before the oldest goes: for that day it is left out here.
    """
    today = at.astimezone(UTC)
    first = today.date() + (_DAY if today.timetz() >= _HOUR else timedelta())
    days = {day for cycle, count in _LISTED.items() for day in islice(_from(first, cycle), count)}
    return tuple(deribit_expiry(day) for day in sorted(days))


def _from(day: date, cycle: Cycle) -> Iterator[date]:
    while True:
        if _ends(day, cycle):
            yield day
        day += _DAY


def _ends(day: date, cycle: Cycle) -> bool:
    """Return whether a day ends a cycle: a quarter's end is a month's and a week's too."""
    order = tuple(Cycle)
    return order.index(cycle_of(day)) >= order.index(cycle)
