"""What is put to a second endpoint: what a critical alert would begin or ripen on, and no more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.event import event_fields
from monitor.alerts.render import console_line, plain
from monitor.alerts.wire import from_json, to_json
from monitor.app.foresight import weighs, with_doubts
from monitor.channels.port import Message
from monitor.pipeline import Rulebook, State, step

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = """\
schema = 1
[pack]
id = "edges"
title = "Out of range"
evidence = "claim"
sources = []
[[rule]]
id = "edges.out"
scope = "position"
action = "notify"
severity = "{severity}"
when = 'position.in_range == false'
text = "{{position.label}} is out"
{more}
"""
OUT = 300_000


@pytest.fixture
def book_of(hand: Any, tmp_path: Path) -> Any:
    def build(severity: str = "critical", more: str = "", *packs: str) -> Rulebook:
        path = tmp_path / "edges.toml"
        path.write_text(RULES.format(severity=severity, more=more))
        made: Rulebook = hand.book(*packs, files=(path,))
        return made

    return build


def test_a_quiet_snapshot_does_not_weigh(book_of: Any, hand: Any) -> None:
    assert not weighs(book_of(), State(), hand.snapshot(NOON, hand.position()))


def test_one_that_begins_a_critical_alert_weighs_until_it_fires(book_of: Any, hand: Any) -> None:
    book = book_of()
    quiet, _ = step(book, State(), hand.snapshot(NOON, hand.position()))
    out = hand.snapshot(NOON + MINUTE, hand.position(), tick=OUT, number=2)
    assert weighs(book, quiet, out)
    firing, alerts = step(book, quiet, out)
    assert [alert.rule for alert in alerts] == ["edges.out"]
    later = hand.snapshot(NOON + 2 * MINUTE, hand.position(), tick=OUT, number=3)
    assert not weighs(book, firing, later)
    another = hand.snapshot(
        NOON + 2 * MINUTE, hand.position(), hand.position(2), tick=OUT, number=3
    )
    assert weighs(book, firing, another)


def test_every_one_weighs_while_a_critical_alert_ripens(book_of: Any, hand: Any) -> None:
    book, state = book_of(more='for = "5m"'), State()
    for minute in range(5):
        out = hand.snapshot(NOON + minute * MINUTE, hand.position(), tick=OUT, number=minute + 1)
        assert weighs(book, state, out)
        state, alerts = step(book, state, out)
        assert alerts == ()


def test_what_is_not_critical_does_not_weigh(book_of: Any, hand: Any) -> None:
    book = book_of("warning")
    assert not weighs(book, State(), hand.snapshot(NOON, hand.position(), tick=OUT))


def test_what_hedgewatch_says_of_itself_asks_no_second_endpoint(book_of: Any, hand: Any) -> None:
    # Critical, and it fires on the snapshot; but no block is its ground.
    book = book_of("warning", "", "self")
    book = replace(book, lens=replace(book.lens, chains=frozenset({"main", "other"})))
    state, _ = step(book, State(), hand.snapshot(NOON, hand.position()))
    state, _ = step(book, state, hand.gap("other", NOON))
    seen = hand.snapshot(NOON + 10 * MINUTE, hand.position(), number=2)
    _, alerts = step(book, state, seen)
    assert "self.blind" in {alert.rule for alert in alerts}
    assert not weighs(book, state, seen)


def test_an_alert_that_was_not_confirmed_says_so_and_no_other_does(book_of: Any, hand: Any) -> None:
    book = book_of()
    sure = hand.snapshot(NOON, hand.position(), tick=OUT)
    after, alerts = step(book, State(), sure)
    assert with_doubts(book, after, sure, alerts) == alerts
    doubted = replace(sure, unconfirmed="a and b differ on block 1: its hash is 0x1 against 0x2")
    (told,) = with_doubts(book, after, doubted, alerts)
    assert told == replace(alerts[0], unconfirmed=doubted.unconfirmed)
    delivery = Message(alert=told, tries=0, repeat=False, now=NOON)
    assert f"UNCONFIRMED: {doubted.unconfirmed}" in plain(delivery)
    assert "UNCONFIRMED" in console_line(told)
    assert from_json(to_json(told)) == told
    assert event_fields(told)["unconfirmed"] == doubted.unconfirmed
    mild = book_of("warning")
    after, alerts = step(mild, State(), sure)
    assert with_doubts(mild, after, doubted, alerts) == alerts
