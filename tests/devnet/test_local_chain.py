"""The real contracts on the private node, in both token orders."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from monitor.chain.abi import decode_result, encode_call
from monitor.clock import stopwatch
from monitor.devnet.contracts import MULTICALL3
from monitor.devnet.local_chain import Devnet, open_devnet
from monitor.devnet.node import AnvilNode
from monitor.devnet.position_book import MintOrder
from monitor.errors import Permanent

OWNERLESS = "ERC721: owner query for nonexistent token"


async def asked(devnet: Devnet, to: str, contract: str, function: str, *args: object) -> object:
    call = {"to": to, "data": "0x" + encode_call(contract, function, *args).hex()}
    answer = await devnet.rpc.call("eth_call", call, "latest")
    (value,) = decode_result(contract, function, bytes.fromhex(answer[2:]))
    return value


async def owner_of(devnet: Devnet, token_id: int) -> object:
    manager = devnet.deployment.manager
    return await asked(devnet, manager, "nonfungible_position_manager", "ownerOf", token_id)


async def test_tokens_are_in_the_order_asked_for(devnet: Devnet, devnet_weth_first: Devnet) -> None:
    for chain, symbols in ((devnet, ("USDC", "WETH")), (devnet_weth_first, ("WETH", "USDC"))):
        made = chain.deployment
        assert await asked(chain, made.pool, "uniswap_v3_pool", "token0") == made.token0.lower()
        assert await asked(chain, made.token0, "erc20", "symbol") == symbols[0]
        assert await asked(chain, made.token1, "erc20", "symbol") == symbols[1]


async def test_tokens_have_the_decimals_of_the_real_ones(either_devnet: Devnet) -> None:
    made = either_devnet.deployment
    assert await asked(either_devnet, made.usdc, "erc20", "decimals") == 6
    assert await asked(either_devnet, made.weth, "erc20", "decimals") == 18


async def test_the_pool_opens_at_the_price_asked_for(either_devnet: Devnet) -> None:
    assert float(await either_devnet.price()) == pytest.approx(250, rel=1e-15)


async def test_multicall_lies_at_its_canonical_address_and_works(either_devnet: Devnet) -> None:
    inner = encode_call("uniswap_v3_pool", "liquidity")
    data = encode_call("multicall3", "aggregate3", [(either_devnet.deployment.pool, True, inner)])
    answer = await either_devnet.rpc.call(
        "eth_call", {"to": MULTICALL3, "data": "0x" + data.hex()}, "latest"
    )
    ((success, returned),) = decode_result("multicall3", "aggregate3", bytes.fromhex(answer[2:]))[0]
    assert success
    assert int.from_bytes(returned, "big") > 0


@pytest.mark.parametrize(
    "price",
    [
        pytest.param(250.01, id="a cent up"),
        pytest.param(249.99, id="a cent down"),
        pytest.param(Fraction(1_000_000, 7), id="far up, a price no decimal can write"),
        pytest.param(Fraction(1, 3), id="far down"),
    ],
)
async def test_a_swap_ends_exactly_at_its_target(
    either_devnet: Devnet, price: float | Fraction
) -> None:
    await either_devnet.swap_to(price)
    wanted = either_devnet.deployment.quote.sqrt_price_x96(price)
    assert (await either_devnet.slot0()).sqrt_price_x96 == wanted
    assert float(await either_devnet.price()) == pytest.approx(float(price), rel=1e-15)


async def test_a_swap_to_where_the_price_stands_only_mines(either_devnet: Devnet) -> None:
    before = await either_devnet.slot0()
    await either_devnet.swap_to(250)
    assert await either_devnet.slot0() == before


async def test_a_block_bears_the_date_it_was_given(devnet: Devnet) -> None:
    at = datetime(2020, 3, 12, 10, 44, tzinfo=UTC)
    await devnet.swap_to(194, at=at)
    assert (await devnet.head()).timestamp == at


async def test_a_date_in_the_past_is_refused(devnet: Devnet) -> None:
    with pytest.raises(Permanent, match="evm_setNextBlockTimestamp"):
        await devnet.mine(datetime(2019, 1, 1, tzinfo=UTC))


async def test_a_position_is_worth_what_was_asked_for(either_devnet: Devnet) -> None:
    owner = either_devnet.deployment.wallets[0]
    token_id = await either_devnet.mint(owner, 200, 300, value_usd=50_000)
    held = await either_devnet.static_collect(token_id)
    usd = (held.principal0, held.principal1)
    if not either_devnet.deployment.quote.usdc_is_token0:
        usd = usd[::-1]
    assert usd[0] / 1e6 + usd[1] / 1e18 * 250 == pytest.approx(50_000, abs=0.01)
    assert await owner_of(either_devnet, token_id) == owner.lower()


async def test_a_static_collect_tells_what_the_real_one_then_pays(either_devnet: Devnet) -> None:
    owner = either_devnet.deployment.wallets[1]
    token_id = await either_devnet.mint(owner, 230, 270, value_usd=75_000)
    await either_devnet.swap_volume(2_000_000)
    await either_devnet.swap_to(241.5)
    told = await either_devnet.static_collect(token_id)
    assert told.total0 > told.principal0 > 0
    assert told.total1 > told.principal1 > 0
    await either_devnet.decrease(token_id)
    assert await either_devnet.collect(token_id) == (told.total0, told.total1)
    after = await either_devnet.static_collect(token_id)
    assert (after.total0, after.total1) == (0, 0)


async def test_volume_pays_the_pool_s_fee_and_leaves_the_price(either_devnet: Devnet) -> None:
    owner = either_devnet.deployment.wallets[0]
    ids = await either_devnet.mint_many(
        [MintOrder(owner=owner, price_lower=1, price_upper=10**6, value_usd=10**7)]
    )
    before = await either_devnet.slot0()
    await either_devnet.swap_volume(100_000)
    assert (await either_devnet.slot0()).sqrt_price_x96 == before.sqrt_price_x96
    held = await either_devnet.static_collect(ids[0])
    fees = (held.total0 - held.principal0, held.total1 - held.principal1)
    usdc, weth = fees if either_devnet.deployment.quote.usdc_is_token0 else fees[::-1]
    # 0.3 % of 50,000 USD each way; the rest of the liquidity takes a few percent of it.
    assert 130 < usdc / 1e6 < 150
    assert 130 < weth / 1e18 * 250 < 152


async def test_a_share_can_be_taken_out(devnet: Devnet) -> None:
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    whole = await devnet.static_collect(token_id)
    await devnet.decrease(token_id, fraction=Fraction(1, 4))
    rest = await devnet.static_collect(token_id)
    assert rest.principal0 == pytest.approx(whole.principal0 * 3 / 4, rel=1e-9)
    assert rest.total0 == pytest.approx(whole.total0, abs=2)


async def test_anyone_may_add_to_a_position(devnet: Devnet) -> None:
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300, value_usd=1_000)
    before = await devnet.static_collect(token_id)
    await devnet.increase(token_id, value_usd=500)
    after = await devnet.static_collect(token_id)
    assert after.principal0 == pytest.approx(before.principal0 * 1.5, rel=1e-6)


async def test_a_burned_position_is_gone(devnet: Devnet) -> None:
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    await devnet.burn(token_id)
    with pytest.raises(Permanent, match=OWNERLESS):
        await owner_of(devnet, token_id)


async def test_an_emptied_position_can_be_burned_by_itself(devnet: Devnet) -> None:
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    await devnet.decrease(token_id)
    await devnet.collect(token_id)
    await devnet.burn_direct(token_id)
    with pytest.raises(Permanent, match=OWNERLESS):
        await owner_of(devnet, token_id)


async def test_a_failed_transaction_says_why(devnet: Devnet) -> None:
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    with pytest.raises(Permanent, match=f"burning position {token_id}: .*Not cleared"):
        await devnet.burn_direct(token_id)


async def test_a_position_changes_hands(devnet: Devnet) -> None:
    first, second, *_ = devnet.deployment.wallets
    token_id = await devnet.mint(first, 200, 300)
    await devnet.transfer(token_id, second)
    assert await owner_of(devnet, token_id) == second.lower()


async def test_the_state_can_be_put_back(devnet: Devnet) -> None:
    before = await devnet.snapshot()
    spot = await devnet.slot0()
    first = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    await devnet.swap_to(100)
    await devnet.revert(before)
    assert await devnet.slot0() == spot
    assert await devnet.mint(devnet.deployment.wallets[0], 200, 300) == first


async def test_fee_growth_can_be_set_near_its_wrap(devnet: Devnet) -> None:
    await devnet.set_fee_growth_global(2**256 - 5, 2**255)
    pool = devnet.deployment.pool
    for name, value in (
        ("feeGrowthGlobal0X128", 2**256 - 5),
        ("feeGrowthGlobal1X128", 2**255),
    ):
        assert await asked(devnet, pool, "uniswap_v3_pool", name) == value


async def test_without_background_a_swap_through_nothing_says_so() -> None:
    async with AnvilNode() as node, open_devnet(node, background_usd=0) as devnet:
        with pytest.raises(Permanent, match="swapping: "):
            await devnet.swap_to(200)


async def test_an_old_block_can_still_be_asked(devnet: Devnet) -> None:
    number = (await devnet.head()).number
    before = (await devnet.slot0()).sqrt_price_x96
    for step in range(20):
        await devnet.swap_to(200 + step)
    call = {"to": devnet.deployment.pool, "data": "0x3850c7bd"}
    answer = await devnet.rpc.call("eth_call", call, hex(number))
    assert int(answer[2:66], 16) == before


async def test_a_thousand_positions_and_a_long_walk_are_quick() -> None:
    async with AnvilNode() as node, open_devnet(node) as devnet:
        owner = devnet.deployment.wallets[0]
        start = stopwatch()
        orders = [
            MintOrder(owner=owner, price_lower=100 + n % 50, price_upper=400, value_usd=1_000)
            for n in range(1_000)
        ]
        assert len(set(await devnet.mint_many(orders))) == 1_000
        assert stopwatch() - start < 30  # 3 s alone on two cores
    async with AnvilNode() as node, open_devnet(node) as devnet:
        at = datetime(2020, 2, 14, tzinfo=UTC)
        start = stopwatch()
        for step in range(200):
            await devnet.swap_to(200 + step * 37 % 100, at=at + timedelta(hours=6 * step))
        assert stopwatch() - start < 10  # 0.7 s alone
