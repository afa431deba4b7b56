"""Before a critical alert: a second endpoint must tell the same, or the alert says who does not."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from monitor.chain.abi import contract
from monitor.chain.agreement import differences
from monitor.chain.reader import ChainReader
from monitor.chain.watching import Scene
from monitor.devnet.local_chain import Devnet
from monitor.errors import Transient
from monitor.model.observation import Reorg, Snapshot
from monitor.model.position import Basis

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BASIS = Basis(
    liquidity=7,
    hodl0=1_000,
    hodl1=2_000,
    realised_token1=None,
    collected0=0,
    collected1=0,
    opened_at=NOON,
    source="events",
)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Second:
    """A second endpoint: the node's own answers, or a lie about one method, or nothing."""

    def __init__(self, node: Any, devnet: Devnet) -> None:
        self.node = node
        self.url = node.url
        self.lie: Any = None
        self.down = False
        self.refused = ""

        async def script(method: str, params: list[Any]) -> Any:
            if self.down:
                return web.Response(status=503)
            if method == self.refused:
                return {"error": {"code": -32601, "message": "no such method"}}
            answer = (await node.forward(devnet.url, method, params))["result"]
            if self.lie is not None and method == self.lie[0]:
                answer = self.lie[1](answer)
            return {"result": answer}

        node.script = script

    @property
    def host(self) -> str:
        return str(self.url.removeprefix("http://"))


def another_hash(header: dict[str, Any]) -> dict[str, Any]:
    return header | {"hash": "0x" + "ab" * 32}


@pytest.fixture
async def pair(devnet: Devnet, scripted_node: Any, reader_on: Any) -> Any:
    second = Second(scripted_node, devnet)
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    reader = await reader_on(
        devnet, {"nft": (token_id,)}, rpc=(devnet.url, second.url), agree=True, agree_grace_s=60
    )
    reader.confirm_what(lambda _: True)
    return reader, second


async def test_what_does_not_weigh_asks_no_second(pair: Any) -> None:
    reader, second = pair
    reader.confirm_what(lambda _: False)
    assert (await reader.snapshot(NOON)).unconfirmed == ""
    assert "eth_call" not in [method for method, _ in second.node.asked]


async def test_what_weighs_is_taken_where_a_second_tells_the_same(
    pair: Any, devnet: Devnet
) -> None:
    reader, second = pair
    snapshot = await reader.snapshot(NOON)
    assert (snapshot.block, snapshot.unconfirmed) == (await devnet.head(), "")
    asked = [method for method, _ in second.node.asked]
    assert asked[:2] == ["eth_chainId", "eth_getBlockByNumber"]
    await devnet.mine()
    before = len(second.node.asked)
    assert (await reader.snapshot(NOON)).unconfirmed == ""
    # Once all is known there: the block, and the batch at it.
    assert [method for method, _ in second.node.asked[before:]] == [
        "eth_getBlockByNumber",
        "eth_call",
    ]


async def test_another_hash_withholds_it_and_names_both(pair: Any, devnet: Devnet) -> None:
    reader, second = pair
    second.lie = ("eth_getBlockByNumber", another_hash)
    head = await devnet.head()
    for at in (0, 12, 59.9):
        with pytest.raises(Transient) as caught:
            await reader.snapshot(after(at))
        assert str(caught.value) == (
            "what a critical alert would rest on is withheld until 12:01:00 UTC: "
            f"{devnet.url.removeprefix('http://')} and {second.host} differ on block "
            f"{head.number}: its hash is {head.hash[:10]}…{head.hash[-4:]} against 0xabababab…abab"
        )
    # Nobody is blamed before it is known who is wrong.
    assert [one.resting_why for one in reader.health(after(59.9))] == ["", ""]
    second.lie = None
    snapshot = await reader.snapshot(after(59.9))
    assert (snapshot.block, snapshot.unconfirmed) == (head, "")


async def test_another_price_is_named(pair: Any, devnet: Devnet) -> None:
    reader, second = pair
    slot0 = f"{(await devnet.slot0()).sqrt_price_x96:064x}"
    second.lie = ("eth_call", lambda data: data.replace(slot0, f"{int(slot0, 16) + 1:064x}"))
    told = rf"pool {devnet.chain_id}:{devnet.deployment.pool} has sqrt_price_x96 (\d+) against \d+"
    with pytest.raises(Transient, match=told):
        await reader.snapshot(NOON)


