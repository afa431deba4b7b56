"""Daily and monthly series from FRED's chart files: no key, a session or more late.

VIXCLS and SP500 (ten years of it), SOFR, DFF, DGS3MO, DGS10, RBUSBIS. Consumer prices
are CPIAUCNS and producer prices PPIFID, final demand; neither is seasonally adjusted, as
the adjusted ones are revised for years. The PPI is revised once, four months on.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from monitor.calendars.sessions import is_session
from monitor.clock import Clock
from monitor.errors import Permanent
from monitor.feeds.fred_files import SOURCE, fetch_file, parse_file
from monitor.feeds.http import Web
from monitor.feeds.new_york import after_the_close, next_morning
from monitor.feeds.price_changes import (
    FirstSeen,
    change_readings,
    changes,
    known_at,
    levels_of,
    months_before,
)
from monitor.feeds.provider import Bygone, FeedSettings, Historian, Provider, Stretch
from monitor.feeds.releases import released_at
from monitor.feeds.several import Several
from monitor.feeds.stated import stated
from monitor.feeds.witness import Witness, heard
from monitor.model.reading import Bar, Reading
from monitor.signals.bars import point

BASE_URL: Final = "https://fred.stlouisfed.org"
_DAYS: Final = timedelta(days=30)
_MONTHS: Final = 78
_PERCENT: Final = 0.01
_MORNING: Final = time(9)
_REER: Final = "macro.reer"
_REER_ID: Final = "RBUSBIS"
_Parse: TypeAlias = Callable[[Witness, str], Iterable[Reading]]
_INDICES: Final[Mapping[str, str]] = {"cpi": "CPIAUCNS", "ppi": "PPIFID"}


class _Daily(NamedTuple):
    """A series of sessions. unit: what its numbers are in. prints: how many are given.

    overnight: whether a session's value is not published before the next morning.
    """

    id: str
    unit: float = 1.0
    prints: int = 1
    overnight: bool = False


_DAILY: Final[Mapping[str, _Daily]] = {
    "vix": _Daily("VIXCLS"),
    "spx.price": _Daily("SP500"),
    "rates.sofr": _Daily("SOFR", _PERCENT, 10, overnight=True),
    "rates.fed_funds": _Daily("DFF", _PERCENT, 10, overnight=True),
    "rates.risk_free": _Daily("DGS3MO", _PERCENT, 10, overnight=True),
    "rates.us10y": _Daily("DGS10", _PERCENT, 10, overnight=True),
}


@dataclass(slots=True, kw_only=True)
class Fred:
    """Gives the last prints of every series, oldest first; a file that fails costs only its own.

    A daily value is stamped 16:15 New York of its day, by which it ages; in a past, a rate
    is known from 09:00 of the next morning. A monthly one is stamped with its release, or
    where that day is not known with when it came, or has usually come.
    """

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = SOURCE
    _seen: FirstSeen = field(default_factory=FirstSeen, init=False)
    several: Several = field(default_factory=lambda: Several(SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return the prints; raise Transient or Permanent when there are none at all."""
        today = self.clock.now().date()
        recent, long_ago = today - _DAYS, months_before(today.replace(day=1), _MONTHS)
        return await self.several.ask(
            {
                **{
                    name: partial(self._ask, series.id, recent, partial(_daily, name))
                    for name, series in _DAILY.items()
                },
                _REER: partial(self._ask, _REER_ID, long_ago, partial(_reer, self._seen)),
                **{
                    f"macro.{index}": partial(
                        self._ask, series, long_ago, partial(_prices, index, self._seen)
                    )
                    for index, series in _INDICES.items()
                },
            }
        )

    async def _ask(self, series: str, first: date, parse: _Parse) -> tuple[Reading, ...]:
        text = await fetch_file(self.web, self.base_url, series, first)
        return tuple(parse(heard(SOURCE, self.clock), text))


def _sessions(name: str, text: str) -> Iterator[tuple[date, float]]:
    """Yield a daily series' sessions: other days repeat the one before, as DFF's do."""
    series = _DAILY[name]
    for day, value in parse_file(text, series.id):
        if is_session(day):
            yield day, value * series.unit


def _daily(name: str, witness: Witness, text: str) -> Iterator[Reading]:
    for day, value in list(_sessions(name, text))[-_DAILY[name].prints :]:
        yield stated(witness, name, value, at=after_the_close(day), what=_DAILY[name].id)


def _published(name: str, day: date) -> datetime:
    """Return when a past session's value was first there to read."""
    return next_morning(day, _MORNING) if _DAILY[name].overnight else after_the_close(day)


def _reer(seen: FirstSeen, witness: Witness, text: str) -> Iterator[Reading]:
    rows = parse_file(text, _REER_ID)
    seen.note("reer", (month for month, _ in rows), witness)
    for month, value in rows:
        told = stated(witness, _REER, value, at=seen.instant("reer", month), what=_REER_ID)
        yield replace(told, period=month)


def _prices(index: str, seen: FirstSeen, witness: Witness, text: str) -> Iterable[Reading]:
    levels = levels_of(parse_file(text, _INDICES[index]), source=SOURCE)
    return change_readings(index, levels, seen, witness)


async def _fetch(web: Web, clock: Clock, own: FeedSettings, stretch: Stretch) -> Bygone:
    name, ask = stretch.signal, partial(fetch_file, web, own.base_url or BASE_URL)
    if name in _DAILY:
        text = await ask(_DAILY[name].id, stretch.first)
        found = [
            point(day, value, _published(name, day))
            for day, value in _sessions(name, text)
            if day <= stretch.last
        ]
    else:
        found = list(await _monthly(ask, stretch, clock))
    return {"": tuple(bar for bar in found if bar.at <= clock.now())}


async def _monthly(
    ask: Callable[[str, date], Awaitable[str]], stretch: Stretch, clock: Clock
) -> Iterator[Bar]:
    """Yield a bar a month of the stretch, known from its release on.

    A change of prices whose release day is not known is left out: a replay would know it
    too early or too late. Raise Permanent where that is so of all.
    """
    name, now = stretch.signal, clock.now()
    index = name.removeprefix("macro.").partition("_")[0]
    if name == _REER:
        rows = parse_file(await ask(_REER_ID, stretch.first), _REER_ID)
    else:
        series = _INDICES[index]
        first = months_before(stretch.first.replace(day=1), 12)
        levels = levels_of(parse_file(await ask(series, first), series), source=SOURCE)
        rows = tuple((month, value) for one, month, value in changes(index, levels) if one == name)
    asked = [row for row in rows if stretch.first <= row[0] <= stretch.last]
    dated = [row for row in asked if name == _REER or released_at(index, row[0])]
    if asked and not dated:
        raise Permanent(
            f"it is not known on which days {name} was released, so its past stays unknown"
        )
    return (point(month, value, known_at(index, month, now)) for month, value in dated)


PROVIDER = Provider(
    name=SOURCE,
    poll_s=7_200,
    build=lambda web, clock, own: Fred(web=web, clock=clock, base_url=own.base_url or BASE_URL),
    history=Historian(
        signals=(
            *_DAILY,
            _REER,
            *(f"macro.{index}_{span}" for index in _INDICES for span in ("mom", "yoy")),
        ),
        chunk_days=3_650,
        fetch=_fetch,
    ),
)
