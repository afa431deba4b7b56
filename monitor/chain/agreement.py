"""Whether a second endpoint tells the same, before a critical alert rests on the first.

An observation that such an alert would rest on is withheld while another endpoint
tells something else, or none can be asked. It is read anew at every poll, so nothing
is lost; after a stated grace it is taken all the same and says what speaks against it,
for an alert that never comes is worse than one that may be wrong and says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.chain.endpoints import Endpoints
from monitor.chain.failures import Disagrees
from monitor.chain.heads import shown
from monitor.chain.history import Histories
from monitor.chain.multicall import Pinned
from monitor.chain.rpc import Endpoint
from monitor.chain.watching import Scene, Watching
from monitor.errors import Permanent, Transient
from monitor.model.observation import Block, Snapshot
from monitor.model.pool import Pool
from monitor.model.position import Basis, Position

_POOL: Final = (
    "sqrt_price_x96",
    "tick",
    "liquidity",
    "fee_growth_global0_x128",
    "fee_growth_global1_x128",
)
_POSITION: Final = (
    "owner",
    "staked_in",
    "pool",
    "tick_lower",
    "tick_upper",
    "liquidity",
    "fee_growth_inside0_last_x128",
    "fee_growth_inside1_last_x128",
    "tokens_owed0",
    "tokens_owed1",
    "lower",
    "upper",
)
_BASIS: Final = (
    "liquidity",
    "hodl0",
    "hodl1",
    "collected0",
    "collected1",
    "uncollected0",
    "uncollected1",
    "deposited0",
    "deposited1",
    "withdrawn0",
    "withdrawn1",
    "gifted0",
    "gifted1",
)
# In one token, so they rest on prices of old blocks, which not every node can tell.
_VALUED: Final = ("realised_token0", "realised_token1")
_MOST_TOLD: Final = 3
_EVENTS: Final = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """How a second endpoint is read, known apart from what the first told.

    watching, histories: what is watched, and what happened to it; ours: what the first
    reader watches. pin: how an endpoint is read at a block. told_by: who told a position's
    entry to the first reader, by key.
    """

    watching: Watching
    ours: Watching
    histories: Histories
    pin: Callable[[Endpoint, Block], Pinned]
    told_by: Callable[[str], Endpoint | None]


class Agreement:
    """Puts what weighs to a second endpoint. weighs: whether a critical alert would rest on it."""

    def __init__(self, endpoints: Endpoints, second: Second, *, grace: timedelta) -> None:
        self.weighs: Callable[[Snapshot], bool] = lambda _: False
        self._endpoints = endpoints
        self._second = second
        self._grace = grace
        self._withheld_since: datetime | None = None

    def turned(self, ancestor: int) -> None:
        """Note that blocks above `ancestor` are gone."""
        self._second.histories.turned(ancestor)

    async def settled(self, first: Endpoint, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot, and in it what speaks against it once it has waited for long.

        first: where it was read. Raises Transient while it is withheld.
        """
        if not self.weighs(snapshot):
            self._withheld_since = None
            return snapshot
        try:
            alone = await self._compared(first, snapshot)
        except Disagrees as differing:
            against = str(differing)
        except (Transient, Permanent) as failure:
            against = f"no second endpoint confirms block {snapshot.block.number}: {failure}"
        else:
            self._withheld_since = None
            return replace(snapshot, unconfirmed=alone)
        now = snapshot.observed_at
        since = self._withheld_since = self._withheld_since or now
        if now < since + self._grace:
            raise Transient(
                f"what a critical alert would rest on is withheld until "
                f"{since + self._grace:%H:%M:%S} UTC: {against}"
            )
        return replace(snapshot, unconfirmed=against)

    async def _compared(self, first: Endpoint, snapshot: Snapshot) -> str:
        """Return what one endpoint alone tells, empty where another tells all of it too.

        Raises Disagrees for what another tells instead, or why none can be asked.
        """

        async def compare(second: Endpoint) -> str:
            told = await shown(second, snapshot.block.number)
            apart = f"{first.host} and {second.host} differ on block {snapshot.block.number}"
            if told.hash != snapshot.block.hash:
                raise Disagrees(
                    f"{apart}: its hash is "
                    f"{_short(snapshot.block.hash)} against {_short(told.hash)}"
                )
            self._second.watching.resume(snapshot.positions)
            scene = await self._scene(second, told, snapshot.observed_at)
            found = list(differences(snapshot, scene))
            if found:
                self._reread(snapshot, scene)
                more = f"; and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
                raise Disagrees(f"{apart}: {'; '.join(found[:_MOST_TOLD])}{more}")
            return self._alone(first, second, snapshot, scene)

        return await self._endpoints.second_that_works(first, compare, snapshot.observed_at)

    async def _scene(self, second: Endpoint, block: Block, now: datetime) -> Scene:
        """Return what a second endpoint tells of a block, each position with its entry."""
        scene = await self._second.watching.read(self._second.pin(second, block), block)
        positions = await self._second.histories.attach(
            self._endpoints.logs_of(second, block, now),
            scene.positions,
            pools=scene.known,
            block=block.number,
        )
        return replace(scene, positions=tuple(positions))

    def _reread(self, ours: Snapshot, theirs: Scene) -> None:
        """Have the second read anew the entries in which it differs: it may have erred but once.

        What lasts of a pool both ask anew: either may have been told wrongly.
        """
        known = {one.pool.key: _lasting(one.pool) for one in theirs.pools}
        wrong = {
            one.pool.key
            for one in ours.pools
            if known.get(one.pool.key, _lasting(one.pool)) != _lasting(one.pool)
        }
        for watching in (self._second.ours, self._second.watching):
            watching.forget(wrong)
        mine, others = _entries(ours.positions, theirs.positions)
        self._second.histories.forget([key for key in mine if mine[key] != others[key]])

    def _alone(self, first: Endpoint, second: Endpoint, ours: Snapshot, theirs: Scene) -> str:
        """Return whose entries no other endpoint has confirmed, and by whom they were told."""
        told = {one.key: one for one in theirs.positions}
        alone: dict[str, list[str]] = {}
        for one in ours.positions:
            if one.basis is None or one.basis.source != _EVENTS:
                continue
            teller = self._second.told_by(one.key) or first
            if teller is second or told[one.key].basis is None:
                alone.setdefault(teller.host, []).append(f"#{one.token_id}")
        return "; ".join(
            f"the entry of {', '.join(ids[:_MOST_TOLD])}"
            f"{f' and {len(ids) - _MOST_TOLD} more' if len(ids) > _MOST_TOLD else ''} "
            f"was confirmed by one endpoint alone, {host}"
            for host, ids in alone.items()
        )


