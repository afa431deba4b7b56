"""What a phone's chart shows, gathered from the state in no time; drawing it takes longer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from monitor.alerts.alert import Alert
from monitor.errors import Permanent
from monitor.model.pool import Pool
from monitor.pipeline import State
from monitor.signals.book import live_positions
from monitor.signals.facts import Facts, PoolSeen, PositionSeen, newest
from monitor.signals.of_market import market

BACK: Final = timedelta(days=30)
"""How far back a chart looks at most: a pool's price is remembered for a little longer."""
_EDGELESS: Final = 1e12
_CLOSED: Final = timedelta(days=4)
"""The longest that a market is closed."""


class Mark(Protocol):
    """Book and hedge at one instant; see `monitor.store.course`."""

    @property
    def at(self) -> int: ...
    @property
    def lost_usd(self) -> float | None: ...
    @property
    def hedge_usd(self) -> float | None: ...
    @property
    def vix(self) -> float | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value at an instant; None where it is not known, which is a hole in a line."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A position's range, in the pair's quote; its edges None where it has none."""

    name: str
    edges: tuple[float, float] | None
    inside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    """All that a chart shows. moment, words: what is marked, and how it is called."""

    at: datetime
    pair: str
    prices: tuple[Point, ...]
    bands: tuple[Band, ...]
    lost: tuple[Point, ...]
    hedge: tuple[Point, ...]
    vix: tuple[Point, ...]
    moment: datetime | None = None
    words: str = ""


def scenery(
    state: State, marks: Sequence[Mark], now: datetime, *, of: str = "", alert: Alert | None = None
) -> Scenery:
    """Return what to draw. of: a position's token id or a pair, else the largest holding's pool.

    Raises Permanent in a sentence where there is nothing to draw.
    """
    facts = state.facts
    pool = _pool(facts, of, alert)
    since = now - BACK
    recent = [one for one in marks if one.at >= since.timestamp()]
    held = [one for one in live_positions(facts) if one.position.pool == pool.state.pool.key]
    held.sort(key=lambda one: one.measures.value.usd or 0.0, reverse=True)
    return Scenery(
        at=now,
        pair=pool.state.pool.pair,
        prices=tuple(one for one in _prices(facts, pool, now) if one.at >= since),
        bands=tuple(map(_band, held)),
        lost=_course((one.at, one.lost_usd) for one in recent),
        hedge=_course((one.at, one.hedge_usd) for one in recent),
        vix=tuple(_vix(facts, recent, now, since)),
        moment=alert.at if alert else None,
        words=f"{alert.action.value} {alert.layer or alert.rule}" if alert else "",
    )


def _pool(facts: Facts, of: str, alert: Alert | None) -> PoolSeen:
    """Return the pool a chart is of."""
    held = live_positions(facts)
    if not facts.pools:
        raise Permanent("no pool was read yet: there is nothing to draw")
    if alert is not None and (found := _named(facts, held, alert.position or alert.scope)):
        return found
    if of:
        found = _named(facts, held, of)
        if found is None:
            pairs = dict.fromkeys(one.state.pool.pair for one in facts.pools.values())
            ids = dict.fromkeys(str(one.position.token_id) for one in held)
            known = ", ".join([*pairs, *ids][:12])
            raise Permanent(f"{of[:20]!r} is not watched; there is: {known}")
        return found
    largest = max(held, key=lambda one: one.measures.value.usd or 0.0, default=None)
    return facts.pools[largest.position.pool] if largest else next(iter(facts.pools.values()))


def _named(facts: Facts, held: Iterable[PositionSeen], name: str) -> PoolSeen | None:
    """Return the pool of a position's key or token id, or the pool of this key or pair."""
    wanted = name.lower().removeprefix("#")
    for one in held:
        if wanted in {str(one.position.token_id), one.position.key.lower()}:
            return facts.pools[one.position.pool]
    for key, pool in facts.pools.items():
        if wanted in {key.lower(), pool.state.pool.pair.lower()}:
            return pool
    return None


def _band(seen: PositionSeen) -> Band:
    measures = seen.measures
    low, high = measures.price_lower, measures.price_upper
    edgeless = low < 1 / _EDGELESS or high > _EDGELESS
    return Band(
        name=f"#{seen.position.token_id}",
        edges=None if edgeless else (low, high),
        inside=measures.in_range,
    )


def _prices(facts: Facts, pool: PoolSeen, now: datetime) -> Iterator[Point]:
    key = pool.state.pool.key
    hours = facts.hours.get(key)
    track = facts.tracks.get(key)
    marks = {
        one.at: one for one in (*(hours.marks if hours else ()), *(track.marks if track else ()))
    }
    for at in sorted(marks):
        yield Point(at=at, value=_price(pool.state.pool, marks[at].sqrt_price_x96))
    good = facts.chains[pool.chain].good_at if pool.chain in facts.chains else None
    yield Point(at=min(good or now, now), value=pool.price)


def _price(pool: Pool, sqrt_price_x96: int) -> float:
    """Return a price as people read it: the quote's tokens for one of the base."""
    scale = 10.0 ** (pool.token0.decimals - pool.token1.decimals)
    price = (sqrt_price_x96 / 2**96) ** 2 * scale
    return price if pool.quote == 1 else 1 / price


def _course(values: Iterable[tuple[int, float | None]]) -> tuple[Point, ...]:
    return tuple(Point(at=datetime.fromtimestamp(at, UTC), value=value) for at, value in values)


def _vix(facts: Facts, marks: Iterable[Mark], now: datetime, since: datetime) -> Iterator[Point]:
    """Yield the VIX as it was noted, as rules looked back on it, and as it is.

    What lies between two values holds the first, as a closed market does; not for as long as
    no market is closed.
    """
    known = {datetime.fromtimestamp(one.at, UTC): one.vix for one in marks if one.vix is not None}
    series = facts.series.get("vix|")
    known |= {one.at: one.value for one in (series.samples if series else ()) if one.at >= since}
    before: datetime | None = None
    for at in sorted(known):
        if before is not None and at - before > _CLOSED:
            yield Point(at=before + _CLOSED, value=None)
        yield Point(at=at, value=known[at])
        before = at
    if newest(facts, "vix") is not None:
        value = market(facts, "vix", now).value
        yield Point(at=now, value=float(value) if isinstance(value, int | float) else None)
