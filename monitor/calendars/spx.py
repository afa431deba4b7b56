"""When options on the S&P 500 expire: SPX in the morning once a month, SPXW at every close.

Source: Cboe, "SPX Options Product Specification" (cboe.com/products/indexopts/spx_spec.aspx).
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import is_session, session_close, sessions_back
from monitor.calendars.vix import third_friday
from monitor.model.expiry import Expiry

_NEW_YORK: Final = ZoneInfo("America/New_York")
_OPENING: Final = time(9, 30)
_DAY: Final = timedelta(days=1)
_MONDAY, _TUESDAY, _WEDNESDAY, _FRIDAY = 0, 1, 2, 4
_TUESDAYS_SINCE: Final = date(2022, 4, 19)
_THURSDAYS_SINCE: Final = date(2022, 5, 12)


def spx_monthly(year: int, month: int) -> Expiry:
    """Return the morning expiry of SPX in a month: the third Friday, or the session before.

    Trading ends with the session before, at 15:15 Chicago, sooner on half days; it settles
    on the opening of the expiry day, 09:30 New York.
    """
    day = sessions_back(third_friday(year, month), 0)
    last = sessions_back(day - _DAY, 0)
    return Expiry(
        day=day,
        last_trading=session_close(Hours.CBOE_VIX, last),
        settlement=datetime.combine(day, _OPENING, _NEW_YORK).astimezone(UTC),
    )


def spx_monthlies(start: date, end: date) -> tuple[Expiry, ...]:
    """Return the morning expiries from `start` to `end`, both included, in order."""
    months = range(12 * start.year + start.month - 1, 12 * end.year + end.month)
    found = (spx_monthly(month // 12, month % 12 + 1) for month in months)
    return tuple(expiry for expiry in found if start <= expiry.day <= end)


def spxw_expiry(day: date) -> Expiry:
    """Return the evening expiry of SPXW on a session: trading and settlement end with it.

    At 15:00 Chicago, sooner on half days. Raises ValueError when `day` is no session.
    """
    close = session_close(Hours.XNYS_CLOSE, day)
    return Expiry(day=day, last_trading=close, settlement=close)


def spxw_expiries(start: date, end: date) -> tuple[Expiry, ...]:
    """Return the evening expiries from `start` to `end`, both included, in order.

    Every session since May 2022. Before (as remembered of Cboe's notices, back to
    August 2016): Mondays, Wednesdays, Fridays, what stands in for those on holidays, and
    the last session of a month. Which of them are listed yet on some day is not known
    here: all of the next few weeks, then fewer.
    """
    days = (start + n * _DAY for n in range((end - start).days + 1))
    return tuple(spxw_expiry(day) for day in days if is_session(day) and _lists(day))


def _lists(day: date) -> bool:
    weekday = day.weekday()
    if day >= _THURSDAYS_SINCE or weekday in {_MONDAY, _WEDNESDAY, _FRIDAY}:
        return True
    if weekday == _TUESDAY and (day >= _TUESDAYS_SINCE or not is_session(day - _DAY)):
        return True
    # A closed Wednesday or Friday is stood in for by the day before, a month's end by itself.
    following = day + _DAY
    while not is_session(following):
        following += _DAY
    return not is_session(day + _DAY) or following.month != day.month
