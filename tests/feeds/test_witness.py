"""A provider's word: figures written as text, instants counted and written out, ranges."""

from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.witness import Witness, heard, midnight, milliseconds

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
WITNESS = Witness(source="test", now=NOW)


@pytest.mark.parametrize(
    ("told", "figure"),
    [
        pytest.param("0.0001", 0.0001, id="text"),
        pytest.param("-2e-05", -2e-05, id="text with an exponent"),
        pytest.param("7.", 7.0, id="text without decimals"),
        pytest.param("-234415323020867061571811615482", -2.3441532302086706e29, id="thirty digits"),
        pytest.param(12, 12.0, id="a whole number"),
        pytest.param(0.5, 0.5, id="a number"),
    ],
)
def test_a_figure_is_a_number_however_it_is_stated(told: object, figure: float) -> None:
    assert WITNESS.figure(told, "rate") == figure


@pytest.mark.parametrize(
    "told",
    ["", " 1", "1 ", "1_000", "1,000", "0x10", "nan", "inf", "-Infinity", "1e999", "٣", None, True,
     [1], {}, float("nan"), float("inf"), 10**400, "9" * 50],
    ids=repr,
)  # fmt: skip
def test_what_is_no_figure_is_refused(told: object) -> None:
    with pytest.raises(Transient, match=r"^test sent .* as rate, which is "):
        WITNESS.figure(told, "rate")


@pytest.mark.parametrize(
    ("told", "a_second", "at"),
    [
        pytest.param(1_790_972_940_000, 1_000, "2026-10-02 20:29:00", id="milliseconds"),
        pytest.param(1_790_972_940_500.0, 1_000, "2026-10-02 20:29:00.5", id="with a fraction"),
        pytest.param(1_790_972_940, 1, "2026-10-02 20:29:00", id="seconds"),
        pytest.param(1_790_973_060, 1, "2026-10-02 20:31:00", id="a minute ahead of our clock"),
    ],
)
def test_an_instant_is_counted_from_1970(told: object, a_second: int, at: str) -> None:
    found = WITNESS.instant(told, "time", a_second=a_second)
    assert found == datetime.fromisoformat(at).replace(tzinfo=UTC)


@pytest.mark.parametrize("told", [0, -1, 10**18, 1e300, None, True, "1790972940000", float("nan")])
def test_what_is_no_instant_is_refused(told: object) -> None:
    with pytest.raises(Transient, match=r"^test sent .* as time, which is no time$"):
        WITNESS.instant(told, "time")


@pytest.mark.parametrize(
    ("told", "at"),
    [
        pytest.param("2026-10-02T20:00:00.219Z", "2026-10-02 20:00:00.219", id="UTC"),
        pytest.param("2026-10-02T16:00:00-04:00", "2026-10-02 20:00:00", id="with its offset"),
        pytest.param("2026-10-02T20:00:00", "2026-10-02 20:00:00", id="with none"),
    ],
)
def test_an_instant_may_be_written_out(told: str, at: str) -> None:
    assert WITNESS.iso(told, "time") == datetime.fromisoformat(at).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "told", ["", "yesterday", "2026-13-01", None, 1, "0001-01-01T00:00:00+23:00"]
)
def test_what_is_not_written_as_an_instant_is_refused(told: object) -> None:
    with pytest.raises(Transient, match=r"which is no time$"):
        WITNESS.iso(told, "time")


@pytest.mark.parametrize("told", [NOW + timedelta(minutes=2), datetime(9000, 1, 1, tzinfo=UTC)])
def test_what_is_to_come_is_refused(told: datetime) -> None:
    with pytest.raises(Transient, match=r"which is to come$"):
        WITNESS.iso(told.isoformat(), "time")
    with pytest.raises(Transient, match=r"which is to come$"):
        WITNESS.instant(milliseconds(told), "time")


def test_a_reading_has_its_catalogue_line_s_unit() -> None:
    told = WITNESS.reading("vx.settle", 18.5, NOW, "2026-11-18")
    assert (told.name, told.key, told.value) == ("vx.settle", "2026-11-18", 18.5)
    assert (told.unit, told.as_of, told.source) == ("points", NOW, "test")


@pytest.mark.parametrize("value", [0, -3, 201, None, "18"])
def test_a_value_out_of_its_catalogue_line_s_range_is_refused(value: object) -> None:
    with pytest.raises(Transient, match=r"^test sent .* as vix, which is "):
        WITNESS.reading("vix", value, NOW)


@pytest.mark.parametrize(
    ("path", "verdict", "sentence"),
    [
        (("rows",), Permanent, "test sent no list as rows: has its answer changed shape?"),
        (("none",), Permanent, "test sent no none: has its answer changed shape?"),
        ((), Permanent, "test sent no list as its answer: has its answer changed shape?"),
    ],
)
def test_a_list_that_is_none(
    path: tuple[str, ...], verdict: type[HedgewatchError], sentence: str
) -> None:
    with pytest.raises(verdict) as caught:
        WITNESS.rows({"rows": {}}, *path)
    assert str(caught.value) == sentence


def test_an_object_that_is_none() -> None:
    with pytest.raises(Permanent, match=r"^test sent no object as rows: has its answer"):
        WITNESS.members({"rows": []}, "rows")
    assert WITNESS.members({"a": {"b": 1}}, "a") == {"b": 1}


def test_it_is_heard_by_the_clock_it_is_given() -> None:
    clock = ManualClock(NOW, lead=timedelta(hours=1))
    assert heard("test", clock) == Witness(source="test", now=NOW, lead=timedelta(hours=1))


def test_days_begin_at_midnight_utc() -> None:
    assert midnight(date(2026, 10, 2)) == datetime(2026, 10, 2, tzinfo=UTC)
    assert milliseconds(midnight(date(2026, 10, 2))) == 1_790_899_200_000
