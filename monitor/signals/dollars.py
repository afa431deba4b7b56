"""What tokens are worth in US dollars at one block, and why some are not known to be.

Trusted are a peg, which is the owner's word and stands against any feed, and what a feed
on chain said of the token itself. A pool passes a trusted token's price on to the other
of its two and no further: what was priced by a pool never prices anything in turn, and a
trusted token is never priced by a pool.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from monitor.amm.measure import UsdPrices, usd_prices
from monitor.model.pool import PoolState, UsdPrice
from monitor.model.swift import swift


@dataclass(frozen=True, slots=True, kw_only=True)
class Dollars:
    """prices: by token address; a token not in it is not priced.

    doubts: why a feed's word on a token is not believed; a token no feed speaks of has none.
    """

    prices: UsdPrices
    doubts: Mapping[str, str]

    def doubt(self, pool: PoolState) -> str:
        """Return why neither token of a pool is priced though a feed speaks of one."""
        token0, token1 = pool.pool.token0.address, pool.pool.token1.address
        quote, base = (token0, token1) if pool.pool.quote == 0 else (token1, token0)
        if self.prices.get(quote) is not None or self.prices.get(base) is not None:
            return ""
        return self.doubts.get(quote) or self.doubts.get(base) or ""


_dollars: Final = swift(Dollars)


def dollars(
    pools: Iterable[PoolState], told: Iterable[UsdPrice], pegged: Collection[str]
) -> Dollars:
    """Return the prices of all tokens of these pools that can be had.

    Where two pools price one token the deeper one speaks, counted in dollars of the
    trusted token there: a shallow one is cheap to move.
    """
    told = tuple(told)
    trusted = {one.token: one.usd for one in told if one.usd is not None} if told else {}
    ranked = [(state, usd_prices(state, pegged, trusted)) for state in pools]
    if len(ranked) > 1:
        ranked.sort(key=lambda pair: _depth_usd(*pair))
    prices: dict[str, float] = {**trusted}
    for _, priced in ranked:
        prices |= {token: usd for token, usd in priced.items() if usd is not None}
    doubts = {one.token: one.note for one in told if one.usd is None} if told else {}
    return _dollars(prices=prices, doubts=doubts)


def _depth_usd(state: PoolState, priced: UsdPrices) -> float:
    """Return what stands against a trade at the price now: liquidity's virtual token1."""
    token1 = state.pool.token1
    usd = priced.get(token1.address)
    if usd is None:
        return 0.0
    return usd * (state.liquidity * state.sqrt_price_x96 >> 96) / int(10**token1.decimals)
