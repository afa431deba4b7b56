"""The hedge and the loss are watched on the road, and what was watched survives a restart."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.hedge.book import Ledger
from monitor.hedge.legs import parse_leg
from monitor.model.observation import Observation, Verb, Word
from monitor.pipeline import Rulebook, State, step
from monitor.rules.marked import Marked
from monitor.signals.of_hedge import lost_usd, offset_since
from monitor.store.rows import changed_rows, restore

START = datetime(2020, 2, 14, 21, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Cboe's settlements of 14 February 2020.
SETTLED = {date(2020, 3, 18): 15.425, date(2020, 6, 17): 16.725, date(2020, 9, 16): 17.225}
OURS = r'''
schema = 1
[pack]
id = "ours"
title = "Ours"
evidence = "claim"
sources = ["https://example.org"]
[[layer]]
id = "H"
title = "Calls"
scope = "book"
instrument = { kind = "vix.call", dte = 110, delta = 0.50 }
size = { policy = "fixed", contracts = 4 }
  [[layer.rule]]
  id = "H.third"
  action = "notify"
  when = 'layer.multiple >= 3.0'
  text = """{layer.multiple:.1f} times: {layer.paid_usd:,.0f} USD became {layer.value_usd:,.0f}, \
  {layer.pnl_usd:+,.0f} in all; {layer.theta_usd:.1f} USD, {layer.decay:.2%} a day, \
  {layer.theta_per_vega:.2f} points; delta {layer.delta_usd:,.0f}, vega {layer.vega_usd:.1f}"""
  [[layer.rule]]
  id = "H.offset"
  action = "notify"
  when = 'book.il_offset > 0.1'
  text = "{book.il_offset:.1%}"
'''


@pytest.fixture
def book(hand: Any, tmp_path: Path) -> Rulebook:
    path = tmp_path / "ours.toml"
    path.write_text(OURS, encoding="utf-8")
    made: Rulebook = hand.book(files=(path,))
    return made


def word(verb: Verb, at: datetime, *legs: str) -> Word:
    fills = tuple(parse_leg(leg) for leg in legs)
    return Word(id=f"{verb}{at}", verb=verb, observed_at=at, by="ann", layer="H", fills=fills)


def story(hand: Any) -> list[Observation]:
    """Tell of a trade, a rise of the VIX over 30 and a fall of ETH, an hour apart each."""
    tick, spot, at = hand.tick, hand.position(), START
    higher = {day: price * 2.5 for day, price in SETTLED.items()}
    return [
        hand.settled(at.date(), SETTLED, at),
        hand.vix(13.68, at),
        hand.snapshot(at, spot),
        word(Verb.FILL, at, "vix.call 2020-06-17 18 +4 @1.60"),
        hand.vix(35.0, at + HOUR),
        hand.snapshot(at + 2 * HOUR, spot, tick=tick + 300, number=2),
        hand.settled(at.date(), higher, at + 3 * HOUR),
        hand.snapshot(at + 4 * HOUR, spot, tick=tick + 900, number=3),
    ]


def walked(book: Rulebook, seen: list[Observation], *, restarts: bool) -> tuple[State, list[str]]:
    state, said = State(), []
    for one in seen:
        new, alerts = step(book, state, one)
        said += [alert.text for alert in alerts if alert.rule.startswith("H.") and alert.text]
        if restarts:
            rows = changed_rows(State(), new)
            new = restore({key: row for key, row in rows.items() if row is not None}, ())
        state = new
    return state, said


def test_the_storm_s_offset_is_of_the_steps_that_began_in_it(book: Rulebook, hand: Any) -> None:
    state, _ = walked(book, story(hand), restarts=False)
    track = state.facts.hedged["book"]
    assert track.first.at == START
    now = state.at
    assert now is not None
    made = Marked(state.facts, state.layers, now).ledger.pnl[0]
    lost = lost_usd(state.facts)[0]
    assert made is not None
    assert lost is not None
    assert made > 0 > lost
    # From the hour at which the VIX stood at 35 on, all of it; before it nothing moved but time.
    assert track.storm_s == 3 * 3600
    assert track.storm_il_usd == pytest.approx(lost)
    assert track.storm_hedge_usd == pytest.approx(made - track.first.hedge_usd, rel=1e-3)
    assert track.storm[0] == pytest.approx(track.storm_hedge_usd / -lost)


def test_a_slip_of_the_keys_once_corrected_is_no_profit(book: Rulebook, hand: Any) -> None:
    seen = story(hand)
    right, _ = walked(book, seen, restarts=False)
    seen[3] = word(Verb.FILL, START, "vix.call 2020-06-17 18 +4 @16.0")
    fixed = word(Verb.CORRECT, START + HOUR, "vix.call 2020-06-17 18 +4 @1.60")
    mended, _ = walked(book, [*seen[:5], replace(fixed, entry=1), *seen[5:]], restarts=False)
    assert offset_of(mended) == pytest.approx(offset_of(right))
    # The trade's own price is in it: what the hedge made is its life's profit, on all of the loss.
    made, lost = ledger_of(right).pnl[0], lost_usd(right.facts)[0]
    assert made is not None
    assert lost is not None
    assert offset_of(right) == pytest.approx(made / -lost)


def ledger_of(state: State) -> Ledger:
    assert state.at is not None
    return Marked(state.facts, state.layers, state.at).ledger


def offset_of(state: State) -> float | None:
    return offset_since(state.facts, ledger_of(state))[0]


def test_what_was_watched_survives_a_restart_between_any_two_steps(
    book: Rulebook, hand: Any
) -> None:
    whole, said = walked(book, story(hand), restarts=False)
    again, told = walked(book, story(hand), restarts=True)
    assert again.facts.hedged == whole.facts.hedged
    assert again.layers == whole.layers
    assert told == said


def test_rules_are_told_the_layer_s_money(book: Rulebook, hand: Any) -> None:
    _, said = walked(book, story(hand), restarts=False)
    (third,) = [text for text in said if "times" in text]
    # 2.5 x 16.725 is 41.8: each of 4 calls of 18 is worth its 23.8 points and little more.
    least = 400 * (2.5 * 16.725 - 18)
    became = float(third.split("became ")[1].split(", ")[0].replace(",", ""))
    assert least <= became <= 1.01 * least
    assert third.startswith(f"{became / 640:.1f} times: 640 USD became")
    assert "points; delta" in third


def test_an_unpriced_trade_leaves_the_offset_unknown(book: Rulebook, hand: Any) -> None:
    seen = story(hand)
    seen[3] = word(Verb.FILL, START, "vix.call 2020-06-17 18 +4")
    state, said = walked(book, seen, restarts=False)
    assert state.facts.hedged == {}
    assert not [text for text in said if text.endswith("%")]


def test_an_undo_and_a_correction_do_not_answer_what_a_rule_asks(book: Rulebook, hand: Any) -> None:
    state, _ = walked(book, story(hand), restarts=False)
    at = START + 5 * HOUR
    fixed = replace(word(Verb.CORRECT, at, "vix.call 2020-06-17 18 +4 @1.70"), entry=1)
    new, (event,) = step(book, state, fixed)
    assert event.rule == "H.correct"
    assert event.reason == "not +4 VIX 17Jun20 18C @1.60, +4 VIX 17Jun20 18C @1.70 by ann"
    assert new.layers["H|book"].extrinsic_at_entry_usd == (
        state.layers["H|book"].extrinsic_at_entry_usd
    )
    assert new.facts.hedged["book"].storm_hedge_usd == (
        state.facts.hedged["book"].storm_hedge_usd
    ), "a mended book made nothing"


def test_a_fill_heard_before_any_price_is_entered_at_the_first_mark(
    book: Rulebook, hand: Any
) -> None:
    state = State()
    blind, *seen = (
        word(Verb.FILL, START, "vix.call 2020-06-17 18 +4 @1.60"),
        hand.settled(START.date(), SETTLED, START + HOUR),
        hand.vix(13.68, START + HOUR),
    )
    state, _ = step(book, state, blind)
    assert state.layers["H|book"].extrinsic_at_entry_usd is None
    for one in seen:
        state, _ = step(book, state, one)
    entered = state.layers["H|book"].extrinsic_at_entry_usd
    # The call is out of the money (18 above 16.725): all its value is extrinsic.
    assert entered == pytest.approx(
        Marked(state.facts, state.layers, START + HOUR).mark(state.layers["H|book"]).value_usd
    )
    later, _ = step(book, state, hand.vix(35.0, START + 2 * HOUR))
    assert later.layers["H|book"].extrinsic_at_entry_usd == entered


def test_a_top_up_leaves_what_the_first_legs_were_entered_at(book: Rulebook, hand: Any) -> None:
    state = State()
    for one in story(hand)[:4]:
        state, _ = step(book, state, one)
    first = state.layers["H|book"].extrinsic_at_entry_usd
    assert first
    # Thirty days on the same legs have lost some of it; one more is a fifth of what all are now.
    at = START + 30 * 24 * HOUR
    state, _ = step(book, state, hand.settled(at.date(), SETTLED, at))
    now = Marked(state.facts, state.layers, at).mark(state.layers["H|book"])
    state, _ = step(book, state, word(Verb.FILL, at, "vix.call 2020-06-17 18 +1 @1.60"))
    assert now is not None
    assert now.extrinsic_usd is not None
    assert now.extrinsic_usd < first
    assert state.layers["H|book"].extrinsic_at_entry_usd == pytest.approx(
        first + now.extrinsic_usd / 4
    )


def test_legs_are_not_marked_by_settlements_of_last_week_and_it_says_so(
    book: Rulebook, hand: Any
) -> None:
    state, _ = walked(book, story(hand), restarts=False)
    later = START + 7 * 24 * HOUR
    state, _ = step(book, state, hand.snapshot(later, hand.position(), number=9))
    found = Marked(state.facts, state.layers, later).mark(state.layers["H|book"])
    assert found is not None
    assert found.value_usd is None
    assert found.note == "the settlements of VIX futures are old, of 2020-02-14"
    assert ledger_of(state).pnl == (None, f"H: {found.note}")
