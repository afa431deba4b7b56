"""The road over blocks that are dropped: what is retracted, what stays, and what people read."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from textwrap import dedent, wrap
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.alerts.event import event_json
from monitor.alerts.render import CONSOLE_WIDTH, console_line, plain
from monitor.channels.port import Message
from monitor.hedge.legs import parse_leg
from monitor.model.layer import LayerStatus
from monitor.model.observation import Block, Missing, Observation, Reorg, Verb, Word
from monitor.pipeline import Rulebook, State, refusal, step
from monitor.rules.lifecycle import Phase

AT = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = """\
schema = 1
[pack]
id = "guard"
title = "Rules that rest on blocks"
evidence = "claim"
sources = []
[[layer]]
id = "G"
title = "Guard"
scope = "book"
instrument = { kind = "vix.call", dte = 110, delta = 0.50 }
size = { policy = "fixed", contracts = 1 }
  [[layer.rule]]
  id = "G.add"
  action = "add"
  when = 'vix < 15.0 && book.il < -0.001'
  expires = "2h"
  text = "VIX {vix:.1f}"
[[rule]]
id = "out"
scope = "position"
action = "notify"
when = '!position.in_range'
title = "Out of range"
text = "{position.label}"
[[rule]]
id = "market"
scope = "book"
action = "notify"
when = 'vix < 15.0'
text = "calm"
"""
HEAD, _, _ = RULES.partition("[[layer]]")
BAND = """\
[[rule]]
id = "band"
scope = "pool"
action = "notify"
when = 'pool.price < 230.0'
clear = 'pool.price > 245.0'
text = "low until high"
"""
FAR = 1_200


@dataclass
class Road:
    """A road over one chain that may be turned."""

    hand: Any
    book: Rulebook
    state: State = field(default_factory=State)
    told: list[Alert] = field(default_factory=list)
    made: int = 0

    def take(self, seen: Observation) -> list[str]:
        assert not (isinstance(seen, Word) and refusal(self.book, self.state, seen))
        self.state, alerts = step(self.book, self.state, seen)
        self.told += alerts
        return [f"{alert.rule} {alert.state}" for alert in alerts]

    def block(
        self, number: int, tick: int = 0, *, ancestor: int | None = None, lost: str = ""
    ) -> list[str]:
        """Take a block. ancestor: what is left of the chain so far; lost: how its position is."""
        self.made += 1
        at = AT + self.made * MINUTE
        position = self.hand.position(1)
        missing = Missing(key=position.key, reason="it reverted", gone=lost == "gone")
        seen = self.hand.snapshot(
            at,
            *(() if lost else (position,)),
            tick=self.hand.tick + tick,
            missing=(missing,) if lost in {"gone", "unread"} else (),
        )
        block = Block(number=number, hash=f"0x{self.made:02x}{number:062x}", timestamp=at)
        reorg = None if ancestor is None else Reorg(ancestor=ancestor, dropped=())
        return self.take(replace(seen, block=block, reorg=reorg))

    def alert(self, rule: str, state: str) -> Alert:
        return next(a for a in reversed(self.told) if (a.rule, a.state) == (rule, state))

    def firing(self) -> set[str]:
        instances = self.state.instances.values()
        return {one.rule for one in instances if one.phase is Phase.FIRING}


def a_road(hand: Any, folder: Path, rules: str) -> Road:
    """Return a road that has read a market, and a block with a position in range."""
    (folder / "guard.toml").write_text(rules)
    road = Road(hand, hand.book(files=(folder / "guard.toml",)))
    road.take(hand.settled(AT.date(), {date(2020, 6, 17): 16.725}, AT))
    road.take(hand.vix(13.68, AT - 75 * MINUTE, AT))
    road.block(10)
    return road


@pytest.fixture
def road(hand: Any, tmp_path: Path) -> Road:
    return a_road(hand, tmp_path, RULES)


@pytest.fixture
def band(hand: Any, tmp_path: Path) -> Road:
    """A road whose only rule fires below 230 and clears above 245."""
    return a_road(hand, tmp_path, HEAD + BAND)


def test_a_proposal_whose_block_is_dropped_is_void(road: Road) -> None:
    assert sorted(road.block(11, FAR)) == ["G.add firing", "out firing"]
    proposed = road.state.layers["G|book"]
    assert (proposed.status, proposed.proposal is not None) == (LayerStatus.PROPOSED, True)
    assert sorted(road.block(11, 5, ancestor=10)) == ["G.add retracted", "out retracted"]
    layer = road.state.layers["G|book"]
    assert (layer.status, layer.proposal) == (LayerStatus.OFF, None)
    fired, back = road.alert("G.add", "firing"), road.alert("G.add", "retracted")
    assert (back.id, back.since) == (fired.id, fired.since)
    assert (back.ticket, back.expires_at) == (None, None)
    assert fired.ticket is not None
    assert road.firing() == {"market"}, "what rests on the market alone is none of the chain's"
    assert sorted(road.block(12, FAR)) == ["G.add firing", "out firing"]
    assert road.alert("G.add", "firing").id != fired.id


def test_what_is_still_true_on_the_new_branch_goes_on_in_silence(road: Road) -> None:
    road.block(11, FAR)
    assert road.block(11, FAR, ancestor=10) == []
    assert road.firing() == {"market", "G.add", "out"}
    assert sorted(road.block(12, 0)) == ["G.add resolved", "out resolved"]


def test_what_is_not_known_on_the_new_branch_stays_until_it_is(road: Road) -> None:
    road.block(11, FAR)
    assert road.block(11, 0, ancestor=10, lost="unread") == []
    assert road.firing() == {"market", "G.add", "out"}
    assert sorted(road.block(12, 0)) == ["G.add retracted", "out retracted"]
    assert road.alert("out", "retracted").reason.startswith("block 11 0x02")


def test_a_position_that_was_only_on_dropped_blocks_takes_its_alert_with_it(road: Road) -> None:
    road.block(11, FAR)
    assert "out retracted" in road.block(11, FAR, ancestor=10, lost="gone")
    reason = "; the position is gone: it reverted"
    assert road.alert("out", "retracted").reason.endswith(reason)


def test_an_end_on_a_dropped_block_is_taken_back_as_a_reminder(road: Road) -> None:
    road.block(11, FAR)
    first = road.alert("out", "firing")
    assert sorted(road.block(12, 0)) == ["G.add resolved", "out resolved"]
    assert sorted(road.block(12, FAR, ancestor=11)) == ["G.add repeat", "out repeat"]
    again = road.alert("out", "repeat")
    assert (again.id, again.since) == (first.id, first.since)
    assert again.reason.startswith("its end is taken back, still true: block 12 0x03")
    assert road.state.layers["G|book"].status is LayerStatus.PROPOSED
    assert road.alert("G.add", "repeat").ticket is not None


def test_an_end_that_comes_again_by_its_own_condition_is_not_told_twice(band: Road) -> None:
    assert band.block(11, FAR) == ["band firing"]
    assert band.block(12, 0) == ["band resolved"]
    assert band.block(12, 100, ancestor=11) == []
    assert band.firing() == set()


def test_what_is_open_between_its_two_conditions_is_open_again(band: Road) -> None:
    band.block(11, FAR)
    band.block(12, 0)
    assert band.block(12, 600, ancestor=11) == ["band repeat"]
    assert "not cleared" in band.alert("band", "repeat").reason


def test_a_position_burned_on_a_dropped_block_is_not_gone(road: Road) -> None:
    road.block(11, lost="gone")
    road.block(11, ancestor=10, lost="unread")
    (seen,) = road.state.facts.positions.values()
    assert (seen.gone, seen.gone_at, seen.unread) == ("", None, "it reverted")


def filled(road: Road) -> None:
    road.take(
        Word(
            id="one",
            verb=Verb.FILL,
            observed_at=AT + road.made * MINUTE,
            by="ann@cli",
            layer="G",
            fills=(parse_leg("vix.call 2020-06-17 18 +4 @1.60"),),
        )
    )


def test_a_layer_that_was_filled_meanwhile_stays_on_and_the_retraction_says_so(road: Road) -> None:
    road.block(11, FAR)
    filled(road)
    assert "G.add retracted" in road.block(11, 0, ancestor=10)
    layer = road.state.layers["G|book"]
    assert (layer.status, [leg.quantity for leg in layer.legs]) == (LayerStatus.ON, [4])
    back = road.alert("G.add", "retracted")
    assert back.id == road.alert("G.add", "filled").id
    assert back.text == (
        "G was acted on by ann@cli and stays as it is: 4 × VIX 17 Jun 2020 18 call.\n"
        "Keep it or close it."
    )
    assert road.block(12, 0) == []


def test_a_layer_filled_on_what_is_still_true_is_not_spoken_of(road: Road) -> None:
    road.block(11, FAR)
    filled(road)
    assert road.block(11, FAR, ancestor=10) == []
    assert road.block(12, 0) == ["out resolved"]


def test_two_blocks_of_one_number_are_a_reorganisation_though_nobody_says_so(road: Road) -> None:
    road.block(11, FAR)
    assert sorted(road.block(11, 0)) == ["G.add retracted", "out retracted"]


def folded(alert: Alert, columns: int) -> str:
    """Return an alert as a chat shows it, its lines folded to so many columns."""
    text = plain(Message(alert=alert, tries=0, repeat=False, now=alert.at))
    return "\n".join("\n".join(wrap(line, columns)) for line in text.splitlines())


def test_how_a_retraction_reads_on_a_phone_and_on_a_terminal(road: Road) -> None:
    road.block(21_204_511, FAR)
    road.block(21_204_511, 5, ancestor=21_204_510)
    alert = road.alert("G.add", "retracted")
    phone = f"""\
        ⚪ RETRACTED · G Guard   {alert.id}
        Book: 1 position, 15,423 USD

        Block 21,204,511 0x0200… is no
        longer part of main.
        At block 21,204,511 0x0300…:
        VIX 13.68 < 15.0 holds
        Book IL 0.00 % < −0.10 % does
        not hold
        The add proposal is void.
        Do not trade on it."""
    assert folded(alert, 30) == dedent(phone)
    line = f"22:33:00Z  retracted G.add   book    block gone  IL 0.00%<−0.10% ✗  {alert.id}"
    assert console_line(alert) == line
    assert len(line) <= CONSOLE_WIDTH
    told = json.loads(event_json(alert, sent_at=alert.at))
    assert (told["state"], told["ticket"], told["expires_at"]) == ("retracted", None, None)
    assert told["reason"] == (
        "block 21,204,511 0x0200… is no longer part of main: at block 21,204,511 0x0300… "
        "VIX 13.68 < 15.0 holds, Book IL 0.00 % < −0.10 % does not hold"
    )


def test_a_word_among_comparisons_is_said_without_a_verdict(road: Road) -> None:
    road.block(11, FAR)
    road.block(11, 0, ancestor=10)
    assert folded(road.alert("out", "retracted"), 80).endswith("0x0300…:\nIn range: yes")
