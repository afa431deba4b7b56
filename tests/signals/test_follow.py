"""What is followed over time: sums that agree with the whole path, and can be taken back."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.amm import amounts_for_liquidity
from monitor.model.observation import Block, Reorg, Snapshot
from monitor.model.position import Position
from monitor.signals.absorb import Lens, absorb
from monitor.signals.facts import Facts
from monitor.signals.lookback import instant, pool_over
from monitor.signals.track import HELD, STEP, PoolMark, advance
from monitor.signals.turns import Sums, sums_at, sums_now

AT = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LENS = Lens(chains=frozenset({"main"}))


class Walk:
    """A pool's price walking over time, with one position of 1,000 ticks to either side."""

    def __init__(self, hand: Any) -> None:
        self._hand = hand
        self.position: Position = hand.position(1)
        self.facts = Facts()
        self.at = AT
        self.number = 0
        self.growth = (0, 0)

    def go(self, tick: int, *, after: timedelta = STEP, earned: int = 0) -> Facts:
        """Take in a block at `tick` from the middle; `earned` a unit of liquidity, Q128."""
        self.at += after if self.number else timedelta(0)
        self.number += 1
        self.growth = self.growth[0] + earned, self.growth[1] + 2 * earned
        self.facts = absorb(self.facts, self.seen(tick), LENS)
        return self.facts

    def seen(self, tick: int) -> Snapshot:
        seen: Snapshot = self._hand.snapshot(
            self.at, self.position, tick=self._hand.tick + tick, number=self.number
        )
        (pool,) = seen.pools
        grown = replace(
            pool, fee_growth_global0_x128=self.growth[0], fee_growth_global1_x128=self.growth[1]
        )
        return replace(seen, pools=(grown,))

    @property
    def mark(self) -> PoolMark:
        pool = self.facts.pools[self.position.pool].state
        return advance(self.facts.tracks[self.position.pool].marks[-1], pool, self.at)

    @property
    def sums(self) -> Sums:
        pool = self.facts.pools[self.position.pool].state
        return sums_now(self.facts.paths[self.position.key], self.position, pool, self.mark)


def test_time_counts_for_the_side_it_began_on_and_silence_for_none(hand: Any) -> None:
    walk = Walk(hand)
    for tick, after in ((0, STEP), (0, HOUR), (1_200, MINUTE), (1_200, HOUR), (500, MINUTE)):
        walk.go(tick, after=after)
    # In range for an hour and a minute, when the way out was seen; out for as long.
    assert (walk.sums.seen_s, walk.sums.inside_s) == (2 * 3_660, 3_660)
    walk.go(500, after=HELD + MINUTE)
    assert walk.sums.seen_s == 2 * 3_660, "what nobody watched is not time in range"


def test_a_quiet_price_writes_nothing_between_two_marks(hand: Any) -> None:
    walk = Walk(hand)
    before = walk.go(0)
    for _ in range(4):
        after = walk.go(3, after=MINUTE / 2)
        assert after.tracks is before.tracks
        assert after.hours is before.hours
        assert after.paths is before.paths
    assert walk.mark.seen_s == 120, "and yet it is known"
    assert walk.go(3, after=STEP).tracks is not before.tracks


def test_marks_are_few_however_often_a_position_turns(hand: Any) -> None:
    walk = Walk(hand)
    for step in range(2_000):
        walk.go(990 if step % 2 else 1_010, after=12 * MINUTE / 60)
    pool = walk.position.pool
    assert len(walk.facts.tracks[pool].marks) <= 16
    assert len(walk.facts.hours[pool].marks) <= 8
    assert len(walk.facts.paths[walk.position.key].turns) <= 48
    assert walk.sums.seen_s == pytest.approx(1_999 * 12)
    assert walk.sums.inside_s == pytest.approx(999 * 12, abs=12)


