"""Whether the watch sees: good snapshots of every chain, and a store that keeps what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from monitor.alerts.figures import age
from monitor.clock import stopwatch
from monitor.model.observation import Gap, Observation, Snapshot
from monitor.rules.surroundings import CHAIN_MAX_AGE

_POLLS = 5.0


@dataclass(slots=True)
class Sight:
    """Knows how long ago each chain was last seen. every_s: how often each is polled.

    A chain may be silent for as long as rule `self.blind` lets it, or for five polls.
    """

    every_s: Mapping[str, float]
    seconds: Callable[[], float] = stopwatch
    _good: dict[str, float] = field(init=False)
    _why: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._good = dict.fromkeys(self.every_s, self.seconds())

    def took(self, seen: Observation) -> None:
        """Take note of what the road has taken."""
        if isinstance(seen, Snapshot):
            self._good[seen.chain] = self.seconds()
            self._why.pop(seen.chain, None)
        elif isinstance(seen, Gap) and seen.source in self._good:
            self._why[seen.source] = seen.reason

    def blind(self) -> str:
        """Return what is not seen and why, in one line; empty where all is."""
        now, told = self.seconds(), list[str]()
        for chain, good in self._good.items():
            allowed = max(CHAIN_MAX_AGE.total_seconds(), _POLLS * self.every_s.get(chain, 0.0))
            if now - good > allowed:
                why = self._why.get(chain, "no newer block")
                told.append(f"{chain} not seen for {age(now - good)}: {why}")
        return "; ".join(told)
