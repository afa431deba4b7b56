"""Realised and expected moves over what is known: calendars, gaps, days not yet over."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close, sessions_back
from monitor.model.reading import Bar, Reading
from monitor.signals.bars import Bars, point
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts
from monitor.signals.of_realised import OF_REALISED, edr_printed
from monitor.signals.volatility import parkinson, yang_zhang

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 3, 9)
TWENTY = [100.0, *(101.0, 100.0) * 10]  # 20 returns of ± ln 1.01, so a variance of 20/19 of that²
HV = math.log(1.01) * math.sqrt(20 / 19 * 252)


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def sessions(values: Sequence[float], last: date, *missing: int) -> Bars:
    """Return a bar a session up to `last`, less those that many sessions before it."""
    count = len(values)
    bars = []
    for n, value in enumerate(values):
        day = sessions_back(last, count - 1 - n)
        if count - 1 - n not in missing:
            bars.append(point(day, value, session_close(Hours.CBOE_VIX, day)))
    return Bars(bars=tuple(bars))


def days(count: int, last: date, ratio: float = 1.05) -> Bars:
    """Return whole UTC days of a coin whose highest is `ratio` times its lowest, up to `last`."""
    bars = []
    for n in range(count):
        day = last - timedelta(days=count - 1 - n)
        at = session_close(Hours.ALWAYS, day) - timedelta(minutes=1)
        bars.append(Bar(day=day, open=100, high=100 * ratio, low=100, close=100 + n % 2, at=at))
    return Bars(bars=tuple(bars))


def facts(bars: Bars | None = None, name: str = "spx.price", **values: float) -> Facts:
    at = datetime(2026, 3, 9, 20, tzinfo=UTC)
    said = {key.replace("_", ".", 1) if key != "vix9d" else key: v for key, v in values.items()}
    return Facts(
        bars={f"{name}|": bars} if bars else {},
        readings={
            f"{one}|": Reading(name=one, value=value, unit="points", as_of=at, source="made")
            for one, value in said.items()
        },
    )


def ask(name: str, known: Facts, now: datetime) -> tuple[Any, str]:
    return OF_REALISED[name](known, now)


def test_every_name_of_the_catalogue_is_answered() -> None:
    assert set(OF_REALISED) == {
        "vol.hv20_spx",
        *(f"vol.{form}30_{coin}" for form in ("rv", "park", "yz") for coin in ("eth", "btc")),
        *("vol.vrp_spx", "vol.vrp_eth", "vol.surface_gap_eth"),
        *("spx.expected_day", "eth.expected_day", "spx.edr", "spx.edr_printed"),
    }
    assert set(OF_REALISED) <= set(BY_NAME)


@pytest.mark.parametrize(
    ("values", "last", "now"),
    [
        pytest.param(TWENTY, MONDAY, "2026-03-09T16:20", id="weekends are no gap"),
        pytest.param([1.0, *TWENTY], MONDAY, "2026-03-09T16:20", id="older sessions do not count"),
        pytest.param(
            TWENTY, date(2020, 12, 4), "2020-12-05T12:00", id="nor are Thanksgiving and a half day"
        ),
        pytest.param(
            TWENTY, date(2026, 1, 30), "2026-02-01T12:00", id="nor is a holiday on a Monday"
        ),
    ],
)
def test_hv20(values: list[float], last: date, now: str) -> None:
    value, note = ask("vol.hv20_spx", facts(sessions(values, last)), new_york(now))
    assert value == pytest.approx(HV)
    assert note == f"20 days to {last}"


@pytest.mark.parametrize(
    ("bars", "note"),
    [
        pytest.param(sessions(TWENTY[1:], MONDAY), "20 of 21 sessions known", id="one too few"),
        pytest.param(sessions(TWENTY, MONDAY, 7), "7 of 21 sessions known", id="one is missing"),
        pytest.param(sessions(TWENTY, MONDAY, 1), "1 of 21 sessions known", id="the last but one"),
        pytest.param(
            sessions([1.0, *TWENTY], MONDAY, 20), "20 of 21 sessions known", id="at the far end"
        ),
        pytest.param(None, "0 of 21 sessions known", id="none was ever seen"),
    ],
)
def test_hv20_is_unknown(bars: Bars | None, note: str) -> None:
    value, said = ask("vol.hv20_spx", facts(bars), new_york("2026-03-09T16:20"))
    assert value is None
    assert said.startswith(note)


def test_the_present_session_counts_as_if_it_were_over() -> None:
    known = facts(sessions([*TWENTY[1:], 101.0], MONDAY))
    assert ask("vol.hv20_spx", known, new_york("2026-03-09T16:20"))[0] == pytest.approx(HV)
    opened = Bars(bars=(*known.bars["spx.price|"].bars[:-1],))
    so_far = opened.take(101.0, MONDAY, new_york("2026-03-09T09:31"), 99)
    now = new_york("2026-03-09T09:31")
    assert ask("vol.hv20_spx", facts(so_far), now)[0] == pytest.approx(HV)


def test_what_is_to_come_is_not_seen() -> None:
    known = facts(sessions([*TWENTY, 250.0], date(2026, 3, 10)))
    value, note = ask("vol.hv20_spx", known, new_york("2026-03-10T16:14"))
    assert (value, note) == (pytest.approx(HV), "20 days to 2026-03-09")
    assert ask("vol.hv20_spx", known, new_york("2026-03-10T16:15"))[0] > 2 * HV


LATE = timedelta(minutes=5)
"""A price may come so late, and a day's last one with it."""


