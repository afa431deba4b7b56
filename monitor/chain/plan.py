"""The calls of one snapshot, encoded once, and what their answers mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.chain.abi import encode_call
from monitor.chain.facts import Facts, Place, why
from monitor.chain.multicall import Batch, prepare
from monitor.chain.registry import Chain
from monitor.chain.words import WORD, Answer, Call, address, sint, uint
from monitor.model.observation import Missing
from monitor.model.pool import Pool, PoolState
from monitor.model.position import Position, TickState, position_key

_MANAGER: Final = "nonfungible_position_manager"
_POOL: Final = "uniswap_v3_pool"
_GETTERS: Final = ("slot0", "liquidity", "feeGrowthGlobal0X128", "feeGrowthGlobal1X128")
_NO_SUCH_ID: Final = "Invalid token ID"
_POSITION_SIZE: Final = 12 * WORD
_TICK_SIZE: Final = 4 * WORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one snapshot reads. pools: those watched by address and known to be pools."""

    wallets: tuple[str, ...]
    token_ids: tuple[int, ...]
    pools: tuple[Pool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where in the batch each thing's answers lie.

    positions: token id to (positions, ownerOf). ticks: pool address and tick.
    """

    watched: Watched
    batch: Batch
    wallets: dict[str, int]
    positions: dict[int, int]
    places: dict[int, Place]
    pools: dict[Pool, int]
    ticks: dict[tuple[str, int], int]


def plan(chain: Chain, watched: Watched, facts: Facts) -> Plan:
    """Lay out the batch: the witness first, then wallets, pools, positions and ticks."""
    calls = [Call(chain.multicall, encode_call("multicall3", "getCurrentBlockTimestamp"))]
    places = {one: facts.places[one] for one in watched.token_ids if one in facts.places}
    wallets: dict[str, int] = {}
    for wallet in watched.wallets:
        wallets[wallet] = len(calls)
        calls.append(Call(chain.manager, encode_call(_MANAGER, "balanceOf", wallet)))
    pools: dict[Pool, int] = {}
    getters = [encode_call(_POOL, getter) for getter in _GETTERS]
    for pool in dict.fromkeys((*watched.pools, *(place.pool for place in places.values()))):
        pools[pool] = len(calls)
        calls.extend(Call(pool.address, getter) for getter in getters)
    positions: dict[int, int] = {}
    for token_id in watched.token_ids:
        positions[token_id] = len(calls)
        calls.append(Call(chain.manager, encode_call(_MANAGER, "positions", token_id)))
        calls.append(Call(chain.manager, encode_call(_MANAGER, "ownerOf", token_id)))
    ticks: dict[tuple[str, int], int] = {}
    for place in places.values():
        for tick in (place.tick_lower, place.tick_upper):
            if (place.pool.address, tick) not in ticks:
                ticks[place.pool.address, tick] = len(calls)
                calls.append(Call(place.pool.address, encode_call(_POOL, "ticks", tick)))
    return Plan(
        watched=watched,
        batch=prepare(calls),
        wallets=wallets,
        positions=positions,
        places=places,
        pools=pools,
        ticks=ticks,
    )


def read_pool(pool: Pool, answers: Sequence[Answer]) -> PoolState | Missing:
    """Return a pool's state from the answers of its four getters."""
    for getter, answer in zip(_GETTERS, answers, strict=True):
        if not answer.ok or len(answer.data) < WORD:
            return Missing(key=pool.key, reason=f"pool {pool.address}: {getter}: {why(answer)}")
    slot0, liquidity, growth0, growth1 = (answer.data for answer in answers)
    if len(slot0) < 2 * WORD or not uint(slot0, 0):
        return Missing(key=pool.key, reason=f"pool {pool.address} has no price yet")
    return PoolState(
        pool=pool,
        sqrt_price_x96=uint(slot0, 0),
        tick=sint(slot0, 1),
        liquidity=uint(liquidity, 0),
        fee_growth_global0_x128=uint(growth0, 0),
        fee_growth_global1_x128=uint(growth1, 0),
    )


def read_position(
    chain: Chain, laid: Plan, token_id: int, answers: Sequence[Answer]
) -> Position | Missing:
    """Return a position from a batch's answers; `laid` must know its place."""
    place, index = laid.places[token_id], laid.positions[token_id]
    told, owner = answers[index], answers[index + 1]
    lower = answers[laid.ticks[place.pool.address, place.tick_lower]]
    upper = answers[laid.ticks[place.pool.address, place.tick_upper]]
    if not told.ok or len(told.data) < _POSITION_SIZE:
        return no_position(chain, token_id, told)
    if not owner.ok or len(owner.data) < WORD:
        return no_position(chain, token_id, owner)
    for tick, answer in ((place.tick_lower, lower), (place.tick_upper, upper)):
        if not answer.ok or len(answer.data) < _TICK_SIZE:
            return Missing(
                key=key_of(chain, token_id),
                reason=f"position {token_id}: tick {tick}: {why(answer)}",
            )
    data = told.data
    return Position(
        key=key_of(chain, token_id),
        token_id=token_id,
        owner=address(owner.data, 0),
        pool=place.pool.key,
        tick_lower=place.tick_lower,
        tick_upper=place.tick_upper,
        liquidity=uint(data, 7),
        fee_growth_inside0_last_x128=uint(data, 8),
        fee_growth_inside1_last_x128=uint(data, 9),
        tokens_owed0=uint(data, 10),
        tokens_owed1=uint(data, 11),
        lower=_tick(lower.data),
        upper=_tick(upper.data),
    )


def no_position(chain: Chain, token_id: int, answer: Answer) -> Missing:
    """Return why a position could not be read; gone where the manager denies it exists."""
    reason = why(answer)
    gone = _NO_SUCH_ID in reason
    told = "it was burned, or never minted" if gone else reason
    return Missing(key=key_of(chain, token_id), reason=f"position {token_id}: {told}", gone=gone)


def key_of(chain: Chain, token_id: int) -> str:
    """Return a token id's position key."""
    return position_key(chain.chain_id, chain.manager, token_id)


def _tick(data: bytes) -> TickState:
    return TickState(fee_growth_outside0_x128=uint(data, 2), fee_growth_outside1_x128=uint(data, 3))