def differences(ours: Snapshot, theirs: Scene) -> Iterator[str]:
    """Yield each thing of one block that two endpoints tell differently, ours first."""
    yield from _apart(
        "pool",
        {one.pool.key: _values(one, _POOL) | _lasting(one.pool) for one in ours.pools},
        {one.pool.key: _values(one, _POOL) | _lasting(one.pool) for one in theirs.pools},
    )
    yield from _apart(
        "position",
        {one.key: _values(one, _POSITION) for one in ours.positions},
        {one.key: _values(one, _POSITION) for one in theirs.positions},
    )
    yield from _apart("entry of position", *_entries(ours.positions, theirs.positions))
    yield from _apart(
        "dollar price of",
        {one.token: {"usd": one.usd} for one in ours.usd},
        {one.token: {"usd": one.usd} for one in theirs.usd},
    )


def _entries(
    ours: Sequence[Position], theirs: Sequence[Position]
) -> tuple[dict[str, dict[str, object]], dict[str, dict[str, object]]]:
    """Return what IL rests on, of each position whose events both have told."""
    known = {one.key: one.basis for one in theirs}
    mine, others = dict[str, dict[str, object]](), dict[str, dict[str, object]]()
    for one in ours:
        here, there = one.basis, known.get(one.key)
        if here is not None and there is not None and here.source == there.source == _EVENTS:
            names = (*_BASIS, *(name for name in _VALUED if _both(here, there, name)))
            mine[one.key], others[one.key] = _values(here, names), _values(there, names)
    return mine, others


def _both(one: Basis, other: Basis, name: str) -> bool:
    return getattr(one, name) is not None and getattr(other, name) is not None


def _lasting(pool: Pool) -> dict[str, object]:
    """Return what was asked of a pool once, and scales all that is made of its numbers."""
    return {
        "token0 decimals": pool.token0.decimals,
        "token1 decimals": pool.token1.decimals,
        "fee_pips": pool.fee_pips,
        "tick_spacing": pool.tick_spacing,
    }


def _short(name: str) -> str:
    return f"{name[:10]}…{name[-4:]}"


def _values(told: object, names: Sequence[str]) -> dict[str, object]:
    return {name: getattr(told, name) for name in names}


def _apart(
    what: str,
    ours: Mapping[str, Mapping[str, object]],
    theirs: Mapping[str, Mapping[str, object]],
) -> Iterator[str]:
    for key in dict.fromkeys((*ours, *theirs)):
        if key not in theirs or key not in ours:
            yield f"{what} {key} is known to {'one' if key in ours else 'the other'} alone"
            continue
        for name, mine in ours[key].items():
            if mine != theirs[key][name]:
                yield f"{what} {key} has {name} {mine} against {theirs[key][name]}"
