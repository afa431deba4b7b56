"""A feed that only seems alive is alarmed of by the pack that watches the watch."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.model.observation import Gap, Observation, Readings
from monitor.model.reading import Reading
from monitor.pipeline import State, step
from monitor.rules.surroundings import View

# Tuesday 24 November 2026, 09:35 in New York; the VIX is published until 16:15.
OPEN = datetime(2026, 11, 24, 14, 35, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def one(name: str, value: float, at: datetime, lag: timedelta) -> Readings:
    reading = Reading(name=name, value=value, unit="points", as_of=at - lag, source="cboe")
    return Readings(source=name, observed_at=at, readings=(reading,))


def alarms(seen: list[Observation], hand: Any) -> tuple[State, list[Alert]]:
    book, state = hand.book("self"), State()
    told = list[Alert]()
    for observation in seen:
        state, alerts = step(book, state, observation)
        told += [alert for alert in alerts if alert.rule == "self.feed"]
    return state, told


@pytest.mark.parametrize(
    ("name", "value", "lag", "hours"),
    [
        pytest.param("vix", 16.5, 15, 3, id="an index of the session"),
        pytest.param("dvol.eth", 60.0, 0, 1, id="an index around the clock"),
        pytest.param("eth.price", 3000.0, 0, 1, id="a price around the clock"),
    ],
)
def test_a_value_that_stands_still_newly_stamped_alarms(
    name: str, value: float, lag: int, hours: int, hand: Any
) -> None:
    seen = [one(name, value, OPEN + n * MINUTE, lag * MINUTE) for n in range(hours * 60 + 45)]
    state, (alert,) = alarms(list(seen), hand)
    # 3 h or 1 h, the 10 minutes the pack allows, and its own 5: never before that.
    assert alert.at >= OPEN + timedelta(hours=hours, minutes=15)
    told = View(facts=state.facts, scope="book", now=seen[-1].observed_at)
    assert told.value(name).value is None
    assert f"{name} has been {value:g} for {hours} h" in told.value("system.feed_age_s").note


def test_a_value_that_moves_again_ends_the_alarm(hand: Any) -> None:
    seen = [one("vix", 16.5, OPEN + n * MINUTE, 15 * MINUTE) for n in range(240)]
    seen += [one("vix", 16.5 + n / 100, OPEN + n * MINUTE, 15 * MINUTE) for n in range(240, 260)]
    _, told = alarms(list(seen), hand)
    assert [alert.state.value for alert in told] == ["firing", "resolved"]


def test_an_old_value_is_alarmed_of_with_the_reason_of_its_outage(hand: Any) -> None:
    why = "cboe: cdn.cboe.com is in trouble (HTTP 500)"
    gaps = [Gap(source="vix", observed_at=OPEN + n * MINUTE, reason=why) for n in range(1, 60)]
    state, (alert,) = alarms([one("vix", 16.5, OPEN, MINUTE), *gaps], hand)
    told = View(facts=state.facts, scope="book", now=alert.at).value("system.feed_age_s")
    assert told.note.startswith("vix from cboe is ")
    assert told.note.endswith(why)
