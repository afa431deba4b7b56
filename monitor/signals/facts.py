"""What is known now: the latest of everything observed, and the samples windows need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from monitor.amm.measure import Measures
from monitor.hedge.track import BookTrack
from monitor.model.observation import Block, Missing
from monitor.model.pool import PoolState
from monitor.model.position import Position
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading
from monitor.signals.bars import Bars
from monitor.signals.reel import Reel
from monitor.signals.track import PoolHours, PoolTrack
from monitor.signals.turns import PositionTrack
from monitor.signals.windows import Series

REMEMBERED: Final = 128
"""Blocks read that a chain's source remembers: how deep a reorganisation can be undone."""

_NO_BARS: Final = Bars()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSeen:
    """A block that was read, and when it was observed."""

    block: Block
    observed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A stretch of time out of range that is over."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSeen:
    """A pool as last seen. chain: its name in config.

    usd0, usd1: a whole token's price in dollars, None where it has none. usd_note: why
    neither has one although a feed speaks of them; empty else.
    """

    chain: str
    block: Block
    state: PoolState
    price: float
    usd0: float | None = None
    usd1: float | None = None
    usd_note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSeen:
    """A position as last seen, valued. pair: its pool's, base before quote.

    out_since: when it was first seen out of range, None inside. was_out: the spells out
    of range that ended on blocks still remembered. gone: why the chain says it is no
    longer there to watch, or empty; gone_at: since when. unread: why the newest snapshot
    could not read it, or empty: its measures are then an older block's, and unknown.
    """

    chain: str
    block: Block
    position: Position
    pair: str
    measures: Measures
    out_since: datetime | None = None
    gone: str = ""
    unread: str = ""
    was_out: tuple[Spell, ...] = ()
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSeen:
    """How a chain or a feed has been answering. gap: why it does not, or empty.

    missing: what the newest answer could not read, or of a feed, no longer stands by.
    recent: the newest REMEMBERED blocks read of a chain, oldest first, none twice, and
    none that the chain has dropped.
    """

    name: str
    good_at: datetime | None = None
    gap: str = ""
    gap_since: datetime | None = None
    block: Block | None = None
    missing: tuple[Missing, ...] = ()
    recent: tuple[BlockSeen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything known, by key. A reading's key is `name|key`, a series' `name|scope`.

    reels: the samples of positions, by `name|chain`; those of all else are series.
    bars: of the market's numbers that indicators look back on, by `name|key`.
    tracks, hours, by pool, and paths, by position: what they did over the time they were
    watched. hedged: what the hedge and the loss did; the book's alone. quotes: of single
    contracts, by who quotes them; not kept over a restart.
    """

    pools: Mapping[str, PoolSeen] = field(default_factory=dict)
    positions: Mapping[str, PositionSeen] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    reels: Mapping[str, Reel] = field(default_factory=dict)
    bars: Mapping[str, Bars] = field(default_factory=dict)
    chains: Mapping[str, SourceSeen] = field(default_factory=dict)
    feeds: Mapping[str, SourceSeen] = field(default_factory=dict)
    tracks: Mapping[str, PoolTrack] = field(default_factory=dict)
    hours: Mapping[str, PoolHours] = field(default_factory=dict)
    paths: Mapping[str, PositionTrack] = field(default_factory=dict)
    hedged: Mapping[str, BookTrack] = field(default_factory=dict)
    quotes: Mapping[str, tuple[OptionQuote, ...]] = field(default_factory=dict)


def newest(facts: Facts, name: str) -> Reading | None:
    """Return the reading of a signal that has no key."""
    return facts.readings.get(f"{name}|")


def bars_until(facts: Facts, name: str, now: datetime, key: str = "") -> Bars:
    """Return the bars of a number that were published by `now`; none where it has none."""
    return facts.bars.get(f"{name}|{key}", _NO_BARS).until(now)
