"""Uniswap v4 positions: watched by id, for its manager does not list what a wallet holds.

All pools live in one contract and are read through StateView by their id, the hash of
what defines them. The manager keeps nothing of its own: a position is the pool's entry
of (manager, ticks, salt), where the salt is the token id, so that no two share one. Fees
go out with every change, and none stay owed. What a hook takes for itself no view tells:
`Pool.hooks` names it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

from monitor.chain.abi import encode_call
from monitor.chain.facts import Place, has_code, why
from monitor.chain.failures import NoCode
from monitor.chain.multicall import Pinned
from monitor.chain.registry import Chain, Nft
from monitor.chain.tokens import Tokens
from monitor.chain.v4_places import V4Places
from monitor.chain.words import WORD, Answer, Call, address, sint, uint
from monitor.errors import Permanent
from monitor.model.observation import Missing
from monitor.model.pool import Pool, PoolState
from monitor.model.position import Position, TickState, position_key

_MANAGER: Final = "uniswap_v4_position_manager"
_VIEW: Final = "uniswap_v4_state_view"
_GETTERS: Final[Mapping[str, int]] = {
    "getSlot0": 4 * WORD,
    "getLiquidity": WORD,
    "getFeeGrowthGlobals": 2 * WORD,
}
_ENTRY: Final = 3 * WORD
_TICK: Final = 4 * WORD
_NOT_MINTED: Final = "NOT_MINTED"


class Seat(NamedTuple):
    """Where one position's answers lie in its section.

    at: of what defines it; `ownerOf` is next, and the pool's entry of it where its place
    is known; lower and upper are where the ticks' answers are then.
    """

    at: int
    place: Place | None
    lower: int = 0
    upper: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The calls about v4 in one batch; indexes count from the section's first."""

    calls: tuple[Call, ...] = ()
    pools: Mapping[Pool, int] = field(default_factory=dict)
    seats: Mapping[Nft, Seat] = field(default_factory=dict)


class V4:
    """The watched v4 positions of one chain, with what was learned of them.

    Raises ValueError where some are watched and it is not known where to ask.
    """

    def __init__(self, chain: Chain, tokens: Tokens, nfts: Collection[Nft]) -> None:
        if nfts and not chain.state_view:
            raise ValueError(
                f"Uniswap v4 on {chain.name} is read through its StateView: "
                f'give [chain.{chain.name}] state_view = "0x…"'
            )
        self._chain = chain
        self._nfts = tuple(sorted(nfts))
        self._places = V4Places(chain, tokens)
        self._checked = not nfts

    async def check(self, pinned: Pinned) -> None:
        """Make sure once that manager and StateView are there, and of one pool manager."""
        if self._checked:
            return
        places = (self._nfts[0].manager, _MANAGER), (self._chain.state_view, _VIEW)
        answers = await pinned.ask_once(
            [Call(where, encode_call(contract, "poolManager")) for where, contract in places]
        )
        for (where, _), answer in zip(places, answers, strict=True):
            if answer.ok and len(answer.data) == WORD:
                continue
            if not await has_code(pinned, where):
                raise NoCode(f"{where} has no code on {self._chain.name}: is it the right address?")
            raise Permanent(f"{where} on {self._chain.name} is not of Uniswap v4")
        if answers[0].data != answers[1].data:
            raise Permanent(
                f"{self._chain.name}'s Uniswap v4 manager and StateView are of two pool managers"
            )
        self._checked = True

    def renew(self, now: datetime) -> None:
        """Have what was not understood looked at again where it is time. now: the block's own."""
        self._places.renew(now)

    def forget(self, pools: Collection[str]) -> None:
        """Have these pools, by key, learned anew."""
        self._places.forget(pools)

    def section(self) -> Section:
        """Return what to ask, as far as the positions' places are known."""
        calls: list[Call] = []
        view = self._chain.state_view
        pools: dict[Pool, int] = {}
        for pool in dict.fromkeys(place.pool for place in self._places.known.values()):
            pools[pool] = len(calls)
            calls += [Call(view, encode_call(_VIEW, one, _id(pool))) for one in _GETTERS]
        ticks: dict[tuple[str, int], int] = {}
        for place in self._places.known.values():
            for tick in (place.tick_lower, place.tick_upper):
                if (place.pool.address, tick) not in ticks:
                    ticks[place.pool.address, tick] = len(calls)
                    asked = encode_call(_VIEW, "getTickInfo", _id(place.pool), tick)
                    calls.append(Call(view, asked))
        seats: dict[Nft, Seat] = {}
        for nft in self._nfts:
            seats[nft] = self._seat(nft, len(calls), ticks)
            calls += self._about(nft)
        return Section(calls=tuple(calls), pools=pools, seats=seats)

    async def learn(self, pinned: Pinned, section: Section, answers: Sequence[Answer]) -> bool:
        """Learn what defines the positions; return whether any is known that was not."""
        told = {
            nft: answers[seat.at].data
            for nft, seat in section.seats.items()
            if answers[seat.at].ok and answers[seat.at + 1].ok
        }
        return await self._places.learn(pinned, told)

    def read(
        self, section: Section, answers: Sequence[Answer]
    ) -> tuple[list[PoolState], list[Position], list[Missing]]:
        """Return pools and positions, and why others are missing."""
        states = {
            pool: _read_pool(pool, answers[index : index + len(_GETTERS)])
            for pool, index in section.pools.items()
        }
        found = list(self._positions(section, answers, states))
        return (
            [one for one in states.values() if isinstance(one, PoolState)],
            [one for one in found if isinstance(one, Position)],
            [one for one in (*states.values(), *found) if isinstance(one, Missing)],
        )

    def _positions(
        self,
        section: Section,
        answers: Sequence[Answer],
        states: Mapping[Pool, PoolState | Missing],
    ) -> Iterator[Position | Missing]:
        for nft, seat in section.seats.items():
            key = position_key(self._chain.chain_id, nft.manager, nft.token_id)
            read = self._places.broken.whys.get(nft) or _read_position(nft, key, seat, answers)
            if isinstance(read, Position) and seat.place is not None:
                pool = seat.place.pool
                if isinstance(states[pool], Missing):
                    read = f"its pool {pool.key} could not be read"
            if isinstance(read, str):
                gone = _NOT_MINTED in read
                said = "it was burned, or never minted" if gone else read
                yield Missing(key=key, reason=f"position {nft.token_id}: {said}", gone=gone)
            else:
                yield read

    def _seat(self, nft: Nft, at: int, ticks: Mapping[tuple[str, int], int]) -> Seat:
        place = self._places.known.get(nft)
        if place is None:
            return Seat(at, None)
        pool = place.pool.address
        return Seat(at, place, ticks[pool, place.tick_lower], ticks[pool, place.tick_upper])

    def _about(self, nft: Nft) -> list[Call]:
        """Return the calls about one position."""
        calls = [
            Call(nft.manager, encode_call(_MANAGER, "getPoolAndPositionInfo", nft.token_id)),
            Call(nft.manager, encode_call(_MANAGER, "ownerOf", nft.token_id)),
        ]
        place = self._places.known.get(nft)
        if place is not None:
            entry = encode_call(
                _VIEW,
                "getPositionInfo",
                _id(place.pool),
                nft.manager,
                place.tick_lower,
                place.tick_upper,
                nft.token_id.to_bytes(WORD),
            )
            calls.append(Call(self._chain.state_view, entry))
        return calls


