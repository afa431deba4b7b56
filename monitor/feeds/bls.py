"""Changes of consumer and producer prices from the US Bureau of Labor Statistics.

CUUR0000SA0 is the CPI-U of all items, WPUFD4 the PPI of final demand; neither is
seasonally adjusted. Without a key 25 questions a day are answered, so it asks four
times; with one, `[feed.bls] key`, it uses the second version of the service.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import parse_json, pick
from monitor.feeds.http import JSON, Web
from monitor.feeds.keys import revealed
from monitor.feeds.price_changes import FirstSeen, change_readings, levels_of
from monitor.feeds.provider import Provider
from monitor.feeds.several import Several
from monitor.feeds.stated import figure
from monitor.feeds.witness import heard
from monitor.logs import redact
from monitor.model.reading import Reading

BASE_URL: Final = "https://api.bls.gov/publicAPI"
_SOURCE: Final = "bls"
_SERIES: Final[Mapping[str, str]] = {"CUUR0000SA0": "cpi", "WPUFD4": "ppi"}
_YEARS_BACK: Final = 4
_MONTH: Final = re.compile(r"M(0[1-9]|1[0-2])", re.ASCII)  # M13 is a year's mean
_YEAR: Final = re.compile(r"[1-9]\d{3}", re.ASCII)
_UNPUBLISHED: Final = ("-", "")


@dataclass(slots=True, kw_only=True)
class Bls:
    """Gives the changes of the last years over a month and a year, oldest first.

    Stamped with their release; where that is not known with when it came, or has usually come.
    """

    web: Web
    clock: Clock
    key: str | None = None
    base_url: str = BASE_URL
    name: str = _SOURCE
    _seen: FirstSeen = field(default_factory=FirstSeen, init=False)
    several: Several = field(default_factory=lambda: Several(_SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return the changes of what makes sense; raise Transient or Permanent for neither."""
        now = self.clock.now()
        asked: dict[str, object] = {
            "seriesid": list(_SERIES),
            "startyear": str(now.year - _YEARS_BACK),
            "endyear": str(now.year),
        }
        if self.key is not None:
            asked["registrationkey"] = revealed(self.key, source=_SOURCE)
        version = "v1" if self.key is None else "v2"
        url = f"{self.base_url}/{version}/timeseries/data/"
        series = parse_series(await self.web.post(url, asked, accepts=JSON))
        return await self.several.ask(
            {
                f"macro.{index}": partial(self._changes, name, series)
                for name, index in _SERIES.items()
            }
        )

    async def _changes(self, name: str, series: Mapping[str, object]) -> tuple[Reading, ...]:
        levels = levels_of(_levels(name, pick(series, name, source=_SOURCE)), source=_SOURCE)
        witness = heard(_SOURCE, self.clock)
        return tuple(change_readings(_SERIES[name], levels, self._seen, witness))


def parse_series(text: str) -> Mapping[str, object]:
    """Return the rows of each series in an answer; raise Transient or Permanent."""
    document = parse_json(text, _SOURCE)
    status = pick(document, "status", source=_SOURCE)
    if status != "REQUEST_SUCCEEDED":
        message = document.get("message") if isinstance(document, Mapping) else None
        why = message[0] if isinstance(message, list) and message else status
        raise Transient(f"{_SOURCE} answered: {redact(str(why))[:120]}")
    found = pick(document, "Results", "series", source=_SOURCE)
    if not isinstance(found, list):
        raise Permanent(f"{_SOURCE} sent no list of series: has its answer changed shape?")
    return {
        str(pick(one, "seriesID", source=_SOURCE)): pick(one, "data", source=_SOURCE)
        for one in found
    }


def _levels(series: str, rows: object) -> Iterator[tuple[date, float]]:
    """Yield the months that were published."""
    if not isinstance(rows, list) or not rows:
        raise Transient(f"{_SOURCE} sent no value of {series}")
    for row in rows:
        year, period, value = (
            str(pick(row, key, source=_SOURCE)).strip() for key in ("year", "period", "value")
        )
        month = _MONTH.fullmatch(period)
        if month is None or value in _UNPUBLISHED:
            continue
        if not _YEAR.fullmatch(year):
            raise Transient(f"{_SOURCE} sent {year[:20]!r} as a year")
        yield date(int(year), int(month[1]), 1), figure(value, what=series, source=_SOURCE)


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=21_600,
    build=lambda web, clock, own: Bls(
        web=web, clock=clock, key=own.key, base_url=own.base_url or BASE_URL
    ),
    wants=("key",),
)
