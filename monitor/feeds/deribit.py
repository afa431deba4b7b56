"""Deribit's public API: DVOL, its 30-day implied volatility index, and index prices; no key.

Around the clock. A value of DVOL is stamped with its candle's start; its history begins
on 2021-03-24.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import CRYPTO_VOL_POINTS, number
from monitor.feeds.funding import COINS, coin_of
from monitor.feeds.http import JSON, Web
from monitor.feeds.provider import Bygone, FeedSettings, Historian, Provider, Stretch
from monitor.feeds.several import Several
from monitor.feeds.witness import Witness, heard, midnight, milliseconds
from monitor.model.reading import Bar, Reading

BASE_URL: Final = "https://www.deribit.com/api/v2"
_SOURCE: Final = "deribit"
_LOOK_BACK: Final = timedelta(minutes=30)
_ONE_DAY: Final = timedelta(days=1)
_CANDLE: Final = 5  # start, open, high, low, close
_YEAR_9999_MS: Final = 253_402_300_799_000
_PAGES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Deribit:
    """Gives DVOL and the index price of each coin."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE
    several: Several = field(default_factory=partial(Several, _SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return what is answered of the four; raise Transient or Permanent when nothing is."""
        volatility = {f"dvol.{coin.lower()}": partial(self._dvol, coin) for coin in COINS}
        price = {f"{coin.lower()}.price": partial(self._price, coin) for coin in COINS}
        return await self.several.ask({**volatility, **price})

    async def _dvol(self, coin: str) -> tuple[Reading, ...]:
        now = self.clock.now()
        text = await self.web.get(
            f"{self.base_url}/public/get_volatility_index_data",
            accepts=JSON,
            params={
                "currency": coin,
                "start_timestamp": milliseconds(now - _LOOK_BACK),
                "end_timestamp": milliseconds(now),
                "resolution": "60",
            },
        )
        return (parse_dvol(text, coin, heard(_SOURCE, self.clock)),)

    async def _price(self, coin: str) -> tuple[Reading, ...]:
        text = await self.web.get(
            f"{self.base_url}/public/ticker",
            accepts=JSON,
            params={"instrument_name": f"{coin}-PERPETUAL"},
        )
        return (parse_index(text, coin, heard(_SOURCE, self.clock)),)


def parse_dvol(text: str, coin: str, witness: Witness) -> Reading:
    """Return the newest candle's close, stamped with its start; raise Transient or Permanent."""
    rows, _ = _candles(text, witness)
    if not rows:
        raise Transient(f"{_SOURCE} has no DVOL of the last {_LOOK_BACK.seconds // 60} minutes")
    newest = max(rows, key=lambda row: row[0])
    at = witness.instant(newest[0], "a candle's start")
    return witness.reading(f"dvol.{coin.lower()}", newest[-1], at)


def parse_index(text: str, coin: str, witness: Witness) -> Reading:
    """Return the index price in a perpetual's ticker; raise Transient or Permanent."""
    result = witness.pick(answered(text, witness), "result")
    named = witness.pick(result, "instrument_name")
    if named != f"{coin}-PERPETUAL":
        raise Permanent(f"{_SOURCE} was asked for {coin}-PERPETUAL and sent {str(named)[:20]!r}")
    at = witness.instant(witness.pick(result, "timestamp"), "timestamp")
    return witness.reading(f"{coin.lower()}.price", witness.pick(result, "index_price"), at)


def answered(text: str, witness: Witness) -> object:
    """Return the document; raise Transient when it tells of an error, which comes with 200 too."""
    document = witness.document(text)
    if isinstance(document, Mapping) and document.get("error"):
        raise Transient(f"{_SOURCE} answered with an error: {str(document['error'])[:80]}")
    return document


async def fetch(web: Web, clock: Clock, own: FeedSettings, stretch: Stretch) -> Bygone:
    """Return DVOL's daily bars of the days of a stretch that are over."""
    witness = heard(_SOURCE, clock)
    begin, end = midnight(stretch.first), midnight(stretch.last + _ONE_DAY)
    bars = dict[datetime, Bar]()
    until = milliseconds(end) - 1
    for _ in range(_PAGES):
        text = await web.get(
            f"{own.base_url or BASE_URL}/public/get_volatility_index_data",
            accepts=JSON,
            params={
                "currency": coin_of(stretch.signal),
                "start_timestamp": milliseconds(begin),
                "end_timestamp": until,
                "resolution": "1D",
            },
        )
        rows, older = _candles(text, witness)
        bars |= {bar.at: bar for bar in map(_bar, rows) if begin < bar.at <= min(end, witness.now)}
        if older is None or older >= until:
            break
        until = older
    return {"": tuple(bars[at] for at in sorted(bars))}


Candle = tuple[int, float, float, float, float]


def _candles(text: str, witness: Witness) -> tuple[list[Candle], int | None]:
    """Return a page's candles, and the end of the page before it, where there is one."""
    document = answered(text, witness)
    found = witness.pick(document, "result", "data")
    rows = [_candle(row) for row in (found if isinstance(found, list) else ())]
    older = witness.members(document, "result").get("continuation")
    return rows, older if isinstance(older, int) and older > 0 else None


def _candle(row: object) -> Candle:
    match row:
        case [
            int(start),
            int(first) | float(first),
            int(high) | float(high),
            int(low) | float(low),
            int(last) | float(last),
        ] if 0 < start < _YEAR_9999_MS:
            return start, first, high, low, last
        case _:
            shown = str(row)[:60]
            raise Transient(f"{_SOURCE} sent {shown} where a candle of {_CANDLE} numbers belongs")


def _bar(candle: Candle) -> Bar:
    start = datetime.fromtimestamp(candle[0] / 1000, UTC)
    first, high, low, last = (
        number(price, what="DVOL", source=_SOURCE, plausible=CRYPTO_VOL_POINTS)
        for price in candle[1:]
    )
    return Bar(day=start.date(), open=first, high=high, low=low, close=last, at=start + _ONE_DAY)


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=60,
    build=lambda web, clock, own: Deribit(web=web, clock=clock, base_url=own.base_url or BASE_URL),
    history=Historian(signals=("dvol.eth", "dvol.btc"), chunk_days=900, fetch=fetch),
)
