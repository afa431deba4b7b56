"""What is known now: the latest of everything observed, and the samples windows need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.amm.measure import Measures
from monitor.model.observation import Block, Missing
from monitor.model.pool import PoolState
from monitor.model.position import Position
from monitor.model.reading import Reading
from monitor.signals.windows import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSeen:
    """A pool as last seen. chain: its name in config.

    usd_note: why its tokens have no price in dollars although a feed speaks of one of
    them; empty where they have one, or none could be had.
    """

    chain: str
    block: Block
    state: PoolState
    price: float
    usd_note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSeen:
    """A position as last seen, valued. pair: its pool's, base before quote.

    out_since: when it was first seen out of range, None inside. gone: why the chain
    says it is no longer there to watch, or empty. unread: why the newest snapshot could
    not read it, or empty: its measures are then an older block's, and unknown.
    """

    chain: str
    block: Block
    position: Position
    pair: str
    measures: Measures
    out_since: datetime | None = None
    gone: str = ""
    unread: str = ""


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


def newest(facts: Facts, name: str) -> Reading | None:
    """Return the reading of a signal that has no key."""
    return facts.readings.get(f"{name}|")
