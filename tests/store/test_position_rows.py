"""Positions are written when the chain says something new of them, and restored whole."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.model.observation import Missing
from monitor.pipeline import Rulebook, State, step
from monitor.signals.facts import PositionSeen
from monitor.store.records import RowKey
from monitor.store.rows import changed_rows, restore

START = datetime(2026, 11, 22, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Saved:
    """A road whose every step is saved as a daemon would save it."""

    def __init__(self, book: Rulebook) -> None:
        self._book = book
        self._rows: dict[RowKey, str] = {}
        self.state = State()

    def take(self, seen: Any) -> list[str]:
        """Step, save, and return the positions that were written or dropped."""
        before, (self.state, _) = self.state, step(self._book, self.state, seen)
        changed = changed_rows(before, self.state)
        self._rows |= {key: text for key, text in changed.items() if text is not None}
        for key in [key for key, text in changed.items() if text is None]:
            del self._rows[key]
        assert restore(self._rows, ()).facts.positions == self.state.facts.positions
        return [key for kind, key in changed if kind == "position"]

    @property
    def rows(self) -> Mapping[RowKey, str]:
        return self._rows


@pytest.fixture
def saved(hand: Any) -> Saved:
    return Saved(hand.book("lp_range"))


def test_a_poll_writes_only_what_the_chain_says_anew(saved: Saved, hand: Any) -> None:
    one, two = hand.position(1), hand.position(2)
    assert saved.take(hand.snapshot(START, one, two)) == [one.key, two.key]
    moved = hand.snapshot(START + MINUTE, one, two, tick=hand.tick + 50, number=2)
    assert saved.take(moved) == [], "the price is the pool's, and the pool has a row"
    more = replace(one, liquidity=2 * one.liquidity)
    assert saved.take(hand.snapshot(START + 2 * MINUTE, more, two, number=3)) == [one.key]
    outside = hand.snapshot(START + 3 * MINUTE, more, two, tick=hand.tick + 2000, number=4)
    assert saved.take(outside) == [one.key, two.key], "since when they are out of range"


def test_what_cannot_be_read_keeps_the_measures_it_had(saved: Saved, hand: Any) -> None:
    one, two = hand.position(1), hand.position(2)
    saved.take(hand.snapshot(START, one, two))
    unread = (Missing(key=one.key, reason="the call reverted"),)
    later = hand.snapshot(START + MINUTE, two, tick=hand.tick + 50, number=2, missing=unread)
    assert saved.take(later) == [one.key]
    again = hand.snapshot(START + 2 * MINUTE, two, tick=hand.tick, number=3, missing=unread)
    assert saved.take(again) == []
    assert saved.take(hand.snapshot(START + 3 * MINUTE, one, two, number=4)) == [one.key]
    gone = (Missing(key=one.key, reason="burned", gone=True),)
    left = hand.snapshot(START + 4 * MINUTE, two, number=5, missing=gone)
    assert saved.take(left) == [one.key]
    assert saved.take(hand.snapshot(START + 5 * MINUTE, two, number=6)) == []


def test_a_position_without_its_pool_is_no_good(saved: Saved, hand: Any) -> None:
    saved.take(hand.snapshot(START, hand.position(1)))
    rows = {key: text for key, text in saved.rows.items() if key[0] != "pool"}
    with pytest.raises(ValueError, match="is saved without its pool"):
        restore(rows, ())


def test_the_shorter_row_leaves_nothing_out() -> None:
    from_the_pool = {"chain", "block", "pair", "measures"}
    not_while_it_is_read = {"gone", "gone_at", "unread"}
    written = {"position", "out_since", "was_out"}
    known = from_the_pool | not_while_it_is_read | written
    assert {field.name for field in fields(PositionSeen)} == known
