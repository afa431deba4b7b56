"""Failures nobody foresaw: each is a provider's, like any other, and leaves its traceback."""

import logging
from dataclasses import dataclass, field
from typing import Final

from monitor.errors import HedgewatchError, Transient
from monitor.feeds.port import Feed
from monitor.model.reading import Reading

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Faults:
    """What was never foreseen. A traceback is logged once a provider and kind of failure."""

    _logged: set[tuple[str, type[Exception]]] = field(default_factory=set, init=False)

    async def read(self, feed: Feed) -> tuple[Reading, ...]:
        """Return what a provider says; raise nothing but our own verdicts."""
        try:
            return await feed.read()
        except HedgewatchError:
            raise
        except Exception as error:
            raise self.transient(feed.name, error) from error

    def transient(self, provider: str, error: Exception) -> Transient:
        """Return a failure as one of its provider's, which may pass."""
        kind = type(error)
        if (provider, kind) not in self._logged:
            self._logged.add((provider, kind))
            _log.error("%s failed in an unforeseen way", provider, exc_info=error)
        said = f"{provider} failed in an unforeseen way ({kind.__name__}): see the log"
        return Transient(said)
