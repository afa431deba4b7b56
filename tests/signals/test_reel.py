"""A reel gives every window exactly what a series a position would give."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.calendars.hours import Hours
from monitor.signals.reel import Reel
from monitor.signals.series import Sample, Series, stamp
from monitor.signals.spread import Spread, spread
from monitor.signals.windows import (
    Direction,
    WindowValue,
    average,
    crossed,
    delta,
    highest,
    lowest,
    span,
)
from monitor.store.records import RowKey
from monitor.store.reels import changed_reels, restored_reels

START = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEYS = ("a", "b", "c", "d")
KEEP = 7 * MINUTE

Values: TypeAlias = dict[str, float]
Move: TypeAlias = tuple[int, Values | None]
"""Minutes later than the last; the values of a snapshot, or None to drop that many minutes.

No more are dropped than are kept: what a deeper fork takes away the reel has let go of
before, and it is then unknown until the window has filled again.
"""

# Without a negative zero, which equals zero and is told otherwise.
numbers = st.floats(-9, 9).map(lambda value: value + 0.0)
moves: st.SearchStrategy[list[Move]] = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 1, 1, 2, 5, 12]),
        st.one_of(
            st.none(),
            *[st.dictionaries(st.sampled_from(KEYS), numbers, min_size=2)] * 6,
        ),
    ),
    min_size=1,
    max_size=25,
)


def walk(moves: list[Move]) -> Iterator[tuple[datetime, Reel, dict[str, Series]]]:
    """Yield after each move the reel, and the series a position would have had of its own."""
    at, reel, alone = START, Reel(), dict[str, Series]()
    for minutes, values in moves:
        if values is None:
            since = at - min(minutes, 6) * MINUTE
            reel = reel.cut(since)
            for key, one in alone.items():
                left = one.samples[: bisect_left(one.samples, since, key=stamp)]
                alone[key] = Series(samples=left)
        else:
            at += minutes * MINUTE
            reel = reel.append(at, values, KEEP)
            for key, value in values.items():
                sample = Sample(at=at, value=value)
                alone[key] = alone.get(key, Series()).append(sample, keep=KEEP)
        yield at, reel, alone


def windows(series: Series, now: datetime) -> Iterator[WindowValue]:
    for window in (delta, average, highest, lowest):
        for over in ("1m", "5m", "7m"):
            yield window(series, span(over), now=now, hours=Hours.ALWAYS)
    for direction in Direction:
        yield crossed(series, 1.0, direction, now=now)


@settings(max_examples=400, deadline=None)
@given(moves)
def test_every_window_over_a_reel_is_that_over_a_series(moves: list[Move]) -> None:
    for (_, values), (now, reel, alone) in zip(moves, walk(moves), strict=True):
        for key in values or ():  # whoever is not in the newest snapshot has no window
            assert list(windows(Series(samples=reel.samples(key)), now)) == list(
                windows(alone[key], now)
            )


@settings(max_examples=200, deadline=None)
@given(moves)
def test_a_reel_is_restored_from_the_rows_that_changed(moves: list[Move]) -> None:
    rows: dict[RowKey, str] = {}
    before: dict[str, Reel] = {}
    for _, reel, _ in walk(moves):
        after = {"position.il|main": reel} if reel.runs or reel.before else {}
        for row, text in changed_reels(before, after).items():
            if text is None:
                rows.pop(row, None)
            else:
                rows[row] = text
        assert restored_reels(rows) == after
        before = after


WINDOWS = {"delta": delta, "avg": average, "highest": highest, "lowest": lowest}


@settings(max_examples=300, deadline=None)
@given(moves)
def test_over_all_positions_at_once_a_window_says_the_same(moves: list[Move]) -> None:
    for (_, values), (now, reel, _) in zip(moves, walk(moves), strict=True):
        if values is None:
            continue
        later = now + timedelta(seconds=20)
        for name, window in WINDOWS.items():
            for over in ("1m", "5m"):
                single = partial(window, over=span(over), now=later, hours=Hours.ALWAYS)
                same(spread(reel, name, over, later), reel, single)
        for direction in Direction:
            for level in (0.0, 1.0, *values.values()):
                single = partial(crossed, level=level, direction=direction, now=later)
                same(spread(reel, f"crossed_{direction}", level, later), reel, single)


def same(found: Spread | None, reel: Reel, single: Callable[[Series], WindowValue]) -> None:
    if found is None:
        return
    told = zip(found.roster.keys, found.values, found.known, found.alone, strict=True)
    for key, value, known, alone in told:
        if not alone:
            expected = single(Series(samples=reel.samples(key))).value
            assert (value if known else None) == expected


def test_positions_that_were_always_there_are_never_asked_alone() -> None:
    reel = Reel()
    for minute in range(9):
        reel = reel.append(START + minute * MINUTE, {"a": 1.0, "b": minute / 3}, KEEP)
    found = spread(reel, "delta", "5m", START + 8 * MINUTE)
    assert found is not None
    assert list(found.values) == [0.0, 8 / 3 - 3 / 3]
    assert found.known.all()
    assert not found.alone.any()


def test_a_snapshot_writes_one_row_and_drops_one() -> None:
    values = {f"1:0x44:{n}": n / 7 for n in range(1000)}
    reel = Reel()
    for minute in range(20):
        before, reel = reel, reel.append(START + minute * MINUTE, values, KEEP)
    rows = changed_reels({"il|main": before}, {"il|main": reel})
    assert sorted(text is None for text in rows.values()) == [False, True]
    assert sum(len(run.stamps) for run in reel.runs) == 8, "seven minutes and the one before"
    assert sum(len(cells) for run in reel.runs for cells in run.cells) == 8 * 1000 * 8


def test_what_came_earlier_is_overtaken() -> None:
    reel = Reel().append(START, {"a": 1.0}, KEEP)
    assert reel.append(START - MINUTE, {"a": 2.0}, KEEP) is reel


@pytest.mark.parametrize("at", [slice(1, None), slice(None, 2), slice(-2, None)])
def test_a_position_s_samples_are_a_sequence(at: slice) -> None:
    reel = Reel().append(START, {"a": 1.0}, 9 * KEEP).append(START + MINUTE, {"a": 2.0}, 9 * KEEP)
    reel = reel.append(START + 2 * MINUTE, {"b": 5.0, "a": 3.0}, 9 * KEEP)
    expected = tuple(Sample(at=START + n * MINUTE, value=n + 1.0) for n in range(3))
    strip = reel.samples("a")
    assert tuple(strip) == expected
    assert tuple(strip[at]) == expected[at]
    assert list(reversed(strip)) == list(reversed(expected))
