"""Indicators over what is known: the present session, gaps, and nothing of what is to come."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_bounds, session_close, sessions_back
from monitor.model.observation import Readings
from monitor.model.reading import Bar, Reading
from monitor.signals.absorb import Lens, absorb
from monitor.signals.bars import Bars, point
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts
from monitor.signals.of_technical import OF_TECHNICAL

FRIDAY = date(2026, 6, 12)
MINUTE = timedelta(minutes=1)
INPUTS = {name: BY_NAME[name].inputs[0] for name in OF_TECHNICAL}


@cache
def calendar(hours: Hours, count: int) -> tuple[date, ...]:
    """Return the days of `count` sessions up to Friday, oldest first."""
    if hours is Hours.ALWAYS:
        return tuple(FRIDAY - timedelta(days=count - 1 - n) for n in range(count))
    return tuple(sessions_back(FRIDAY, count - 1 - n) for n in range(count))


def closing(hours: Hours, day: date) -> datetime:
    """Return the last minute in which a session's value may be stamped."""
    return session_close(hours, day) - MINUTE


def history(name: str, closes: Sequence[float]) -> Bars:
    hours = BY_NAME[name].hours
    days = calendar(hours, len(closes))
    pairs = zip(days, closes, strict=True)
    return Bars(bars=tuple(point(day, value, closing(hours, day)) for day, value in pairs))


def ask(name: str, bars: Bars, now: datetime) -> tuple[Any, str]:
    return OF_TECHNICAL[name](Facts(bars={f"{INPUTS[name]}|": bars}), now)


def over(name: str) -> datetime:
    """Return when a late quote of Friday's close would have come."""
    signal = BY_NAME[INPUTS[name]]
    assert signal.max_age is not None
    return session_close(signal.hours, FRIDAY) + signal.max_age


def walk(count: int, seed: int = 7) -> list[float]:
    steps = np.random.default_rng(seed).normal(0, 0.02, count)
    return [float(one) for one in 100 * np.exp(np.cumsum(steps))]


def test_every_name_of_the_catalogue_is_answered() -> None:
    assert set(OF_TECHNICAL) == {name for name in BY_NAME if name.startswith("ta.")}


@pytest.mark.parametrize("name", ["ta.rsi_vix", "ta.rsi_spx", "ta.rsi_eth"])
def test_rsi(name: str) -> None:
    closes = walk(120)
    value, note = ask(name, history(INPUTS[name], closes), over(name))
    assert value == pytest.approx(talib.RSI(np.array(closes), 14)[-1])
    assert note == "over 120 sessions"


@pytest.mark.parametrize(
    "name", ["ta.macd_spx_hist", "ta.macd_vix_hist", "ta.macd_vvix", "ta.macd_eth_hist"]
)
def test_macd(name: str) -> None:
    closes = walk(500)
    value, _ = ask(name, history(INPUTS[name], closes), over(name))
    assert value == pytest.approx(talib.MACD(np.array(closes), 12, 26, 9)[2][-1])


def test_vix_above_its_mean() -> None:
    closes = walk(40)
    value, _ = ask("ta.vix_sd20", history("vix", closes), over("ta.vix_sd20"))
    expected = (closes[-1] - np.mean(closes[-20:])) / np.std(closes[-20:], ddof=1)
    assert value == pytest.approx(expected)


NEEDED = {"rsi": 15, "macd": 34, "divergence": 74, "vix": 20, "macd_divergence": 85}


@pytest.mark.parametrize("name", OF_TECHNICAL)
def test_it_is_unknown_with_one_session_too_few(name: str) -> None:
    short = name.removeprefix("ta.")
    needed = NEEDED[next(one for one in sorted(NEEDED, reverse=True) if short.startswith(one))]
    closes = walk(needed)
    assert ask(name, history(INPUTS[name], closes), over(name))[0] is not None
    value, note = ask(name, history(INPUTS[name], closes[1:]), over(name))
    assert (value, note) == (None, f"{needed - 1} of {needed} sessions known without a gap")
    assert ask(name, Bars(), over(name))[0] is None


