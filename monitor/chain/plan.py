"""The calls of one snapshot, encoded once."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from monitor.chain.abi import encode_call
from monitor.chain.chainlink import Inquiry
from monitor.chain.facts import Facts, Place
from monitor.chain.forms import FORMS
from monitor.chain.multicall import Batch, prepare
from monitor.chain.purse import Purse, glance
from monitor.chain.registry import Chain, Nft
from monitor.chain.uniswap_v4 import Section
from monitor.chain.words import Call
from monitor.model.pool import Pool
from monitor.model.position import position_key

_POOL: Final = "uniswap_v3_pool"
_CHEF: Final = "pancakeswap_v3_masterchef"


class Row(NamedTuple):
    """Where in the batch one NFT's answers lie.

    at: of `positions`; `ownerOf` is next, then `userPositionInfos` of each of `chefs`.
    place: None while it is not known; else lower and upper are where the ticks' are,
    pool is the pool's key and growth_word is as its form has it.
    """

    key: str
    at: int
    place: Place | None
    chefs: tuple[str, ...] = ()
    lower: int = 0
    upper: int = 0
    pool: str = ""
    growth_word: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one snapshot reads.

    nfts: in full. dozing: closed ones, to see whether they still are. pools: those
    watched by address and known to be pools.
    """

    purses: tuple[Purse, ...]
    nfts: tuple[Nft, ...]
    dozing: tuple[Nft, ...]
    pools: tuple[Pool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where in the batch each thing's answers lie.

    v4, prices: the sections about Uniswap v4 and about dollars, and where their answers begin.
    """

    batch: Batch
    purses: dict[Purse, int]
    rows: dict[Nft, Row]
    dozing: dict[Nft, int]
    pools: dict[Pool, int]
    v4: Section
    v4_at: int
    prices: Inquiry
    prices_at: int


def plan(chain: Chain, watched: Watched, facts: Facts, *, v4: Section) -> Plan:
    """Lay out the batch: the witness first, then wallets, pools, ticks, positions, v4, prices."""
    calls = [Call(chain.multicall, encode_call("multicall3", "getCurrentBlockTimestamp"))]
    places = {one: facts.places[one] for one in watched.nfts if one in facts.places}
    purses = {purse: _add(calls, purse.asked()) for purse in watched.purses}
    pools: dict[Pool, int] = {}
    for pool in dict.fromkeys((*watched.pools, *(place.pool for place in places.values()))):
        getters = FORMS[pool.protocol].getters
        pools[pool] = _add(calls, *(Call(pool.address, encode_call(*one)) for one in getters))
    ticks: dict[tuple[str, int], int] = {}
    for place in places.values():
        for tick in (place.tick_lower, place.tick_upper):
            if (place.pool.address, tick) not in ticks:
                asked = Call(place.pool.address, encode_call(_POOL, "ticks", tick))
                ticks[place.pool.address, tick] = _add(calls, asked)
    rows: dict[Nft, Row] = {}
    chefs = {dex.manager: dex.chefs for dex in chain.dexes}
    for nft in watched.nfts:
        key = position_key(chain.chain_id, nft.manager, nft.token_id)
        row = Row(key, _add(calls, *glance(nft)), places.get(nft), chefs[nft.manager])
        rows[nft] = _placed(row, ticks)
        told = encode_call(_CHEF, "userPositionInfos", nft.token_id) if row.chefs else b""
        calls.extend(Call(chef, told) for chef in row.chefs)
    dozing = {nft: _add(calls, *glance(nft)) for nft in watched.dozing}
    prices = chain.oracle.about(
        dict.fromkeys(t.address for pool in (*pools, *v4.pools) for t in (pool.token0, pool.token1))
    )
    v4_at = _add(calls, *v4.calls)
    prices_at = _add(calls, *prices.calls())
    return Plan(
        batch=prepare(calls),
        purses=purses,
        rows=rows,
        dozing=dozing,
        pools=pools,
        v4=v4,
        v4_at=v4_at,
        prices=prices,
        prices_at=prices_at,
    )


def _add(calls: list[Call], *more: Call) -> int:
    """Append calls; return where the first of their answers will be."""
    at = len(calls)
    calls.extend(more)
    return at


def _placed(row: Row, ticks: dict[tuple[str, int], int]) -> Row:
    """Return a row with where its ticks' answers lie."""
    place = row.place
    if place is None:
        return row
    pool = place.pool
    return row._replace(
        lower=ticks[pool.address, place.tick_lower],
        upper=ticks[pool.address, place.tick_upper],
        pool=pool.key,
        growth_word=FORMS[pool.protocol].growth_word,
    )
