"""A family whose members come from several providers: coins from one, funds from another."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.clock import Clock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.hearing import hear
from monitor.feeds.outages import Cause, Kind, Outages, as_one, reasons
from monitor.feeds.port import Feed
from monitor.model.reading import Reading


@dataclass(slots=True, kw_only=True)
class MergedFeed:
    """Gives every provider's members of a family; of one that two have, the first's.

    A provider that fails leaves its members as they were, to grow old. outages: where it
    is told of once.
    """

    signal: str
    feeds: Sequence[Feed]
    clock: Clock
    outages: Outages = field(default_factory=Outages)
    _met: tuple[Cause, ...] = field(default=(), init=False)

    @property
    def name(self) -> str:
        """Return the signal, which is the key of the order in `[feeds]`."""
        return self.signal

    async def read(self) -> tuple[Reading, ...]:
        """Return the members all providers have; raise as `FallbackFeed` when there are none."""
        found: dict[str, Reading] = {}
        errors: list[HedgewatchError] = []
        met: list[Cause] = []
        for feed in self.feeds:
            try:
                heard = await hear(feed, self.signal, clock=self.clock, faults=self.outages.faults)
            except (Transient, Permanent) as error:
                errors.append(error)
                met.append(Cause(provider=feed.name, kind=Kind.FAILS, text=str(error)))
                continue
            met += heard.silent
            found = {**{one.key: one for one in heard.readings}, **found}
        self._say(met, "is not whole" if found else "has nothing fresh")
        if met and not found:
            failure = as_one(errors, reasons(met), later=len(errors) < len(self.feeds))
            failure.told = True
            raise failure
        return tuple(found.values())

    def _say(self, met: Sequence[Cause], comes_to: str) -> None:
        failing = {one.provider for one in met if one.kind is Kind.FAILS}
        ended = [one for one in self._met if one.provider not in failing]
        self._met = tuple(met)
        line = f"{self.signal} {comes_to}; {reasons(met)}"
        self.outages.tell(self.signal, line, causes=met, ended=ended)
