"""Any story of rules and people: no fill twice, no roll of what is off, no rung taken twice.

Over calls, condors, coin-settled options in parts of a contract, and perpetual futures. Prices and
quantities are such as floats hold exactly, so that sums are equal and not near.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from monitor.hedge import layer as layers
from monitor.hedge.book import line_of
from monitor.model.layer import (
    PERPETUAL,
    Action,
    Contract,
    Fill,
    LayerState,
    LayerStatus,
    Proposal,
)
from monitor.model.observation import Verb, Word

START = datetime(2020, 2, 14, tzinfo=UTC)
COINS = {"eth": 256.0, "btc": 8_192.0}
CONTRACTS = (
    *(
        Contract(kind="vix.call", expiry=expiry, strike=strike)
        for expiry in (date(2020, 3, 18), date(2020, 4, 15), date(2020, 9, 16))
        for strike in (15.0, 20.0)
    ),
    *(
        Contract(kind=f"spxw.{right}", expiry=date(2020, 3, 6), strike=strike)
        for right, strike in (
            ("put", 3_200.0),
            ("put", 3_250.0),
            ("call", 3_500.0),
            ("call", 3_550.0),
        )
    ),
    *(
        Contract(kind=kind, expiry=expiry, strike=strike)
        for kind, strike in (("eth.put", 200.0), ("btc.put", 8_000.0))
        for expiry in (date(2020, 3, 27), date(2020, 6, 26))
    ),
    Contract(kind="eth.perp", expiry=PERPETUAL, strike=0.0),
    Contract(kind="vix.future", expiry=date(2020, 4, 15), strike=0.0),
)
CONDOR = CONTRACTS[6:10]
EACH = {"vix.call": 100.0, "spxw.put": 100.0, "spxw.call": 100.0, "vix.future": 1_000.0}
"""Dollars of a contract for one of its price; of a coin-settled option what the coin is worth."""


def usd(fill: Fill) -> float:
    """Return what a priced trade is worth, bought positive."""
    kind = fill.contract.kind
    each = 1.0 if kind == "eth.perp" else EACH.get(kind) or COINS[kind[:3]]
    return float(fill.quantity) * (fill.price or 0.0) * each


def marked(contract: Contract) -> float:
    """Return a price each contract has in this story, whenever it is asked."""
    return (CONTRACTS.index(contract) + 1) / 8


prices = st.integers(0, 64).map(lambda eighths: eighths / 8)
quantities = st.one_of(
    st.integers(-5, 5).filter(bool),
    st.integers(-20, 20).filter(bool).map(lambda quarters: Decimal(quarters) / 4),
)
trades = st.lists(
    st.builds(Fill, contract=st.sampled_from(CONTRACTS), quantity=quantities, price=prices),
    max_size=5,
).map(tuple)
verbs = st.sampled_from([Verb.FILL, Verb.CLOSE, Verb.ROLL])
actions = st.sampled_from([Action.ADD, Action.ROLL, Action.REMOVE])


class LadderStory(RuleBasedStateMachine):
    """Keeps the books a second time, by plain sums over the words that were taken."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = LayerState(layer="L2", scope="book")
        self.now = START
        self.said: list[Word] = []
        self.taken: list[Fill] = []
        self.rungs: list[int] = []
        """Those taken since the layer was last off."""

    def _hear(self, word: Word) -> None:
        before = self.layer
        was_heard = layers.heard(before, word.id)
        self.layer = layers.hear(before, word, COINS)
        if self.layer is before:
            return
        assert not was_heard
        if word.verb is Verb.ROLL:
            assert before.legs
            assert before.status is not LayerStatus.EXPIRED
        self.taken += word.fills or layers.closing_fills(before.legs)
        if self.layer.rungs > before.rungs:
            assert before.proposal is not None
            for rung in range(before.rungs + 1, self.layer.rungs + 1):
                assert rung not in self.rungs
                self.rungs.append(rung)
        if not self.layer.legs:
            self.rungs.clear()

    @rule(verb=verbs, fills=trades)
    def speak(self, verb: Verb, fills: tuple[Fill, ...]) -> None:
        word = Word(id=f"w{len(self.said)}", verb=verb, observed_at=self.now, by="ann", fills=fills)
        self.said.append(word)
        self._hear(word)

    @rule(data=st.data())
    def say_again(self, data: st.DataObject) -> None:
        if self.said:
            self._hear(data.draw(st.sampled_from(self.said)))

    @rule(quantity=quantities, opening=st.booleans())
    def trade_a_condor_at_the_mark(self, quantity: int | Decimal, opening: bool) -> None:
        signs = (1, -1, -1, 1) if opening else (-1, 1, 1, -1)
        self._trade_at_the_mark(
            Verb.FILL, [(one, quantity * n) for one, n in zip(CONDOR, signs, strict=True)]
        )

    @rule(share=st.integers(1, 4))
    def sell_a_part_at_the_mark(self, share: int) -> None:
        part = [
            (one.contract, -one.quantity if share == 4 else Decimal(-one.quantity) * share / 4)
            for one in self.layer.legs
        ]
        self._trade_at_the_mark(Verb.CLOSE, part)

    @rule(data=st.data())
    def roll_at_the_mark(self, data: st.DataObject) -> None:
        if self.layer.legs:
            leg = data.draw(st.sampled_from(self.layer.legs))
            further = data.draw(st.sampled_from(CONTRACTS))
            self._trade_at_the_mark(
                Verb.ROLL, [(leg.contract, -leg.quantity), (further, leg.quantity)]
            )

    def _trade_at_the_mark(self, verb: Verb, rows: list[tuple[Contract, int | Decimal]]) -> None:
        fills = tuple(Fill(contract=what, quantity=n, price=marked(what)) for what, n in rows if n)
        before = self._worth()
        if fills:
            self.speak(verb, fills)
        assert self._worth() == before, "trading at the mark makes nothing and loses nothing"

    def _worth(self) -> float | None:
        """Return cash and legs together, every leg at its mark."""
        cash = layers.cash_usd(self.layer)
        held = (
            usd(Fill(contract=leg.contract, quantity=leg.quantity, price=marked(leg.contract)))
            for leg in self.layer.legs
        )
        return None if cash is None else cash + sum(held)

    @rule(by=st.integers(1, 3))
    def propose_a_rung(self, by: int) -> None:
        if self.layer.legs:
            asked = Proposal(
                rule="L2.monetise",
                alert="A17F01",
                action=Action.REMOVE,
                at=self.now,
                expires_at=self.now + timedelta(hours=by),
                ticket=None,
                rung=self.layer.rungs + by,
            )
            self.layer = layers.propose(self.layer, asked)

    @rule(data=st.data(), price=prices)
    def roll_what_is_held(self, data: st.DataObject, price: float) -> None:
        if self.layer.legs:
            leg = data.draw(st.sampled_from(self.layer.legs))
            further = data.draw(st.sampled_from(CONTRACTS))
            self.speak(
                Verb.ROLL,
                (
                    Fill(contract=leg.contract, quantity=-leg.quantity, price=price),
                    Fill(contract=further, quantity=leg.quantity, price=price),
                ),
            )

    @rule(action=actions, by=st.integers(0, 1), hours=st.none() | st.integers(1, 48))
    def propose(self, action: Action, by: int, hours: int | None) -> None:
        proposal = Proposal(
            rule=f"rule{by}.{action}",
            alert="A17F00",
            action=action,
            at=self.now,
            expires_at=None if hours is None else self.now + timedelta(hours=hours),
            ticket=None,
        )
        before = self.layer
        self.layer = layers.propose(before, proposal)
        if self.layer is not before and action is not Action.ADD:
            assert before.legs

    @rule(action=actions, by=st.integers(0, 1))
    def withdraw(self, action: Action, by: int) -> None:
        self.layer = layers.withdraw(self.layer, f"rule{by}.{action}")

    @rule(hours=st.integers(1, 24 * 20))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.layer = layers.settle(layers.expire(self.layer, self.now), self.now)

    @rule()
    def lose_the_position(self) -> None:
        self.layer = layers.orphan(self.layer)

    @invariant()
    def legs_are_the_sum_of_what_was_taken(self) -> None:
        held: dict[Contract, int | Decimal] = defaultdict(int)
        for fill in self.taken:
            held[fill.contract] += fill.quantity
        legs = {leg.contract: leg.quantity for leg in self.layer.legs}
        assert legs == {contract: n for contract, n in held.items() if n}

    @invariant()
    def cash_is_the_sum_of_what_was_taken(self) -> None:
        if any(fill.price is None for fill in self.taken):
            assert layers.cash_usd(self.layer) is None
        else:
            assert layers.cash_usd(self.layer) == -sum(usd(fill) for fill in self.taken)

    @invariant()
    def status_and_legs_agree(self) -> None:
        without_legs = {LayerStatus.OFF, LayerStatus.PROPOSED}
        assert (self.layer.status in without_legs) == (not self.layer.legs)
        if self.layer.status is LayerStatus.PROPOSED:
            assert self.layer.proposal is not None
            assert not self.layer.proposal.expired

    @invariant()
    def a_layer_that_is_off_has_no_rung(self) -> None:
        if not self.layer.legs:
            assert self.layer.rungs == 0

    @invariant()
    def nothing_held_has_cost_nothing(self) -> None:
        if not self.layer.legs:
            assert line_of(self.layer, None, self.now).paid[0] == 0


LadderStory.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLadderStory = LadderStory.TestCase
