"""What was put into each position: its events, read once and then only when it changes.

Between two snapshots that show the same liquidity, owed tokens, fee marks and owner
nothing was deposited, withdrawn or collected, so an unchanged position costs no
request. A changed one is read again from the last final block on, and once more when its
new events are final: what a reorganised chain took back is gone then. Only what is final
is kept in checkpoints, from which a restart goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from monitor.chain.archive import Prices, minted_at
from monitor.chain.checkpoint import Checkpoint, Checkpoints, MemoryCheckpoints
from monitor.chain.entries import Entries
from monitor.chain.events import LogScan, Span
from monitor.chain.finality import Finality
from monitor.chain.payers import Ownership, judged
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import EntrySettings
from monitor.chain.story import Story, Subject, carried, folded, resumed, subject_of
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.model.pool import Pool
from monitor.model.position import LiquidityEvent, Position

REQUESTS_A_POLL: Final = 8
REQUESTS_IN_ALL: Final = 500
PRICES_A_POLL: Final = 32
_STALE: Final = 10_000
_NO_EVENTS: Final = ("uniswap_v4",)


class Histories:
    """Gives positions their basis, from their events or from an entry in config."""

    def __init__(
        self,
        chain: Chain,
        entries: Sequence[EntrySettings],
        *,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self._chain = chain
        self._entries = Entries(entries)
        self._scan = LogScan(chain)
        self._prices = Prices()
        self._finality = Finality(chain)
        self._checkpoints = checkpoints or MemoryCheckpoints()
        self._kept = {one.key: one for one in self._checkpoints.load(chain.chain_id)}
        self._stories: dict[str, Story] = {}
        self._waiting: dict[str, str] = {}

    async def attach(
        self,
        endpoint: Endpoint,
        positions: Sequence[Position],
        *,
        pools: Mapping[str, Pool],
        block: int,
    ) -> list[Position]:
        """Return the positions with their basis as of `block`, or a note where it is unknown.

        Never raises for what a node cannot tell: that is a note too. pools: by key.
        """
        subjects = [
            subject_of(one, pools[one.pool].address)
            for one in positions
            if one.key not in self._entries and pools[one.pool].protocol not in _NO_EVENTS
        ]
        for (first, _), group in self._due(subjects, block).items():
            try:
                await self._read(endpoint, group, first, block=block)
            except HedgewatchError as error:
                self._note(group, block, error)
        await self._price(endpoint, subjects)
        self._keep(subjects)
        return [self._with_basis(one, pools[one.pool]) for one in positions]

    def turned(self, ancestor: int) -> None:
        """Note that blocks above `ancestor` are gone: what was told of them is read again."""
        for key, story in self._stories.items():
            if story.newest > ancestor:
                self._stories[key] = replace(story, mark="")

    def _due(
        self, subjects: Sequence[Subject], block: int
    ) -> dict[tuple[int | None, str], list[Subject]]:
        """Return the subjects to be read, by first block (None: not known yet) and manager."""
        due: dict[tuple[int | None, str], list[Subject]] = {}
        for subject in subjects:
            story = self._story(subject)
            if story is None:
                due.setdefault((None, subject.nft.manager), []).append(subject)
            elif story.gave_up:
                continue
            elif not story.whole:
                due.setdefault((story.next_block, subject.nft.manager), []).append(subject)
            elif story.mark != subject.mark or self._unsettled(story, block):
                first = min(story.final, max(block + 1 - self._finality.depth, 0))
                due.setdefault((first, subject.nft.manager), []).append(subject)
            else:
                self._stories[subject.key] = story.quiet(block, self._finality.depth)
        return due

    def _story(self, subject: Subject) -> Story | None:
        story = self._stories.get(subject.key)
        kept = self._kept.pop(subject.key, None) if story is None else None
        if kept is not None and not self._begins_late(kept):
            story = self._stories[subject.key] = resumed(kept, subject)
        return story

    def _begins_late(self, kept: Checkpoint) -> bool:
        """Return whether an unfinished story starts later than is wanted by now."""
        wanted = self._chain.start_block
        return not kept.mark and wanted is not None and wanted < kept.first

    def _unsettled(self, story: Story, block: int) -> bool:
        return story.basis is not None and story.provisional and block >= story.settle_at

    async def _read(
        self, endpoint: Endpoint, group: Sequence[Subject], first: int | None, *, block: int
    ) -> None:
        ids = tuple(one.nft.token_id for one in group)
        manager = group[0].nft.manager
        begun = first if first is not None else await self._start(endpoint, group, block)
        span = Span(manager=manager, token_ids=ids, first=begun, last=block)
        found = await self._scan.read(endpoint, span, most=REQUESTS_A_POLL)
        if first is None and found.next_block == begun:
            # The node has just refused the whole range: begin where it pays.
            begun = await self._start(endpoint, group, block)
            span = replace(span, first=begun)
            found = await self._scan.read(endpoint, span, most=REQUESTS_A_POLL)
        final = await self._finality.newest(endpoint, block)
        for subject in group:
            known = self._stories.get(subject.key)
            fresh = Story(first=begun, next_block=begun, final=begun, place=subject.place)
            told = (known or fresh).before(begun)
            old = known.events if known is not None else ()
            new = carried(old, found.events[subject.nft.token_id])
            hands = (*told.hands, *found.hands[subject.nft.token_id])
            whose = Ownership(manager=manager, owners=subject.owners, hands=hands)
            pool = subject.place.pool if subject.place is not None else ""
            events = await judged(endpoint, (*told.events, *new), whose, pool, block)
            self._add(
                subject,
                replace(
                    told,
                    events=events,
                    hands=hands,
                    next_block=found.next_block,
                    final=min(max(final + 1, 0), found.next_block),
                    unpriced=True,
                ),
                block,
            )

    async def _start(self, endpoint: Endpoint, group: Sequence[Subject], block: int) -> int:
        """Return the block from which to read positions never seen before."""
        width = self._scan.width(endpoint)
        first = self._chain.start_block
        if first is None:
            if width is None or width > block:
                return 0
            # Ids are given out in order, so the smallest was minted first.
            nft = min(one.nft for one in group)
            first = await minted_at(endpoint, nft.manager, nft.token_id, block)
        needed = 1 if width is None else (block - first) // width + 1
        if needed > REQUESTS_IN_ALL:
            raise Permanent(
                f"{endpoint.host} gives logs of {width} blocks at once: reading back to block "
                f"{first} would take {needed} requests; state an [[entry]] or start_block"
            )
        return first

    def _add(self, subject: Subject, read: Story, block: int) -> None:
        """Take what was read in place of what was known."""
        known = self._stories.get(subject.key)
        if read.next_block <= block:
            note = f"its deposits are still being read: block {read.next_block} of {block}"
            self._stories[subject.key] = replace(read, whole=False, mark="", note=note)
            return
        old = known if known is not None and known.whole else None
        if old is not None and old.mark == subject.mark and _fewer(read.events, old.events):
            raise Transient("the node has forgotten deposits that the position still shows")
        story = folded(replace(read, whole=True, mark=subject.mark), subject)
        if story.basis is None and known is not None:
            del self._stories[subject.key]  # from the start again, next time
            return
        if old is not None and old.basis is not None and _same(read, old):
            # A change no event explains: the logs lag the state, so look again next time.
            story = replace(story, mark=old.mark)
        told = [one.block_number for one in story.events if one.block_number >= story.final]
        settle_at = max(min(told, default=0) + self._finality.depth, block + self._finality.pause)
        self._stories[subject.key] = replace(story, settle_at=settle_at)

    async def _price(self, endpoint: Endpoint, subjects: Sequence[Subject]) -> None:
        """Ask for prices that stories lack, as many as a poll may take."""
        left = PRICES_A_POLL
        for subject in subjects:
            story = self._stories.get(subject.key)
            if story is None or not story.unpriced or not story.whole or story.place is None:
                continue
            try:
                priced = await self._prices.fill(endpoint, story.events, story.place, most=left)
            except HedgewatchError:
                return  # they are asked for again at the next block, and unknown until then
            left -= priced.asked
            story = replace(story, events=priced.events, unpriced=priced.left)
            self._stories[subject.key] = folded(story, subject)

    def _keep(self, subjects: Sequence[Subject]) -> None:
        """Save what has become final since it was last saved."""

    def _note(self, group: Sequence[Subject], block: int, error: HedgewatchError) -> None:
        """Keep why a group's events could not be read; a Permanent reason ends the asking."""
        gave_up = type(error) is Permanent  # not a refusal another endpoint would not share
        for subject in group:
            known = self._stories.get(subject.key)
            if known is not None:
                self._stories[subject.key] = replace(
                    known, basis=None, note=str(error), gave_up=gave_up
                )
            elif gave_up:
                self._stories[subject.key] = Story(
                    first=block, next_block=block, final=block, note=str(error), gave_up=True
                )
            else:
                self._waiting[subject.key] = str(error)

    def _with_basis(self, position: Position, pool: Pool) -> Position:
        if position.key in self._entries:
            return self._entries.attach(position, pool)
        if pool.protocol in _NO_EVENTS:
            note = "Uniswap v4 tells no deposits: state an [[entry]]"
            return replace(position, basis_note=note)
        story = self._stories.get(position.key)
        if story is None:
            why = self._waiting.get(position.key, "they are read again at the next block")
            return replace(position, basis_note=f"its deposits are not known yet: {why}")
        return replace(position, basis=story.basis, basis_note=story.note)


def _same(one: Story, other: Story) -> bool:
    """Return whether two tell the same, prices aside."""
    return _names(one.events) == _names(other.events) and one.hands == other.hands


def _fewer(new: Sequence[LiquidityEvent], old: Sequence[LiquidityEvent]) -> bool:
    return len(new) < len(old)


def _names(events: Sequence[LiquidityEvent]) -> list[tuple[str, int]]:
    return [(one.block_hash, one.log_index) for one in events]
