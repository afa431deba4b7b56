"""What was put into each position: its events, read once and then only when it changes.

Between two snapshots that show the same liquidity, owed tokens, fee marks and owner
nothing was deposited, withdrawn or collected, so an unchanged position costs no
request. A changed one is read again from the last final block on, and once more when its
new events are final: what a reorganised chain took back is gone then. Only what is final
is kept in checkpoints, from which a restart goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.chain.checkpoint import Checkpoints, MemoryCheckpoints
from monitor.chain.entries import Entries
from monitor.chain.links import Links
from monitor.chain.log_sources import LogSources
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import EntrySettings, LinkSettings
from monitor.chain.stories import Stories
from monitor.chain.story import NEVER, Subject, mark_of, subject_of
from monitor.model.pool import Pool
from monitor.model.position import Position

_NO_EVENTS: Final = ("uniswap_v4",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of positions besides what the chain tells.

    entries, links: of the config. checkpoints: what earlier readers read of final
    blocks, and where this one leaves it; None for no longer than it lives.
    """

    entries: tuple[EntrySettings, ...] = ()
    links: tuple[LinkSettings, ...] = ()
    checkpoints: Checkpoints | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A position as it came and as it went, the same until it changes or a block comes."""

    came: Position
    went: Position
    until: int


class Histories:
    """Gives positions their basis, from their events or from an entry in config.

    What is at rest goes as the same object as before, and costs next to nothing.
    """

    def __init__(self, chain: Chain, told: Told) -> None:
        self._entries = Entries(told.entries)
        self._links = Links(told.links, chain.chain_id)
        self._stories = Stories(chain, told.checkpoints or MemoryCheckpoints())
        self._told: dict[str, _Told] = {}

    async def attach(
        self,
        sources: LogSources,
        positions: Sequence[Position],
        *,
        pools: Mapping[str, Pool],
        block: int,
    ) -> list[Position]:
        """Return the positions with their basis as of `block`, or a note where it is unknown.

        Never raises for what no node can tell: that is a note too. pools: by key. sources:
        who may tell what happened up to `block`.
        """
        stirring = [one for one in positions if not self._rests(one, block)]
        subjects = [*self._changed(stirring, pools, block), *self._links.subjects(positions)]
        await self._stories.refresh(sources, subjects, block)
        self._stories.keep(positions, block)
        for one in stirring:
            self._tell(one, pools[one.pool], block)
        told = [self._told[one.key].went for one in positions]
        return self._links.attach(told, self._stories.known, pools)

    def forget(self, keys: Sequence[str]) -> None:
        """Have these positions' events read again from their first."""
        for key in keys:
            self._told.pop(key, None)
            self._stories.known.pop(key, None)

    def told_by(self, key: str) -> Endpoint | None:
        """Return who told the newest part of a position's events; None where nobody did lately."""
        return self._stories.told_by.get(key)

    def turned(self, ancestor: int) -> None:
        """Note that blocks above `ancestor` are gone: what was told of them is read again."""
        self._told.clear()
        self._stories.turned(ancestor)

    def _rests(self, position: Position, block: int) -> bool:
        last = self._told.get(position.key)
        return last is not None and last.came is position and block < last.until

    def _changed(
        self, positions: Sequence[Position], pools: Mapping[str, Pool], block: int
    ) -> list[Subject]:
        """Return what is not as its story left it, or was not final then and may be now."""
        return [
            subject_of(one, pools[one.pool].address)
            for one in positions
            if one.key not in self._entries
            and pools[one.pool].protocol not in _NO_EVENTS
            and not self._stories.current(one.key, mark_of(one), block)
        ]

    def _tell(self, position: Position, pool: Pool, block: int) -> None:
        """Attach what is known of one position by now, for as long as that holds."""
        until = block
        if position.key in self._entries:
            went, until = self._entries.attach(position, pool), NEVER
        elif pool.protocol in _NO_EVENTS:
            note = "Uniswap v4 tells no deposits: state an [[entry]]"
            went, until = replace(position, basis_note=note), NEVER
        elif (story := self._stories.known.get(position.key)) is None:
            why = self._stories.waiting.get(position.key, "they are read at the next block")
            went = replace(position, basis_note=f"its deposits are not known yet: {why}")
        else:
            went = replace(position, basis=story.basis, basis_note=story.note)
            rests = self._stories.current(position.key, mark_of(position), block)
            if rests and not story.unpriced:
                until = story.settle_at
        self._told[position.key] = _Told(came=position, went=went, until=until)
