"""What ends an alert says how long it lasted."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.alerts.event import event_json
from monitor.alerts.render import plain
from monitor.channels.port import Message
from monitor.hedge.legs import parse_leg
from monitor.model.observation import Block, Observation, Reorg, Snapshot, Verb, Word
from monitor.pipeline import Rulebook, State, step

# Wednesday 19 February 2020, 10:00 in New York: the market is open for hours to come.
START = datetime(2020, 2, 19, 15, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HEAD = """\
schema = 1
[pack]
id = "fear"
title = "Fear"
evidence = "claim"
sources = []
"""
FEAR = (
    HEAD
    + """\
[[rule]]
id = "fear"
scope = "book"
action = "notify"
when = 'vix > 20.0'
clear = 'vix < 18.0'
on_nodata = "{on_nodata}"
for = "5m"
keep_firing_for = "10m"
text = "fear"
"""
)
LAYER = (
    HEAD
    + """\
[[layer]]
id = "G"
title = "Guard"
scope = "book"
instrument = { kind = "vix.call", dte = 110, delta = 0.50 }
size = { policy = "fixed", contracts = 1 }
  [[layer.rule]]
  id = "G.add"
  action = "add"
  when = '{when}'
  expires = "30m"
  text = "guard"
"""
)


@pytest.fixture
def book(hand: Any, tmp_path: Path) -> Any:
    def make(rules: str) -> Rulebook:
        file = tmp_path / "fear.toml"
        file.write_text(rules)
        made: Rulebook = hand.book(files=(file,))
        return made

    return make


def told(book: Rulebook, *seen: Observation) -> list[Alert]:
    state, heard = State(), list[Alert]()
    for one in seen:
        state, alerts = step(book, state, one)
        heard += alerts
    return heard


def filled(at: datetime) -> Word:
    leg = parse_leg("vix.call 2020-06-17 14 +1 @2.10")
    return Word(
        id="w1", observed_at=at, by="cli", verb=Verb.FILL, layer="G", scope="book", fills=(leg,)
    )


def test_a_resolved_alert_tells_since_when_it_was_true(book: Any, hand: Any) -> None:
    """True from 15:00, told at 15:05, below 18 from 16:45 and so for ten minutes at 16:55."""
    values = {0: 21.0, 5: 25.0, 60: 26.0, 105: 17.0, 115: 17.5}
    seen = [hand.vix(value, START + at * MINUTE) for at, value in values.items()]
    firing, resolved = told(book(FEAR.replace("{on_nodata}", "keep")), *seen)
    assert (firing.state, resolved.state) == ("firing", "resolved")
    assert (firing.since, resolved.since) == (START, START)
    assert resolved.at == START + 115 * MINUTE
    read = plain(Message(alert=resolved, tries=0, repeat=False, now=resolved.at))
    assert "Over after 1 h 55 m." in read
    event = json.loads(event_json(resolved, sent_at=resolved.at))
    assert datetime.fromisoformat(event["since"]) == START


def test_so_does_one_that_ends_because_nothing_is_known(book: Any, hand: Any) -> None:
    seen = [hand.vix(21.0, START), hand.vix(25.0, START + 5 * MINUTE)]
    rules = FEAR.replace("{on_nodata}", "resolve")
    firing, resolved = told(book(rules), *seen, hand.gap("vix", START + 2 * HOUR))
    assert (firing.state, resolved.state) == ("firing", "resolved")
    assert resolved.since == START


def test_a_second_episode_has_its_own_beginning(book: Any, hand: Any) -> None:
    values = {0: 21.0, 5: 25.0, 20: 17.0, 30: 17.0, 40: 22.0, 45: 22.0, 60: 17.0, 70: 17.0}
    seen = [hand.vix(value, START + at * MINUTE) for at, value in values.items()]
    ends = told(book(FEAR.replace("{on_nodata}", "keep")), *seen)[1::2]
    assert [one.state for one in ends] == ["resolved", "resolved"]
    assert [one.since for one in ends] == [START, START + 40 * MINUTE]


def test_an_expired_and_a_filled_proposal_tell_since_when_too(book: Any, hand: Any) -> None:
    rules = book(LAYER.replace("{when}", "vix > 20.0"))
    seen = [hand.vix(21.0, START), hand.vix(22.0, START + 31 * MINUTE), filled(START + HOUR)]
    firing, expired, done = told(rules, *seen)
    assert [one.state for one in (firing, expired, done)] == ["firing", "expired", "filled"]
    assert {one.since for one in (firing, expired, done)} == {START}


def test_a_filled_proposal_that_is_retracted_tells_since_when_too(book: Any, hand: Any) -> None:
    """A block at 15:00 has the book behind; filled at 15:10; at 15:12 that block is no more."""
    rules = book(LAYER.replace("{when}", "book.il < -0.001"))

    def block(number: int, at: datetime, tick: int, fork: Reorg | None = None) -> Snapshot:
        made = hand.snapshot(at, hand.position(1), tick=hand.tick + tick, number=number)
        stamped = Block(number=number, hash=f"0x{number + (fork is not None):064x}", timestamp=at)
        return Snapshot(
            chain=made.chain,
            chain_id=1,
            block=stamped,
            observed_at=at,
            pools=made.pools,
            positions=made.positions,
            reorg=fork,
        )

    first, low = block(1, START - MINUTE, 0), block(2, START, 900)
    after = block(2, START + 12 * MINUTE, 0, Reorg(ancestor=1, dropped=(low.block,)))
    heard = told(rules, first, low, filled(START + 10 * MINUTE), after)
    assert [one.state for one in heard] == ["firing", "filled", "retracted"]
    assert {one.since for one in heard} == {START}
