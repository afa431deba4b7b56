"""Which block a snapshot is pinned to, and whether a node is telling old news."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from monitor.chain.multicall import Pinned
from monitor.chain.rpc import Endpoint
from monitor.errors import Transient
from monitor.model.observation import Block

_REMEMBERED: Final = 256


class Header(NamedTuple):
    """A block and its parent's hash."""

    block: Block
    parent_hash: str


class Heads:
    """Finds the block to read: so many behind the head, never older than the last read."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._last_head: Header | None = None
        self._last_target: Block | None = None
        self._read: dict[int, str] = {}

    async def target(self, endpoint: Endpoint) -> Block:
        """Return the block to read now; raise Transient where the node lags what we read.

        Costs one request where the head is the block, has not moved, or names the
        last head as its parent; else two.
        """
        head = await header(endpoint, "latest")
        if head.block.number < self._behind:
            raise Transient(
                f"{endpoint.host} is at block {head.block.number}, "
                f"which has no block {self._behind} behind it"
            )
        target = self._known(head)
        if target is None:
            tag = hex(head.block.number - self._behind)
            target = (await header(endpoint, tag)).block
        self._last_head, self._last_target = head, target
        await self._refuse_old_news(endpoint, target)
        return target

    def remember(self, block: Block) -> None:
        """Note that a snapshot of this block was made."""
        for number in [one for one in self._read if one >= block.number]:
            del self._read[number]
        self._read[block.number] = block.hash
        while len(self._read) > _REMEMBERED:
            del self._read[min(self._read)]

    def is_last(self, block: Block) -> bool:
        """Return whether the last snapshot was of this very block."""
        return bool(self._read) and self._read.get(max(self._read)) == block.hash

    def _known(self, head: Header) -> Block | None:
        """Return the target below this head where no request is needed to know it."""
        if self._behind == 0:
            return head.block
        last = self._last_head
        if last is not None and last.block.hash == head.block.hash:
            return self._last_target
        if self._behind == 1 and last is not None and last.block.hash == head.parent_hash:
            return last.block
        return None

    async def _refuse_old_news(self, endpoint: Endpoint, target: Block) -> None:
        """Tell a lagging node, which agrees with what was read, from a chain reorganised."""
        if not self._read or target.number >= (newest := max(self._read)):
            return
        shared = max((one for one in self._read if one <= target.number), default=None)
        if shared is not None:
            told = target.hash
            if shared != target.number:
                told = (await header(endpoint, hex(shared))).block.hash
            if told != self._read[shared]:
                return
        raise Transient(
            f"{endpoint.host} is {newest - target.number} blocks behind what was already read"
        )


async def header(endpoint: Endpoint, tag: str) -> Header:
    """Return a block's header by `latest` or hex number; raise Transient if malformed."""
    told = await endpoint.call("eth_getBlockByNumber", tag, False)
    try:
        block = Block(
            number=int(told["number"], 16),
            hash=str(told["hash"]),
            timestamp=instant(int(told["timestamp"], 16)),
        )
        return Header(block, str(told["parentHash"]))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise Transient(f"{endpoint.host} answered a block header without its fields") from None


def instant(seconds: int) -> datetime:
    """Return a block's timestamp as an aware instant."""
    return datetime.fromtimestamp(seconds, UTC)


def check_witness(pinned: Pinned, block: Block, told: int) -> None:
    """Raise Transient unless the batch ran in the block the header describes."""
    if told == int(block.timestamp.timestamp()):
        return
    apart = timedelta(seconds=told) - timedelta(seconds=int(block.timestamp.timestamp()))
    raise Transient(
        f"{pinned.endpoint.host} answered for another block than {block.number}: "
        f"its clock is {apart.total_seconds():+g} s off that block's"
    )
