"""Samples to write: the new ones, each once, without walking what is written already."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.pipeline import State
from monitor.signals.facts import Facts
from monitor.signals.windows import Sample, Series
from monitor.store.memory import MemoryStore
from monitor.store.records import Change
from monitor.store.records import Sample as SampleRow
from monitor.store.rows import forgotten_samples, new_samples, restore

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


@pytest.mark.parametrize(
    ("old", "new", "added"),
    [
        pytest.param((2, 3), (0, 1, 2, 3), (0, 1), id="before its first"),
        pytest.param((0, 3), (0, 1, 2, 3), (1, 2), id="between two of it"),
        pytest.param((0, 2), (0, 1, 2, 3), (1, 3), id="between two of it and at its end"),
        pytest.param((0, 2, 3), (1, 2, 3), (1,), id="in the place of the oldest, which is dropped"),
        pytest.param((0, 1, 9), (5, 9), (5,), id="before the last, which alone is left"),
    ],
)
def test_samples_that_a_past_has_filled_in_are_written(
    old: tuple[int, ...], new: tuple[int, ...], added: tuple[int, ...]
) -> None:
    every = samples(*range(10))
    picked = tuple(every[n] for n in new)
    assert written(tuple(every[n] for n in old), picked) == [every[n] for n in added]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_became_of_a_series_the_store_ends_with_what_the_state_has(seed: int) -> None:
    dice, every = random.Random(seed), samples(*range(60))
    old = sorted(dice.sample(range(40), dice.randint(1, 20)))
    drop = dice.randint(0, len(old))
    free = range(old[drop - 1] + 1 if drop else 0, 60)
    new = sorted({*old[drop:], *dice.sample(free, dice.randint(1, len(free) // 2))})
    before = state(vix=tuple(every[n] for n in old))
    after = state(vix=tuple(every[n] for n in new))
    store = MemoryStore(now=START)
    for one, next_ in ((State(), before), (before, after)):
        store.commit(
            Change(
                samples=new_samples(one, next_),
                forget_samples_before=forgotten_samples(one, next_),
            )
        )
    found = store.load().samples
    assert restore({}, found).facts.series == after.facts.series
    assert len(found) == len(new), "none is written twice"


def test_a_series_that_no_window_asks_for_any_more_is_forgotten_whole() -> None:
    before, after = state(vix=samples(1, 2), pool=samples(3)), state(pool=samples(3))
    store = MemoryStore(now=START)
    store.commit(Change(samples=new_samples(State(), before)))
    forgotten = forgotten_samples(before, after)
    store.commit(Change(samples=new_samples(before, after), forget_samples_before=forgotten))
    assert [row.series for row in store.load().samples] == ["pool"]


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
