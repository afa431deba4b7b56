"""PancakeSwap v3: its real pool and MasterChefV3 (conftest tells what is constructed)."""

from typing import Any

import pytest

from monitor.amm.fee_growth import position_owed
from monitor.devnet.local_chain import Devnet
from monitor.model.observation import Snapshot


async def taken(reader: Any, devnet: Devnet) -> Snapshot:
    snapshot = await reader.snapshot((await devnet.head()).timestamp)
    assert snapshot is not None
    found: Snapshot = snapshot
    return found


@pytest.fixture
def cake_reader(pancake: Any, reader_on: Any) -> Any:
    """Builds readers of PancakeSwap alone, which know its MasterChef by the watch."""

    def build(**watch: Any) -> Any:
        return reader_on(
            pancake.devnet,
            {"protocol": "pancakeswap_v3", "stakers": (pancake.chef,), **watch},
            manager=None,
            managers={"pancakeswap_v3": pancake.manager},
        )

    return build


async def test_a_pool_with_its_wide_fee_protocol_is_read_whole(
    pancake: Any, cake_reader: Any
) -> None:
    slot0 = await pancake.asked(pancake.pool, pancake.abi("PancakeV3Pool"), "slot0")
    assert slot0[5] >= 2**16  # its own share of the fees: no uint8, as Uniswap's is
    snapshot = await taken(await cake_reader(pool=pancake.pool), pancake.devnet)
    (state,) = snapshot.pools
    assert (state.sqrt_price_x96, state.tick) == slot0[:2]
    assert (state.pool.fee_pips, state.pool.tick_spacing) == (2_500, 50)
    assert (state.pool.protocol, snapshot.missing) == ("pancakeswap_v3", ())


async def test_fees_owed_are_to_the_wei_what_a_collect_would_pay(
    pancake: Any, cake_reader: Any
) -> None:
    owner = pancake.devnet.deployment.wallets[0]
    tick = (await pancake.asked(pancake.pool, pancake.abi("PancakeV3Pool"), "slot0"))[1] // 50 * 50
    token_id = await pancake.mint(owner, tick - 1_000, tick + 1_000)
    await pancake.trade(10**9)
    snapshot = await taken(await cake_reader(wallet=owner), pancake.devnet)
    (position,) = snapshot.positions
    assert (position.token_id, position.owner, position.staked_in) == (token_id, owner, "")
    owed = position_owed(snapshot.pools[0], position)
    assert owed == await pancake.collectable(token_id, owner)
    assert min(owed) > 0


async def test_a_staked_position_is_its_user_s_and_earns_fees_on(
    pancake: Any, cake_reader: Any
) -> None:
    mine, yours, *_ = pancake.devnet.deployment.wallets
    tick = (await pancake.asked(pancake.pool, pancake.abi("PancakeV3Pool"), "slot0"))[1] // 50 * 50
    token_id = await pancake.mint(mine, tick - 1_000, tick + 1_000)
    theirs = await pancake.mint(yours, tick - 1_000, tick + 1_000)
    reader = await cake_reader(wallet=mine)
    assert (await taken(reader, pancake.devnet)).positions[0].staked_in == ""
    await pancake.stake(mine, token_id)
    await pancake.stake(yours, theirs)
    await pancake.trade(10**9)
    for each in (reader, await cake_reader(wallet=mine), await cake_reader(nft=(token_id,))):
        snapshot = await taken(each, pancake.devnet)
        (position,) = snapshot.positions
        assert (position.token_id, position.owner) == (token_id, mine)
        assert (position.staked_in, position.earns_fees) == (pancake.chef, True)
        assert snapshot.missing == ()
        owed = position_owed(snapshot.pools[0], position)
        assert owed == await pancake.collectable(token_id, pancake.chef)


async def test_a_position_withdrawn_from_the_farm_is_followed_or_told_gone(
    pancake: Any, cake_reader: Any
) -> None:
    mine, yours, *_ = pancake.devnet.deployment.wallets
    tick = (await pancake.asked(pancake.pool, pancake.abi("PancakeV3Pool"), "slot0"))[1] // 50 * 50
    kept = await pancake.mint(mine, tick - 1_000, tick + 1_000)
    given = await pancake.mint(mine, tick - 2_000, tick + 2_000)
    await pancake.stake(mine, kept)
    await pancake.stake(mine, given)
    reader = await cake_reader(wallet=mine)
    snapshot = await taken(reader, pancake.devnet)
    assert [one.token_id for one in snapshot.positions] == [kept, given]
    await pancake.unstake(mine, kept, mine)
    await pancake.unstake(mine, given, yours)
    snapshot = await taken(reader, pancake.devnet)
    (position,) = snapshot.positions
    assert (position.token_id, position.owner, position.staked_in) == (kept, mine, "")
    (missing,) = snapshot.missing
    assert missing.reason == f"position {given}: left the watched wallet {mine} for {yours}"
    assert missing.gone


async def test_a_burned_position_is_told_in_its_manager_s_words(
    pancake: Any, cake_reader: Any
) -> None:
    (missing,) = (await taken(await cake_reader(nft=(99,)), pancake.devnet)).missing
    assert missing.reason == "position 99: it was burned, or never minted"


async def test_a_staker_that_is_none_makes_the_wallet_unknown(pancake: Any, reader_on: Any) -> None:
    owner = pancake.devnet.deployment.wallets[0]
    reader = await reader_on(
        pancake.devnet,
        {"protocol": "pancakeswap_v3", "wallet": owner, "stakers": (pancake.pool,)},
        manager=None,
        managers={"pancakeswap_v3": pancake.manager},
    )
    (missing,) = (await taken(reader, pancake.devnet)).missing
    asked = f"asked what {owner} holds, the staker {pancake.pool} says nothing"
    assert (missing.reason, missing.wallet) == (asked, True)
