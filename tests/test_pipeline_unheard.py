"""What is not known yet at a start is no news; what was told as unknown is told to be known."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.alerts.render import console_line, plain
from monitor.channels.port import Message
from monitor.model.observation import Observation, Readings
from monitor.model.reading import Reading
from monitor.pipeline import Rulebook, State, step
from monitor.rules.lifecycle import Phase

# Wednesday 19 February 2020, 10:00 in New York: the market is open for hours to come.
START = datetime(2020, 2, 19, 15, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CALM = """\
schema = 1
[pack]
id = "calm"
title = "A rule that speaks when it cannot see"
evidence = "claim"
sources = []
[[rule]]
id = "calm"
scope = "{scope}"
action = "notify"
on_nodata = "{on_nodata}"
when = '{when}'
title = "calm"
text = "VIX {{vix:.2f}}"
"""


@dataclass
class Road:
    """Takes observations one by one and remembers what was told."""

    book: Rulebook
    state: State = field(default_factory=State)
    told: list[Alert] = field(default_factory=list)

    def take(self, *seen: Observation) -> list[str]:
        """Return `rule state` of each alert these observations made."""
        before = len(self.told)
        for one in seen:
            self.state, alerts = step(self.book, self.state, one)
            self.told += alerts
        return [f"{alert.rule} {alert.state.value}" for alert in self.told[before:]]


@pytest.fixture
def road(hand: Any, tmp_path: Path) -> Any:
    def make(
        when: str = "vix < 15.0", *packs: str, on_nodata: str = "alert", scope: str = "book"
    ) -> Road:
        file = tmp_path / "calm.toml"
        file.write_text(CALM.format(when=when, on_nodata=on_nodata, scope=scope))
        return Road(hand.book(*packs, files=(file,)))

    return make


def pulse(at: datetime, *, began: datetime = START) -> Readings:
    up = Reading(
        name="system.up_s",
        value=(at - began).total_seconds(),
        unit="s",
        as_of=at,
        source="daemon",
    )
    return Readings(source="self", observed_at=at, readings=(up,))


def test_a_fresh_start_tells_of_no_missing_data_until_the_feed_has_failed(
    road: Any, hand: Any
) -> None:
    fresh = road()
    assert fresh.take(pulse(START), hand.snapshot(START + MINUTE)) == []
    assert fresh.take(hand.gap("vix", START + 2 * MINUTE)) == ["calm nodata"]
    assert fresh.told[-1].reason == "vix has not been read yet"


def test_a_fresh_start_tells_of_no_missing_data_when_the_feed_answers(road: Any, hand: Any) -> None:
    fresh = road()
    assert fresh.take(pulse(START), hand.vix(13.0, START, START + MINUTE)) == ["calm firing"]


def test_a_source_that_says_nothing_at_all_is_waited_for_five_minutes(road: Any) -> None:
    fresh = road()
    at = [START + n * MINUTE for n in range(6)]
    assert fresh.take(*map(pulse, at[:5])) == []
    assert fresh.take(pulse(at[5])) == ["calm nodata"]


def test_a_restart_waits_for_the_first_answer_too(road: Any, hand: Any) -> None:
    old = road()
    old.take(pulse(START), hand.vix(13.0, START, START + MINUTE))
    again = START + 3 * HOUR  # down meanwhile: what was read is older than its limit
    assert old.take(pulse(again, began=again), hand.snapshot(again + MINUTE)) == []
    assert old.take(hand.vix(13.1, again, again + 2 * MINUTE)) == []
    assert old.state.instances["calm|book"].phase is Phase.FIRING


def test_an_old_answer_is_news_after_a_restart_once_the_feed_gives_nothing_newer(
    road: Any, hand: Any
) -> None:
    old = road()
    old.take(pulse(START), hand.vix(13.0, START, START + MINUTE))
    again = START + 3 * HOUR
    same = hand.vix(13.0, START, again + MINUTE)
    assert old.take(pulse(again, began=again), same) == ["calm nodata"]


def test_a_restart_ends_no_alert_before_its_feed_was_asked(road: Any, hand: Any) -> None:
    old = road(on_nodata="resolve")
    old.take(pulse(START), hand.vix(13.0, START, START + MINUTE))
    again = START + 3 * HOUR
    assert old.take(pulse(again, began=again)) == []
    assert old.take(hand.gap("vix", again + MINUTE)) == ["calm resolved"]


def test_what_rests_on_positions_waits_for_the_chain(road: Any, hand: Any) -> None:
    fresh = road("book.il < -0.5")
    assert fresh.take(pulse(START), hand.vix(13.0, START, START + MINUTE)) == []
    assert fresh.take(hand.gap("main", START + 2 * MINUTE)) == ["calm nodata"]


def test_data_that_return_end_a_nodata_with_one_event_of_the_same_id(road: Any, hand: Any) -> None:
    dark = road()
    dark.take(pulse(START), hand.gap("vix", START + MINUTE))
    assert dark.take(hand.vix(16.0, START, START + 13 * MINUTE)) == ["calm seen"]
    nodata, seen = dark.told
    assert seen.id == nodata.id
    assert seen.idem != nodata.idem
    assert (seen.since, seen.at) == (START + MINUTE, START + 13 * MINUTE)
    message = Message(alert=seen, tries=0, repeat=False, now=seen.at)
    assert plain(message).splitlines()[0] == f"🟢 SEES AGAIN · calm after 12 m   {seen.id}"
    assert "VIX 16.0 < 15.0" in plain(message)
    assert "sees again after 12 m" in console_line(seen)
    later = START + 14 * MINUTE
    assert dark.take(hand.vix(16.1, later)) == []


def test_data_that_return_are_told_before_what_they_set_off(road: Any, hand: Any) -> None:
    dark = road()
    dark.take(pulse(START), hand.gap("vix", START + MINUTE))
    assert dark.take(hand.vix(13.0, START, START + 2 * MINUTE)) == ["calm seen", "calm firing"]
    nodata, seen, firing = dark.told
    assert (seen.id == nodata.id, firing.id == nodata.id) == (True, False)


def test_an_alert_that_went_dark_is_told_to_fire_on_or_to_be_over(road: Any, hand: Any) -> None:
    dark = road()
    assert dark.take(pulse(START), hand.vix(13.0, START, START + MINUTE)) == ["calm firing"]
    old = hand.snapshot(START + HOUR)
    assert dark.take(old) == ["calm nodata"]
    assert dark.take(hand.vix(13.0, START + HOUR)) == ["calm seen"]
    assert dark.take(hand.snapshot(START + 2 * HOUR)) == ["calm nodata"]
    assert dark.take(hand.vix(16.0, START + 2 * HOUR)) == ["calm resolved"], "one event, not two"
    assert len({alert.id for alert in dark.told}) == 1
    assert len({alert.idem for alert in dark.told}) == len(dark.told)


def test_a_rule_that_failed_is_told_to_work_again(road: Any, hand: Any) -> None:
    failing = road("vix / (vix - 16.0) > 20.0", on_nodata="keep")
    assert failing.take(pulse(START), hand.vix(16.0, START)) == ["calm error"]
    assert failing.take(hand.vix(17.0, START + MINUTE)) == ["calm seen"]


def test_five_minutes_down_are_no_blindness(road: Any, hand: Any) -> None:
    down = road("vix < 1.0", "self", on_nodata="keep")
    down.take(pulse(START), hand.snapshot(START))
    again = START + HOUR
    assert down.take(pulse(again, began=again)) == []
    assert down.take(hand.snapshot(again + MINUTE, number=2)) == []


def test_blindness_is_counted_from_the_start_of_this_run(road: Any, hand: Any) -> None:
    down = road("vix < 1.0", "self", on_nodata="keep")
    down.take(pulse(START), hand.snapshot(START))
    again = START + HOUR
    down.take(pulse(again, began=again), hand.gap("main", again + MINUTE))
    assert down.take(pulse(again + 5 * MINUTE, began=again)) == []
    at = again + 5 * MINUTE + timedelta(seconds=5)
    assert down.take(pulse(at, began=again)) == ["self.blind firing"]


def test_a_restart_while_blind_is_no_sight(road: Any, hand: Any) -> None:
    blind = road("vix < 1.0", "self", on_nodata="keep")
    blind.take(pulse(START), hand.snapshot(START), hand.gap("main", START + MINUTE))
    assert blind.take(pulse(START + 6 * MINUTE)) == ["self.blind firing"]
    again = START + 10 * MINUTE
    after = [again + timedelta(seconds=5 * n) for n in range(70)]
    assert blind.take(*(pulse(at, began=again) for at in after)) == []
    sees = hand.snapshot(again + 7 * MINUTE, number=2)
    assert blind.take(sees) == ["self.blind resolved"]
