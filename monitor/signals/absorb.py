"""Taking one observation into the facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from monitor.amm.measure import Measures, Scales, measure
from monitor.model.observation import Gap, Past, Readings, Snapshot
from monitor.model.pool import PoolState
from monitor.model.position import Position
from monitor.model.swift import altered, swift
from monitor.signals.book import book_il, book_value_usd
from monitor.signals.dollars import Dollars, dollars
from monitor.signals.facts import Facts, PoolSeen, PositionSeen, SourceSeen
from monitor.signals.follow import follow
from monitor.signals.reel import Reel
from monitor.signals.rollback import outside, remembered, reorg_of, rollback
from monitor.signals.series import Sample
from monitor.signals.take_past import absorb_past
from monitor.signals.take_readings import Named, absorb_readings, sampled

_seen: Final = swift(PositionSeen)
_pool_seen: Final = swift(PoolSeen)
_source: Final = swift(SourceSeen)
_facts: Final = altered(Facts)
_TOTALS: Final = {"book.il": book_il, "book.value_usd": book_value_usd}
_FIGURES: Final[Mapping[str, Callable[[Measures], float | None]]] = {
    "position.il": lambda measures: measures.il,
    "position.value_usd": lambda measures: measures.total.usd,
}
_SAMPLED: Final = frozenset({"pool.price", *_TOTALS, *_FIGURES})
"""What a snapshot gives samples of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """How observations are looked at; settings, not state.

    pegged: tokens counted as one US dollar. windows: for each name some rule takes
    a window of, how long its samples are kept. chains, feeds: names in config.
    """

    pegged: frozenset[str] = frozenset()
    windows: Mapping[str, timedelta] = field(default_factory=dict)
    chains: frozenset[str] = frozenset()
    feeds: frozenset[str] = frozenset()


def absorb(facts: Facts, seen: Snapshot | Readings | Past | Gap, lens: Lens) -> Facts:
    """Return the facts after one observation."""
    match seen:
        case Snapshot():
            return _absorb_snapshot(facts, seen, lens)
        case Readings():
            return absorb_readings(facts, seen, lens.windows)
        case Past():
            return absorb_past(facts, seen, lens.windows)
        case Gap():
            return _absorb_gap(facts, seen, lens)


def _absorb_snapshot(facts: Facts, seen: Snapshot, lens: Lens) -> Facts:
    if (reorg := reorg_of(facts.chains.get(seen.chain), seen)) is not None:
        facts = rollback(facts, seen, reorg)
    known = facts.chains.get(seen.chain)
    followed = follow(facts, seen)
    pools = {p.pool.key: p for p in seen.pools}
    worth = dollars(seen.pools, seen.usd, lens.pegged)
    scales = {key: Scales(pool, worth.prices) for key, pool in pools.items()}
    valued = {p.key: _value(facts, seen, p, pools[p.pool], scales[p.pool]) for p in seen.positions}
    gone = {m.key: m.reason for m in seen.missing if m.gone}
    kept = {
        key: valued[key] if key in valued else _keep(old, seen, gone)
        for key, old in facts.positions.items()
    }
    source = _source(
        name=seen.chain,
        good_at=seen.observed_at,
        block=seen.block,
        missing=seen.missing,
        recent=remembered(known, seen),
    )
    after = _facts(
        facts,
        pools=_others(facts.pools, seen.chain)
        | {k: _pool(seen, p, worth, scales[k].price) for k, p in pools.items()},
        positions=kept | valued,
        chains={**facts.chains, seen.chain: source},
        tracks=followed.tracks,
        hours=followed.hours,
        paths=followed.paths,
    )
    if _SAMPLED.isdisjoint(lens.windows):
        return after
    return _facts(
        after,
        series=sampled(after, _chain_samples(after, seen, lens), lens.windows),
        reels=_reeled(after, seen, lens),
    )


def _others(table: Mapping[str, PoolSeen], chain: str) -> dict[str, PoolSeen]:
    return {key: pool for key, pool in table.items() if pool.chain != chain}


def _keep(old: PositionSeen, seen: Snapshot, gone: Mapping[str, str]) -> PositionSeen:
    """Keep every position, marked as gone or as not read where this snapshot lacks it."""
    key = old.position.key
    if old.chain != seen.chain or old.gone:
        return old
    if key in gone:
        return replace(old, gone=gone[key], gone_at=seen.observed_at, unread="")
    unread = next((m.reason for m in seen.missing if m.key == key or m.wallet), "")
    if unread:
        return old if unread == old.unread else replace(old, unread=unread)
    why = "no longer held or watched"
    return replace(old, gone=why, gone_at=seen.observed_at, unread="")


def _pool(seen: Snapshot, state: PoolState, worth: Dollars, price: float) -> PoolSeen:
    return _pool_seen(
        chain=seen.chain,
        block=seen.block,
        state=state,
        price=price,
        usd0=worth.prices.get(state.pool.token0.address),
        usd1=worth.prices.get(state.pool.token1.address),
        usd_note=worth.doubt(state),
    )


def _value(
    facts: Facts, seen: Snapshot, position: Position, pool: PoolState, scales: Scales
) -> PositionSeen:
    measures = measure(position, pool, scales=scales)
    before = facts.positions.get(position.key)
    out_since, was_out = outside(facts, before, seen, in_range=measures.in_range)
    return _seen(
        chain=seen.chain,
        block=seen.block,
        position=position,
        pair=pool.pool.pair,
        measures=measures,
        out_since=out_since,
        was_out=was_out,
    )


def _absorb_gap(facts: Facts, seen: Gap, lens: Lens) -> Facts:
    table = facts.chains if seen.source in lens.chains else facts.feeds
    old = table.get(seen.source) or SourceSeen(name=seen.source)
    new = replace(old, gap=seen.reason, gap_since=old.gap_since or seen.observed_at)
    merged = {**table, seen.source: new}
    if seen.source in lens.chains:
        return replace(facts, chains=merged)
    return replace(facts, feeds=merged)


def _chain_samples(facts: Facts, seen: Snapshot, lens: Lens) -> list[Named]:
    at = seen.observed_at
    samples = [
        ("pool.price", key, Sample(at=at, value=pool.price))
        for key, pool in facts.pools.items()
        if pool.chain == seen.chain and "pool.price" in lens.windows
    ]
    samples += [
        (name, "", Sample(at=at, value=value))
        for name, total in _TOTALS.items()
        if name in lens.windows and (value := total(facts)) is not None
    ]
    return samples


def _reeled(facts: Facts, seen: Snapshot, lens: Lens) -> Mapping[str, Reel]:
    reels = dict(facts.reels)
    for name, figure in _FIGURES.items():
        if name not in lens.windows:
            continue
        told = {p.key: figure(facts.positions[p.key].measures) for p in seen.positions}
        values = {key: value for key, value in told.items() if value is not None}
        key = f"{name}|{seen.chain}"
        reel = reels.get(key, Reel()).append(seen.observed_at, values, lens.windows[name])
        if reel.runs:
            reels[key] = reel
    return reels
