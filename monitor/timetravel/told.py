"""A replay as its report tells it: the story, the hedge's books at its end, and how it was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from monitor.hedge.book import Known, Ledger
from monitor.model.layer import LayerState
from monitor.pipeline import State
from monitor.rules.marked import Marked
from monitor.timetravel.claims import Finding, findings
from monitor.timetravel.false_alarms import Alarms, alarms
from monitor.timetravel.outcome import Cash, Outcome, outcomes
from monitor.timetravel.scene import Story


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a report is made of.

    title: what storm. traded: who took the proposals, in words. sources: where prices, pool and
    hedge come from, a sentence each. fees_by: who told the fees. pair: base/quote. layered:
    whether the packs have a layer to add. seed: of the draws that tell what chance could do.
    dark: the rules that could not be judged. blind: whether one of them would add a layer.
    """

    title: str
    packs: tuple[str, ...]
    traded: str
    sources: tuple[str, ...]
    fees_by: str
    pair: str
    layered: bool
    seed: int
    story: Story
    layers: Mapping[str, LayerState]
    ledger: Ledger
    dark: tuple[str, ...] = ()
    blind: bool = False

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Return each range's outcome, and last that of all."""
        return outcomes(self.story, self._cash, seed=self.seed)

    @property
    def book(self) -> Outcome:
        """Return the outcome of all ranges together."""
        return self.outcomes[-1]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Return what the story says of the published claims."""
        return findings(self.story, self.book, layered=self.layered, blind=self.blind)

    @cached_property
    def alarms(self) -> Alarms:
        """Return the adds by what became of them."""
        return alarms(self.story, self.layers)

    @property
    def hedge_irr(self) -> Known:
        """Return what the hedge alone earned a year."""
        return self.ledger.irr

    @property
    def first(self) -> datetime:
        """Return when it begins."""
        return self.story.scenes[0].at

    @property
    def last(self) -> datetime:
        """Return when it ends."""
        return self.story.scenes[-1].at

    @property
    def days(self) -> str:
        """Return from when to when, in words."""
        last = self.last - timedelta(seconds=1)  # a story ends with its last day, at midnight
        return f"{self.first.day} {self.first:%b %Y} to {last.day} {last:%b %Y}"

    @property
    def _cash(self) -> Cash:
        value, why = self.ledger.value
        if value is None or self.ledger.spent[0] is None:
            return why or self.ledger.spent[1]
        flows = [flow for line in self.ledger.lines for flow in line.flows]
        return [*flows, (self.ledger.at, value)]


def pair_of(state: State) -> str:
    """Return the pairs of the pools a state knows, base before quote: `WETH/USDC`."""
    return ", ".join(sorted({seen.state.pool.pair for seen in state.facts.pools.values()}))


def ledger_of(state: State, at: datetime) -> Ledger:
    """Return the hedge's books as a state has them at an instant."""
    return Marked(state.facts, state.layers, at).ledger
