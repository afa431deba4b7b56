"""What none is better than, and how deep a path falls: worked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.timetravel.pareto import deepest_fall, front

Pair = tuple[float, float]


def of(pairs: list[Pair]) -> list[Pair]:
    return list(front(pairs, cost=lambda one: one[0], harm=lambda one: one[1]))


def test_a_front_by_hand() -> None:
    assert of([(3, 1), (1, 5), (2, 5), (2, 3), (4, 1), (1, 6), (2, 3)]) == [
        (1, 5),
        (2, 3),
        (2, 3),
        (3, 1),
    ]
    assert of([]) == []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_it_has_just_those_that_none_beats(pairs: list[Pair]) -> None:
    def beaten(one: Pair) -> bool:
        return any(o[0] <= one[0] and o[1] <= one[1] and o != one for o in pairs)

    assert of(pairs) == sorted(one for one in pairs if not beaten(one))


@pytest.mark.parametrize(
    ("path", "fall"),
    [
        pytest.param([], 0.0, id="nothing"),
        pytest.param([1.0, 2.0, 3.0], 0.0, id="it only rises"),
        pytest.param([5.0, 2.0, 9.0, 4.0, 6.0], 5.0, id="from the later peak"),
        pytest.param([-1.0, -4.0, -2.0], 3.0, id="below nought"),
    ],
)
def test_the_deepest_fall(path: list[float], fall: float) -> None:
    assert deepest_fall(path) == fall