async def test_after_the_grace_it_is_taken_and_says_what_speaks_against_it(
    pair: Any, devnet: Devnet
) -> None:
    reader, second = pair
    second.lie = ("eth_getBlockByNumber", another_hash)
    with pytest.raises(Transient, match="withheld until"):
        await reader.snapshot(NOON)
    snapshot = await reader.snapshot(after(60))
    assert snapshot.unconfirmed.startswith(
        f"{devnet.url.removeprefix('http://')} and {second.host} differ on block "
    )
    assert await reader.snapshot(after(61)) is None
    # Another block, and the dispute goes on: nothing waits a second time.
    await devnet.mine()
    assert "differ on block" in (await reader.snapshot(after(72))).unconfirmed


async def test_a_second_that_is_down_withholds_it_for_no_longer_than_the_grace(
    pair: Any, devnet: Devnet
) -> None:
    reader, second = pair
    second.down = True
    number = (await devnet.head()).number
    told = f"no second endpoint confirms block {number}: {second.host} failed (HTTP 503)"
    with pytest.raises(Transient) as caught:
        await reader.snapshot(NOON)
    assert str(caught.value).endswith(told)
    assert (await reader.snapshot(after(60))).unconfirmed == told


async def test_what_ceases_to_weigh_ends_the_waiting(pair: Any, devnet: Devnet) -> None:
    reader, second = pair
    second.down = True
    with pytest.raises(Transient, match="withheld until 12:01:00"):
        await reader.snapshot(NOON)
    reader.confirm_what(lambda _: False)
    await reader.snapshot(after(12))
    reader.confirm_what(lambda _: True)
    await devnet.mine()
    with pytest.raises(Transient, match="withheld until 12:01:24"):
        await reader.snapshot(after(24))


async def test_a_withheld_reorg_is_told_with_the_snapshot_that_is_taken(
    pair: Any, devnet: Devnet
) -> None:
    reader, second = pair
    shared = (await reader.snapshot(NOON)).block
    before = await devnet.snapshot()
    await devnet.swap_to(260)
    gone = (await reader.snapshot(NOON)).block
    await devnet.revert(before)
    await devnet.swap_to(240)
    second.down = True
    with pytest.raises(Transient, match="withheld"):
        await reader.snapshot(NOON)
    second.down = False
    await devnet.mine()
    # Past the second's rest.
    snapshot = await reader.snapshot(after(13))
    assert snapshot.reorg == Reorg(ancestor=shared.number, dropped=(gone,))


async def test_one_that_agrees_is_enough(
    devnet: Devnet, scripted_node: Any, reader_on: Any
) -> None:
    second = Second(scripted_node, devnet)
    second.lie = ("eth_getBlockByNumber", another_hash)
    third = devnet.url.replace("127.0.0.1", "localhost")
    reader: ChainReader = await reader_on(
        devnet, {"pool": devnet.deployment.pool}, rpc=(devnet.url, second.url, third), agree=True
    )
    reader.confirm_what(lambda _: True)
    snapshot = await reader.snapshot(NOON)
    assert snapshot is not None
    assert snapshot.unconfirmed == ""
    assert second.node.asked


async def test_another_entry_is_named(pair: Any) -> None:
    reader, second = pair
    # Of IncreaseLiquidity the last two words are the amounts: ten times of the first.
    topic = "0x" + contract("nonfungible_position_manager").events["IncreaseLiquidity"].topic.hex()

    def tenfold(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            log | {"data": _with_amount0(log["data"], 10)} if log["topics"][0] == topic else log
            for log in logs
        ]

    second.lie = ("eth_getLogs", tenfold)
    with pytest.raises(
        Transient, match=r"withheld until 12:01:00 UTC: .* differ on block"
    ) as caught:
        await reader.snapshot(NOON)
    told = re.search(r"entry of position (\S+) has hodl0 (\d+) against (\d+)", str(caught.value))
    assert told is not None
    assert int(told[3]) == 10 * int(told[2])
    second.lie = None
    assert (await reader.snapshot(after(30))).unconfirmed == ""


def _with_amount0(data: str, times: int) -> str:
    words = [data[2:][at : at + 64] for at in range(0, len(data) - 2, 64)]
    words[1] = f"{int(words[1], 16) * times:064x}"
    return "0x" + "".join(words)


