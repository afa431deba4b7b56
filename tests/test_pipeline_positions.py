"""The road over positions that come and go: what is hedged, what fires, and what is burned."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.hedge.legs import parse_leg
from monitor.model.layer import Action, LayerStatus
from monitor.model.observation import Missing, Observation, Verb, Word
from monitor.pipeline import State, step
from monitor.rules.lifecycle import Flag, Phase

AT = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Walk = Callable[..., tuple[State, list[Alert]]]

ONE_POSITION = """\
schema = 1
[pack]
id = "guard"
title = "One hedge a position"
evidence = "claim"
sources = []
[[layer]]
id = "G"
title = "Guard"
scope = "position"
instrument = { kind = "vix.call", dte = 110, delta = 0.50 }
size = { policy = "fixed", contracts = 1 }
  [[layer.rule]]
  id = "G.add"
  action = "add"
  when = 'vix < 15.0 && position.in_range'
  text = "{position.label}: {ticket.legs}"
  [[layer.rule]]
  id = "G.more"
  action = "add"
  top_up = true
  when = 'vix < 12.0'
  text = "{position.label}: {ticket.legs}"
  [[layer.rule]]
  id = "G.roll"
  action = "roll"
  when = 'vix > 30.0'
  text = "{position.label}: {ticket.legs}"
