"""What was read of final blocks, kept so that no restart reads it again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from monitor.model.position import LiquidityEvent

Mark: TypeAlias = tuple[str | int, ...]
"""What every deposit, withdrawal, collect and hand-over of a position leaves changed."""


class Place(NamedTuple):
    """Where a position's liquidity lies. pool: address."""

    pool: str
    tick_lower: int
    tick_upper: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """An NFT handed over, or another address allowed to act for it.

    giver, taker: EIP-55; the zero address mints and burns. approval: nothing changed hands.
    """

    block_number: int
    log_index: int
    block_hash: str
    transaction: str
    giver: str
    taker: str
    approval: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A position's story as far as it is final.

    first, next_block: its blocks from one to below the other were read. mark: what the
    position showed when nothing after them was left to read; empty where something was.
    """

    key: str
    first: int
    next_block: int
    mark: Mark = ()
    place: Place | None = None
    events: tuple[LiquidityEvent, ...] = ()
    hands: tuple[Hand, ...] = ()


class Checkpoints(Protocol):
    """Keeps checkpoints by position key."""

    def load(self, chain_id: int) -> tuple[Checkpoint, ...]:
        """Return all that was saved for a chain; what cannot be read again is left out."""
        ...

    def save(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Keep all of these or none, each in place of what had its key."""
        ...


@dataclass(slots=True)
class MemoryCheckpoints:
    """Checkpoints that end with the process."""

    _kept: dict[str, Checkpoint] = field(default_factory=dict)

    def load(self, chain_id: int) -> tuple[Checkpoint, ...]:
        return tuple(one for key, one in self._kept.items() if key.startswith(f"{chain_id}:"))

    def save(self, checkpoints: Sequence[Checkpoint]) -> None:
        self._kept.update({one.key: one for one in checkpoints})
