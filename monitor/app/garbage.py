"""The garbage collector, held back, and let loose now and then."""

import asyncio
import gc
from contextlib import suppress
from typing import Final

EVERY_S: Final = 300.0


def collect_seldom() -> None:
    """Have the garbage collector leave the state alone for most polls.

    A poll makes ten records a position and they have no cycles; by default the collector
    would walk through all of them every second poll, which takes as long as the poll.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


async def collect_now_and_then(stop: asyncio.Event, *, every_s: float = EVERY_S) -> None:
    """Collect all there is every few minutes, until `stop` is set.

    What fails leaves cycles behind, of errors, frames and sockets. Those that grow old would
    wait for a whole collection, which comes after millions of records: hours, or weeks.
    """
    while not stop.is_set():
        gc.collect()
        with suppress(TimeoutError):
            async with asyncio.timeout(every_s):
                await stop.wait()
