"""Figures as people read them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.alerts.figures import age, day, figure, moment, number, pair, precise, span


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (-0.038, "fraction", "−3.8 %"),
        (-0.03, "fraction", "−3.0 %"),
        (0.0031, "fraction", "0.31 %"),
        (0.0, "fraction", "0.0 %"),
        (-0.00001, "fraction", "0.00 %"),
        (1.5, "fraction", "150.0 %"),
        (27.4, "points", "27.4"),
        (24.52, "points", "24.52"),
        (20.0, "points", "20.0"),
        (412_300.4, "usd", "412,300 USD"),
        (-1140.0, "usd", "−1,140 USD"),
        (88.5, "usd", "88.50 USD"),
        (312.0, "s", "5 m 12 s"),
        (21.0, "days", "21 d"),
        (20.6, "days", "20.6 d"),
        (3.0, "count", "3"),
        (2412.4, "quote per base", "2,412"),
        (250.5, "quote per base", "250.50"),
        (0.000414, "quote per base", "0.000414"),
        (True, "bool", "yes"),
        ("roll_due", "state", "roll_due"),
        (float("nan"), "points", "nan"),
    ],
)
def test_a_figure_is_told_in_its_unit(value: Any, unit: str, expected: str) -> None:
    assert figure(value, unit) == expected


@pytest.mark.parametrize(
    ("left", "right", "unit", "expected"),
    [
        pytest.param(20.004, 20.0, "points", ("20.004", "20.0"), id="points a hair apart"),
        pytest.param(-0.0301, -0.03, "fraction", ("−3.01 %", "−3.00 %"), id="fractions"),
        pytest.param(20.0, 20.0, "points", ("20.0", "20.0"), id="equal ones stay short"),
        pytest.param(300.4, 300.0, "s", ("300.4 s", "300.0 s"), id="less than a second apart"),
    ],
)
def test_two_sides_that_differ_never_look_the_same(
    left: float, right: float, unit: str, expected: tuple[str, str]
) -> None:
    assert pair(left, right, unit) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 m"),
        (312, "5 m 12 s"),
        (3_600, "1 h"),
        (11_400, "3 h 10 m"),
        (3_605, "1 h"),
        (86_400, "1 d"),
        (187_200, "2 d 4 h"),
        (-3, "0 s"),
    ],
)
def test_a_span_has_two_units(seconds: float, expected: str) -> None:
    assert span(seconds) == expected


def test_spans_that_differ_little_are_told_apart() -> None:
    assert pair(87_060.0, 86_400.0, "s") == ("1 d 11 m", "1 d")
    assert pair(86_401.0, 86_400.0, "s") == ("1 d 1 s", "1 d")
    assert pair(600.25, 600.0, "s") == ("600.2 s", "600.0 s")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(12, "12 s"), (907, "15 m"), (50_400, "14 h"), (172_799, "47 h"), (172_800, "2 d")],
)
def test_an_age_has_one(seconds: float, expected: str) -> None:
    assert age(seconds) == expected


def test_minus_nothing_is_nothing() -> None:
    assert number(-0.001, 2) == "0.00"


def test_a_number_of_anyones_making_stays_short() -> None:
    assert number(1e15 - 1, 0) == "999,999,999,999,999"
    assert number(-2.5e70, 2) == "−2.500e+70"


def test_an_instant_has_its_zone_and_its_day_only_when_it_is_another() -> None:
    at = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
    assert moment(at, at) == "14:02 UTC"
    assert moment(at, datetime(2026, 11, 21, tzinfo=UTC)) == "20 Nov 14:02 UTC"
    assert moment(at, datetime(2027, 1, 1, tzinfo=UTC)) == "20 Nov 2026 14:02 UTC"
    assert moment(at) == "20 Nov 2026 14:02 UTC"
    assert day(date(2027, 3, 17)) == "17 Mar 2027"


@pytest.mark.parametrize(
    ("text", "value", "within", "expected"),
    [
        ("1", 1.0005, 0.001, "1.0005"),
        ("0.9995", 0.9995, 0.001, "0.9995"),
        ("1.00", 1.0002, 0.001, "1.0002"),
        ("2,412", 2_412.3, 800.0, "2,412"),
        ("2,412", 2_412.34, 4.0, "2,412.3"),
        ("3e-09", 3e-9, 4e-9, "3e-09"),
        ("2,412", 2_412.3, float("inf"), "2,412"),
        ("2,412", 2_412.3, 0.0, "2,412"),
    ],
)
def test_a_price_is_as_precise_as_where_it_lies_asks_for(
    text: str, value: float, within: float, expected: str
) -> None:
    assert precise(text, value, within) == expected
