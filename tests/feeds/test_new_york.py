"""When New York's offices publish: the Fed's holidays are those its calendar states."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from monitor.feeds.new_york import next_morning

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("day", "published"),
    [
        pytest.param("2020-03-04", "2020-03-05", id="the next day"),
        pytest.param("2020-03-06", "2020-03-09", id="past a weekend"),
        pytest.param("2020-04-09", "2020-04-13", id="past Good Friday, though the Fed works"),
        pytest.param("2020-11-25", "2020-11-27", id="past Thanksgiving"),
        pytest.param("2026-10-09", "2026-10-13", id="past Columbus Day, though stocks trade"),
        pytest.param("2026-11-10", "2026-11-12", id="past Veterans Day, though stocks trade"),
        pytest.param("2018-11-09", "2018-11-13", id="past the Monday for a Sunday's"),
        pytest.param("2023-11-09", "2023-11-10", id="a Saturday's frees no Friday"),
        pytest.param("2018-11-12", "2018-11-13", id="from a day of rest"),
    ],
)
def test_the_next_morning_is_one_on_which_both_work(day: str, published: str) -> None:
    found = next_morning(date.fromisoformat(day), time(9))
    assert found == datetime.fromisoformat(f"{published}T09:00").replace(tzinfo=NEW_YORK)
    assert found.utcoffset() is not None