def test_hours_are_kept_for_eight_days_and_a_mark_a_day_for_thirty_two(hand: Any) -> None:
    walk = Walk(hand)
    for _ in range(24 * 50):
        walk.go(0, after=HOUR)
    ages = [walk.at - one.at for one in walk.facts.hours[walk.position.pool].marks]
    near = [age for age in ages if age < 8 * DAY]
    assert near == [n * HOUR for n in reversed(range(8 * 24))]
    far = ages[: -len(near)]
    assert 23 <= len(far) <= 25
    assert all(HOUR <= older - newer <= DAY for older, newer in pairwise(far))
    assert 31 * DAY <= far[0] < 32 * DAY


def test_thirty_days_are_looked_back_on_and_no_more_than_a_day_further(hand: Any) -> None:
    walk = Walk(hand)
    for step in range(24 * 40):
        walk.go(0, after=HOUR, earned=1)
        told = pool_over(walk.facts, walk.facts.pools[walk.position.pool], 30 * DAY)
        if step < 24 * 30:
            assert step == 0 or told == "watched only since 2 Mar 00:00 UTC"
        else:
            assert not isinstance(told, str)
            assert 30 * DAY <= told.length <= 31 * DAY


@pytest.mark.parametrize("silence", [10 * DAY, 40 * DAY])
def test_a_week_is_not_stretched_over_a_long_silence(hand: Any, silence: timedelta) -> None:
    walk = Walk(hand)
    walk.go(0)
    walk.go(0, after=silence)
    walk.go(0, after=HOUR)
    told = pool_over(walk.facts, walk.facts.pools[walk.position.pool], 7 * DAY)
    assert told == f"watched only since {instant(AT + silence)}"


def test_a_month_reaches_over_a_silence_within_it(hand: Any) -> None:
    walk = Walk(hand)
    walk.go(0)
    walk.go(0, after=10 * DAY)
    walk.go(0, after=20 * DAY)
    told = pool_over(walk.facts, walk.facts.pools[walk.position.pool], 30 * DAY)
    assert not isinstance(told, str)
    assert told.length == 30 * DAY


TICKS = st.lists(st.integers(-2_000, 2_000), min_size=2, max_size=12)


@given(ticks=TICKS)
def test_lvr_is_what_the_range_traded_at_its_own_prices_less_what_it_was_worth(
    hand: Any, ticks: list[int]
) -> None:
    """Every step from the edge or the price it began at, by the exact amounts."""
    walk = Walk(hand)
    walk.position = replace(walk.position, liquidity=10**24)
    walk.go(ticks[0])
    expected = Fraction(0)
    low, high = walk.position.tick_lower, walk.position.tick_upper
    for before, after in pairwise(ticks):
        walk.go(after)
        ends = [min(max(hand.tick + one, low), high) for one in (before, after)]
        roots = [hand.snapshot(AT, tick=one).pools[0].sqrt_price_x96 for one in ends]
        had, have = (amounts_for_liquidity(one, low, high, 10**24) for one in roots)
        price = Fraction(roots[1] ** 2, 2**192)
        expected += (had[0] - have[0]) * price + had[1] - have[1]
    assert walk.sums.lvr == pytest.approx(float(expected), rel=1e-6, abs=1e12)


@given(ticks=TICKS, restart=st.integers(1, 10))
def test_the_sums_do_not_depend_on_when_a_pool_is_marked(
    hand: Any, ticks: list[int], restart: int
) -> None:
    """A second position that turns forces marks; the first one's time and fees stay the same."""
    alone, watched = Walk(hand), Walk(hand)
    for step, tick in enumerate(ticks):
        earned = 1 << 100 if -1_000 <= tick < 1_000 else 0
        for walk in (alone, watched):
            walk.go(tick, after=MINUTE, earned=earned)
        if step % restart == 0:  # as a second position turning does
            tracks = watched.facts.tracks
            marks = (*tracks[watched.position.pool].marks, watched.mark)
            track = replace(tracks[watched.position.pool], marks=marks)
            watched.facts = replace(watched.facts, tracks={watched.position.pool: track})
    one, other = alone.sums, watched.sums
    assert (one.seen_s, one.inside_s) == (other.seen_s, other.inside_s)
    assert (one.earned0, one.earned1) == (other.earned0, other.earned1)


