"""What is asked before it is wanted: in order, two at a time, and failing where it is wanted."""

import asyncio

import pytest

from monitor.chain.ahead import Ahead
from monitor.errors import Transient


class Node:
    """Answers what it is let answer; keeps who asks waiting until then."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.dropped: list[str] = []
        self.open = asyncio.Event()

    async def fetch(self, one: str) -> bytes:
        self.asked.append(one)
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.dropped.append(one)
            raise
        if one.startswith("bad"):
            raise Transient(f"{one} failed")
        return one.encode()


async def settled() -> None:
    """Let every task go as far as it can."""
    loop = asyncio.get_running_loop()
    for _ in range(10):
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn


async def test_two_are_in_flight_and_answers_come_in_order() -> None:
    node = Node()
    async with Ahead(node.fetch, "abcd") as ahead, asyncio.TaskGroup() as group:
        first = group.create_task(ahead.get("a"))
        await settled()
        assert node.asked == ["a", "b"]
        node.open.set()
        assert await first == b"a"
        assert [await ahead.get(one) for one in "bcd"] == [b"b", b"c", b"d"]
    assert node.asked == ["a", "b", "c", "d"]


async def test_a_failure_is_raised_where_its_answer_is_wanted() -> None:
    node = Node()
    node.open.set()
    async with Ahead(node.fetch, ["a", "bad", "c"]) as ahead:
        assert await ahead.get("a") == b"a"
        await settled()
        with pytest.raises(Transient, match="bad failed"):
            await ahead.get("bad")
        assert await ahead.get("c") == b"c"


async def test_what_was_not_planned_is_asked_as_well() -> None:
    node = Node()
    node.open.set()
    async with Ahead(node.fetch, []) as ahead:
        assert await ahead.get("x") == b"x"


async def test_whoever_gives_up_leaves_nothing_running_and_hears_his_own_error() -> None:
    node = Node()

    async def give_up() -> None:
        async with Ahead(node.fetch, ["bad", "b", "c"]) as ahead:
            await ahead.get("bad")

    node.open.set()
    with pytest.raises(Transient, match="bad failed"):
        await give_up()
    await settled()
    assert node.asked == ["bad", "b"]


async def test_a_cancelled_wait_cancels_what_was_sent_ahead() -> None:
    node = Node()

    async def wait() -> None:
        async with Ahead(node.fetch, "ab") as ahead:
            await ahead.get("a")

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(wait())
        await settled()
        waiting.cancel()
    assert waiting.cancelled()
    assert sorted(node.dropped) == ["a", "b"]
