"""Any story of a book of layers: told late, mended anywhere, told again, and over restarts.

The books are kept a second time, by plain sums over the words that were taken and still count.
Prices and quantities are such as floats hold exactly, so that sums are equal and not near.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from monitor.hedge import layer as layers
from monitor.hedge.book import Ledger, costs_of, line_of
from monitor.hedge.curve import VixCurve
from monitor.hedge.journal import first_trade, standing
from monitor.hedge.mark import mark
from monitor.hedge.market import CoinMarket, Market, VixMarket
from monitor.hedge.skew import COIN_SKEW
from monitor.hedge.tenors import Tenor, Tenors
from monitor.model.layer import PERPETUAL, Contract, Fill, LayerState
from monitor.model.observation import Verb, Word
from monitor.pipeline import State
from monitor.store.rows import changed_rows, restore

START = datetime(2020, 2, 14, tzinfo=UTC)
COINS = {"eth": 256.0}
FUTURES = (date(2020, 3, 18), date(2020, 4, 15))
CONTRACTS = (
    *(Contract(kind="vix.future", expiry=day, strike=0.0) for day in FUTURES),
    Contract(kind="vix.call", expiry=date(2020, 9, 16), strike=20.0),
    Contract(kind="eth.put", expiry=date(2020, 6, 26), strike=200.0),
    Contract(kind="eth.perp", expiry=PERPETUAL, strike=0.0),
)
EACH = {"vix.future": 1_000.0, "vix.call": 100.0, "eth.put": COINS["eth"], "eth.perp": 1.0}
NAMES = ("L2", "L3")

names = st.sampled_from(NAMES)
trades = st.lists(
    st.builds(
        Fill,
        contract=st.sampled_from(CONTRACTS),
        quantity=st.integers(-5, 5).filter(bool),
        price=st.integers(0, 64).map(lambda eighths: eighths / 8),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
late = st.none() | st.integers(1, 24 * 9).map(lambda hours: timedelta(hours=hours))


@dataclass
class Kept:
    """One layer's books. trades: the fills of each word that counts, by its id, as entries."""

    trades: dict[str, dict[int, Fill]] = field(default_factory=dict)
    cash: float = 0.0

    @property
    def fills(self) -> list[Fill]:
        return [fill for entries in self.trades.values() for fill in entries.values()]


def usd(fill: Fill) -> float:
    return float(fill.quantity) * (fill.price or 0.0) * EACH[fill.contract.kind]


def market(at: datetime) -> Market:
    curve = VixCurve(settlements=tuple((day, 16.0) for day in FUTURES), as_of=at)
    vols = Tenors(known=(Tenor(days=30.0, sigma=0.8, name="DVOL"),))
    return Market(
        vix=VixMarket(curve=curve),
        coins={"eth": CoinMarket(price=256.0, vols=vols, skew=COIN_SKEW, funding=0.1)},
    )


