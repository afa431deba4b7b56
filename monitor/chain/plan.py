"""The calls of one snapshot, encoded once."""

from dataclasses import dataclass
from typing import Final

from monitor.chain.abi import encode_call
from monitor.chain.facts import Facts, Place
from monitor.chain.multicall import Batch, prepare
from monitor.chain.registry import Chain
from monitor.chain.words import Call
from monitor.model.pool import Pool
from monitor.model.position import position_key

_MANAGER: Final = "nonfungible_position_manager"
_POOL: Final = "uniswap_v3_pool"
GETTERS: Final = ("slot0", "liquidity", "feeGrowthGlobal0X128", "feeGrowthGlobal1X128")


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
    getters = [encode_call(_POOL, getter) for getter in GETTERS]
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


def key_of(chain: Chain, token_id: int) -> str:
    """Return a token id's position key."""
    return position_key(chain.chain_id, chain.manager, token_id)