@pytest.mark.parametrize("name", OF_TECHNICAL)
def test_what_lies_before_a_gap_does_not_count(name: str) -> None:
    closes = walk(200)
    bars = history(INPUTS[name], closes).bars
    short = Bars(bars=(*bars[:-10], *bars[-9:]))
    value, note = ask(name, short, over(name))
    assert value is None
    assert note.startswith("9 of ")
    holed = Bars(bars=(*bars[:99], *bars[100:]))
    fresh = Bars(bars=bars[100:])
    assert ask(name, holed, over(name)) == ask(name, fresh, over(name))


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("ta.rsi_vix", "vix has not moved in 99 sessions"),
        ("ta.vix_sd20", "the VIX has not moved in 20 sessions"),
    ],
)
def test_what_has_not_moved_is_neither_strong_nor_weak(name: str, note: str) -> None:
    assert ask(name, history("vix", [17.0] * 99), over(name)) == (None, note)


@pytest.mark.parametrize("name", ["ta.rsi_eth", "ta.macd_eth_hist", "ta.rsi_spx"])
def test_the_present_session_so_far_counts_as_its_close(name: str) -> None:
    hours, closes = BY_NAME[INPUTS[name]].hours, walk(90)
    begin, _ = session_bounds(hours, FRIDAY)
    early = history(INPUTS[name], closes[:-1]).bars
    yesterday = calendar(hours, 2)[0]
    shifted = history(INPUTS[name], [*closes[:-1], closes[-1]]).bars[:-1]
    assert shifted[-1].day == yesterday
    assert len(early) == len(shifted)
    so_far = Bars(bars=shifted).take(closes[-1], FRIDAY, begin + MINUTE, 999)
    whole = history(INPUTS[name], closes)
    assert ask(name, so_far, begin + MINUTE)[0] == ask(name, whole, over(name))[0]


# --- divergence -----------------------------------------------------------------------------


def highs(first: float, second: float, since: int, lead: int = 90) -> list[float]:
    """Return closes with a fast rise to one high and a slow one to another, `since` ago.

    The first rise gains every session; the second loses now and then, so its RSI is lower.
    """
    calm = [100.0 + n % 2 for n in range(lead)]
    fast = [100 + (first - 100) * n / 8 for n in range(1, 9)]
    fall = [first - 4 * n for n in range(1, 7)]
    gap = second - fall[-1]
    slow = [fall[-1] + gap * share for share in (0.3, 0.2, 0.5, 0.4, 0.7, 0.6, 0.9, 0.8, 1.0)]
    after = [second - 2 * n for n in range(1, since + 1)]
    return [*calm, *fast, *fall, *slow, *after]


@pytest.mark.parametrize("name", ["ta.divergence_spx", "ta.divergence_eth"])
@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        pytest.param(highs(130, 132, 5), "bearish", id="a higher high on a lower RSI"),
        pytest.param(highs(130, 128, 5), "none", id="a lower high"),
        pytest.param(highs(130, 132, 4), "none", id="the second high is four sessions old"),
        pytest.param([250 - one for one in highs(130, 132, 5)], "bullish", id="upside down"),
        pytest.param([*highs(130, 132, 5), *[122.0] * 19], "bearish", id="known for 20 sessions"),
        pytest.param([*highs(130, 132, 5), *[122.0] * 20], "none", id="and no longer"),
        pytest.param([*highs(130, 132, 5), 128.0, 132.0], "bearish", id="as high as the second"),
        pytest.param([*highs(130, 132, 5), 128.0, 132.1], "none", id="a close above the second"),
        pytest.param(
            [*highs(130, 132, 5), 128.0, 132.1, 128.0], "none", id="which is not taken back"
        ),
    ],
)
def test_divergence(name: str, closes: list[float], expected: str) -> None:
    value, note = ask(name, history(INPUTS[name], closes), over(name))
    assert value == expected
    assert ("RSI" in note) == (expected != "none")


@pytest.mark.parametrize("name", ["ta.divergence_spx", "ta.divergence_eth"])
def test_a_divergence_is_known_once_the_close_has_come_and_not_before(name: str) -> None:
    bars = history(INPUTS[name], highs(130, 132, 5))
    late = over(name)
    assert ask(name, bars, late)[0] == "bearish"
    assert ask(name, bars, late - timedelta(seconds=1))[0] == "none"


