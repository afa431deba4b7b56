"""Reading again what another process writes: the same as reading all of it, and cheap."""

import random
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import HedgewatchError
from monitor.model.observation import Block
from monitor.pipeline import State
from monitor.signals.facts import BlockSeen, Facts, SourceSeen
from monitor.signals.series import Sample, Series
from monitor.store.following import Following
from monitor.store.opening import open_store
from monitor.store.records import Change
from monitor.store.rows import (
    changed_rows,
    dropped_samples,
    epoch_of,
    forgotten_samples,
    new_samples,
    restore,
)
from monitor.store.sqlite import SqliteStore

START = datetime(2026, 3, 2, tzinfo=UTC)
NAMES = ("vix|", "pool.price|one", "pool.price|two")


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue("url" if request.param == "sqlite" else "postgres_url")
    return found


def second(number: int) -> datetime:
    return START + timedelta(seconds=number)


def block(number: int, fork: int) -> BlockSeen:
    found = Block(number=number, hash=f"0x{fork:02x}{number:062x}", timestamp=second(12 * number))
    return BlockSeen(block=found, observed_at=second(12 * number))


def commit(store: SqliteStore, old: State, new: State) -> State:
    store.commit(
        Change(
            rows=changed_rows(old, new),
            samples=new_samples(old, new),
            forget_samples_before=forgotten_samples(old, new),
            forget_samples_from=dropped_samples(old, new),
        )
    )
    return new


class Market:
    """Goes on by chance: samples come, replace, are forgotten, filled in, and taken back."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.recent: tuple[BlockSeen, ...] = (block(1, 0),)
        self.series = {name: Series(samples=(self.sample(12),)) for name in NAMES}
        self.fork = 0

    def sample(self, number: int) -> Sample:
        return Sample(at=second(number), value=round(self.dice.gauss(20, 5), 3))

    def state(self) -> State:
        newest = self.recent[-1]
        chain = SourceSeen(name="main", block=newest.block, recent=self.recent)
        facts = Facts(series=dict(self.series), chains={"main": chain})
        return State(at=newest.observed_at + timedelta(microseconds=self.fork), facts=facts)

    def go_on(self) -> State:
        if self.dice.random() < 0.2:
            self.turn()
        self.recent = (*self.recent, block(self.recent[-1].block.number + 1, self.fork))[-5:]
        now = 12 * self.recent[-1].block.number
        for name in self.dice.sample(NAMES, 2):
            known = self.series[name]
            if self.dice.random() < 0.2 and len(known.samples) > 2:
                # The past is filled in between the first and what follows it.
                first, *rest = known.samples
                at = int((first.at - START).total_seconds()) + 1
                if rest[0].at > second(at):
                    self.series[name] = Series(samples=(first, self.sample(at), *rest))
            late = self.dice.choice((0, 0, 6))
            self.series[name] = self.series[name].append(
                self.sample(now - late), timedelta(seconds=self.dice.choice((100, 900)))
            )
        return self.state()

    def turn(self) -> None:
        """Have the chain drop its newest block, and with it what was sampled at it."""
        if len(self.recent) < 2:
            return
        self.fork += 1
        self.recent = self.recent[:-1]
        last = self.recent[-1].block.timestamp
        for name, known in self.series.items():
            kept = tuple(one for one in known.samples if one.at <= last)
            self.series[name] = Series(samples=kept or known.samples[:1])


@pytest.mark.parametrize("seed", range(5))
def test_what_is_followed_is_what_is_restored(where: str, seed: int) -> None:
    dice = random.Random(seed)
    market, known = Market(dice), State()
    with (
        closing(open_store(where, now=START)) as store,
        closing(open_store(where, now=START)) as it,
    ):
        following = Following(it.only_read())
        for _ in range(60):
            known = commit(store, known, market.go_on())
            if dice.random() < 0.6:
                continue  # nobody looks meanwhile
            saved = store.load()
            whole = replace(restore(saved.rows, saved.samples), epoch=epoch_of(saved.created_at))
            assert following.look().state == whole
            assert following.look() is following.look()


@pytest.fixture
def long(where: str) -> Iterator[tuple[SqliteStore, Following, Market]]:
    """A store of 100,000 samples, read once."""
    market = Market(random.Random(1))
    with (
        closing(open_store(where, now=START)) as store,
        closing(open_store(where, now=START)) as it,
    ):
        every = tuple(
            Sample(at=START - timedelta(seconds=n), value=float(n % 9)) for n in range(33_333)
        )
        for name in NAMES:
            market.series[name] = Series(samples=(*reversed(every), *market.series[name].samples))
        known = commit(store, State(), market.state())
        following = Following(it.only_read())
        assert following.look().state.facts == known.facts
        yield store, following, market


def test_a_long_past_is_read_once(
    long: tuple[SqliteStore, Following, Market], figure: object
) -> None:
    store, following, market = long
    known, spent = following.look().state, list[float]()
    for _ in range(5):
        market.recent = (*market.recent, block(market.recent[-1].block.number + 1, 0))
        now = 12 * market.recent[-1].block.number
        for name in NAMES:
            market.series[name] = market.series[name].append(market.sample(now), timedelta(days=9))
        known = commit(store, known, market.state())
        began = time.process_time()
        seen = following.look().state
        spent.append(time.process_time() - began)
        assert seen.facts == known.facts
    figure(
        "looking anew at 100,000 samples", 1000 * min(spent), "ms", measured="CPU, of five", most=60
    )  # type: ignore[operator]


def test_what_only_reads_changes_nothing(where: str) -> None:
    with closing(open_store(where, now=START)) as store:
        store.only_read()
        with pytest.raises(HedgewatchError, match=r"readonly|read-only"):
            store.commit(Change(rows={("meta", "at"): "1"}))
        assert store.load().rows == {}
