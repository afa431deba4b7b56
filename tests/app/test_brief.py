"""What a phone is told: short lines, nothing invented."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.app.brief import brief
from monitor.pipeline import State, step

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
NARROW = 36


def told(state: State, command: str, after_s: float = 4) -> list[str]:
    lines = brief(command, state, AT + timedelta(seconds=after_s)).splitlines()
    assert all(len(line) <= NARROW for line in lines), lines
    return lines


def seen(hand: Any, *observations: Any) -> State:
    state, book = State(), hand.book("lp_range")
    for one in observations:
        state, _ = step(book, state, one)
    return state


def test_before_anything_was_seen_nothing_is_claimed() -> None:
    assert told(State(), "/positions") == ["no position is watched"]
    assert told(State(), "/status")[1:3] == ["0 positions, unknown", "IL unknown"]


def test_status_tells_the_book_the_chain_and_the_signals(hand: Any) -> None:
    state = seen(hand, hand.snapshot(AT, hand.position(), number=21_204_511), hand.vix(27.4, AT))
    lines = told(state, "/status")
    assert lines[0] == "Calm, nothing fires"
    assert lines[1].startswith("1 position, ")
    assert "main 21,204,511, 4 s" in lines
    assert "vix 27.4, 4 s" in lines
    assert told(state, "/status", 400)[3].startswith("BLIND main")


def test_a_position_says_where_its_price_is(hand: Any) -> None:
    out = hand.snapshot(AT, hand.position(7), tick=hand.tick + 1_500)
    lines = told(seen(hand, out), "/positions")
    assert lines[0] == "#7 WETH/USDC on main"
    assert " OUT of " in lines[1]
    assert lines[2].strip().startswith("IL −")


def test_a_narrow_range_is_told_as_precisely_as_it_is(hand: Any) -> None:
    held = hand.position(7, ticks=(hand.tick - 10, hand.tick + 10))
    lines = told(seen(hand, hand.snapshot(AT, held)), "/positions")
    price, low, high = map(float, re.findall(r"[\d.]+", lines[1]))
    assert low < price < high
    assert high / low == pytest.approx(1.0001**20, abs=2e-4)


def test_what_is_no_command_gets_the_list_of_them() -> None:
    assert told(State(), "/sell") == told(State(), "/help")
    assert told(State(), "/help")[-1] == "It never trades."
