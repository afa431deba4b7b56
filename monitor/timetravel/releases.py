"""What the statistics office, the Fed and the futures' venue told, each when it could be had.

The CPI is seen from 08:30 New York of its release on; not seasonally adjusted, it is never
revised. Of the PPI no release days are had, so it is unknown. Calendars are told once a day
as their feeds have them: an unscheduled decision of the Fed from its announcement on, and
the meeting of 18 March 2020 until it was cancelled.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.calendars.sessions import is_session
from monitor.feeds.fed_calendar import KNOWN, announced
from monitor.feeds.new_york import after_the_close, next_morning
from monitor.feeds.releases import CPI_DAYS
from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME
from monitor.timetravel.events import Window
from monitor.timetravel.past_data import Library, shipped
from monitor.timetravel.tables import between

_NEW_YORK: Final = ZoneInfo("America/New_York")
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_TOLD: Final = time(9)
"""When calendars are told each day, New York; and a past day's rate, as `monitor.feeds.fred`."""

_BACK: Final = timedelta(days=14)
"""How far before a story rates and calendars begin: as their feeds look back."""

_AHEAD: Final = timedelta(days=400)
_CANCELLED: Final[Mapping[date, datetime]] = {date(2020, 3, 18): announced(date(2020, 3, 15))}
"""Scheduled decisions that did not come, by when it was known that they would not."""


def released(
    window: Window, asked: Collection[str] | None = None, library: Library | None = None
) -> Iterator[Readings]:
    """Yield what was told up to the end of a window, what was before it included.

    asked: the signals somebody reads; None for all there are. library: None for what ships.
    """
    had = library or shipped()
    for name, told in _TOLD_OF.items():
        if asked is None or name in asked:
            yield from told(window, had)


def _prices(window: Window, had: Library, name: str) -> Iterator[Readings]:
    """Yield a change of consumer prices a month, from its release on."""
    for one in had.changes:
        if one.name == name and one.at <= window.ends:
            reading = _reading(name, one.value, one.at, "bls")
            yield _said(one.at, replace(reading, period=one.month))


def _cpi_days(window: Window, _had: Library) -> Iterator[Readings]:
    for day in _days(window):
        at = datetime.combine(day, _TOLD, _NEW_YORK).astimezone(UTC)
        yield from _calendar("calendar.cpi", at, dict.fromkeys(CPI_DAYS, 1.0), "releases")


def _decisions(window: Window, _had: Library) -> Iterator[Readings]:
    """Yield the Fed's days, daily and whenever something is announced."""
    instants = {datetime.combine(day, _TOLD, _NEW_YORK).astimezone(UTC) for day in _days(window)}
    news = {announced(day).astimezone(UTC) for day, scheduled in KNOWN.items() if not scheduled}
    first, last = min(instants), max(instants)
    for at in sorted({*instants, *(one for one in news if first <= one <= last)}):
        yield from _calendar("calendar.fomc", at, dict(_decisions_known(at)), "fed_calendar")


def _decisions_known(at: datetime) -> Iterator[tuple[date, float]]:
    for day, scheduled in KNOWN.items():
        if scheduled or announced(day) <= at:
            yield day, scheduled
    yield from ((day, 1.0) for day, known in _CANCELLED.items() if at < known)


def _calendar(
    name: str, at: datetime, days: Mapping[date, float], source: str
) -> Iterator[Readings]:
    """Yield the days of a calendar about an instant, as its feed tells them then.

    Nothing before the first day of all: which is the next then is not known.
    """
    today = at.date()
    told = [
        _reading(name, value, at, source, key=day.isoformat())
        for day, value in sorted(days.items())
        if today - _BACK <= day <= today + _AHEAD
    ]
    if told and min(days) <= today:
        yield _said(at, *told)


def _funded(window: Window, had: Library) -> Iterator[Readings]:
    """Yield what longs paid, a fraction a year, at the end of each eight hours."""
    for at, value in had.funding:
        if window.begins <= at <= window.ends:
            yield _said(at, _reading("funding.eth_annual", value, at - _SECOND, "binance"))


def _fed_funds(window: Window, had: Library) -> Iterator[Readings]:
    """Yield each session's rate on the next morning; other days repeat the one before."""
    for day, rate in between(had.fed_funds, window.first - _BACK, window.last):
        if is_session(day):
            reading = _reading("rates.fed_funds", rate, after_the_close(day), "fred")
            yield _said(next_morning(day, _TOLD), reading)


_TOLD_OF: Final[Mapping[str, Callable[[Window, Library], Iterator[Readings]]]] = {
    "macro.cpi_mom": lambda window, had: _prices(window, had, "macro.cpi_mom"),
    "macro.cpi_yoy": lambda window, had: _prices(window, had, "macro.cpi_yoy"),
    "calendar.cpi": _cpi_days,
    "calendar.fomc": _decisions,
    "funding.eth_annual": _funded,
    "rates.fed_funds": _fed_funds,
}


def _days(window: Window) -> Iterator[date]:
    """Yield the days of a window, and the one before, from which its begin is told."""
    first = window.first - _DAY
    return (first + n * _DAY for n in range((window.last - first).days + 1))


def _said(at: datetime, *readings: Reading) -> Readings:
    return Readings(source=readings[0].name, observed_at=at, readings=readings)


def _reading(name: str, value: float, as_of: datetime, source: str, *, key: str = "") -> Reading:
    return Reading(
        name=name, value=value, unit=BY_NAME[name].unit, as_of=as_of, source=source, key=key
    )