class BookStory(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.layers = {name: LayerState(layer=name, scope="book") for name in NAMES}
        self.kept = {name: Kept() for name in NAMES}
        self.now = START
        self.said: list[Word] = []

    def _say(self, name: str, verb: Verb, *fills: Fill, **more: object) -> None:
        word = Word(
            id=f"w{len(self.said)}",
            verb=verb,
            observed_at=self.now,
            by="ann",
            layer=name,
            fills=fills,
            **more,  # type: ignore[arg-type]
        )
        self.said.append(word)
        self._hear(word)

    def _hear(self, word: Word) -> bool:
        before = self.layers[word.layer]
        again, refused = layers.heard(before, word.id), layers.refusal(before, word)
        after = layers.hear(before, word, COINS)
        assert after.journal[: len(before.journal)] == before.journal
        assert after.cash[: len(before.cash)] == before.cash
        if again or refused:
            assert after == before
            return False
        self.layers[word.layer] = after
        self._keep(word, before)
        return True

    def _keep(self, word: Word, before: LayerState) -> None:
        kept, booked = self.kept[word.layer], len(before.journal)
        if word.verb is Verb.CASH:
            kept.cash += word.cash_usd
        elif word.verb is Verb.UNDO:
            taken_back = self.layers[word.layer].journal[booked:]
            trade = {one.reverses for one in taken_back}
            (whole,) = [key for key, entries in kept.trades.items() if trade & entries.keys()]
            assert trade == kept.trades.pop(whole).keys(), "a trade is undone whole"
        elif word.verb is Verb.CORRECT:
            for entries in kept.trades.values():
                if entries.pop(word.entry, None):
                    entries[booked + 2] = word.fills[0]
        else:
            fills = word.fills or layers.closing_fills(before.legs)
            kept.trades[word.id] = dict(enumerate(fills, booked + 1))

    @rule(
        name=names, verb=st.sampled_from([Verb.FILL, Verb.CLOSE, Verb.ROLL]), fills=trades, by=late
    )
    def trade(self, name: str, verb: Verb, fills: tuple[Fill, ...], by: timedelta | None) -> None:
        self._say(name, verb, *fills, traded_at=by and self.now - by)

    @rule(name=names, data=st.data(), by=late)
    def close_a_part(self, name: str, data: st.DataObject, by: timedelta | None) -> None:
        held = self.layers[name].legs
        if held:
            leg = data.draw(st.sampled_from(held))
            n = data.draw(st.integers(1, abs(int(leg.quantity))))
            sign = -1 if leg.quantity > 0 else 1
            fill = Fill(contract=leg.contract, quantity=sign * n, price=2.0)
            self._say(name, Verb.CLOSE, fill, traded_at=by and self.now - by)

    @rule(name=names, data=st.data(), price=st.integers(0, 64).map(lambda one: one / 8))
    def roll(self, name: str, data: st.DataObject, price: float) -> None:
        held = self.layers[name].legs
        if held:
            leg = data.draw(st.sampled_from(held))
            further = data.draw(st.sampled_from(CONTRACTS))
            there = Fill(contract=leg.contract, quantity=-leg.quantity, price=price)
            self._say(
                name, Verb.ROLL, there, replace(there, contract=further, quantity=leg.quantity)
            )

    @rule(name=names, entry=st.integers(0, 30))
    def undo(self, name: str, entry: int) -> None:
        self._say(name, Verb.UNDO, entry=entry)

    @rule(name=names, entry=st.integers(1, 30), n=st.integers(-5, 5).filter(bool))
    def correct(self, name: str, entry: int, n: int) -> None:
        journal = self.layers[name].journal
        if entry <= len(journal):
            was = journal[entry - 1].fill
            self._say(name, Verb.CORRECT, replace(was, quantity=n, price=3.0), entry=entry)

    @rule(name=names, usd=st.integers(-80, 80).map(lambda one: one / 4), by=late)
    def cash(self, name: str, usd: float, by: timedelta | None) -> None:
        self._say(name, Verb.CASH, cash_usd=usd, traded_at=by and self.now - by)

    @rule(data=st.data())
    def say_again(self, data: st.DataObject) -> None:
        if self.said:
            self._hear(data.draw(st.sampled_from(self.said)))

    @rule(hours=st.integers(1, 24 * 12))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        for name, one in self.layers.items():
            self.layers[name] = layers.settle(one, self.now)

    @rule()
    def restart(self) -> None:
        state = State(layers={f"{name}|book": one for name, one in self.layers.items()})
        rows = changed_rows(State(), state)
        again = restore({key: row for key, row in rows.items() if row is not None}, ())
        assert again.layers == state.layers
        self.layers = {one.layer: one for one in again.layers.values()}

    @invariant()
    def legs_are_what_was_taken_and_counts(self) -> None:
        for name, kept in self.kept.items():
            held: dict[Contract, float] = defaultdict(float)
            for fill in kept.fills:
                held[fill.contract] += float(fill.quantity)
            legs = {leg.contract: float(leg.quantity) for leg in self.layers[name].legs}
            assert legs == {contract: n for contract, n in held.items() if n}
            assert (self.layers[name].opened_at is None) == (not legs)

    @invariant()
    def entries_that_count_are_those_kept(self) -> None:
        for name, kept in self.kept.items():
            found = {one.number: one.fill for one in standing(self.layers[name].journal)}
            assert found == {n: f for entries in kept.trades.values() for n, f in entries.items()}
            began = first_trade([self.layers[name].journal])
            assert (began is None) == (not kept.trades)

    @invariant()
    def what_a_close_closed_is_still_there_before_it(self) -> None:
        closing = {word.id for word in self.said if word.verb is Verb.CLOSE}
        for name, kept in self.kept.items():
            held: dict[Contract, float] = defaultdict(float)
            order = {one.trade: one.place for one in standing(self.layers[name].journal)}
            for trade in sorted(kept.trades, key=lambda one: order[one]):
                net: dict[Contract, float] = defaultdict(float)
                for fill in kept.trades[trade].values():
                    net[fill.contract] += float(fill.quantity)
                for contract, n in net.items():
                    if trade in closing:
                        assert held[contract] * n <= 0
                        assert abs(n) <= abs(held[contract])
                    held[contract] += n

    @invariant()
    def profit_is_cash_and_what_is_held(self) -> None:
        at = self.now
        lines = [line_of(one, mark(one.legs, market(at), at), at) for one in self.layers.values()]
        for line in lines:
            kept = self.kept[line.layer.layer]
            unpriced = any(fill.price is None for fill in kept.fills)
            assert (line.spent[0] is None) == unpriced
            if unpriced or line.value[0] is None:
                assert line.pnl[0] is None
                assert line.pnl[1]
                continue
            assert line.pnl[0] == kept.cash - sum(map(usd, kept.fills)) + line.value[0]
            costs = costs_of(standing(line.layer.journal))
            assert {one for one, cost in costs.items() if cost} <= {
                leg.contract for leg in line.layer.legs
            }
            assert any(known is not None for known in line.irr)
        ledger = Ledger(lines=tuple(lines), at=at)
        assert ledger.irr[0] is not None or ledger.irr[1]


BookStory.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestBookStory = BookStory.TestCase
