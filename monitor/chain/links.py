"""Chains of rebalances: which positions continue which, and how the earlier ones ended."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from monitor.chain.checkpoint import Place
from monitor.chain.settings import LinkSettings
from monitor.chain.story import Story, Subject, link_of
from monitor.model.pool import Pool
from monitor.model.position import Link, Position


class Links:
    """The `[[link]]` tables of one chain, by the position that continues others."""

    def __init__(self, links: Sequence[LinkSettings], chain_id: int) -> None:
        mine = [one.positions for one in links if one.positions[0].startswith(f"{chain_id}:")]
        self._earlier = {
            key: keys[:number] for keys in mine for number, key in enumerate(keys) if number
        }

    def subjects(self, positions: Sequence[Position]) -> list[Subject]:
        """Return the earlier links of these positions that are not among them."""
        if not self._earlier:
            return []
        there = {one.key for one in positions}
        wanted = {key for one in positions for key in self._earlier.get(one.key, ())}
        return [link_of(key) for key in sorted(wanted - there)]

    def attach(
        self,
        positions: Sequence[Position],
        stories: Mapping[str, Story],
        pools: Mapping[str, Pool],
    ) -> list[Position]:
        """Return the positions with the links they continue, or a note on one not known."""
        if not self._earlier:
            return list(positions)
        there = {one.key: one for one in positions}
        told: list[Position] = []
        for position in positions:
            found: list[Link] = []
            note = ""
            for key in self._earlier.get(position.key, ()):
                one = _link(key, there.get(key), stories.get(key), pools[position.pool])
                if isinstance(one, str):
                    note = f"{key}, which it continues, {one}"
                    break
                found.append(one)
            links = None if note else tuple(found)
            told.append(
                replace(position, links=links, links_note=note) if found or note else position
            )
        return told


def _link(key: str, read: Position | None, story: Story | None, pool: Pool) -> Link | str:
    """Return an earlier link, or what there is to say of it instead."""
    if read is not None:
        place = Place(pool.address, read.tick_lower, read.tick_upper)
        if read.pool != pool.key:
            return f"is of another pool, {read.pool}"
        basis, note = read.basis, read.basis_note
        if basis is not None and basis.liquidity != read.liquidity:
            basis, note = None, "its deposits are being read again"
    elif story is None or story.place is None:
        return f"is not known yet: {story.note if story else 'it is read again at the next block'}"
    else:
        place, basis, note = story.place, story.basis, story.note
        if place.pool != pool.address:
            return f"is of another pool, {place.pool}"
        if basis is not None and basis.liquidity:
            return "still holds liquidity and is not watched"
    if basis is None:
        return f"is not known: {note}"
    return Link(key=key, tick_lower=place.tick_lower, tick_upper=place.tick_upper, basis=basis)
