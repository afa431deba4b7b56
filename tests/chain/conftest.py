"""A reader on the private node, and a node that answers as a script says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from monitor.chain.checkpoint import Checkpoints
from monitor.chain.history import Told
from monitor.chain.reader import ChainReader, chain_reader
from monitor.chain.settings import ChainSettings, EntrySettings, LinkSettings, WatchSettings
from monitor.devnet.contracts import deploy
from monitor.devnet.local_chain import Devnet, attach
from monitor.devnet.rpc import Rpc
from monitor.devnet.sender import Sender

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
