"""Hours of the week by a place's own clock, its changes to and from summer time among them."""

from datetime import UTC, datetime

import pytest

from monitor.alerts.windows import Window

# Instants and what clocks showed then: 29 March 2026 01:00 UTC is when Berlin goes to summer time.
CASES = [
    pytest.param("2026-11-30T08:00", ("mon-fri",), ("09:00-17:30",), True, id="Monday 09:00"),
    pytest.param("2026-11-30T07:59", ("mon-fri",), ("09:00-17:30",), False, id="a minute before"),
    pytest.param("2026-11-30T16:30", ("mon-fri",), ("09:00-17:30",), False, id="the end is out"),
    pytest.param("2026-11-29T09:00", ("mon-fri",), ("09:00-17:30",), False, id="a Sunday"),
    pytest.param("2026-07-01T07:00", ("wed",), ("09:00-10:00",), True, id="09:00 in summer"),
    pytest.param("2026-07-01T08:00", ("wed",), ("09:00-10:00",), False, id="10:00 in summer"),
    pytest.param("2026-11-30T22:30", ("mon",), ("22:00-07:00",), True, id="Monday 23:30"),
    pytest.param("2026-12-01T05:59", ("mon",), ("22:00-07:00",), True, id="Tuesday 06:59"),
    pytest.param("2026-12-01T06:00", ("mon",), ("22:00-07:00",), False, id="Tuesday 07:00"),
    pytest.param("2026-12-01T21:30", ("mon",), ("22:00-07:00",), False, id="Tuesday 22:30"),
    pytest.param("2026-11-30T05:00", ("mon",), ("22:00-07:00",), False, id="a Sunday's night"),
    pytest.param("2026-03-29T01:30", (), ("03:00-04:00",), True, id="02:30 became 03:30"),
    pytest.param("2026-03-29T01:00", (), ("02:00-03:00",), False, id="an hour that never was"),
    pytest.param("2026-11-28T12:00", ("fri-mon",), (), True, id="days over a weekend"),
    pytest.param("2026-12-02T12:00", ("fri-mon",), (), False, id="not on a Wednesday"),
    pytest.param("2026-11-30T22:59", (), ("12:00-24:00",), True, id="to midnight"),
    pytest.param("2026-11-30T23:00", (), ("12:00-24:00",), False, id="midnight is the next day"),
    pytest.param("2026-11-30T12:00", (), (), True, id="always"),
    pytest.param("2026-11-30T12:00", (), ("08:00-08:00",), True, id="a whole day round"),
]


@pytest.mark.parametrize(("at", "days", "hours", "within"), CASES)
def test_an_instant_is_within_or_not(
    at: str, days: tuple[str, ...], hours: tuple[str, ...], *, within: bool
) -> None:
    window = Window(days=days, hours=hours, zone="Europe/Berlin")
    assert window.holds(datetime.fromisoformat(at).replace(tzinfo=UTC)) is within


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"zone": "Europe/Berln"}, "no time zone 'Europe/Berln': such as Europe/Berlin or UTC"),
        ({"zone": "/etc/passwd"}, "no time zone '/etc/passwd'"),
        ({"zone": ""}, "no time zone ''"),
        ({"days": ("monday",)}, "'monday' is no day: mon tue wed thu fri sat sun"),
        ({"days": ("mon-",)}, "'mon-' is no day"),
        ({"hours": ("9-17",)}, "'9-17' are no hours: as in 09:00-17:30"),
        ({"hours": ("09:00-25:00",)}, "'09:00-25:00' are no hours"),
        ({"hours": ("24:00-09:00",)}, "'24:00-09:00' are no hours"),
    ],
)
def test_what_is_no_time_is_refused_in_a_sentence(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        Window(**given)  # type: ignore[arg-type]
