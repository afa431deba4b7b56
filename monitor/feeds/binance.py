"""Binance: what its perpetuals fund, and spot prices in USDT, taken for dollars; no key.

Spot comes from the public data host, which serves everybody; funding from the futures
host, which refuses some countries with HTTP 451. A symbol whose funding interval was never
changed is not listed, and has the standard 8 hours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import Plausible, number
from monitor.feeds.funding import COINS, coin_of, daily, funding, signal_of, spaced
from monitor.feeds.http import JSON, Web
from monitor.feeds.provider import Bygone, FeedSettings, Historian, Provider, Stretch
from monitor.feeds.several import Several
from monitor.feeds.witness import Witness, heard, midnight, milliseconds
from monitor.model.reading import Bar, Reading

FUTURES_URL: Final = "https://fapi.binance.com"
SPOT_URL: Final = "https://data-api.binance.vision"
_SOURCE: Final = "binance"
_STANDARD_HOURS: Final = 8
_PAGE: Final = 1_000
_PAGES: Final = 10
_ONE_DAY: Final = timedelta(days=1)
_PRICE: Final = Plausible(above=0, up_to=1e15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binance:
    """Gives the funding and the spot price of each coin. base_url: for both hosts at once."""

    web: Web
    clock: Clock
    base_url: str | None = None
    name: str = _SOURCE
    several: Several = field(default_factory=partial(Several, _SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return what is answered; raise Transient or Permanent when nothing is."""
        prices = {f"{coin.lower()}.price": partial(self._price, coin) for coin in COINS}
        return await self.several.ask({**prices, "funding": self._funding})

    async def _price(self, coin: str) -> tuple[Reading, ...]:
        text = await self.web.get(
            f"{self.base_url or SPOT_URL}/api/v3/klines",
            accepts=JSON,
            params={"symbol": f"{coin}USDT", "interval": "1m", "limit": 2},
        )
        return (parse_price(text, coin, heard(_SOURCE, self.clock)),)

    async def _funding(self) -> tuple[Reading, ...]:
        host = self.base_url or FUTURES_URL
        text = await self.web.get(f"{host}/fapi/v1/fundingInfo", accepts=JSON)
        intervals = parse_intervals(text, heard(_SOURCE, self.clock))
        return await self.several.ask(
            {signal_of(coin): partial(self._funding_of, coin, intervals) for coin in COINS}
        )

    async def _funding_of(self, coin: str, intervals: Mapping[str, object]) -> tuple[Reading, ...]:
        host, witness = self.base_url or FUTURES_URL, heard(_SOURCE, self.clock)
        hours = interval_hours(intervals, f"{coin}USDT", witness)
        text = await self.web.get(
            f"{host}/fapi/v1/premiumIndex", accepts=JSON, params={"symbol": f"{coin}USDT"}
        )
        return (parse_funding(text, coin, hours, heard(_SOURCE, self.clock)),)


def parse_price(text: str, coin: str, witness: Witness) -> Reading:
    """Return the newest minute's close, stamped with its start; raise Transient or Permanent."""
    rows = witness.rows(witness.document(text))
    if not rows:
        raise Transient(f"{_SOURCE} has no price of {coin}")
    bars = [_bar(row, witness) for row in rows]
    newest = max(bars, key=lambda bar: bar.at)
    return witness.reading(f"{coin.lower()}.price", newest.close, newest.at)


def parse_intervals(text: str, witness: Witness) -> Mapping[str, object]:
    """Return what is said of each symbol whose funding interval differs or did."""
    rows = witness.rows(witness.document(text))
    return {str(witness.pick(row, "symbol")): row for row in rows}


def interval_hours(intervals: Mapping[str, object], symbol: str, witness: Witness) -> int:
    """Return a symbol's funding interval; raise Transient or Permanent for one that is none."""
    if symbol not in intervals:
        return _STANDARD_HOURS
    hours = witness.pick(intervals[symbol], "fundingIntervalHours")
    if isinstance(hours, int) and not isinstance(hours, bool) and 1 <= hours <= _STANDARD_HOURS:
        return hours
    raise Transient(f"{_SOURCE} sent {str(hours)[:20]!r} as a funding interval")


