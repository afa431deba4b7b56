"""DVOL, Deribit's 30-day implied volatility index, by its public API: no key, around the clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.clock import Clock
from monitor.errors import Transient
from monitor.feeds.foreign import CRYPTO_VOL_POINTS, LEAD, number, parse_json, past, pick
from monitor.feeds.http import JSON, Web
from monitor.model.reading import Reading

BASE_URL: Final = "https://www.deribit.com/api/v2"
_SOURCE: Final = "deribit"
_LOOK_BACK: Final = timedelta(minutes=30)
_CANDLE: Final = 5  # start, open, high, low, close
_YEAR_9999_MS: Final = 253_402_300_799_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeribitDvol:
    """Gives `dvol.eth`: the last close of the one-minute candles."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE

    async def read(self) -> tuple[Reading, ...]:
        """Return one reading; raise Transient or Permanent."""
        now = self.clock.now()
        text = await self.web.get(
            f"{self.base_url}/public/get_volatility_index_data",
            accepts=JSON,
            params={
                "currency": "ETH",
                "start_timestamp": _milliseconds(now - _LOOK_BACK),
                "end_timestamp": _milliseconds(now),
                "resolution": "60",
            },
        )
        return (parse_dvol(text, now=now, lead=self.clock.lead),)


def parse_dvol(text: str, *, now: datetime, lead: timedelta = LEAD) -> Reading:
    """Return the newest candle's close, stamped with its start; raise Transient or Permanent.

    lead: how far after `now` a stamp may lie.
    """
    document = parse_json(text, _SOURCE)
    if isinstance(document, Mapping) and document.get("error"):
        raise Transient(f"{_SOURCE} answered with an error: {str(document['error'])[:80]}")
    candles = pick(document, "result", "data", source=_SOURCE)
    rows = candles if isinstance(candles, list) else []
    if not rows:
        raise Transient(f"{_SOURCE} has no DVOL of the last {_LOOK_BACK.seconds // 60} minutes")
    stamp, close = max(_stamp_and_close(row) for row in rows)
    return Reading(
        name="dvol.eth",
        value=number(close, what="DVOL", source=_SOURCE, plausible=CRYPTO_VOL_POINTS),
        unit="points",
        as_of=past(datetime.fromtimestamp(stamp / 1000, UTC), now=now, lead=lead, source=_SOURCE),
        source=_SOURCE,
    )


def _stamp_and_close(row: object) -> tuple[int, float]:
    match row:
        case [int(stamp), _, _, _, int(close) | float(close)] if 0 < stamp < _YEAR_9999_MS:
            return stamp, close
        case _:
            raise Transient(
                f"{_SOURCE} sent {str(row)[:60]} where a candle of {_CANDLE} numbers belongs"
            )


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
