"""The private node: it answers, it says why it cannot start, it never outlives its parent."""

import asyncio
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
        with pytest.raises(Permanent, match=f"^port {port} is in use: give another, or 0 for "):
            await AnvilNode(port=port).start()


@pytest.mark.parametrize("port", [65_536, -1])
async def test_a_port_that_is_none_is_said_in_a_sentence(port: int) -> None:
    with pytest.raises(Permanent, match=f"^port {port} is none: they go from 1 to 65535$"):
        await AnvilNode(port=port).start()


async def test_another_node_is_never_taken_over() -> None:
    async with AnvilNode() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(Permanent, match=f"^port {port} is in use"):
            await AnvilNode(port=port).start()
        assert running(first.pid)


def start_mute() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


async def test_the_answer_of_another_node_does_not_count_as_ours(tmp_path: Path) -> None:
    silent = start_mute()
    async with AnvilNode() as other:
        late = AnvilNode()
        late.url = other.url
        asked = asyncio.ensure_future(late._answers(silent, tmp_path / "bound.json"))
        await SystemClock().sleep(0.1)
        assert not asked.done()
        silent.communicate()
        assert await asked is False


async def test_a_port_is_had_again_at_once_after_its_node_was_killed() -> None:
    async with AnvilNode() as first, Rpc(first.url) as rpc:
        await rpc.call("eth_blockNumber")
        first.kill()
        async with AnvilNode(port=int(first.url.rpartition(":")[2])) as second:
            assert second.url == first.url


async def test_a_killed_node_is_a_transient_failure_for_who_asks() -> None:
    async with AnvilNode() as node, Rpc(node.url) as rpc:
        await rpc.call("eth_blockNumber")
        node.kill()
        port = node.url.rpartition(":")[2]
        told = f"the local chain on port {port} stopped answering: "
        with pytest.raises(Transient, match=f"^{told}it closed the connection$"):
            await rpc.call("eth_blockNumber")
        with pytest.raises(Transient, match=f"^{told}nothing listens there any more$"):
            await rpc.call("eth_blockNumber")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(b"", "it closed the connection", id="silence"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "its answer broke off", id="half"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "what came is not JSON", id="text"
        ),
        pytest.param(None, "nothing came within 0.2 s", id="no answer at all"),
    ],
)
async def test_what_is_no_answer_is_said_in_a_sentence(answer: bytes | None, why: str) -> None:
    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1 if answer is None else 4096)
        writer.write(answer or b"")
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        served.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Rpc(f"http://127.0.0.1:{port}", timeout_s=0.2) as rpc:
        with pytest.raises(Transient) as caught:
            await rpc.call("eth_blockNumber")
        await served.wait()
    assert str(caught.value) == f"the local chain on port {port} stopped answering: {why}"


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
