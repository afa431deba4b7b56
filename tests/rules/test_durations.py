from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.durations import parse_duration, parse_instant
from monitor.signals.windows import span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("1d", timedelta(days=1)),
        ("2w", timedelta(days=14)),
        ("0m", timedelta(0)),
    ],
)
def test_a_span_is_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "10", "m", "1.5h", "-1h", "1 h", "1h30m", "1M", "1y", " 1h", "1h\n", "٣h", "1e3s"]
)
def test_what_is_no_span_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is not a span: write a whole number"):
        parse_duration(text)


def test_a_span_of_centuries_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than ten years"):
        parse_duration("9999999w")


@given(st.integers(1, 50), st.sampled_from("smhdw"))
def test_rule_files_and_windows_read_spans_alike(count: int, unit: str) -> None:
    text = f"{count}{unit}"
    assert parse_duration(text) == span(text).length


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-27T08:00Z", datetime(2026, 3, 27, 8, tzinfo=UTC)),
        ("2026-03-27T08:00:30.5+02:00", datetime(2026, 3, 27, 6, 0, 30, 500_000, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_with_its_zone(text: str, expected: datetime) -> None:
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    "text", ["", "noon", "2026-03-27", "2026-03-27T08:00", "0001-01-01T00:00+14:00"]
)
def test_what_is_no_instant_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is no instant with its zone, such as 2026-03-27T08:00Z"):
        parse_instant(text)
