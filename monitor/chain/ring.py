"""The blocks read last, by which a node that lags is told from a chain that turned."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from monitor.model.observation import Block, Reorg

MOST: Final = 256


class Linked(NamedTuple):
    """A block and its parent's hash, empty where that is not known."""

    block: Block
    parent_hash: str


class Ring:
    """Blocks read on one chain, in ascending order of number, the newest `most` of them."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._read: dict[int, Linked] = {}

    @property
    def newest(self) -> Block | None:
        """Return the block read last, None before the first."""
        return next(reversed(self._read.values())).block if self._read else None

    def hash_at(self, number: int) -> str:
        """Return the hash a block number had, from itself or its child; empty if unknown."""
        if number in self._read:
            return self._read[number].block.hash
        child = self._read.get(number + 1)
        return child.parent_hash if child else ""

    def at_or_below(self, number: int) -> int | None:
        """Return the highest block number not above this one whose hash is known."""
        if self.hash_at(number):
            return number
        return max((one for one in self._read if one < number), default=None)

    def numbers(self, *, to: int) -> list[int]:
        """Return the numbers of the blocks read, up to one, the highest first."""
        return [one for one in reversed(self._read) if one <= to]

    def remember(self, linked: Linked) -> None:
        """Note that a block was read; what was read above it is forgotten."""
        for number in [one for one in self._read if one >= linked.block.number]:
            del self._read[number]
        self._read[linked.block.number] = linked
        while len(self._read) > self._most:
            del self._read[next(iter(self._read))]

    def seed(self, blocks: Iterable[Block]) -> None:
        """Take blocks an earlier run read, for what they are: their parents are unknown."""
        for block in sorted(blocks, key=lambda one: one.number):
            self.remember(Linked(block, ""))

    def turned(self, ancestor: int | None) -> Reorg:
        """Return what a chain dropped that shares no block read above `ancestor`.

        ancestor: None where it shares none of them.
        """
        if ancestor is None:
            ancestor = next(iter(self._read)) - 1
        gone = tuple(one.block for number, one in self._read.items() if number > ancestor)
        return Reorg(ancestor=ancestor, dropped=gone)

    def drop(self, reorg: Reorg) -> None:
        """Forget what a chain dropped."""
        for number in [one for one in self._read if one > reorg.ancestor]:
            del self._read[number]
