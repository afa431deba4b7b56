"""Uniswap v4 positions, read from the real contracts on a private node."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any, Final

import pytest
from aiohttp import web
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from monitor.amm.fee_growth import position_owed
from monitor.amm.measure import measure
from monitor.chain.chainlink_feeds import NATIVE
from monitor.chain.failures import NoCode
from monitor.chain.reader import chain_reader
from monitor.chain.registry import KNOWN, settle
from monitor.chain.settings import ChainSettings, EntrySettings, WatchSettings
from monitor.devnet import parts
from monitor.devnet.sender import Call
from monitor.errors import Permanent
from monitor.model.position import position_key
from tests.chain.conftest import ScriptedNode
from tests.chain.test_fault_in_first_poll import first_snapshot

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DYNAMIC: Final = 0x800000
FRIEND = "0x00000000000000000000000000000000DeaDBeef"
SPACING = 60
TICKS = (-1_200, 1_800)
LIQUIDITY = 10**21

Key = tuple[str, str, int, int, str]
_KEY = "(address,address,uint24,int24,address)"


async def test_a_pool_and_a_position_are_read_as_the_contracts_say(
    v4: Any, plain: Key, seen: Any
) -> None:
    await v4.open(plain, tick=77)
    token_id = await v4.mint(plain)
    await v4.swap(plain, 10**17, zero_for_one=True)
    snapshot = await seen(token_id)
    ((state,), (position,)) = snapshot.pools, snapshot.positions
    pool_id = keccak(encode([_KEY], [plain]))
    assert state.pool.address == "0x" + pool_id.hex()
    assert (state.pool.protocol, state.pool.fee_pips) == ("uniswap_v4", 3000)
    assert (state.pool.tick_spacing, state.pool.hooks, state.pool.dynamic_fee) == (60, "", False)
    slot0 = await v4.ask(v4.view, "StateView", "getSlot0", pool_id)
    assert (state.sqrt_price_x96, state.tick) == slot0[:2]
    assert (state.liquidity,) == await v4.ask(v4.view, "StateView", "getLiquidity", pool_id)
    growth = await v4.ask(v4.view, "StateView", "getFeeGrowthGlobals", pool_id)
    assert (state.fee_growth_global0_x128, state.fee_growth_global1_x128) == growth
    assert growth[0] > 0
    asked = await v4.ask(v4.manager, "PositionManager", "getPositionLiquidity", token_id)
    assert (position.liquidity,) == asked == (LIQUIDITY,)
    assert (position.tick_lower, position.tick_upper) == TICKS
    assert position.owner == v4.devnet.deployment.deployer
    assert position.key == position_key(v4.devnet.chain_id, v4.manager, token_id)
    for edge, tick in zip((position.lower, position.upper), TICKS, strict=True):
        outside = await v4.ask(v4.view, "StateView", "getTickFeeGrowthOutside", pool_id, tick)
        assert (edge.fee_growth_outside0_x128, edge.fee_growth_outside1_x128) == outside
    assert position.basis is None
    assert "[[entry]]" in position.basis_note


async def test_two_positions_of_the_same_ticks_are_two(v4: Any, plain: Key, seen: Any) -> None:
    await v4.open(plain)
    first, second = await v4.mint(plain), await v4.mint(plain, liquidity=3 * LIQUIDITY)
    snapshot = await seen(second, first)
    held = {one.token_id: one.liquidity for one in snapshot.positions}
    assert held == {first: LIQUIDITY, second: 3 * LIQUIDITY}
    assert len(snapshot.pools) == 1


@pytest.mark.parametrize("name", ["plain", "ether"])
async def test_fees_and_principal_are_what_taking_them_pays_to_the_wei(
    name: str, v4: Any, request: pytest.FixtureRequest, seen: Any
) -> None:
    key: Key = request.getfixturevalue(name)
    await v4.open(key)
    await v4.mint(key, ticks=(-60_000, 60_000))
    token_id = await v4.mint(key)
    for _ in range(3):
        await v4.swap(key, 7 * 10**18 + 1, zero_for_one=True)
        await v4.swap(key, 5 * 10**18 + 3, zero_for_one=False)
    ((state,), (position,)) = (snapshot := await seen(token_id)).pools, snapshot.positions
    owed = position_owed(state, position)
    assert min(owed) > 0
    before = [await v4.held(coin, FRIEND) for coin in key[:2]]
    await v4.decrease(token_id, 0, key, FRIEND)
    fees = [await v4.held(coin, FRIEND) for coin in key[:2]]
    assert tuple(after - held for after, held in zip(fees, before, strict=True)) == owed
    ((state,), (position,)) = (snapshot := await seen(token_id)).pools, snapshot.positions
    assert position_owed(state, position) == (0, 0)
    measured = measure(position, state)
    await v4.decrease(token_id, LIQUIDITY, key, FRIEND)
    paid = [await v4.held(coin, FRIEND) for coin in key[:2]]
    principal = tuple(after - held for after, held in zip(paid, fees, strict=True))
    assert principal == (measured.amount0, measured.amount1)
    (empty,) = (await seen(token_id)).positions
    assert (empty.liquidity, empty.tokens_owed0) == (0, 0)


async def test_out_of_range_fees_stay_as_they_were(v4: Any, plain: Key, seen: Any) -> None:
    await v4.open(plain)
    await v4.mint(plain, ticks=(-60_000, 60_000))
    token_id = await v4.mint(plain, ticks=(-120, 120))
    await v4.swap(plain, 10**20, zero_for_one=True)
    ((state,), (position,)) = (snapshot := await seen(token_id)).pools, snapshot.positions
    assert state.tick < position.tick_lower
    owed = position_owed(state, position)
    await v4.swap(plain, 10**18, zero_for_one=True)
    ((state,), (position,)) = (snapshot := await seen(token_id)).pools, snapshot.positions
    assert position_owed(state, position) == owed
    held = await v4.held(plain[0], FRIEND)
    await v4.decrease(token_id, 0, plain, FRIEND)
    assert await v4.held(plain[0], FRIEND) - held == owed[0]


async def test_a_chain_s_own_coin_is_a_token_of_eighteen_decimals(
    v4: Any, ether: Key, seen: Any
) -> None:
    await v4.open(ether)
    snapshot = await seen(await v4.mint(ether))
    pool = snapshot.pools[0].pool
    assert (pool.token0.address, pool.token0.symbol, pool.token0.decimals) == (NATIVE, "ETH", 18)
    assert pool.pair == "ETH/USDC"


async def test_a_dynamic_fee_is_no_fee_of_the_pool_s(v4: Any, plain: Key, seen: Any) -> None:
    # What a hook is called for are its address's lowest bits: 2**7 is before a swap.
    hook = "0x" + "11" * 18 + "0080"
    key = (*plain[:2], DYNAMIC, SPACING, hook)
    await v4.open(key)
    pool = (await seen(await v4.mint(key))).pools[0].pool
    assert (pool.hooks, pool.dynamic_fee) == (hook, True)
    assert pool.fee_pips == 0, "as it is now: no hook has set one yet"


async def test_what_is_burned_is_gone_and_what_was_never_minted_too(
    v4: Any, plain: Key, reader_of: Any
) -> None:
    await v4.open(plain)
    token_id = await v4.mint(plain)
    async with reader_of(token_id, 999) as reader:
        first = await reader.snapshot(NOON)
        assert first is not None
        assert [one.token_id for one in first.positions] == [token_id]
        assert [(one.key.rpartition(":")[2], one.gone) for one in first.missing] == [("999", True)]
        await v4.burn(token_id, plain, FRIEND)
        later = await reader.snapshot(NOON)
        assert later is not None
        assert later.positions == ()
        assert {one.gone for one in later.missing} == {True}
        assert f"position {token_id}: it was burned, or never minted" in {
            one.reason for one in later.missing
        }


async def test_one_minted_while_it_is_watched_appears(v4: Any, plain: Key, reader_of: Any) -> None:
    await v4.open(plain)
    token_id = await v4.mint(plain)
    async with reader_of(token_id, token_id + 1) as reader:
        assert await reader.snapshot(NOON) is not None
        await v4.mint(plain, ticks=(-600, 600))
        later = await reader.snapshot(NOON)
        assert later is not None
        assert [one.tick_upper for one in later.positions] == [TICKS[1], 600]
        asked = reader.requests_made
        await v4.devnet.mine()
        quiet = await reader.snapshot(NOON)
        assert quiet is not None
        assert reader.requests_made - asked == 2, "all of it in one batch"
        assert quiet.positions == later.positions


@pytest.mark.timeout(120)
async def test_whichever_request_of_a_first_poll_fails_the_position_is_shown_thereafter(
    v4: Any, plain: Key, reader_of: Any, scripted_node: ScriptedNode
) -> None:
    await v4.open(plain)
    token_id = await v4.mint(plain)
    for fails in count():
        asked = count()

        async def script(
            method: str, params: list[Any], fails: int = fails, asked: Any = asked
        ) -> web.Response | dict[str, Any]:
            if next(asked) == fails:
                return web.Response(status=500)
            return await ScriptedNode.forward(v4.devnet.url, method, params)

        scripted_node.script = script
        async with reader_of(token_id, rpc=(scripted_node.url,)) as reader:
            snapshot = await first_snapshot(reader)
        assert snapshot.missing == (), f"request {fails} failed"
        assert [one.token_id for one in snapshot.positions] == [token_id]
        if next(asked) <= fails:
            break
    assert fails > 3


async def test_an_id_that_a_turned_chain_gave_to_another_position_is_read_anew(
    v4: Any, plain: Key, ether: Key, reader_of: Any
) -> None:
    await v4.open(plain)
    await v4.open(ether)
    before = await v4.devnet.snapshot()
    token_id = await v4.mint(plain)
    async with reader_of(token_id) as reader:
        first = await reader.snapshot(NOON)
        assert first is not None
        await v4.devnet.revert(before)
        await v4.devnet.mine()
        assert await v4.mint(ether, ticks=(-300, 300)) == token_id
        later = await reader.snapshot(NOON)
        assert later is not None
        assert (later.positions[0].tick_lower, later.positions[0].tick_upper) == (-300, 300)
        assert later.pools[0].pool.token0.address == NATIVE


async def test_an_entry_gives_it_a_basis(v4: Any, plain: Key, seen: Any) -> None:
    await v4.open(plain)
    token_id = await v4.mint(plain)
    entry = EntrySettings(
        position=position_key(v4.devnet.chain_id, v4.manager, token_id),
        amount0=Decimal(1000),
        amount1=Decimal(1),
        liquidity=LIQUIDITY,
    )
    (position,) = (await seen(token_id, entries=(entry,))).positions
    assert position.basis is not None
    assert (position.basis.hodl0, position.basis.source) == (10**9, "config")


async def test_v3_and_v4_are_read_in_one_snapshot(v4: Any, plain: Key) -> None:
    await v4.open(plain)
    token_id = await v4.mint(plain)
    old = await v4.devnet.mint(v4.devnet.deployment.wallets[0], 200, 300)
    watches = [
        WatchSettings(chain="devnet", protocol="uniswap_v4", nft=(token_id,)),
        WatchSettings(chain="devnet", nft=(old,)),
    ]
    settings = ChainSettings(
        rpc=(v4.devnet.url,),
        chain_id=v4.devnet.chain_id,
        managers={"uniswap_v3": v4.devnet.deployment.manager, "uniswap_v4": v4.manager},
        state_view=v4.view,
        behind=0,
    )
    async with chain_reader("devnet", settings, watches=watches) as reader:
        snapshot = await reader.snapshot(NOON)
    assert snapshot is not None
    assert {one.pool.protocol for one in snapshot.pools} == {"uniswap_v3", "uniswap_v4"}
    assert [one.token_id for one in snapshot.positions] == [old, token_id]
    assert snapshot.missing == ()


async def test_a_wrong_address_is_told_before_anything_is_read(
    v4: Any, plain: Key, seen: Any
) -> None:
    await v4.open(plain)
    token_id = await v4.mint(plain)
    with pytest.raises(NoCode, match="has no code on devnet"):
        await seen(token_id, state_view=FRIEND)
    with pytest.raises(Permanent, match="is not of Uniswap v4"):
        await seen(token_id, state_view=v4.devnet.deployment.weth)
    other = await _another_view(v4)
    with pytest.raises(Permanent, match="of two pool managers"):
        await seen(token_id, state_view=other)


async def _another_view(v4: Any) -> str:
    code = bytes.fromhex(parts.artifact("StateView")["bytecode"].removeprefix("0x"))
    data = code + encode(["address"], [FRIEND])
    sender = v4.devnet.deployment.deployer
    (receipt,) = await v4.devnet.send(Call(sender=sender, to=None, data=data, what="a StateView"))
    assert receipt.contract is not None
    return to_checksum_address(receipt.contract)


def test_where_it_cannot_be_watched_so_it_is_told() -> None:
    with pytest.raises(
        ValueError, match="nobody lists what a wallet or a pool of uniswap_v4 holds"
    ):
        WatchSettings(chain="ethereum", protocol="uniswap_v4", wallet=FRIEND)
    for name, known in KNOWN.items():
        assert ("uniswap_v4" in known.dexes) is bool(known.state_view), name
    chain = settle(
        "mainnet", ChainSettings(rpc=("env:X",), chain_id=5, managers={"uniswap_v4": FRIEND})
    )
    assert chain.state_view == ""
