"""The same volatility at several prices: Deribit's, Derive's, and what a pool's fees pay for."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from monitor.hedge.fees import DERIBIT, DERIVE, CoinFees
from monitor.hedge.surface import MONTH_YEARS, Smile, Strip, smile_of, vega_a_point, vol_in
from monitor.model.pool import Pool
from monitor.signals.answers import Found, OfMarket
from monitor.signals.facts import Facts, PoolSeen, newest
from monitor.signals.of_parity import DERIBIT_NAME, FAR_OFF
from monitor.signals.of_pool import OF_POOL
from monitor.signals.roots import STABLE, root_of
from monitor.signals.spans import spell
from monitor.signals.venues import Chain, Pick, ask, bid, chains_of, middle

DERIVE_NAME: Final = "derive"
_IN_COIN: Final = frozenset({DERIBIT_NAME})
"""Whose premiums are in the coin; the others' are in US dollars."""

_DELTAS: Final = {"25-delta put": 0.75, "at the money": 0.50, "25-delta call": 0.25}
"""By a call's forward delta: a put's of -0.25 is a call's of 0.75."""

_POINTS: Final = 100
_POOL_AGE: Final = timedelta(minutes=5)
"""A pool not read for longer tells nothing."""


def _surface(delta: float) -> OfMarket:
    """Return what answers Derive's volatility less Deribit's at a call's delta, points."""

    def answer(facts: Facts, now: datetime) -> Found:
        dex = _vol(facts, now, DERIVE_NAME, delta, middle)
        if isinstance(dex, str):
            return None, dex
        cex = _vol(facts, now, DERIBIT_NAME, delta, middle)
        if isinstance(cex, str):
            return None, cex
        return _POINTS * (dex - cex), f"Derive {dex:.1%}, Deribit {cex:.1%}, 30 days"

    return answer


def _vol(facts: Facts, now: datetime, venue: str, delta: float, pick: Pick) -> float | str:
    """Return a venue's volatility 30 days out at a call's delta, by one side of its quotes."""
    reading = newest(facts, "eth.price")
    assert reading is not None
    chains = chains_of(facts, venue, "eth", now)
    before = [one for one in reversed(chains) if one.years <= MONTH_YEARS]
    after = [one for one in chains if one.years >= MONTH_YEARS]
    known = dict[float, float]()
    # The nearest on each side that tells; what lies beyond is not worked out.
    for side in (before, after) if before and after else ():
        for chain in side:
            vol = _vol_of(chain, venue, pick, delta, reading.value)
            if vol is not None:
                known[chain.years] = vol
                break
    found = vol_in(known)
    if found is None:
        return f"{venue} has no quotes at this delta on both sides of 30 days"
    return found


def _vol_of(chain: Chain, venue: str, pick: Pick, delta: float, price: float) -> float | None:
    forward = _forward(chain)
    if forward is None or abs(forward / price - 1) > FAR_OFF:
        return None
    smile = _smile(chain, venue, pick)
    return None if smile is None else smile.at(delta)


def _forward(chain: Chain) -> float | None:
    forwards = chain.forwards[np.isfinite(chain.forwards)]
    return float(np.median(forwards)) if len(forwards) and chain.years > 0 else None


@lru_cache(maxsize=64)
def _smile(chain: Chain, venue: str, pick: Pick) -> Smile | None:
    """Return an expiry's smile by one side of its quotes; worked out once a chain."""
    forward = _forward(chain)
    assert forward is not None
    premiums = np.where(chain.strikes >= forward, chain.call(pick), chain.put(pick))
    return smile_of(
        Strip(
            strikes=chain.strikes,
            premiums=premiums * forward if venue in _IN_COIN else premiums,
            forward=forward,
            years=chain.years,
        )
    )


def _edge(facts: Facts, now: datetime) -> Found:
    """Return the best gap that is left when one venue's bid is sold and the other's ask bought."""
    reading = newest(facts, "eth.price")
    assert reading is not None
    for venue in (DERIVE_NAME, DERIBIT_NAME):
        if not chains_of(facts, venue, "eth", now):
            return None, f"{venue} has no quotes of ETH"
    found, why = [], ""
    for name, delta in _DELTAS.items():
        for sold, bought in ((DERIVE_NAME, DERIBIT_NAME), (DERIBIT_NAME, DERIVE_NAME)):
            at_bid = _vol(facts, now, sold, delta, bid)
            at_ask = _vol(facts, now, bought, delta, ask)
            if isinstance(at_bid, str) or isinstance(at_ask, str):
                why = why or (at_bid if isinstance(at_bid, str) else str(at_ask))
                continue
            fees = sum(_fee_points(one, reading.value, delta) for one in (DERIBIT, DERIVE))
            words = (
                f"{name}: sell at {at_bid:.1%} on {sold}, buy at {at_ask:.1%} on {bought};"
                f" fees {fees:.1f} points, declared"
            )
            found.append((_POINTS * (at_bid - at_ask) - fees, words))
    return max(found) if found else (None, why)


def _fee_points(fees: CoinFees, price: float, delta: float) -> float:
    """Return what trading one option costs in volatility points, 30 days out."""
    return (fees.option * price + fees.base_usd) / vega_a_point(price, delta)


def _pool_gap(facts: Facts, now: datetime) -> Found:
    """Return what the deepest ETH pool's fees pay for less what options ask, points."""
    reading = newest(facts, "iv.eth30_cex")
    assert reading is not None
    found, why = [], "no pool of ETH in US dollars is watched"
    for pool in _eth_pools(facts):
        source = facts.chains.get(pool.chain)
        if source is None or source.good_at is None or now - source.good_at > _POOL_AGE:
            why = f"{pool.chain} has not been read for more than {spell(_POOL_AGE.total_seconds())}"
            continue
        vol, note = OF_POOL["pool.implied_vol_7d"](facts, pool, now)
        if not isinstance(vol, float):
            why = f"{pool.state.pool.pair}: {note}"
            continue
        told = f"{_name(pool.state.pool)} {vol:.1%} by {note}, options {reading.value:.1f}"
        found.append((_depth_usd(pool), _POINTS * vol - reading.value, told))
    if not found:
        return None, why
    _, gap, words = max(found)
    return gap, words


def _eth_pools(facts: Facts) -> Iterator[PoolSeen]:
    for pool in facts.pools.values():
        of = pool.state.pool
        quote, each = (of.token0, pool.usd0) if of.quote == 0 else (of.token1, pool.usd1)
        base = of.token1 if of.quote == 0 else of.token0
        stable = each is not None and abs(each - 1) <= STABLE and not root_of(quote.symbol)
        if root_of(base.symbol) == "eth" and stable:
            yield pool


def _depth_usd(pool: PoolSeen) -> float:
    """Return twice the virtual reserve of token1, by which pools of one pair compare, USD."""
    state = pool.state
    raw = 2 * state.liquidity * state.sqrt_price_x96 / 2**96
    return float(raw / 10**state.pool.token1.decimals) * (pool.usd1 or 0.0)


def _name(of: Pool) -> str:
    return f"{of.pair} {of.fee_pips / 10_000:g} %"


OF_SURFACE: Final[Mapping[str, OfMarket]] = {
    "parity.surface_25d_eth": _surface(_DELTAS["25-delta put"]),
    "parity.surface_50d_eth": _surface(_DELTAS["at the money"]),
    "parity.surface_25d_call_eth": _surface(_DELTAS["25-delta call"]),
    "parity.surface_edge_eth": _edge,
    "parity.pool_gap_eth": _pool_gap,
}
