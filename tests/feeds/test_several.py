"""Several things asked of one provider: what is told is given, what is not is said once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.several import Several, first_of, likeliest_to_pass
from monitor.model.reading import Reading

Question = Callable[[], Awaitable[tuple[Reading, ...]]]


def reading(name: str) -> Reading:
    at = datetime(2026, 10, 2, tzinfo=UTC)
    return Reading(name=name, value=1.0, unit="points", as_of=at, source="test")


def gives(name: str) -> Question:
    async def answer() -> tuple[Reading, ...]:
        return (reading(name),)

    return answer


def fails(error: Exception) -> Question:
    async def answer() -> tuple[Reading, ...]:
        raise error

    return answer


async def test_what_is_answered_is_given_in_the_order_asked() -> None:
    told = await Several("test").ask({"one": gives("vix"), "two": fails(Permanent("no two")),
                                      "three": gives("vvix")})  # fmt: skip
    assert [one.name for one in told] == ["vix", "vvix"]


async def test_all_are_asked_at_once() -> None:
    meet = asyncio.Barrier(2)

    async def waits() -> tuple[Reading, ...]:
        async with asyncio.timeout(5):
            await meet.wait()
        return (reading("vix"),)

    assert len(await Several("test").ask({"one": waits, "two": waits})) == 2


@pytest.mark.parametrize(
    ("errors", "raised"),
    [
        pytest.param(("permanent one", "transient two"), "transient two", id="what may pass"),
        pytest.param(("transient one", "transient two"), "transient one", id="the first of them"),
        pytest.param(("permanent one", "permanent two"), "permanent one", id="the first for good"),
    ],
)
async def test_when_nothing_is_answered_one_failure_is_raised_and_nothing_logged(
    errors: tuple[str, ...], raised: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    found: list[HedgewatchError] = [
        Transient(said) if said.startswith("transient") else Permanent(said) for said in errors
    ]
    assert str(likeliest_to_pass(found)) == raised
    with pytest.raises(HedgewatchError, match=raised):
        await Several("test").ask(
            {said: fails(one) for said, one in zip(errors, found, strict=True)}
        )
    assert caplog.messages == []


async def test_a_silence_is_said_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    several, broken = Several("test"), fails(Transient("HTTP 500"))
    for two in (broken, broken, gives("vvix"), gives("vvix"), broken):
        await several.ask({"one": gives("vix"), "two": two})
    assert caplog.messages == [
        "test tells no two: HTTP 500",
        "test tells two again",
        "test tells no two: HTTP 500",
    ]


def test_parts_of_one_answer_are_sorted_alike(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Reading:
        raise Permanent("no such column")

    told = Several("test").hear({"one": lambda: reading("vix"), "two": broken})
    assert [one.name for one in told] == ["vix"]
    assert caplog.messages == ["test tells no two: no such column"]
    with pytest.raises(Permanent, match="no such column"):
        Several("test").hear({"two": broken})


async def test_a_fault_of_ours_is_not_swallowed() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await Several("test").ask({"one": gives("vix"), "two": fails(KeyError("bug"))})
    assert caught.group_contains(KeyError)


async def test_the_first_host_that_answers_is_heard() -> None:
    asked = []

    async def ask(host: str) -> str:
        asked.append(host)
        if host != "third":
            raise Transient(f"{host} is in trouble")
        return host

    assert await first_of(("first", "second", "third", "fourth"), ask) == "third"
    assert asked == ["first", "second", "third"]
    with pytest.raises(Transient, match=r"^first is in trouble$"):
        await first_of(("first", "second"), ask)
