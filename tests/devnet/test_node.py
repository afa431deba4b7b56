"""The private node: it answers, it says why it cannot start, it never outlives its parent."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.clock import SystemClock, stopwatch
from monitor.devnet.local_chain import open_devnet
from monitor.devnet.node import AnvilNode
from monitor.devnet.rpc import Rpc
from monitor.errors import Permanent, Transient

PARENT = """
import asyncio
from monitor.devnet.node import AnvilNode

async def main():
    node = AnvilNode()
    await node.start()
    print(node.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_starts_at_the_story_s_own_date_and_mines_only_when_told() -> None:
    genesis = datetime(2020, 2, 14, tzinfo=UTC)
    async with AnvilNode(genesis=genesis) as node, Rpc(node.url) as rpc:
        header = await rpc.call("eth_getBlockByNumber", "latest", False)
        assert int(header["timestamp"], 16) == genesis.timestamp()
        assert int(await rpc.call("eth_blockNumber"), 16) == 0


async def test_is_gone_after_its_with_block() -> None:
    async with AnvilNode() as node:
        pid = node.pid
        assert running(pid)
    assert not running(pid)


async def test_a_taken_port_is_said_in_a_sentence() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        node = AnvilNode(port=port)
        with pytest.raises(Permanent, match=f"did not start on http://127.0.0.1:{port}: .+"):
            await node.start()


async def test_a_killed_node_is_a_transient_failure_for_who_asks() -> None:
    async with AnvilNode() as node, Rpc(node.url) as rpc:
        node.kill()
        with pytest.raises(Transient, match="does not answer"):
            await rpc.call("eth_blockNumber")


def start_parent() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
async def test_dies_when_its_parent_is_killed_without_warning() -> None:
    parent = start_parent()
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    try:
        assert running(pid)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        deadline = stopwatch() + 5
        while running(pid) and stopwatch() < deadline:
            await SystemClock().sleep(0.01)
        assert not running(pid)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def test_two_nodes_run_side_by_side() -> None:
    async with AnvilNode() as one, AnvilNode() as other:
        assert one.url != other.url
        async with open_devnet(one, background_usd=0), Rpc(other.url) as rpc:
            assert int(await rpc.call("eth_blockNumber"), 16) == 0
