"""Which block a snapshot is pinned to, and what its chain has dropped since the last.

A head must be the child of what was read last, or have it among its ancestors.
Where the numbers leave a hole, the block read last is asked for by number, in the
same HTTP request as the block to read where the node takes two in one. A snapshot
that was read while the chain turned under it bears the old block's hash; its
successor does not link to that, so it is dropped one poll later.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from monitor.chain.failures import Behind, NoBlock
from monitor.chain.multicall import Pinned
from monitor.chain.ring import Linked, Ring
from monitor.chain.rpc import Endpoint
from monitor.clock import stopwatch
from monitor.errors import Transient
from monitor.model.observation import Block, Reorg

LAG: Final = timedelta(seconds=60)
STALL_S: Final = 120.0
LATEST: Final = "latest"

Weigh = Callable[[Endpoint, Block], Awaitable[None]]


class Target(NamedTuple):
    """The block to read, and what its chain has dropped of what was read before."""

    linked: Linked
    reorg: Reorg | None

    @property
    def block(self) -> Block:
        return self.linked.block


async def _unweighed(_endpoint: Endpoint, _head: Block) -> None:
    return


class Heads:
    """Finds the block to read: so many behind the head, never older than the last read.

    lag: how far a node may be behind what was read before that is told. stall_s:
    real seconds without a newer block before that is told.
    """

    def __init__(
        self,
        behind: int,
        *,
        lag: timedelta = LAG,
        stall_s: float = STALL_S,
        seconds: Callable[[], float] = stopwatch,
    ) -> None:
        self._behind, self._lag, self._stall_s = behind, lag, stall_s
        self._seconds = seconds
        self._tag = LATEST
        self._last_head: Linked | None = None
        self._last_target: Linked | None = None
        self._ring = Ring()
        self._made = ""
        self._news_at: float | None = None

    def resume(self, blocks: Sequence[Block]) -> None:
        """Take the blocks an earlier run read, so that one dropped meanwhile is noticed."""
        self._ring.seed(blocks)

    def pin(self, number: int) -> None:
        """Take a block of the past for the head from now on."""
        self._tag = hex(number)

    async def target(self, endpoint: Endpoint, weigh: Weigh = _unweighed) -> Target:
        """Return the block to read now; raise Behind where there is none newer.

        weigh: refuses a head. Costs one request where the head is the block, has not
        moved, or names the last head as its parent; else two, and a few where the chain
        turned. Raises Transient where nothing newer has come for long.
        """
        head = await header(endpoint, self._tag)
        if self._tag == LATEST:  # one of the past lags nobody
            await weigh(endpoint, head.block)
        if head.block.number < self._behind:
            raise Transient(
                f"{endpoint.host} is at block {head.block.number}, "
                f"which has no block {self._behind} behind it"
            )
        found, again = await self._found(endpoint, head)
        self._last_head, self._last_target = head, found
        self._refuse_silence(endpoint, found.block)
        return Target(found, await self._reorg(endpoint, found, again))

    def remember(self, target: Target) -> None:
        """Note that a snapshot of this block was made."""
        if target.reorg is not None:
            self._ring.drop(target.reorg)
        self._ring.remember(target.linked)
        self._made = target.block.hash
        self._news_at = self._seconds()

    def is_last(self, block: Block) -> bool:
        """Return whether the last snapshot of this run was of this very block."""
        return self._made == block.hash

    async def _found(self, endpoint: Endpoint, head: Linked) -> tuple[Linked, Linked | None]:
        """Return the target below this head, and with it the block read last where asked."""
        known, newest = self._known(head), self._ring.newest
        if known is not None:
            return known, None
        number = head.block.number - self._behind
        if newest is None or number <= newest.number + 1:
            return await header(endpoint, hex(number)), None
        found, again = await headers(endpoint, number, newest.number)
        return found, again

    def _known(self, head: Linked) -> Linked | None:
        """Return the target below this head where no request is needed to know it."""
        if self._behind == 0:
            return head
        last = self._last_head
        if last is not None and last.block.hash == head.block.hash:
            return self._last_target
        if self._behind == 1 and last is not None and last.block.hash == head.parent_hash:
            return last
        return None

    def _refuse_silence(self, endpoint: Endpoint, found: Block) -> None:
        if self._news_at is None:
            self._news_at = self._seconds()
        silent = self._seconds() - self._news_at
        if found.hash == self._made and silent > self._stall_s:
            raise Transient(f"{endpoint.host} has stood at block {found.number} for {silent:.0f} s")

    async def _reorg(self, endpoint: Endpoint, found: Linked, again: Linked | None) -> Reorg | None:
        """Return what was dropped if the chain turned; raise Behind for a node that lags."""
        newest, block = self._ring.newest, found.block
        if newest is None or block.hash == newest.hash:
            return None
        if block.number <= newest.number:
            await self._refuse_old_news(endpoint, found, newest)
        elif block.number == newest.number + 1:
            if found.parent_hash == newest.hash:
                return None
        else:
            again = again or await header(endpoint, hex(newest.number))
            if again.block.hash == newest.hash:
                return None
        return self._ring.turned(await self._ancestor(endpoint, block))

    async def _refuse_old_news(self, endpoint: Endpoint, found: Linked, newest: Block) -> None:
        """Tell a lagging node, which agrees with what was read, from a chain that turned."""
        shared = self._ring.at_or_below(found.block.number)
        if shared is not None:
            told = found.block.hash
            if shared != found.block.number:
                told = (await header(endpoint, hex(shared))).block.hash
            if told != self._ring.hash_at(shared):
                return
        late = newest.timestamp - found.block.timestamp
        blocks = newest.number - found.block.number
        sentence = (
            f"{endpoint.host} is {blocks} block{'s' if blocks > 1 else ''} "
            f"({late.total_seconds():.0f} s) behind what was already read"
        )
        news_at = self._seconds() if self._news_at is None else self._news_at
        if late > self._lag or self._seconds() - news_at > self._stall_s:
            raise Transient(sentence)
        raise Behind(sentence)

    async def _ancestor(self, endpoint: Endpoint, block: Block) -> int | None:
        """Return the highest number read that this block's chain shares, None if none.

        What is shared ends at one number, so it is found by strides that double and
        then by halving: some sixteen requests for a ring of 256.
        """
        numbers = self._ring.numbers(to=block.number - 1)

        async def shares(index: int) -> bool:
            told = await header(endpoint, hex(numbers[index]))
            return told.block.hash == self._ring.hash_at(numbers[index])

        gone, stride = -1, 1
        while (index := gone + stride) < len(numbers) and not await shares(index):
            gone, stride = index, stride * 2
        index = min(index, len(numbers))
        while index - gone > 1:
            middle = (gone + index) // 2
            if await shares(middle):
                index = middle
            else:
                gone = middle
        return numbers[index] if index < len(numbers) else None


async def header(endpoint: Endpoint, tag: str) -> Linked:
    """Return a block's header by `latest` or hex number.

    Raises NoBlock for a number the node has none of, Transient for a malformed one or another's.
    """
    told = _linked(endpoint, await endpoint.block(tag), tag)
    if tag == LATEST:
        endpoint.note_head(told.block)
    return told


async def shown(endpoint: Endpoint, number: int) -> Block:
    """Return a block that another node has told; raise Behind where this one has none of it yet."""
    try:
        return (await header(endpoint, hex(number))).block
    except NoBlock as error:
        raise Behind(str(error)) from error


async def headers(endpoint: Endpoint, *numbers: int) -> list[Linked]:
    """Return several blocks' headers, in one HTTP request where the node takes that."""
    tags = [hex(number) for number in numbers]
    calls = [("eth_getBlockByNumber", (tag, False)) for tag in tags]
    answers = await endpoint.call_together(calls)
    return [_linked(endpoint, told, tag) for tag, told in zip(tags, answers, strict=True)]


def _linked(endpoint: Endpoint, told: Any, tag: str) -> Linked:  # noqa: ANN401 - JSON is Any
    """Return a header; one of another block would look as if the chain had turned."""
    try:
        block = Block(
            number=int(told["number"], 16),
            hash=str(told["hash"]),
            timestamp=instant(int(told["timestamp"], 16)),
        )
        linked = Linked(block, str(told["parentHash"]))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise Transient(f"{endpoint.host} answered a block header without its fields") from None
    if tag.startswith("0x") and block.number != int(tag, 16):
        raise Transient(
            f"{endpoint.host} was asked for block {int(tag, 16)} and answered with block"
            f" {block.number}"
        )
    return linked


def instant(seconds: int) -> datetime:
    """Return a block's timestamp as an aware instant."""
    return datetime.fromtimestamp(seconds, UTC)


def check_witness(pinned: Pinned, block: Block, told: int) -> None:
    """Raise Transient unless the batch ran in the block the header describes."""
    apart_s = told - int(block.timestamp.timestamp())  # of any size: it may be no time at all
    if apart_s:
        raise Transient(
            f"{pinned.endpoint.host} answered for another block than {block.number}: "
            f"its clock is {apart_s:+g} s off that block's"
        )
