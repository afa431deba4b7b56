"""Windows against VIX closes as Cboe published them, and against algebra."""

from datetime import UTC, datetime, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_bounds, sessions_back
from monitor.signals.windows import (
    Direction,
    Sample,
    Series,
    WindowValue,
    average,
    crossed,
    delta,
    highest,
    lowest,
    span,
)

NEW_YORK = ZoneInfo("America/New_York")
LONG = timedelta(days=400)
START = datetime(2024, 8, 5, tzinfo=UTC)

# Cboe's VIX_History.csv: every close from 18 to 28 February 2020.
CLOSES = {
    "2020-02-18": 14.83,
    "2020-02-19": 14.38,
    "2020-02-20": 15.56,
    "2020-02-21": 17.08,
    "2020-02-24": 25.03,
    "2020-02-25": 27.85,
    "2020-02-26": 27.56,
    "2020-02-27": 39.16,
    "2020-02-28": 40.11,
}


def close(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T16:15").replace(tzinfo=NEW_YORK).astimezone(UTC)


def closes(until: str) -> Series:
    return series(*((close(day), value) for day, value in CLOSES.items() if day <= until))


def series(*pairs: tuple[datetime, float]) -> Series:
    built = Series()
    for at, value in pairs:
        built = built.append(Sample(at=at, value=value), LONG)
    return built


def every_minute(*values: float) -> Series:
    return series(*((START + timedelta(minutes=n), v) for n, v in enumerate(values)))


def minute(n: float) -> datetime:
    return START + timedelta(minutes=n)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        pytest.param("90s", timedelta(seconds=90), id="seconds"),
        pytest.param("30m", timedelta(minutes=30), id="minutes"),
        pytest.param("1h", timedelta(hours=1), id="hours"),
        pytest.param("1d", timedelta(days=1), id="days"),
        pytest.param("2w", timedelta(days=14), id="weeks"),
    ],
)
def test_a_span_is_read(text: str, length: timedelta) -> None:
    assert span(text).length == length


@pytest.mark.parametrize(
    "text", ["", "0m", "-1h", "1.5h", "1 h", "h", "1y", "1H", "٣h", "1h\n", "9999999w", "521w"]
)
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"span|longer than ten years"):
        span(text)


def test_a_market_counts_days_in_sessions_and_a_week_as_five() -> None:
    assert (span("3d").sessions, span("2w").sessions, span("30m").sessions) == (3, 10, None)


def test_a_day_before_a_monday_is_the_friday() -> None:
    seen = delta(closes("2020-02-24"), span("1d"), now=close("2020-02-24"), hours=Hours.CBOE_VIX)
    assert seen.value == pytest.approx(7.95)
    assert seen.note == "25.03 − 17.08 (21 Feb close)"
    assert seen.as_of == close("2020-02-24")


def test_on_a_weekend_the_day_before_is_still_the_session_before_the_last() -> None:
    now = datetime(2020, 2, 23, 12, tzinfo=UTC)
    seen = delta(closes("2020-02-21"), span("1d"), now=now, hours=Hours.CBOE_VIX)
    assert seen.value == pytest.approx(17.08 - 15.56)


def test_an_intraday_quote_is_held_against_the_close_before() -> None:
    now = close("2020-02-24") - timedelta(hours=5)
    quoted = closes("2020-02-21").append(Sample(at=now, value=24.0), LONG)
    seen = delta(quoted, span("1d"), now=now, hours=Hours.CBOE_VIX)
    assert seen.value == pytest.approx(24.0 - 17.08)


def test_an_overnight_quote_is_held_against_friday() -> None:
    # 2024-08-05: 65.73 was printed before the market opened; Friday had closed at 23.39.
    overnight = datetime(2024, 8, 5, 7, tzinfo=NEW_YORK).astimezone(UTC)
    seen = delta(
        series((close("2024-08-02"), 23.39), (overnight, 65.73)),
        span("1d"),
        now=overnight,
        hours=Hours.CBOE_VIX,
    )
    assert seen.value == pytest.approx(42.34)


def test_a_session_that_was_not_watched_to_its_end_is_not_called_a_close() -> None:
    noon = close("2020-02-21") - timedelta(hours=4, minutes=15)
    seen = delta(
        series((noon, 16.5), (close("2020-02-24"), 25.03)),
        span("1d"),
        now=close("2020-02-24"),
        hours=Hours.CBOE_VIX,
    )
    assert seen.note == "25.03 − 16.50 (21 Feb, last seen 17:00 UTC)"


