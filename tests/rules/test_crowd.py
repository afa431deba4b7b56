"""What is read straight from a position's fields is what the table of measures answers."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.pipeline import State, step
from monitor.rules.columns import KNOWN, UNKNOWN
from monitor.rules.crowd import FIELDS, column_of
from monitor.signals.catalogue import Kind
from monitor.signals.of_position import OF_POSITION

AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_field_is_what_the_table_answers(name: str, hand: Any) -> None:
    known = hand.position(1)
    seen = hand.snapshot(AT, known, replace(hand.position(2), basis=None), tick=hand.tick + 700)
    state, _ = step(hand.book("lp_range"), State(), seen)
    for one in state.facts.positions.values():
        assert FIELDS[name](one) == OF_POSITION[name](state.facts, one, AT)[0]


def test_only_whole_columns_of_their_kind_are_taken_as_they_are() -> None:
    column = column_of([1.0, None, float("inf"), True, 3], Kind.NUMBER)
    assert list(column.cloud) == [KNOWN, UNKNOWN, UNKNOWN, UNKNOWN, KNOWN]
    assert list(column.value[[0, 4]]) == [1.0, 3.0]
    assert list(column_of([1.0, None], Kind.NUMBER).cloud) == [KNOWN, UNKNOWN]
    assert list(column_of([True, 1.0], Kind.BOOL).cloud) == [KNOWN, UNKNOWN]
    assert column_of([True, False], Kind.BOOL).plain
