"""What is known after an observation: positions that go and come back, readings that age."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.model.observation import Missing
from monitor.signals.absorb import Lens, absorb
from monitor.signals.book import live_positions
from monitor.signals.facts import Facts, PositionSeen

AT = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LENS = Lens(chains=frozenset({"main"}), feeds=frozenset({"vix", "vx.settle"}))
WALLET = Missing(key=f"1:0x{'55' * 20}", reason="balanceOf reverted", wallet=True)
MARCH, APRIL, MAY = date(2026, 3, 18), date(2026, 4, 15), date(2026, 5, 20)


def after(*seen: Any) -> Facts:
    known = Facts()
    for one in seen:
        known = absorb(known, one, LENS)
    return known


def first(known: Facts, hand: Any) -> PositionSeen:
    return known.positions[hand.key(1)]


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        pytest.param((), ("no longer held or watched", ""), id="absent: it is gone"),
        pytest.param((WALLET,), ("", "balanceOf reverted"), id="the whole wallet: it is unread"),
    ],
)
def test_a_position_absent_from_a_snapshot(
    missing: tuple[Missing, ...], told: tuple[str, str], hand: Any
) -> None:
    both = hand.snapshot(AT, hand.position(1), hand.position(2))
    known = after(both, hand.snapshot(AT + MINUTE, hand.position(2), missing=missing))
    one = first(known, hand)
    assert (one.gone, one.unread) == told
    assert one.position == hand.position(1), "what it was is kept"
    assert one in live_positions(known) or one.gone
    assert (known.positions[hand.key(2)].gone, known.positions[hand.key(2)].unread) == ("", "")


def test_one_that_the_chain_says_is_gone_is_gone_for_that_reason(hand: Any) -> None:
    burned = Missing(key=hand.key(1), reason="its NFT was burned", gone=True)
    lost = hand.snapshot(AT + MINUTE, missing=(WALLET, burned))
    known = after(hand.snapshot(AT, hand.position(1)), lost)
    assert (first(known, hand).gone, first(known, hand).unread) == ("its NFT was burned", "")
    assert live_positions(known) == []
    later = absorb(known, hand.snapshot(AT + DAY), LENS)
    assert first(later, hand).gone == "its NFT was burned", "the first reason stays"


@pytest.mark.parametrize("missing", [(), (WALLET,)], ids=["gone", "unread"])
def test_what_comes_back_is_live_again(missing: tuple[Missing, ...], hand: Any) -> None:
    held = hand.snapshot(AT, hand.position(1))
    lost = hand.snapshot(AT + MINUTE, missing=missing)
    known = after(held, lost, replace(held, observed_at=AT + 2 * MINUTE))
    assert (first(known, hand).gone, first(known, hand).unread) == ("", "")
    assert live_positions(known) == [first(known, hand)]


def test_another_chains_snapshot_says_nothing_of_a_position(hand: Any) -> None:
    known = after(
        hand.snapshot(AT, hand.position(1)),
        replace(hand.snapshot(AT + MINUTE), chain="other", chain_id=2, pools=()),
    )
    assert (first(known, hand).gone, first(known, hand).unread) == ("", "")


def test_a_settlement_replaces_the_ones_before_it_whole(hand: Any) -> None:
    # March settles on the 18th, so the issue of that day leaves it out.
    old = hand.settled(date(2026, 3, 17), {MARCH: 18.0, APRIL: 19.0}, AT + 15 * DAY)
    new = hand.settled(date(2026, 3, 18), {APRIL: 20.0, MAY: 21.0}, AT + 16 * DAY)
    known = after(hand.vix(17.0, AT), old, new)
    assert {key: one.value for key, one in known.readings.items()} == {
        "vix|": 17.0,
        "vx.settle|2026-04-15": 20.0,
        "vx.settle|2026-05-20": 21.0,
    }


def test_a_settlement_of_the_same_day_in_parts_stays_together(hand: Any) -> None:
    day = date(2026, 3, 17)
    parts = ({one: 18.0} for one in (MARCH, APRIL))
    known = after(*(hand.settled(day, part, AT + 15 * DAY) for part in parts))
    assert set(known.readings) == {"vx.settle|2026-03-18", "vx.settle|2026-04-15"}


def test_a_reading_older_than_the_last_is_overtaken(hand: Any) -> None:
    known = after(hand.vix(17.0, AT), hand.vix(30.0, AT - MINUTE, AT + MINUTE))
    assert known.readings["vix|"].value == 17.0
    assert known.feeds["vix"].good_at == AT + MINUTE, "the feed did answer"
    assert absorb(known, hand.vix(18.0, AT), LENS).readings["vix|"].value == 18.0


def test_a_reading_stamped_with_an_instant_to_come_shuts_out_none_that_comes(hand: Any) -> None:
    early = after(hand.vix(17.0, AT), hand.vix(48.0, AT + 30 * DAY, AT + MINUTE))
    assert early.readings["vix|"].value == 17.0
    assert [one.close for one in early.bars["vix|"].bars] == [17.0]
    assert early.feeds["vix"].good_at == AT + MINUTE, "the feed did answer"
    close = absorb(early, hand.vix(18.0, AT + 3 * MINUTE, AT + 2 * MINUTE), LENS)
    assert close.readings["vix|"].value == 18.0, "clocks differ by a minute"


def test_one_that_was_taken_over_from_before_is_overtaken(hand: Any) -> None:
    late = after(hand.vix(48.0, AT + 30 * DAY, AT + 30 * DAY))
    known = absorb(late, hand.vix(18.0, AT + MINUTE), LENS)
    assert known.readings["vix|"].value == 18.0


@pytest.mark.parametrize("source", ["main", "vix"])
def test_a_gap_keeps_what_is_known_and_says_since_when(source: str, hand: Any) -> None:
    known = after(hand.snapshot(AT, hand.position(1)), hand.vix(17.0, AT))
    for minutes in (1, 2):
        silent = absorb(known, hand.gap(source, AT + minutes * MINUTE), LENS)
    table = silent.chains if source == "main" else silent.feeds
    assert (table[source].gap, table[source].good_at) == (f"{source} cannot be reached", AT)
    assert (silent.pools, silent.positions, silent.readings) == (
        known.pools,
        known.positions,
        known.readings,
    )


def test_a_gap_is_as_old_as_its_first(hand: Any) -> None:
    known = after(hand.gap("vix", AT), hand.gap("vix", AT + MINUTE))
    assert known.feeds["vix"].gap_since == AT
    assert after(hand.gap("vix", AT), hand.vix(17.0, AT + MINUTE)).feeds["vix"].gap == ""
