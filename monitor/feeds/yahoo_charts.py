"""Yahoo's chart documents: the regular market price, and a bar a day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from urllib.parse import quote

from monitor.calendars.sessions import is_session
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.foreign import parse_json, pick
from monitor.feeds.new_york import after_the_close
from monitor.feeds.stated import stated
from monitor.feeds.witness import Witness
from monitor.model.reading import Bar, Reading

SOURCE: Final = "yahoo"
_YEAR_9999: Final = 253_402_300_799
_DAY: Final = timedelta(days=1)
_PRICES: Final = ("open", "high", "low", "close")
_COIN: Final = "CRYPTOCURRENCY"


class Asked(NamedTuple):
    """A chart: what it is a price of, Yahoo's symbol, and the key of a proxy."""

    name: str
    symbol: str
    key: str = ""

    @property
    def what(self) -> str:
        """Return what it tells: a signal, or a member of one."""
        return f"{self.name}.{self.key}" if self.key else self.name

    @property
    def path(self) -> str:
        """Return where it is served."""
        return f"/v8/finance/chart/{quote(self.symbol, safe='')}"


def parse_quote(text: str, asked: Asked, witness: Witness) -> Reading:
    """Return the regular market price in a chart; raise Transient or Permanent."""
    meta = pick(_chart(text, asked), "meta", source=SOURCE)
    price = pick(meta, "regularMarketPrice", source=SOURCE)
    at = _instant(pick(meta, "regularMarketTime", source=SOURCE), "regularMarketTime")
    return stated(witness, asked.name, price, at=at, what="regularMarketPrice")


def parse_bars(text: str, asked: Asked, witness: Witness) -> tuple[Bar, ...]:
    """Return a bar a day that is over; none where nothing was traded. Raises as the quote.

    A day without all four prices, or with an absurd one, is left out.
    """
    chart = _chart(text, asked)
    if isinstance(chart, dict) and "timestamp" not in chart:
        return ()
    rows = [pick(chart, "timestamp", source=SOURCE)]
    rows += [pick(chart, "indicators", "quote", 0, one, source=SOURCE) for one in _PRICES]
    columns = [row for row in rows if isinstance(row, list)]
    if len(columns) < len(rows) or len({len(column) for column in columns}) > 1:
        raise Permanent(f"{SOURCE} sent columns of unequal length: has its answer changed shape?")
    coin = pick(chart, "meta", "instrumentType", source=SOURCE) == _COIN
    return tuple(_bars(columns, asked, coin=coin, witness=witness))


def _bars(
    columns: list[list[object]], asked: Asked, *, coin: bool, witness: Witness
) -> Iterator[Bar]:
    for stamp, *prices in zip(*columns, strict=True):
        # A session begins at its UTC date wherever it is held; a coin's day is the UTC date.
        day = _instant(stamp, "timestamp").date()
        at = datetime.combine(day + _DAY, time(), UTC) if coin else after_the_close(day)
        if at > witness.now or not (asked.key or is_session(day)):
            continue
        try:
            values = [witness.reading(asked.name, price, at).value for price in prices]
        except HedgewatchError:
            continue
        yield _bar(day, values, at)


def _bar(day: date, values: list[float], at: datetime) -> Bar:
    first, *_, last = values
    return Bar(day=day, open=first, high=max(values), low=min(values), close=last, at=at)


def _chart(text: str, asked: Asked) -> object:
    """Return the chart asked for; raise Permanent for another, and for one not in dollars."""
    chart = pick(parse_json(text, SOURCE), "chart", "result", 0, source=SOURCE)
    symbol = pick(chart, "meta", "symbol", source=SOURCE)
    if str(symbol).upper() != asked.symbol.upper():
        raise Permanent(f"{SOURCE} was asked for {asked.symbol} and sent {str(symbol)[:20]!r}")
    if asked.key and (money := pick(chart, "meta", "currency", source=SOURCE)) != "USD":
        raise Permanent(f"{SOURCE} quotes {asked.symbol} in {str(money)[:8]!r}, not in US dollars")
    return chart


def _instant(stamp: object, what: str) -> datetime:
    if isinstance(stamp, bool) or not isinstance(stamp, int) or not 0 < stamp < _YEAR_9999:
        raise Transient(f"{SOURCE} sent {str(stamp)[:40]!r} as {what}, which is no time")
    return datetime.fromtimestamp(stamp, UTC)
