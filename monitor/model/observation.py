"""What enters the road: a snapshot, readings, a gap, or a person's word."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from monitor.model.layer import Fill
from monitor.model.pool import PoolState, UsdPrice
from monitor.model.position import Position
from monitor.model.quote import OptionQuote
from monitor.model.reading import Bar, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block header's name: number, 0x-hash, and the time it states."""

    number: int
    hash: str
    timestamp: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A watched thing one snapshot could not read.

    gone: true when the chain itself says it is no longer there to watch: a burned NFT,
    or one that left the watched wallet. wallet: true when it is a whole wallet, and so
    unknown which positions there are.
    """

    key: str
    reason: str
    gone: bool = False
    wallet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorg:
    """Blocks we had read that are no longer part of their chain.

    ancestor: the newest block number still shared with what was read; where the chain
    turned deeper than is remembered, the number below the oldest remembered block.
    dropped: the blocks read that are gone, oldest first.
    """

    ancestor: int
    dropped: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All watched pools and positions of one chain at one block hash.

    A snapshot is whole: what is not in it and not in `missing` is not watched.
    usd: prices read on chain at this very block. reorg: what this block's chain has
    dropped of what was read before, None where it grew on. unconfirmed: what other
    endpoints say against it or why none could be asked, where one should have agreed.
    """

    chain: str
    chain_id: int
    block: Block
    observed_at: datetime
    pools: tuple[PoolState, ...]
    positions: tuple[Position, ...]
    missing: tuple[Missing, ...] = ()
    usd: tuple[UsdPrice, ...] = ()
    reorg: Reorg | None = None
    unconfirmed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Values that arrived together from one source.

    refused: members of families that the source no longer stands by, by `name|key`.
    quotes: of single contracts, that came with the same answer.
    """

    source: str
    observed_at: datetime
    readings: tuple[Reading, ...]
    refused: tuple[Missing, ...] = ()
    quotes: tuple[OptionQuote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Bars of past sessions of one signal, fetched from a provider's history.

    id: the idempotent name of this stretch. key: of a member of a family, else empty.
    """

    id: str
    source: str
    observed_at: datetime
    name: str
    bars: tuple[Bar, ...]
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A poll that failed. source: the chain's or the feed's name in config."""

    source: str
    observed_at: datetime
    reason: str


class Verb(StrEnum):
    """What a person may say."""

    FILL = "fill"
    CLOSE = "close"
    ROLL = "roll"
    UNDO = "undo"
    CORRECT = "correct"
    CASH = "cash"
    ACK = "ack"
    SNOOZE = "snooze"
    SILENCE = "silence"
    UNSILENCE = "unsilence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a person said about a layer or an alert.

    id: the caller's idempotent name for it. scope: the layer instance, `book` or
    a pool's or position's key. fills: legs with signed quantities; a ROLL closes
    what they sell and opens what they buy; a CLOSE without fills closes all.
    A CORRECT has the one leg as it should have been. entry: the number in the layer's journal
    that a CORRECT is of, or of the trade to UNDO; 0 is the last trade.
    traded_at: when a FILL, CLOSE, ROLL or CASH was done; None: when it was told.
    cash_usd: of a CASH, signed, received positive; note: what it was, or why a SILENCE.
    alert: the short id, for ACK and SNOOZE, or of the silence to UNSILENCE. until: for SNOOZE
    and SILENCE. matchers: which alerts to SILENCE, each as `pack=lp_range`.
    """

    id: str
    verb: Verb
    observed_at: datetime
    by: str
    layer: str = ""
    scope: str = "book"
    fills: tuple[Fill, ...] = ()
    entry: int = 0
    traded_at: datetime | None = None
    cash_usd: float = 0.0
    note: str = ""
    alert: str = ""
    until: datetime | None = None
    matchers: tuple[str, ...] = ()


Observation: TypeAlias = Snapshot | Readings | Past | Gap | Word
