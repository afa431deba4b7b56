"""The curve of the VIX: regimes, the constant 30 days, and what futures lose as days go by."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close, sessions_back
from monitor.calendars.vix import vix_expiries
from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.signals.absorb import Lens, absorb
from monitor.signals.bars import Bars, point
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts
from monitor.signals.of_market import market
from monitor.signals.of_term import OF_TERM, Settled, forward30

NEW_YORK = ZoneInfo("America/New_York")
# The curve of 2020-02-18 around its 30 days; published settlements.
MARCH, APRIL = Settled(date(2020, 3, 18), 15.825), Settled(date(2020, 4, 15), 16.125)
FEBRUARY, MAY = Settled(date(2020, 2, 19), 14.9), Settled(date(2020, 5, 20), 16.3)


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


def curve(
    session: str, prices: Mapping[str, float], vix: Mapping[str, float] | None = None
) -> Facts:
    """Return one session's settlements, and closes of the VIX by session."""
    as_of = new_york(f"{session}T16:15")
    return Facts(
        readings={
            f"vx.settle|{expiry}": Reading(
                name="vx.settle", key=expiry, value=price, unit="points", as_of=as_of, source="made"
            )
            for expiry, price in prices.items()
        },
        bars={
            "vix|": Bars(
                bars=tuple(
                    point(day(one), value, session_close(Hours.CBOE_VIX, day(one)))
                    for one, value in sorted((vix or {}).items())
                )
            )
        },
    )


def ask(name: str, known: Facts, now: str) -> tuple[Any, str]:
    return OF_TERM[name](known, new_york(now))


def test_every_name_of_the_catalogue_is_answered() -> None:
    names = [
        "m1",
        "m2",
        "forward30",
        "ramp_weight",
        "slope",
        "basis",
        "roll_day",
        "over_realised",
        "m1_days",
    ]
    others = {"vol.term", "vol.term9", "vol.regime"}
    assert set(OF_TERM) == {f"vx.{one}" for one in names} | others
    assert set(OF_TERM) <= set(BY_NAME)


@pytest.mark.parametrize(
    ("vix", "regime"),
    [
        (84.9, "steep"),
        (85.0, "contango"),
        (91.6, "contango"),
        (91.7, "flat"),
        (99.9, "flat"),
        (100.0, "inverted"),
        (130.0, "inverted"),
    ],
)
def test_regimes_begin_at_their_bounds(vix: float, regime: str) -> None:
    at = new_york("2026-03-09T16:00")
    known = Facts(
        readings={
            f"{name}|": Reading(name=name, value=value, unit="points", as_of=at, source="made")
            for name, value in (("vix", vix), ("vix3m", 100.0), ("vix9d", 2 * vix))
        }
    )
    assert ask("vol.regime", known, "2026-03-09T16:00")[0] == regime
    assert ask("vol.term", known, "2026-03-09T16:00")[0] == pytest.approx(vix / 100)
    assert ask("vol.term9", known, "2026-03-09T16:00")[0] == pytest.approx(2)
    assert regime in BY_NAME["vol.regime"].choices


def quoted(**stamps: str) -> Facts:
    """Return indices as they were quoted, each of its own time."""
    values = {"vix": 45.0, "vix3m": 30.0, "vix9d": 60.0}
    return Facts(
        readings={
            f"{name}|": Reading(
                name=name, value=values[name], unit="points", as_of=new_york(at), source="made"
            )
            for name, at in stamps.items()
        }
    )


