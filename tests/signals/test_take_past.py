"""The past taken in: believed or not, its bars kept, windows warm by it."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.calendars.hours import Hours
from monitor.model.observation import Past
from monitor.model.reading import Bar
from monitor.signals.bars import point
from monitor.signals.facts import Facts
from monitor.signals.series import Sample, Series, span
from monitor.signals.take_past import absorb_past, doubt, warmed
from monitor.signals.windows import Direction, average, crossed, delta, highest, lowest

NOW = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)  # a Friday, after the close
NEW_YORK = ZoneInfo("America/New_York")
WEEK = {"vix": timedelta(days=5 * 1.5 + 8)}
DAYS = [date(2026, 3, day) for day in (2, 3, 4, 5, 6)]


def close(day: date) -> datetime:
    return datetime.combine(day, time(16, 15), NEW_YORK).astimezone(UTC)


def past(days: Sequence[date] = DAYS, *, name: str = "vix", first: float = 20.0) -> Past:
    bars = tuple(point(day, first + n, close(day)) for n, day in enumerate(days))
    return Past(id="past:x", source="cboe_history", observed_at=NOW, name=name, bars=bars)


def lasts(facts: Facts, key: str = "vix|") -> list[tuple[int, float]]:
    return [(one.at.day, one.value) for one in facts.series[key].samples]


def wrong(bar: Bar, **changes: Any) -> Past:
    return replace(past(), bars=(replace(bar, **changes),))


WHOLE = Bar(day=DAYS[4], open=20, high=22, low=19, close=21, at=close(DAYS[4]))


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        pytest.param(past(name="vixx"), "no history is kept of vixx", id="an unknown name"),
        pytest.param(past(name="aave.supply"), "no history is kept", id="one without bars"),
        pytest.param(past(name="vx.settle"), "is a family of values", id="a family without a key"),
        pytest.param(replace(past(), key="x"), "is not a family", id="a key without a family"),
        pytest.param(past(DAYS[::-1]), "not in order", id="days that run backwards"),
        pytest.param(past([*DAYS, DAYS[4]]), "not in order", id="a day twice"),
        pytest.param(
            past([*DAYS, date(2026, 3, 9)]), "vix of 2026-03-09 is to come", id="a day to come"
        ),
        pytest.param(wrong(WHOLE, at=NOW.replace(tzinfo=None)), "before its day", id="no zone"),
        pytest.param(wrong(WHOLE, at=close(DAYS[3])), "before its day", id="an earlier stamp"),
        pytest.param(wrong(WHOLE, high=0.0), "absurd: 0", id="a nought"),
        pytest.param(wrong(WHOLE, close=900.0), "absurd: 900", id="a value nobody has seen"),
        pytest.param(wrong(WHOLE, low=math.nan), "absurd: nan", id="no number"),
        pytest.param(
            wrong(WHOLE, close=23.0), "outside of its lowest", id="a close above the high"
        ),
    ],
)
def test_a_past_that_cannot_be_changes_nothing_and_says_why(seen: Past, why: str) -> None:
    facts = Facts()
    assert why in doubt(seen)
    assert absorb_past(facts, seen, WEEK) is facts


def test_days_on_which_the_market_is_closed_are_dropped() -> None:
    # Cboe's file has rows on holidays: Presidents' day, 16 February 2026.
    facts = absorb_past(Facts(), past([date(2026, 2, 13), date(2026, 2, 16)]), {})
    assert [bar.day for bar in facts.bars["vix|"].bars] == [date(2026, 2, 13)]


def test_no_samples_are_kept_where_no_rule_looks_back() -> None:
    facts = absorb_past(Facts(), past(), {})
    assert len(facts.bars["vix|"].bars) == 5
    assert facts.series == {}


def test_an_empty_window_is_filled_by_the_closes() -> None:
    assert lasts(absorb_past(Facts(), past(), WEEK)) == [
        (2, 20),
        (3, 21),
        (4, 22),
        (5, 23),
        (6, 24),
    ]


def test_only_what_a_window_reaches_is_filled_and_the_last_before_it() -> None:
    facts = absorb_past(Facts(), past(), {"vix": timedelta(days=2, hours=12)})
    assert lasts(facts) == [(3, 21), (4, 22), (5, 23), (6, 24)], "from the 4th at 10:30, and before"


@pytest.mark.parametrize(
    ("known", "filled"),
    [
        pytest.param(
            [(5, 21, 15, 30.0)], [(2, 20), (3, 21), (4, 22), (5, 30), (6, 24)], id="a close it has"
        ),
        pytest.param(
            [(5, 15, 0, 30.0)],
            [(2, 20), (3, 21), (4, 22), (5, 30), (5, 23), (6, 24)],
            id="a session it left in the morning ends with the close",
        ),
        pytest.param(
            [(2, 21, 15, 31.0), (6, 21, 15, 32.0)],
            [(2, 31), (3, 21), (4, 22), (5, 23), (6, 32)],
            id="days on which the daemon was down are filled, and no others",
        ),
    ],
)
def test_a_window_that_knows_something_is_filled_where_it_does_not(
    known: list[tuple[int, int, int, float]], filled: list[tuple[int, float]]
) -> None:
    samples = tuple(
        Sample(at=datetime(2026, 3, day, hour, minute, tzinfo=UTC), value=value)
        for day, hour, minute, value in known
    )
    facts = Facts(series={"vix|": Series(samples=samples)})
    assert lasts(absorb_past(facts, past(), WEEK)) == filled


def ranged(day: date, low: float, high: float, last: float) -> Bar:
    return Bar(day=day, open=low, high=high, low=low, close=last, at=close(day))


SWINGS = (ranged(DAYS[0], 19.0, 24.0, 21.0), *past(DAYS[1:3], first=20.0).bars)
"""A Monday between 19 and 24 that ended at 21, then 20 and 21."""


def filled(seen: Past, name: str = "vix") -> Series:
    return absorb_past(Facts(), seen, {name: timedelta(days=40)}).series[f"{name}|"]


def test_highest_and_lowest_know_the_course_of_sessions_that_were_filled() -> None:
    series = filled(replace(past(), bars=SWINGS))
    now, hours = close(DAYS[2]) + timedelta(hours=1), Hours.CBOE_VIX
    three, two = span("3d"), span("2d")
    assert highest(series, three, now=now, hours=hours).value == 24.0
    assert lowest(series, three, now=now, hours=hours).value == 19.0
    assert highest(series, two, now=now, hours=hours).value == 21.0


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("level", [19.5, 20.5, 22.0])
def test_all_other_windows_go_by_closes_alone(direction: Direction, level: float) -> None:
    closes = tuple(point(bar.day, bar.close, bar.at) for bar in SWINGS)
    for count in (1, 2, 3):
        ours, plain = (filled(replace(past(), bars=of[:count])) for of in (SWINGS, closes))
        now = close(DAYS[count - 1]) + timedelta(minutes=5)
        for window in (average, delta):
            asked = {"now": now, "hours": Hours.CBOE_VIX}
            assert window(ours, span("2d"), **asked) == window(plain, span("2d"), **asked)
        assert crossed(ours, level, direction, now=now) == crossed(plain, level, direction, now=now)


def test_a_session_that_ends_at_its_lowest_is_not_crossed_from_its_highest() -> None:
    bars = (*past(DAYS[:1], first=20.0).bars, ranged(DAYS[1], 18.0, 24.0, 21.0))
    series, now = filled(replace(past(), bars=bars)), close(DAYS[1])
    assert crossed(series, 22.0, Direction.BELOW, now=now).value is False, "it ended at 20, then 21"
    assert crossed(series, 20.5, Direction.ABOVE, now=now).value is True


def test_the_highest_of_a_day_is_not_that_of_its_last_hour() -> None:
    midnight = datetime(2026, 3, 4, tzinfo=UTC)
    day = Bar(day=date(2026, 3, 3), open=60, high=80, low=55, close=61, at=midnight)
    before = point(date(2026, 3, 2), 60.0, midnight - timedelta(days=1))
    series = filled(replace(past(), name="dvol.eth", bars=(before, day)), "dvol.eth")
    asked = {"now": midnight, "hours": Hours.ALWAYS}
    assert highest(series, span("1h"), **asked).value == 61.0
    assert lowest(series, span("1h"), **asked).value == 60.0
    assert highest(series, span("1d"), **asked).value == 80.0
    assert lowest(series, span("1d"), **asked).value == 55.0


def test_what_a_morning_has_seen_keeps_its_place_before_the_rest_of_the_session() -> None:
    morning = Sample(at=datetime(2026, 3, 2, 15, tzinfo=UTC), value=20.0)
    facts = Facts(series={"vix|": Series(samples=(morning,))})
    seen = absorb_past(facts, replace(past(), bars=SWINGS[:1]), WEEK)
    assert [one.value for one in seen.series["vix|"].samples] == [20.0, 19.0, 24.0, 21.0]


def test_a_past_value_is_no_present_one() -> None:
    assert absorb_past(Facts(), past(), WEEK).readings == {}


def test_a_second_pull_of_the_same_changes_nothing() -> None:
    once = absorb_past(Facts(), past(), WEEK)
    assert absorb_past(once, past(), WEEK) is once


def test_a_value_published_after_its_session_counts_within_it() -> None:
    # FRED's VIX comes the morning after; DVOL's daily candle ends at midnight.
    late = tuple(point(day, 20.0, close(day) + timedelta(hours=16)) for day in DAYS[:4])
    facts = absorb_past(Facts(), replace(past(), bars=late), WEEK)
    assert [one.at.day for one in facts.series["vix|"].samples] == [2, 3, 4, 5]
    midnight = tuple(
        point(day, 60.0, datetime(2026, 3, day.day + 1, tzinfo=UTC)) for day in DAYS[:3]
    )
    seen = replace(past(), name="dvol.eth", bars=midnight)
    facts = absorb_past(Facts(), seen, {"dvol.eth": timedelta(days=4)})
    assert [one.at.day for one in facts.series["dvol.eth|"].samples] == [2, 3, 4]


def test_what_is_worked_out_of_two_pulled_signals_is_warm_too() -> None:
    windows = {"vol.term": WEEK["vix"]}
    facts = absorb_past(Facts(), past(), windows)
    assert facts.series == {}, "half of a ratio is nothing"
    facts = absorb_past(facts, past(name="vix3m", first=25.0), windows)
    told = {day: round(value, 9) for day, value in lasts(facts, "vol.term|")}
    assert told == {day: round((18 + day) / (23 + day), 9) for day in (2, 3, 4, 5, 6)}


def test_a_window_that_is_new_is_warm_by_the_bars_that_are_known() -> None:
    facts = absorb_past(Facts(), past(), {})
    assert lasts(warmed(facts, WEEK, NOW))[0] == (2, 20)
    earlier = warmed(facts, WEEK, close(DAYS[2]) + timedelta(hours=1))
    assert lasts(earlier)[-1] == (4, 22), "and never looks ahead"


def test_expired_futures_leave_with_the_past_of_new_ones() -> None:
    def settled(key: str, day: date) -> Past:
        bars = (point(day, 20.0, close(day)),)
        return replace(past(), name="vx.settle", key=key, bars=bars)

    facts = absorb_past(Facts(), settled("2024-01-17", date(2024, 1, 16)), {})
    facts = absorb_past(facts, settled("2026-03-18", date(2026, 2, 3)), {})
    assert facts.bars.keys() == {"vx.settle|2024-01-17", "vx.settle|2026-03-18"}
    facts = absorb_past(facts, settled("2026-04-15", date(2026, 3, 6)), {})
    assert facts.bars.keys() == {"vx.settle|2026-03-18", "vx.settle|2026-04-15"}
