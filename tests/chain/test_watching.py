"""Several position managers of one chain in one batch, and blocks of any age."""

from fractions import Fraction
from typing import Any

import pytest

from monitor.chain.reader import chain_reader
from monitor.chain.settings import ChainSettings, WatchSettings
from monitor.chain.wallets import ASLEEP_A_POLL
from monitor.devnet.local_chain import Devnet
from monitor.devnet.position_book import MintOrder
from monitor.model.observation import Snapshot

STRANGER = "0x00000000000000000000000000000000DeaDBeef"


async def taken(reader: Any, devnet: Devnet) -> Snapshot:
    snapshot = await reader.snapshot((await devnet.head()).timestamp)
    assert snapshot is not None
    found: Snapshot = snapshot
    return found


async def test_the_same_id_of_two_managers_is_two_positions_in_one_request(
    devnet: Devnet, other: Devnet, reader_on: Any
) -> None:
    wallet = devnet.deployment.wallets[0]
    theirs = await other.mint(wallet, 200, 400)
    await other.mine()
    assert theirs == 1
    reader = await reader_on(
        devnet,
        {"nft": (1,)},
        {"nft": (1,), "protocol": "pancakeswap_v3"},
        {"wallet": wallet, "protocol": "pancakeswap_v3"},
        managers={"pancakeswap_v3": other.deployment.manager},
    )
    snapshot = await taken(reader, devnet)
    assert {one.key: one.owner for one in snapshot.positions} == {
        f"{devnet.chain_id}:{devnet.deployment.manager}:1": devnet.deployment.deployer,
        f"{devnet.chain_id}:{other.deployment.manager}:1": wallet,
    }
    assert {state.pool.key: state.pool.protocol for state in snapshot.pools} == {
        f"{devnet.chain_id}:{devnet.deployment.pool}": "uniswap_v3",
        f"{devnet.chain_id}:{other.deployment.pool}": "pancakeswap_v3",
    }
    assert snapshot.missing == ()
    assert all(one.basis is not None for one in snapshot.positions)
    await other.mine()
    before = reader.requests_made
    assert len((await taken(reader, devnet)).positions) == 2
    assert reader.requests_made - before == 2


async def test_a_wallet_of_one_manager_shows_nothing_of_another(
    devnet: Devnet, other: Devnet, reader_on: Any
) -> None:
    wallet = devnet.deployment.wallets[0]
    await other.mint(wallet, 200, 400)
    reader = await reader_on(
        devnet, {"wallet": wallet}, managers={"pancakeswap_v3": other.deployment.manager}
    )
    assert (await taken(reader, devnet)).positions == ()


def test_a_protocol_without_a_manager_here_is_told_at_start() -> None:
    with pytest.raises(ValueError, match="no position manager of pancakeswap_v3 is known on mine"):
        chain_reader(
            "mine",
            ChainSettings(rpc=("http://127.0.0.1:1",), chain_id=5, manager=STRANGER),
            watches=[WatchSettings(chain="mine", nft=(1,), protocol="pancakeswap_v3")],
        )


async def test_a_block_of_any_age_is_read_and_nothing_remembered_of_it(
    devnet: Devnet, reader_on: Any
) -> None:
    mine, yours, *_ = devnet.deployment.wallets
    token_id = await devnet.mint(mine, 200, 300)
    then = await devnet.head()
    reader = await reader_on(devnet, {"wallet": mine})
    for price in (260, 270):
        await devnet.swap_to(price)
    await devnet.transfer(token_id, yours)
    assert (await taken(reader, devnet)).positions == ()
    old = await reader.snapshot_at(then.number, then.timestamp)
    assert old.block == then
    assert old.observed_at == then.timestamp
    assert [one.token_id for one in old.positions] == [token_id]
    assert old.positions[0].basis is not None
    price = devnet.deployment.quote.price(old.pools[0].sqrt_price_x96)
    assert float(price) == pytest.approx(250)
    assert await reader.snapshot(then.timestamp) is None
    await devnet.mine()
    now = await taken(reader, devnet)
    assert (now.positions, now.missing) == ((), ())


async def test_what_a_wallet_closed_before_is_no_position_until_it_is_opened_again(
    devnet: Devnet, reader_on: Any
) -> None:
    owner = devnet.deployment.wallets[0]
    shut, open_ = await devnet.mint(owner, 200, 300), await devnet.mint(owner, 210, 310)
    await devnet.decrease(shut)
    owed = await taken(await reader_on(devnet, {"wallet": owner}), devnet)
    assert [one.token_id for one in owed.positions] == [shut, open_]  # tokens wait in it yet
    await devnet.collect(shut)
    reader = await reader_on(devnet, {"wallet": owner})
    closed = await taken(reader, devnet)
    assert [one.token_id for one in closed.positions] == [open_]
    assert closed.missing == ()
    await devnet.increase(shut, value_usd=1_000)
    opened = await taken(reader, devnet)
    assert [one.token_id for one in opened.positions] == [shut, open_]
    assert opened.positions[0].basis is not None


async def test_a_closed_position_named_by_its_id_is_shown(devnet: Devnet, reader_on: Any) -> None:
    owner = devnet.deployment.wallets[0]
    token_id = await devnet.mint(owner, 200, 300)
    await devnet.decrease(token_id)
    await devnet.collect(token_id)
    reader = await reader_on(devnet, {"wallet": owner}, {"nft": (token_id,)})
    assert [one.liquidity for one in (await taken(reader, devnet)).positions] == [0]


async def test_an_id_that_means_another_position_after_the_chain_turned_is_learned_anew(
    devnet: Devnet, reader_on: Any
) -> None:
    owner = devnet.deployment.wallets[0]
    reader = await reader_on(devnet, {"wallet": owner})
    await taken(reader, devnet)
    before = await devnet.snapshot()
    first_id = await devnet.mint(owner, 200, 300)
    (first,) = (await taken(reader, devnet)).positions
    await devnet.revert(before)
    await devnet.mine()
    assert await devnet.mint(owner, 210, 320) == first_id
    (second,) = (await taken(reader, devnet)).positions
    assert second.key == first.key
    made = devnet.deployment.quote.ticks(210, 320)
    assert (second.tick_lower, second.tick_upper) == made != (first.tick_lower, first.tick_upper)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_seven_thousand_real_positions_are_found_and_the_closed_ones_put_aside(
    devnet: Devnet, reader_on: Any
) -> None:
    owner = devnet.deployment.wallets[0]
    orders = [
        MintOrder(owner=owner, price_lower=200 - n % 50, price_upper=300, value_usd=1_000)
        for n in range(250)
    ]
    ids = [one for _ in range(28) for one in await devnet.mint_many(orders)]
    for start in range(0, len(ids) - 10, 230):
        part = ids[start : min(start + 230, len(ids) - 10)]
        await devnet.send(*[await devnet.positions.decrease(one, Fraction(1)) for one in part])
        await devnet.send(*[await devnet.positions.collect(one) for one in part])
    reader = await reader_on(devnet, {"wallet": owner})
    polls = 1
    while (snapshot := await taken(reader, devnet)).missing:
        polls += 1
        await devnet.mine()
    assert [one.token_id for one in snapshot.positions] == ids[-10:]
    assert polls <= 4
    await devnet.increase(ids[3_000], value_usd=1_000)
    while len(snapshot.positions) == 10:
        await devnet.mine()
        snapshot = await taken(reader, devnet)
        polls += 1
    assert polls <= 4 + -(-len(ids) // ASLEEP_A_POLL) + 1
