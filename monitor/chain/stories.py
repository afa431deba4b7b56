"""The stories of one chain's positions: which are to be read again, and what is kept of them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeAlias

from monitor.chain.archive import Prices
from monitor.chain.checkpoint import Checkpoints, Mark
from monitor.chain.doubts import Doubts
from monitor.chain.failures import Incomplete
from monitor.chain.finality import Finality
from monitor.chain.keeping import Keeping
from monitor.chain.log_sources import LogSources
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.chain.story import Story, Subject, folded, mark_of
from monitor.chain.story_reader import StoryReader
from monitor.chain.telling import Telling, unexplained
from monitor.errors import HedgewatchError
from monitor.model.position import Position

PRICES_A_POLL: Final = 32
_STALE: Final = 10_000

_Batch: TypeAlias = tuple[int | None, str, bool]
"""First block (None: not known yet), manager, and whether the NFTs may be gone."""


class Stories:
    """Keeps every story.

    known: by position key. waiting: why one is not known, by key. told_by: who told the
    newest part of one, by key; nobody for what a checkpoint alone tells.
    """

    def __init__(self, chain: Chain, checkpoints: Checkpoints) -> None:
        self.known: dict[str, Story] = {}
        self.waiting: dict[str, str] = {}
        self.told_by: dict[str, Endpoint | None] = {}
        self._finality = Finality(chain)
        self._prices = Prices()
        self._keeping = Keeping(checkpoints, chain.chain_id, chain.start_block)
        self._unpriced: dict[str, Subject] = {}
        self._doubts = Doubts()
        self._telling = Telling(
            known=self.known,
            reader=StoryReader(chain, self._finality),
            doubts=self._doubts,
            take=self._take,
        )
        self._swept, self._saved = 0, 0

    async def refresh(self, sources: LogSources, subjects: Sequence[Subject], block: int) -> None:
        """Read what these subjects' stories lack; what no endpoint can tell becomes a note."""
        for (first, _, _), group in self._due(subjects, block).items():
            left = {one.key: one for one in group if self._telling.may(sources, one)}
            if not left:
                continue
            try:
                await sources.ask(self._telling.reading(left, first, block, now=sources.now))
            except HedgewatchError as error:
                self._settle_for_less(left, block)
                self._note(list(left.values()), error)
        if self._unpriced:
            with suppress(HedgewatchError):  # asked for again at the next block, and unknown
                await sources.ask(self._price)

    def current(self, key: str, mark: Mark, block: int) -> bool:
        """Return whether a story is as its subject left it, and needs no second look."""
        story = self.known.get(key)
        if story is None or story.basis is None or story.unjudged:
            return False
        return story.mark == mark and block < story.settle_at

    def turned(self, ancestor: int) -> None:
        """Note that blocks above `ancestor` are gone: what was told of them is read again."""
        for key, story in self.known.items():
            if story.newest > ancestor or story.final > ancestor + 1:
                final = min(story.final, ancestor + 1)
                self.known[key] = replace(story, mark=(), final=final)

    def keep(self, positions: Sequence[Position], block: int) -> None:
        """Save what has changed, and note now and then that these have not."""
        if block - self._swept >= self._finality.depth:
            self._sweep(positions, block)
        self._keeping.save(self.known)

    def _due(self, subjects: Sequence[Subject], block: int) -> dict[_Batch, list[Subject]]:
        """Return the subjects to be read, those together that can be."""
        due: dict[_Batch, list[Subject]] = {}
        for subject in subjects:
            story = self.known.get(subject.key)
            if story is None and (story := self._keeping.resume(subject)) is not None:
                self.known[subject.key] = replace(story, unpriced=True)
                self._unpriced[subject.key] = subject
            if story is None:
                first = None
            elif self.current(subject.key, subject.mark, block):
                continue
            elif story.whole:
                first = min(story.final, max(block + 1 - self._finality.depth, 0))
            else:
                first = story.next_block
            batch = first, subject.nft.manager, subject.liquidity is None
            due.setdefault(batch, []).append(subject)
        return due

    def _take(self, endpoint: Endpoint, subject: Subject, read: Story, block: int) -> None:
        self.told_by[subject.key] = endpoint
        self._add(subject, read, block)

    def _settle_for_less(self, left: dict[str, Subject], block: int) -> None:
        """Take what lags the state where no endpoint tells more; it is read again next time."""
        for key, (endpoint, read) in self._telling.lagging.items():
            if key in left:
                self._take(endpoint, left.pop(key), read, block)

    def _add(self, subject: Subject, read: Story, block: int) -> None:
        """Take what was read in place of what was known."""
        known = self.known.get(subject.key)
        self._keeping.changed([subject.key])
        if read.next_block <= block:
            note = f"its deposits are still being read: block {read.next_block} of {block}"
            self.known[subject.key] = replace(read, note=note)
            return
        old = known if known is not None and known.whole else None
        story = folded(replace(read, whole=True, mark=subject.mark), subject)
        if old is not None and unexplained(old, subject, read):
            story = replace(story, mark=old.mark)
        if story.provisional:
            story = replace(story, settle_at=_settling(story, block, self._finality))
        self.known[subject.key] = story
        self._unpriced[subject.key] = subject

    async def _price(self, endpoint: Endpoint) -> None:
        """Ask for prices that stories lack, as many as a poll may take; raises what calls raise."""
        left = PRICES_A_POLL
        for key, subject in list(self._unpriced.items()):
            story = self.known.get(key)
            if story is None or story.place is None:
                del self._unpriced[key]
                continue
            priced = await self._prices.fill(endpoint, story.events, story.place, most=left)
            left -= priced.asked
            story = replace(story, events=priced.events, unpriced=priced.left)
            self.known[key] = folded(story, subject) if priced.asked else story
            self._keeping.changed([key])
            if not priced.left:
                del self._unpriced[key]

    def _sweep(self, positions: Sequence[Position], block: int) -> None:
        """Note that nothing has changed so far."""
        self._swept = block
        for position in positions:
            story = self.known.get(position.key)
            if story is not None and story.whole and story.mark == mark_of(position):
                self.known[position.key] = story.quiet(block, self._finality.depth)
        if block - self._saved >= _STALE:
            self._saved = block
            self._keeping.changed(self.known)

    def _note(self, group: Sequence[Subject], error: HedgewatchError) -> None:
        """Keep why a group's events could not be read."""
        for subject in group:
            known = self.known.get(subject.key)
            if known is not None and known.whole and known.mark == subject.mark:
                continue  # only a second look failed
            note = str(error)
            if isinstance(error, Incomplete):
                note = "; ".join(filter(None, (self._doubts.why(subject.key), note)))
            if known is not None:
                self.known[subject.key] = replace(known, basis=None, note=note)
            elif isinstance(error, Incomplete):
                self.known[subject.key] = Story(
                    first=0, next_block=0, final=0, note=note, whole=True
                )
            else:
                self.waiting[subject.key] = note


def _settling(story: Story, block: int, finality: Finality) -> int:
    """Return the block from which on a provisional story is worth a second look."""
    told = [one.block_number for one in story.events if one.block_number >= story.final]
    return max(min(told, default=block) + finality.depth, block + finality.pause)
