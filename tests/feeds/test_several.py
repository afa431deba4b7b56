"""Several things asked of one provider: what is told is given, what is not is said once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.several import Several, Silence, first_of, likeliest_to_pass
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


@pytest.mark.parametrize(
    ("first", "then", "of"),
    [
        pytest.param(Transient("HTTP 500"), Transient("HTTP 503"), "HTTP 500", id="what may pass"),
        pytest.param(Permanent("HTTP 404"), Permanent("HTTP 410"), "vvix", id="what will not"),
    ],
)
async def test_a_silence_is_one_cause_while_it_lasts(
    first: HedgewatchError, then: HedgewatchError, of: str
) -> None:
    several = Several("test")
    for error in (first, then):
        await several.ask({"vix": gives("vix"), "vvix": fails(error)})
        assert several.silences("vvix") == (Silence("vvix", of, str(error)),)
    assert several.silences("vix") == ()
    await several.ask({"vix": gives("vix"), "vvix": gives("vvix")})
    assert several.silences("vvix") == ()


@pytest.mark.parametrize(
    ("what", "signal", "told"),
    [
        pytest.param("vix", "vix", True, id="a signal"),
        pytest.param("vix", "vix9d", False, id="another that begins alike"),
        pytest.param("macro.cpi", "macro.cpi_mom", True, id="one of its signals"),
        pytest.param("token proxy", "proxy.price", True, id="one of two beginnings"),
        pytest.param("proxy.price.aave", "proxy.price", True, id="a member of it"),
    ],
)
def test_what_is_silent_of_a_signal(what: str, signal: str, *, told: bool) -> None:
    several = Several("test")
    several.note(what, Transient("HTTP 500"))
    assert bool(several.silences(signal)) is told


def test_what_is_silent_as_a_whole_has_no_silent_parts() -> None:
    several = Several("test")
    several.note("funding.btc", Transient("no rate"))
    several.note("funding", Transient("HTTP 500"))
    assert [one.why for one in several.silences("funding.btc_annual")] == ["HTTP 500"]


def test_parts_of_one_answer_are_sorted_alike() -> None:
    def broken() -> Reading:
        raise Permanent("no such column")

    several = Several("test")
    told = several.hear({"one": lambda: reading("vix"), "two": broken})
    assert [one.name for one in told] == ["vix"]
    assert [one.why for one in several.silences("two")] == ["no such column"]
    with pytest.raises(Permanent, match="no such column"):
        Several("test").hear({"two": broken})


async def test_what_nobody_foresaw_costs_only_its_part_and_leaves_one_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> Reading:
        raise KeyError("bug")

    several = Several("test")
    for _ in range(2):
        told = await several.ask({"one": gives("vix"), "two": fails(KeyError("bug"))})
        assert [one.name for one in told] == ["vix"]
        assert several.hear({"one": lambda: reading("vix"), "two": broken}) == told
    said = "test failed in an unforeseen way (KeyError): see the log"
    assert [one.why for one in several.silences("two")] == [said]
    (record,) = caplog.records
    assert record.exc_info
    assert record.exc_info[0] is KeyError


async def test_a_cancelled_question_is_no_failure() -> None:
    asking = asyncio.Event()

    async def waits() -> tuple[Reading, ...]:
        asking.set()
        await asyncio.Event().wait()
        return ()

    several = Several("test")
    asked = asyncio.ensure_future(several.ask({"one": gives("vix"), "two": waits}))
    await asking.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert several.silences("two") == ()


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
