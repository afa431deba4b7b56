"""Reads what happened to NFTs, from the block where it pays to begin."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from monitor.chain.archive import minted_at
from monitor.chain.events import Found, LogScan, Span
from monitor.chain.finality import Finality
from monitor.chain.payers import TOGETHER, Ownership, Payers, doubtful, place_of, receipt
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.chain.story import Story, Subject, carried
from monitor.errors import Permanent

REQUESTS_A_POLL: Final = 8
REQUESTS_IN_ALL: Final = 500


class StoryReader:
    """Turns logs into stories, and tells how much of them is final."""

    def __init__(self, chain: Chain, finality: Finality) -> None:
        self._start_block = chain.start_block
        self._scan = LogScan(chain)
        self._finality = finality
        self._receipts: dict[Endpoint, int] = {}

    async def read(
        self,
        endpoint: Endpoint,
        group: Sequence[Subject],
        known: Mapping[str, Story],
        *,
        first: int | None,
        block: int,
    ) -> list[Story]:
        """Return the group's stories up to `block`, or as far as a poll's requests reach.

        group: of one manager. known: what was told of them before `first`, by key; with
        None for it nothing was. Raises Transient, or Permanent where it cannot be had here.
        """
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
        newest = await self._finality.newest(endpoint, block)
        final = min(newest + 1, found.next_block)
        told = [
            replace(await _continued(endpoint, one, known.get(one.key), span, found), final=final)
            for one in group
        ]
        payers = Payers(endpoint, block, self._receipts.get(endpoint, TOGETHER))
        await payers.look_up(two.transaction for one in told for two in doubtful(one.events))
        self._receipts[endpoint] = payers.most
        return [
            await _judged(payers, subject, story, manager)
            for subject, story in zip(group, told, strict=True)
        ]

    async def _start(self, endpoint: Endpoint, group: Sequence[Subject], block: int) -> int:
        """Return the block from which to read positions never seen before."""
        width = self._scan.width(endpoint)
        first = self._start_block
        if first is None:
            if width is None or width > block:
                return 0
            # Ids are given out in order, so the smallest was minted first.
            nft = min(one.nft for one in group)
            if any(one.liquidity is None for one in group):
                raise Permanent(
                    f"{endpoint.host} gives logs of {width} blocks at once, and the mint of a "
                    f"position that is gone cannot be found: give start_block"
                )
            first = await minted_at(endpoint, nft.manager, nft.token_id, block)
        needed = 1 if width is None else (block - first) // width + 1
        if needed > REQUESTS_IN_ALL:
            raise Permanent(
                f"{endpoint.host} gives logs of {width} blocks at once: reading back to block "
                f"{first} would take {needed} requests; state an [[entry]] or start_block"
            )
        return first


async def _continued(
    endpoint: Endpoint, subject: Subject, known: Story | None, span: Span, found: Found
) -> Story:
    """Return a subject's story up to what was found, which replaces what it covers."""
    start = Story(first=span.first, next_block=span.first, final=span.first)
    told = (known or start).before(span.first)
    new = carried(known.events if known else (), found.events[subject.nft.token_id])
    events = (*told.events, *new)
    hands = (*told.hands, *found.hands[subject.nft.token_id])
    place = subject.place or told.place
    if place is None and events:
        proof = await receipt(endpoint, events[0].transaction)
        place = place_of(proof, subject.nft)
    return Story(
        first=told.first,
        next_block=found.next_block,
        final=told.final,
        place=place,
        events=events,
        hands=hands,
        unpriced=True,
    )


async def _judged(payers: Payers, subject: Subject, story: Story, manager: str) -> Story:
    """Return a story with who made each deposit, as far as that could be looked up."""
    if story.place is None:
        return story
    whose = Ownership(manager=manager, owners=subject.owners, hands=story.hands)
    events = await payers.judged(story.events, whose, story.place.pool)
    left = any(payers.to_look_up(one) for one in doubtful(events))
    return replace(story, events=events, unjudged=left)
