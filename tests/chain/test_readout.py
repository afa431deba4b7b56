"""The hand-cut readout of every protocol's answers, held to eth_abi by the shipped ABIs."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.chain.abi import contract
from monitor.chain.facts import Facts, Place
from monitor.chain.plan import Watched, plan
from monitor.chain.purse import Purse, whole_of
from monitor.chain.readout import Circumstances, Seen, read_gauges, read_pools, read_positions
from monitor.chain.registry import Chain, Dex, Nft
from monitor.chain.uniswap_v4 import Section
from monitor.chain.words import Answer
from monitor.model.pool import Pool, Token

MANAGER, POOL, CHEF, GAUGE, WALLET = (to_checksum_address(f"0x{d * 40}") for d in "12abc")
TOKENS = [Token(address=f"0x{d * 40}", symbol=d, decimals=6) for d in "56"]
TICKS = (-120, 240)
COMMON = ("multicall3", "nonfungible_position_manager", "uniswap_v3_pool")
ABIS = {
    "uniswap_v3": COMMON,
    "pancakeswap_v3": ("pancakeswap_v3_pool", "pancakeswap_v3_masterchef", *COMMON),
    "slipstream": (
        "slipstream_position_manager",
        "slipstream_pool",
        "slipstream_gauge",
        *COMMON,
    ),
}


def value_of(kind: str) -> st.SearchStrategy[Any]:
    if kind == "uint256[]":
        return st.lists(value_of("uint256"), max_size=5, unique=True).map(tuple)
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(to_checksum_address)
    if kind == "bool":
        return st.booleans()
    bits = int(kind.lstrip("uint"))
    signed = kind.startswith("i")
    return (
        st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        if signed
        else st.integers(0, 2**bits - 1)
    )


def chain_of(protocol: str) -> Chain:
    stakers = {"pancakeswap_v3": (CHEF,), "slipstream": (GAUGE,)}.get(protocol, ())
    return Chain(
        name="made",
        chain_id=5,
        dexes=(Dex(protocol=protocol, manager=MANAGER, stakers=stakers),),
        multicall="0x" + "9" * 40,
        behind=0,
        quote=(),
        start_block=None,
        log_range=None,
    )


def asked_by(protocol: str) -> tuple[Any, Any, Nft, Pool]:
    chain, nft = chain_of(protocol), Nft(MANAGER, 7)
    pool = Pool(
        chain_id=5,
        address=POOL,
        token0=TOKENS[0],
        token1=TOKENS[1],
        fee_pips=500,
        tick_spacing=60,
        quote=1,
        protocol=protocol,
    )
    facts = Facts(chain)
    facts.places[nft] = Place(pool=pool, tick_lower=TICKS[0], tick_upper=TICKS[1])
    dex = chain.dexes[0]
    purses = tuple(Purse(dex, WALLET, staker) for staker in ("", *dex.stakers))
    watched = Watched(purses=purses, nfts=(nft,), dozing=(), pools=())
    return chain, plan(chain, watched, facts, v4=Section()), nft, pool


@pytest.mark.parametrize("protocol", ABIS)
@settings(max_examples=60)
@given(data=st.data())
def test_every_answer_is_read_as_eth_abi_wrote_it(protocol: str, data: Any) -> None:
    _, laid, nft, pool = asked_by(protocol)
    told: dict[tuple[str, bytes], tuple[Any, ...]] = {}
    answers = []
    for target, calldata in (call for calls, _ in laid.batch.parts for call in calls):
        entry = next(
            one
            for name in ABIS[protocol]
            for one in contract(name).functions.values()
            if one.selector == calldata[:4]
        )
        values = data.draw(st.tuples(*map(value_of, entry.outputs)), label=entry.signature)
        told[target, calldata[:4] + calldata[-4:]] = values
        answers.append(Answer(True, encode(entry.outputs, values)))

    def of(target: str, name: str, function: str, last: int = 0) -> tuple[Any, ...]:
        entry = contract(name).functions[function]
        tail = (last % 2**32).to_bytes(4) if entry.inputs else entry.selector
        return told[target, entry.selector + tail]

    states, missing = read_pools(laid, answers)
    price, tick, *_ = of(POOL, "uniswap_v3_pool", "slot0")
    if price == 0:
        assert missing[0].reason == f"pool {POOL} has no price yet"
        return
    (state,) = states
    assert (state.sqrt_price_x96, state.tick) == (price, tick)
    assert (state.liquidity,) == of(POOL, "uniswap_v3_pool", "liquidity")
    assert (state.fee_growth_global0_x128,) == of(POOL, "uniswap_v3_pool", "feeGrowthGlobal0X128")
    assert (state.fee_growth_global1_x128,) == of(POOL, "uniswap_v3_pool", "feeGrowthGlobal1X128")

    gauges = read_gauges(laid, answers)
    around = Circumstances(readable={pool.key}, aside={}, gauges=gauges, depositors={})
    (position,), _ = read_positions(laid, answers, around, Seen())
    expected = of(MANAGER, "nonfungible_position_manager", "positions", nft.token_id)
    assert expected[7:] == (
        position.liquidity,
        position.fee_growth_inside0_last_x128,
        position.fee_growth_inside1_last_x128,
        position.tokens_owed0,
        position.tokens_owed1,
    )
    assert (position.owner,) == of(MANAGER, "nonfungible_position_manager", "ownerOf", 7)
    growth = 3 if protocol == "slipstream" else 2
    for edge, tick in ((position.lower, TICKS[0]), (position.upper, TICKS[1])):
        words = of(POOL, "uniswap_v3_pool", "ticks", tick)
        read = (edge.fee_growth_outside0_x128, edge.fee_growth_outside1_x128)
        assert read == words[growth : growth + 2]
    if protocol == "slipstream":
        assert (state.pool.fee_pips,) == of(POOL, "slipstream_pool", "fee")
        (gauge,) = of(POOL, "slipstream_pool", "gauge")
        assert gauges == ({pool.key: gauge} if int(gauge, 16) else {})
        purse = next(one for one in laid.purses if one.lists)
        (ids,) = of(GAUGE, "slipstream_gauge", "stakedValues", int(WALLET[-8:], 16))
        expected_ids = tuple(Nft(MANAGER, one) for one in sorted(ids))
        assert whole_of(purse, answers[laid.purses[purse]]) == expected_ids


@settings(max_examples=40)
@given(data=st.data())
def test_whose_a_farmed_position_is_is_read_as_eth_abi_wrote_it(data: Any) -> None:
    _, laid, nft, pool = asked_by("pancakeswap_v3")
    entry = contract("pancakeswap_v3_masterchef").functions["userPositionInfos"]
    info = data.draw(st.tuples(*map(value_of, entry.outputs)))
    row = laid.rows[nft]
    answers = [Answer(True, bytes(32 * 12))] * sum(len(calls) for calls, _ in laid.batch.parts)
    answers[row.at + 1] = Answer(True, encode(["address"], [CHEF]))
    answers[row.at + 2] = Answer(True, encode(entry.outputs, info))
    around = Circumstances(readable={pool.key}, aside={}, gauges={}, depositors={})
    (position,), _ = read_positions(laid, answers, around, Seen())
    nobody = int(info[6], 16) == 0
    assert (position.owner, position.staked_in) == ((CHEF, "") if nobody else (info[6], CHEF))
