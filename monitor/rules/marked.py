"""The markets, and what every layer is worth on them, at one instant."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final

from monitor.hedge.book import Known, Ledger, Line, ledger_of, line_of
from monitor.hedge.contracts import kind_of
from monitor.hedge.mark import Mark, mark
from monitor.hedge.market import Market
from monitor.model.layer import LayerState, Leg
from monitor.rules.verdict import Value
from monitor.signals.facts import Facts
from monitor.signals.market import market_of
from monitor.signals.of_book import WACC, wacc
from monitor.signals.of_delta import OF_DELTA, OF_LEGS_DELTA
from monitor.signals.of_hedge import OF_HEDGE
from monitor.signals.of_layer import OF_LAYER

OF_LAYERS: Final = frozenset({*OF_HEDGE, *OF_LEGS_DELTA})
"""What of the book's names rests on its layers, whether or not its positions are read."""


class Marked:
    """Works out each thing when it is first asked for, and once. layers: by `layer|scope`."""

    def __init__(self, facts: Facts, layers: Mapping[str, LayerState], now: datetime) -> None:
        self._facts = facts
        self._layers = layers
        self.now = now
        self._marks: dict[str, Mark | None] = {}
        self._some: dict[frozenset[str], Market] = {}

    def move(self, facts: Facts, layers: Mapping[str, LayerState]) -> None:
        """Take facts and layers of which neither markets nor legs are others: marks are kept."""
        self._facts, self._layers = facts, layers
        self.__dict__.pop("ledger", None)

    @cached_property
    def market(self) -> Market:
        """Return the markets."""
        return market_of(self._facts, self.now)

    @cached_property
    def ledger(self) -> Ledger:
        """Return the hedge book: every layer that has a journal."""
        return ledger_of(self._layers.values(), self.mark, self.now)

    def mark(self, layer: LayerState | None) -> Mark | None:
        """Return what a layer's legs are worth; None where it holds none that still trade."""
        if layer is None or not layer.legs:
            return None
        if (key := f"{layer.layer}|{layer.scope}") not in self._marks:
            self._marks[key] = mark(layer.legs, self._priced_on(layer.legs), self.now)
        return self._marks[key]

    def _priced_on(self, legs: Sequence[Leg]) -> Market:
        """Return the markets that legs are priced on; of others it may say nothing."""
        if "market" in self.__dict__:
            return self.market
        roots = frozenset(kind_of(leg.contract).root for leg in legs)
        if roots not in self._some:
            self._some[roots] = market_of(self._facts, self.now, roots)
        return self._some[roots]

    def line(self, layer: LayerState) -> Line:
        """Return a layer's line in the hedge book."""
        return line_of(layer, self.mark(layer), self.now)

    def of_book(self, name: str) -> Value:
        """Answer a name for all layers together."""
        if name in OF_LEGS_DELTA:
            found, why = self.delta(name)
            return Value(value=found, as_of=self.now, note=why)
        value, note = OF_HEDGE[name](self._facts, self.ledger, self.now)
        by = dict.fromkeys(line.by for line in self.ledger.lines if line.by)
        return Value(value=value, as_of=self.now, source=", ".join(by), note=note)

    def delta(self, name: str) -> Known:
        """Answer for the delta of positions and layers together."""
        marks = [(layer, self.mark(layer)) for layer in self._layers.values()]
        return {**OF_DELTA, **OF_LEGS_DELTA}[name](self._facts, marks, self.now)

    def cost(self) -> Known:
        """Answer what the book's money costs, the layers' own carry where nobody typed one."""
        value, note = wacc(self._facts, self.now, lambda: self.ledger)
        return (value if isinstance(value, float) else None), note

    def of_layer(self, layer: LayerState, name: str) -> Value:
        """Answer a name for one layer."""
        line = self.line(layer)
        value, note = OF_LAYER[name](line, self._priced_on(layer.legs))
        return Value(value=value, source=line.by, note=note)


def of_both(marked: Marked | None, name: str) -> Known | None:
    """Return the answer to a name that rests on positions and layers; None of any other."""
    if name == WACC:
        return marked.cost() if marked else None
    if name not in OF_DELTA:
        return None
    return marked.delta(name) if marked else (None, "the hedge is not looked at here")
