"""Reading where Multicall3 is absent, or where one call burns all the gas."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from monitor.chain.failures import NoCode
from monitor.chain.singly import CALLS_A_REQUEST
from monitor.devnet.local_chain import Devnet
from monitor.devnet.position_book import MintOrder
from monitor.errors import Transient
from monitor.model.observation import Snapshot

STRANGER = "0x00000000000000000000000000000000DeaDBeef"
# JUMPDEST, PUSH1 0, JUMP: burns whatever gas it is given.
BOMB = "0x5b600056"


async def taken(reader: Any, devnet: Devnet) -> Snapshot:
    snapshot = await reader.snapshot((await devnet.head()).timestamp)
    assert snapshot is not None
    found: Snapshot = snapshot
    return found


async def without_multicall(devnet: Devnet) -> None:
    await devnet.rpc.call("anvil_setCode", devnet.deployment.multicall3, "0x")


def between(node: Any, devnet: Devnet) -> Callable[[str, list[Any]], Awaitable[dict[str, Any]]]:
    async def script(method: str, params: list[Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await node.forward(devnet.url, method, params)
        return answer

    return script


async def fifty(devnet: Devnet) -> str:
    owner = devnet.deployment.wallets[0]
    await devnet.mint_many(
        [
            MintOrder(owner=owner, price_lower=200 - n, price_upper=300, value_usd=9_000)
            for n in range(50)
        ]
    )
    return owner


async def test_without_multicall3_the_same_is_read_in_plain_batches_and_told_once(
    devnet: Devnet, reader_on: Any, caplog: pytest.LogCaptureFixture
) -> None:
    owner = await fifty(devnet)
    burned = await devnet.mint(devnet.deployment.wallets[1], 200, 300)
    await devnet.burn(burned)
    watches = ({"wallet": owner}, {"nft": (burned,)})
    whole = await taken(await reader_on(devnet, *watches), devnet)
    await without_multicall(devnet)
    await devnet.mine()
    reader = await reader_on(devnet, *watches)
    with caplog.at_level(logging.WARNING):
        plain = await taken(reader, devnet)
        await devnet.mine()
        before = reader.requests_made
        again = await taken(reader, devnet)
    assert (plain.positions, plain.pools) == (whole.positions, whole.pools)
    assert (plain.missing, whole.missing[0].gone) == (whole.missing, True)
    assert again.positions == plain.positions
    calls = 1 + 1 + 4 + 50 + 1 + 2 * 51  # witness, count, pool, lower and upper ticks, positions
    assert reader.requests_made - before == 1 + -(-calls // CALLS_A_REQUEST)
    (told,) = [one.getMessage() for one in caplog.records if "Multicall3" in one.getMessage()]
    assert told.endswith("every call goes by itself, up to 100 in one request")


async def test_an_old_block_before_multicall3_leaves_the_present_with_it(
    devnet: Devnet, reader_on: Any
) -> None:
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    code = await devnet.rpc.call("eth_getCode", devnet.deployment.multicall3, "latest")
    await without_multicall(devnet)
    await devnet.mine()
    old = await devnet.head()
    await devnet.rpc.call("anvil_setCode", devnet.deployment.multicall3, code)
    await devnet.mine()
    reader = await reader_on(devnet, {"nft": (token_id,)})
    await taken(reader, devnet)
    assert len((await reader.snapshot_at(old.number, old.timestamp)).positions) == 1
    await devnet.mine()
    before = reader.requests_made
    await taken(reader, devnet)
    assert reader.requests_made - before == 2


async def test_how_many_calls_a_node_takes_at_once_is_learned_when_it_refuses(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    # Constructed: a free plan that refuses batches of more than ten, as one error object.
    owner = await fifty(devnet)
    await without_multicall(devnet)
    await devnet.mine()
    scripted_node.script = between(scripted_node, devnet)
    scripted_node.most_a_batch = 10
    reader = await reader_on(devnet, {"wallet": owner}, rpc=(scripted_node.url,))
    assert len((await taken(reader, devnet)).positions) == 50
    await devnet.mine()
    scripted_node.batches.clear()
    assert len((await taken(reader, devnet)).positions) == 50
    assert 6 <= max(scripted_node.batches) <= 10


async def test_a_node_that_lacks_the_block_is_not_taken_for_one_without_multicall3(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    # Constructed: a node that answers 0x to every call and has no code anywhere.
    empty = False
    honest = between(scripted_node, devnet)

    async def script(method: str, params: list[Any]) -> dict[str, Any]:
        if empty and method in ("eth_call", "eth_getCode"):
            return {"result": "0x"}
        return await honest(method, params)

    scripted_node.script = script
    reader = await reader_on(devnet, {"nft": (1,)}, rpc=(scripted_node.url,))
    await taken(reader, devnet)
    await devnet.mine()
    empty = True
    with pytest.raises(Transient, match="answered an empty 0x"):
        await taken(reader, devnet)
    empty = False
    assert len((await taken(reader, devnet)).positions) == 1


async def test_neither_manager_nor_multicall3_is_told_of_the_manager(
    devnet: Devnet, reader_on: Any
) -> None:
    await without_multicall(devnet)
    await devnet.mine()
    reader = await reader_on(devnet, {"nft": (1,)}, manager=STRANGER)
    with pytest.raises(NoCode, match=f"position manager's address {STRANGER} has no code"):
        await taken(reader, devnet)


async def test_calls_that_burn_all_the_gas_are_singled_out_and_then_asked_alone(
    devnet: Devnet, other: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    # Constructed: a node that gives a call twenty million gas, as real ones cap it.
    owner = await fifty(devnet)
    honest = between(scripted_node, devnet)

    async def capped(method: str, params: list[Any]) -> dict[str, Any]:
        if method == "eth_call":
            params = [params[0] | {"gas": hex(20_000_000)}, *params[1:]]
        return await honest(method, params)

    scripted_node.script = capped
    pool = other.deployment.pool
    reader = await reader_on(
        devnet,
        {"wallet": owner},
        {"pool": pool, "protocol": "pancakeswap_v3"},
        managers={"pancakeswap_v3": other.deployment.manager},
        rpc=(scripted_node.url,),
    )
    assert len((await taken(reader, devnet)).pools) == 2
    code = await devnet.rpc.call("eth_getCode", pool, "latest")
    await devnet.rpc.call("anvil_setCode", pool, BOMB)
    for most in (40, 1 + 4 + 2):  # halved to find the four getters; then they are known
        await devnet.mine()
        before = reader.requests_made
        hit = await taken(reader, devnet)
        assert (len(hit.positions), len(hit.pools)) == (50, 1)
        assert [one.reason for one in hit.missing] == [
            f"pool {pool}: slot0: the contract answered nothing"
        ]
        assert reader.requests_made - before <= most
    await devnet.rpc.call("anvil_setCode", pool, code)
    await devnet.mine()
    assert len((await taken(reader, devnet)).pools) == 2
