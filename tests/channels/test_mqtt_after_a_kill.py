"""What a consumer sees of a daemon that is killed and started again: in the end, `online`."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from monitor.devnet.broker import Broker
from monitor.devnet.child import spawn

STATUS = "hedgewatch/home/status"
DAEMON = """
import asyncio, sys
from monitor.channels.mqtt import MqttChannel, MqttSettings
from monitor.clock import SystemClock

port, will_delay_s = map(int, sys.argv[1:])
settings = MqttSettings(host="127.0.0.1", port=port, will_delay_s=will_delay_s, heartbeat_s=0)
channel = MqttChannel(settings, "home", clock=SystemClock(), random=lambda: 0.5)
asyncio.run(channel.run(asyncio.Event()))
"""


@contextmanager
def daemon(broker: Broker, *, will_delay_s: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon that is killed at the end of the block."""
    process = spawn([sys.executable, "-c", DAEMON, str(broker.port), str(will_delay_s)])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def states(ear: Any) -> list[str]:
    return [json.loads(payload)["state"] for payload in ear.payloads(STATUS)]


async def test_a_quick_restart_is_no_news_and_a_late_one_ends_online(
    broker: Broker, listening: Any
) -> None:
    async with listening(broker) as ear:
        with daemon(broker, will_delay_s=30):
            await ear.until(lambda heard: states(heard) == ["online"])
        with daemon(broker, will_delay_s=1):
            await ear.until(lambda heard: len(states(heard)) == 2)
        await ear.until(lambda heard: len(states(heard)) == 3)
        with daemon(broker, will_delay_s=1):
            await ear.until(lambda heard: len(states(heard)) == 4)
            await hears_no_more(ear, 1.5)
    assert states(ear) == ["online", "online", "offline", "online"]


async def hears_no_more(ear: Any, seconds: float) -> None:
    """Give the will of the dead its delay, in the broker's time, to come late."""
    had = len(states(ear))
    try:
        async with asyncio.timeout(seconds):
            await ear.until(lambda heard: len(states(heard)) > had)
    except TimeoutError:
        return
    raise AssertionError(f"the status changed again: {states(ear)}")


async def test_over_its_lives_the_broker_knows_it_by_one_name(
    broker: Broker, listening: Any
) -> None:
    async with listening(broker) as ear:
        for life in (1, 2):
            with daemon(broker, will_delay_s=30):
                await ear.until(lambda heard, life=life: len(states(heard)) == life)
    known = re.findall(r"New client connected from \S+ as (hedgewatch-\S+) ", broker.log)
    assert [name for name in known if not name.endswith("-probe")] == ["hedgewatch-home"] * 2
