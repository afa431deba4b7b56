"""Failover, and a node between us and the private one that can be made to lie."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from monitor.chain.abi import encode_call
from monitor.chain.endpoints import Endpoints
from monitor.chain.registry import Chain, Dex
from monitor.chain.rpc import Endpoint
from monitor.chain.words import split_aggregate3
from monitor.devnet.local_chain import Devnet
from monitor.devnet.position_book import MintOrder
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.logs import Secret

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEAD = "http://127.0.0.1:1"

Lie = Callable[[str, list[Any], Any], Any]


def chain(devnet: Devnet) -> Chain:
    return Chain(
        name="devnet",
        chain_id=devnet.chain_id,
        dexes=(Dex(protocol="uniswap_v3", manager=devnet.deployment.manager),),
        multicall=devnet.deployment.multicall3,
        behind=0,
        quote=(),
        start_block=None,
        log_range=None,
    )


def between(node: Any, devnet: Devnet, lie: Lie) -> str:
    """Put `node` before the private one: `lie` sees each answer and may change it."""

    async def script(method: str, params: list[Any]) -> Any:
        answer = (await node.forward(devnet.url, method, params))["result"]
        told = lie(method, params, answer)
        return told if isinstance(told, web.Response) else {"result": told}

    node.script = script
    return str(node.url)


async def test_the_next_endpoint_serves_while_the_first_is_down(
    devnet: Devnet, reader_on: Any
) -> None:
    pool = devnet.deployment.pool
    reader = await reader_on(devnet, {"pool": pool}, rpc=(DEAD, devnet.url))
    snapshot = await reader.snapshot(NOON)
    assert len(snapshot.pools) == 1


async def test_a_failed_endpoint_rests_and_is_then_asked_again(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    up: list[bool] = []

    def lie(_method: str, _params: list[Any], answer: Any) -> Any:
        return answer if up else web.Response(status=503)

    url = between(scripted_node, devnet, lie)
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, rpc=(url, devnet.url))
    assert await reader.snapshot(NOON) is not None
    up.append(True)
    first = len(scripted_node.asked)
    await devnet.mine()
    assert await reader.snapshot(NOON + timedelta(seconds=9)) is not None
    assert len(scripted_node.asked) == first
    await devnet.mine()
    assert await reader.snapshot(NOON + timedelta(seconds=13)) is not None
    assert [method for method, _ in scripted_node.asked[first:]] == [
        "eth_chainId",
        "eth_getBlockByNumber",
        "eth_call",
    ]


async def test_a_wait_that_was_asked_for_is_kept(devnet: Devnet, scripted_node: Any) -> None:
    def lie(_method: str, _params: list[Any], _answer: Any) -> Any:
        return web.Response(status=429, headers={"Retry-After": "100"})

    url = between(scripted_node, devnet, lie)
    endpoints = [Endpoint(Secret(one), timeout_s=5) for one in (url, devnet.url)]
    async with Endpoints(chain(devnet), endpoints) as pool:
        for seconds in (0, 50, 99):
            now = NOON + timedelta(seconds=seconds)
            await pool.first_that_works(lambda one: one.call("eth_gasPrice"), now)
        assert endpoints[0].requests_made == 1
        later = NOON + timedelta(seconds=121)  # a fifth longer at most, by chance
        await pool.first_that_works(lambda one: one.call("eth_gasPrice"), later)
        assert endpoints[0].requests_made == 2
        assert pool.requests_made == 2 + endpoints[1].requests_made


async def test_an_absurd_wait_does_not_keep_the_next_endpoint_from_serving(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    absurd = web.Response(status=429, headers={"Retry-After": "99999999999999999"})
    url = between(scripted_node, devnet, lambda *_: absurd)
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, rpc=(url, devnet.url))
    snapshot = await reader.snapshot(NOON)
    assert len(snapshot.pools) == 1


async def test_all_failing_is_one_sentence_naming_each(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    url = between(scripted_node, devnet, lambda *_: web.Response(status=502))
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, rpc=(DEAD, url))
    with pytest.raises(Transient) as caught:
        await reader.snapshot(NOON)
    host = url.removeprefix("http://")
    refused = "127.0.0.1:1 cannot be reached: Connection refused"
    assert str(caught.value) == f"{refused}; {host} failed (HTTP 502)"


async def test_the_wrong_chain_on_one_endpoint_is_passed_over(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    def lie(method: str, _params: list[Any], answer: Any) -> Any:
        return "0xa" if method == "eth_chainId" else answer

    url = between(scripted_node, devnet, lie)
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, rpc=(url, devnet.url))
    assert await reader.snapshot(NOON) is not None
    assert [method for method, _ in scripted_node.asked] == ["eth_chainId"]


async def test_the_chain_is_checked_again_after_a_failure(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    state = ["up"]

    def lie(method: str, _params: list[Any], answer: Any) -> Any:
        if state[0] == "down":
            return web.Response(status=503)
        return "0xa" if state[0] == "another" and method == "eth_chainId" else answer

    url = between(scripted_node, devnet, lie)
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, rpc=(url,))
    assert await reader.snapshot(NOON) is not None
    for state[0], sentence in (("down", "HTTP 503"), ("another", "serves chain id 10")):
        with pytest.raises(HedgewatchError, match=sentence):
            await reader.snapshot(NOON)


async def test_wrong_chains_everywhere_are_permanent(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    def lie(method: str, _params: list[Any], answer: Any) -> Any:
        return "0xa" if method == "eth_chainId" else answer

    url = between(scripted_node, devnet, lie)
    other = url.replace("127.0.0.1", "localhost")
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, rpc=(url, other))
    with pytest.raises(Permanent, match=f"serves chain id 10, but devnet is {devnet.chain_id}; "):
        await reader.snapshot(NOON)


async def test_one_snapshot_never_mixes_endpoints(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    def lie(method: str, _params: list[Any], answer: Any) -> Any:
        return web.Response(status=500) if method == "eth_call" else answer

    url = between(scripted_node, devnet, lie)
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, rpc=(url, devnet.url))
    assert await reader.snapshot(NOON) is not None
    # The first was asked for all up to its failure; the second began from the head.
    assert [method for method, _ in scripted_node.asked] == [
        "eth_chainId",
        "eth_getBlockByNumber",
        "eth_call",
    ]


def another_time(data: str) -> str:
    """Move the witness, the first answer of a batch, by twelve seconds."""
    count = int(data[66:130], 16)
    told = split_aggregate3(bytes.fromhex(data[2:]), count)[0].data.hex()
    return data.replace(told, f"{int(told, 16) - 12:064x}", 1)


def without(name: str) -> Callable[[Any], Any]:
    return lambda answer: {key: value for key, value in answer.items() if key != name}


@pytest.mark.parametrize(
    ("lie_about", "sentence"),
    [
        pytest.param(
            ("eth_call", another_time),
            r"answered for another block than \d+: its clock is -12 s off that block's",
            id="the batch ran in another block",
        ),
        pytest.param(
            ("eth_call", lambda _: "0x"),
            "answered an empty 0x for .*: it lacks block",
            id="an empty 0x where there was an answer before",
        ),
        pytest.param(
            ("eth_call", lambda data: data[:-64]),
            "answered nonsense: a batch's answer is cut short",
            id="a batch cut short",
        ),
        pytest.param(
            ("eth_getBlockByNumber", without("hash")),
            "answered a block header without its fields",
            id="a header without its hash",
        ),
        pytest.param(
            ("eth_getBlockByNumber", lambda header: header | {"timestamp": "0xffffffffffffffffff"}),
            "answered a block header without its fields",
            id="a header from beyond the calendar",
        ),
        pytest.param(
            ("eth_getBlockByNumber", lambda _: None),
            "answered null to eth_getBlockByNumber",
            id="no header",
        ),
    ],
)
async def test_a_lying_node_fails_the_poll_and_is_believed_again_later(
    devnet: Devnet,
    reader_on: Any,
    scripted_node: Any,
    lie_about: tuple[str, Callable[[Any], Any]],
    sentence: str,
) -> None:
    method, change = lie_about
    lying: list[bool] = []

    def lie(asked: str, _params: list[Any], answer: Any) -> Any:
        return change(answer) if lying and asked == method else answer

    url = between(scripted_node, devnet, lie)
    reader = await reader_on(devnet, {"nft": (1,)}, rpc=(url,))
    assert (await reader.snapshot(NOON)).positions
    await devnet.mine()
    lying.append(True)
    with pytest.raises(Transient, match=sentence):
        await reader.snapshot(NOON)
    lying.clear()
    assert (await reader.snapshot(NOON)).positions


async def test_a_batch_too_heavy_is_halved_until_it_passes(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    owner = devnet.deployment.wallets[0]
    order = MintOrder(owner=owner, price_lower=200, price_upper=300, value_usd=100)
    await devnet.mint_many([order] * 8)

    async def script(method: str, params: list[Any]) -> dict[str, Any]:
        if method == "eth_call" and len(params[0]["data"]) > 6_000:
            return {"error": {"code": -32000, "message": "out of gas"}}
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    reader = await reader_on(devnet, {"wallet": owner}, rpc=(scripted_node.url,))
    direct = await reader_on(devnet, {"wallet": owner})
    assert await reader.snapshot(NOON) == await direct.snapshot(NOON)


async def test_one_call_that_burns_all_gas_is_singled_out(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    owner = devnet.deployment.wallets[0]
    order = MintOrder(owner=owner, price_lower=200, price_upper=300, value_usd=100)
    token_ids = await devnet.mint_many([order] * 8)
    bomb = encode_call("nonfungible_position_manager", "ownerOf", token_ids[3]).hex()

    async def script(method: str, params: list[Any]) -> dict[str, Any]:
        if method == "eth_call" and bomb in params[0]["data"]:
            return {"error": {"code": -32000, "message": "out of gas"}}
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    reader = await reader_on(devnet, {"nft": tuple(token_ids)}, rpc=(scripted_node.url,))
    snapshot = await reader.snapshot(NOON)
    assert len(snapshot.positions) == 7
    (missing,) = snapshot.missing
    assert missing.reason == f"position {token_ids[3]}: the contract answered nothing"
    assert not missing.gone


async def test_logs_refused_by_range_are_read_in_smaller_ones(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    await devnet.rpc.call("anvil_mine", hex(1_500))
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    await devnet.rpc.call("anvil_mine", hex(700))
    widths: list[int] = []

    async def script(method: str, params: list[Any]) -> dict[str, Any]:
        if method == "eth_getLogs":
            widths.append(int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1)
            if widths[-1] > 300:
                message = "the range of eth_getLogs is too wide"
                return {"error": {"code": -32602, "message": message}}
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    reader = await reader_on(devnet, {"nft": (token_id,)}, rpc=(scripted_node.url,))
    assert (await reader.snapshot(NOON)).positions[0].basis is not None
    # All of it; then from the mint on, which is 701 blocks; their halves; then what 300 allow.
    assert widths[1:4] == [701, 350, 175]
    assert max(widths[4:]) <= 250


async def test_a_node_without_logs_leaves_a_note_and_everything_else(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    async def script(method: str, params: list[Any]) -> dict[str, Any]:
        if method == "eth_getLogs":
            return {"error": {"code": -32601, "message": "the method is not available"}}
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    reader = await reader_on(devnet, {"nft": (1,)}, rpc=(scripted_node.url,))
    (position,) = (await reader.snapshot(NOON)).positions
    assert position.basis is None
    assert "eth_getLogs" in position.basis_note


async def test_pruned_state_leaves_the_mint_unfound_and_says_what_to_do(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    await devnet.rpc.call("anvil_mine", hex(300))
    head = (await devnet.head()).number

    async def script(method: str, params: list[Any]) -> dict[str, Any]:
        if method == "eth_call" and int(params[1], 16) < head:
            return {"error": {"code": -32000, "message": "missing trie node abc"}}
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    reader = await reader_on(devnet, {"nft": (1,)}, rpc=(scripted_node.url,), log_range=50)
    (position,) = (await reader.snapshot(NOON)).positions
    assert position.basis is None
    assert "state an [[entry]] or start_block" in position.basis_note
    await devnet.mine()
    before = reader.requests_made
    assert (await reader.snapshot(NOON)).positions[0].basis_note == position.basis_note
    assert reader.requests_made - before == 2


async def test_a_failure_is_one_of_the_house_s_own(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"nft": (1,)}, rpc=(DEAD,))
    for _ in range(3):
        with pytest.raises(HedgewatchError, match="cannot be reached"):
            await reader.snapshot(NOON)