def test_a_session_that_was_not_watched_at_all_leaves_the_delta_unknown() -> None:
    seen = delta(
        series((close("2020-02-20"), 15.56), (close("2020-02-24"), 25.03)),
        span("1d"),
        now=close("2020-02-24"),
        hours=Hours.CBOE_VIX,
    )
    assert seen.value is None
    assert seen.note == "no value from the session of 21 Feb"


def test_hours_over_a_market_series_are_plain_hours() -> None:
    monday = close("2020-02-24")
    seen = delta(closes("2020-02-24"), span("2h"), now=monday, hours=Hours.CBOE_VIX)
    assert seen.value == pytest.approx(7.95)  # two hours before, Friday's value still held


def test_the_average_of_days_is_the_mean_of_that_many_closes() -> None:
    seen = average(closes("2020-02-28"), span("5d"), now=close("2020-02-28"), hours=Hours.CBOE_VIX)
    assert seen.value == pytest.approx((25.03 + 27.85 + 27.56 + 39.16 + 40.11) / 5)
    week = average(closes("2020-02-28"), span("1w"), now=close("2020-02-28"), hours=Hours.CBOE_VIX)
    assert week.value == seen.value


def test_the_highest_and_lowest_of_sessions_count_every_sample_in_them() -> None:
    spike = Sample(at=close("2020-02-27") + timedelta(hours=17, minutes=30), value=49.48)
    seen = closes("2020-02-27").append(spike, LONG)
    seen = seen.append(Sample(at=close("2020-02-28"), value=40.11), LONG)
    now = close("2020-02-28")
    assert highest(seen, span("2d"), now=now, hours=Hours.CBOE_VIX).value == 49.48
    assert lowest(seen, span("2d"), now=now, hours=Hours.CBOE_VIX).value == 39.16
    assert lowest(seen, span("9d"), now=now, hours=Hours.CBOE_VIX).value == 14.38


@pytest.mark.parametrize("function", [average, highest, lowest])
def test_a_series_that_does_not_reach_back_leaves_sessions_unknown(function: object) -> None:
    assert callable(function)
    seen = function(
        closes("2020-02-28"), span("10d"), now=close("2020-02-28"), hours=Hours.CBOE_VIX
    )
    assert seen.value is None
    assert seen.note == "no value from the session of 14 Feb"


@pytest.mark.parametrize("function", [average, delta, highest, lowest])
def test_a_series_that_does_not_reach_back_leaves_hours_unknown(function: object) -> None:
    assert callable(function)
    seen = function(every_minute(1, 2, 3), span("1h"), now=minute(10), hours=Hours.ALWAYS)
    assert seen.value is None
    assert seen.note == "known only since 5 Aug 00:00 UTC, not for 1h"


@pytest.mark.parametrize("function", [average, delta, highest, lowest])
@pytest.mark.parametrize("hours", [Hours.ALWAYS, Hours.CBOE_VIX])
def test_no_samples_are_unknown_and_not_zero(function: object, hours: Hours) -> None:
    assert callable(function)
    expected = WindowValue(value=None, note="no value yet", as_of=None)
    assert function(Series(), span("1d"), now=START, hours=hours) == expected


def test_a_delta_of_minutes_looks_at_the_last_value_then() -> None:
    seen = delta(every_minute(10, 11, 15), span("1m"), now=minute(2.5), hours=Hours.ALWAYS)
    assert seen.value == 4
    assert seen.note == "15.00 − 11.00 (5 Aug 00:01 UTC)"


def test_an_average_of_minutes_weighs_by_time() -> None:
    # 10 for one minute, 20 for three: (10 + 60) / 4.
    seen = average(every_minute(10, 20), span("4m"), now=minute(4), hours=Hours.ALWAYS)
    assert seen.value == pytest.approx(17.5)


def test_the_value_in_force_when_the_window_opens_counts() -> None:
    seen = every_minute(30, 10, 20)
    assert highest(seen, span("2m"), now=minute(2.5), hours=Hours.ALWAYS).value == 30
    assert highest(seen, span("1m"), now=minute(2), hours=Hours.ALWAYS).value == 20
    assert lowest(seen, span("1m"), now=minute(2.5), hours=Hours.ALWAYS).value == 10


def test_what_is_to_come_is_not_seen() -> None:
    seen = every_minute(1, 2, 100)
    assert highest(seen, span("1m"), now=minute(1), hours=Hours.ALWAYS).value == 2
    assert delta(seen, span("1m"), now=minute(1), hours=Hours.ALWAYS).value == 1
    assert crossed(seen, 50, Direction.ABOVE, now=minute(1)).value is False


