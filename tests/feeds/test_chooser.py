"""Falling back from feed to feed, and saying so once."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.chooser import FallbackFeed
from monitor.feeds.port import Feed, ScriptedFeed
from monitor.model.reading import Reading

DOWN = Transient("cdn.cboe.com is in trouble (HTTP 500)")
OPEN = datetime.fromisoformat("2026-10-02T12:00:00-04:00")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(OPEN)


def vix(source: str, minutes_old: float = 16, name: str = "vix") -> tuple[Reading, ...]:
    as_of = OPEN - timedelta(minutes=minutes_old)
    return (Reading(name=name, value=16.5, unit="points", as_of=as_of, source=source),)


def feed(name: str, *script: tuple[Reading, ...] | HedgewatchError) -> ScriptedFeed:
    return ScriptedFeed(name=name, script=script)


@dataclass(frozen=True, slots=True)
class Broken:
    """Fails as no adapter should."""

    name: str

    async def read(self) -> tuple[Reading, ...]:
        raise OverflowError("date value out of range")


def chosen(clock: ManualClock, *feeds: Feed, signal: str = "vix") -> FallbackFeed:
    return FallbackFeed(signal=signal, feeds=feeds, clock=clock)


async def source_of(choice: FallbackFeed) -> str:
    return (await choice.read())[0].source


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


async def test_the_first_feed_is_taken_and_the_second_left_alone(clock: ManualClock) -> None:
    second = feed("yahoo", vix("yahoo"))
    assert await source_of(chosen(clock, feed("cboe", vix("cboe")), second)) == "cboe"
    assert second.asked == 0


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(DOWN, id="one that may work later"),
        pytest.param(Permanent("cboe sent no data"), id="one that will not"),
        pytest.param(vix("cboe", minutes_old=36), id="an old value"),
        pytest.param((), id="no value"),
        pytest.param(vix("cboe", name="dvol.eth"), id="another signal"),
    ],
)
async def test_a_failure_leads_to_the_second(
    clock: ManualClock, failure: tuple[Reading, ...] | HedgewatchError
) -> None:
    choice = chosen(clock, feed("cboe", failure), feed("yahoo", vix("yahoo")))
    assert await source_of(choice) == "yahoo"


@pytest.mark.parametrize(
    ("minutes_old", "source"),
    [
        pytest.param(-1, "cboe", id="as far ahead as two clocks may differ"),
        pytest.param(-2, "yahoo", id="further ahead"),
        pytest.param(70 * 366 * 24 * 60, "yahoo", id="before any calendar"),
    ],
)
async def test_a_value_whose_age_cannot_be_told_leads_to_the_second(
    clock: ManualClock, minutes_old: float, source: str
) -> None:
    first = feed("cboe", vix("cboe", minutes_old=minutes_old))
    assert await source_of(chosen(clock, first, feed("yahoo", vix("yahoo")))) == source


async def test_a_story_s_clock_has_no_limit_ahead(clock: ManualClock) -> None:
    clock.lead = timedelta.max
    choice = chosen(clock, feed("cboe", vix("cboe", minutes_old=-600)))
    assert await source_of(choice) == "cboe"


async def test_what_nobody_foresaw_leads_to_the_second_and_leaves_one_traceback(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    choice = chosen(clock, Broken("cboe"), feed("yahoo", vix("yahoo")))
    assert [await source_of(choice) for _ in range(3)] == ["yahoo"] * 3
    traceback, outage = caplog.records
    assert traceback.exc_info
    assert traceback.exc_info[0] is OverflowError
    assert outage.getMessage() == (
        "vix now comes from yahoo; cboe failed in an unforeseen way (OverflowError): see the log"
    )


async def test_the_limit_itself_is_not_yet_old(clock: ManualClock) -> None:
    choice = chosen(clock, feed("cboe", vix("cboe", minutes_old=35)), feed("yahoo", vix("yahoo")))
    assert await source_of(choice) == "cboe"


async def test_a_switch_is_said_once_and_so_is_its_end(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first = feed("cboe", vix("cboe"), DOWN, DOWN, DOWN, vix("cboe"), vix("cboe"))
    choice = chosen(clock, first, feed("yahoo", vix("yahoo")))
    sources = [await source_of(choice) for _ in range(6)]
    assert sources == ["cboe", "yahoo", "yahoo", "yahoo", "cboe", "cboe"]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "vix now comes from yahoo; cboe: cdn.cboe.com is in trouble (HTTP 500)"),
        ("INFO", "cboe answers again"),
    ]


async def test_when_every_value_is_old_the_newest_is_given_for_the_rules_to_judge(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    choice = chosen(
        clock,
        feed("cboe", vix("cboe", minutes_old=90)),
        feed("yahoo", vix("yahoo", minutes_old=50)),
    )
    assert [await source_of(choice) for _ in range(3)] == ["yahoo"] * 3
    assert said(caplog) == [
        (
            "vix has nothing fresh; cboe gives nothing newer than 02 Oct 14:30 UTC; "
            "yahoo gives nothing newer than 02 Oct 15:10 UTC"
        )
    ]


async def test_an_old_value_is_better_than_none(clock: ManualClock) -> None:
    choice = chosen(clock, feed("cboe", vix("cboe", minutes_old=90)), feed("yahoo", DOWN))
    assert await source_of(choice) == "cboe"


async def test_at_the_weekend_fridays_close_is_not_old(clock: ManualClock) -> None:
    clock.present = datetime.fromisoformat("2026-10-04T12:00:00-04:00")
    close = datetime.fromisoformat("2026-10-02T16:00:00-04:00")
    reading = Reading(name="vix", value=16.63, unit="points", as_of=close, source="cboe")
    second = feed("yahoo", vix("yahoo"))
    assert await source_of(chosen(clock, feed("cboe", (reading,)), second)) == "cboe"
    assert second.asked == 0


@pytest.mark.parametrize(
    ("opened", "source"),
    [
        pytest.param("09:50:30", "cboe", id="as late as the quotes come"),
        pytest.param("10:05:30", "yahoo", id="later"),
    ],
)
async def test_the_index_s_last_trade_is_not_old_before_the_next_quote_comes(
    clock: ManualClock, opened: str, source: str
) -> None:
    """It trades until 16:00 New York on Friday, and is quoted 20 minutes late on Monday."""
    clock.present = datetime.fromisoformat(f"2026-11-23T{opened}-05:00")
    friday = datetime.fromisoformat("2026-11-20T16:00:00-05:00")
    quote = Reading(name="spx.price", value=6_900.0, unit="points", as_of=friday, source="cboe")
    second = replace(quote, as_of=clock.present, source="yahoo")
    choice = chosen(clock, feed("cboe", (quote,)), feed("yahoo", (second,)), signal="spx.price")
    assert await source_of(choice) == source


async def test_settlements_of_every_expiry_come_together(clock: ManualClock) -> None:
    curve = tuple(
        Reading(name="vx.settle", key=key, value=20.0, unit="points", as_of=OPEN, source="one")
        for key in ("2026-10-21", "2026-11-18")
    )
    choice = chosen(clock, feed("one", curve), signal="vx.settle")
    assert await choice.read() == curve


async def test_when_all_fail_the_reason_names_them_all(clock: ManualClock) -> None:
    refused = Transient("yahoo refused us", retry_after=timedelta(seconds=60))
    with pytest.raises(Transient) as caught:
        await chosen(
            clock, feed("cboe", Permanent("cboe sent no data")), feed("yahoo", refused)
        ).read()
    assert str(caught.value) == "cboe sent no data; yahoo refused us"
    assert caught.value.retry_after == timedelta(seconds=60)


async def test_when_none_will_ever_work_that_is_permanent(clock: ManualClock) -> None:
    with pytest.raises(Permanent, match="cboe sent no data"):
        await chosen(clock, feed("cboe", Permanent("cboe sent no data"))).read()


async def test_its_name_is_the_signal(clock: ManualClock) -> None:
    assert chosen(clock, feed("cboe", vix("cboe"))).name == "vix"