@pytest.mark.parametrize(
    ("vix", "other", "known"),
    [
        pytest.param("2024-08-05T10:00", "2024-08-05T09:25", True, id="35 minutes apart"),
        pytest.param("2024-08-05T10:01", "2024-08-05T09:25", False, id="36 minutes apart"),
        pytest.param("2024-08-05T04:00", "2024-08-02T16:15", False, id="overnight, over Friday's"),
        pytest.param("2024-08-05T09:45", "2024-08-02T16:15", False, id="Monday's, over Friday's"),
        pytest.param("2024-08-05T16:14", "2024-08-05T16:15", True, id="a quote and a daily close"),
        pytest.param("2024-08-05T04:00", "2024-08-05T03:50", True, id="both overnight"),
        pytest.param("2024-11-29T13:14", "2024-11-29T16:15", True, id="a half day, as dated"),
        pytest.param("2024-11-29T12:00", "2024-11-29T16:15", False, id="a half day's noon"),
    ],
)
def test_a_ratio_takes_two_values_of_one_time(vix: str, other: str, *, known: bool) -> None:
    for name, index in (("vol.term", "vix3m"), ("vol.regime", "vix3m"), ("vol.term9", "vix9d")):
        value, _ = ask(name, quoted(vix=vix, **{index: other}), vix)
        assert (value is not None) is known


def test_a_ratio_of_two_times_is_unknown_and_names_them() -> None:
    known = quoted(vix="2024-08-05T04:00", vix3m="2024-08-02T16:15")
    told = market(known, "vol.regime", new_york("2024-08-05T04:16"))
    assert (told.value, told.note) == (
        None,
        "vix of 5 Aug 08:00 UTC and vix3m of 2 Aug 20:15 UTC are not of one time",
    )


# --- a constant 30 days ---------------------------------------------------------------------


def test_forward_of_the_published_example() -> None:
    value, note = forward30(date(2020, 2, 18), [FEBRUARY, MARCH, APRIL, MAY])
    assert value == pytest.approx(15.835714285714285, abs=1e-12)
    assert note == "15.82 to 2020-03-18, 16.12 to 2020-04-15"


@pytest.mark.parametrize(
    ("session", "futures", "expected"),
    [
        pytest.param("2020-02-17", (FEBRUARY, MARCH, APRIL), 15.825, id="on an expiry it is that"),
        pytest.param("2020-03-16", (MARCH, APRIL, MAY), 16.125, id="on the next expiry too"),
        pytest.param("2020-04-15", (MAY,), 16.3, id="a five-week month begins: the nearest"),
        pytest.param("2020-04-20", (MAY,), 16.3, id="until it is 30 days away"),
        pytest.param("2020-04-21", (MAY,), None, id="then it takes another behind it"),
        pytest.param("2020-03-18", (MAY,), None, id="a month is missing before the nearest"),
        pytest.param("2020-02-18", (FEBRUARY, MARCH, MAY), None, id="and here between two"),
        pytest.param("2020-02-18", (FEBRUARY, MARCH), None, id="nothing settles so late"),
        pytest.param("2020-02-18", (), None, id="nothing settles at all"),
    ],
)
def test_forward(session: str, futures: tuple[Settled, ...], expected: float | None) -> None:
    value, note = forward30(day(session), futures)
    assert value == (expected and pytest.approx(expected))
    assert note


def test_forward_is_known_on_every_session_of_ten_years() -> None:
    expiries = vix_expiries(date(2016, 1, 1), date(2026, 12, 31))
    session, seen = date(2026, 10, 1), 0
    while session > date(2016, 2, 1):
        listed = [Settled(one, 20.0) for one in expiries if one > session][:9]
        assert forward30(session, listed)[0] == pytest.approx(20.0)
        session, seen = sessions_back(session, 1), seen + 1
    assert seen > 2600


def test_no_two_expiries_lie_further_apart_than_a_month_missing_would_show() -> None:
    gaps = [(b - a).days for a, b in pairwise(vix_expiries(date(2013, 1, 1), date(2045, 12, 31)))]
    assert (min(gaps), max(gaps)) == (27, 36)


def test_forward_is_that_of_its_session_whatever_has_expired_since() -> None:
    known = curve("2020-02-18", {"2020-02-19": 14.9, "2020-03-18": 15.825, "2020-04-15": 16.125})
    for now in ("2020-02-18T17:00", "2020-02-19T15:00"):
        value, _ = ask("vx.forward30", known, now)
        assert value == pytest.approx(15.835714285714285)


