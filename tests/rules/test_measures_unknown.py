"""Measures that cannot be known, and what is said of why; nothing unknown passes for nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.model.position import Position
from monitor.rules.surroundings import View
from monitor.signals.absorb import Lens, absorb
from monitor.signals.catalogue import BY_NAME
from monitor.signals.catalogue_lp import LP_SIGNALS
from monitor.signals.facts import Facts

AT = datetime(2026, 3, 2, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
LENS = Lens(pegged=frozenset({"0x" + "11" * 20}), chains=frozenset({"main"}))
SOLVED = {"position.breakeven_lower", "position.breakeven_upper"}


def known(facts: Facts, position: Position, now: datetime) -> dict[str, str]:
    """Return why each measure is not known; those that are, are not in it."""
    view = View(facts=facts, scope=position.key, now=now)
    told = {signal.name: view.value(signal.name) for signal in LP_SIGNALS}
    return {name: value.note for name, value in told.items() if value.value is None}


def test_what_takes_time_to_know_is_unknown_at_first_and_says_since_when(hand: Any) -> None:
    position = hand.position(1)
    facts = absorb(Facts(), hand.snapshot(AT, position), LENS)
    why = known(facts, position, AT)
    assert {name for name in why if name.endswith(("1d", "7d", "sigmas"))} == {
        signal.name for signal in LP_SIGNALS if signal.name.endswith(("1d", "7d", "sigmas"))
    }
    once = "seen at one block only, of 2 Mar 00:00 UTC"
    assert why["pool.realised_vol_1d"] == once
    for name in ("time_in_range", "lvr_usd", "earned_token0", "markout_usd", "fee_apr_1d"):
        assert why[f"position.{name}"] == once, "nothing seen to happen is not nothing happened"
    assert "position.out_of_range_s" not in why, "in range it is 0"
    stated = "the entry was stated in [[entry]], which tells nothing of what was collected"
    assert why["position.net_pnl_usd"] == why["position.collected_usd"] == stated
    facts = absorb(facts, hand.snapshot(AT + HALF_HOUR, position, number=2), LENS)
    why = known(facts, position, AT + HALF_HOUR)
    assert "position.lvr_usd" not in why, "nothing has been lost since it was first watched"
    assert why["pool.realised_vol_1d"] == "watched only since 2 Mar 00:00 UTC"


def test_how_long_it_was_out_before_it_was_first_seen_out_is_not_known(hand: Any) -> None:
    position, out = hand.position(1), hand.tick + 1_500
    facts = absorb(Facts(), hand.snapshot(AT, position, tick=out), LENS)
    told = View(facts=facts, scope=position.key, now=AT).value("position.out_of_range_s")
    assert told.value is None
    assert told.note == "seen at one block only, of 2 Mar 00:00 UTC, and out of range there"
    later = AT + HALF_HOUR
    facts = absorb(facts, hand.snapshot(later, position, tick=out, number=2), LENS)
    told = View(facts=facts, scope=position.key, now=later).value("position.out_of_range_s")
    assert told.value == 1800
    assert told.note == "at the least: it was out when first seen, 2 Mar 00:00 UTC"
    # Seen inside before, the time is known, to a poll.
    facts = absorb(Facts(), hand.snapshot(AT, position), LENS)
    facts = absorb(facts, hand.snapshot(later, position, tick=out, number=2), LENS)
    told = View(facts=facts, scope=position.key, now=later).value("position.out_of_range_s")
    assert (told.value, told.note) == (0, "")


def test_without_an_entry_all_that_compares_with_it_is_unknown(hand: Any) -> None:
    position = replace(hand.position(1), basis=None, basis_note="its history cannot be read")
    facts = absorb(Facts(), hand.snapshot(AT, position), LENS)
    why = known(facts, position, AT)
    entry = {name for name, note in why.items() if note == "its history cannot be read"}
    worths = ("hodl", "il", "collected", "net_pnl", "il_realised", "flow_pnl")
    money_ = {f"position.{one}_{u}" for one in worths
              for u in ("token0", "token1", "usd")}  # fmt: skip
    assert entry == money_ | SOLVED | {
        "position.il",
        "position.il_v2",
        "position.il_of_initial",
        "position.il_chained",
        "position.vs_initial",
        "position.vs_deposited",
        "position.vs_all_token0",
        "position.vs_all_token1",
        "position.fee_apr",
        "position.pcf",
    }


def test_without_a_dollar_only_dollars_are_unknown(hand: Any) -> None:
    position = hand.position(1)
    lens = replace(LENS, pegged=frozenset())
    facts = absorb(Facts(), hand.snapshot(AT, position), lens)
    facts = absorb(facts, hand.snapshot(AT + HALF_HOUR, position, number=2), lens)
    why = known(facts, position, AT + HALF_HOUR)
    poor = {name for name, note in why.items() if note.startswith("no token of the pool")}
    assert poor == {
        f"position.{one}_usd"
        for one in ("value", "principal", "fees", "earned", "hodl", "il", "lvr", "delta")
    }


def test_an_empty_position_has_no_range_and_no_slope(hand: Any) -> None:
    position = replace(hand.position(1), liquidity=0)
    facts = absorb(Facts(), hand.snapshot(AT, position), LENS)
    view = View(facts=facts, scope=position.key, now=AT)
    for name in ("in_range", "distance_lower", "lower_sigmas", "efficiency", "breakeven_upper"):
        assert view.value(f"position.{name}").value is None
    assert [view.value(f"position.{one}").value for one in ("delta", "gamma", "value_usd")] == [
        0
    ] * 3


def test_a_price_that_stood_still_is_no_volatility_but_two_steps_are_none_at_all(
    hand: Any,
) -> None:
    position, facts = hand.position(1), Facts()
    for step in range(49):
        facts = absorb(facts, hand.snapshot(AT + step * HALF_HOUR, position, number=step), LENS)
    view = View(facts=facts, scope=position.key, now=AT + 48 * HALF_HOUR)
    assert view.value("pool.realised_vol_1d").value == 0
    assert view.value("position.upper_sigmas").note == "the price has not moved"
    few = absorb(Facts(), hand.snapshot(AT, position), LENS)
    few = absorb(few, hand.snapshot(AT + timedelta(days=2), position, number=2), LENS)
    view = View(facts=few, scope=position.key, now=AT + timedelta(days=2))
    told = view.value("pool.realised_vol_1d")
    assert (told.value, told.note) == (None, "the price was seen to step only 1 times in 48.0 h")


def test_catalogue_names_stay_apart() -> None:
    assert not [a for a in BY_NAME for b in BY_NAME if b.startswith(f"{a}.")]
