"""The calls of one snapshot, encoded once."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from monitor.chain.abi import encode_call
from monitor.chain.chainlink import Inquiry
from monitor.chain.facts import Facts, Place
from monitor.chain.multicall import Batch, prepare
from monitor.chain.registry import Chain, Nft
from monitor.chain.words import Call
from monitor.model.pool import Pool
from monitor.model.position import position_key

_MANAGER: Final = "nonfungible_position_manager"
_POOL: Final = "uniswap_v3_pool"
GETTERS: Final = ("slot0", "liquidity", "feeGrowthGlobal0X128", "feeGrowthGlobal1X128")


class Purse(NamedTuple):
    """What one wallet holds of one manager's positions. wallet: EIP-55."""

    manager: str
    wallet: str


class Row(NamedTuple):
    """Where in the batch one NFT's answers lie.

    at: of `positions`; `ownerOf` is next. place: None while it is not known; else
    lower and upper are where the ticks' answers are.
    """

    key: str
    at: int
    place: Place | None
    lower: int = 0
    upper: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one snapshot reads. pools: those watched by address and known to be pools."""

    purses: tuple[Purse, ...]
    nfts: tuple[Nft, ...]
    pools: tuple[Pool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where in the batch each thing's answers lie.

    prices: what is asked about dollars; its answers are the batch's last, from `prices_at`.
    """

    batch: Batch
    purses: dict[Purse, int]
    rows: dict[Nft, Row]
    pools: dict[Pool, int]
    prices: Inquiry
    prices_at: int


def plan(chain: Chain, watched: Watched, facts: Facts) -> Plan:
    """Lay out the batch: the witness first, then wallets, pools, ticks, positions, prices."""
    calls = [Call(chain.multicall, encode_call("multicall3", "getCurrentBlockTimestamp"))]
    places = {one: facts.places[one] for one in watched.nfts if one in facts.places}
    purses: dict[Purse, int] = {}
    for purse in watched.purses:
        purses[purse] = len(calls)
        calls.append(Call(purse.manager, encode_call(_MANAGER, "balanceOf", purse.wallet)))
    pools: dict[Pool, int] = {}
    getters = [encode_call(_POOL, getter) for getter in GETTERS]
    for pool in dict.fromkeys((*watched.pools, *(place.pool for place in places.values()))):
        pools[pool] = len(calls)
        calls.extend(Call(pool.address, getter) for getter in getters)
    ticks: dict[tuple[str, int], int] = {}
    for place in places.values():
        for tick in (place.tick_lower, place.tick_upper):
            if (place.pool.address, tick) not in ticks:
                ticks[place.pool.address, tick] = len(calls)
                calls.append(Call(place.pool.address, encode_call(_POOL, "ticks", tick)))
    rows: dict[Nft, Row] = {}
    for nft in watched.nfts:
        rows[nft] = _row(chain, nft, len(calls), places.get(nft), ticks)
        calls.append(Call(nft.manager, encode_call(_MANAGER, "positions", nft.token_id)))
        calls.append(Call(nft.manager, encode_call(_MANAGER, "ownerOf", nft.token_id)))
    prices = chain.oracle.about(
        dict.fromkeys(t.address for pool in pools for t in (pool.token0, pool.token1))
    )
    prices_at = len(calls)
    calls += prices.calls()
    return Plan(
        batch=prepare(calls),
        purses=purses,
        rows=rows,
        pools=pools,
        prices=prices,
        prices_at=prices_at,
    )


def _row(
    chain: Chain, nft: Nft, at: int, place: Place | None, ticks: dict[tuple[str, int], int]
) -> Row:
    key = position_key(chain.chain_id, nft.manager, nft.token_id)
    if place is None:
        return Row(key, at, None)
    pool = place.pool.address
    return Row(key, at, place, ticks[pool, place.tick_lower], ticks[pool, place.tick_upper])
