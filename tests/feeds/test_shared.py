"""One question for all who ask: once, shared whole, its refusals too, and asked anew in time."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from monitor.clock import SystemClock
from monitor.errors import Permanent, Transient
from monitor.feeds.shared import SharedFeed
from monitor.model.reading import Reading

READING = Reading(
    name="vix", value=17.0, unit="points", as_of=datetime(2026, 10, 2, tzinfo=UTC), source="slow"
)


@dataclass
class Slow:
    """A provider that answers when it is let, as told."""

    answers: list[tuple[Reading, ...] | Exception]
    name: str = "slow"
    asked: int = 0
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> tuple[Reading, ...]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        await self.let.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Watch:
    """A stopwatch that is moved by hand."""

    at: float = 100.0

    def __call__(self) -> float:
        return self.at


def shared(
    *answers: tuple[Reading, ...] | Exception, fresh_s: float = 60
) -> tuple[Slow, Watch, SharedFeed]:
    slow, watch = Slow(list(answers)), Watch()
    return slow, watch, SharedFeed(slow, fresh_s=fresh_s, seconds=watch)


async def begun(slow: Slow, times: int = 1) -> None:
    """Let everything run until the provider has been asked so often."""
    async with asyncio.timeout(1):
        while slow.asked < times:
            await SystemClock().sleep(0)


@pytest.mark.parametrize(
    "fresh_s",
    [
        pytest.param(60, id="an answer that stays fresh"),
        pytest.param(0, id="an answer that is old at once, but was waited for"),
    ],
)
async def test_eight_who_ask_at_once_make_one_request(fresh_s: float) -> None:
    slow, _, feed = shared((READING,), fresh_s=fresh_s)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(feed.read()) for _ in range(8)]
        await begun(slow)
        slow.let.set()
    assert [task.result() for task in tasks] == [(READING,)] * 8
    assert slow.asked == 1


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(Transient("slow refused us"), id="for now"),
        pytest.param(Permanent("slow sends something else"), id="for good"),
        pytest.param(ZeroDivisionError("a fault of ours"), id="by a fault nobody foresaw"),
    ],
)
async def test_a_refusal_is_shared_by_all_and_kept_as_long_as_an_answer(refusal: Exception) -> None:
    slow, watch, feed = shared(refusal, (READING,))
    slow.let.set()
    found = await asyncio.gather(*(feed.read() for _ in range(8)), return_exceptions=True)
    assert found == [refusal] * 8
    watch.at += 59.9
    with pytest.raises(type(refusal)):
        await feed.read()
    assert slow.asked == 1
    watch.at += 0.1
    assert await feed.read() == (READING,), "it is asked anew, and works again"


async def test_a_provider_is_asked_anew_once_its_answer_is_old() -> None:
    slow, watch, feed = shared((READING,), ())
    slow.let.set()
    assert await feed.read() == (READING,)
    watch.at += 59
    assert await feed.read() == (READING,)
    watch.at += 1
    assert await feed.read() == ()
    assert slow.asked == 2


async def test_one_who_gives_up_does_not_spoil_it_for_those_who_wait() -> None:
    slow, _, feed = shared((READING,))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(feed.read())
        await begun(slow)
        others = [group.create_task(feed.read()) for _ in range(7)]
        first.cancel()
        await begun(slow, 2)
        slow.let.set()
    assert first.cancelled()
    assert [task.result() for task in others] == [(READING,)] * 7
    assert slow.asked == 2, "the question that was broken off is put once more, for all"


async def test_one_who_gives_up_waiting_leaves_the_question_alone() -> None:
    slow, _, feed = shared((READING,))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(feed.read())
        await begun(slow)
        second = group.create_task(feed.read())
        await SystemClock().sleep(0)
        second.cancel()
        slow.let.set()
    assert first.result() == (READING,)
    assert second.cancelled()
    assert slow.asked == 1
