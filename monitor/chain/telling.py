"""What endpoints tell of positions' deposits, held to what the positions themselves show."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.chain.doubts import Doubts
from monitor.chain.failures import Incomplete, StillIncomplete, TooFar
from monitor.chain.log_sources import LogSources
from monitor.chain.rpc import Endpoint
from monitor.chain.story import Story, Subject, folded
from monitor.chain.story_reader import StoryReader
from monitor.errors import HedgewatchError, Transient
from monitor.model.position import LiquidityEvent


@dataclass(slots=True, kw_only=True)
class Telling:
    """Asks endpoints for stories, and takes what is right.

    known: the stories so far. take: what is done with one that is right. lagging: by
    key, what was told last and explains no change of its position.
    """

    known: dict[str, Story]
    reader: StoryReader
    doubts: Doubts
    take: Callable[[Endpoint, Subject, Story, int], None]
    lagging: dict[str, tuple[Endpoint, Story]] = field(default_factory=dict)

    def may(self, sources: LogSources, subject: Subject) -> bool:
        """Return whether any endpoint is worth asking about a subject now."""
        return not all(self._in_doubt(one, subject, sources.now) for one in sources.endpoints)

    def reading(
        self, left: dict[str, Subject], first: int | None, block: int, *, now: datetime
    ) -> Callable[[Endpoint], Awaitable[None]]:
        """Return how a group is read: each endpoint takes out of `left` what it can tell."""
        self.lagging.clear()

        async def read(endpoint: Endpoint) -> None:
            asked = [one for one in left.values() if not self._in_doubt(endpoint, one, now)]
            afresh = [one for one in asked if self._afresh(endpoint, one, first)]
            further = [one for one in asked if one not in afresh]
            wrong: list[HedgewatchError] = []
            for some, known, begun in ((afresh, {}, None), (further, self.known, first)):
                if not some:
                    continue
                told = await self.reader.read(endpoint, some, known, first=begun, block=block)
                for subject, story in zip(some, told, strict=True):
                    failure = self._taken(endpoint, subject, story, block, now=now)
                    if failure is None:
                        del left[subject.key]
                    else:
                        wrong.append(failure)
            if left:
                raise _worst(wrong, endpoint)

        return read

    def _in_doubt(self, endpoint: Endpoint, subject: Subject, now: datetime) -> bool:
        story = self.known.get(subject.key)
        midway = story is not None and not story.whole
        return self.doubts.rests(endpoint, subject, now, midway=midway)

    def _afresh(self, endpoint: Endpoint, subject: Subject, first: int | None) -> bool:
        """Return whether a subject is to be read from its beginning."""
        story = self.known.get(subject.key)
        if first is None or story is None:
            return True
        return story.whole and (not story.events or self.doubts.stubborn(endpoint, subject))

    def _taken(
        self,
        endpoint: Endpoint,
        subject: Subject,
        read: Story | TooFar,
        block: int,
        *,
        now: datetime,
    ) -> HedgewatchError | None:
        """Take what an endpoint told of a subject, or return what is wrong with it."""
        if isinstance(read, TooFar):
            self.doubts.add(endpoint, subject, now, why=str(read))
            return read
        known, host = self.known.get(subject.key), endpoint.host
        if _forgotten(known, subject, read, block):
            return Transient(f"{host} has forgotten deposits that the position still shows")
        if read.next_block > block:
            story = folded(read, subject)
            if story.basis is None:
                self.doubts.add(endpoint, subject, now, why=story.note)
                if known is not None and not known.whole:
                    del self.known[subject.key]  # another reads it from the start
                return Incomplete(f"{host} tells deposits that are not all the position's")
            self.doubts.clear(subject.key)
            if unexplained(known, subject, read):
                self.lagging[subject.key] = endpoint, read
                return Incomplete(f"{host} does not tell what has changed a position")
        self.take(endpoint, subject, read, block)
        return None


def _worst(wrong: Sequence[HedgewatchError], endpoint: Endpoint) -> HedgewatchError:
    """Return what to blame an endpoint for; nothing where it was not asked for anything."""
    grave = [one for one in wrong if not isinstance(one, Incomplete)]
    if wrong:
        return (grave or wrong)[0]
    return StillIncomplete(f"{endpoint.host} could not tell all deposits a while ago")


def _forgotten(old: Story | None, subject: Subject, read: Story, block: int) -> bool:
    """Return whether less was read than is known, although the position is as it was."""
    if old is None or not old.whole or old.mark != subject.mark:
        return False
    return read.next_block > block and len(read.events) < len(old.events)


def unexplained(old: Story | None, subject: Subject, read: Story) -> bool:
    """Return whether no event explains how the subject has changed: the logs lag the state."""
    if old is None or not old.whole:
        return False
    return old.mark not in {(), subject.mark} and _same(read, old)


def _same(one: Story, other: Story) -> bool:
    """Return whether two tell the same, prices aside."""
    return _names(one.events) == _names(other.events) and one.hands == other.hands


def _names(events: Sequence[LiquidityEvent]) -> list[tuple[str, int]]:
    return [(one.block_hash, one.log_index) for one in events]
