"""SOFR from the Federal Reserve Bank of New York: no key, about 08:00 the morning after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import parse_json, pick
from monitor.feeds.http import JSON, Web
from monitor.feeds.new_york import after_the_close, next_morning
from monitor.feeds.provider import Bygone, FeedSettings, Historian, Provider, Stretch
from monitor.feeds.stated import iso_day, stated
from monitor.feeds.witness import Witness, heard
from monitor.model.reading import Reading
from monitor.signals.bars import point

BASE_URL: Final = "https://markets.newyorkfed.org"
_SOURCE: Final = "nyfed"
_SIGNAL: Final = "rates.sofr"
_MORNING: Final = time(8)
_LOOK_BACK: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewYorkFed:
    """Gives `rates.sofr` of the last days, oldest first.

    Each is stamped 16:15 New York of its day, by which it ages; in a past it is known from
    08:00 of the next morning.
    """

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE

    async def read(self) -> tuple[Reading, ...]:
        """Return the last rates; raise Transient when there are none, or Permanent."""
        now = self.clock.now()
        first = (now - _LOOK_BACK).date()
        text = await _ask(self.web, self.base_url, first, now.date())
        witness = heard(_SOURCE, self.clock)
        readings = parse_rates(text, witness)
        if not readings:
            raise Transient(f"{_SOURCE} has no SOFR since {first}")
        return readings


def parse_rates(text: str, witness: Witness) -> tuple[Reading, ...]:
    """Return a reading a day, a fraction, oldest first; raise Transient or Permanent."""
    rows = pick(parse_json(text, _SOURCE), "refRates", source=_SOURCE)
    if not isinstance(rows, list):
        raise Permanent(f"{_SOURCE} sent no list of refRates: has its answer changed shape?")
    return tuple(sorted(_rates(rows, witness), key=lambda one: one.as_of))


def _rates(rows: list[object], witness: Witness) -> Iterator[Reading]:
    for row in rows:
        kind = pick(row, "type", source=_SOURCE)
        if kind != "SOFR":
            raise Permanent(f"{_SOURCE} was asked for SOFR and sent {str(kind)[:20]!r}")
        shown = pick(row, "effectiveDate", source=_SOURCE)
        day = iso_day(shown, what="effectiveDate", source=_SOURCE)
        rate = pick(row, "percentRate", source=_SOURCE)
        value = rate if isinstance(rate, bool) or not isinstance(rate, int | float) else rate / 100
        yield stated(witness, _SIGNAL, value, at=after_the_close(day), what="percentRate")


async def _ask(web: Web, base_url: str, first: date, last: date) -> str:
    return await web.get(
        f"{base_url}/api/rates/secured/sofr/search.json",
        accepts=JSON,
        params={"startDate": first.isoformat(), "endDate": last.isoformat()},
    )


async def _fetch(web: Web, clock: Clock, own: FeedSettings, stretch: Stretch) -> Bygone:
    text = await _ask(web, own.base_url or BASE_URL, stretch.first, stretch.last)
    witness = heard(_SOURCE, clock)
    days = ((one.as_of.date(), one.value) for one in parse_rates(text, witness))
    bars = (
        point(day, value, next_morning(day, _MORNING))
        for day, value in days
        if stretch.first <= day <= stretch.last
    )
    return {"": tuple(bar for bar in bars if bar.at <= witness.now)}


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=3_600,
    build=lambda web, clock, own: NewYorkFed(
        web=web, clock=clock, base_url=own.base_url or BASE_URL
    ),
    history=Historian(signals=(_SIGNAL,), chunk_days=1_000, fetch=_fetch),
)
