"""The VIX's option chain from Cboe's delayed quotes: half a megabyte, asked for every ten minutes.

Asked for where a layer is made of VIX options. The weekly contracts (VIXW) are left out.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from monitor.clock import Clock
from monitor.feeds.cboe_chain import parse_chain
from monitor.feeds.cboe_options import BASE_URL
from monitor.feeds.cboe_quotes import quoted
from monitor.feeds.http import JSON, Web
from monitor.feeds.near import counted
from monitor.feeds.provider import Provider
from monitor.feeds.witness import Witness, heard
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading

_SOURCE: Final = "cboe_vix_options"


@dataclass(slots=True, kw_only=True)
class CboeVixOptions:
    """Gives the quotes of VIX options, and their number."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE
    _quoted: tuple[OptionQuote, ...] = field(default=(), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return how many there are; raise Transient or Permanent."""
        text = await self.web.get(f"{self.base_url}/options/_VIX.json", accepts=JSON)
        witness = heard(_SOURCE, self.clock)
        reading, self._quoted = await asyncio.to_thread(_told, text, witness)
        return (reading,)

    def quotes(self) -> tuple[OptionQuote, ...]:
        """Return what the last answer quoted of contracts near enough to price by."""
        return self._quoted


def _told(text: str, witness: Witness) -> tuple[Reading, tuple[OptionQuote, ...]]:
    quotes = quoted(parse_chain(text), witness)
    return counted("vix", quotes, witness), quotes


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=600,
    build=lambda web, clock, own: CboeVixOptions(
        web=web, clock=clock, base_url=own.base_url or BASE_URL
    ),
)