# The published ramp: 1 % times (F - 13) / 4, cut to 0 and 1 %; half above 30, none above 50.
@pytest.mark.parametrize(
    ("forward", "weight"),
    [
        (12.0, 0.0),
        (13.0, 0.0),
        (14.0, 0.0025),
        (15.0, 0.005),
        (17.0, 0.01),
        (30.0, 0.01),
        (30.01, 0.005),
        (50.0, 0.005),
        (50.01, 0.0),
    ],
)
def test_the_softened_gate_s_weight(forward: float, weight: float) -> None:
    flat = curve("2020-02-18", {"2020-03-18": forward, "2020-04-15": forward})
    assert ask("vx.ramp_weight", flat, "2020-02-18T17:00")[0] == pytest.approx(weight)


def test_without_a_forward_the_softened_gate_has_no_weight() -> None:
    assert ask("vx.ramp_weight", curve("2020-02-18", {"2020-03-18": 15.0}), "2020-02-18T17:00") == (
        None,
        "no future settled expires on 2020-03-19 or later",
    )


# --- the nearest futures --------------------------------------------------------------------

PRICES = {"2020-02-19": 14.0, "2020-03-18": 16.0, "2020-04-15": 17.0}


@pytest.mark.parametrize(
    ("now", "first", "second"),
    [
        pytest.param("2020-02-18T17:00", 14.0, 16.0, id="after the settlement"),
        pytest.param("2020-02-18T23:30", 14.0, 16.0, id="late in the evening, next day in UTC"),
        pytest.param("2020-02-19T00:30", 16.0, 17.0, id="it settles on this day's opening"),
    ],
)
def test_the_nearest_that_still_trades(now: str, first: float, second: float) -> None:
    known = curve("2020-02-18", PRICES)
    assert ask("vx.m1", known, now)[0] == first
    assert ask("vx.m2", known, now)[0] == second
    assert ask("vx.slope", known, now)[0] == pytest.approx(second / first - 1)


def test_an_issue_of_the_expiry_day_may_still_list_it() -> None:
    assert ask("vx.m1", curve("2020-02-19", PRICES), "2020-02-19T17:00")[0] == 16.0
    listed = curve("2020-04-15", {"2020-04-15": 40.0, "2020-05-20": 38.0})
    assert ask("vx.forward30", listed, "2020-04-15T17:00")[0] == 38.0


@pytest.mark.parametrize(
    "name", ["vx.m1", "vx.m2", "vx.m1_days", "vx.slope", "vx.basis", "vx.roll_day"]
)
def test_it_is_unknown_where_no_future_trades_any_more(name: str) -> None:
    known = curve("2020-02-18", {"2020-02-19": 14.0}, {"2020-02-18": 14.83})
    value, note = ask(name, known, "2020-02-19T08:00")
    assert (value, "0 monthly" in note or "no monthly" in note) == (None, True)


def test_settlements_of_an_older_session_do_not_mix_in() -> None:
    known = curve("2020-02-18", PRICES)
    old = curve("2020-02-14", {"2020-02-26": 99.0, "2020-03-19": 99.0}).readings
    both = Facts(readings={**old, **known.readings})
    assert ask("vx.m2", both, "2020-02-18T17:00")[0] == 16.0
    assert ask("vx.forward30", both, "2020-02-18T17:00")[0] == pytest.approx(16 + 1 / 28)


# --- what they lose -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "expiry", "days"),
    [
        pytest.param("2026-03-03", "2026-03-18", 11, id="eleven business days"),
        pytest.param("2020-02-14", "2020-02-19", 2, id="a weekend and a holiday between"),
        pytest.param("2020-02-18", "2020-02-19", 1, id="the last day of trading"),
        pytest.param("2020-11-24", "2020-12-16", 15, id="Thanksgiving, and the half day counts"),
    ],
)
def test_roll_is_a_business_day(session: str, expiry: str, days: int) -> None:
    known = curve(session, {expiry: 20.0}, {session: 18.0, "2020-01-02": 12.0})
    value, note = ask("vx.roll_day", known, f"{session}T17:00")
    assert value == pytest.approx(2 / days)
    assert note == f"(20.00 − 18.00) / {days} business days"
    assert ask("vx.m1_days", known, f"{session}T17:00")[0] == days
    assert ask("vx.basis", known, f"{session}T17:00")[0] == pytest.approx(20 / 18 - 1)


