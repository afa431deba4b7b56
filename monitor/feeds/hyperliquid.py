"""Hyperliquid's funding, an hour's rate each hour, by its public API: no key.

The order of the contexts pairs with that of the universe. The answer states no time, so a
value is as old as its answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent
from monitor.feeds.funding import COINS, annual, coin_of, daily, funding, signal_of
from monitor.feeds.http import JSON, Web
from monitor.feeds.provider import Bygone, FeedSettings, Historian, Provider, Stretch
from monitor.feeds.several import Several
from monitor.feeds.witness import Witness, heard, midnight, milliseconds
from monitor.model.reading import Reading

BASE_URL: Final = "https://api.hyperliquid.xyz"
_SOURCE: Final = "hyperliquid"
_INTERVAL_HOURS: Final = 1
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperliquid:
    """Gives the funding of each coin."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE
    several: Several = field(default_factory=partial(Several, _SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return what is told; raise Transient or Permanent when nothing is."""
        question = {"type": "metaAndAssetCtxs"}
        text = await self.web.post(f"{self.base_url}/info", question, accepts=JSON)
        witness = heard(_SOURCE, self.clock)
        contexts = parse_contexts(text, witness)
        return self.several.hear(
            {signal_of(coin): partial(_funding, coin, contexts, witness) for coin in COINS}
        )


def parse_contexts(text: str, witness: Witness) -> Mapping[object, object]:
    """Return what is said of each coin; raise Permanent when the lists do not pair."""
    document = witness.document(text)
    names = [witness.pick(one, "name") for one in witness.rows(document, 0, "universe")]
    contexts = witness.rows(document, 1)
    if len(names) != len(contexts):
        raise Permanent(f"{_SOURCE} sent {len(contexts)} contexts for {len(names)} coins")
    return dict(zip(names, contexts, strict=True))


def _funding(coin: str, contexts: Mapping[object, object], witness: Witness) -> Reading:
    if coin not in contexts:
        raise Permanent(f"{_SOURCE} lists no {coin}")
    rate = witness.figure(witness.pick(contexts[coin], "funding"), "funding")
    return funding(witness, coin, witness.now, rate=rate, hours=_INTERVAL_HOURS)


async def fetch(web: Web, clock: Clock, own: FeedSettings, stretch: Stretch) -> Bygone:
    """Return bars of the year's rates printed on each day of a stretch that is over."""
    question = {
        "type": "fundingHistory",
        "coin": coin_of(stretch.signal),
        "startTime": milliseconds(midnight(stretch.first)),
        "endTime": milliseconds(midnight(stretch.last + _ONE_DAY)) - 1,
    }
    text = await web.post(f"{own.base_url or BASE_URL}/info", question, accepts=JSON)
    witness = heard(_SOURCE, clock)
    rows = witness.rows(witness.document(text))
    return {"": daily((_print(row, witness) for row in rows), witness.now)}


def _print(row: object, witness: Witness) -> tuple[datetime, float]:
    rate = witness.figure(witness.pick(row, "fundingRate"), "fundingRate")
    at = witness.instant(witness.pick(row, "time"), "time")
    return at, annual(rate, hours=_INTERVAL_HOURS)


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=60,
    build=lambda web, clock, own: Hyperliquid(
        web=web, clock=clock, base_url=own.base_url or BASE_URL
    ),
    # An answer holds 500 prints, which is not quite 21 days.
    history=Historian(
        signals=("funding.eth_annual", "funding.btc_annual"), chunk_days=20, fetch=fetch
    ),
)
