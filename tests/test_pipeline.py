"""The road as a whole: observations made by hand in, states and alerts out, the shipped rules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.render import console_line
from monitor.hedge.legs import parse_leg, spell_leg
from monitor.model.layer import Action, LayerState, LayerStatus
from monitor.model.observation import Observation, Verb, Word
from monitor.pipeline import Rulebook, State, refusal, step
from monitor.rules.lifecycle import Phase
from monitor.timetravel.tables import vix_closes, vx_settlements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEB_14 = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)
L2_CALLS = "vix.call 2020-06-17 18 +4 @1.60"


@dataclass
class Road:
    """Takes observations one by one and remembers what was told."""

    book: Rulebook
    state: State = field(default_factory=State)
    told: list[Alert] = field(default_factory=list)

    def take(self, *seen: Observation) -> list[tuple[str, str]]:
        """Return (rule, state) of each alert these observations made."""
        before = len(self.told)
        for one in seen:
            self.state, alerts = step(self.book, self.state, one)
            self.told += alerts
        return [(alert.rule, alert.state.value) for alert in self.told[before:]]

    def layer(self, name: str, scope: str = "book") -> LayerState:
        return self.state.layers[f"{name}|{scope}"]

    def alert(self, rule: str, state: str = "firing") -> Alert:
        return next(a for a in reversed(self.told) if (a.rule, a.state) == (rule, state))

    def refusal(self, spoken: Word) -> str:
        return refusal(self.book, self.state, spoken)


@pytest.fixture
def road(hand: Any) -> Road:
    return Road(hand.book("alvh"))


def word(
    verb: Verb, at: datetime, *legs: str, layer: str = "L2", name: str = "", **more: Any
) -> Word:
    return Word(
        id=name or f"{verb}-{layer}-{at:%d%H%M}",
        verb=verb,
        observed_at=at,
        by="ann@cli",
        layer=layer,
        fills=tuple(parse_leg(leg) for leg in legs),
        **more,
    )


def sessions(hand: Any, first: date, last: date) -> Iterator[Observation]:
    """Yield each session as it was: VX settlements, then the VIX, known at 22:30 UTC."""
    closes, settled = dict(vix_closes()), vx_settlements()
    for day in sorted(day for day in closes if first <= day <= last):
        at = datetime(day.year, day.month, day.day, 22, 30, tzinfo=UTC)
        yield hand.settled(day, dict(settled[day]), at)
        yield hand.vix(closes[day], at - timedelta(minutes=75), at)


def on(hand: Any, day: date) -> Iterable[Observation]:
    return sessions(hand, day, day)


def test_below_15_each_layer_is_proposed_with_its_ticket(road: Road, hand: Any) -> None:
    assert road.take(*on(hand, date(2020, 2, 14))) == [
        ("L1.add", "firing"),
        ("L2.add", "firing"),
        ("L3.add", "firing"),
    ]
    alert = road.alert("L2.add")
    assert alert.ticket is not None
    # 110 days from 14 February is 3 June: the monthly expiry nearest to it is 17 June.
    assert [spell_leg(leg) for leg in alert.ticket.legs] == ["4 × VIX 17 Jun 2020 18 call"]
    assert (alert.action, alert.values["vix"]) == (Action.ADD, 13.68)
    assert alert.expires_at == alert.at + DAY
    layer = road.layer("L2")
    assert (layer.status, layer.legs) == (LayerStatus.PROPOSED, ())
    assert layer.proposal is not None
    assert layer.proposal.alert == alert.id


def test_a_fill_ends_the_proposal_and_turns_the_layer_on(road: Road, hand: Any) -> None:
    road.take(*on(hand, date(2020, 2, 14)))
    said = word(Verb.FILL, FEB_14 + timedelta(minutes=5), L2_CALLS)
    assert road.take(said) == [("L2.add", "filled")]
    assert road.told[-1].reason == "+4 VIX 17Jun20 18C @1.60 by ann@cli"
    assert "L2       book    +4 VIX 17Jun20 18C @1.60 by ann@cli" in console_line(road.told[-1])
    assert road.told[-1].id == road.alert("L2.add").id
    layer = road.layer("L2")
    assert (layer.status, layer.proposal) == (LayerStatus.ON, None)
    assert [spell_leg(leg) for leg in layer.legs] == ["4 × VIX 17 Jun 2020 18 call"]
    assert layer.journal[0].cash_usd == -4 * 1.60 * 100
    assert road.take(*on(hand, date(2020, 2, 18))) == [
        *[("L1.add", "expired"), ("L1.add", "repeat"), ("L3.add", "expired"), ("L3.add", "repeat")],
    ], "an add is not proposed again for a layer that is on"


def test_the_same_word_heard_twice_counts_once(road: Road, hand: Any) -> None:
    road.take(*on(hand, date(2020, 2, 14)))
    said = word(Verb.FILL, FEB_14 + timedelta(minutes=5), L2_CALLS)
    road.take(said)
    once = road.layer("L2")
    assert road.refusal(said) == ""
    assert road.take(said) == []
    assert road.layer("L2") == once


def test_an_add_is_withdrawn_when_the_vix_rises_past_its_clear(road: Road, hand: Any) -> None:
    road.take(*on(hand, date(2020, 2, 14)))
    told = road.take(*sessions(hand, date(2020, 2, 18), date(2020, 2, 21)))
    # 14.83, 14.38, 15.56 and, on the 21st, 17.08: above 17 at last.
    assert [one for one in told if one[1] == "resolved"] == [
        (f"{layer}.add", "resolved") for layer in ("L1", "L2", "L3")
    ]
    assert {a.at.day for a in road.told if a.state is AlertState.RESOLVED} == {21}
    assert road.told[-1].reason == "condition cleared"
    layer = road.layer("L2")
    assert (layer.status, layer.proposal) == (LayerStatus.OFF, None)


def filled(road: Road, first: date) -> None:
    """Have L2 on since the day before `first`, by its own trade."""
    start = datetime(first.year, first.month, first.day, 12, tzinfo=UTC)
    road.take(word(Verb.FILL, start, L2_CALLS))


def test_a_roll_is_due_21_days_before_the_expiry(road: Road, hand: Any) -> None:
    filled(road, date(2020, 5, 21))
    told = road.take(*sessions(hand, date(2020, 5, 21), date(2020, 5, 27)))
    assert [one for one in told if one[0].startswith("L2")] == [("L2.roll", "firing")]
    alert = road.alert("L2.roll")
    assert alert.at.date() == date(2020, 5, 27)  # 21 days before 17 June
    assert alert.ticket is not None
    sold, bought = alert.ticket.legs
    assert spell_leg(sold) == "sell 4 × VIX 17 Jun 2020 18 call"
    assert (bought.quantity, bought.contract.expiry > date(2020, 6, 17)) == (4, True)
    assert road.layer("L2").status is LayerStatus.ROLL_DUE


def test_back_below_25_after_the_spike_the_layers_come_off_and_the_roll_gives_way(
    road: Road, hand: Any
) -> None:
    filled(road, date(2020, 5, 4))
    road.take(*sessions(hand, date(2020, 5, 4), date(2020, 6, 4)))
    assert road.layer("L2").status is LayerStatus.ROLL_DUE
    told = road.take(*on(hand, date(2020, 6, 5)))  # 24.52, and 35.28 on 13 May
    assert ("L2.remove", "firing") in told
    assert [alert.layer for alert in road.told if alert.action is Action.REMOVE] == ["L2"]
    layer = road.layer("L2")
    assert layer.status is LayerStatus.REMOVE_DUE
    assert layer.proposal is not None
    assert layer.proposal.rule == "L2.remove"
    ticket = road.alert("L2.remove").ticket
    assert ticket is not None
    assert [leg.quantity for leg in ticket.legs] == [-4]
    assert ("L2.roll", "resolved") in told, "a weaker proposal is over, and people hear of it"


ALL_AT_ONCE = """\
schema = 1
[pack]
id = "pull"
title = "Everything at once"
evidence = "claim"
sources = []
[[layer]]
id = "L2"
title = "VIX calls"
scope = "book"
instrument = { kind = "vix.call", dte = 110, delta = 0.50 }
size = { policy = "fixed", contracts = 4 }
  [[layer.rule]]
  id = "L2.add"
  action = "add"
  top_up = true
  when = 'vix > 20.0'
  text = "add"
  [[layer.rule]]
  id = "L2.roll"
  action = "roll"
  when = 'vix > 30.0'
  text = "roll"
  [[layer.rule]]
  id = "L2.remove"
  action = "remove"
  when = 'vix > 40.0'
  text = "remove"
