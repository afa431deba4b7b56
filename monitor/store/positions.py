"""Positions as rows: what a poll would work out again anyway is not written down.

A position read at its pool's newest block is valued from the pool, which has a row of its
own: then its row holds only what the chain says of it, and is written only when that
changes. What could not be read now, or is gone, keeps the measures it had.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import ConfigDict, TypeAdapter

from monitor.amm.measure import Scales, measure
from monitor.model.position import Position
from monitor.signals.facts import Facts, PoolSeen, PositionSeen, Spell
from monitor.store.records import RowKey

KIND: Final = "position"
_HELD: Final = '{"position":'
"""How the shorter of the two forms begins; the whole record begins with its chain."""

# Else an infinity is written as null, which no float reads.
_EXACT: Final = ConfigDict(ser_json_inf_nan="constants")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What of a position does not follow from its pool."""

    position: Position
    out_since: datetime | None
    was_out: tuple[Spell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alone:
    """What both forms have."""

    position: Position


# Of lists, since a record of its own would not take the configuration.
_whole: Final = TypeAdapter(list[PositionSeen], config=_EXACT)
_held: Final = TypeAdapter(list[Held], config=_EXACT)
_alone: Final = TypeAdapter(list[_Alone], config=_EXACT)


def changed_positions(old: Facts, new: Facts) -> dict[RowKey, str | None]:
    """Return the rows of positions that differ; None for those that are gone."""
    before, rows = old.positions, dict[RowKey, str | None]()
    for key, seen in new.positions.items():
        was = before.get(key)
        if was is seen:
            continue
        if not _follows(new, seen):
            rows[KIND, key] = _whole.dump_json([seen])[1:-1].decode()
        elif was is None or not _follows(old, was) or not _same(was, seen):
            rest = Held(position=seen.position, out_since=seen.out_since, was_out=seen.was_out)
            rows[KIND, key] = _held.dump_json([rest])[1:-1].decode()
    rows.update({(KIND, key): None for key in before if key not in new.positions})
    return rows


def restored_positions(
    rows: Mapping[str, str], pools: Mapping[str, PoolSeen]
) -> dict[str, PositionSeen]:
    """Return the positions that were saved, by key; raises ValueError where a row is no good."""
    scales = {key: _scales(pool) for key, pool in pools.items()}
    found = {}
    for key, text in rows.items():
        if not text.startswith(_HELD):
            found[key] = _whole.validate_json(f"[{text}]")[0]
            continue
        held = _held.validate_json(f"[{text}]")[0]
        pool = pools.get(held.position.pool)
        if pool is None:
            raise ValueError(f"position {key} is saved without its pool {held.position.pool}")
        found[key] = PositionSeen(
            chain=pool.chain,
            block=pool.block,
            position=held.position,
            pair=pool.state.pool.pair,
            measures=measure(held.position, pool.state, scales=scales[held.position.pool]),
            out_since=held.out_since,
            was_out=held.was_out,
        )
    return found


def positions_alone(texts: Iterable[str]) -> tuple[Position, ...]:
    """Return the positions of some rows, without what they were worth."""
    return tuple(one.position for text in texts for one in _alone.validate_json(f"[{text}]"))


def _follows(facts: Facts, seen: PositionSeen) -> bool:
    """Return whether a position was valued from its pool as that now is."""
    if seen.gone or seen.unread or seen.gone_at is not None:
        return False
    pool = facts.pools.get(seen.position.pool)
    return pool is not None and pool.block is seen.block and pool.chain == seen.chain


def _same(was: PositionSeen, seen: PositionSeen) -> bool:
    return (
        (was.position is seen.position or was.position == seen.position)
        and was.out_since == seen.out_since
        and was.was_out == seen.was_out
    )


def _scales(pool: PoolSeen) -> Scales:
    token0, token1 = pool.state.pool.token0.address, pool.state.pool.token1.address
    return Scales(pool.state, {token0: pool.usd0, token1: pool.usd1})