def noted(walk: Walk) -> Position:
    """Return the position as it is after a collect, or any other change, just now."""
    return replace(
        walk.position,
        fee_growth_inside0_last_x128=walk.growth[0],
        fee_growth_inside1_last_x128=walk.growth[1],
    )


def test_fees_are_counted_through_collects_and_changes_of_liquidity(hand: Any) -> None:
    walk = Walk(hand)
    walk.go(0)
    walk.go(10, earned=1 << 120)
    assert walk.sums.earned0 == 10**16 >> 8
    # Collected, then twice the liquidity: the manager notes the growth it has paid up to.
    walk.position = noted(walk)
    walk.go(20, earned=1 << 120)
    walk.position = replace(noted(walk), liquidity=2 * 10**16)
    walk.go(20, earned=1 << 120)
    walk.go(30, earned=1 << 120)
    # Two growths on the first liquidity, two on twice as much.
    assert walk.sums.earned0 == 6 * (10**16 >> 8)
    assert walk.sums.earned1 == 12 * (10**16 >> 8)


def test_in_a_gauge_a_position_loses_to_rebalancing_and_earns_nothing(hand: Any) -> None:
    walk = Walk(hand)
    walk.go(0)
    walk.go(10, earned=1 << 120)
    walk.position = replace(walk.position, earns_fees=False)
    walk.go(10)
    lost = walk.sums.lvr
    walk.go(100, earned=1 << 120)
    assert walk.sums.earned0 == 10**16 >> 8
    assert walk.sums.lvr > lost
    walk.position = replace(walk.position, earns_fees=True)
    walk.go(100)
    walk.go(100, earned=1 << 120)
    assert walk.sums.earned0 == 2 * (10**16 >> 8)


def test_the_past_is_told_from_the_turn_before_it(hand: Any) -> None:
    walk = Walk(hand)
    marks = []
    for tick in (0, 0, 1_200, 1_200, 0, 0):
        walk.go(tick, after=HOUR, earned=0 if tick else 1 << 120)
        marks.append((walk.mark, walk.sums))
    path = walk.facts.paths[walk.position.key]
    for mark, sums in marks:
        assert sums_at(path, mark) == sums
    assert sums_at(path, replace(marks[0][0], at=AT - MINUTE)) is None


def test_a_reorganisation_takes_back_what_dropped_blocks_told(hand: Any) -> None:
    walk = Walk(hand)
    for tick in (0, 0, 10):
        walk.go(tick)
    stands = walk.facts
    for tick in (1_500, 0, 1_500):  # seen on blocks 4 to 6, which then are gone
        walk.go(tick)
    straight = Walk(hand)
    for tick in (0, 0, 10):
        straight.go(tick)
    dropped = tuple(one.block for one in walk.facts.chains["main"].recent[3:])
    back = replace(
        walk.seen(20),
        block=Block(number=5, hash="0xother", timestamp=walk.at),
        reorg=Reorg(ancestor=3, dropped=dropped),
    )
    walk.facts = absorb(walk.facts, back, LENS)
    straight.at = walk.at
    straight.facts = absorb(straight.facts, replace(back, reorg=None), LENS)
    assert walk.facts.tracks == straight.facts.tracks
    assert walk.facts.paths == straight.facts.paths
    assert walk.sums == straight.sums
    assert walk.sums.inside_s == walk.sums.seen_s, "it was never out of range"
    assert stands.paths == walk.facts.paths


def test_a_position_first_seen_on_a_dropped_block_begins_anew(hand: Any) -> None:
    walk = Walk(hand)
    walk.go(0)
    walk.go(0)
    dropped = tuple(one.block for one in walk.facts.chains["main"].recent)
    back = replace(walk.seen(0), reorg=Reorg(ancestor=0, dropped=dropped))
    walk.facts = absorb(walk.facts, replace(back, observed_at=walk.at + MINUTE), LENS)
    walk.at += MINUTE
    assert walk.facts.paths[walk.position.key].since == walk.at
    assert walk.sums == Sums()
    assert math.isclose(walk.mark.seen_s, 0)
