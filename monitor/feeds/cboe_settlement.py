"""Daily settlements of the monthly VIX futures, from Cboe's official file.

One file a trade date, published after 16:30 Chicago; the date is asked for, since the
file does not state it: so the first is held against the one before it, which is asked for
once. At weekends and on holidays the file is empty.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.calendars.sessions import is_session, sessions_back
from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import VOL_POINTS, number
from monitor.feeds.http import CSV, Web
from monitor.feeds.provider import Bygone, FeedSettings, Historian, Provider, Stretch
from monitor.model.reading import Bar, Reading
from monitor.signals.bars import point

BASE_URL: Final = "https://www.cboe.com/us/futures/market_statistics/settlement"
_SOURCE: Final = "cboe_settlement"
_NEW_YORK: Final = ZoneInfo("America/New_York")
_SETTLED_AT: Final = time(16, 15)
_PUBLISHED_AT: Final = time(17, 30)
_DAYS_BACK: Final = 10
_WEEK: Final = 7
_COLUMNS: Final = ("product", "symbol", "expiration_date", "price")
# Weeklies (VX30/N6) repeat the monthly's price and are no market of their own.
_MONTHLY: Final = re.compile(r"VX/[FGHJKMNQUVXZ]\d", re.ASCII)


class _Issue(NamedTuple):
    """What was settled on a trade date: a price an expiry."""

    trade_date: date
    curve: Mapping[str, float]


@dataclass(slots=True, kw_only=True)
class CboeSettlement:
    """Gives `vx.settle`, one reading an expiry, of the last published trade date."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE
    _last: _Issue | None = field(default=None, init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return the newest settlements.

        Raise Transient when ten days back there are none, or when they are all those of an
        earlier session: the file states no date, and so cannot say itself that it is old.
        """
        last = _last_published(self.clock.now())
        for back in range(_DAYS_BACK + 1):
            trade_date = last - timedelta(days=back)
            if trade_date.isoweekday() > 5:  # noqa: PLR2004 (Saturday and Sunday)
                continue
            readings = await _settled(self.web, self.base_url, trade_date)
            if readings:
                before = self._last or await self._before(trade_date)
                self._last = _another(before, trade_date, readings)
                return readings
        raise Transient(f"{_SOURCE} has no settlement from the {_DAYS_BACK} days up to {last}")

    async def _before(self, trade_date: date) -> _Issue | None:
        """Return the issue of the session before, None where it has none."""
        before = sessions_back(trade_date, 1)
        readings = await _settled(self.web, self.base_url, before)
        return _another(None, before, readings) if readings else None


async def _settled(web: Web, base_url: str, trade_date: date) -> tuple[Reading, ...]:
    text = await web.get(f"{base_url}/csv", accepts=CSV, params={"dt": trade_date.isoformat()})
    return parse_settlements(text, trade_date=trade_date)


def _another(last: _Issue | None, trade_date: date, readings: Sequence[Reading]) -> _Issue:
    """Return an issue; raise Transient when it is that of another session, price by price."""
    curve = {one.key: one.value for one in readings}
    if last is not None and last.trade_date != trade_date and last.curve == curve:
        raise Transient(
            f"{_SOURCE} sent the settlements of {last.trade_date} for {trade_date} again:"
            " is its file frozen?"
        )
    return _Issue(trade_date, curve)


def parse_settlements(text: str, *, trade_date: date) -> tuple[Reading, ...]:
    """Return the monthly futures' settlements in a file; none when the file is empty.

    Raises Permanent when the header is another one, Transient on a row that makes no sense.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return ()
    rows = csv.reader(lines)
    header = [name.strip().lower().replace(" ", "_") for name in next(rows)]
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        found = ", ".join(header)[:80]
        raise Permanent(f"{_SOURCE} sent no column {', '.join(missing)}; its header is: {found}")
    as_of = datetime.combine(trade_date, _SETTLED_AT, _NEW_YORK).astimezone(UTC)
    return tuple(
        Reading(
            name="vx.settle",
            key=expiry.isoformat(),
            value=price,
            unit="points",
            as_of=as_of,
            source=_SOURCE,
        )
        for expiry, price in _monthlies(header, rows)
    )


def _monthlies(header: list[str], rows: Iterator[list[str]]) -> Iterator[tuple[date, float]]:
    for cells in rows:
        if len(cells) < len(_COLUMNS):
            raise Transient(f"{_SOURCE} sent a row cut short: {','.join(cells)[:40]!r}")
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        if row["product"] == "VX" and _MONTHLY.fullmatch(row["symbol"]):
            price = _price(row)
            if price is not None:
                yield _expiry(row), price


def _price(row: Mapping[str, str]) -> float | None:
    """Return the settlement, or None for the 0 that stands for "none"."""
    try:
        price = float(row["price"])
    except ValueError:
        what = row["price"][:20]
        raise Transient(f"{_SOURCE} sent {what!r} as the price of {row['symbol']}") from None
    if price == 0:
        return None
    return number(price, what=f"{row['symbol']}", source=_SOURCE, plausible=VOL_POINTS)


def _expiry(row: Mapping[str, str]) -> date:
    try:
        return date.fromisoformat(row["expiration_date"])
    except ValueError:
        what = row["expiration_date"][:20]
        raise Transient(f"{_SOURCE} sent {what!r} as the expiry of {row['symbol']}") from None


def _last_published(now: datetime) -> date:
    local = now.astimezone(_NEW_YORK)
    return local.date() if local.time() >= _PUBLISHED_AT else local.date() - timedelta(days=1)


async def _fetch(web: Web, clock: Clock, own: FeedSettings, stretch: Stretch) -> Bygone:
    """Return each future's settlements of the sessions of a stretch: a request a session."""
    days = stretch.last.toordinal() - stretch.first.toordinal() + 1
    found: dict[str, tuple[Bar, ...]] = {}
    last: _Issue | None = None
    for day in (stretch.first + timedelta(days=n) for n in range(days)):
        if not is_session(day) or day > _last_published(clock.now()):
            continue
        readings = await _settled(web, own.base_url or BASE_URL, day)
        last = _another(last, day, readings) if readings else last
        for one in readings:
            found[one.key] = (*found.get(one.key, ()), point(day, one.value, one.as_of))
    return found


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=3_600,
    build=lambda web, clock, own: CboeSettlement(
        web=web, clock=clock, base_url=own.base_url or BASE_URL
    ),
    history=Historian(signals=("vx.settle",), chunk_days=_WEEK, fetch=_fetch),
)
