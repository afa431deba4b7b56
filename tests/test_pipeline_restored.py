"""Starting up is recovering: a road saved and restored between any two steps stays the same."""

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.hedge.legs import parse_leg
from monitor.model.observation import Missing, Observation, Verb, Word
from monitor.pipeline import State, step
from monitor.store.memory import MemoryStore
from monitor.store.port import Store
from monitor.store.records import Change
from monitor.store.rows import changed_rows, forgotten_samples, new_samples, restore

START = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)
PACKS = ("alvh", "crypto_dvol", "lp_range", "self")
# VX settlements of 2020-02-14, Cboe.
SETTLED = {date(2020, 3, 18): 15.425, date(2020, 6, 17): 16.725, date(2020, 9, 16): 17.225}
LEGS = {"L1": "vix.call 2020-03-18 16 +4 @1.6", "L2": "vix.call 2020-06-17 18 +4 @1.6"}


def story(hand: Any, seed: int) -> Iterator[Observation]:
    """Yield 120 observations of every kind, hours or days apart, as the dice fall."""
    dice, at = random.Random(f"story {seed}"), START
    yield hand.settled(at.date(), SETTLED, at)
    for number in range(120):
        at += timedelta(minutes=dice.choice((0, 1, 12, 300, 1500)))
        kind = dice.choices(("vix", "snapshot", "gap", "word"), (4, 5, 1, 2))[0]
        if kind == "vix":
            yield hand.vix(dice.choice((12.0, 16.0, 18.0, 24.0, 28.0, 45.0)), at, at)
        elif kind == "snapshot":
            yield snapshot(hand, dice, at, number)
        elif kind == "gap":
            yield hand.gap(dice.choice(("main", "vix")), at)
        else:
            yield spoken(dice, at, number)


def snapshot(hand: Any, dice: random.Random, at: datetime, number: int) -> Observation:
    positions = [
        hand.position(1),
        hand.position(2, ticks=(-887_220, 887_220)),  # the full range, whose edges are far
        hand.position(3, ticks=(hand.tick, hand.tick + 600)),
    ]
    absent = positions.pop() if dice.random() < 0.2 else None
    missing = () if absent is None else (Missing(key=absent.key, reason="gone", gone=True),)
    tick = hand.tick + dice.randint(-1500, 1500)
    made: Observation = hand.snapshot(at, *positions, tick=tick, number=number, missing=missing)
    return made


def spoken(dice: random.Random, at: datetime, number: int) -> Word:
    layer = dice.choice(("L1", "L2"))
    verb = dice.choice((Verb.FILL, Verb.FILL, Verb.CLOSE))
    fills = (parse_leg(LEGS[layer]),) if verb is Verb.FILL else ()
    return Word(id=f"w{number}", verb=verb, observed_at=at, by="ann", layer=layer, fills=fills)


def saved(store: Store, old: State, new: State) -> State:
    """Return the new state as a daemon that starts now would find it."""
    store.commit(
        Change(
            rows=changed_rows(old, new),
            samples=new_samples(old, new),
            forget_samples_before=forgotten_samples(old, new),
        )
    )
    found = store.load()
    return restore(found.rows, found.samples)


@pytest.mark.parametrize("seed", range(6))
def test_saved_and_restored_at_every_step_it_says_the_same(seed: int, hand: Any) -> None:
    book, store = hand.book(*PACKS), MemoryStore(now=START)
    whole, broken, spoke = State(), State(), 0
    for seen in story(hand, seed):
        whole, expected = step(book, whole, seen)
        after, alerts = step(book, broken, seen)
        assert alerts == expected
        broken = saved(store, broken, after)
        assert broken == after == whole
        spoke += len(alerts)
    assert spoke > 30, "too quiet a story to mean anything"


def test_what_did_not_change_is_not_written_again(hand: Any) -> None:
    book = hand.book(*PACKS)
    first, _ = step(book, State(), hand.snapshot(START, hand.position(1)))
    second, _ = step(book, first, hand.gap("main", START))
    assert {kind for kind, _ in changed_rows(first, second)} <= {"chain", "instance"}
    third, _ = step(book, second, hand.gap("main", START))
    assert third.instances is second.instances, "by which the board tells that it is the same"
    assert third.layers is second.layers


def test_an_edge_that_is_infinitely_far_is_kept_as_that(hand: Any) -> None:
    state, _ = step(hand.book(*PACKS), State(), hand.snapshot(START, hand.position(1)))
    (key, seen), *_ = state.facts.positions.items()
    endless = replace(seen.measures, price_upper=math.inf, distance_upper=math.inf)
    far = {key: replace(seen, measures=endless, unread="the call reverted")}
    state = replace(state, facts=replace(state.facts, positions=far))
    assert saved(MemoryStore(now=START), State(), state) == state
