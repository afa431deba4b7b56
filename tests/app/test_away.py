"""A store that is away: people hear of it once by each channel, and of its end; the log goes on."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from monitor.app.away import Outage
from monitor.channels.port import MemoryPerson
from monitor.clock import SystemClock
from monitor.errors import Permanent, Transient

WHY = "postgresql://db/hedgewatch is away: Connection refused"


@dataclass
class Hours(SystemClock):
    """Time that a test turns: sleepers wake once it has come to their moment."""

    at: float = 0.0
    _waiting: list[tuple[float, asyncio.Event]] = field(default_factory=list)

    def seconds(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._waiting.append((self.at + seconds, woken))
        await woken.wait()

    async def pass_by(self, seconds: int, outage: Outage | None = None, why: str = WHY) -> None:
        """Let seconds pass, one by one. outage: of a store that fails in each of them."""
        for _ in range(seconds):
            self.at += 1.0
            if outage is not None:
                outage.failed(why)
            due = [one for one in self._waiting if one[0] <= self.at]
            self._waiting = [one for one in self._waiting if one[0] > self.at]
            for _, woken in due:
                woken.set()
            for _ in range(5):  # turns of the loop: whoever woke does all he can
                await super().sleep(0)


@asynccontextmanager
async def told(*, led: bool, person: MemoryPerson) -> AsyncIterator[tuple[Outage, Hours]]:
    clock = Hours()
    outage = Outage(
        name="a", clock=clock, people=lambda _stack: [person], seconds=clock.seconds, led=led
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(outage.run())
        await clock.pass_by(1)
        yield outage, clock
        task.cancel()


@pytest.mark.parametrize(
    ("led", "who", "after_s", "age"),
    [
        pytest.param(True, "a, which led,", 60, "1 m", id="who led soon"),
        pytest.param(False, "a", 300, "5 m", id="any other late"),
    ],
)
async def test_people_hear_once_that_it_is_away_and_once_that_it_is_over(
    *, led: bool, who: str, after_s: int, age: str
) -> None:
    person = MemoryPerson()
    async with told(led=led, person=person) as (outage, clock):
        await clock.pass_by(after_s, outage)
        assert person.said == []
        await clock.pass_by(900 - after_s, outage)
        (said,) = person.said
        assert said == (
            "🔴 BLIND · database\n"
            f"The store has failed {who} for {age}: {WHY}\n"
            "Unless another daemon reaches it, nothing is watched and no alert sent.\n"
            "Told by a itself, not from the outbox."
        )
        await clock.pass_by(60)
        assert person.said[1:] == [
            "🟢 SEES AGAIN · database, after 14 m\nWhat came and went meanwhile was not seen."
        ]
        await clock.pass_by(after_s - 1, outage)  # another, too short to tell
        await clock.pass_by(600)
        assert len(person.said) == 2


async def test_who_leads_once_it_is_over_tells_nobody_that_it_is_not() -> None:
    person = MemoryPerson()
    async with told(led=False, person=person) as (outage, clock):
        await clock.pass_by(90, outage)
        outage.led = True
        await clock.pass_by(60)
        assert person.said == []


async def test_what_fails_again_and_again_is_one_outage() -> None:
    """As where a daemon leads anew each time, and a full disk takes no commit of its."""
    person = MemoryPerson()
    async with told(led=True, person=person) as (outage, clock):
        for _ in range(20):
            await clock.pass_by(1, outage)
            await clock.pass_by(5)
        assert len(person.said) == 1


async def test_a_channel_that_fails_is_told_later_and_marked_where_it_may_have_heard() -> None:
    person = MemoryPerson(failures=[Transient("no answer", ambiguous=True), Transient("busy")])
    async with told(led=True, person=person) as (outage, clock):
        await clock.pass_by(200, outage)
        (said,) = person.said
        assert said.startswith("Perhaps again: 🔴 BLIND · database\n")
        assert " for 2 m: " in said


async def test_a_channel_that_waits_and_one_that_never_will_hear_nothing_once_it_is_over() -> None:
    wait = Transient("busy", retry_after=timedelta(seconds=100))
    for failure in (wait, Permanent("chat not found")):
        person = MemoryPerson(failures=[failure])
        async with told(led=True, person=person) as (outage, clock):
            await clock.pass_by(100, outage)
            await clock.pass_by(300)
            assert person.said == []


async def test_the_log_hears_of_it_every_ten_minutes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with told(led=False, person=MemoryPerson(failures=[Permanent("none")])) as (
        outage,
        clock,
    ):
        outage.failed("b leads now", logged=True)
        await clock.pass_by(1201, outage)
        await clock.pass_by(60)
    lines = [one.getMessage() for one in caplog.records if one.name == "monitor.app.away"]
    assert [line for line in lines if "telegram" not in line and "person" not in line] == [
        f"the store is away, nobody can lead: {WHY}",
        f"the store is away for 10 m, nobody can lead: {WHY}",
        f"the store is away for 20 m, nobody can lead: {WHY}",
        "the store answers again",
    ]


async def test_who_starts_without_it_waits_for_it_and_tells_people_too() -> None:
    person = MemoryPerson()
    async with told(led=False, person=person) as (outage, clock), asyncio.TaskGroup() as group:
        answers = False

        def opener() -> str:
            if not answers:
                raise Transient(WHY)
            return "open"

        waiting = group.create_task(outage.there(opener))
        await clock.pass_by(310)
        assert len(person.said) == 1
        answers = True
        await clock.pass_by(2)
        assert await waiting == "open"