async def test_an_entry_that_the_second_cannot_tell_is_said_to_be_one_endpoint_s_word(
    pair: Any, devnet: Devnet
) -> None:
    reader, second = pair
    second.refused = "eth_getLogs"
    snapshot = await reader.snapshot(NOON)
    first = devnet.url.removeprefix("http://")
    (token_id,) = [one.token_id for one in snapshot.positions]
    told = f"the entry of #{token_id} was confirmed by one endpoint alone, {first}"
    assert snapshot.unconfirmed == told
    assert snapshot.positions[0].basis is not None


async def test_an_entry_that_the_second_itself_told_is_confirmed_by_nobody(
    devnet: Devnet, scripted_nodes: Any, reader_on: Any
) -> None:
    first, second = [Second(one, devnet) for one in await scripted_nodes(2)]
    first.refused = "eth_getLogs"
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    reader = await reader_on(devnet, {"nft": (token_id,)}, rpc=(first.url, second.url), agree=True)
    reader.confirm_what(lambda _: True)
    snapshot = await reader.snapshot(NOON)
    told = f"the entry of #{token_id} was confirmed by one endpoint alone, {second.host}"
    assert snapshot.unconfirmed == told


def test_another_entry_of_the_same_position_is_a_difference(hand: Any) -> None:
    position = replace(hand.position(1), basis=BASIS)
    ours: Snapshot = hand.snapshot(NOON, position)
    other = replace(position, basis=replace(BASIS, hodl0=10 * BASIS.hodl0))
    scene = Scene(pools=ours.pools, positions=(other,), missing=(), known={}, usd=())
    assert list(differences(ours, scene)) == [
        f"entry of position {position.key} has hodl0 1000 against 10000"
    ]
    # Whether a block is final, or an old price can be had, is no difference.
    later = replace(BASIS, provisional=True, realised_token1=-5)
    scene = replace(scene, positions=(replace(position, basis=later),))
    assert list(differences(ours, scene)) == []


def test_each_difference_is_named(hand: Any) -> None:
    ours: Snapshot = hand.snapshot(NOON, hand.position(1), hand.position(2))
    theirs = hand.snapshot(NOON, hand.position(1, ticks=(0, 60)), hand.position(3), tick=0)
    scene = Scene(pools=theirs.pools, positions=theirs.positions, missing=(), known={}, usd=())
    told = [
        text.replace(hand.key(1).rpartition(":")[0], "KEY") for text in differences(ours, scene)
    ]
    assert [text.partition(" has ")[2].partition(" ")[0] for text in told[:2]] == [
        "sqrt_price_x96",
        "tick",
    ]
    assert told[2:] == [
        "position KEY:1 has tick_lower 220100 against 0",
        "position KEY:1 has tick_upper 222100 against 60",
        "position KEY:2 is known to one alone",
        "position KEY:3 is known to the other alone",
    ]
    same = Scene(pools=ours.pools, positions=ours.positions, missing=(), known={}, usd=())
    assert list(differences(ours, same)) == []


async def test_a_second_that_is_a_block_behind_withholds_it_and_is_not_said_to_be_at_fault(
    pair: Any, devnet: Devnet
) -> None:
    reader, second = pair
    number = hex((await devnet.head()).number)
    caught_up = second.node.script

    async def behind(method: str, params: list[Any]) -> Any:
        if method == "eth_getBlockByNumber" and params[0] == number:
            return {"result": None}
        return await caught_up(method, params)

    second.node.script = behind
    with pytest.raises(Transient, match=f"{second.host} has no block"):
        await reader.snapshot(NOON)
    assert reader.health(NOON)[1].resting_why == ""
    second.node.script = caught_up
    assert (await reader.snapshot(after(1))).unconfirmed == ""


async def test_a_second_that_answers_without_a_result_is_at_fault_and_not_behind(
    pair: Any,
) -> None:
    reader, second = pair
    sound = second.node.script

    async def without(method: str, params: list[Any]) -> Any:
        return {} if method == "eth_getBlockByNumber" else await sound(method, params)

    second.node.script = without
    with pytest.raises(Transient, match=f"{second.host} answered .* without a result"):
        await reader.snapshot(NOON)
    assert "without a result" in reader.health(NOON)[1].resting_why