def test_the_vix_is_that_of_the_settlements_own_session() -> None:
    vix = {"2020-02-14": 13.68, "2020-02-18": 14.83, "2020-02-19": 14.38}
    known = curve("2020-02-18", PRICES, vix)
    value, _ = ask("vx.basis", known, "2020-02-19T16:30")
    assert value == pytest.approx(16 / 14.83 - 1)


@pytest.mark.parametrize("name", ["vx.basis", "vx.roll_day"])
def test_without_the_vix_of_that_session_it_is_unknown(name: str) -> None:
    vix = {"2020-02-14": 13.68, "2020-02-19": 14.38}
    found = ask(name, curve("2020-02-18", PRICES, vix), "2020-02-19T16:30")
    assert found == (None, "the VIX of 2020-02-18 is not known")
    assert ask(name, curve("2020-02-18", PRICES), "2020-02-19T16:30")[0] is None


def test_the_vix_of_a_session_to_come_is_not_seen() -> None:
    known = curve("2020-02-18", PRICES, {"2020-02-18": 14.83})
    assert ask("vx.basis", known, "2020-02-18T16:14")[0] is None
    assert ask("vx.basis", known, "2020-02-18T16:15")[0] == pytest.approx(14 / 14.83 - 1)


def index(*closes: float) -> Bars:
    count, last = len(closes), day("2020-02-18")
    days = [sessions_back(last, count - 1 - n) for n in range(count)]
    return Bars(
        bars=tuple(
            point(one, close, session_close(Hours.CBOE_VIX, one))
            for one, close in zip(days, closes, strict=True)
        )
    )


def test_the_nearest_future_over_what_was_realised() -> None:
    known = curve("2020-02-18", PRICES)
    moved = Facts(
        readings=known.readings,
        bars={"spx.price|": index(*[50.0] * 9, 100.0, *(101.0, 100.0) * 15)},
    )
    # ± ln 1.01 by turns over 30 sessions: 0.995033 % · √(30/29) · √252 is 16.066 % a year.
    value, _ = ask("vx.over_realised", moved, "2020-02-18T17:00")
    assert value == pytest.approx(14 / 16.066, abs=1e-4)
    value, note = ask("vx.over_realised", known, "2020-02-18T17:00")
    assert (value, note) == (None, "0 of 31 sessions known without a gap")
    still = Facts(readings=known.readings, bars={"spx.price|": index(*[100.0] * 31)})
    value, note = ask("vx.over_realised", still, "2020-02-18T17:00")
    assert (value, note) == (None, "the S&P 500 has not moved over 30 days to 2020-02-18")


def test_on_the_road_from_readings_to_a_value() -> None:
    at = new_york("2020-02-18T16:14")
    vix = Reading(name="vix", value=14.83, unit="points", as_of=at, source="cboe")
    known = absorb(Facts(), Readings(source="vix", observed_at=at, readings=(vix,)), Lens())
    settled = tuple(curve("2020-02-18", PRICES).readings.values())
    evening = new_york("2020-02-18T18:00")
    known = absorb(known, Readings(source="vx", observed_at=evening, readings=settled), Lens())
    told = market(known, "vx.basis", evening)
    assert told.value == pytest.approx(14 / 14.83 - 1)
    assert (told.source, told.as_of) == ("computed", at)
    tuesday = new_york("2020-02-25T18:00")
    assert market(known, "vx.m1", tuesday).note == "vx.settle is 5 d old in session, limit 2 d"
