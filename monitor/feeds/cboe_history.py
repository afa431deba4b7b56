"""Daily values of the VIX family and SKEW since their beginning, from Cboe's own files.

A file an index: VVIX and SKEW have a column of closes, the others open, high, low and
close, with two or six decimals. They have rows on holidays of the New York exchanges,
which are no sessions and are dropped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Final

from monitor.calendars.sessions import is_session
from monitor.clock import Clock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.foreign import number
from monitor.feeds.http import CSV, Web
from monitor.feeds.new_york import after_the_close
from monitor.feeds.provider import Bygone, FeedSettings, Historian, Provider, Stretch
from monitor.feeds.several import Several
from monitor.feeds.stated import figure, stated
from monitor.feeds.witness import Witness, heard
from monitor.model.reading import Bar, Reading
from monitor.signals.bars import point
from monitor.signals.catalogue import BY_NAME

BASE_URL: Final = "https://cdn.cboe.com/api/global/us_indices/daily_prices"
_SOURCE: Final = "cboe_history"
_FILES: Final[Mapping[str, str]] = {
    "vix": "VIX",
    "vix9d": "VIX9D",
    "vix3m": "VIX3M",
    "vix6m": "VIX6M",
    "vvix": "VVIX",
    "skew": "SKEW",
}
_PRICES: Final = ["OPEN", "HIGH", "LOW", "CLOSE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CboeHistory:
    """Gives the last session's close of each index, stamped 16:15 New York."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE
    several: Several = field(default_factory=lambda: Several(_SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return a reading an index; raise Transient or Permanent when there is none."""
        return await self.several.ask({one: partial(self._last, one) for one in _FILES})

    async def _last(self, signal: str) -> tuple[Reading, ...]:
        text = await self.web.get(_url(self.base_url, signal), accepts=CSV)
        return (last_close(text, signal, heard(_SOURCE, self.clock)),)


def parse_bars(text: str, signal: str, *, until: datetime) -> tuple[Bar, ...]:
    """Return a bar a session of an index's file, those known by `until`.

    A session whose close is no number or absurd is left out. Raises Permanent when the
    header is another one, Transient when the file is empty or a date is none.
    """
    found = []
    for day, cells in _rows(text, signal):
        at = after_the_close(day)
        if at <= until and is_session(day) and (bar := _bar(signal, day, cells)) is not None:
            found.append(bar)
    return tuple(found)


def last_close(text: str, signal: str, witness: Witness) -> Reading:
    """Return the last session's close; raises as `parse_bars` does, and on an absurd close."""
    for day, cells in reversed(list(_rows(text, signal))):
        if is_session(day):
            what = f"the close of {_FILES[signal]}"
            value = figure(cells[-1], what=what, source=_SOURCE)
            return stated(witness, signal, value, at=after_the_close(day), what=what)
    raise Transient(f"{_SOURCE} has no session of {_FILES[signal]} in its file")


def _rows(text: str, signal: str) -> Iterator[tuple[date, Sequence[str]]]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise Transient(f"{_SOURCE} sent an empty file for {_FILES[signal]}")
    header = [cell.strip().upper() for cell in lines[0].split(",")]
    if header not in (["DATE", *_PRICES], ["DATE", _FILES[signal]]):
        raise Permanent(f"{_SOURCE} sent another header for {_FILES[signal]}: {lines[0][:60]!r}")
    for line in lines[1:]:
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(header):
            raise Transient(f"{_SOURCE} sent a row cut short: {line[:40]!r}")
        yield _day(cells[0]), cells[1:]


def _day(text: str) -> date:
    try:
        month, day, year = text.split("/")
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        raise Transient(f"{_SOURCE} sent {text[:20]!r} as a date") from None


def _bar(signal: str, day: date, cells: Sequence[str]) -> Bar | None:
    """Return a session's bar: a single point where only its close makes sense."""
    at = after_the_close(day)
    values = [_value(signal, cell) for cell in cells]
    close = values[-1]
    if close is None:
        return None
    known = [value for value in values if value is not None]
    if len(known) < len(_PRICES):
        return point(day, close, at)
    return Bar(day=day, open=known[0], high=max(known), low=min(known), close=close, at=at)


def _value(signal: str, cell: str) -> float | None:
    plausible = BY_NAME[signal].plausible
    assert plausible is not None
    try:
        value = figure(cell, what=signal, source=_SOURCE)
        return number(value, what=signal, source=_SOURCE, plausible=plausible)
    except HedgewatchError:
        return None


def _url(base_url: str, signal: str) -> str:
    return f"{base_url}/{_FILES[signal]}_History.csv"


async def _fetch(web: Web, clock: Clock, own: FeedSettings, stretch: Stretch) -> Bygone:
    url = _url(own.base_url or BASE_URL, stretch.signal)
    bars = parse_bars(await web.get(url, accepts=CSV), stretch.signal, until=clock.now())
    return {"": tuple(bar for bar in bars if stretch.first <= bar.day <= stretch.last)}


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=3_600,
    build=lambda web, clock, own: CboeHistory(
        web=web, clock=clock, base_url=own.base_url or BASE_URL
    ),
    history=Historian(signals=tuple(_FILES), chunk_days=40_000, fetch=_fetch),
)
