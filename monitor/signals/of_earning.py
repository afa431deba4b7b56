"""What a position is worth by what it earns, and how it answers to the stock market."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from monitor.amm.greeks import delta
from monitor.signals.book import position_fees_usd
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.of_market import market
from monitor.signals.of_money import NO_DOLLARS, NO_POOL, known_basis, no_entry, state_of
from monitor.signals.of_pool import Answer, OfPosition

_DAY: Final = timedelta(days=1)
_ETH: Final = frozenset({"ETH", "WETH", "WETH.e"})


def _pcf(facts: Facts, seen: PositionSeen, now: datetime) -> Answer:
    """Return how many years of fees at their pace since the entry it is worth."""
    pool, basis = facts.pools.get(seen.position.pool), known_basis(seen)
    if pool is None or isinstance(basis, str):
        return None, NO_POOL if pool is None else str(basis)
    value = seen.measures.total.usd
    if value is None:
        return None, pool.usd_note or NO_DOLLARS
    if basis.opened_at is None:
        return None, no_entry(seen)
    if now - basis.opened_at < _DAY:
        return None, "it is younger than a day"
    fees = position_fees_usd(facts, seen, now)
    if not fees:
        return None, "no fees have been earned" if fees == 0 else "its fees are not known"
    return value / fees, f"over {(now - basis.opened_at) / _DAY:.1f} d"


def _beta(facts: Facts, seen: PositionSeen, now: datetime) -> Answer:
    """Return its own beta: ETH's, by the share of its value that moves with ETH."""
    state, told = state_of(facts, seen), seen.measures
    if state is None:
        return None, NO_POOL
    pool = state.pool
    base, worth = (
        (pool.token0, told.value.token1) if pool.quote == 1 else (pool.token1, told.value.token0)
    )
    if base.symbol not in _ETH:
        return None, f"its base is {base.symbol}, and only the beta of ETH is known"
    if not worth:
        return None, "it holds nothing"
    beta = market(facts, "capm.beta_eth", now)
    if not isinstance(beta.value, float):
        return None, beta.note
    share = delta(pool, told.amount0, told.amount1) * told.price / worth
    return beta.value * share, f"beta over {beta.note}"


OF_EARNING: Final[Mapping[str, OfPosition]] = {"position.pcf": _pcf, "position.beta": _beta}
