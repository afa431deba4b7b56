"""A family whose members come from several providers: coins from one, funds from another."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from monitor.errors import HedgewatchError
from monitor.feeds.port import Feed
from monitor.model.reading import Reading

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class MergedFeed:
    """Gives every provider's members of a family; of one that two have, the first's.

    A provider that fails leaves its members as they were, to grow old, and is told of
    once; where all fail the first failure is raised.
    """

    signal: str
    feeds: Sequence[Feed]
    _down: set[str] = field(default_factory=set, init=False)

    @property
    def name(self) -> str:
        """Return the signal, which is the key of the order in `[feeds]`."""
        return self.signal

    async def read(self) -> tuple[Reading, ...]:
        """Return the members all providers have; raise when none answers."""
        found: dict[str, Reading] = {}
        failures = list[HedgewatchError]()
        for feed in self.feeds:
            try:
                readings = await feed.read()
            except HedgewatchError as error:
                failures.append(error)
                self._fails(feed.name, error)
                continue
            self._works(feed.name)
            mine = {one.key: one for one in readings if one.name == self.signal}
            found = {**mine, **found}
        if not found and failures:
            raise failures[0]
        return tuple(found.values())

    def _fails(self, name: str, error: HedgewatchError) -> None:
        if name not in self._down:
            self._down.add(name)
            _log.warning("%s: what %s has of it grows old: %s", self.signal, name, error)

    def _works(self, name: str) -> None:
        if name in self._down:
            self._down.discard(name)
            _log.info("%s: %s answers again", self.signal, name)
