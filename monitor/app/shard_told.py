"""A reading of a chain as one daemon puts it and another takes it, and what goes with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

from monitor.chain.health import EndpointHealth
from monitor.model.observation import Block, Readings, Reorg, Snapshot
from monitor.model.position import Position
from monitor.signals.facts import REMEMBERED
from monitor.sources.tape import parsed as line_read
from monitor.sources.tape import written as line_of

_MOST_REORGS: Final = 64
_A_LINE: Final = 50
"""Positions of one line of a reading: milliseconds of work, all through which nothing else runs."""

_POSITIONS: Final = TypeAdapter(
    tuple[Position, ...], config=ConfigDict(ser_json_inf_nan="constants")
)


def in_lines(seen: Snapshot | Readings) -> str:
    """Return a reading as text: as a tape's line, but a snapshot's positions in lines of their own.

    Of a thousand positions it takes a tenth of a second, as taking them back does: beside the
    loop, which has its turn after each line.
    """
    if not isinstance(seen, Snapshot):
        return line_of(seen)
    some = (seen.positions[n : n + _A_LINE] for n in range(0, len(seen.positions), _A_LINE))
    lines = [line_of(replace(seen, positions=()))]
    lines += [_POSITIONS.dump_json(one).decode() for one in some]
    return "\n".join(lines)


def from_lines(text: str) -> Snapshot | Readings:
    """Return the reading that `in_lines` gave; raise ValueError where it is of another release."""
    first, *lines = text.split("\n")
    seen = line_read(first)
    if isinstance(seen, Snapshot) and lines:
        return replace(
            seen, positions=tuple(p for one in lines for p in _POSITIONS.validate_json(one))
        )
    if not isinstance(seen, Snapshot | Readings):
        raise ValueError("it is no reading")  # noqa: TRY004 - of a text, as the others
    return seen


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
