"""Whether a second endpoint tells the same, before a critical alert rests on the first.

An observation that such an alert would rest on is withheld while another endpoint
tells something else, or none can be asked. It is read anew at every poll, so nothing
is lost; after a stated grace it is taken all the same and says what speaks against it,
for an alert that never comes is worse than one that may be wrong and says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from monitor.chain.endpoints import Endpoints
from monitor.chain.failures import Disagrees
from monitor.chain.heads import header
from monitor.chain.multicall import Pinned
from monitor.chain.rpc import Endpoint
from monitor.chain.watching import Scene, Watching
from monitor.errors import Permanent, Transient
from monitor.model.observation import Block, Snapshot

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
_MOST_TOLD: Final = 3


class Agreement:
    """Puts what weighs to a second endpoint.

    watching: what is watched, known apart from what the first endpoint told. pin: how
    an endpoint is read at a block. weighs: whether a critical alert would rest on it.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        watching: Watching,
        *,
        pin: Callable[[Endpoint, Block], Pinned],
        grace: timedelta,
    ) -> None:
        self.weighs: Callable[[Snapshot], bool] = lambda _: False
        self._endpoints = endpoints
        self._watching = watching
        self._pin = pin
        self._grace = grace
        self._withheld_since: datetime | None = None

    async def settled(self, first: Endpoint, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot, and in it what speaks against it once it has waited for long.

        first: where it was read. Raises Transient while it is withheld.
        """
        against = await self._against(first, snapshot) if self.weighs(snapshot) else ""
        if not against:
            self._withheld_since = None
            return snapshot
        now = snapshot.observed_at
        since = self._withheld_since = self._withheld_since or now
        if now < since + self._grace:
            raise Transient(
                f"what a critical alert would rest on is withheld until "
                f"{since + self._grace:%H:%M:%S} UTC: {against}"
            )
        return replace(snapshot, unconfirmed=against)

    async def _against(self, first: Endpoint, snapshot: Snapshot) -> str:
        """Return what others tell instead, or why none can be asked; empty if one agrees."""

        async def compare(second: Endpoint) -> None:
            told = (await header(second, hex(snapshot.block.number))).block
            apart = f"{first.host} and {second.host} differ on block {snapshot.block.number}"
            if told.hash != snapshot.block.hash:
                raise Disagrees(
                    f"{apart}: its hash is "
                    f"{_short(snapshot.block.hash)} against {_short(told.hash)}"
                )
            scene = await self._watching.read(self._pin(second, told), told)
            found = list(differences(snapshot, scene))
            if found:
                more = f"; and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
                raise Disagrees(f"{apart}: {'; '.join(found[:_MOST_TOLD])}{more}")

        try:
            await self._endpoints.second_that_works(first, compare, snapshot.observed_at)
        except Disagrees as differing:
            return str(differing)
        except (Transient, Permanent) as failure:
            return f"no second endpoint confirms block {snapshot.block.number}: {failure}"
        return ""


def differences(ours: Snapshot, theirs: Scene) -> Iterator[str]:
    """Yield each thing of one block that two endpoints tell differently, ours first."""
    yield from _apart(
        "pool",
        {one.pool.key: _values(one, _POOL) for one in ours.pools},
        {one.pool.key: _values(one, _POOL) for one in theirs.pools},
    )
    yield from _apart(
        "position",
        {one.key: _values(one, _POSITION) for one in ours.positions},
        {one.key: _values(one, _POSITION) for one in theirs.positions},
    )
    yield from _apart(
        "dollar price of",
        {one.token: {"usd": one.usd} for one in ours.usd},
        {one.token: {"usd": one.usd} for one in theirs.usd},
    )


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
