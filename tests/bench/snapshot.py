"""`snapshot`: a thousand positions in ten pools, read, decoded and valued at one block."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession
from web3 import HTTPProvider, Web3

from monitor.amm.measure import Scales, measure, usd_prices
from monitor.chain.reader import ChainReader, chain_reader
from monitor.chain.settings import ChainSettings, WatchSettings
from monitor.clock import SystemClock
from monitor.devnet.child import end, spawn
from monitor.devnet.contracts import MANAGER, POOL
from monitor.devnet.parts import artifact
from monitor.model.observation import Snapshot
from tests.bench.table import Figure, Table
from tests.bench.timing import Times, settled
from tests.bench.world import World

POSITIONS = 1_000
_CLOCK = SystemClock()
_ROUNDS = 36  # at least, and on a busy machine as many as _MOST_ROUNDS
_MOST_ROUNDS = 96
_NAIVE = 20
_PASSES = 12
_PAUSE_S = 1.0  # a shared machine is slow for seconds on end


async def run(world: World, owner: str, table: Table) -> None:
    """Measure against a real node, then against one that answers from memory."""
    async with canned(world) as url:
        calls = await _steady_calls(world, owner, url)
        await _on_anvil(world, owner, calls, table)
        await _canned(world, owner, url, table)


async def _on_anvil(
    world: World, owner: str, calls: Sequence[dict[str, Any]], table: Table
) -> None:
    ours, bare = Times(), Times()
    async with reader_of(world, world.devnet.url, owner) as reader, ClientSession() as session:
        await _valued(reader)
        for turn in range(_MOST_ROUNDS):
            if turn >= _ROUNDS and settled(ours.wall) and settled(bare.wall):
                break
            await world.trade()
            block = hex((await world.devnet.head()).number)
            bodies = [_body(call, block) for call in calls]
            await _post(session, world.devnet.url, bodies)  # the node's own first look at a block
            for side in ("bare", "ours") if turn % 2 else ("ours", "bare"):
                if side == "bare":
                    with bare.measured():
                        await _post(session, world.devnet.url, bodies)
                else:
                    with ours.measured():
                        await _valued(reader)
    naive = _naive(world, [p.token_id for p in (await _once(world, owner)).positions])
    told = (
        f"the same {len(calls)} eth_calls one by one by bare aiohttp, keep-alive, unread, on anvil"
    )
    ratio = ours.least_wall / bare.least_wall
    table.add("snapshot.ratio", Figure(value=ratio, unit="times", limit=1.5, against=told))
    table.add(
        "snapshot.ms",
        Figure(
            value=ours.least_wall * 1e3, unit="ms", against=f"bare: {bare.least_wall * 1e3:.0f} ms"
        ),
    )
    table.add(
        "snapshot.naive_ratio",
        Figure(
            value=naive.least_wall * POSITIONS / _NAIVE / bare.least_wall,
            unit="times",
            against=f"the same; web3's contract.functions, {_NAIVE} positions scaled",
        ),
    )
    table.add(
        "snapshot.naive_cpu",
        Figure(
            value=naive.least_cpu * 1e6 / _NAIVE,
            unit="us/position",
            against="web3's contract.functions: our CPU",
        ),
    )


async def _canned(world: World, owner: str, url: str, table: Table) -> None:
    ours = Times()
    head = (await world.devnet.head()).number
    blocks = range(head - 7, head + 1)
    async with ClientSession() as session:
        for turn in range(_PASSES):
            async with reader_of(world, url, owner) as reader:
                for number in blocks:
                    await set_head(session, url, number)
                    # The first pass teaches the node, the first block of each the reader.
                    counts = turn > 0 and number > blocks[0]
                    with (ours if counts else Times()).measured():
                        await _valued(reader)
            await _CLOCK.sleep(_PAUSE_S)
    table.add(
        "snapshot.cpu",
        Figure(
            value=ours.least_cpu * 1e6 / POSITIONS,
            unit="us/position",
            limit=40,
            against=f"canned replies; median {ours.middle_cpu * 1e6 / POSITIONS:.0f}",
        ),
    )


async def _valued(reader: ChainReader) -> Snapshot:
    snapshot = await reader.snapshot(_CLOCK.now())
    assert snapshot is not None
    assert len(snapshot.positions) == POSITIONS
    pools = {state.pool.key: state for state in snapshot.pools}
    scales = {key: Scales(state, usd_prices(state, ())) for key, state in pools.items()}
    for position in snapshot.positions:
        pool = position.pool
        assert measure(position, pools[pool], scales=scales[pool]).il is not None
    return snapshot


async def _once(world: World, owner: str) -> Snapshot:
    async with reader_of(world, world.devnet.url, owner) as reader:
        return await _valued(reader)


async def _steady_calls(world: World, owner: str, url: str) -> list[dict[str, Any]]:
    """Return the eth_calls of a poll once everything is known."""
    async with reader_of(world, url, owner) as reader, ClientSession() as session:
        for _ in range(2):
            await world.trade()
            await set_head(session, url, (await world.devnet.head()).number)
            await _get(session, f"{url}/asked")
            await _valued(reader)
        async with session.get(f"{url}/asked") as response:
            asked = await response.json()
    return [one["params"][0] for one in asked if one["method"] == "eth_call"]


def _body(call: dict[str, Any], block: str) -> bytes:
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, block]}
    return json.dumps(body).encode()


async def set_head(session: ClientSession, url: str, number: int) -> None:
    """Make a block the newest that the node of `canned` tells."""
    await _get(session, f"{url}/head/{number}")


async def _get(session: ClientSession, url: str) -> None:
    async with session.get(url) as response:
        await response.read()


async def _post(session: ClientSession, url: str, bodies: Sequence[bytes]) -> None:
    headers = {"Content-Type": "application/json"}
    for body in bodies:
        async with session.post(url, data=body, headers=headers) as response:
            await response.read()


def _naive(world: World, token_ids: Sequence[int]) -> Times:
    """Read a few positions as web3's own examples do."""
    web3 = Web3(HTTPProvider(world.devnet.url))
    deployment = world.devnet.deployment
    manager: Any = web3.eth.contract(
        address=Web3.to_checksum_address(deployment.manager), abi=artifact(MANAGER)["abi"]
    )
    pools: Any = [
        web3.eth.contract(Web3.to_checksum_address(pool.address), abi=artifact(POOL)["abi"])
        for pool in world.pools
    ]
    times = Times()
    for _ in range(3):
        with times.measured():
            for number, token_id in enumerate(token_ids[:_NAIVE]):
                told = manager.functions.positions(token_id).call()
                manager.functions.ownerOf(token_id).call()
                pool = pools[number % len(pools)].functions
                for getter in (
                    *(pool.slot0, pool.liquidity),
                    *(pool.feeGrowthGlobal0X128, pool.feeGrowthGlobal1X128),
                ):
                    getter().call()
                pool.ticks(told[5]).call()
                pool.ticks(told[6]).call()
    return times


@asynccontextmanager
async def reader_of(world: World, url: str, *owners: str) -> AsyncIterator[ChainReader]:
    """Open a reader of everything these wallets hold."""
    settings = ChainSettings(
        rpc=(url,),
        chain_id=world.devnet.chain_id,
        manager=world.devnet.deployment.manager,
        behind=0,
    )
    watches = [WatchSettings(chain="devnet", wallet=owner) for owner in owners]
    async with chain_reader("devnet", settings, watches=watches) as reader:
        yield reader


@asynccontextmanager
async def canned(world: World) -> AsyncIterator[str]:
    """Run the node that answers from memory, and return its URL."""
    child = spawn(
        [sys.executable, "-m", "tests.bench.canned", world.devnet.url],
        output=subprocess.PIPE,
        errors=subprocess.DEVNULL,
    )
    try:
        assert child.stdout is not None
        yield child.stdout.readline().decode().strip()
    finally:
        end(child)
