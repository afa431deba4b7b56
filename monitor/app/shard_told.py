"""What goes with a reading of a chain that another daemon takes: all but the reading itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import TypeAdapter, ValidationError

from monitor.chain.health import EndpointHealth
from monitor.model.observation import Block, Reorg, Snapshot
from monitor.signals.facts import REMEMBERED

_MOST_REORGS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known beside a chain's newest reading, by whoever reads it.

    requests: made so far, by all who ever read it. health: of its endpoints. recent: the blocks
    read last and not dropped since, the oldest first. reorgs: what was dropped, the oldest first:
    who missed the reading that a reorg came with still learns of it.
    """

    requests: int = 0
    health: tuple[EndpointHealth, ...] = ()
    recent: tuple[Block, ...] = ()
    reorgs: tuple[Reorg, ...] = ()

    def after(self, seen: Snapshot) -> "Told":
        """Return what is known once a snapshot was read."""
        reorgs, block = self.reorgs, seen.block
        top = block.number - 1
        if seen.reorg is not None:
            reorgs = (*reorgs, seen.reorg)
            top = min(top, seen.reorg.ancestor)
        recent = tuple(one for one in self.recent if one.number <= top)
        return replace(
            self,
            recent=(*recent[-REMEMBERED + 1 :], block),
            # A block that a chain came back to is dropped no more.
            reorgs=tuple(_without(block, reorgs))[-_MOST_REORGS:],
        )

    def dropped_of(self, taken: frozenset[str]) -> Reorg | None:
        """Return what was dropped of the blocks taken, by hash; None where all of them stand."""
        due = [one for one in self.reorgs if any(block.hash in taken for block in one.dropped)]
        if not due:
            return None
        dropped = {block.hash: block for one in due for block in one.dropped}
        return Reorg(
            ancestor=min(one.ancestor for one in due),
            dropped=tuple(sorted(dropped.values(), key=lambda block: block.number)),
        )


_TOLD: Final = TypeAdapter(Told)


def written(told: Told) -> str:
    """Return it as text."""
    return _TOLD.dump_json(told).decode()


def parsed(text: str) -> Told:
    """Return what a text tells; nothing where it is of another release."""
    try:
        return _TOLD.validate_json(text)
    except ValidationError:
        return Told()


def _without(block: Block, reorgs: Sequence[Reorg]) -> Iterable[Reorg]:
    for one in reorgs:
        left = tuple(dropped for dropped in one.dropped if dropped.hash != block.hash)
        if left:
            yield one if len(left) == len(one.dropped) else replace(one, dropped=left)
