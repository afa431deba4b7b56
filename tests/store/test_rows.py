"""Samples to write: the new ones, each once, without walking what is written already."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.pipeline import State
from monitor.signals.facts import Facts
from monitor.signals.windows import Sample, Series
from monitor.store.records import Sample as SampleRow
from monitor.store.rows import new_samples

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Unwalked(tuple[Sample, ...]):
    """A series too long to be walked from end to end."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Sample]:
        raise AssertionError("walked from end to end")


def samples(*values: float) -> tuple[Sample, ...]:
    return tuple(Sample(at=START + n * MINUTE, value=v) for n, v in enumerate(values))


def state(**series: tuple[Sample, ...]) -> State:
    return State(facts=Facts(series={k: Series(samples=v) for k, v in series.items()}))


def written(old: tuple[Sample, ...], new: tuple[Sample, ...]) -> list[Sample]:
    rows = new_samples(state(vix=old), state(vix=new))
    assert {row.series for row in rows} <= {"vix"}
    return [Sample(at=row.at, value=row.value) for row in rows]


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        pytest.param((), samples(1, 2), 2, id="all of a series that was empty"),
        pytest.param(samples(1, 2), samples(1, 2), 0, id="none of one that is the same"),
        pytest.param(samples(1, 2), samples(1, 2, 3), 1, id="the one appended"),
        pytest.param(samples(1, 2), samples(1, 2, 3, 4), 2, id="all that were appended"),
        pytest.param(samples(1, 2), samples(1, 9), 1, id="a last one that was replaced"),
        pytest.param(samples(1, 2), samples(1, 9, 3), 2, id="one replaced and one appended"),
        pytest.param(samples(1), samples(9), 1, id="the only one, replaced"),
        pytest.param(samples(1, 2), samples(1, 2, 3)[1:], 1, id="one appended, the oldest dropped"),
        pytest.param(samples(1, 2), samples(1, 2, 3)[2:], 1, id="one appended, all others dropped"),
    ],
)
def test_only_what_is_new_is_written(
    old: tuple[Sample, ...], new: tuple[Sample, ...], count: int
) -> None:
    assert written(old, new) == list(new[len(new) - count :])


def test_a_series_that_is_new_is_written_whole_and_an_untouched_one_not_at_all() -> None:
    before = state(vix=samples(1, 2))
    facts = Facts(series={**before.facts.series, "pool": Series(samples=samples(7))})
    assert new_samples(before, State(facts=facts)) == (SampleRow(series="pool", at=START, value=7),)


def test_a_long_series_is_not_walked_for_its_newest() -> None:
    long = samples(*range(50_000))
    replaced = Sample(at=long[-1].at, value=-1)
    after = Sample(at=long[-1].at + MINUTE, value=3)
    assert written(Unwalked(long), Unwalked((*long, after))) == [after]
    assert written(Unwalked(long), Unwalked((*long[:-1], replaced, after))) == [replaced, after]
    assert written(Unwalked(long), Unwalked(long)) == []
