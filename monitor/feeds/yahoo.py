"""The VIX, the S&P 500 and configured proxies from Yahoo's charts, off unless `[feeds]` names it.

Yahoo blocks clients that do not look like a browser and has refused everybody for weeks
at a time (429); expect refusals, and read its terms: personal use. Its closes of the S&P
500 have differed from the official ones by some points.

[feed.yahoo.names]
vnq = "VNQ"                      # proxy.price of the key `vnq`
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Final

from monitor.clock import Clock
from monitor.feeds.http import JSON, Web
from monitor.feeds.provider import Bygone, FeedSettings, Historian, Provider, Stretch
from monitor.feeds.several import Several
from monitor.feeds.witness import heard
from monitor.feeds.yahoo_charts import SOURCE, Asked, parse_bars, parse_quote
from monitor.model.reading import Bar, Reading

BASE_URL: Final = "https://query1.finance.yahoo.com"
_VIX: Final = Asked("vix", "^VIX")
_SPX: Final = Asked("spx.price", "^GSPC")
_PROXY: Final = "proxy.price"
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class YahooQuotes:
    """Gives regular market prices. names: the symbol of each proxy, by its key."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    names: Mapping[str, str] = field(default_factory=dict)
    name: str = SOURCE
    several: Several = field(default_factory=lambda: Several(SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return a reading a chart that makes sense; raise Transient or Permanent for none."""
        charts = (_VIX, _SPX, *_proxies(self.names))
        return await self.several.ask({one.what: partial(self._quote, one) for one in charts})

    async def _quote(self, asked: Asked) -> tuple[Reading, ...]:
        text = await self.web.get(
            self.base_url + asked.path, accepts=JSON, params={"interval": "1d", "range": "1d"}
        )
        return (replace(parse_quote(text, asked, heard(SOURCE, self.clock)), key=asked.key),)


def _proxies(names: Mapping[str, str]) -> Iterator[Asked]:
    return (Asked(_PROXY, symbol, key) for key, symbol in names.items())


async def _fetch(web: Web, clock: Clock, own: FeedSettings, stretch: Stretch) -> Bygone:
    found: dict[str, tuple[Bar, ...]] = {}
    for asked in (_SPX,) if stretch.signal == _SPX.name else tuple(_proxies(own.names)):
        first, last = (datetime.combine(day, time(), UTC) for day in (stretch.first, stretch.last))
        text = await web.get(
            (own.base_url or BASE_URL) + asked.path,
            accepts=JSON,
            params={
                "interval": "1d",
                "period1": int(first.timestamp()),
                "period2": int((last + _DAY).timestamp()),
            },
        )
        bars = parse_bars(text, asked, heard(SOURCE, clock))
        found[asked.key] = tuple(bar for bar in bars if stretch.first <= bar.day <= stretch.last)
    return found


PROVIDER = Provider(
    name=SOURCE,
    poll_s=60,
    build=lambda web, clock, own: YahooQuotes(
        web=web, clock=clock, names=own.names, base_url=own.base_url or BASE_URL
    ),
    opt_in=True,
    wants=("names",),
    history=Historian(signals=(_SPX.name, _PROXY), chunk_days=730, fetch=_fetch),
)
