"""CoinGecko's free public API: shares of all coins' market value, and prices of single coins.

No key, and few questions a minute are allowed. Coins are configured by CoinGecko's id:

[feed.coingecko.names]
token = "uniswap"     # what `token.price` and `token.supply` speak of
aave = "aave"         # every other is a proxy, by its key: `proxy.price` of `aave`
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent
from monitor.feeds.http import JSON, Web
from monitor.feeds.provider import Provider
from monitor.feeds.several import Several
from monitor.feeds.witness import Witness, heard
from monitor.model.reading import Reading

BASE_URL: Final = "https://api.coingecko.com/api/v3"
_SOURCE: Final = "coingecko"
_TOKEN: Final = "token"  # noqa: S105 - a coin, not a secret
_DEFAULT: Final = "uniswap"
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinGecko:
    """Gives shares of market value, the token, and the proxies. coins: ids by their key."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    coins: Mapping[str, str] = field(default_factory=dict)
    name: str = _SOURCE
    several: Several = field(default_factory=partial(Several, _SOURCE), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return what is answered; raise Transient or Permanent when nothing is."""
        return await self.several.ask({"rotation": self._shares, "token proxy": self._coins})

    async def _shares(self) -> tuple[Reading, ...]:
        text = await self.web.get(f"{self.base_url}/global", accepts=JSON)
        return parse_shares(text, heard(_SOURCE, self.clock))

    async def _coins(self) -> tuple[Reading, ...]:
        coins = {_TOKEN: _DEFAULT, **self.coins}
        text = await self.web.get(
            f"{self.base_url}/coins/markets",
            accepts=JSON,
            params={
                "vs_currency": "usd",
                "ids": ",".join(dict.fromkeys(coins.values())),
                "per_page": 250,
            },
        )
        witness = heard(_SOURCE, self.clock)
        rows = parse_markets(text, witness)
        token = partial(_coin, coins.pop(_TOKEN), rows, witness)
        parts: dict[str, Callable[[], Reading]] = {
            "token.price": partial(token, "token.price", "current_price"),
            "token.supply": partial(token, "token.supply", "circulating_supply"),
        }
        for key, coin in coins.items():
            parts[f"proxy.price.{key}"] = partial(
                _coin, coin, rows, witness, "proxy.price", "current_price", key=key
            )
        return self.several.hear(parts)


def parse_shares(text: str, witness: Witness) -> tuple[Reading, ...]:
    """Return ETH's and BTC's share of all coins' value, as fractions."""
    data = witness.pick(witness.document(text), "data")
    at = witness.instant(witness.pick(data, "updated_at"), "updated_at", a_second=1)
    return tuple(
        witness.reading(
            f"rotation.{coin}_share",
            witness.figure(
                witness.pick(data, "market_cap_percentage", coin), f"the share of {coin}"
            )
            / _PERCENT,
            at,
        )
        for coin in ("eth", "btc")
    )


def parse_markets(text: str, witness: Witness) -> Mapping[str, object]:
    """Return what a list of markets says of each coin, by id."""
    return {str(witness.pick(row, "id")): row for row in witness.rows(witness.document(text))}


def _coin(  # noqa: PLR0913, PLR0917
    coin: str, rows: Mapping[str, object], witness: Witness, signal: str, column: str, key: str = ""
) -> Reading:
    if coin not in rows:
        raise Permanent(f"{_SOURCE} knows no coin called {coin!r}")
    at = witness.iso(witness.pick(rows[coin], "last_updated"), "last_updated")
    return witness.reading(signal, witness.pick(rows[coin], column), at, key)


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=600,
    build=lambda web, clock, own: CoinGecko(
        web=web, clock=clock, base_url=own.base_url or BASE_URL, coins=own.names
    ),
    wants=("names",),
)
