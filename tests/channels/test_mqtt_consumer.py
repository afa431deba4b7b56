"""The consumer to copy from: each event once, over repeats, its own death and the broker's."""

import asyncio
import inspect
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.consumer import consume
from monitor.clock import SystemClock
from monitor.devnet.broker import Broker
from monitor.devnet.child import spawn
from tests.channels import aedes

LINES = 20


def test_it_is_short_enough_to_be_copied() -> None:
    _, _, body = inspect.getsource(consume).partition('keys."""')
    assert 0 < len([line for line in body.splitlines() if line.strip()]) <= LINES


@pytest.fixture(params=["mosquitto, 5", "mosquitto, 3.1.1", "aedes, 3.1.1"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Any, str]]:
    """A broker, and the protocol to speak."""
    kind, _, protocol = request.param.partition(", ")
    if kind == "mosquitto":
        request.getfixturevalue("mosquitto")
        async with Broker() as broker:
            yield broker, protocol
    else:
        if aedes.modules() is None or aedes.node() is None:
            pytest.skip("aedes is missing: run `make setup`")
        async with aedes.Aedes() as old:
            yield old, protocol


@contextmanager
def consumer(broker: Any, protocol: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run it as its own process, killed at the end of the block."""
    seen = folder / "seen.db"
    words = (
        "-m",
        "monitor.channels.consumer",
        broker.host,
        str(broker.port),
        "home",
        seen,
        protocol,
    )
    process = spawn([sys.executable, *words], output=subprocess.PIPE, errors=None)  # type: ignore[arg-type]
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def told(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        line = await asyncio.to_thread(process.stdout.readline)
    key: str = json.loads(line)["idem"]
    return key


async def known(folder: Path, count: int) -> None:
    """Wait until so many keys are kept."""
    with closing(sqlite3.connect(folder / "seen.db")) as seen:
        async with asyncio.timeout(10):
            while seen.execute("SELECT count(*) FROM told").fetchone()[0] < count:
                await SystemClock().sleep(0.005)


async def test_each_event_is_told_once(
    place: tuple[Any, str], running: Any, make_message: Any, tmp_path: Path
) -> None:
    broker, protocol = place

    def message(number: int, **how: Any) -> Any:
        return make_message(idem=f"L2.add:book:{number}:firing", **how)

    async with running(broker, protocol=protocol) as channel:
        with consumer(broker, protocol, tmp_path) as first:
            # Until it has subscribed nothing is kept for it.
            heard = asyncio.ensure_future(told(first))
            while not heard.done():
                await channel.send(message(1, repeat=True))
                await asyncio.wait({heard}, timeout=0.05)
            assert heard.result() == "L2.add:book:1:firing"
            await channel.send(message(1, repeat=True))
            await channel.send(message(2))
            assert await told(first) == "L2.add:book:2:firing"
            await known(tmp_path, 2)  # killed before, it would tell that one again
        await channel.send(message(2, repeat=True))  # while it is dead
        await channel.send(message(3))
        with consumer(broker, protocol, tmp_path) as second:
            assert await told(second) == "L2.add:book:3:firing"
            await channel.send(message(4))
            assert await told(second) == "L2.add:book:4:firing"


async def test_it_waits_for_a_broker_and_outlives_it(
    broker: Broker, running: Any, make_message: Any, tmp_path: Path
) -> None:
    await broker.stop()
    with consumer(broker, "5", tmp_path) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, 1)
        for number in range(2):
            await broker.start()
            async with running(broker) as channel:
                heard = asyncio.ensure_future(told(process))
                while not heard.done():
                    await channel.send(make_message(idem=str(number), repeat=True))
                    await asyncio.wait({heard}, timeout=0.05)
                assert heard.result() == str(number)
            await broker.kill()


def test_what_it_is_asked_wrongly_is_answered_with_how() -> None:
    done = subprocess.run(
        (sys.executable, "-m", "monitor.channels.consumer", "h", "x"),
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("usage: ")
