"""What listed VIX contracts are: how much one is, and until when it trades."""

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.model.layer import Contract

CALL: Final = "vix.call"
PUT: Final = "vix.put"
FUTURE: Final = "vix.future"
MULTIPLIERS: Final = {CALL: 100, PUT: 100, FUTURE: 1000}
"""USD an index point, by kind; its keys are every kind there is."""

NEW_YORK: Final = ZoneInfo("America/New_York")
_OPTIONS_CLOSE: Final = time(16, 15)
_FUTURES_END: Final = time(9, 0)
_SETTLEMENT: Final = time(9, 30)
_SATURDAY: Final = 5


def multiplier(contract: Contract) -> int:
    """Return USD an index point of one contract."""
    return MULTIPLIERS[contract.kind]


def last_trading(contract: Contract) -> datetime:
    """Return the instant after which a contract trades no more, aware, New York.

    Options: 16:15 on the weekday before settlement (holidays are not known here,
    so in such a week it comes a day late at most); futures: 09:00 on the day itself.
    """
    if contract.kind == FUTURE:
        return datetime.combine(contract.expiry, _FUTURES_END, NEW_YORK)
    day = contract.expiry - timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day -= timedelta(days=1)
    return datetime.combine(day, _OPTIONS_CLOSE, NEW_YORK)


def expired(contract: Contract, at: datetime) -> bool:
    """Return whether a contract trades no more and awaits its settlement."""
    return at >= last_trading(contract)


def days_left(expiry: date, at: datetime) -> int:
    """Return calendar days to settlement, counted in New York as people count them."""
    return (expiry - at.astimezone(NEW_YORK).date()).days


def years_left(expiry: date, at: datetime) -> float:
    """Return years of 365 days to the settlement's opening, 09:30 New York; never negative."""
    left = datetime.combine(expiry, _SETTLEMENT, NEW_YORK) - at
    return max(left / timedelta(days=365), 0.0)