def parse_funding(text: str, coin: str, hours: int, witness: Witness) -> Reading:
    """Return the rate of the running interval as a year's. hours: how long that is."""
    document = witness.document(text)
    symbol = witness.pick(document, "symbol")
    if symbol != f"{coin}USDT":
        raise Permanent(f"{_SOURCE} was asked for {coin}USDT and sent {str(symbol)[:20]!r}")
    rate = witness.figure(witness.pick(document, "lastFundingRate"), "lastFundingRate")
    at = witness.instant(witness.pick(document, "time"), "time")
    return funding(witness, coin, at, rate=rate, hours=hours)


async def fetch(web: Web, clock: Clock, own: FeedSettings, stretch: Stretch) -> Bygone:
    """Return the daily bars of the days of a stretch that are over."""
    if stretch.signal.startswith("funding"):
        return {"": await _past_funding(web, clock, own, stretch)}
    text = await web.get(
        f"{own.base_url or SPOT_URL}/api/v3/klines",
        accepts=JSON,
        params={
            "symbol": f"{coin_of(stretch.signal)}USDT",
            "interval": "1d",
            "startTime": milliseconds(midnight(stretch.first)),
            "endTime": milliseconds(midnight(stretch.last + _ONE_DAY)) - 1,
            "limit": _PAGE,
        },
    )
    witness = heard(_SOURCE, clock)
    days = [_bar(row, witness, lasts=_ONE_DAY) for row in witness.rows(witness.document(text))]
    return {"": tuple(bar for bar in days if bar.at <= witness.now)}


async def _past_funding(
    web: Web, clock: Clock, own: FeedSettings, stretch: Stretch
) -> tuple[Bar, ...]:
    """Return bars of the year's rates printed on each day, each for the time since the last."""
    witness = heard(_SOURCE, clock)
    begin = midnight(stretch.first)
    since, until = (
        begin - timedelta(hours=_STANDARD_HOURS, minutes=1),
        midnight(stretch.last + _ONE_DAY),
    )
    prints = list[tuple[datetime, float]]()
    for _ in range(_PAGES):
        text = await web.get(
            f"{own.base_url or FUTURES_URL}/fapi/v1/fundingRate",
            accepts=JSON,
            params={
                "symbol": f"{coin_of(stretch.signal)}USDT",
                "startTime": milliseconds(since),
                "endTime": milliseconds(until) - 1,
                "limit": _PAGE,
            },
        )
        rows = witness.rows(witness.document(text))
        prints += [_print(row, witness) for row in rows]
        if len(rows) < _PAGE:
            break
        since = max(at for at, _ in prints) + timedelta(milliseconds=1)
    yearly = spaced(prints, longest=_STANDARD_HOURS)
    return daily(((at, rate) for at, rate in yearly if at >= begin), witness.now)


def _print(row: object, witness: Witness) -> tuple[datetime, float]:
    at = witness.instant(witness.pick(row, "fundingTime"), "fundingTime")
    return at, witness.figure(witness.pick(row, "fundingRate"), "fundingRate")


def _bar(row: object, witness: Witness, *, lasts: timedelta = timedelta(0)) -> Bar:
    """Return a candle's bar, true as of its start and `lasts`."""
    start, *told = (witness.pick(row, place) for place in range(5))
    begun = witness.instant(start, "a candle's start").astimezone(UTC)
    first, high, low, last = (
        number(witness.figure(one, "a price"), what="a price", source=_SOURCE, plausible=_PRICE)
        for one in told
    )
    return Bar(day=begun.date(), open=first, high=high, low=low, close=last, at=begun + lasts)


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=60,
    build=lambda web, clock, own: Binance(web=web, clock=clock, base_url=own.base_url),
    history=Historian(
        signals=("eth.price", "btc.price", "funding.eth_annual", "funding.btc_annual"),
        chunk_days=300,
        fetch=fetch,
    ),
)
