"""A layer's life: what may be asked of it, and what a person's word does."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.hedge import layer as layers
from monitor.hedge.mark import Mark
from monitor.model.layer import (
    Action,
    Contract,
    Fill,
    LayerState,
    LayerStatus,
    Leg,
    Proposal,
)
from monitor.model.observation import Verb, Word

NOW = datetime(2020, 2, 14, 15, 0, tzinfo=UTC)
JUNE = Contract(kind="vix.call", expiry=date(2020, 6, 17), strike=18.5)
SEPTEMBER = Contract(kind="vix.call", expiry=date(2020, 9, 16), strike=20.0)
OFF = LayerState(layer="L2", scope="book")


def bought(contract: Contract, quantity: int, price: float | None = None) -> Fill:
    return Fill(contract=contract, quantity=quantity, price=price)


def word(verb: Verb, *fills: Fill, name: str = "w2", at: datetime = NOW) -> Word:
    return Word(id=name, verb=verb, observed_at=at, by="ann", layer="L2", fills=fills)


def on(quantity: int = 4, price: float | None = 2.0) -> LayerState:
    return layers.hear(OFF, word(Verb.FILL, bought(JUNE, quantity, price), name="w1"))


def asks(action: Action, rule: str = "", *, until: datetime | None = None) -> Proposal:
    return Proposal(
        rule=rule or f"L2.{action}",
        alert="A17F00",
        action=action,
        at=NOW,
        expires_at=until,
        ticket=None,
    )


@pytest.mark.parametrize(
    ("action", "state", "status"),
    [
        pytest.param(Action.ADD, OFF, LayerStatus.PROPOSED, id="an add of an off layer"),
        pytest.param(Action.ADD, on(), LayerStatus.ON, id="a top-up leaves it on"),
        pytest.param(Action.ROLL, on(), LayerStatus.ROLL_DUE, id="a roll"),
        pytest.param(Action.REMOVE, on(), LayerStatus.REMOVE_DUE, id="a remove"),
    ],
)
def test_a_proposal_tells_in_the_status(
    action: Action, state: LayerState, status: LayerStatus
) -> None:
    proposed = layers.propose(state, asks(action))
    assert proposed.status is status
    assert proposed.proposal == asks(action)


@pytest.mark.parametrize(
    ("action", "state", "reason"),
    [
        pytest.param(Action.ROLL, OFF, "nothing to roll", id="no roll of an off layer"),
        pytest.param(Action.REMOVE, OFF, "nothing to remove", id="no remove of an off layer"),
        pytest.param(Action.ADD, on(), "on already", id="no add of a layer that is on"),
        pytest.param(
            Action.ROLL,
            layers.settle(on(), datetime(2020, 6, 17, tzinfo=UTC)),
            "awaits its settlement",
            id="nothing of an expired one",
        ),
        pytest.param(
            Action.ROLL,
            layers.propose(on(), asks(Action.REMOVE)),
            "L2.remove has already asked",
            id="no roll over a remove",
        ),
        pytest.param(
            Action.ROLL,
            layers.propose(on(), asks(Action.ROLL, "other.roll")),
            "other.roll has already asked",
            id="no roll over another rule's roll",
        ),
        pytest.param(
            Action.ROLL, layers.orphan(on()), "due to be removed", id="no roll of an orphan"
        ),
    ],
)
def test_an_action_that_does_not_apply_says_why(
    action: Action, state: LayerState, reason: str
) -> None:
    assert reason in (layers.may(action, state, rule="L2.mine") or "")
    if action is not Action.ADD:
        assert layers.propose(state, asks(action, "L2.mine")) is state


def test_what_applies_has_no_reason_against_it() -> None:
    assert layers.may(Action.ADD, OFF) is None
    assert layers.may(Action.ADD, on(), top_up=True) is None
    assert layers.may(Action.ROLL, on()) is None
    assert layers.may(Action.REMOVE, layers.orphan(on())) is None
    assert layers.may(Action.NOTIFY, layers.orphan(on())) is None


def test_a_rule_renews_its_own_proposal_and_a_stronger_action_takes_its_place() -> None:
    rolling = layers.propose(on(), asks(Action.ROLL))
    assert layers.may(Action.ROLL, rolling, rule="L2.roll") is None
    removing = layers.propose(rolling, asks(Action.REMOVE))
    assert removing.status is LayerStatus.REMOVE_DUE
    assert removing.proposal == asks(Action.REMOVE)


def test_a_withdrawn_proposal_leaves_what_the_legs_say() -> None:
    assert layers.withdraw(layers.propose(OFF, asks(Action.ADD)), "L2.add") == OFF
    assert layers.withdraw(layers.propose(on(), asks(Action.ROLL)), "L2.roll") == on()
    rolling = layers.propose(on(), asks(Action.ROLL))
    assert layers.withdraw(rolling, "L2.remove") is rolling


def test_a_proposal_past_its_time_is_void_and_may_be_made_again() -> None:
    until = NOW + timedelta(hours=2)
    proposed = layers.propose(OFF, asks(Action.ADD, until=until))
    assert layers.expire(proposed, until - timedelta(seconds=1)) is proposed
    void = layers.expire(proposed, until)
    assert void.status is LayerStatus.OFF
    assert void.proposal is not None
    assert void.proposal.expired
    assert layers.expire(void, until) is void
    assert layers.may(Action.ADD, void, rule="other.add") is None
    assert layers.propose(void, asks(Action.ADD)).status is LayerStatus.PROPOSED


def test_a_fill_turns_the_layer_on_and_answers_the_proposal() -> None:
    proposed = layers.propose(OFF, asks(Action.ADD))
    filled = layers.hear(proposed, word(Verb.FILL, bought(JUNE, 4, 2.85)))
    assert filled.status is LayerStatus.ON
    assert filled.legs == (Leg(contract=JUNE, quantity=4),)
    assert filled.proposal is None
    assert filled.opened_at == NOW
    assert layers.cash_usd(filled) == pytest.approx(-1140.0)  # 4 × 2.85 × 100
    (booked,) = filled.journal
    assert (booked.by, booked.word, booked.at) == ("ann", "w2", NOW)


def test_a_word_heard_twice_counts_once() -> None:
    once = layers.hear(OFF, word(Verb.FILL, bought(JUNE, 4, 2.85)))
    assert layers.hear(once, word(Verb.FILL, bought(JUNE, 4, 2.85))) is once
    closed = layers.hear(once, word(Verb.CLOSE, name="w3"))
    assert layers.hear(closed, word(Verb.CLOSE, name="w3")) is closed
    assert layers.refusal(closed, word(Verb.CLOSE, name="w3")) == ""


def test_a_partial_close_keeps_it_on_and_the_rest_turns_it_off() -> None:
    half = layers.hear(on(), word(Verb.CLOSE, bought(JUNE, -1, 5.0)))
    assert half.status is LayerStatus.ON
    assert half.legs == (Leg(contract=JUNE, quantity=3),)
    gone = layers.hear(half, word(Verb.CLOSE, bought(JUNE, -3, 6.0), name="w3"))
    assert gone.status is LayerStatus.OFF
    assert gone.legs == ()
    assert gone.opened_at is None
    assert layers.profit(gone, None) == pytest.approx(-800 + 500 + 1800)


def test_a_partial_close_leaves_that_part_of_the_entry_s_time_value() -> None:
    entered = replace(on(), extrinsic_at_entry_usd=800.0)
    assert layers.hear(entered, word(Verb.CLOSE, bought(JUNE, -1))).extrinsic_at_entry_usd == 600.0
    assert layers.hear(entered, word(Verb.CLOSE)).extrinsic_at_entry_usd is None


def test_a_close_without_legs_closes_all_and_leaves_the_profit_unknown() -> None:
    gone = layers.hear(on(), word(Verb.CLOSE))
    assert gone.status is LayerStatus.OFF
    assert layers.profit(gone, None) is None


def test_a_roll_moves_the_legs_and_keeps_the_cash() -> None:
    rolled = layers.hear(
        layers.propose(on(), asks(Action.ROLL)),
        word(Verb.ROLL, bought(JUNE, -4, 1.5), bought(SEPTEMBER, 4, 2.5)),
    )
    assert rolled.status is LayerStatus.ON
    assert rolled.legs == (Leg(contract=SEPTEMBER, quantity=4),)
    assert rolled.opened_at == NOW
    assert layers.cash_usd(rolled) == pytest.approx(-800 + 600 - 1000)
    held = Mark(value_usd=1300.0, extrinsic_usd=1300.0, dte=120.0)
    assert layers.profit(rolled, held) == pytest.approx(100.0)
    assert layers.profit(rolled, None) is None


@pytest.mark.parametrize(
    ("state", "said", "reason"),
    [
        pytest.param(OFF, word(Verb.CLOSE), "nothing to close", id="a close of an off layer"),
        pytest.param(
            OFF,
            word(Verb.ROLL, bought(JUNE, -4), bought(SEPTEMBER, 4)),
            "nothing to roll",
            id="a roll of an off layer",
        ),
        pytest.param(OFF, word(Verb.FILL), "needs at least one leg", id="a fill of nothing"),
        pytest.param(on(), word(Verb.ROLL), "needs at least one leg", id="a roll of nothing"),
        pytest.param(
            on(),
            word(Verb.CLOSE, bought(JUNE, -5)),
            "-5 VIX 17 Jun 2020 18.5 call closes nothing",
            id="a close of more than is held",
        ),
        pytest.param(
            on(),
            word(Verb.CLOSE, bought(JUNE, -4), bought(JUNE, -4)),
            "closes nothing",
            id="a close of all, twice in one breath",
        ),
        pytest.param(
            on(),
            word(Verb.CLOSE, bought(SEPTEMBER, -1)),
            "closes nothing",
            id="a close of what is not held",
        ),
        pytest.param(
            on(),
            word(Verb.ROLL, bought(SEPTEMBER, 4)),
            "closes legs it holds and opens others",
            id="a roll that only opens",
        ),
        pytest.param(
            on(),
            word(Verb.ROLL, bought(JUNE, -4)),
            "closes legs it holds and opens others",
            id="a roll that only closes",
        ),
        pytest.param(
            OFF,
            word(Verb.FILL, bought(JUNE, 4), at=datetime(2020, 7, 1, tzinfo=UTC)),
            "trades no more",
            id="a fill of what has expired",
        ),
    ],
)
def test_a_word_that_makes_no_sense_is_refused_in_a_sentence(
    state: LayerState, said: Word, reason: str
) -> None:
    assert reason in layers.refusal(state, said)
    assert layers.hear(state, said) is state


def test_past_its_last_trading_a_layer_is_expired_until_it_is_settled() -> None:
    eve = datetime(2020, 6, 16, 20, 15, tzinfo=UTC)
    rolling = layers.propose(on(), asks(Action.ROLL))
    assert layers.settle(rolling, eve - timedelta(minutes=1)) is rolling
    dead = layers.settle(rolling, eve)
    assert dead.status is LayerStatus.EXPIRED
    assert dead.proposal is None
    assert layers.settle(dead, eve) is dead
    refused = layers.refusal(dead, word(Verb.ROLL, bought(JUNE, -4), bought(SEPTEMBER, 4), at=eve))
    assert "has expired" in refused
    settled = layers.hear(dead, word(Verb.CLOSE, bought(JUNE, -4, 15.17), at=eve))
    assert settled.status is LayerStatus.OFF
    assert layers.profit(settled, None) == pytest.approx(-800 + 4 * 15.17 * 100)


def test_a_layer_with_one_live_leg_is_not_expired() -> None:
    both = layers.hear(on(), word(Verb.FILL, bought(SEPTEMBER, 2, 2.0)))
    assert layers.settle(both, datetime(2020, 6, 17, tzinfo=UTC)) is both


def test_a_layer_whose_position_is_gone_is_remove_due() -> None:
    assert layers.orphan(on()).status is LayerStatus.REMOVE_DUE
    assert layers.orphan(layers.orphan(on())) == layers.orphan(on())
    assert layers.orphan(OFF) is OFF
    assert layers.orphan(layers.propose(OFF, asks(Action.ADD))) == OFF


@pytest.mark.parametrize("verb", [Verb.FILL, Verb.CORRECT, Verb.CLOSE, Verb.ROLL])
def test_an_expiry_more_than_ten_years_out_is_refused(verb: Verb) -> None:
    far = Contract(kind="vix.call", expiry=date(2030, 6, 19), strike=20.0)
    reason = layers.refusal(on(), word(verb, bought(far, 4)))
    assert reason == "the expiry 2030-06-19 is more than 10 years out"


def test_an_expiry_within_ten_years_and_a_perpetual_are_taken() -> None:
    near = Contract(kind="vix.call", expiry=date(2030, 2, 14), strike=20.0)
    perpetual = Contract(kind="eth.perp", expiry=date.max, strike=0.0)
    assert layers.refusal(OFF, word(Verb.FILL, bought(near, 4))) == ""
    assert layers.refusal(OFF, word(Verb.FILL, bought(perpetual, -1))) == ""
