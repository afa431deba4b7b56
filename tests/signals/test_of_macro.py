"""Surprises, the Fed's calendar and the real dollar, against what was published."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.signals.absorb import Lens, absorb
from monitor.signals.bars import Bars, point
from monitor.signals.facts import Facts
from monitor.signals.of_market import Told, market

NEW_YORK = ZoneInfo("America/New_York")
LENS = Lens()


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def said(name: str, value: float, as_of: datetime, key: str = "") -> Reading:
    return Reading(name=name, value=value, unit="", as_of=as_of, source="test", key=key)


# --- surprises -------------------------------------------------------------------------------

# BLS, CPI-U, all items, not seasonally adjusted: the month, its index, and its release, 08:30.
CPI = (
    ("2019-02-01", 252.776, "2019-03-12"),
    ("2019-03-01", 254.202, "2019-04-10"),
    ("2019-04-01", 255.548, "2019-05-10"),
    ("2019-05-01", 256.092, "2019-06-12"),
    ("2019-06-01", 256.143, "2019-07-11"),
    ("2019-07-01", 256.571, "2019-08-13"),
    ("2019-08-01", 256.558, "2019-09-12"),
    ("2019-09-01", 256.759, "2019-10-10"),
    ("2019-10-01", 257.346, "2019-11-13"),
    ("2019-11-01", 257.208, "2019-12-11"),
    ("2019-12-01", 256.974, "2020-01-14"),
    ("2020-01-01", 257.971, "2020-02-13"),
    ("2020-02-01", 258.678, "2020-03-11"),
    ("2020-03-01", 258.115, "2020-04-10"),
)
BEFORE = ("2019-01-01", 251.712)


def prints(rows: tuple[tuple[str, float, str], ...] = CPI) -> Bars:
    """Return the changes over a month, each published when it was released."""
    told, last = [], BEFORE[1]
    for month, index, released in rows:
        at = new_york(f"{released} 08:30")
        told.append(point(date.fromisoformat(month), index / last - 1, at))
        last = index
    return Bars(bars=tuple(told))


def surprise(bars: Bars, now: datetime) -> Told:
    seen = [bar for bar in bars.bars if bar.at <= now]
    newest = said("macro.cpi_mom", seen[-1].close, seen[-1].at)
    facts = Facts(readings={"macro.cpi_mom|": newest}, bars={"macro.cpi_mom|": bars})
    return market(facts, "macro.cpi_surprise", now)


@pytest.mark.parametrize(
    ("now", "expected", "month"),
    [
        pytest.param(
            "2020-04-10 08:29", None, "12 of 13", id="a minute before, March is not yet known"
        ),
        pytest.param("2020-04-10 08:30", -0.0041038305, "March 2020", id="at its instant it is"),
    ],
)
def test_a_print_is_seen_from_its_release_on(now: str, expected: float | None, month: str) -> None:
    # 258.115 / 258.678 − 1 = −0.218 %, and the twelve months before it grew by 0.193 % each.
    bars = Bars(bars=prints().bars[1:])
    told = surprise(bars, new_york(now))
    assert told.value == (expected and pytest.approx(expected))
    assert month in told.note


def test_a_month_before_the_release_the_last_print_is_the_month_before_it() -> None:
    told = surprise(prints(), new_york("2020-04-10 08:29"))
    # February 2020: 0.274 % less the 0.205 % that the twelve before it grew by.
    assert told.value == pytest.approx(0.000689, abs=5e-7)
    assert told.note == "February 2020 +0.27%, the 12 before +0.21%"


def test_a_month_never_published_is_passed_over_and_told_but_a_gap_of_years_is_not() -> None:
    whole = prints().bars
    # One month more before them, and none of October 2019.
    first = point(date(2019, 1, 1), 0.0019, new_york("2019-02-13 08:30"))
    without = Bars(bars=(first, *(bar for bar in whole if bar.day != date(2019, 10, 1))))
    told = surprise(without, new_york("2020-04-10 09:00"))
    assert told.value is not None
    assert told.note.endswith(", 1 missing")
    long_ago = Bars(bars=(point(date(2016, 1, 1), 0.0, first.at), *whole[2:]))
    told = surprise(long_ago, new_york("2020-04-10 09:00"))
    assert (told.value, told.note) == (
        None,
        "38 of the months since January 2016 are not known",
    )


# --- the calendar ----------------------------------------------------------------------------

DECISIONS = {
    "2020-01-29": 1,
    "2020-03-03": 0,  # 50 basis points, told at 10:00 on the day
    "2020-03-15": 0,  # 100 more, told on a Sunday at 17:00
    "2020-04-29": 1,
}
TOLD = {"2020-03-03": "2020-03-03 10:00", "2020-03-15": "2020-03-15 17:00"}


def calendar(days: Mapping[str, int], at: datetime, event: str = "fomc") -> dict[str, Reading]:
    """Return what a calendar knew by an instant; what was not scheduled, from its telling on."""
    name = f"calendar.{event}"
    told = {day: new_york(TOLD.get(day, "2020-01-02 09:00")) for day in days}
    return {
        f"{name}|{day}": said(name, kind, max(told[day], at - timedelta(days=1)), day)
        for day, kind in days.items()
        if told[day] <= at
    }


@pytest.mark.parametrize(
    ("now", "within"),
    [
        pytest.param("2020-01-28 15:59", False, id="the day before, while it trades"),
        pytest.param("2020-01-28 16:00", True, id="once it has closed"),
        pytest.param("2020-01-30 15:59", True, id="the day after, until it closes"),
        pytest.param("2020-01-30 16:00", False, id="then no more"),
        pytest.param("2020-03-02 20:00", False, id="nobody foresaw 3 March"),
        pytest.param("2020-03-03 09:59", False, id="nor on its own morning"),
        pytest.param("2020-03-03 10:01", True, id="once it is told"),
        pytest.param("2020-03-04 15:59", True, id="and the day after"),
        pytest.param("2020-03-04 16:00", False, id="to its close"),
        pytest.param("2020-03-13 16:30", False, id="the Friday before a Sunday's cut"),
        pytest.param("2020-03-15 18:00", True, id="the Sunday"),
        pytest.param("2020-03-16 15:00", True, id="the Monday of the crash"),
        pytest.param("2020-03-16 16:00", False, id="after it"),
        pytest.param("2020-04-30 17:00", None, id="nobody knows what comes after the last day"),
    ],
)
def test_the_window_around_decisions(now: str, within: bool | None) -> None:
    at = new_york(now)
    told = market(Facts(readings=calendar(DECISIONS, at)), "macro.fomc_window", at)
    assert told.value is within, told.note


def test_a_calendar_read_as_a_whole_does_not_tell_what_was_not_scheduled_before_its_time() -> None:
    told_at = new_york("2020-03-03 10:00")
    known = calendar(DECISIONS, told_at)
    for minutes, within in ((-1, False), (0, True)):
        at = told_at + timedelta(minutes=minutes)
        ahead = said("calendar.fomc", 0, told_at, "2020-03-03")
        facts = Facts(readings={**known, "calendar.fomc|2020-03-03": ahead})
        assert market(facts, "macro.fomc_window", at).value is within


def test_a_window_begins_on_the_business_day_before_though_holidays_lie_between() -> None:
    # Presidents' Day 2020 was Monday 17 February; nothing was really decided on the 18th.
    at = new_york("2020-02-14 16:00")
    days = {"2020-02-18": 1, "2020-04-29": 1}
    facts = Facts(readings=calendar(days, at))
    assert market(facts, "macro.fomc_window", at).value is True
    assert market(facts, "macro.fomc_window", at - timedelta(minutes=1)).value is False


@pytest.mark.parametrize(
    ("event", "hours"),
    [
        # 8 March 2020 began summer time: these days are an hour shorter than they look.
        pytest.param("fomc", 14 + 24 * 4 - 1, id="14:00 is when the Fed speaks"),
        pytest.param("cpi", 8.5 + 24 * 4 - 1, id="08:30 is when prices come"),
        pytest.param("ppi", 8.5 + 24 * 4 - 1, id="08:30 of either kind"),
    ],
)
def test_hours_to_what_comes_next_are_real_hours(event: str, hours: float) -> None:
    at = new_york("2020-03-06 00:00")
    days = {"2020-03-06": 1, "2020-03-10": 1, "2020-04-29": 1}
    facts = Facts(readings=calendar(days, at, event))
    later = at + timedelta(hours=15)
    told = market(facts, f"macro.{event}_hours", later)
    assert told.value == pytest.approx(hours - 15)
    assert told.note.startswith("2020-03-10")
    # 2020-03-06 itself is still to come at midnight.
    first = market(facts, f"macro.{event}_hours", at).value
    assert first == {"fomc": 14.0}.get(event, 8.5)


def test_a_decision_that_was_not_scheduled_is_never_what_comes_next() -> None:
    at = new_york("2020-03-03 13:00")
    days = {"2020-03-03": 0, "2020-03-10": 0, "2020-04-29": 1}
    told = market(Facts(readings=calendar(days, at)), "macro.fomc_hours", at)
    assert told.note.startswith("2020-04-29"), "neither this morning's nor one told too early"
    later = at + timedelta(days=2)
    seen = market(Facts(readings=calendar(days, later)), "macro.fomc_window", later)
    assert (seen.value, seen.note) == (False, "the next decision known is on 2020-04-29")


def test_past_the_last_day_known_hours_are_unknown() -> None:
    at = new_york("2020-04-29 14:01")
    told = market(Facts(readings=calendar({"2020-04-29": 1}, at)), "macro.fomc_hours", at)
    assert (told.value, told.note) == (None, "no day after 2020-04-29 is known")


@pytest.mark.parametrize("event", ["cpi", "ppi"])
def test_past_the_last_release_known_it_is_said_what_brings_later_ones(event: str) -> None:
    at = new_york("2026-12-10 08:31")
    known = calendar({"2026-12-10": 1}, at, event)
    told = market(Facts(readings=known), f"macro.{event}_hours", at)
    assert (told.value, told.note) == (
        None,
        "no day after 2026-12-10 is known: later ones need [feed.releases] key",
    )


# --- the funds rate --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        # FRED, DFF.
        pytest.param(("2020-03-03", 0.0159), ("2020-03-04", 0.0109), True, id="the first cut"),
        pytest.param(("2020-03-13", 0.0110), ("2020-03-16", 0.0025), True, id="the second cut"),
        pytest.param(("2020-03-17", 0.0025), ("2020-03-18", 0.0025), False, id="no move"),
        pytest.param(("2019-10-30", 0.0182), ("2019-10-31", 0.0158), False, id="a scheduled cut"),
        pytest.param(("2018-12-19", 0.0220), ("2018-12-20", 0.0240), False, id="a scheduled rise"),
        pytest.param(("2019-10-31", 0.0158), ("2019-11-01", 0.0148), False, id="two days after"),
        pytest.param(("2019-11-01", 0.0155), ("2019-11-04", 0.0145), True, id="three days after"),
        pytest.param(("2019-11-04", 0.0155), ("2019-11-05", 0.0146), False, id="nine hundredths"),
        pytest.param(("2020-03-12", 0.0110), ("2020-03-16", 0.0025), None, id="a session unknown"),
    ],
)
def test_a_move_that_no_meeting_was_due_for(
    before: tuple[str, float],
    after: tuple[str, float],
    moved: bool | None,
) -> None:
    rows = [(date.fromisoformat(day), rate) for day, rate in (before, after)]
    at = [new_york(f"{day} 16:00") for day, _ in rows]
    now = at[-1] + timedelta(hours=20)
    bars = Bars(
        bars=tuple(point(day, rate, one) for (day, rate), one in zip(rows, at, strict=True))
    )
    days = {"2018-12-19": 1, "2019-10-30": 1, "2020-03-03": 0, "2020-03-15": 0, "2020-04-29": 1}
    facts = Facts(
        readings={
            "rates.fed_funds|": said("rates.fed_funds", after[1], at[-1]),
            **{f"calendar.fomc|{day}": said("calendar.fomc", kind, now, day)
               for day, kind in days.items()},
        },
        bars={"rates.fed_funds|": bars},
    )  # fmt: skip
    told = market(facts, "macro.fed_moved", now)
    assert told.value is moved, told.note


# --- the real dollar -------------------------------------------------------------------------

# BIS broad index by way of FRED's RBUSBIS, January 2019 to September 2022.
REER = """
97.39 97.11 97.69 98.02 99.12 98.76 98.38 99.98 100.11 99.42 98.89 98.12 97.65 98.76 102.42
104.41 103.91 101.77 101.24 99.94 99.25 98.56 97.02 95.06 94.62 94.99 96.76 96.82 96.22 97.19
98.56 98.78 98.68 99.5 100.31 101.02 100.89 100.82 102.44 103.16 106.18 107.42 109.2 108.69
111.26
"""


def reer(values: list[float]) -> Told:
    """Return the score after so many months since January 2019, each published a month late."""
    bars = Bars()
    now = datetime(2019, 1, 1, tzinfo=UTC)
    for n, value in enumerate(values):
        day, now = date(2019 + n // 12, n % 12 + 1, 1), now + timedelta(days=31)
        bars = bars.take(value, day, now, keep=120)
    readings = {"macro.reer|": said("macro.reer", values[-1], now)}
    return market(Facts(readings=readings, bars={"macro.reer|": bars}), "macro.reer_z", now)


def test_the_summer_of_2022_was_one_standard_deviation_above_the_years_before() -> None:
    # Worked out with pandas from the same figures.
    told = reer([float(one) for one in REER.split()])
    assert told.value == pytest.approx(1.0012556821)
    assert told.note == "+3.57% in 3 months, among 41 before"


def test_fewer_than_three_years_of_changes_tell_no_score() -> None:
    values = [float(one) for one in REER.split()]
    assert reer(values[:40]).value is not None
    told = reer(values[:39])
    assert (told.value, told.note) == (None, "35 of 36 changes before it known")


def test_a_dollar_that_never_moved_has_no_score() -> None:
    told = reer([100.0] * 60)
    assert (told.value, told.note) == (None, "it has not changed")


# --- what a feed brings, on the road ---------------------------------------------------------


def test_days_a_newer_calendar_leaves_out_are_forgotten() -> None:
    at = new_york("2020-03-10 09:00")
    first = tuple(calendar({"2020-03-18": 1, "2020-04-29": 1}, at).values())
    second = tuple(calendar({"2020-04-29": 1}, at + timedelta(days=6)).values())
    facts = Facts()
    for readings, when in ((first, at), (second, at + timedelta(days=6))):
        seen = Readings(source="calendar.fomc", observed_at=when, readings=readings)
        facts = absorb(facts, seen, LENS)
    # The meeting of 17 and 18 March was cancelled on the 15th.
    told = market(facts, "macro.fomc_hours", at + timedelta(days=6))
    assert told.note.startswith("2020-04-29")
