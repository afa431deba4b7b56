"""A store that goes on in memory while its disk takes nothing, and loses none of it afterwards.

What a commit would have written is held, in order, and tried again before whatever comes next.
Alerts decided meanwhile are delivered from memory, once it is no hiccup; when the disk takes
them, it is told which have arrived. Letters that were on the disk before wait there: an attempt
that cannot be counted before it begins could be doubled without a word.
"""

import logging
import math
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from monitor.chain.checkpoint import Checkpoint, Checkpoints
from monitor.clock import stopwatch
from monitor.errors import Permanent, Transient
from monitor.store.holding_outbox import HoldingOutbox
from monitor.store.port import History, Inbox
from monitor.store.records import Change, Said, Saved
from monitor.store.sqlite import SqliteStore

_log = logging.getLogger(__name__)
MOST: Final = 20_000
"""How many changes are held: some fifteen hours of a chain polled every 12 seconds."""
_SURE: Final = 2
"""How many attempts in a row must fail before it is trouble, and no hiccup."""
PATIENCE_S: Final = 2.0
"""How long the disk must fail before letters go out from memory.

One sent so and lost with a kill is decided and sent again, and nobody could mark it.
"""
_AT_ONCE_S: Final = 0.05
"""How long one call writes down what was held: hours of it would hold up everything else."""
_TOGETHER: Final = 32
"""How many changes are written in one transaction: each has the disk wait once."""


class HoldingStore:
    """See `monitor.store.port.Store`. disk: what keeps it all. most: changes held at once.

    trouble: why the disk takes nothing, or empty once it has all. `commit` raises Transient
    never, Permanent when more than `most` changes would have to be held. seconds: a stopwatch.
    patience_s: how long the disk must fail before letters go out from memory.
    """

    def __init__(
        self,
        disk: SqliteStore,
        *,
        most: int = MOST,
        seconds: Callable[[], float] = stopwatch,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._disk = disk
        self._most = most
        self._seconds = seconds
        self._held: deque[Change] = deque()
        self._patience_s = patience_s
        self._failures = 0
        self._since: float | None = None
        self._sure = False
        self.trouble = ""
        self.outbox = HoldingOutbox(disk.outbox, self._held, self._is_sure)
        self.inbox: Inbox = _HoldingInbox(disk.inbox, self._held)
        self.history: History = disk.history
        self.checkpoints: Checkpoints = _HoldingCheckpoints(disk.checkpoints)

    def load(self) -> Saved:
        return self._disk.load()

    def commit(self, *changes: Change) -> None:
        for change in changes:
            # While any letter is carried from memory, all that follow are, though the disk may
            # have them by then: else one would be passed by a later one of its key.
            late = self.outbox.holding()
            if late:
                self.outbox.hold(change)
            self._held.append(change)
            if not self._settled(_AT_ONCE_S) and not late:
                self.outbox.hold(change)
            if len(self._held) > self._most:
                raise Permanent(f"{self._most} changes wait to be written: {self.trouble}")

    def forget(self, before: datetime, needed: Collection[str] = ()) -> bool:
        """Drop what is old, where the disk lets us; else it waits until that has what is held."""
        try:
            return not self._held and self._disk.forget(before, needed)
        except Transient as error:
            self._fails(error)
            return False

    def close(self) -> None:
        """Write what is held, however long that takes, and close; say what is lost."""
        if not self._settled(math.inf):
            reason = self.trouble or "the disk takes nothing"
            _log.error("%d changes are lost with this stop: %s", len(self._held), reason)
        self._disk.close()

    def _settled(self, for_s: float) -> bool:
        """Write what is held, oldest first, as far as it goes; return whether all of it went."""
        until = self._seconds() + for_s

        def going() -> bool:
            return self._seconds() < until

        try:
            self.outbox.settle(going)
            while self._held and going():
                some = _at_once(self._held)
                self._disk.commit(*some)
                for one in some:
                    self._held.popleft()
                    self.outbox.written(one.alerts)
                self.outbox.settle(going)
        except Transient as error:
            self._fails(error)
        else:
            if not self._held:
                self._failures, self._since, self.trouble = 0, None, ""
                self._sure = self._sure and self.outbox.holding()
        return not self._held

    def _is_sure(self) -> bool:
        """Return whether the disk has failed for too long to wait for it, and lags behind since."""
        if self._since is not None and self._seconds() - self._since >= self._patience_s:
            self._sure = True
        return self._sure

    def _fails(self, error: Transient) -> None:
        self._failures += 1
        self._since = self._seconds() if self._since is None else self._since
        if self._failures >= _SURE:
            self.trouble = str(error)


def _at_once(held: Iterable[Change]) -> tuple[Change, ...]:
    """Return what goes into one transaction: no alert with what recalls it, or takes it back.

    For that the disk must know before who was told from memory.
    """
    first, *rest = islice(held, _TOGETHER)
    backs = (
        n
        for n, one in enumerate(rest)
        if one.recalls or any(alert.takes_back for alert in one.alerts)
    )
    return (first, *rest[: next(backs, None)])


class _HoldingInbox:
    """Words whose consumption is held are heard, though the disk does not know it."""

    def __init__(self, disk: Inbox, held: Iterable[Change]) -> None:
        self._disk = disk
        self._held = held

    def say(self, word: str, json: str, at: datetime) -> bool:
        return self._disk.say(word, json, at)

    def unheard(self) -> tuple[Said, ...]:
        results = self._results()
        return tuple(said for said in self._disk.unheard() if said.id not in results)

    def heard(self, word: str) -> str | None:
        return self._results().get(word) or self._disk.heard(word)

    def _results(self) -> Mapping[str, str]:
        return {word: result for one in self._held for word, result in one.consumed_words.items()}


class _HoldingCheckpoints:
    """What cannot be kept is read from the chain again: no reason to be blind meanwhile."""

    def __init__(self, disk: Checkpoints) -> None:
        self._disk = disk

    def load(self, chain_id: int) -> tuple[Checkpoint, ...]:
        return self._disk.load(chain_id)

    def save(self, checkpoints: Sequence[Checkpoint]) -> None:
        try:
            self._disk.save(checkpoints)
        except Transient:
            return
