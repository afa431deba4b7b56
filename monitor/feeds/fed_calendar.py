"""Days on which the Fed decides: its own calendar, over those known since 2019.

The known days are the Federal Open Market Committee's, as the Board of Governors lists
them; 2020-03-03 and 2020-03-15 were not scheduled, and the meeting of 2020-03-18 was
cancelled. No calendar can know an unscheduled decision ahead, so it is given from its
announcement on only: at the hour that is known of those two, at 14:00 New York of others.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from monitor import __version__
from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import parse_json, pick
from monitor.feeds.http import JSON, Web
from monitor.feeds.known_days import days_of, marked
from monitor.feeds.new_york import NEW_YORK, new_york_day
from monitor.feeds.provider import Provider
from monitor.feeds.several import Several
from monitor.feeds.witness import Witness
from monitor.model.reading import Reading

BASE_URL: Final = "https://www.federalreserve.gov"
_SOURCE: Final = "fed_calendar"
# The server refuses what does not begin like a browser; whose program it is stays said.
_HEADERS: Final = {"User-Agent": f"Mozilla/5.0 (compatible; hedgewatch/{__version__})"}
_SCHEDULED: Final = days_of(
    {
        2019: "01-30 03-20 05-01 06-19 07-31 09-18 10-30 12-11",
        2020: "01-29 04-29 06-10 07-29 09-16 11-05 12-16",
        2021: "01-27 03-17 04-28 06-16 07-28 09-22 11-03 12-15",
        2022: "01-26 03-16 05-04 06-15 07-27 09-21 11-02 12-14",
        2023: "02-01 03-22 05-03 06-14 07-26 09-20 11-01 12-13",
        2024: "01-31 03-20 05-01 06-12 07-31 09-18 11-07 12-18",
        2025: "01-29 03-19 05-07 06-18 07-30 09-17 10-29 12-10",
        2026: "01-28 03-18 04-29 06-17 07-29 09-16 10-28 12-09",
    }
)
_UNSCHEDULED: Final[Mapping[date, time]] = {
    date(2020, 3, 3): time(10),
    date(2020, 3, 15): time(17),
}
"""When each was announced, in New York; the second on a Sunday."""
_ANNOUNCED: Final = time(14)
KNOWN: Final[Mapping[date, float]] = {
    **dict.fromkeys(_SCHEDULED, 1.0),
    **dict.fromkeys(_UNSCHEDULED, 0.0),
}
_SURE_UNTIL: Final = date(2026, 10, 1)
"""Up to here the known days are complete, whatever the calendar says of the past."""
_CALENDAR: Final = "calendar.fomc"
_MEETING: Final = "fomc meeting"
_NUMBERS: Final = re.compile(r"\d+", re.ASCII)
_ONE_DAY: Final = timedelta(days=1)
_LONGEST: Final = 2 * _ONE_DAY
"""From a meeting's first day to its last."""
_YEARS: Final = range(2000, 2100)


@dataclass(slots=True, kw_only=True)
class FedCalendar:
    """Gives `calendar.fomc`: 1 for a scheduled decision, 0 for another, by its ISO date.

    Where the calendar fails the known days are given as long as they reach ahead, and it
    is said once.
    """

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE
    several: Several = field(default_factory=lambda: Several(_SOURCE), init=False)

    def bundled(self) -> str:
        """Return why the known days are given alone; empty while the calendar answers."""
        return next((one.why for one in self.several.silences(_CALENDAR)), "")

    async def read(self) -> tuple[Reading, ...]:
        """Return every decision known; raise Transient or Permanent when none lies ahead."""
        now = self.clock.now()
        today = new_york_day(now)
        days = KNOWN
        try:
            text = await self.web.get(
                f"{self.base_url}/json/calendar.json", accepts=JSON, headers=_HEADERS
            )
            days = over(KNOWN, parse_calendar(text), today=today)
        except (Transient, Permanent) as error:
            if max(KNOWN) < today:
                raise
            self.several.note(_CALENDAR, error)
        else:
            self.several.note(_CALENDAR, None)
        seen = {day: value for day, value in days.items() if value or announced(day) <= now}
        return tuple(marked("calendar.fomc", seen, Witness(source=_SOURCE, now=now)))


def announced(day: date) -> datetime:
    """Return when an unscheduled decision was told: at 14:00 New York where that is not known."""
    return datetime.combine(day, _UNSCHEDULED.get(day, _ANNOUNCED), NEW_YORK)


def over(
    known: Mapping[date, float], told: Mapping[date, float], *, today: date
) -> Mapping[date, float]:
    """Return the known decisions with what the calendar adds.

    Those to come are the calendar's, from the first day it has, where it has any to come.
    """
    first = min(told) if any(day > today for day in told) else date.max
    kept = {day: value for day, value in known.items() if day <= today or day < first}
    added = {day: value for day, value in told.items() if day > _SURE_UNTIL}
    return {**added, **kept}


def parse_calendar(text: str) -> Mapping[date, float]:
    """Return the last day of each meeting in the Fed's calendar; raise Transient or Permanent.

    A meeting may be written "8, 9", or as two events on two days.
    """
    events = pick(parse_json(text, _SOURCE), "events", source=_SOURCE)
    if not isinstance(events, list):
        raise Permanent(f"{_SOURCE} sent no list of events: has its answer changed shape?")
    days = dict(pair for event in events for pair in _meeting_days(event))
    if not days:
        raise Permanent(f"{_SOURCE} names no FOMC meeting: has its answer changed shape?")
    return {day: value for day, value in days.items() if day + _ONE_DAY not in days}


def _meeting_days(event: object) -> Iterator[tuple[date, float]]:
    title = event.get("title") if isinstance(event, Mapping) else None
    said = title.strip().casefold() if isinstance(title, str) else ""
    if not said.startswith(_MEETING) or "cancel" in said:
        return
    month = str(pick(event, "month", source=_SOURCE))
    written = str(pick(event, "days", source=_SOURCE))
    try:
        numbers = [int(one) for one in _NUMBERS.findall(written)]
        days = [date.fromisoformat(f"{month.strip()}-{numbers[0]:02d}")]
        for number in numbers[1:]:
            days.append(_after(days[-1], number))
    except (ValueError, IndexError):
        raise Transient(f"{_SOURCE} dates a meeting {month[:20]!r}, which is no month") from None
    first, last = days[0], days[-1]
    if last - first > _LONGEST or first.year not in _YEARS:
        raise Transient(f"{_SOURCE} dates a meeting {first} to {last}, which is absurd")
    value = 0.0 if "unscheduled" in said else 1.0
    yield from ((first + n * _ONE_DAY, value) for n in range((last - first).days + 1))


def _after(day: date, number: int) -> date:
    """Return the next day of that number: "31, 1" reaches into the month after."""
    if number > day.day:
        return day.replace(day=number)
    return date(day.year + day.month // 12, day.month % 12 + 1, number)


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=21_600,
    build=lambda web, clock, own: FedCalendar(
        web=web, clock=clock, base_url=own.base_url or BASE_URL
    ),
)
