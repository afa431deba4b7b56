"""dYdX's funding, an hour's rate each hour, by its public indexer: no key."""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.funding import COINS, funding, signal_of
from monitor.feeds.http import JSON, Web
from monitor.feeds.provider import Provider
from monitor.feeds.several import Several
from monitor.feeds.witness import Witness, heard
from monitor.model.reading import Reading

BASE_URL: Final = "https://indexer.dydx.trade"
_SOURCE: Final = "dydx"
_INTERVAL_HOURS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dydx:
    """Gives the funding of each coin, as last printed."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE
    several: Several = field(default_factory=partial(Several, _SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return what is answered; raise Transient or Permanent when nothing is."""
        return await self.several.ask(
            {signal_of(coin): partial(self._funding, coin) for coin in COINS}
        )

    async def _funding(self, coin: str) -> tuple[Reading, ...]:
        text = await self.web.get(
            f"{self.base_url}/v4/historicalFunding/{coin}-USD", accepts=JSON, params={"limit": 1}
        )
        return (parse_funding(text, coin, heard(_SOURCE, self.clock)),)


def parse_funding(text: str, coin: str, witness: Witness) -> Reading:
    """Return the newest print as a year's rate; raise Transient or Permanent."""
    rows = witness.rows(witness.document(text), "historicalFunding")
    if not rows:
        raise Transient(f"{_SOURCE} has no funding of {coin}")
    prints = [(witness.iso(witness.pick(row, "effectiveAt"), "effectiveAt"), row) for row in rows]
    at, newest = max(prints, key=lambda one: one[0])
    ticker = witness.pick(newest, "ticker")
    if ticker != f"{coin}-USD":
        raise Permanent(f"{_SOURCE} was asked for {coin}-USD and sent {str(ticker)[:20]!r}")
    rate = witness.figure(witness.pick(newest, "rate"), "rate")
    return funding(witness, coin, at, rate=rate, hours=_INTERVAL_HOURS)


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=300,
    build=lambda web, clock, own: Dydx(web=web, clock=clock, base_url=own.base_url or BASE_URL),
)
