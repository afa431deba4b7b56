"""What is known now: the latest of everything observed, and the samples windows need."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.amm.measure import Measures, UsdPrices, Worth, measure, price_in_quote, usd_prices
from monitor.model.observation import Block, Gap, Missing, Readings, Snapshot
from monitor.model.pool import PoolState
from monitor.model.position import Position
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME, Hours
from monitor.signals.windows import Sample, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSeen:
    """A pool as last seen. chain: its name in config."""

    chain: str
    block: Block
    state: PoolState
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSeen:
    """A position as last seen, valued. pair: its pool's, base before quote.

    out_since: when it was first seen out of range, None inside. gone: why the chain
    says it no longer exists, or empty.
    """

    chain: str
    block: Block
    position: Position
    pair: str
    measures: Measures
    out_since: datetime | None = None
    gone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSeen:
    """How a chain or a feed has been answering. gap: why it does not, or empty."""

    name: str
    good_at: datetime | None = None
    gap: str = ""
    gap_since: datetime | None = None
    block: Block | None = None
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything known, by key. A reading's key is `name|key`, a series' `name|scope`."""

    pools: Mapping[str, PoolSeen] = field(default_factory=dict)
    positions: Mapping[str, PositionSeen] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    chains: Mapping[str, SourceSeen] = field(default_factory=dict)
    feeds: Mapping[str, SourceSeen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """How observations are looked at; settings, not state.

    pegged: tokens counted as one US dollar. windows: for each name some rule takes
    a window of, how long its samples are kept. chains: names in config.
    """

    pegged: frozenset[str] = frozenset()
    windows: Mapping[str, timedelta] = field(default_factory=dict)
    chains: frozenset[str] = frozenset()


def absorb(facts: Facts, seen: Snapshot | Readings | Gap, lens: Lens) -> Facts:
    """Return the facts after one observation."""
    match seen:
        case Snapshot():
            return _absorb_snapshot(facts, seen, lens)
        case Readings():
            return _absorb_readings(facts, seen, lens)
        case Gap():
            return _absorb_gap(facts, seen, lens)


def _absorb_snapshot(facts: Facts, seen: Snapshot, lens: Lens) -> Facts:
    pools = {p.pool.key: p for p in seen.pools}
    prices = _usd(seen.pools, lens.pegged)
    valued = {p.key: _value(facts, seen, p, pools[p.pool], prices) for p in seen.positions}
    gone = {m.key: m.reason for m in seen.missing if m.gone}
    kept = {key: _keep(old, seen, gone) for key, old in facts.positions.items()}
    source = SourceSeen(
        name=seen.chain, good_at=seen.observed_at, block=seen.block, missing=seen.missing
    )
    after = replace(
        facts,
        pools=_others(facts.pools, seen.chain) | {k: _pool(seen, p) for k, p in pools.items()},
        positions={k: p for k, p in kept.items() if p is not None} | valued,
        chains={**facts.chains, seen.chain: source},
    )
    return replace(after, series=_sampled(after, _chain_samples(after, seen), lens))


def _others(table: Mapping[str, PoolSeen], chain: str) -> dict[str, PoolSeen]:
    return {key: pool for key, pool in table.items() if pool.chain != chain}


def _keep(old: PositionSeen, seen: Snapshot, gone: Mapping[str, str]) -> PositionSeen | None:
    """Keep other chains' positions, the gone (said so), and those this snapshot could not read."""
    key = old.position.key
    if old.chain != seen.chain or old.gone:
        return old
    if key in gone:
        return replace(old, gone=gone[key])
    return old if any(m.key == key for m in seen.missing) else None


def _usd(pools: Iterable[PoolState], pegged: Collection[str]) -> UsdPrices:
    known: dict[str, float] = {}
    for pool in pools:
        known |= {k: v for k, v in usd_prices(pool, pegged).items() if v is not None}
    return known


def _pool(seen: Snapshot, state: PoolState) -> PoolSeen:
    price = price_in_quote(state.pool, state.sqrt_price_x96)
    return PoolSeen(chain=seen.chain, block=seen.block, state=state, price=price)


def _value(
    facts: Facts, seen: Snapshot, position: Position, pool: PoolState, prices: UsdPrices
) -> PositionSeen:
    measures = measure(position, pool, prices)
    before = facts.positions.get(position.key)
    out_since = None
    if not measures.in_range:
        out_since = (before.out_since if before else None) or seen.observed_at
    return PositionSeen(
        chain=seen.chain,
        block=seen.block,
        position=position,
        pair=pool.pool.pair,
        measures=measures,
        out_since=out_since,
    )


def _absorb_readings(facts: Facts, seen: Readings, lens: Lens) -> Facts:
    fresh = {f"{r.name}|{r.key}": r for r in seen.readings if _newer(facts, r)}
    source = SourceSeen(name=seen.source, good_at=seen.observed_at)
    after = replace(
        facts,
        readings={**facts.readings, **fresh},
        feeds={**facts.feeds, seen.source: source},
    )
    samples = [(r.name, r.key, Sample(at=r.as_of, value=r.value)) for r in fresh.values()]
    return replace(after, series=_sampled(after, samples, lens))


def _newer(facts: Facts, reading: Reading) -> bool:
    old = facts.readings.get(f"{reading.name}|{reading.key}")
    return old is None or reading.as_of >= old.as_of


def _absorb_gap(facts: Facts, seen: Gap, lens: Lens) -> Facts:
    table = facts.chains if seen.source in lens.chains else facts.feeds
    old = table.get(seen.source) or SourceSeen(name=seen.source)
    new = replace(old, gap=seen.reason, gap_since=old.gap_since or seen.observed_at)
    merged = {**table, seen.source: new}
    if seen.source in lens.chains:
        return replace(facts, chains=merged)
    return replace(facts, feeds=merged)


Named = tuple[str, str, Sample]


def _chain_samples(facts: Facts, seen: Snapshot) -> list[Named]:
    at = seen.observed_at
    samples = [
        ("pool.price", key, Sample(at=at, value=pool.price))
        for key, pool in facts.pools.items()
        if pool.chain == seen.chain
    ]
    for position in seen.positions:
        measures = facts.positions[position.key].measures
        figures = {"position.il": measures.il, "position.value_usd": measures.total.usd}
        samples += [
            (name, position.key, Sample(at=at, value=value))
            for name, value in figures.items()
            if value is not None
        ]
    totals = {"book.il": book_il(facts), "book.value_usd": book_value_usd(facts)}
    samples += [
        (name, "", Sample(at=at, value=value))
        for name, value in totals.items()
        if value is not None
    ]
    return samples


def _sampled(facts: Facts, samples: Iterable[Named], lens: Lens) -> Mapping[str, Series]:
    wanted = [(f"{n}|{scope}", n, s) for n, scope, s in samples if n in lens.windows]
    if not wanted:
        return facts.series
    series = dict(facts.series)
    for key, name, sample in wanted:
        series[key] = series.get(key, Series()).append(sample, keep=lens.windows[name])
    return series


def live_positions(facts: Facts) -> list[PositionSeen]:
    """Return the positions that still exist and hold liquidity or owed tokens."""
    return [p for p in facts.positions.values() if not p.gone]


def book_il(facts: Facts) -> float | None:
    """Return the IL of all positions together: value over holding, minus one.

    In US dollars where every position has them, else in the quote token where all
    share it by symbol; None while any open position's entry or price is unknown.
    """
    held = [p for p in live_positions(facts) if p.position.liquidity]
    in_usd = _ratio([_pair(p.measures, lambda worth: worth.usd) for p in held])
    if in_usd is not None:
        return in_usd
    pools = [facts.pools[p.position.pool].state.pool for p in held]
    quotes = {(q.token0 if q.quote == 0 else q.token1).symbol for q in pools}
    if len(quotes) != 1:
        return None
    return _ratio([_pair(p.measures, _in_quote(q.quote)) for p, q in zip(held, pools, strict=True)])


Pair = tuple[float, float] | None


def _in_quote(quote: int) -> Callable[[Worth], float | None]:
    return (lambda worth: worth.token0) if quote == 0 else (lambda worth: worth.token1)


def _pair(measures: Measures, pick: Callable[[Worth], float | None]) -> Pair:
    value = pick(measures.value)
    hodl = pick(measures.hodl) if measures.hodl else None
    return None if value is None or hodl is None else (value, hodl)


def _ratio(pairs: Sequence[Pair]) -> float | None:
    known = [pair for pair in pairs if pair is not None]
    hodl = sum(pair[1] for pair in known)
    if len(known) != len(pairs) or hodl <= 0:
        return None
    return sum(pair[0] for pair in known) / hodl - 1


def book_value_usd(facts: Facts) -> float | None:
    """Return all positions with their fees in US dollars, or None if any is unknown."""
    totals = [p.measures.total.usd for p in live_positions(facts)]
    known = [total for total in totals if total is not None]
    return sum(known) if totals and len(known) == len(totals) else None


def newest(facts: Facts, name: str) -> Reading | None:
    """Return the reading of a signal that has no key."""
    return facts.readings.get(f"{name}|")


def hours_of(name: str) -> Hours:
    """Return the calendar a signal ages in; 24/7 for what is computed here."""
    signal = BY_NAME.get(name)
    return signal.hours if signal else Hours.ALWAYS