def _read_pool(pool: Pool, answers: Sequence[Answer]) -> PoolState | Missing:
    for (getter, size), answer in zip(_GETTERS.items(), answers, strict=True):
        if not answer.ok or len(answer.data) < size:
            return Missing(key=pool.key, reason=f"pool {pool.address}: {getter}: {why(answer)}")
    slot0, liquidity, growth = (answer.data for answer in answers)
    if not uint(slot0, 0):
        return Missing(key=pool.key, reason=f"pool {pool.address} has no price yet")
    if pool.dynamic_fee:
        pool = replace(pool, fee_pips=uint(slot0, 3))
    return PoolState(
        pool=pool,
        sqrt_price_x96=uint(slot0, 0),
        tick=sint(slot0, 1),
        liquidity=uint(liquidity, 0),
        fee_growth_global0_x128=uint(growth, 0),
        fee_growth_global1_x128=uint(growth, 1),
    )


def _read_position(nft: Nft, key: str, seat: Seat, answers: Sequence[Answer]) -> Position | str:
    """Return a position from its section's answers, or why it could not be read."""
    told, owner = answers[seat.at], answers[seat.at + 1]
    # Of an id that is no more the manager still tells a position, of nothing but zeros.
    for answer in (owner, told):
        if not answer.ok or len(answer.data) < WORD:
            return why(answer)
    if seat.place is None:
        return "its manager has not told its pool yet"
    entry, lower, upper = (answers[one] for one in (seat.at + 2, seat.lower, seat.upper))
    for answer, size in ((entry, _ENTRY), (lower, _TICK), (upper, _TICK)):
        if not answer.ok or len(answer.data) < size:
            return why(answer)
    return Position(
        key=key,
        token_id=nft.token_id,
        owner=address(owner.data, 0),
        pool=seat.place.pool.key,
        tick_lower=seat.place.tick_lower,
        tick_upper=seat.place.tick_upper,
        liquidity=uint(entry.data, 0),
        fee_growth_inside0_last_x128=uint(entry.data, 1),
        fee_growth_inside1_last_x128=uint(entry.data, 2),
        tokens_owed0=0,
        tokens_owed1=0,
        lower=_edge(lower.data),
        upper=_edge(upper.data),
    )


def _edge(data: bytes) -> TickState:
    return TickState(fee_growth_outside0_x128=uint(data, 2), fee_growth_outside1_x128=uint(data, 3))


def _id(pool: Pool) -> bytes:
    return bytes.fromhex(pool.address[2:])
