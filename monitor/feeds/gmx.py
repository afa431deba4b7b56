"""Funding on GMX v2 on Arbitrum, by its public API: no key, continuous, stated for a year.

Rates are whole numbers in text, 1e30 to one, and costs: what a side pays is positive, what
it receives negative, and a side's net rate is its funding and its borrowing together. That
sum is checked at every reading, for a change of sign would show in nothing else. The
answer states no time, so a value is as old as its answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent
from monitor.feeds.funding import funding, signal_of
from monitor.feeds.http import JSON, Web
from monitor.feeds.provider import Provider
from monitor.feeds.several import Several, first_of
from monitor.feeds.witness import Witness, heard
from monitor.model.reading import Reading

HOSTS: Final = (
    "https://arbitrum-api.gmxinfra.io",
    "https://arbitrum-api.gmxinfra2.io",
    "https://arbitrum-api-fallback.gmxinfra.io",
    "https://arbitrum-api-fallback.gmxinfra2.io",
)
MARKETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ETH": "0x70d95587d40a2caf56bd97485ab3eec10bee6336",
        "BTC": "0x47c031236e19d024b42f8ae6780e44a573170703",
    }
)
"""ETH/USD [WETH-USDC] and BTC/USD [WBTC.b-USDC]: names have changed, market tokens do not."""

_SOURCE: Final = "gmx"
_SCALE: Final = 1e30
_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Gmx:
    """Gives the funding of each coin's main market."""

    web: Web
    clock: Clock
    hosts: Sequence[str] = HOSTS
    name: str = _SOURCE
    several: Several = field(default_factory=partial(Several, _SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return what is told; raise Transient or Permanent when no host tells anything."""
        return await first_of(self.hosts, self._ask)

    async def _ask(self, host: str) -> tuple[Reading, ...]:
        text = await self.web.get(f"{host}/markets/info", accepts=JSON)
        witness = heard(_SOURCE, self.clock)
        markets = parse_markets(text, witness)
        return self.several.hear(
            {signal_of(coin): partial(_funding, coin, markets, witness) for coin in MARKETS}
        )


def parse_markets(text: str, witness: Witness) -> Mapping[str, object]:
    """Return the markets by their tokens, in lower case; raise Transient or Permanent."""
    rows = witness.rows(witness.document(text), "markets")
    return {str(witness.pick(row, "marketToken")).lower(): row for row in rows}


def _funding(coin: str, markets: Mapping[str, object], witness: Witness) -> Reading:
    if MARKETS[coin] not in markets:
        raise Permanent(f"{_SOURCE} lists no market {MARKETS[coin]}, which is that of {coin}")
    return funding(witness, coin, witness.now, rate=_longs_pay(markets[MARKETS[coin]], witness))


def _longs_pay(market: object, witness: Witness) -> float:
    paid, borrowed, net = (
        witness.figure(witness.pick(market, name), name) / _SCALE
        for name in ("fundingRateLong", "borrowingRateLong", "netRateLong")
    )
    if abs(paid + borrowed - net) > _TOLERANCE * max(abs(paid), abs(borrowed), abs(net)):
        raise Permanent(
            f"{_SOURCE} sent a net rate of {net:.6f} a year where funding {paid:.6f}"
            f" and borrowing {borrowed:.6f} add up to another: has their sign changed?"
        )
    return paid


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=60,
    build=lambda web, clock, own: Gmx(
        web=web, clock=clock, hosts=(own.base_url,) if own.base_url else HOSTS
    ),
)
