"""Snapshots of the private node, against what its contracts say when asked one by one."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from monitor.chain.abi import decode_result, encode_call
from monitor.chain.failures import NoCode
from monitor.chain.reader import ChainReader
from monitor.devnet.local_chain import Devnet
from monitor.devnet.position_book import MintOrder
from monitor.errors import Permanent
from monitor.model.observation import Missing, Snapshot
from tests.bench.timing import Times

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NPM = "nonfungible_position_manager"
STRANGER = "0x00000000000000000000000000000000DeaDBeef"


async def asked(
    devnet: Devnet, to: str, contract: str, call: str, *args: object
) -> tuple[Any, ...]:
    data = "0x" + encode_call(contract, call, *args).hex()
    answer = await devnet.rpc.call("eth_call", {"to": to, "data": data}, "latest")
    return decode_result(contract, call, bytes.fromhex(answer[2:]))


async def taken(reader: ChainReader) -> Snapshot:
    snapshot = await reader.snapshot(NOON)
    assert snapshot is not None
    return snapshot


async def test_a_pool_is_read_as_its_getters_say(either_devnet: Devnet, reader_on: Any) -> None:
    made = either_devnet.deployment
    await either_devnet.swap_to(251.5)
    snapshot = await taken(await reader_on(either_devnet, {"pool": made.pool}))
    (state,) = snapshot.pools
    slot0 = await asked(either_devnet, made.pool, "uniswap_v3_pool", "slot0")
    assert (state.sqrt_price_x96, state.tick) == slot0[:2]
    assert (state.liquidity,) == await asked(
        either_devnet, made.pool, "uniswap_v3_pool", "liquidity"
    )
    growth = await asked(either_devnet, made.pool, "uniswap_v3_pool", "feeGrowthGlobal0X128")
    assert (state.fee_growth_global0_x128,) == growth
    growth = await asked(either_devnet, made.pool, "uniswap_v3_pool", "feeGrowthGlobal1X128")
    assert (state.fee_growth_global1_x128,) == growth
    assert state.pool.pair == "WETH/USDC"
    assert (state.pool.fee_pips, state.pool.tick_spacing) == (3000, 60)
    decimals = (state.pool.token0.decimals, state.pool.token1.decimals)
    assert decimals == ((6, 18) if made.quote.usdc_is_token0 else (18, 6))


async def test_the_block_is_the_head_s_own(devnet: Devnet, reader_on: Any) -> None:
    await devnet.mine()
    snapshot = await taken(await reader_on(devnet, {"pool": devnet.deployment.pool}))
    assert snapshot.block == await devnet.head()
    assert (snapshot.chain, snapshot.chain_id) == ("devnet", devnet.chain_id)
    assert snapshot.observed_at == NOON


async def test_a_position_is_read_as_its_getters_say(either_devnet: Devnet, reader_on: Any) -> None:
    made = either_devnet.deployment
    owner = made.wallets[0]
    token_id = await either_devnet.mint(owner, 200, 300)
    await either_devnet.swap_volume(500_000)
    await either_devnet.decrease(token_id, fraction=Fraction(1, 3))
    snapshot = await taken(await reader_on(either_devnet, {"nft": (token_id,)}))
    (position,) = snapshot.positions
    told = await asked(either_devnet, made.manager, NPM, "positions", token_id)
    assert told[5:] == (
        position.tick_lower,
        position.tick_upper,
        position.liquidity,
        position.fee_growth_inside0_last_x128,
        position.fee_growth_inside1_last_x128,
        position.tokens_owed0,
        position.tokens_owed1,
    )
    assert position.tokens_owed0 > 0
    assert position.owner == owner
    assert position.key == f"{either_devnet.chain_id}:{made.manager}:{token_id}"
    assert position.pool == snapshot.pools[0].pool.key
    for edge, tick in (
        (position.lower, position.tick_lower),
        (position.upper, position.tick_upper),
    ):
        told = await asked(either_devnet, made.pool, "uniswap_v3_pool", "ticks", tick)
        assert (edge.fee_growth_outside0_x128, edge.fee_growth_outside1_x128) == told[2:4]


async def test_fee_growth_near_its_wrap_is_read_whole(devnet: Devnet, reader_on: Any) -> None:
    await devnet.set_fee_growth_global(2**256 - 1, 2**256 - 2)
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    snapshot = await taken(await reader_on(devnet, {"nft": (token_id,)}))
    assert snapshot.pools[0].fee_growth_global0_x128 == 2**256 - 1
    assert snapshot.positions[0].lower.fee_growth_outside1_x128 == 2**256 - 2


async def test_everything_known_costs_two_requests_a_block(devnet: Devnet, reader_on: Any) -> None:
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    reader = await reader_on(devnet, {"nft": (token_id,)})
    await taken(reader)
    for _ in range(3):
        await devnet.mine()
        before = reader.requests_made
        await taken(reader)
        assert reader.requests_made - before == 2


async def test_behind_the_head_costs_no_more_where_blocks_come_one_by_one(
    devnet: Devnet, reader_on: Any
) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, behind=1)
    await devnet.mine()
    await taken(reader)
    head = await devnet.head()
    await devnet.mine()
    before = reader.requests_made
    assert (await taken(reader)).block == head
    assert reader.requests_made - before == 2


async def test_blocks_behind_are_counted_from_the_head(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, behind=3)
    await devnet.mine()
    wanted = await devnet.head()
    await devnet.swap_to(260)
    for _ in range(2):
        await devnet.mine()
    snapshot = await taken(reader)
    assert snapshot.block == wanted
    price = devnet.deployment.quote.price(snapshot.pools[0].sqrt_price_x96)
    assert float(price) == pytest.approx(250)


async def test_a_block_read_already_gives_nothing_and_costs_one_request(
    devnet: Devnet, reader_on: Any
) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, behind=1)
    await devnet.mine()
    await taken(reader)
    before = reader.requests_made
    assert await reader.snapshot(NOON) is None
    assert reader.requests_made - before == 1


async def test_a_wallet_gives_all_it_holds_and_nothing_else(devnet: Devnet, reader_on: Any) -> None:
    mine, yours, *_ = devnet.deployment.wallets
    orders = [
        MintOrder(owner=owner, price_lower=200, price_upper=300, value_usd=1_000)
        for owner in (mine, yours, mine)
    ]
    first, _, third = await devnet.mint_many(orders)
    snapshot = await taken(await reader_on(devnet, {"wallet": mine}))
    assert [one.token_id for one in snapshot.positions] == [first, third]
    assert snapshot.missing == ()


async def test_a_wallet_with_nothing_is_an_empty_snapshot(devnet: Devnet, reader_on: Any) -> None:
    snapshot = await taken(await reader_on(devnet, {"wallet": STRANGER}))
    assert (snapshot.positions, snapshot.pools, snapshot.missing) == ((), (), ())


async def test_a_new_position_of_a_wallet_is_in_the_next_snapshot(
    devnet: Devnet, reader_on: Any
) -> None:
    wallet = devnet.deployment.wallets[0]
    reader = await reader_on(devnet, {"wallet": wallet})
    await taken(reader)
    token_id = await devnet.mint(wallet, 200, 300)
    snapshot = await taken(reader)
    assert [one.token_id for one in snapshot.positions] == [token_id]


async def test_a_position_that_left_a_wallet_says_where_it_went(
    devnet: Devnet, reader_on: Any
) -> None:
    mine, yours, *_ = devnet.deployment.wallets
    token_id = await devnet.mint(mine, 200, 300)
    reader = await reader_on(devnet, {"wallet": mine})
    await taken(reader)
    await devnet.transfer(token_id, yours)
    snapshot = await taken(reader)
    assert snapshot.positions == ()
    (missing,) = snapshot.missing
    assert missing.reason == f"position {token_id}: left the watched wallet {mine} for {yours}"
    assert missing.gone
    await devnet.transfer(token_id, mine)
    assert (await taken(reader)).missing == ()


async def test_one_leaving_while_another_comes_is_noticed(devnet: Devnet, reader_on: Any) -> None:
    mine, yours, *_ = devnet.deployment.wallets
    token_id = await devnet.mint(mine, 200, 300)
    reader = await reader_on(devnet, {"wallet": mine})
    await taken(reader)
    await devnet.transfer(token_id, yours)
    other = await devnet.mint(mine, 210, 310)
    snapshot = await taken(reader)
    assert [one.token_id for one in snapshot.positions] == [other]
    assert [one.key.rpartition(":")[2] for one in snapshot.missing] == [str(token_id)]


async def test_a_burned_position_is_gone_and_the_others_are_read(
    devnet: Devnet, reader_on: Any
) -> None:
    owner = devnet.deployment.wallets[0]
    burned = await devnet.mint(owner, 200, 300)
    kept = await devnet.mint(owner, 210, 310)
    reader = await reader_on(devnet, {"nft": (burned, kept)}, {"wallet": owner})
    assert len((await taken(reader)).positions) == 2
    await devnet.burn(burned)
    snapshot = await taken(reader)
    assert [one.token_id for one in snapshot.positions] == [kept]
    key = f"{devnet.chain_id}:{devnet.deployment.manager}:{burned}"
    reason = f"position {burned}: it was burned, or never minted"
    assert snapshot.missing == (Missing(key=key, reason=reason, gone=True),)


async def test_a_position_not_minted_yet_is_read_once_it_is(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"nft": (2,)})
    (missing,) = (await taken(reader)).missing
    assert missing.gone
    assert await devnet.mint(devnet.deployment.wallets[0], 200, 300) == 2
    snapshot = await taken(reader)
    assert (len(snapshot.positions), snapshot.missing) == (1, ())


async def test_an_emptied_position_is_still_a_position(devnet: Devnet, reader_on: Any) -> None:
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    await devnet.decrease(token_id)
    await devnet.collect(token_id)
    (position,) = (await taken(await reader_on(devnet, {"nft": (token_id,)}))).positions
    assert (position.liquidity, position.tokens_owed0, position.tokens_owed1) == (0, 0, 0)


@pytest.mark.parametrize(
    ("watched", "sentence"),
    [
        pytest.param(
            "stranger",
            f"the pool's address {STRANGER} has no code on devnet",
            id="an address without code",
        ),
        pytest.param("token", "{address} is not a Uniswap v3 pool", id="another kind of contract"),
    ],
)
async def test_what_is_no_pool_is_missing_and_the_rest_is_read(
    devnet: Devnet, reader_on: Any, watched: str, sentence: str
) -> None:
    address = STRANGER if watched == "stranger" else devnet.deployment.weth
    reader = await reader_on(devnet, {"pool": address}, {"pool": devnet.deployment.pool})
    for _ in range(2):
        snapshot = await taken(reader)
        assert len(snapshot.pools) == 1
        (missing,) = snapshot.missing
        assert missing.key == f"{devnet.chain_id}:{address}"
        assert missing.reason == sentence.format(address=address)
        assert not missing.gone
        await devnet.mine()


async def test_a_manager_without_code_is_told_clearly(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"nft": (1,)}, manager=STRANGER)
    with pytest.raises(
        NoCode, match=f"position manager's address {STRANGER} has no code on devnet"
    ):
        await reader.snapshot(NOON)


async def test_a_manager_that_is_none_is_told_clearly(devnet: Devnet, reader_on: Any) -> None:
    weth = devnet.deployment.weth
    reader = await reader_on(devnet, {"nft": (1,)}, manager=weth)
    with pytest.raises(Permanent, match=f"{weth} on devnet is not a Uniswap v3 position manager"):
        await reader.snapshot(NOON)


async def test_a_multicall_that_is_none_is_told_clearly(devnet: Devnet, reader_on: Any) -> None:
    weth = devnet.deployment.weth
    reader = await reader_on(devnet, {"nft": (1,)}, multicall=weth)
    with pytest.raises(Permanent, match=f"{weth} is not Multicall3: the contract reverted"):
        await reader.snapshot(NOON)


async def test_the_wrong_chain_is_told_with_both_ids(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"nft": (1,)}, chain_id=10)
    wrong = f"serves chain id {devnet.chain_id}, but devnet is 10"
    with pytest.raises(Permanent, match=wrong):
        await reader.snapshot(NOON)


async def test_a_reorganised_block_is_read_again(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool})
    before = await devnet.snapshot()
    await devnet.swap_to(300)
    first = await taken(reader)
    await devnet.revert(before)
    await devnet.swap_to(200)
    second = await taken(reader)
    assert second.block.number == first.block.number
    assert second.block.hash != first.block.hash
    assert float(devnet.deployment.quote.price(second.pools[0].sqrt_price_x96)) == pytest.approx(
        200
    )


async def test_a_reorganisation_to_fewer_blocks_is_followed(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool})
    before = await devnet.snapshot()
    for price in (260, 270, 280):
        await devnet.swap_to(price)
        last = await taken(reader)
    await devnet.revert(before)
    await devnet.swap_to(200)
    found = await taken(reader)
    assert found.block.number == last.block.number - 2
    assert found.block == await devnet.head()
    assert await reader.snapshot(NOON) is None


async def test_a_pool_of_another_factory_is_refused(devnet: Devnet, reader_on: Any) -> None:
    code = await devnet.rpc.call("eth_getCode", devnet.deployment.pool, "latest")
    await devnet.rpc.call("anvil_setCode", STRANGER, code)
    (missing,) = (await taken(await reader_on(devnet, {"pool": STRANGER}))).missing
    assert missing.reason == f"{STRANGER} is not a pool of devnet's position manager"


async def test_a_node_two_blocks_behind_what_was_read_brings_nothing_new(
    devnet: Devnet, reader_on: Any
) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool})
    await taken(reader)
    before = await devnet.snapshot()
    await devnet.mine()
    await devnet.mine()
    await taken(reader)
    await devnet.revert(before)
    assert await reader.snapshot(NOON) is None


async def test_a_bytes32_symbol_is_read_like_any_other(devnet: Devnet, reader_on: Any) -> None:
    # A token as MKR was: symbol() returns bytes32, decimals() 18, from one code:
    # PUSH32 "MKR", PUSH1 0, MSTORE, or 18 where the selector is decimals().
    symbol = b"MKR".ljust(32, b"\0").hex()
    code = f"0x60003560e01c63313ce56714603c577f{symbol}60005260206000f35b601260005260206000f3"
    jump = (code.index("5b6012") - 2) // 2
    code = code.replace("14603c57", f"1460{jump:02x}57")
    await devnet.rpc.call("anvil_setCode", devnet.deployment.weth, code)
    (state,) = (await taken(await reader_on(devnet, {"pool": devnet.deployment.pool}))).pools
    assert {state.pool.token0.symbol, state.pool.token1.symbol} == {"MKR", "USDC"}


async def test_a_token_without_a_symbol_goes_by_its_address(devnet: Devnet, reader_on: Any) -> None:
    # Answers 18 to decimals() and reverts to all else.
    code = "0x60003560e01c63313ce56714601357600080fd5b601260005260206000f3"
    await devnet.rpc.call("anvil_setCode", devnet.deployment.weth, code)
    (state,) = (await taken(await reader_on(devnet, {"pool": devnet.deployment.pool}))).pools
    weth = devnet.deployment.weth
    assert f"{weth[:6]}…{weth[-4:]}" in (state.pool.token0.symbol, state.pool.token1.symbol)


async def test_reading_costs_under_a_tenth_of_a_millisecond_a_position(
    devnet: Devnet, reader_on: Any
) -> None:
    owner = devnet.deployment.wallets[0]
    orders = [
        MintOrder(owner=owner, price_lower=100 + n % 50, price_upper=400, value_usd=1_000)
        for n in range(400)
    ]
    await devnet.mint_many(orders)
    reader = await reader_on(devnet, {"wallet": owner})
    assert len((await taken(reader)).positions) == 400
    times = Times()
    for _ in range(5):
        await devnet.mine()
        with times.measured():
            await taken(reader)
    assert times.least_cpu / 400 < 100e-6  # 45 µs alone on two cores


async def test_what_strangers_sent_can_be_passed_over(devnet: Devnet, reader_on: Any) -> None:
    mine, yours, *_ = devnet.deployment.wallets
    kept, sent = await devnet.mint(mine, 200, 300), await devnet.mint(yours, 200, 300)
    await devnet.transfer(sent, mine)
    snapshot = await taken(await reader_on(devnet, {"wallet": mine, "ignore": (sent,)}))
    assert [position.token_id for position in snapshot.positions] == [kept]
    assert snapshot.missing == ()
