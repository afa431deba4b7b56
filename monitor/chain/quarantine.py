"""Which endpoints are passed over because their head lags that of the others."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.chain.failures import Lagging
from monitor.chain.rpc import Endpoint
from monitor.model.observation import Block

PROBE: Final = timedelta(seconds=15)
"""How often one that is put aside is asked whether it has caught up."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Aside:
    since: datetime
    why: str
    probe_at: datetime


class Quarantine:
    """Puts an endpoint aside while its head is more than `limit` older than the newest known.

    Counted in the blocks' own seconds, so that fast chains and slow ones have one limit.
    A head stamped further ahead of our clock than that is not counted: no node makes
    others look old by a time of its own invention.
    """

    def __init__(self, limit: timedelta, endpoints: Sequence[Endpoint]) -> None:
        self._limit = limit
        self._endpoints = tuple(endpoints)
        self._aside: dict[Endpoint, _Aside] = {}
        self._surveyed_at: datetime | None = None

    def holds(self, endpoint: Endpoint) -> bool:
        return endpoint in self._aside

    def told(self, endpoint: Endpoint) -> tuple[datetime | None, str]:
        """Return since when and why an endpoint is put aside, or None and empty."""
        found = self._aside.get(endpoint)
        return (found.since, found.why) if found else (None, "")

    def survey_due(self, head: Block, now: datetime) -> bool:
        """Return whether the others should be asked for their heads: this one looks old.

        Once a limit's time at most, for the whole chain may stand or our clock be wrong.
        """
        if len(self._endpoints) == 1 or now - head.timestamp <= self._limit:
            return False
        if self._surveyed_at is not None and now - self._surveyed_at < self._limit:
            return False
        self._surveyed_at = now
        return True

    def judge(self, endpoint: Endpoint, now: datetime) -> None:
        """Raise Lagging where an endpoint is to be put aside; one that is, may go on."""
        why = self._why(endpoint, now)
        if why and endpoint not in self._aside:
            _log.warning("%s: it is put aside until it catches up", why)
            self._aside[endpoint] = _Aside(since=now, why=why, probe_at=now + PROBE)
            raise Lagging(why)
        if not why:
            self._release(endpoint)

    def to_probe(self, now: datetime) -> list[Endpoint]:
        """Return those put aside that are to be asked for their head now."""
        due = [one for one, aside in self._aside.items() if now >= aside.probe_at]
        for endpoint in due:
            self._aside[endpoint].probe_at = now + PROBE
        return due

    def _release(self, endpoint: Endpoint) -> None:
        if self._aside.pop(endpoint, None) is not None:
            _log.info("%s has caught up", endpoint.host)

    def _why(self, endpoint: Endpoint, now: datetime) -> str:
        mine = endpoint.head
        heads = [
            (one, one.head)
            for one in self._endpoints
            if one.head is not None and one.head.timestamp - now <= self._limit
        ]
        if mine is None or not heads:
            return ""
        first, best = max(heads, key=lambda pair: pair[1].timestamp)
        late = best.timestamp - mine.timestamp
        if late <= self._limit:
            return ""
        return (
            f"{endpoint.host} at block {mine.number} is {late.total_seconds():.0f} s behind "
            f"{first.host} at block {best.number}"
        )