def midnight(day: date, **later: float) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, **later)


@pytest.mark.parametrize("coin", ["eth", "btc"])
def test_a_coin_has_a_session_every_day_even_at_weekends(coin: str) -> None:
    known = facts(days(31, MONDAY), f"{coin}.price")
    value, note = ask(f"vol.rv30_{coin}", known, midnight(MONDAY))
    assert value == pytest.approx(math.log(1.01) * math.sqrt(30 / 29 * 365))
    assert note == "30 days to 2026-03-09"
    fewer = tuple(bar for bar in known.bars[f"{coin}.price|"].bars if bar.day.weekday() != 6)
    value, note = ask(
        f"vol.rv30_{coin}", facts(Bars(bars=fewer), f"{coin}.price"), midnight(MONDAY)
    )
    assert (value, note) == (None, "1 of 31 sessions known without a gap")


@pytest.mark.parametrize("coin", ["eth", "btc"])
def test_ranges_of_a_coin(coin: str) -> None:
    known = facts(days(31, MONDAY), f"{coin}.price")
    bars = known.bars[f"{coin}.price|"].bars
    park, _ = ask(f"vol.park30_{coin}", known, midnight(MONDAY) + LATE)
    assert park == pytest.approx(math.log(1.05) / math.sqrt(4 * math.log(2)) * math.sqrt(365))
    yz, note = ask(f"vol.yz30_{coin}", known, midnight(MONDAY) + LATE)
    assert yz == pytest.approx(yang_zhang(bars, 365))
    assert note == "30 days to 2026-03-09"


@pytest.mark.parametrize(
    ("form", "estimate", "count"), [("park", parkinson, 30), ("yz", yang_zhang, 31)]
)
def test_ranges_are_of_days_that_are_over_in_utc(form: str, estimate: Any, count: int) -> None:
    name, ends = f"vol.{form}30_eth", midnight(MONDAY)
    assert ends <= new_york("2026-03-09T20:30"), "the evening in New York is the next day"
    bars = days(32, MONDAY).take(500.0, MONDAY, ends - timedelta(seconds=1), 99)
    known = facts(bars, "eth.price")
    found, note = ask(name, known, ends - timedelta(seconds=1))
    assert found == pytest.approx(estimate(bars.bars[-count - 1 : -1], 365))
    assert note == "30 days to 2026-03-08"
    found, note = ask(name, known, ends + LATE)
    assert found == pytest.approx(estimate(bars.bars[-count:], 365))
    assert note == "30 days to 2026-03-09"