"""


@pytest.mark.parametrize(
    ("closes", "asked"),
    [
        pytest.param([45.0], ["remove"], id="all three true at once: only remove is asked"),
        pytest.param([25.0, 35.0, 45.0], ["add", "roll", "remove"], id="each over the weaker"),
        pytest.param([45.0, 35.0, 25.0], ["remove", "roll", "add"], id="each after the stronger"),
    ],
)
def test_remove_goes_over_roll_and_roll_over_add(
    closes: list[float], asked: list[str], tmp_path: Path, hand: Any
) -> None:
    (tmp_path / "pull.toml").write_text(ALL_AT_ONCE)
    road = Road(hand.book(files=(tmp_path / "pull.toml",)))
    road.take(*on(hand, date(2020, 2, 21)))
    road.take(word(Verb.FILL, FEB_14 + 8 * DAY, L2_CALLS))
    for number, close in enumerate(closes):
        road.take(hand.vix(close, FEB_14 + (10 + number) * DAY - timedelta(minutes=75)))
        firing = [i.rule for i in road.state.instances.values() if i.phase is Phase.FIRING]
        assert firing == [f"L2.{asked[number]}"], "one open proposal a layer"
        open_now = road.layer("L2").proposal
        assert open_now is not None
        assert open_now.action.value == asked[number]


@pytest.mark.parametrize(
    ("close", "due", "legs"),
    [
        pytest.param(45.0, LayerStatus.REMOVE_DUE, [-3], id="a removal"),
        pytest.param(35.0, LayerStatus.ROLL_DUE, [-3, 3], id="a roll"),
    ],
)
def test_what_is_done_in_part_stays_due_for_the_rest(
    close: float, due: LayerStatus, legs: list[int], tmp_path: Path, hand: Any
) -> None:
    (tmp_path / "pull.toml").write_text(ALL_AT_ONCE)
    road = Road(hand.book(files=(tmp_path / "pull.toml",)))
    road.take(*on(hand, date(2020, 2, 21)))
    road.take(word(Verb.FILL, FEB_14 + 8 * DAY, L2_CALLS))
    road.take(hand.vix(close, FEB_14 + 10 * DAY))
    asked = road.layer("L2").proposal
    sold = word(Verb.CLOSE, FEB_14 + 10 * DAY + HOUR, "vix.call 2020-06-17 18 -1 @9")
    assert road.take(sold) == [("L2.close", "filled")], "what is asked is not told a second time"
    assert road.told[-1].route == ("console",)
    layer = road.layer("L2")
    assert [leg.quantity for leg in layer.legs] == [3]
    assert layer.status is due
    assert asked is not None
    assert layer.proposal is not None
    assert layer.proposal.ticket is not None
    assert [leg.quantity for leg in layer.proposal.ticket.legs] == legs
    assert (layer.proposal.rule, layer.proposal.alert) == (asked.rule, asked.alert)
    assert layer.proposal.at == asked.at, "as old as when it was asked for"
    whole = word(Verb.CLOSE, FEB_14 + 10 * DAY + 2 * HOUR)
    assert road.take(whole)[0] == (asked.rule, "filled")


def test_a_request_whose_time_is_over_is_not_put_back_by_a_partial_trade(
    road: Road, hand: Any
) -> None:
    filled(road, date(2020, 5, 21))
    road.take(*sessions(hand, date(2020, 5, 21), date(2020, 5, 27)))
    asked = road.layer("L2").proposal
    assert asked is not None
    assert asked.expires_at is not None
    road.take(word(Verb.ACK, asked.at, layer="", alert=asked.alert))
    late = asked.expires_at + HOUR
    assert ("L2.roll", "expired") in road.take(hand.gap("vix", late))
    road.take(word(Verb.CLOSE, late + HOUR, "vix.call 2020-06-17 18 -1 @9"))
    assert (road.layer("L2").status, road.layer("L2").proposal) == (LayerStatus.ON, None)


# The options' last trading is Tuesday the 17th, 16:15 New York: 20:15 UTC.
LAST_TRADE = datetime(2020, 3, 17, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "sold_at",
    [
        pytest.param(LAST_TRADE - HOUR, id="a part was sold after the roll was asked for"),
        pytest.param(LAST_TRADE + HOUR, id="it expires with the very word that sells a part"),
    ],
)
def test_a_layer_that_expires_ends_its_roll_which_nobody_did(
    sold_at: datetime, road: Road, hand: Any
) -> None:
    road.take(word(Verb.FILL, FEB_14, "vix.call 2020-03-18 16 +4 @1.60", layer="L1"))
    road.take(*sessions(hand, date(2020, 2, 18), date(2020, 3, 16)))
    assert road.layer("L1").status is LayerStatus.ROLL_DUE
    road.take(word(Verb.CLOSE, sold_at, "vix.call 2020-03-18 16 -1 @60", layer="L1"))
    road.take(*on(hand, date(2020, 3, 17)))
    ended = [(a.state.value, a.reason) for a in road.told if a.rule == "L1.roll"][-1]
    assert ended == ("resolved", "L1 has expired and awaits its settlement")
    assert "filled" not in {a.state.value for a in road.told if a.rule == "L1.roll"}
    layer = road.layer("L1")
    assert (layer.status, layer.proposal) == (LayerStatus.EXPIRED, None)
    assert [leg.quantity for leg in layer.legs] == [3]


def test_legs_past_their_last_trading_day_are_expired_and_await_settlement(
    road: Road, hand: Any
) -> None:
    road.take(word(Verb.FILL, FEB_14, "vix.call 2020-03-18 16 +4 @1.60", layer="L1"))
    road.take(*sessions(hand, date(2020, 2, 18), date(2020, 3, 16)))
    assert road.layer("L1").status is LayerStatus.ROLL_DUE
    road.take(*on(hand, date(2020, 3, 17)))
    layer = road.layer("L1")
    assert (layer.status, layer.proposal) == (LayerStatus.EXPIRED, None)
    assert road.alert("L1.roll", "resolved").reason == "L1 has expired and awaits its settlement"
    assert ("L1.roll", "firing") not in road.take(*on(hand, date(2020, 3, 18)))
    at = datetime(2020, 3, 18, 23, tzinfo=UTC)
    legs = ("vix.call 2020-03-18 16 -4 @50", "vix.call 2020-04-15 50 +4 @9")
    assert road.refusal(word(Verb.ROLL, at, *legs, layer="L1")) == (
        "L1 has expired: close it at its settlement, then fill anew"
    )
    road.take(word(Verb.CLOSE, at, "vix.call 2020-03-18 16 -4 @69.76", layer="L1"))
    assert (road.layer("L1").status, road.layer("L1").legs) == (LayerStatus.OFF, ())


def test_a_gap_clears_nothing_and_freezes_nothing(road: Road, hand: Any) -> None:
    road.take(*on(hand, date(2020, 2, 14)))
    before = road.state
    gaps = [hand.gap(name, FEB_14 + timedelta(minutes=n)) for n, name in enumerate(("vix", "main"))]
    assert road.take(*gaps) == []
    assert road.state.instances == before.instances
    assert road.state.layers == before.layers
    assert road.state.facts.chains["main"].gap == "main cannot be reached"
    # A day later nothing was heard, so the input is unknown, and still nothing is cleared.
    told = road.take(hand.gap("vix", FEB_14 + 4 * DAY))
    assert "resolved" not in {state for _, state in told}
    assert road.state.instances["L2.add|book"].phase is Phase.FIRING


def test_an_acked_alert_is_not_repeated_and_a_snoozed_one_later(road: Road, hand: Any) -> None:
    road.take(*on(hand, date(2020, 2, 14)))
    ids = {name: road.alert(f"{name}.add").id for name in ("L1", "L2", "L3")}
    road.take(
        word(Verb.ACK, FEB_14, layer="", alert=ids["L1"]),
        word(Verb.SNOOZE, FEB_14, layer="", alert=ids["L2"], until=FEB_14 + 5 * DAY, name="s"),
    )
    told = road.take(*on(hand, date(2020, 2, 18)))
    assert [rule for rule, state in told if state == "repeat"] == ["L3.add"]
    assert [rule for rule, state in told if state == "expired"] == ["L1.add", "L2.add", "L3.add"]
    told = road.take(*on(hand, date(2020, 2, 19)))
    assert [rule for rule, state in told if state == "repeat"] == ["L2.add", "L3.add"]


@pytest.mark.parametrize(
    ("spoken", "sentence"),
    [
        pytest.param(
            word(Verb.ACK, FEB_14, layer="", alert="ABCDEF"),
            "no alert ABCDEF is firing; firing: E745B0, 83EFBA, 5EE864",
            id="an alert that does not fire",
        ),
        pytest.param(
            word(Verb.FILL, FEB_14, L2_CALLS, layer="L9"),
            "no layer L9; the rules have L1, L2, L3",
            id="a layer nobody made",
        ),
        pytest.param(
            word(Verb.FILL, FEB_14, L2_CALLS, scope="1:0x44:1"),
            "layer L2 covers the whole book: leave --position out",
            id="a position for a layer over the book",
        ),
        pytest.param(
            word(Verb.FILL, FEB_14, "vix.call 2020-01-22 18 +4"),
            "VIX 22 Jan 2020 18 call trades no more",
            id="a contract that trades no more",
        ),
        pytest.param(
            word(Verb.CLOSE, FEB_14), "L2 is off: there is nothing to close", id="closing nothing"
        ),
        pytest.param(
            word(Verb.ROLL, FEB_14, "vix.call 2020-06-17 18 -4"),
            "L2 is off: there is nothing to roll",
            id="rolling nothing",
        ),
        pytest.param(word(Verb.FILL, FEB_14), "fill L2 needs at least one leg", id="no legs"),
    ],
)
def test_a_word_that_cannot_be_taken_is_refused_in_a_sentence(
    road: Road, hand: Any, spoken: Word, sentence: str
) -> None:
    road.take(*on(hand, date(2020, 2, 14)))
    assert road.refusal(spoken) == sentence
    before = road.state
    assert road.take(spoken) == []
    assert road.state.layers == before.layers
