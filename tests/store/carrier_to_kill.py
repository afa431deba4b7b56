"""Delivers everything due into a file, killing itself at random between two steps of a send."""

import asyncio
import os
import random
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.channels.port import Message
from monitor.clock import ManualClock
from monitor.store.courier import Courier
from monitor.store.sqlite import open_sqlite

NOW = datetime(2020, 3, 10, tzinfo=UTC)


@dataclass
class Deadly:
    file: int
    dice: random.Random
    name: str = "mqtt"

    async def send(self, message: Message) -> None:
        self.perhaps_die("before")
        os.write(self.file, f"{message.alert.key} {message.alert.idem} {message.repeat}\n".encode())
        self.perhaps_die("after")

    def perhaps_die(self, when: str) -> None:
        if self.dice.random() < 0.15:
            os.write(self.file, f"died {when} sending\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, path: str, seed: str) -> None:
    channel = Deadly(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), random.Random(seed))
    courier = Courier(open_sqlite(url, now=NOW), channel, ManualClock(NOW), random.random)
    asyncio.run(courier.deliver_due(NOW))


main(*sys.argv[1:])
