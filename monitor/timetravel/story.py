"""Past days as moments: what ETH was at each, and what the market had printed by then."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from monitor.timetravel.tables import eth_hours, vix_closes, vx_settlements

DEMO_FIRST: Final = date(2020, 2, 14)
DEMO_LAST: Final = date(2020, 6, 15)
_NEW_YORK: Final = ZoneInfo("America/New_York")
_CLOSE: Final = time(16, 15)
_PUBLISHED: Final = time(17, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One block of the demo's story, and what the market printed at that very instant.

    price: USD per ETH, the last close known then. vix: the session's close, index
    points, stamped `printed`; None between closes. settlements: VIX futures of the
    same session by expiry, index points, which are out by 17:30 New York.
    """

    at: datetime
    price: float
    vix: float | None = None
    printed: datetime | None = None
    settlements: Mapping[date, float] | None = None


def moments(until: date | None = None) -> Iterator[Moment]:
    """Yield the demo's story, from its first settlement on: ETH six-hourly, VIX each session."""
    markets = {moment.at: moment for moment in _sessions()}
    closes = [row for row in eth_hours() if DEMO_FIRST <= row[0].date() <= DEMO_LAST]
    start = min(markets)
    prices: Iterator[tuple[datetime, float] | None] = iter((*closes, None))
    price, ahead = 0.0, next(prices)
    for at in sorted({*(at for at, _ in closes), *markets}):
        while ahead is not None and ahead[0] <= at:
            price, ahead = ahead[1], next(prices)
        if at >= start and (until is None or at.date() <= until):
            yield replace(markets.get(at, Moment(at=at, price=price)), price=price)


def _sessions() -> Iterator[Moment]:
    """Yield each session that was settled, as it was known at 17:30 New York."""
    settled = vx_settlements()
    for day, vix in vix_closes():
        if day in settled and DEMO_FIRST <= day <= DEMO_LAST:
            yield Moment(
                at=datetime.combine(day, _PUBLISHED, _NEW_YORK).astimezone(UTC),
                price=0.0,
                vix=vix,
                printed=datetime.combine(day, _CLOSE, _NEW_YORK).astimezone(UTC),
                settlements=dict(settled[day]),
            )
