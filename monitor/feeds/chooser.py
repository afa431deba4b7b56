"""One signal from several providers: the first that answers with a fresh value."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from monitor.clock import Clock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.port import Feed
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME
from monitor.signals.sessions import open_seconds

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class FallbackFeed:
    """Asks providers in order at every reading, so the first is back as soon as it works.

    A switch is logged once as a warning, the return once as information. When every
    answer is old the newest is given: its age is for the rules to judge.
    """

    signal: str
    feeds: Sequence[Feed]
    clock: Clock
    _from: str = field(default="", init=False)

    @property
    def name(self) -> str:
        """Return the signal, which is the key of the order in `[feeds]`."""
        return self.signal

    async def read(self) -> tuple[Reading, ...]:
        """Return the signal's readings; raise when no provider answers.

        Transient if any of them may work later, with the shortest wait asked for;
        Permanent otherwise. The reason names them all.
        """
        errors: list[HedgewatchError] = []
        old: list[tuple[Reading, ...]] = []
        reasons: list[str] = []
        for feed in self.feeds:
            try:
                readings = await self._ask(feed)
            except (Transient, Permanent) as error:
                errors.append(error)
                reasons.append(str(error))
                continue
            if self._is_fresh(readings):
                self._say(feed.name, reasons)
                return readings
            old.append(readings)
            reasons.append(
                f"{feed.name} gives nothing newer than {_newest(readings):%d %b %H:%M} UTC"
            )
        if old:
            return max(old, key=_newest)
        raise _together(errors)

    async def _ask(self, feed: Feed) -> tuple[Reading, ...]:
        readings = tuple(r for r in await feed.read() if r.name == self.signal)
        if not readings:
            raise Transient(f"{feed.name} gave no {self.signal}")
        return readings

    def _is_fresh(self, readings: Sequence[Reading]) -> bool:
        signal = BY_NAME[self.signal]
        if signal.max_age is None:
            return True
        age_s = open_seconds(signal.hours, _newest(readings), self.clock.now())
        return age_s <= signal.max_age.total_seconds()

    def _say(self, source: str, reasons: Sequence[str]) -> None:
        first = self.feeds[0].name
        before, self._from = self._from or first, source
        if source == before:
            return
        if source == first:
            _log.info("%s comes from %s again", self.signal, source)
        else:
            _log.warning("%s now comes from %s: %s", self.signal, source, "; ".join(reasons))


def _newest(readings: Sequence[Reading]) -> datetime:
    return max(reading.as_of for reading in readings)


def _together(errors: Sequence[HedgewatchError]) -> HedgewatchError:
    reason = "; ".join(str(error) for error in errors) or "no provider is configured"
    later = [error for error in errors if isinstance(error, Transient)]
    if not later:
        return Permanent(reason)
    waits = [error.retry_after for error in later if error.retry_after is not None]
    return Transient(reason, retry_after=min(waits, default=None))
