"""Two runs' alerts held against each other: expected values are drawn by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.alert import Alert, AlertState
from monitor.model.layer import Action
from monitor.rules.pack import Severity
from monitor.timetravel.alert_diff import WITHIN, Compared, Kind, compare

START = datetime(2020, 2, 14, tzinfo=UTC)
DAY = timedelta(days=1)


def alert(
    day: float, state: AlertState = AlertState.FIRING, episode: str = "", **more: object
) -> Alert:
    at = START + day * DAY
    told = {
        "id": episode or f"E{day}",
        "idem": f"high:book:{day}:{state}",
        "key": "high|book",
        "rule": "high",
        "pack": "mine",
        "scope": "book",
        "layer": None,
        "layer_title": "",
        "action": Action.NOTIFY,
        "state": state,
        "severity": Severity.INFO,
        "at": at,
        "since": at,
        "title": "High",
        "text": "VIX 21",
    }
    return Alert(**(told | more))  # type: ignore[arg-type]


def run(*days: float) -> list[Alert]:
    return [alert(day, episode=f"E{number}") for number, day in enumerate(days)]


def told(found: Compared) -> list[tuple[Kind, float | None, float | None]]:
    """Return each difference with the day it was and the day it is."""
    return [
        (
            one.kind,
            (one.old.at - START) / DAY if one.old else None,
            (one.new.at - START) / DAY if one.new else None,
        )
        for one in found.differences
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param([1, 5], [1, 5], [], id="the same"),
        pytest.param([1], [], [(Kind.VANISHES, 1, None)], id="one vanishes"),
        pytest.param([], [1], [(Kind.APPEARS, None, 1)], id="one appears"),
        pytest.param([1], [3], [(Kind.MOVES, 1, 3)], id="one is later"),
        pytest.param([3], [1], [(Kind.MOVES, 3, 1)], id="one is earlier"),
        pytest.param(
            [1, 20], [2], [(Kind.MOVES, 1, 2), (Kind.VANISHES, 20, None)], id="the nearest is it"
        ),
        pytest.param([20], [1, 19, 20], [(Kind.APPEARS, None, 1), (Kind.APPEARS, None, 19)],
                     id="one that stays does not move"),
        pytest.param([0], [29.9], [(Kind.MOVES, 0, 29.9)], id="within thirty days"),
        pytest.param(
            [0], [31], [(Kind.VANISHES, 0, None), (Kind.APPEARS, None, 31)], id="farther apart"
        ),
        pytest.param([1, 2, 3], [2, 3, 4], [(Kind.VANISHES, 1, None), (Kind.APPEARS, None, 4)],
                     id="what is at one time in both stays, and none moves past it"),
        pytest.param([1, 1], [1, 2], [(Kind.MOVES, 1, 2)], id="two at one time"),
    ],
)  # fmt: skip
def test_which_appear_vanish_and_move(
    old: list[float], new: list[float], expected: list[tuple[Kind, float | None, float | None]]
) -> None:
    assert told(compare(run(*old), run(*new))) == expected


def test_alerts_of_other_rules_and_scopes_are_no_pair() -> None:
    found = compare([alert(1)], [alert(2, rule="low"), alert(3, scope="1:0xa:7")])
    assert [(one.kind, one.alert.rule, one.alert.scope) for one in found.differences] == [
        (Kind.VANISHES, "high", "book"),
        (Kind.APPEARS, "low", "book"),
        (Kind.APPEARS, "high", "1:0xa:7"),
    ]


def test_what_changes_of_an_alert_that_stays() -> None:
    old = [alert(1, episode="A"), alert(2, AlertState.REPEAT, "A")]
    old.append(alert(4, AlertState.RESOLVED, "A"))
    new = [alert(1, episode="A", severity=Severity.CRITICAL, route=("mqtt",), text="else")]
    (one,) = compare(old, new).differences
    assert one.kind is Kind.CHANGES
    assert one.what == (
        "severity info → critical",
        "route all → mqtt",
        "ends 2020-02-18 00:00Z → never",
        "reminders 1 → 0",
        "text",
    )


def test_times_without_data_are_held_against_each_other_apart() -> None:
    blind = [
        alert(day, state, "A")  # twice within one episode
        for day, state in enumerate([AlertState.NODATA, AlertState.SEEN] * 2, start=2)
    ]
    found = compare([alert(1, episode="A"), *blind], [alert(1, episode="A")])
    assert told(found) == [(Kind.VANISHES, 2, None), (Kind.VANISHES, 4, None)]
    assert found.same == 1


DAYS = st.lists(st.integers(0, 90), max_size=5, unique=True).map(sorted)


def least(old: Sequence[float], new: Sequence[float]) -> tuple[int, float]:
    """Return how many stay and the least way of the others, in days, by trying every pairing."""
    ways = []
    for count in range(min(len(old), len(new)) + 1):
        for some in combinations(old, count):
            for others in combinations(new, count):
                moves = [abs(a - b) for a, b in zip(some, others, strict=True)]
                alone = len(old) + len(new) - 2 * count
                ways.append((-moves.count(0), sum(moves) + alone * WITHIN / DAY / 2))
    stay, way = min(ways)
    return -stay, way


@settings(deadline=None)
@given(DAYS, DAYS)
def test_the_pairing_is_the_one_with_the_least_way(old: list[float], new: list[float]) -> None:
    found = compare(run(*old), run(*new))
    moved = sum(abs(one.moved / DAY) for one in found.differences if one.moved is not None)
    alone = found.count(Kind.APPEARS) + found.count(Kind.VANISHES)
    stay, way = least(old, new)
    assert found.same == stay
    assert moved + alone * WITHIN / DAY / 2 == pytest.approx(way)
    assert 2 * (found.same + found.count(Kind.MOVES)) + alone == len(old) + len(new)


@settings(deadline=None)
@given(DAYS, DAYS)
def test_the_other_way_round_is_the_reverse(old: list[float], new: list[float]) -> None:
    there, back = compare(run(*old), run(*new)), compare(run(*new), run(*old))
    assert there.same == back.same
    assert there.count(Kind.APPEARS) == back.count(Kind.VANISHES)
    assert not compare(run(*old), run(*old)).differences