[[rule]]
id = "near"
scope = "position"
action = "notify"
when = 'position.in_range'
text = "{position.label} is in range"
"""


@pytest.fixture
def walk(tmp_path: Path, hand: Any) -> Walk:
    """Return a walker: from a state through observations, to a state and the alerts of the last."""
    (tmp_path / "guard.toml").write_text(ONE_POSITION)
    book = hand.book(files=(tmp_path / "guard.toml",))

    def walker(state: State, *seen: Observation) -> tuple[State, list[Alert]]:
        alerts: tuple[Alert, ...] = ()
        for one in seen:
            state, alerts = step(book, state, one)
        return state, list(alerts)

    return walker


def turns(alerts: list[Alert]) -> list[tuple[str, str, str]]:
    return [(alert.rule, alert.state.value, alert.reason) for alert in alerts]


def burned(hand: Any) -> Missing:
    return Missing(key=hand.key(1), reason="its NFT was burned", gone=True)


def bought(hand: Any) -> Word:
    return Word(
        id="one",
        verb=Verb.FILL,
        observed_at=AT,
        by="ann@cli",
        layer="G",
        scope=hand.key(1),
        fills=(parse_leg("vix.call 2020-06-17 18 +4 @1.60"),),
    )


def lost(how: str, hand: Any, at: datetime) -> Observation:
    """Return a snapshot in which the first position is burned, or there and empty."""
    empty = replace(hand.position(1), liquidity=0, basis=None)
    there, missing = ((empty,), ()) if how == "emptied" else ((), (burned(hand),))
    seen: Observation = hand.snapshot(at, *there, number=2, missing=missing)
    return seen


def test_a_hedge_whose_position_is_burned_is_critical_and_due_to_be_removed(
    walk: Walk, hand: Any
) -> None:
    held = hand.snapshot(AT - MINUTE, hand.position(1), hand.position(2))
    settled = hand.settled(AT.date(), {date(2020, 6, 17): 16.725}, AT)
    state, alerts = walk(
        State(), held, settled, hand.vix(13.68, AT - 75 * MINUTE, AT), bought(hand)
    )
    assert turns(alerts) == [("G.add", "filled", "+4 VIX 17Jun20 18C @1.60 by ann@cli")]
    left = hand.snapshot(AT + MINUTE, hand.position(2), number=2, missing=(burned(hand),))
    state, alerts = walk(state, left)
    alert = next(alert for alert in alerts if alert.rule == "G.orphaned")
    assert (alert.state.value, alert.severity.value) == ("firing", "critical")
    assert (alert.action, alert.scope) == (Action.REMOVE, hand.key(1))
    assert alert.ticket is not None
    assert [leg.quantity for leg in alert.ticket.legs] == [-4]
    assert state.layers[f"G|{hand.key(1)}"].status is LayerStatus.REMOVE_DUE
    assert state.layers[f"G|{hand.key(2)}"].status is LayerStatus.PROPOSED


def test_an_alert_over_a_burned_position_ends_with_it(walk: Walk, hand: Any) -> None:
    state, alerts = walk(State(), hand.snapshot(AT, hand.position(1), hand.position(2)))
    assert turns(alerts) == [("near", "firing", ""), ("near", "firing", "")]
    left = hand.snapshot(AT + MINUTE, hand.position(2), number=2, missing=(burned(hand),))
    state, alerts = walk(state, left)
    why = "the position is gone: its NFT was burned"
    assert turns(alerts) == [("near", "resolved", why)]
    state, alerts = walk(state, hand.snapshot(AT + DAY, number=3))
    assert turns(alerts) == [
        ("near", "resolved", "the position is gone: no longer held or watched")
    ]
    state, alerts = walk(state, hand.snapshot(AT + 2 * DAY, number=4))
    assert alerts == []


def test_a_position_that_one_snapshot_could_not_read_keeps_its_alert(walk: Walk, hand: Any) -> None:
    unread = Missing(key=hand.key(1), reason="the call reverted")
    state, alerts = walk(
        State(),
        hand.snapshot(AT, hand.position(1)),
        hand.snapshot(AT + MINUTE, missing=(unread,)),
    )
    assert alerts == []
    assert state.instances[f"near|{hand.key(1)}"].phase is Phase.FIRING


LOST = pytest.mark.parametrize("how", ["burned", "emptied"])
SETTLED = {date(2020, 6, 17): 16.725, date(2020, 9, 16): 17.225}


@LOST
@pytest.mark.parametrize("vix", [11.0, 35.0], ids=["an add", "a roll"])
def test_only_the_removal_is_asked_for_a_position_that_is_lost(
    vix: float, how: str, walk: Walk, hand: Any
) -> None:
    held = hand.snapshot(AT - MINUTE, hand.position(1))
    settled = hand.settled(AT.date(), SETTLED, AT)
    state, _ = walk(State(), held, settled, hand.vix(13.68, AT), bought(hand))
    state, alerts = walk(state, hand.vix(vix, AT + MINUTE))
    asking = "G.more" if vix < 12 else "G.roll"
    assert turns(alerts) == [(asking, "firing", "")]
    state, alerts = walk(state, lost(how, hand, AT + 2 * MINUTE))
    told = {(rule, turn) for rule, turn, _ in turns(alerts)} - {("near", "resolved")}
    assert told == {("G.orphaned", "firing"), (asking, "resolved")}
    part = replace(
        bought(hand), id="two", verb=Verb.CLOSE, fills=(parse_leg("vix.call 2020-06-17 18 -1 @3"),)
    )
    state, alerts = walk(state, hand.vix(vix, AT + 3 * MINUTE), part)
    assert turns(alerts) == [("G.close", "filled", "-1 VIX 17Jun20 18C @3.00 by ann@cli")]
    layer = state.layers[f"G|{hand.key(1)}"]
    assert (layer.status, layer.legs[0].quantity) == (LayerStatus.REMOVE_DUE, 3)
    assert layer.proposal is not None
    assert layer.proposal.rule == "G.orphaned"


@LOST
def test_an_add_asked_for_a_position_that_is_lost_is_taken_back(
    how: str, walk: Walk, hand: Any
) -> None:
    held = hand.snapshot(AT - MINUTE, hand.position(1))
    state, alerts = walk(State(), held, hand.settled(AT.date(), SETTLED, AT), hand.vix(11.0, AT))
    assert turns(alerts) == [("G.add", "firing", "")]
    state, alerts = walk(state, lost(how, hand, AT + MINUTE))
    assert ("G.add", "resolved", "what G would protect is gone") in turns(alerts)
    layer = state.layers[f"G|{hand.key(1)}"]
    assert (layer.status, layer.proposal) == (LayerStatus.OFF, None)
    state, alerts = walk(state, hand.vix(10.0, AT + 2 * MINUTE))
    assert alerts == []


def test_an_alert_over_an_emptied_position_ends_once_nothing_is_owed_either(
    walk: Walk, hand: Any
) -> None:
    empty = replace(hand.position(1), liquidity=0, basis=None)
    owed = replace(empty, tokens_owed0=5)
    state, alerts = walk(State(), hand.snapshot(AT, hand.position(1)))
    assert turns(alerts) == [("near", "firing", "")]
    state, alerts = walk(state, hand.snapshot(AT + MINUTE, owed, number=2))
    assert alerts == [], "an empty range is neither in nor out"
    near = state.instances[f"near|{hand.key(1)}"]
    assert (near.phase, near.flag) == (Phase.FIRING, Flag.NODATA)
    state, alerts = walk(state, hand.snapshot(AT + 2 * MINUTE, empty, number=3))
    assert turns(alerts) == [("near", "resolved", "the position is empty")]
    state, alerts = walk(state, hand.snapshot(AT + 3 * MINUTE, empty, number=4))
    assert alerts == []