def test_what_a_late_quote_would_take_back_is_not_said() -> None:
    # Beside the same curve a minute before its close, which then passes the second high.
    bars, close = history("spx.price", highs(130, 132, 5)), session_close(Hours.CBOE_VIX, FRIDAY)
    moved = bars.take(132.1, FRIDAY, close - timedelta(seconds=5), 999)
    told = [ask("ta.divergence_spx", bars, close + n * MINUTE)[0] for n in (0, 15, 34)]
    told += [ask("ta.divergence_spx", moved, close + n * MINUTE)[0] for n in (20, 35, 600)]
    assert set(told) == {"none"}


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        pytest.param(132, "bearish", id="a higher high on a lower MACD"),
        pytest.param(140, "none", id="so much higher that the MACD is too, though not the RSI"),
    ],
)
def test_a_divergence_from_the_macd(second: float, expected: str) -> None:
    closes = highs(130, second, 5)
    value, note = ask("ta.macd_divergence_spx", history("spx.price", closes), over("ta.rsi_spx"))
    assert value == expected
    rsi, _ = ask("ta.divergence_spx", history("spx.price", closes), over("ta.rsi_spx"))
    assert rsi == "bearish"
    line, _, _ = talib.MACD(np.array(closes), 12, 26, 9)
    # The library begins its shorter mean elsewhere, which has faded by now.
    assert (line[-6] < line[-21]) == (expected == "bearish")
    assert (f"MACD {line[-21]:.1f}" in note) == (expected == "bearish")


def test_a_divergence_says_at_which_pivots() -> None:
    _, note = ask("ta.divergence_eth", history("eth.price", highs(130, 132, 5)), over("ta.rsi_eth"))
    first, second = FRIDAY - timedelta(days=20), FRIDAY - timedelta(days=5)
    begin, end = note.split(" then ")
    assert begin.startswith("130.00, RSI ")
    assert begin.endswith(f" on {first}")
    assert end.startswith("132.00, RSI ")
    assert end.endswith(f" on {second}")


# --- no look-ahead --------------------------------------------------------------------------

COUNT = 110
STEPS = st.lists(st.sampled_from([-3.0, -1.0, 0.0, 1.0, 3.0]), min_size=COUNT, max_size=COUNT)


@given(
    name=st.sampled_from(sorted(OF_TECHNICAL)),
    steps=STEPS,
    cut=st.integers(min_value=10, max_value=COUNT - 1),
    late=st.timedeltas(min_value=-MINUTE, max_value=timedelta(hours=3)),
)
def test_nothing_that_comes_later_changes_what_is_said_now(
    name: str, steps: list[float], cut: int, late: timedelta
) -> None:
    closes = [500.0 + float(one) for one in np.cumsum(steps)]
    whole = history(INPUTS[name], closes)
    now = closing(BY_NAME[INPUTS[name]].hours, whole.bars[cut].day) + MINUTE + late
    then = Bars(bars=whole.bars[: cut + 1])
    assert ask(name, whole, now) == ask(name, then, now)


@given(steps=STEPS, cut=st.integers(min_value=80, max_value=COUNT - 1))
def test_a_divergence_speaks_of_pivots_five_sessions_old(steps: list[float], cut: int) -> None:
    closes = [500.0 + float(one) for one in np.cumsum(steps)]
    whole = history("eth.price", closes).bars
    now = session_close(Hours.ALWAYS, whole[cut].day)
    value, note = ask("ta.divergence_eth", Bars(bars=whole[: cut + 1]), now)
    if value != "none":
        told = [date.fromisoformat(part.rpartition(" on ")[2]) for part in note.split(" then ")]
        assert told[0] < told[1] <= whole[cut - 5].day
        assert told[0] >= whole[cut - 59].day


# --- absorbed one by one --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vix", "spx.price", "eth.price"])
def test_readings_one_by_one_give_the_bars_of_a_history(name: str) -> None:
    hours, closes = BY_NAME[name].hours, walk(90)
    known, whole, last = Facts(), [], closes[0]
    for day, close in zip(calendar(hours, len(closes)), closes, strict=True):
        begin, _ = session_bounds(hours, day)
        values = (last, max(last, close) * 1.01, min(last, close) * 0.99, close)
        stamps = (begin, begin + MINUTE, begin + 2 * MINUTE, closing(hours, day))
        for value, at in zip(values, stamps, strict=True):
            reading = Reading(name=name, value=value, unit="u", as_of=at, source="made")
            known = absorb(
                known, Readings(source="made", observed_at=at, readings=(reading,)), Lens()
            )
        high, low = values[1], values[2]
        whole.append(Bar(day=day, open=last, high=high, low=low, close=close, at=stamps[-1]))
        last = close
    joined = Bars().join(whole, 520)
    assert known.bars[f"{name}|"].bars == joined.bars
    for one in (one for one, rests in INPUTS.items() if rests == name):
        told = OF_TECHNICAL[one](known, over(one))
        assert told == ask(one, joined, over(one))
        assert told[0] is not None
