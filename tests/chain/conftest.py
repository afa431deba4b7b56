"""A reader on the private node, and a node that answers as a script says."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from monitor.chain.abi import contract
from monitor.chain.checkpoint import Checkpoints
from monitor.chain.history import Told
from monitor.chain.reader import ChainReader, chain_reader
from monitor.chain.registry import MULTICALL3
from monitor.chain.settings import ChainSettings, EntrySettings, LinkSettings, WatchSettings
from monitor.devnet.contracts import deploy
from monitor.devnet.local_chain import Devnet, attach
from monitor.devnet.rpc import Rpc
from monitor.devnet.sender import Sender
from tests.chain.pairs import Node

Script = Callable[[str, list[Any]], Awaitable[web.Response | dict[str, Any]]]


@dataclass(slots=True)
class ScriptedNode:
    """A JSON-RPC server on loopback whose every answer is the script's."""

    url: str = ""
    script: Script | None = None
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    takes_batches: bool = True
    most_a_batch: int = 1_000_000
    batches: list[int] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.connections.add(request.transport)
        body = await request.json()
        if not isinstance(body, list):
            answer = await self.answer(body)
            return web.json_response(answer) if isinstance(answer, dict) else answer
        if not self.takes_batches:
            error = {"code": -32600, "message": "batch requests are not supported"}
            return web.json_response({"jsonrpc": "2.0", "id": None, "error": error}, status=400)
        self.batches.append(len(body))
        if len(body) > self.most_a_batch:
            error = {"code": -32600, "message": f"batch of more than {self.most_a_batch}"}
            return web.json_response({"jsonrpc": "2.0", "id": None, "error": error})
        answers = [await self.answer(one) for one in body]
        # What refuses one call of a batch over HTTP refuses the whole of it.
        refusals = [one for one in answers if not isinstance(one, dict)]
        return refusals[0] if refusals else web.json_response(answers)

    async def answer(self, body: dict[str, Any]) -> web.Response | dict[str, Any]:
        self.asked.append((body["method"], body["params"]))
        assert self.script is not None
        answer = await self.script(body["method"], body["params"])
        return (
            {"jsonrpc": "2.0", "id": body["id"], **answer} if isinstance(answer, dict) else answer
        )

    @staticmethod
    async def forward(url: str, method: str, params: list[Any]) -> dict[str, Any]:
        """Return what a real node answers, error or result."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with ClientSession() as session, session.post(url, json=body) as response:
            told = await response.json()
        return {key: told[key] for key in ("result", "error") if key in told}


@pytest.fixture
async def scripted_nodes() -> AsyncIterator[Callable[[int], Awaitable[list[ScriptedNode]]]]:
    """Starts as many as are asked for."""
    async with AsyncExitStack() as stack:

        async def start() -> ScriptedNode:
            node = ScriptedNode()
            app = web.Application()
            app.router.add_post("/{tail:.*}", node.handle)
            server = TestServer(app)
            await server.start_server(access_log=None)  # which would write the paths it serves
            stack.push_async_callback(server.close)
            node.url = str(server.make_url("/")).rstrip("/")
            return node

        async def build(count: int) -> list[ScriptedNode]:
            return [await start() for _ in range(count)]

        yield build


@pytest.fixture
async def scripted_node(
    scripted_nodes: Callable[[int], Awaitable[list[ScriptedNode]]],
) -> ScriptedNode:
    (node,) = await scripted_nodes(1)
    return node


class ReaderOn(Protocol):
    def __call__(
        self,
        devnet: Devnet,
        *watches: dict[str, Any],
        entries: tuple[EntrySettings, ...] = (),
        links: tuple[LinkSettings, ...] = (),
        checkpoints: Checkpoints | None = None,
        **settings: Any,
    ) -> Awaitable[ChainReader]: ...


@pytest.fixture
async def reader_on() -> AsyncIterator[ReaderOn]:
    """Builds readers of the private node; `behind` is 0 unless said otherwise."""
    async with AsyncExitStack() as stack:

        async def build(
            devnet: Devnet,
            *watches: dict[str, Any],
            entries: tuple[EntrySettings, ...] = (),
            links: tuple[LinkSettings, ...] = (),
            checkpoints: Checkpoints | None = None,
            **settings: Any,
        ) -> ChainReader:
            given = {
                "rpc": (devnet.url,),
                "chain_id": devnet.chain_id,
                "manager": devnet.deployment.manager,
                "behind": 0,
            }
            reader = chain_reader(
                "devnet",
                ChainSettings(**(given | settings)),
                watches=[WatchSettings(chain="devnet", **watch) for watch in watches],
                told=Told(entries=entries, links=links, checkpoints=checkpoints),
            )
            return await stack.enter_async_context(reader)

        yield build


@pytest.fixture
async def other(devnet: Devnet) -> AsyncIterator[Devnet]:
    """A second set of contracts on the node of the first, called PancakeSwap's by the config."""
    async with Rpc(devnet.url) as rpc:
        made = await deploy(rpc, Sender(rpc), usdc_is_token0=True, price=300)
    async with attach(devnet.url, made) as second:
        yield second


