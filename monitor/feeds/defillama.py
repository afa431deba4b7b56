"""DefiLlama's public API: what a protocol's users paid in 30 days, and where it went; no key.

Which protocol: `[feed.defillama.names] protocol = "uniswap"`. Days are UTC's; the one that
is not over is left out. A protocol that gives its token's holders nothing may have no such
chart, and what reached them is then unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Final

from monitor.clock import Clock
from monitor.errors import Transient
from monitor.feeds.http import JSON, Web
from monitor.feeds.provider import Provider
from monitor.feeds.several import Several
from monitor.feeds.witness import Witness, heard
from monitor.model.reading import Reading

BASE_URL: Final = "https://api.llama.fi"
_SOURCE: Final = "defillama"
_DEFAULT: Final = "uniswap"
_DAYS: Final = 30
_ONE_DAY: Final = timedelta(days=1)
_MOST_BYTES: Final = 8_000_000
_CHARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "token.fees_30d": "dailyFees",
        "token.revenue_30d": "dailyRevenue",
        "token.holders_30d": "dailyHoldersRevenue",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefiLlama:
    """Gives fees, revenue and what reached the holders. protocol: as in DefiLlama's own links."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    protocol: str = _DEFAULT
    name: str = _SOURCE
    several: Several = field(default_factory=partial(Several, _SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return what is answered of the three; raise Transient or Permanent when nothing is."""
        return await self.several.ask({signal: partial(self._sum, signal) for signal in _CHARTS})

    async def _sum(self, signal: str) -> tuple[Reading, ...]:
        text = await self.web.get(
            f"{self.base_url}/summary/fees/{self.protocol}",
            accepts=JSON,
            params={"dataType": _CHARTS[signal], "excludeTotalDataChartBreakdown": "true"},
            max_bytes=_MOST_BYTES,
        )
        return (parse_chart(text, signal, heard(_SOURCE, self.clock)),)


def parse_chart(text: str, signal: str, witness: Witness) -> Reading:
    """Return the sum of a chart's last 30 whole days; raise Transient when one is missing."""
    rows = witness.rows(witness.document(text), "totalDataChart")
    told = (_day(row, witness) for row in rows[-2 * _DAYS :])
    whole = {ends: value for ends, value in told if ends <= witness.now}
    if not whole:
        raise Transient(f"{_SOURCE} has no whole day for {signal}")
    last = max(whole)
    days = [last - n * _ONE_DAY for n in range(_DAYS)]
    if missing := [day for day in days if day not in whole]:
        raise Transient(
            f"{_SOURCE} has {_DAYS - len(missing)} of {_DAYS} days up to {last:%Y-%m-%d}"
            f" for {signal}"
        )
    return witness.reading(signal, sum(whole[day] for day in days), last)


def _day(row: object, witness: Witness) -> tuple[datetime, float]:
    """Return when a day ends and what it brought."""
    begins = witness.instant(witness.pick(row, 0), "a day", a_second=1)
    return begins + _ONE_DAY, witness.figure(witness.pick(row, 1), "a day's sum")


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=3_600,
    build=lambda web, clock, own: DefiLlama(
        web=web,
        clock=clock,
        base_url=own.base_url or BASE_URL,
        protocol=own.names.get("protocol", _DEFAULT),
    ),
    wants=("names",),
    named=("protocol",),
)
