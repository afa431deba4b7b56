import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.clock import ScenarioClock, SystemClock

MOMENT = datetime(2020, 3, 9, 20, 15, tzinfo=UTC)


@pytest.fixture
def written_a_minute_ago(tmp_path: Path) -> Path:
    path = tmp_path / "clock"
    path.write_text(MOMENT.isoformat())
    then = SystemClock().now().timestamp() - 60
    os.utime(path, (then, then))
    return path


def test_a_story_stands_still_until_it_is_moved(written_a_minute_ago: Path) -> None:
    clock = ScenarioClock(written_a_minute_ago)
    assert clock.now() == MOMENT
    written_a_minute_ago.write_text((MOMENT + timedelta(days=1)).isoformat())
    assert clock.now() == MOMENT + timedelta(days=1)


def test_for_deliveries_it_goes_on_in_real_time_from_its_last_moment(
    written_a_minute_ago: Path,
) -> None:
    passed = ScenarioClock(written_a_minute_ago, runs_on=True).now() - MOMENT
    assert timedelta(seconds=60) <= passed < timedelta(seconds=90)


def test_a_file_from_the_future_turns_nothing_back(written_a_minute_ago: Path) -> None:
    ahead = SystemClock().now().timestamp() + 3_600
    os.utime(written_a_minute_ago, (ahead, ahead))
    assert ScenarioClock(written_a_minute_ago, runs_on=True).now() == MOMENT
