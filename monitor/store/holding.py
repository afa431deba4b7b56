"""A store that goes on in memory while its disk takes nothing, and loses none of it afterwards.

What a commit would have written is held, in order, and tried again before whatever comes next.
Alerts decided meanwhile are delivered from memory; when the disk takes them, it is told which
have arrived. Letters that were on the disk before wait there: an attempt that cannot be
counted before it begins could be doubled without a word.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from monitor.chain.checkpoint import Checkpoint, Checkpoints
from monitor.errors import Permanent, Transient
from monitor.store.holding_outbox import HoldingOutbox
from monitor.store.port import History, Inbox, Store
from monitor.store.records import Change, Said, Saved

MOST: Final = 20_000
"""How many changes are held: some fifteen hours of a chain polled every 12 seconds."""
_SURE: Final = 2
"""How many attempts in a row must fail before it is trouble, and no hiccup."""


class HoldingStore:
    """See `monitor.store.port.Store`. disk: what keeps it all. most: changes held at once.

    trouble: why the disk takes nothing, or empty. `commit` raises Transient never, Permanent
    when more than `most` changes would have to be held.
    """

    def __init__(self, disk: Store, *, most: int = MOST) -> None:
        self._disk = disk
        self._most = most
        self._held: deque[Change] = deque()
        self._failures = 0
        self.trouble = ""
        self.outbox = HoldingOutbox(disk.outbox, self._held)
        self.inbox: Inbox = _HoldingInbox(disk.inbox, self._held)
        self.history: History = disk.history
        self.checkpoints: Checkpoints = _HoldingCheckpoints(disk.checkpoints)

    def load(self) -> Saved:
        return self._disk.load()

    def commit(self, change: Change) -> None:
        if len(self._held) >= self._most:
            raise Permanent(f"{len(self._held)} changes wait to be written: {self.trouble}")
        self._held.append(change)
        if self._settled():
            return
        self.outbox.hold(change.alerts)

    def forget(self, before: datetime) -> None:
        """Drop what is old, where the disk lets us; it is tried again another day."""
        if not self._held:
            try:
                self._disk.forget(before)
            except Transient as error:
                self._fails(error)

    def close(self) -> None:
        self._disk.close()

    def _settled(self) -> bool:
        """Write what is held, oldest first, as far as it goes; return whether all of it went."""
        try:
            self.outbox.settle()
            while self._held:
                self._disk.commit(self._held[0])
                self.outbox.written(self._held.popleft().alerts)
            self.outbox.settle()
        except Transient as error:
            self._fails(error)
            return not self._held
        self._failures, self.trouble = 0, ""
        return True

    def _fails(self, error: Transient) -> None:
        self._failures += 1
        if self._failures >= _SURE:
            self.trouble = str(error)


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
