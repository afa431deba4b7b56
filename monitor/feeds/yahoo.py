"""The VIX from Yahoo's chart JSON: a fallback, off unless `[feeds]` names it.

Yahoo blocks clients that do not look like a browser and has refused everybody for weeks
at a time (429); expect refusals, and read its terms: personal use.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import LEAD, VOL_POINTS, number, parse_json, past, pick
from monitor.feeds.http import JSON, Web
from monitor.model.reading import Reading

BASE_URL: Final = "https://query1.finance.yahoo.com"
_SOURCE: Final = "yahoo"
_YEAR_9999: Final = 253_402_300_799


@dataclass(frozen=True, slots=True, kw_only=True)
class YahooVix:
    """Gives `vix` as Yahoo's regular market price."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE

    async def read(self) -> tuple[Reading, ...]:
        """Return one reading; raise Transient or Permanent."""
        text = await self.web.get(
            f"{self.base_url}/v8/finance/chart/%5EVIX",
            accepts=JSON,
            params={"interval": "1d", "range": "1d"},
        )
        return (parse_chart(text, now=self.clock.now(), lead=self.clock.lead),)


def parse_chart(text: str, *, now: datetime, lead: timedelta = LEAD) -> Reading:
    """Return the VIX in a chart document; raise Transient or Permanent.

    lead: how far after `now` a stamp may lie.
    """
    meta = pick(parse_json(text, _SOURCE), "chart", "result", 0, "meta", source=_SOURCE)
    symbol = pick(meta, "symbol", source=_SOURCE)
    if symbol != "^VIX":
        raise Permanent(f"{_SOURCE} was asked for ^VIX and sent {str(symbol)[:20]!r}")
    price = pick(meta, "regularMarketPrice", source=_SOURCE)
    stamp = pick(meta, "regularMarketTime", source=_SOURCE)
    if isinstance(stamp, bool) or not isinstance(stamp, int) or not 0 < stamp < _YEAR_9999:
        raise Transient(
            f"{_SOURCE} sent {str(stamp)[:40]!r} as regularMarketTime, which is no time"
        )
    return Reading(
        name="vix",
        value=number(price, what="regularMarketPrice", source=_SOURCE, plausible=VOL_POINTS),
        unit="points",
        as_of=past(datetime.fromtimestamp(stamp, UTC), now=now, lead=lead, source=_SOURCE),
        source=_SOURCE,
    )
