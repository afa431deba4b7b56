"""The story the demo tells: what happened when, from February to June 2020."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from monitor.devnet.covid_2020 import eth_closes, vix_closes, vx_settlements

_NEW_YORK: Final = ZoneInfo("America/New_York")
_CLOSE: Final = time(16, 15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One block of the story, and what the market printed at that very instant.

    price: USD per ETH, the last close known then. vix: that session's close, index
    points, or None between closes. settlements: VIX futures by expiry, index points.
    """

    at: datetime
    price: float
    vix: float | None = None
    settlements: Mapping[date, float] | None = None


def moments(until: date | None = None) -> Iterator[Moment]:
    """Yield the story in order of time: ETH every six hours, VIX at each close."""
    closes = dict(_market_closes())
    instants = sorted({*(at for at, _ in eth_closes()), *closes})
    prices = iter(eth_closes())
    price, ahead = 0.0, next(prices)
    first = ahead[0]
    for at in instants:
        while ahead is not None and ahead[0] <= at:
            price, ahead = ahead[1], next(prices, None)
        if at < first or (until is not None and at.date() > until):
            continue
        vix, table = closes.get(at, (None, None))
        yield Moment(at=at, price=price, vix=vix, settlements=table)


def _market_closes() -> Iterator[tuple[datetime, tuple[float, Mapping[date, float] | None]]]:
    settled = vx_settlements()
    for day, vix in vix_closes():
        table = settled.get(day)
        at = datetime.combine(day, _CLOSE, _NEW_YORK).astimezone(UTC)
        yield at, (vix, dict(table) if table else None)
