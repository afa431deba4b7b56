"""What positions had lost at an instant some days back, as the marks that are kept tell it.

Of a position whose liquidity has not changed since, in a pool against dollars: its loss follows
from its pool's price alone, of which a mark an hour is kept for eight days.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from monitor.amm.measure import measure
from monitor.model.position import Position
from monitor.signals.facts import Facts, PoolSeen, PositionSeen
from monitor.signals.roots import STABLE
from monitor.signals.track import HELD, PoolHours, PoolMark

Lost: TypeAlias = float | str
"""USD, <= 0, or why it is not known."""

_NO_HOURS: Final = PoolHours()


def losses_then(facts: Facts, keys: Iterable[str], at: datetime) -> Mapping[str, float] | str:
    """Return what each position had lost in its life by then, or why one is not known."""
    found = dict[str, float]()
    for key in keys:
        lost = _lost_then(facts, facts.positions[key], at)
        if isinstance(lost, str):
            return lost
        found[key] = lost
    return found


def _lost_then(facts: Facts, seen: PositionSeen, at: datetime) -> Lost:
    basis, name = seen.position.basis, f"#{seen.position.token_id}"
    if basis is None:
        return f"the entry of {name} is unknown"
    if basis.opened_at is not None and basis.opened_at > at:
        return 0.0
    if not _the_same(facts, seen, at):
        return f"{name} was not watched then, or its liquidity was another"
    pool = facts.pools.get(seen.position.pool)
    mark = _mark_at(facts, seen.position.pool, at)
    if pool is None or mark is None:
        return f"what the pool of {name} stood at then is not known"
    lost = _lost_at(seen.position, pool, mark)
    return f"what {name} had lost then, in dollars, is not known" if lost is None else lost


def _lost_at(position: Position, pool: PoolSeen, mark: PoolMark) -> float | None:
    """Return what a position has lost where its pool stands as a mark says, USD."""
    usd = _dollar(pool)
    if usd is None or position.basis is None:
        return None
    told = measure(position, replace(pool.state, sqrt_price_x96=mark.sqrt_price_x96), usd)
    realised = 0.0 if position.basis.source == "config" else told.il_realised_usd
    lost = told.il_worth.usd if told.il_worth else None if position.liquidity else 0.0
    return None if realised is None or lost is None else realised + lost


def _the_same(facts: Facts, seen: PositionSeen, at: datetime) -> bool:
    """Return whether a position was watched at an instant, and has held the same ever since."""
    path, basis = facts.paths.get(seen.position.key), seen.position.basis
    if path is None or path.turns[0].pool.at > at:
        return False
    if basis is not None and basis.turned_at is not None and basis.turned_at > at:
        return False
    before = [turn for turn in path.turns if turn.pool.at <= at][-1:]
    since = [turn for turn in path.turns if turn.pool.at > at]
    return all(turn.liquidity == seen.position.liquidity for turn in (*before, *since))


def _mark_at(facts: Facts, pool: str, at: datetime) -> PoolMark | None:
    """Return a pool's last mark by an instant, if it is of the two hours before it."""
    track = facts.tracks.get(pool)
    marks = (*facts.hours.get(pool, _NO_HOURS).marks, *(track.marks if track else ()))
    last = max((one for one in marks if one.at <= at), key=lambda one: one.at, default=None)
    return last if last is not None and at - last.at <= HELD else None


def _dollar(pool: PoolSeen) -> Mapping[str, float] | None:
    """Return the dollars its quote token is worth, where that is a dollar coin, then as now."""
    of = pool.state.pool
    token, usd = (of.token0, pool.usd0) if of.quote == 0 else (of.token1, pool.usd1)
    if usd is None or abs(usd - 1) > STABLE:
        return None
    return {token.address: usd}