@pytest.mark.parametrize(
    ("form", "count"), [("park", 30), ("yz", 31)], ids=["thirty ranges", "and a close before them"]
)
def test_ranges_are_unknown_while_a_day_is_missing(form: str, count: int) -> None:
    now = midnight(MONDAY) + LATE
    assert ask(f"vol.{form}30_eth", facts(days(count, MONDAY), "eth.price"), now)[0] is not None
    value, note = ask(f"vol.{form}30_eth", facts(days(count - 1, MONDAY), "eth.price"), now)
    assert (value, note) == (None, f"{count - 1} of {count} whole days known without a gap")
    holed = Bars(bars=days(99, MONDAY - timedelta(days=2)).bars)
    newer = holed.take(100.0, MONDAY, midnight(MONDAY) - timedelta(seconds=5), 999)
    assert ask(f"vol.{form}30_eth", facts(newer, "eth.price"), now)[0] is None


@pytest.mark.parametrize(
    ("vix", "percent"),
    [(15, 0.945), (16, 1.008), (20, 1.260), (25, 1.575), (30, 1.890)],
)
def test_expected_day_of_the_index(vix: float, percent: float) -> None:
    for name, known in (("spx.expected_day", facts(vix=vix)), ("spx.edr", facts(vix9d=vix))):
        value, _ = ask(name, known, new_york("2026-03-09T16:20"))
        assert value * 100 == pytest.approx(percent, abs=5e-4)


def test_expected_day_of_a_coin_is_about_a_nineteenth_of_dvol() -> None:
    value, _ = ask("eth.expected_day", facts(dvol_eth=57.3), midnight(MONDAY))
    assert value * 100 == pytest.approx(57.3 / 19.105, abs=1e-3)


def test_the_threshold_of_the_glossary_is_a_vix_of_14_92() -> None:
    value, _ = ask("spx.edr", facts(vix9d=14.92), new_york("2026-03-09T16:20"))
    assert value == pytest.approx(0.0094, abs=5e-6)


@pytest.mark.parametrize(
    ("multiplier", "points"),
    [(0.8, 6.5), (1.0, 7.7), (2.0, 13.7)],
    ids=["1.7 + 6.0 · 0.8", "1.7 + 6.0", "1.7 + 6.0 · 2"],
)
def test_the_range_as_the_method_prints_it(multiplier: float, points: float) -> None:
    assert edr_printed(17, 0.12, multiplier) == pytest.approx(points)


def test_the_printed_range_needs_both() -> None:
    now = new_york("2026-03-09T16:20")
    value, _ = ask("spx.edr_printed", facts(sessions(TWENTY, MONDAY), vix9d=17), now)
    assert value == pytest.approx(1.7 + 50 * HV)
    assert ask("spx.edr_printed", facts(vix9d=17), now)[0] is None


def test_premiums() -> None:
    now = new_york("2026-03-09T16:20")
    value, _ = ask("vol.vrp_spx", facts(sessions(TWENTY, MONDAY), vix=20), now)
    assert value == pytest.approx(0.20 - HV)
    assert ask("vol.vrp_spx", facts(sessions(TWENTY[1:], MONDAY), vix=20), now)[0] is None
    known = facts(days(31, MONDAY), "eth.price", dvol_eth=70)
    value, _ = ask("vol.vrp_eth", known, midnight(MONDAY))
    assert value == pytest.approx(0.70 - math.log(1.01) * math.sqrt(30 / 29 * 365))


def test_gap_between_two_venues() -> None:
    value, _ = ask(
        "vol.surface_gap_eth", facts(iv_eth30_dex=63.0, iv_eth30_cex=60.5), midnight(MONDAY)
    )
    assert value == pytest.approx(2.5)


def test_against_an_array_library() -> None:
    closes = 5000 * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.01, 40)))
    known = facts(sessions([float(one) for one in closes], MONDAY))
    value, _ = ask("vol.hv20_spx", known, new_york("2026-03-09T16:20"))
    assert value == pytest.approx(np.std(np.diff(np.log(closes[-21:])), ddof=1) * math.sqrt(252))
