"""The VIX from Cboe's free delayed quotes: no key, 15 to 20 minutes late.

Cboe's site terms allow personal, non-commercial viewing; poll gently. The age of a
value is that of its `last_trade_time`, so a file that is served but frozen shows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import LEAD, VOL_POINTS, number, parse_json, past, pick
from monitor.feeds.http import JSON, Web
from monitor.model.reading import Reading

BASE_URL: Final = "https://cdn.cboe.com/api/global/delayed_quotes"
_SOURCE: Final = "cboe"
_NEW_YORK: Final = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True, kw_only=True)
class CboeVix:
    """Gives `vix` as last traded in the delayed quote."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE

    async def read(self) -> tuple[Reading, ...]:
        """Return one reading; raise Transient or Permanent."""
        text = await self.web.get(f"{self.base_url}/quotes/_VIX.json", accepts=JSON)
        return (parse_quote(text, now=self.clock.now(), lead=self.clock.lead),)


def parse_quote(text: str, *, now: datetime, lead: timedelta = LEAD) -> Reading:
    """Return the VIX in a delayed-quote document; raise Transient or Permanent.

    lead: how far after `now` a stamp may lie.
    """
    data = pick(parse_json(text, _SOURCE), "data", source=_SOURCE)
    symbol = pick(data, "symbol", source=_SOURCE)
    if symbol not in ("^VIX", "_VIX", "VIX"):
        raise Permanent(f"{_SOURCE} was asked for the VIX and sent {str(symbol)[:20]!r}")
    price = pick(data, "current_price", source=_SOURCE)
    value = number(price, what="current_price", source=_SOURCE, plausible=VOL_POINTS)
    as_of = _new_york_time(pick(data, "last_trade_time", source=_SOURCE))
    return Reading(
        name="vix",
        value=value,
        unit="points",
        as_of=past(as_of, now=now, lead=lead, source=_SOURCE),
        source=_SOURCE,
    )


def _new_york_time(value: object) -> datetime:
    """Return Cboe's stamp in UTC; it is New York time and does not say so."""
    try:
        stamp = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        stamp = None
    if stamp is None:
        raise Transient(f"{_SOURCE} sent {str(value)[:40]!r} as last_trade_time, which is no time")
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=_NEW_YORK)).astimezone(UTC)
