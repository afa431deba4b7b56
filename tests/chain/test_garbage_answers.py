"""A node that answers nonsense, once or for long: another serves, and no blindness stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.chain.settings import LinkSettings
from monitor.devnet.local_chain import Devnet
from monitor.model.position import position_key
from tests.chain.pairs import Node, taken

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_a_block_time_beyond_all_dates_is_a_fault_of_the_node_that_tells_it(
    pair: tuple[Node, Node], devnet: Devnet, reader_on: Any
) -> None:
    first, second = pair
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    reader = await reader_on(
        devnet, {"nft": (token_id,)}, rpc=(first.scripted.url, second.scripted.url)
    )
    await taken(reader, NOON)
    await devnet.mine()

    def garbage(method: str, params: list[Any]) -> dict[str, Any] | None:
        if method != "eth_call":
            return None
        count = int(params[0]["data"][2 + 8 + 64 : 2 + 8 + 128], 16)
        heads = "".join(f"{32 * count + 128 * n:064x}" for n in range(count))
        one = f"{1:064x}{64:064x}{32:064x}" + "ff" * 32
        return {"result": "0x" + f"{32:064x}{count:064x}" + heads + one * count}

    first.fault = garbage
    snapshot = await taken(reader, NOON + timedelta(seconds=12))
    assert reader.health(NOON)[1].serving
    assert [one.token_id for one in snapshot.positions] == [token_id]


@pytest.mark.parametrize(
    "logs",
    [
        pytest.param([{}], id="a log without topics"),
        pytest.param([{"topics": ["0xzz"], "data": "0x", "address": "0x"}], id="no hexadecimal"),
        pytest.param([7], id="a log that is a number"),
        pytest.param([{"topics": [None], "data": None}], id="a topic of null"),
    ],
)
async def test_a_malformed_receipt_of_a_linked_position_is_a_note_and_no_blindness(
    pair: tuple[Node, Node], devnet: Devnet, reader_on: Any, logs: list[Any]
) -> None:
    first, _ = pair
    wallet = devnet.deployment.wallets[0]
    old = await devnet.mint(wallet, 200, 300)
    await devnet.decrease(old)
    await devnet.collect(old)
    new = await devnet.mint(wallet, 210, 310)
    keys = tuple(position_key(devnet.chain_id, devnet.deployment.manager, n) for n in (old, new))
    first.fault = lambda method, _: (
        {"result": {"logs": logs}} if method == "eth_getTransactionReceipt" else None
    )
    reader = await reader_on(
        devnet,
        {"nft": (new,)},
        rpc=(first.scripted.url,),
        links=(LinkSettings(positions=keys),),
    )
    (position,) = (await taken(reader, NOON)).positions
    assert position.links is None
    assert position.links_note.startswith(f"{keys[0]}, which it continues, is not known yet")
    first.fault = lambda *_: None
    await devnet.mine()
    (position,) = (await taken(reader, NOON + timedelta(hours=1))).positions
    assert position.links is not None


@pytest.mark.parametrize(
    "log",
    [
        pytest.param({"topics": [], "logIndex": "0x1"}, id="no topics"),
        pytest.param({"topics": ["0x00"], "logIndex": {}}, id="an index that is an object"),
    ],
)
async def test_malformed_logs_leave_all_but_the_entry_in_sight(
    pair: tuple[Node, Node], devnet: Devnet, reader_on: Any, log: dict[str, Any]
) -> None:
    first, _ = pair
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    first.fault = lambda method, _: {"result": [log]} if method == "eth_getLogs" else None
    reader = await reader_on(devnet, {"nft": (token_id,)}, rpc=(first.scripted.url,))
    (position,) = (await taken(reader, NOON)).positions
    assert position.basis is None
    assert "answered eth_getLogs with a malformed log" in position.basis_note


async def test_logs_of_other_blocks_than_were_asked_for_count_no_fees_twice(
    pair: tuple[Node, Node], devnet: Devnet, reader_on: Any
) -> None:
    first, _ = pair
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    await devnet.swap_volume(100_000)
    await devnet.collect(token_id)
    collected = (await devnet.head()).number
    await devnet.rpc.call("anvil_mine", hex(70))
    reader = await reader_on(devnet, {"nft": (token_id,)}, rpc=(first.scripted.url,))
    (before,) = (await taken(reader, NOON)).positions
    assert before.basis is not None
    assert before.basis.collected0 > 0
    await devnet.swap_volume(100_000)
    await devnet.collect(token_id)
    honest = first.scripted.script

    async def wider(method: str, params: list[Any]) -> Any:
        if method == "eth_getLogs":
            params = [params[0] | {"fromBlock": hex(collected)}]
        return await honest(method, params)

    first.scripted.script = wider
    (position,) = (await taken(reader, NOON + timedelta(seconds=12))).positions
    assert position.basis is None
    assert "logs that it was not asked for" in position.basis_note
    first.scripted.script = honest
    await devnet.mine()
    (position,) = (await taken(reader, NOON + timedelta(minutes=2))).positions
    fresh = await reader_on(devnet, {"nft": (token_id,)})
    (told,) = (await taken(fresh, NOON)).positions
    assert position.basis is not None
    assert told.basis is not None
    assert position.basis.collected0 == told.basis.collected0 > before.basis.collected0
