"""What a pool's fees of a month pay for, against what options of a month ask."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.hedge.contracts import COINS
from monitor.model.pool import Pool
from monitor.signals.answers import Found, OfMarket
from monitor.signals.facts import Facts, PoolSeen, newest
from monitor.signals.lookback import MONTH
from monitor.signals.of_money import NO_DOLLARS
from monitor.signals.of_pool import implied_vol
from monitor.signals.roots import STABLE, root_of
from monitor.signals.smiles import ON_DERIBIT, VENUES, Smiles, smiles_of
from monitor.signals.spans import spell
from monitor.signals.venues import ask, bid

_POINTS: Final = 100
_HALF_DELTA: Final = 0.5
_HALF_SPREAD: Final = 0.02
"""Declared, a volatility: what a side lies off the middle where nobody quotes it."""

_POOL_AGE: Final = timedelta(minutes=5)
"""A pool not read for longer tells nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vol:
    """A volatility, an annual fraction, and how it came about."""

    vol: float
    words: str


def _gap(root: str) -> OfMarket:
    """Return what answers the deepest pool's volatility less that of options, points."""

    def answer(facts: Facts, now: datetime) -> Found:
        asked, paid = _asked(facts, root), _paid(facts, root, now)
        if isinstance(paid, str):
            return None, paid
        return _POINTS * (paid.vol - asked), f"{paid.words}, options {_POINTS * asked:.1f}"

    return answer


def _edge(root: str) -> OfMarket:
    """Return what answers what is left of that gap at the side that trades, after fees."""

    def answer(facts: Facts, now: datetime) -> Found:
        paid = _paid(facts, root, now)
        if isinstance(paid, str):
            return None, paid
        smiles, asked = [smiles_of(facts, now, one, root) for one in VENUES], _asked(facts, root)
        bought, sold = _traded(smiles, asked, buys=True), _traded(smiles, asked, buys=False)
        rich, poor = paid.vol - bought.vol, sold.vol - paid.vol
        words = bought.words if rich >= poor else sold.words
        return _POINTS * max(rich, poor), f"{paid.words}; {words}"

    return answer


def _asked(facts: Facts, root: str) -> float:
    reading = newest(facts, f"iv.{root}30_cex")
    assert reading is not None
    return reading.value / _POINTS


def _traded(smiles: Sequence[Smiles], asked: float, *, buys: bool) -> _Vol:
    """Return the best volatility at which options at the money trade, fees included.

    asked: their middle, from which the side is declared where no venue quotes it.
    """
    sign, pick, verb = (1, ask, "buy") if buys else (-1, bid, "sell")
    found = [(one, one.at(_HALF_DELTA, pick)) for one in smiles]
    quoted = [
        _after(one, vol, sign, f"{verb} at {vol:.1%} on {one.venue.name}")
        for one, vol in found
        if isinstance(vol, float)
    ]
    if quoted:
        return min(quoted, key=lambda one: sign * one.vol)
    (deribit,) = (one for one in smiles if one.venue is ON_DERIBIT)
    vol = asked + sign * _HALF_SPREAD
    words = f"{verb} at {vol:.1%}, {_HALF_SPREAD:.0%} off the middle, declared"
    return _after(deribit, vol, sign, words)


def _after(one: Smiles, vol: float, sign: int, words: str) -> _Vol:
    fees = one.venue.fee_points(one.price, _HALF_DELTA)
    return _Vol(vol=vol + sign * fees / _POINTS, words=f"{words}; fees {fees:.1f} points, declared")


def _paid(facts: Facts, root: str, now: datetime) -> _Vol | str:
    """Return what the deepest pool that tells pays for, or why none does."""
    found, why = [], f"no pool of {root.upper()} in US dollars is watched"
    for pool, each in _pools(facts, root):
        pair = pool.state.pool.pair
        if each is None:
            why = f"{pair}: {pool.usd_note or NO_DOLLARS}"
            continue
        source = facts.chains.get(pool.chain)
        if source is None or source.good_at is None or now - source.good_at > _POOL_AGE:
            why = f"{pool.chain} has not been read for more than {spell(_POOL_AGE.total_seconds())}"
            continue
        vol, note = implied_vol(facts, pool, MONTH)
        if not isinstance(vol, float):
            why = f"{pair}: {note}"
            continue
        found.append((_depth_usd(pool), vol, f"{_name(pool.state.pool)} {vol:.1%} by {note}"))
    if not found:
        return why
    _, vol, words = max(found)
    return _Vol(vol=vol, words=words)


def _pools(facts: Facts, root: str) -> Iterator[tuple[PoolSeen, float | None]]:
    """Yield the pools of a coin against dollars, and what the dollar is worth if that is known."""
    for pool in facts.pools.values():
        of = pool.state.pool
        quote, each = (of.token0, pool.usd0) if of.quote == 0 else (of.token1, pool.usd1)
        base = of.token1 if of.quote == 0 else of.token0
        stable = each is None or abs(each - 1) <= STABLE
        if root_of(base.symbol) == root and stable and not root_of(quote.symbol):
            yield pool, each


def _depth_usd(pool: PoolSeen) -> float:
    """Return twice the virtual reserve of token1, by which pools of one pair compare, USD."""
    state = pool.state
    raw = 2 * state.liquidity * state.sqrt_price_x96 / 2**96
    return float(raw / 10**state.pool.token1.decimals) * (pool.usd1 or 0.0)


def _name(of: Pool) -> str:
    return f"{of.pair} {of.fee_pips / 10_000:g} %"


OF_POOL_GAP: Final[Mapping[str, OfMarket]] = {
    **{f"parity.pool_gap_{root}": _gap(root) for root in COINS},
    **{f"parity.pool_edge_{root}": _edge(root) for root in COINS},
}
