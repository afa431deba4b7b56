"""Outages that last: what is only old, what repeats itself, what many signals share."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.chooser import FallbackFeed
from monitor.feeds.outages import Outages
from monitor.feeds.port import Feed
from monitor.feeds.shared import SharedFeed
from monitor.model.reading import Reading

# Tuesday 24 November 2026, 10:35 in New York: the VIX has been published for an hour.
OPEN = datetime.fromisoformat("2026-11-24T10:35:00-05:00")
CLOSE_BEFORE = datetime.fromisoformat("2026-11-23T16:15:00-05:00")
MINUTE = timedelta(minutes=1)
CBOE = ("vix", "vix9d", "vix3m", "vix6m", "vvix", "skew", "spx.price")
DOWN = Transient("cdn.cboe.com is in trouble (HTTP 500)")
OLD = "cboe_history gives nothing newer than 23 Nov 21:15 UTC"


@pytest.fixture
def clock(caplog: pytest.LogCaptureFixture) -> ManualClock:
    caplog.set_level(logging.INFO)
    return ManualClock(OPEN)


@dataclass(slots=True)
class Told:
    """A provider whose answer is worked out anew: a value and its stamp, or a failure."""

    name: str
    answer: Callable[[], tuple[float, datetime] | HedgewatchError]
    signals: tuple[str, ...] = ("vix",)

    async def read(self) -> tuple[Reading, ...]:
        answer = self.answer()
        if isinstance(answer, HedgewatchError):
            raise answer
        value, as_of = answer
        return tuple(
            Reading(name=name, value=value, unit="points", as_of=as_of, source=self.name)
            for name in self.signals
        )


def moving(clock: ManualClock) -> float:
    """Return a value that never stands still."""
    return 15.0 + (clock.present - OPEN) / timedelta(days=1)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


@pytest.mark.parametrize(
    ("signal", "lasts", "taken_over_after"),
    [
        pytest.param("vix", 5, 180, id="an index: three hours of its session"),
        pytest.param("skew", 24, None, id="the tail's index may stand for a session"),
        pytest.param("dvol.eth", 5, 60, id="an index that ticks around the clock: an hour"),
        pytest.param("eth.price", 5, 60, id="a price: an hour"),
        pytest.param("iv.eth30_cex", 8, 360, id="a smile: six hours"),
        pytest.param("funding.eth_annual", 28, None, id="a rate may be clamped for weeks"),
        pytest.param("rotation.eth_share", 8, 360, id="a share: six hours"),
    ],
)
async def test_a_value_that_repeats_newly_stamped_is_taken_from_the_next(
    clock: ManualClock, signal: str, lasts: int, taken_over_after: int | None
) -> None:
    standing = Told("one", lambda: (0.5, clock.present), (signal,))
    second = Told("two", lambda: (moving(clock), clock.present), (signal,))
    choice = FallbackFeed(signal=signal, feeds=[standing, second], clock=clock)
    first_of_two: float | None = None
    for minute in range(lasts * 60):
        clock.present = OPEN + minute * MINUTE
        (reading,) = await choice.read()
        if reading.source == "two" and first_of_two is None:
            first_of_two = minute
    # The limit itself is not yet too long: the next minute is.
    assert first_of_two == (None if taken_over_after is None else taken_over_after + 1)


async def test_a_frozen_provider_is_said_once_and_its_return_too(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    frozen_until = OPEN + 300 * MINUTE

    def standing() -> tuple[float, datetime]:
        value = 16.5 if clock.present < frozen_until else moving(clock)
        return value, clock.present - 15 * MINUTE

    second = Told("yahoo", lambda: (moving(clock), clock.present - 15 * MINUTE))
    choice = FallbackFeed(signal="vix", feeds=[Told("cboe", standing), second], clock=clock)
    sources = []
    for minute in range(310):
        clock.present = OPEN + minute * MINUTE
        sources.append((await choice.read())[0].source)
    assert lines(caplog) == [
        "WARNING vix now comes from yahoo; cboe has given 16.5 as vix for 3 h 1 m",
        "INFO cboe gives news again",
    ]
    assert sources[-10:] == ["cboe"] * 10


async def test_a_night_is_no_repeating(clock: ManualClock) -> None:
    """From a session's last hour to the next one's first a close may stand."""
    first = Told("cboe", lambda: (16.5, clock.present))
    second = Told("yahoo", lambda: (moving(clock), clock.present))
    choice = FallbackFeed(signal="vix", feeds=[first, second], clock=clock)
    for at in (
        "2026-11-24T15:15:00-05:00",
        "2026-11-25T02:00:00-05:00",
        "2026-11-25T11:29:00-05:00",
    ):
        clock.present = datetime.fromisoformat(at)
        assert (await choice.read())[0].source == "cboe"


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        pytest.param((16.5, CLOSE_BEFORE), f"cboe: {DOWN}; {OLD}", id="only a close is had"),
        pytest.param(
            Permanent("cboe_history sent no data"),
            f"cboe: {DOWN}; cboe_history sent no data",
            id="nothing is had",
        ),
        pytest.param(DOWN, f"cboe, cboe_history: {DOWN}", id="one host is to blame for both"),
    ],
)
async def test_an_outage_nobody_makes_good_is_said_once_and_is_a_gap(
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    second: tuple[float, datetime] | HedgewatchError,
    reason: str,
) -> None:
    out = range(3, 8)

    def first() -> tuple[float, datetime] | HedgewatchError:
        minute = (clock.present - OPEN) // MINUTE
        return DOWN if minute in out else (moving(clock), clock.present - 15 * MINUTE)

    feeds = [Told("cboe", first), Told("cboe_history", lambda: second)]
    choice = FallbackFeed(signal="vix", feeds=feeds, clock=clock)
    gaps = {}
    for minute in range(10):
        clock.present = OPEN + minute * MINUTE
        if (gap := await gap_of(choice)) is not None:
            gaps[minute] = str(gap)
            assert gap.told, "it has been logged here: nobody else logs it"
    assert gaps == dict.fromkeys(out, reason)
    assert lines(caplog) == [f"WARNING vix has nothing fresh; {reason}", "INFO cboe answers again"]


async def test_after_a_start_in_an_outage_the_close_is_given_once(clock: ManualClock) -> None:
    feeds = [Told("cboe", lambda: DOWN), Told("cboe_history", lambda: (16.5, CLOSE_BEFORE))]
    choice = FallbackFeed(signal="vix", feeds=feeds, clock=clock)
    assert (await choice.read())[0].as_of == CLOSE_BEFORE
    with pytest.raises(Transient, match="HTTP 500"):
        await choice.read()


async def test_what_is_fresh_while_the_market_is_closed_is_no_gap(clock: ManualClock) -> None:
    clock.present = datetime.fromisoformat("2026-11-24T02:00:00-05:00")
    feeds = [Told("cboe", lambda: DOWN), Told("cboe_history", lambda: (16.5, CLOSE_BEFORE))]
    choice = FallbackFeed(signal="vix", feeds=feeds, clock=clock)
    assert [(await choice.read())[0].source for _ in range(3)] == ["cboe_history"] * 3


@pytest.mark.parametrize(
    ("fallback_age", "consequence"),
    [
        pytest.param(None, f"vix has nothing fresh; cboe: {DOWN}; {OLD}", id="none is fresh"),
        pytest.param(MINUTE, f"vix now comes from cboe_history; cboe: {DOWN}", id="all fall back"),
    ],
)
async def test_one_outage_of_a_provider_is_one_line_for_all_its_signals(
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    fallback_age: timedelta | None,
    consequence: str,
) -> None:
    def fallback() -> tuple[float, datetime]:
        return moving(clock) + 100, clock.present - fallback_age if fallback_age else CLOSE_BEFORE

    choices = shared(
        clock,
        cboe=lambda: DOWN if 3 <= minutes(clock) < 8 else (moving(clock), clock.present),
        cboe_history=fallback,
    )
    await ask_for(12, choices, clock)
    assert lines(caplog) == [f"WARNING {consequence}", "INFO cboe answers again"]


async def test_a_stale_file_is_one_line_and_another_outage_another(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    stands = OPEN - 20 * MINUTE

    def first() -> tuple[float, datetime] | HedgewatchError:
        return DOWN if minutes(clock) > 60 else (moving(clock), stands)

    await ask_for(70, shared(clock, cboe=first, cboe_history=lambda: (16.5, CLOSE_BEFORE)), clock)
    assert lines(caplog) == [
        f"WARNING vix has nothing fresh; cboe gives nothing newer than 24 Nov 15:15 UTC; {OLD}",
        f"WARNING vix has nothing fresh; cboe: {DOWN}; {OLD}",
    ]


async def test_a_file_that_falls_behind_is_one_line_whatever_minute_each_row_has(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    outages = Outages()
    choices = [
        FallbackFeed(
            signal=name,
            feeds=[Told("cboe", lambda n=n: (moving(clock), row(n)), (name,))],
            clock=clock,
            outages=outages,
        )
        for n, name in enumerate(CBOE)
    ]

    def row(n: int) -> datetime:
        """A file made once in five minutes, an hour late, a row a second later than the last."""
        late = minutes(clock) < 60
        made = OPEN + (minutes(clock) // 5 * 5 - (60 if late else 0)) * MINUTE
        return made + timedelta(seconds=n - 3)

    await ask_for(70, choices, clock)
    assert lines(caplog) == [
        "WARNING vix has nothing fresh; cboe gives nothing newer than 24 Nov 14:34 UTC",
        "INFO cboe gives news again",
    ]


async def test_a_fallback_that_is_asked_no_more_is_not_said_to_be_back(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    refused = Transient("query1.finance.yahoo.com refuses us (HTTP 429)")
    choices = shared(
        clock,
        cboe=lambda: DOWN if minutes(clock) in {1, 2} else (moving(clock), clock.present),
        yahoo=lambda: refused,
    )
    await ask_for(5, choices, clock)
    assert lines(caplog) == [
        f"WARNING vix has nothing fresh; cboe: {DOWN}; yahoo: {refused}",
        "INFO cboe answers again",
    ]


async def gap_of(choice: FallbackFeed) -> Transient | None:
    try:
        await choice.read()
    except Transient as gap:
        return gap
    return None


def minutes(clock: ManualClock) -> int:
    return (clock.present - OPEN) // MINUTE


def shared(
    clock: ManualClock, **answers: Callable[[], tuple[float, datetime] | HedgewatchError]
) -> list[FallbackFeed]:
    """Return Cboe's signals, all of the same providers, as the daemon builds them."""
    told: Mapping[str, Feed] = {
        name: SharedFeed(
            Told(name, answer, CBOE), fresh_s=54, seconds=lambda: 60.0 * minutes(clock)
        )
        for name, answer in answers.items()
    }
    outages = Outages()
    return [
        FallbackFeed(signal=name, feeds=list(told.values()), clock=clock, outages=outages)
        for name in CBOE
    ]


async def ask_for(rounds: int, choices: list[FallbackFeed], clock: ManualClock) -> None:
    """Ask every signal once a minute; a gap is no end."""
    for minute in range(rounds):
        clock.present = OPEN + minute * MINUTE
        for choice in choices:
            await gap_of(choice)