_REVERTED = bytes.fromhex("08c379a0")  # Error(string)


@dataclass(slots=True)
class CannedChain:
    """A node whose contracts are functions here: constructed answers, in the real ABIs.

    at: by address, by the contract's shipped ABI and function, what it answers to its
    arguments; a string is what it reverts with. header: more fields of its headers.
    of_multicall: what Multicall3 itself was asked.
    """

    node: ScriptedNode
    chain_id: int = 31_337
    head: int = 100
    at: dict[str, dict[tuple[str, str], Callable[..., Any]]] = field(default_factory=dict)
    header: dict[str, str] = field(default_factory=dict)
    multicall: str = MULTICALL3
    of_multicall: set[bytes] = field(default_factory=set)
    calls: int = 0

    async def script(self, method: str, params: list[Any]) -> dict[str, Any]:
        match method:
            case "eth_chainId":
                return {"result": hex(self.chain_id)}
            case "eth_getBlockByNumber":
                named = {"latest": self.head, "finalized": self.head - 2}
                number = named.get(params[0])
                return {"result": self.block(int(params[0], 16) if number is None else number)}
            case "eth_call":
                return self.call(params[0]["to"], bytes.fromhex(params[0]["data"][2:]), params[1])
            case "eth_getCode":
                return {"result": "0x00" if params[0] in (*self.at, self.multicall) else "0x"}
        return {"result": []}

    def block(self, number: int) -> dict[str, str]:
        name = f"0x{self.chain_id:032x}{number:032x}"
        parent = f"0x{self.chain_id:032x}{number - 1:032x}"
        stamp = hex(1_790_000_000 + 12 * number)
        return {
            "number": hex(number),
            "hash": name,
            "parentHash": parent,
            "timestamp": stamp,
            **self.header,
        }

    def call(self, to: str, data: bytes, block: str) -> dict[str, Any]:
        assert to == self.multicall
        calls = list(_aggregated(data))
        self.calls += len(calls)
        told = [self.one(target, one, block) for target, one in calls]
        heads, tails, at = b"", b"", 32 * len(told)
        for ok, one in told:
            heads += (at + len(tails)).to_bytes(32)
            tails += b"".join(_word(n) for n in (ok, 64, len(one))) + one + bytes(-len(one) % 32)
        return {"result": "0x" + (_word(32) + _word(len(told)) + heads + tails).hex()}

    def one(self, target: str, data: bytes, block: str) -> tuple[bool, bytes]:
        if target == self.multicall:
            self.of_multicall.add(data)
            return True, int(self.block(int(block, 16))["timestamp"], 16).to_bytes(32)
        for (name, function), answer in self.at.get(target, {}).items():
            entry = contract(name).functions[function]
            if entry.selector == data[:4]:
                told = answer(*_arguments(entry.inputs, data[4:]))
                if isinstance(told, str):
                    return False, _REVERTED + encode(["string"], [told])
                plain = not any(kind.endswith("]") or kind == "string" for kind in entry.outputs)
                return True, b"".join(map(_word, told)) if plain else encode(entry.outputs, told)
        return True, b""


def _aggregated(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Cut `aggregate3`'s calls by hand: eth_abi would take a second for some thousands."""
    body = data[4 + 64 :]
    count = int.from_bytes(data[4 + 32 : 4 + 64])
    for n in range(count):
        at = int.from_bytes(body[32 * n : 32 * n + 32])
        size = int.from_bytes(body[at + 96 : at + 128])
        yield _checksummed(body[at + 12 : at + 32]), body[at + 128 : at + 128 + size]


_checksummed = lru_cache(to_checksum_address)


def _arguments(kinds: Sequence[str], data: bytes) -> list[Any]:
    words = [data[at : at + 32] for at in range(0, len(data), 32)]
    return [
        "0x" + word[12:].hex()
        if kind == "address"
        else int.from_bytes(word, signed=kind.startswith("int"))
        for kind, word in zip(kinds, words, strict=True)
    ]


def _word(value: int | str) -> bytes:
    number = int(value, 16) if isinstance(value, str) else value
    return (number % 2**256).to_bytes(32)


@pytest.fixture
async def canned_two(
    scripted_nodes: Callable[[int], Awaitable[list[ScriptedNode]]],
) -> list[CannedChain]:
    nodes = await scripted_nodes(2)
    chains = [CannedChain(node=node) for node in nodes]
    for node, chain in zip(nodes, chains, strict=True):
        node.script = chain.script
    return chains


@pytest.fixture
def canned(scripted_node: ScriptedNode) -> CannedChain:
    chain = CannedChain(node=scripted_node)
    scripted_node.script = chain.script
    return chain


@pytest.fixture
async def pair(devnet: Devnet, scripted_nodes: Any) -> tuple[Node, Node]:
    first, second = [Node(scripted=one, devnet=devnet) for one in await scripted_nodes(2)]
    return first, second
