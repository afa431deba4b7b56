"""The instants of observations, under clocks that are set back, run behind, or stand still."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.clock import ManualClock, ScenarioClock
from monitor.errors import Transient
from monitor.model.observation import Block
from monitor.sources.timeline import Timeline

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
MANY = 100_000
"""Stamps enough for the stopwatch to have moved on between two of them."""


def block(at: datetime) -> Block:
    return Block(number=7, hash="0x7", timestamp=at)


def moved_on(timeline: Timeline, since: datetime) -> bool:
    return any(timeline.stamp() > since for _ in range(MANY))


def test_stamps_are_the_clocks_while_it_goes_forward() -> None:
    clock = ManualClock(NOON)
    timeline = Timeline(clock)
    assert timeline.stamp() == NOON
    clock.present += HOUR
    assert timeline.stamp() == NOON + HOUR


def test_a_clock_set_back_stops_no_time_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock(NOON)
    timeline = Timeline(clock)
    timeline.stamp()
    clock.present -= HOUR
    with caplog.at_level(logging.ERROR):
        assert timeline.stamp() >= NOON
        assert moved_on(timeline, NOON)
    assert timeline.stamp() < NOON + HOUR, "by the stopwatch, not by the gap"
    (told,) = caplog.messages
    assert told.startswith("this machine's clock is 1:00:00 behind what was observed already")
    clock.present = NOON + 2 * HOUR
    assert timeline.stamp() == NOON + 2 * HOUR, "once it is right again, it is followed again"


def test_a_clock_behind_what_an_earlier_run_observed_stops_no_time() -> None:
    timeline = Timeline(ManualClock(NOON), after=NOON + HOUR)
    assert timeline.stamp() >= NOON + HOUR
    assert moved_on(timeline, NOON + HOUR)


@pytest.mark.parametrize("ahead", [timedelta(), 30 * SECOND, 60 * SECOND])
def test_a_block_a_little_ahead_moves_the_stamp_on(
    ahead: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock(NOON)
    timeline = Timeline(clock)
    at = timeline.believed(block(NOON + ahead))
    assert timeline.stamp(at) == NOON + ahead
    assert NOON + ahead <= timeline.stamp() < NOON + ahead + 30 * SECOND
    assert caplog.messages == [], "that is no clock set back"


def test_a_block_behind_the_clock_is_seen_now() -> None:
    assert Timeline(ManualClock(NOON)).believed(block(NOON - HOUR)) == NOON


def test_a_block_two_minutes_ahead_is_not_believed() -> None:
    timeline = Timeline(ManualClock(NOON))
    with pytest.raises(Transient) as caught:
        timeline.believed(block(NOON + 120 * SECOND))
    assert str(caught.value) == (
        "block 7 is stamped 120 s ahead of this machine's clock: one of them is wrong"
    )
    assert timeline.stamp() == NOON, "what is not believed moves nothing"


def test_a_storys_clock_never_goes_on_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "now"
    file.write_text(NOON.isoformat())
    timeline = Timeline(ScenarioClock(file))
    told = timeline.believed(block(NOON + HOUR))  # the next block comes before the clock
    assert timeline.stamp(told) == NOON + HOUR
    assert {timeline.stamp() for _ in range(1000)} == {NOON + HOUR}
    file.write_text((NOON + 2 * HOUR).isoformat())
    assert timeline.stamp() == NOON + 2 * HOUR
