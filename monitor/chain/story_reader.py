"""Reads what happened to NFTs, from the block where it pays to begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.chain.archive import minted_at, minted_since
from monitor.chain.events import Found, LogScan, Span
from monitor.chain.failures import TooFar
from monitor.chain.finality import Finality
from monitor.chain.payers import TOGETHER, Ownership, Payers, doubtful, place_of, receipt
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.chain.story import Story, Subject, carried
from monitor.errors import Transient

REQUESTS_A_POLL: Final = 8
REQUESTS_IN_ALL: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """Where to begin and whose story that tells; why it does not tell the others'."""

    first: int
    subjects: Sequence[Subject]
    why: str = ""


class StoryReader:
    """Turns logs into stories, and tells how much of them is final."""

    def __init__(self, chain: Chain, finality: Finality) -> None:
        self._start_block = chain.start_block
        self._scan = LogScan(chain)
        self._finality = finality
        self._receipts: dict[Endpoint, int] = {}
        self._too_narrow: set[Endpoint] = set()

    async def read(
        self,
        endpoint: Endpoint,
        group: Sequence[Subject],
        known: Mapping[str, Story],
        *,
        first: int | None,
        block: int,
    ) -> list[Story | TooFar]:
        """Return the group's stories up to `block`, or as far as a poll's requests reach.

        group: of one manager. known: what was told of them before `first`, by key; with
        None for it nothing was, and TooFar stands for what cannot be had here. Raises
        Transient or Permanent.
        """
        if first is not None:
            reach = _Reach(first=first, subjects=group)
            found = await self._found(endpoint, reach, block)
        else:
            reach, found = await self._begun(endpoint, group, block)
        told = await self._told(endpoint, reach, found, known=known, block=block)
        return [told.get(one.key) or TooFar(reach.why) for one in group]

    async def _told(
        self,
        endpoint: Endpoint,
        reach: _Reach,
        found: Found,
        *,
        known: Mapping[str, Story],
        block: int,
    ) -> dict[str, Story]:
        """Return the stories that what was found tells, by key."""
        if not reach.subjects:
            return {}
        final = min(await self._finality.newest(endpoint, block) + 1, found.next_block)
        told = {
            one: replace(
                await _continued(endpoint, one, known.get(one.key), reach.first, found),
                final=final,
            )
            for one in reach.subjects
        }
        payers = Payers(endpoint, block, self._receipts.get(endpoint, TOGETHER))
        await payers.look_up(
            two.transaction for one in told.values() for two in doubtful(one.events)
        )
        self._receipts[endpoint] = payers.most
        return {one.key: await _judged(payers, one, story) for one, story in told.items()}

    async def _begun(
        self, endpoint: Endpoint, group: Sequence[Subject], block: int
    ) -> tuple[_Reach, Found]:
        """Return whose story is told from where on, and what was found there."""
        if endpoint in self._too_narrow:
            # It may have been a hiccup of the node's, and not its limit.
            self._too_narrow.discard(endpoint)
            self._scan.forget(endpoint)
        reach = await self._reach(endpoint, group, block)
        found = await self._found(endpoint, reach, block)
        if reach.subjects and found.next_block == reach.first:
            # The node has just refused the whole range: begin where it pays.
            reach = await self._reach(endpoint, group, block)
            found = await self._found(endpoint, reach, block)
        if reach.why:
            self._too_narrow.add(endpoint)
        return reach, found

    async def _found(self, endpoint: Endpoint, reach: _Reach, block: int) -> Found:
        ids = tuple(one.nft.token_id for one in reach.subjects)
        if not ids:
            return Found(events={}, hands={}, next_block=reach.first)
        manager = reach.subjects[0].nft.manager
        span = Span(manager=manager, token_ids=ids, first=reach.first, last=block)
        return await self._scan.read(endpoint, span, most=REQUESTS_A_POLL)

    async def _reach(self, endpoint: Endpoint, group: Sequence[Subject], block: int) -> _Reach:
        """Return the block from which to read positions never seen before, but the too old."""
        width, first = self._scan.width(endpoint), self._start_block
        if width is None or (first is None and width > block):
            return _Reach(first=first or 0, subjects=group)
        earliest = max(block + 1 - width * REQUESTS_IN_ALL, 0)
        if first is not None and first >= earliest:
            return _Reach(first=first, subjects=group)
        narrow = f"{endpoint.host} gives logs of {width} blocks at once"
        if any(one.liquidity is None for one in group):
            why = f"{narrow}, and the mint of a position that is gone cannot be found"
            return _Reach(first=block, subjects=(), why=f"{why}: give start_block")
        try:
            young = await minted_since(endpoint, (one.nft for one in group), earliest)
            first = await minted_at(endpoint, min(young), block) if young else block
        except TooFar as error:
            return _Reach(first=block, subjects=(), why=str(error))
        why = (
            f"{narrow}: its mint lies before block {earliest}, to which {REQUESTS_IN_ALL} "
            f"requests reach back; state an [[entry]], or give an endpoint of wider ranges"
        )
        told = [one for one in group if one.nft in young]
        return _Reach(first=first, subjects=told, why=why if len(told) < len(group) else "")


async def _continued(
    endpoint: Endpoint, subject: Subject, known: Story | None, first: int, found: Found
) -> Story:
    """Return a subject's story up to what was found, which replaces what it covers."""
    start = Story(first=first, next_block=first, final=first)
    told = (known or start).before(first)
    new = carried(known.events if known else (), found.events[subject.nft.token_id])
    events = (*told.events, *new)
    hands = (*told.hands, *found.hands[subject.nft.token_id])
    place = subject.place or told.place
    if place is None and events:
        proof = await receipt(endpoint, events[0].transaction)
        try:
            place = place_of(proof, subject.nft)
        except (LookupError, TypeError, ValueError):
            raise Transient(f"{endpoint.host} answered a malformed receipt") from None
    return Story(
        first=told.first,
        next_block=found.next_block,
        final=told.final,
        place=place,
        events=events,
        hands=hands,
        unpriced=True,
    )


async def _judged(payers: Payers, subject: Subject, story: Story) -> Story:
    """Return a story with who made each deposit, as far as that could be looked up."""
    if story.place is None:
        return story
    whose = Ownership(manager=subject.nft.manager, owners=subject.owners, hands=story.hands)
    events = await payers.judged(story.events, whose, story.place.pool)
    left = any(payers.to_look_up(one) for one in doubtful(events))
    return replace(story, events=events, unjudged=left)
