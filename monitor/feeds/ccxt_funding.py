"""Funding on an exchange that ccxt knows, where the ones asked directly do not do.

ccxt is large and works in the calling thread, so it is imported only when it is asked,
and asked in a thread of its own; that first import may hold up the loop for a fifth of a
second, once. Which exchange: `[feed.ccxt.names] exchange = "okx"`.
"""

import asyncio
import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from monitor.clock import Clock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.funding import COINS, funding, signal_of
from monitor.feeds.provider import Provider
from monitor.feeds.several import Several
from monitor.feeds.witness import Witness, heard
from monitor.model.reading import Reading
from monitor.shipped import beside

_SOURCE: Final = "ccxt"
_EXCHANGE: Final = "bybit"
_TIMEOUT_MS: Final = 5_000
_QUOTES: Final = ("USDT", "USDC", "USD")
_INTERVAL: Final = re.compile(r"(\d{1,2})h", re.ASCII)
_SHOWN: Final = 120


class Exchange(Protocol):
    """What is used of ccxt's exchanges."""

    def load_markets(self) -> Mapping[str, object]:
        """Return the markets by unified symbol, `ETH/USDT:USDT` for a perpetual; kept by ccxt."""
        ...

    def fetch_funding_rate(self, symbol: str) -> Mapping[str, object]:
        """Return the unified structure of a funding rate."""
        ...


def open_exchange(name: str, base_url: str | None) -> Exchange:
    """Return one of ccxt's exchanges; raise Permanent when ccxt is missing or knows no such."""
    try:
        ccxt = importlib.import_module("ccxt")
    except ImportError as error:
        reason = f"funding through ccxt needs that package: {beside('ccxt')}"
        raise Permanent(reason) from error
    if name not in ccxt.exchanges:
        raise Permanent(f"{_SOURCE} knows no exchange called {name!r}")
    exchange = getattr(ccxt, name)({"timeout": _TIMEOUT_MS})
    if base_url is not None:
        exchange.urls["api"] = _redirected(exchange.urls["api"], base_url)
    opened: Exchange = exchange
    return opened


@dataclass(slots=True, kw_only=True)
class CcxtFunding:
    """Gives the funding of each coin's perpetual. opens: how an exchange is come by."""

    clock: Clock
    exchange: str = _EXCHANGE
    base_url: str | None = None
    name: str = _SOURCE
    opens: Callable[[str, str | None], Exchange] = open_exchange
    _opened: Exchange | None = field(default=None, init=False)
    several: Several = field(default_factory=partial(Several, _SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return what is told; raise Transient or Permanent when nothing is."""
        told = await asyncio.to_thread(self._ask)
        witness = heard(_SOURCE, self.clock)
        return self.several.hear(
            {signal_of(coin): partial(self._funding, coin, told, witness) for coin in COINS}
        )

    def _ask(self) -> Mapping[str, Mapping[str, object]]:
        """Return each coin's unified structure; runs in a thread."""
        try:
            exchange = self._opened = self._opened or self.opens(self.exchange, self.base_url)
            markets = exchange.load_markets()
            symbols = {coin: _symbol(coin, markets) for coin in COINS}
            return {
                coin: exchange.fetch_funding_rate(symbol)
                for coin, symbol in symbols.items()
                if symbol is not None
            }
        except HedgewatchError:
            raise
        except Exception as error:  # another's library may raise anything
            raise _verdict(error, self.exchange) from error

    def _funding(
        self, coin: str, told: Mapping[str, Mapping[str, object]], witness: Witness
    ) -> Reading:
        if coin not in told:
            raise Permanent(f"{self.exchange} has no perpetual of {coin} that {_SOURCE} knows")
        return parse_rate(told[coin], coin, witness)


def parse_rate(told: Mapping[str, object], coin: str, witness: Witness) -> Reading:
    """Return a unified structure's rate as a year's; raise Permanent when it tells no interval."""
    rate = witness.figure(witness.pick(told, "fundingRate"), "fundingRate")
    interval = _INTERVAL.fullmatch(str(told.get("interval")))
    if interval is None or int(interval[1]) == 0:
        raise Permanent(f"{witness.source} tells no interval of the funding of {coin}")
    stamp = told.get("timestamp")
    at = witness.now if stamp is None else witness.instant(stamp, "timestamp")
    return funding(witness, coin, at, rate=rate, hours=int(interval[1]))


def _symbol(coin: str, markets: Mapping[str, object]) -> str | None:
    """Return a coin's linear perpetual, by the dollar that it is most traded in."""
    wanted = (f"{coin}/{quote}:{quote}" for quote in _QUOTES)
    return next((symbol for symbol in wanted if symbol in markets), None)


def _verdict(error: Exception, exchange: str) -> HedgewatchError:
    """Return ccxt's failure as one of ours; its network errors may pass, its refusals do not."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    said = f"{exchange} through {_SOURCE}: {type(error).__name__}: {str(error)[:_SHOWN]}"
    return Permanent(said) if "ExchangeError" in kinds else Transient(said)


def _redirected(urls: object, base_url: str) -> object:
    if isinstance(urls, dict):
        return {name: _redirected(one, base_url) for name, one in urls.items()}
    return base_url


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=300,
    build=lambda _web, clock, own: CcxtFunding(
        clock=clock, exchange=own.names.get("exchange", _EXCHANGE), base_url=own.base_url
    ),
    opt_in=True,
    wants=("names",),
    named=("exchange",),
)
