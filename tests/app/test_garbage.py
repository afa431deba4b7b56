"""What an error leaves behind is taken away, however old it has grown."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from monitor.app.garbage import collect_now_and_then, collect_seldom


class _Left:
    """Something in a cycle of its own, as an error that knows the frame that knows it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def seldom() -> Iterator[None]:
    """Let the collector be as in the daemon."""
    before = gc.get_threshold()
    collect_seldom()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


async def test_old_garbage_goes(seldom: None) -> None:  # noqa: ARG001 - a setting
    left, stop, gone = _Left(), asyncio.Event(), asyncio.Event()
    watched = weakref.finalize(left, gone.set)
    gc.collect()  # and it has grown old
    del left
    gc.collect(1)
    assert watched.alive
    async with asyncio.TaskGroup() as group, asyncio.timeout(30):
        group.create_task(collect_now_and_then(stop, every_s=0.001), name="collector")
        await gone.wait()
        stop.set()
