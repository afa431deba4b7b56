"""Any story of rules and people: no fill twice, no roll of what is off, cash conserved."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from monitor.hedge import layer as layers
from monitor.hedge.journal import standing
from monitor.model.layer import Action, Contract, Fill, LayerState, LayerStatus, Proposal
from monitor.model.observation import Verb, Word

START = datetime(2020, 2, 14, tzinfo=UTC)
CONTRACTS = tuple(
    Contract(kind="vix.call", expiry=expiry, strike=strike)
    for expiry in (date(2020, 3, 18), date(2020, 4, 15), date(2020, 9, 16))
    for strike in (15.0, 20.0)
)
trades = st.lists(
    st.builds(
        Fill,
        contract=st.sampled_from(CONTRACTS),
        quantity=st.integers(-5, 5).filter(bool),
        price=st.integers(0, 64).map(lambda eighths: eighths / 8),
    ),
    max_size=4,
).map(tuple)
verbs = st.sampled_from([Verb.FILL, Verb.CLOSE, Verb.ROLL])
actions = st.sampled_from([Action.ADD, Action.ROLL, Action.REMOVE])


class LayerStory(RuleBasedStateMachine):
    """Keeps the books a second time, by plain sums over the words that were taken."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = LayerState(layer="L2", scope="book")
        self.now = START
        self.said: list[Word] = []
        self.trades: list[list[Fill]] = []
        self.last_is_undone = False

    @property
    def taken(self) -> list[Fill]:
        return [fill for trade in self.trades for fill in trade]

    def _hear(self, word: Word) -> None:
        before = self.layer
        was_heard = layers.heard(before, word.id)
        self.layer = layers.hear(before, word)
        if self.layer is before:
            return
        assert not was_heard
        if word.verb is Verb.ROLL:
            assert before.legs
            assert before.status is not LayerStatus.EXPIRED
        if word.verb is Verb.UNDO:
            assert not self.last_is_undone
            self.trades.pop()
        elif word.verb is Verb.CORRECT:
            self.trades[-1][-1] = word.fills[0]
        else:
            self.trades.append(list(word.fills or layers.closing_fills(before.legs)))
        self.last_is_undone = word.verb is Verb.UNDO
        assert self.layer.journal[: len(before.journal)] == before.journal

    @rule(verb=verbs, fills=trades)
    def speak(self, verb: Verb, fills: tuple[Fill, ...]) -> None:
        word = Word(id=f"w{len(self.said)}", verb=verb, observed_at=self.now, by="ann", fills=fills)
        self.said.append(word)
        self._hear(word)

    @rule()
    def undo(self) -> None:
        self._say(Verb.UNDO)

    @rule(eighths=st.integers(0, 64), n=st.integers(-5, 5).filter(bool))
    def correct_the_last(self, eighths: int, n: int) -> None:
        if self.trades and not self.last_is_undone:
            last = self.trades[-1][-1]
            entry = standing(self.layer.journal)[-1].number
            self._say(Verb.CORRECT, replace(last, price=eighths / 8, quantity=n), entry=entry)

    def _say(self, verb: Verb, *fills: Fill, entry: int = 0) -> None:
        name = f"w{len(self.said)}"
        word = Word(id=name, verb=verb, observed_at=self.now, by="ann", fills=fills, entry=entry)
        self.said.append(word)
        self._hear(word)

    @rule(data=st.data())
    def say_again(self, data: st.DataObject) -> None:
        if self.said:
            self._hear(data.draw(st.sampled_from(self.said)))

    @rule(data=st.data(), price=st.integers(0, 64).map(lambda eighths: eighths / 8))
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
        held: Counter[Contract] = Counter()
        for fill in self.taken:
            held[fill.contract] += fill.quantity
        legs = {leg.contract: leg.quantity for leg in self.layer.legs}
        assert legs == {contract: n for contract, n in held.items() if n}

    @invariant()
    def cash_is_the_sum_of_what_was_taken(self) -> None:
        if any(fill.price is None for fill in self.taken):
            assert layers.cash_usd(self.layer) is None
        else:
            spent = sum(fill.quantity * (fill.price or 0.0) * 100 for fill in self.taken)
            assert layers.cash_usd(self.layer) == -spent

    @invariant()
    def status_and_legs_agree(self) -> None:
        without_legs = {LayerStatus.OFF, LayerStatus.PROPOSED}
        assert (self.layer.status in without_legs) == (not self.layer.legs)
        if self.layer.status is LayerStatus.PROPOSED:
            assert self.layer.proposal is not None
            assert not self.layer.proposal.expired


LayerStory.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLayerStory = LayerStory.TestCase