@pytest.mark.parametrize(
    ("before", "newest", "above", "below"),
    [
        pytest.param(19, 21, True, False, id="from below to above"),
        pytest.param(20, 21, True, False, id="from the level upward"),
        pytest.param(19, 20, False, False, id="only up to the level"),
        pytest.param(21, 22, False, False, id="above all along"),
        pytest.param(21, 19, False, True, id="from above to below"),
        pytest.param(20, 19, False, True, id="from the level downward"),
        pytest.param(21, 20, False, False, id="only down to the level"),
    ],
)
def test_crossing_twenty(before: float, newest: float, above: bool, below: bool) -> None:
    seen = every_minute(before, newest)
    assert crossed(seen, 20, Direction.ABOVE, now=minute(1)).value is above
    assert crossed(seen, 20, Direction.BELOW, now=minute(1)).value is below


def test_one_value_has_crossed_nothing_yet() -> None:
    assert crossed(every_minute(25), 20, Direction.ABOVE, now=minute(1)).value is None


def test_a_reading_heard_twice_is_one_sample_and_a_correction_replaces_it() -> None:
    once = every_minute(19, 21)
    again = once.append(Sample(at=minute(1), value=21), LONG)
    mended = once.append(Sample(at=minute(1), value=19.5), LONG)
    late = once.append(Sample(at=minute(0.5), value=99), LONG)
    assert again == once == late
    assert [s.value for s in mended.samples] == [19, 19.5]


minutes = st.lists(st.integers(0, 300), min_size=1, max_size=60, unique=True).map(sorted)
figures = st.floats(-1e6, 1e6)


@st.composite
def any_series(draw: st.DrawFn) -> Series:
    return series(*((minute(n), draw(figures)) for n in draw(minutes)))


@given(any_series(), st.integers(0, 400), st.integers(1, 120))
def test_lowest_average_and_highest_are_in_order(built: Series, at: int, length: int) -> None:
    over, now = span(f"{length}m"), minute(at)
    low, mean, high = (
        function(built, over, now=now, hours=Hours.ALWAYS).value
        for function in (lowest, average, highest)
    )
    assert (low is None) == (mean is None) == (high is None)
    if low is not None and mean is not None and high is not None:
        slack = 1e-9 * max(abs(low), abs(high), 1)
        assert low - slack <= mean <= high + slack


@given(any_series(), st.integers(0, 400), st.integers(1, 120))
def test_an_average_is_the_mean_of_every_second(built: Series, at: int, length: int) -> None:
    """Every stamp is a whole minute, so the mean over minutes is exact."""
    seen = average(built, span(f"{length}m"), now=minute(at), hours=Hours.ALWAYS)
    held = [_in_force(built, minute(n)) for n in range(at - length, at)]
    if any(value is None for value in held):
        assert seen.value is None
    else:
        expected = fmean(value for value in held if value is not None)
        assert seen.value == pytest.approx(expected, rel=1e-9, abs=1e-6)


def _in_force(built: Series, at: datetime) -> float | None:
    known = [s.value for s in built.samples if s.at <= at]
    return known[-1] if known else None


@given(any_series(), st.integers(1, 120), st.integers(0, 60))
def test_what_append_drops_no_window_misses(built: Series, length: int, later: int) -> None:
    over = span(f"{length}m")
    thin = Series()
    for sample in built.samples:
        thin = thin.append(sample, over.reach(Hours.ALWAYS))
    now = built.samples[-1].at + timedelta(minutes=later)
    for function in (average, delta, highest, lowest):
        whole = function(built, over, now=now, hours=Hours.ALWAYS)
        kept = function(thin, over, now=now, hours=Hours.ALWAYS)
        assert kept.value == whole.value


@given(st.integers(1, 60), st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)))  # noqa: DTZ001
def test_what_is_kept_for_sessions_reaches_them(count: int, at: datetime) -> None:

    now = at.replace(tzinfo=UTC)
    begin, _ = session_bounds(Hours.CBOE_VIX, sessions_back(now.date(), count + 1))
    assert now - span(f"{count}d").reach(Hours.CBOE_VIX) <= begin


@given(any_series(), st.integers(0, 400))
def test_delta_over_two_spans_adds_up(built: Series, at: int) -> None:
    now = minute(at)
    whole = delta(built, span("20m"), now=now, hours=Hours.ALWAYS).value
    recent = delta(built, span("10m"), now=now, hours=Hours.ALWAYS).value
    older = delta(built, span("10m"), now=now - timedelta(minutes=10), hours=Hours.ALWAYS).value
    if whole is not None:
        assert recent is not None
        assert older is not None
        assert whole == pytest.approx(recent + older, abs=1e-6)
