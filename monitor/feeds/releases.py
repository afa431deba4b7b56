"""When the CPI and the PPI are published: the known days, and what FRED's calendar adds.

The CPI's days are those of the schedules of the US Bureau of Labor Statistics, as they
were kept (the CPI of October 2025 was never published, and September's came late). No
such list is at hand for the PPI: its days come from FRED, which asks for a free key,
`[feed.releases] key`, and without one they are unknown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import parse_json, pick
from monitor.feeds.http import JSON, Web
from monitor.feeds.keys import revealed
from monitor.feeds.known_days import days_of, marked
from monitor.feeds.new_york import new_york_day, release_time
from monitor.feeds.provider import Provider
from monitor.feeds.several import Several
from monitor.feeds.stated import iso_day
from monitor.feeds.witness import Witness
from monitor.model.reading import Reading

BASE_URL: Final = "https://api.stlouisfed.org"
_SOURCE: Final = "releases"
_IDS: Final[Mapping[str, int]] = {"cpi": 10, "ppi": 46}
_CALENDAR: Final = "calendar"
_LOOK_BACK: Final = timedelta(days=400)
# Each the release of the month before it.
CPI_DAYS: Final = days_of(
    {
        2019: "01-11 02-13 03-12 04-10 05-10 06-12 07-11 08-13 09-12 10-10 11-13 12-11",
        2020: "01-14 02-13 03-11 04-10 05-12 06-10 07-14 08-12 09-11 10-13 11-12 12-10",
        2021: "01-13 02-10 03-10 04-13 05-12 06-10 07-13 08-11 09-14 10-13 11-10 12-10",
        2022: "01-12 02-10 03-10 04-12 05-11 06-10 07-13 08-10 09-13 10-13 11-10 12-13",
        2023: "01-12 02-14 03-14 04-12 05-10 06-13 07-12 08-10 09-13 10-12 11-14 12-12",
        2024: "01-11 02-13 03-12 04-10 05-15 06-12 07-11 08-14 09-11 10-10 11-13 12-11",
        2025: "01-15 02-12 03-12 04-10 05-13 06-11 07-15 08-12 09-11 10-24 12-18",
        2026: "01-13 02-13 03-11 04-10 05-12 06-10 07-14 08-12 09-11 10-14 11-10 12-10",
    }
)
_RELEASED: Final[Mapping[tuple[int, int], date]] = {(day.year, day.month): day for day in CPI_DAYS}


def released_at(index: str, month: date) -> datetime | None:
    """Return when a month's index was published, or None where that is not known.

    index: `cpi` or `ppi`. month: its first day.
    """
    after = (month.year + month.month // 12, month.month % 12 + 1)
    day = _RELEASED.get(after) if index == "cpi" else None
    return None if day is None else release_time(day)


@dataclass(slots=True, kw_only=True)
class Releases:
    """Gives `calendar.cpi` and, with a key to FRED, `calendar.ppi`: a reading a day.

    Where FRED fails the known days are given as long as they reach ahead, and it is said
    once. Days that are past stay as they are known; those to come are FRED's.
    """

    web: Web
    clock: Clock
    key: str | None = None
    base_url: str = BASE_URL
    name: str = _SOURCE
    several: Several = field(default_factory=lambda: Several(_SOURCE), init=False)

    def bundled(self) -> str:
        """Return why the known days are given alone; empty while FRED answers, or has no key."""
        return next((one.why for one in self.several.silences(_CALENDAR)), "")

    async def read(self) -> tuple[Reading, ...]:
        """Return every known day; raise Transient or Permanent when none lies ahead."""
        now = self.clock.now()
        if self.key is None and CPI_DAYS[-1] < new_york_day(now):
            last = f"{CPI_DAYS[-1]:%d %b %Y}"
            raise Permanent(f"no CPI release after {last} is known: give [feed.releases] key")
        days: dict[str, tuple[date, ...]] = {"cpi": CPI_DAYS, "ppi": ()}
        if self.key is not None:
            try:
                told = {index: await self._dates(index, self.key) for index in _IDS}
            except (Transient, Permanent) as error:
                if CPI_DAYS[-1] < new_york_day(now):
                    raise
                self.several.note(_CALENDAR, error)
            else:
                self.several.note(_CALENDAR, None)
                days = {
                    index: merged(known, told[index], today=new_york_day(now))
                    for index, known in days.items()
                }
        return tuple(
            reading
            for index, known in days.items()
            for reading in marked(
                f"calendar.{index}", dict.fromkeys(known, 1.0), Witness(source=_SOURCE, now=now)
            )
        )

    async def _dates(self, index: str, key: str) -> tuple[date, ...]:
        text = await self.web.get(
            f"{self.base_url}/fred/release/dates",
            accepts=JSON,
            params={
                "release_id": _IDS[index],
                "realtime_start": (self.clock.now() - _LOOK_BACK).date().isoformat(),
                "realtime_end": "9999-12-31",
                "include_release_dates_with_no_data": "true",
                "sort_order": "asc",
                "file_type": "json",
                "api_key": revealed(key, source=_SOURCE),
            },
        )
        return parse_dates(text, index)


def merged(known: tuple[date, ...], told: tuple[date, ...], *, today: date) -> tuple[date, ...]:
    """Return the days known, with those to come as told, where some are.

    Past days that only the calendar has are taken where nothing was known that late.
    """
    ahead = tuple(day for day in told if day > today)
    kept = [day for day in known if day <= today or not ahead]
    last = max((day for day in known if day <= today), default=date.min)
    return tuple(sorted({*kept, *ahead, *(day for day in told if last < day <= today)}))


def parse_dates(text: str, index: str) -> tuple[date, ...]:
    """Return the days in FRED's release calendar; raise Transient or Permanent."""
    rows = pick(parse_json(text, _SOURCE), "release_dates", source=_SOURCE)
    if not isinstance(rows, list) or not rows:
        raise Permanent(f"{_SOURCE} sent no release_dates: has its answer changed shape?")
    return tuple(sorted(set(_dates_in(rows, index))))


def _dates_in(rows: list[object], index: str) -> Iterator[date]:
    read = partial(iso_day, what="a release date", source=_SOURCE)
    for row in rows:
        release = pick(row, "release_id", source=_SOURCE)
        if release != _IDS[index]:
            raise Permanent(f"{_SOURCE} was asked for release {_IDS[index]} and sent {release}")
        yield read(pick(row, "date", source=_SOURCE))


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=21_600,
    build=lambda web, clock, own: Releases(
        web=web,
        clock=clock,
        key=own.key,
        base_url=own.base_url or BASE_URL,
    ),
    wants=("key",),
    keyed=("calendar.ppi",),
)
