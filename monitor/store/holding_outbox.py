"""The outbox of a store whose disk may take nothing for a while."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias

from monitor.errors import Transient
from monitor.store.database import SqlOutbox
from monitor.store.memory_outbox import MemoryOutbox
from monitor.store.records import Backlog, Change, Letter, Outgoing

_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
_ALL: Final = 1_000_000
_SOME: Final = 10
"""What a call pays that is asked for something else: each has the disk wait once."""

_Address: TypeAlias = tuple[str, str]
"""A letter whichever side it lies on: the alert's key, and the channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """What became of a letter that was delivered from memory, or given up. at: when."""

    at: datetime
    error: str = ""
    dead: bool = False


class _Debts:
    """What the disk has yet to be told of its own letters, in order."""

    def __init__(self, disk: SqlOutbox) -> None:
        self._disk = disk
        self._owed = deque[tuple[int, bool, Callable[[], None]]]()

    def __len__(self) -> int:
        return len(self._owed)

    def ended(self) -> set[int]:
        """Return the letters whose end is among it, by their numbers on the disk."""
        return {letter for letter, ends, _ in self._owed if ends}

    def end(self, letter: int, end: _End) -> None:
        """Have a letter's end to tell, after all that there is."""
        if end.dead:
            say = partial(self._disk.dead, letter, end.at, end.error)
        else:
            say = partial(self._disk.delivered, letter, end.at)
        self._owed.append((letter, True, say))

    def begin(self, letter: int) -> None:
        """Have to tell that it was tried: what was never begun counts as never sent."""
        self.owe(letter, partial(self._disk.sending, letter))

    def fail(self, letter: int, *, due: datetime, error: str, ambiguous: bool) -> None:
        """Have to tell that it waits for another try."""
        told = partial(self._disk.failed, letter, due=due, error=error, ambiguous=ambiguous)
        self.owe(letter, told)

    def owe(self, letter: int, say: Callable[[], None]) -> None:
        """Have something else of a letter to tell: it waits on."""
        self._owed.append((letter, False, say))

    def pay(self, going: Callable[[], bool]) -> None:
        """Tell it; raise Transient where the disk still takes none. What is left is owed on.

        going: whether there is time for more of it.
        """
        while self._owed and going():
            owed = self._owed.popleft()
            try:
                owed[-1]()
            except Transient:
                self._owed.appendleft(owed)
                raise

    def pay_some(self) -> None:
        """Tell a little of it, if the disk takes any."""
        with suppress(Transient):
            self.pay(iter((True,) * _SOME + (False,)).__next__)


class HoldingOutbox:
    """See `monitor.store.port.Outbox`. Letters in memory have numbers below 0.

    held: what the disk has not taken; while there is any, its own letters wait. sure: whether
    those in memory go out meanwhile; else they wait, too.
    """

    def __init__(self, disk: SqlOutbox, held: Sized, sure: Callable[[], bool]) -> None:
        self._disk = disk
        self._held = held
        self._sure = sure
        self._aside = MemoryOutbox()
        self._idems: set[str] = set()
        self._unsure: dict[str, tuple[str, set[str]]] = {}
        self._seen: dict[int, Letter] = {}
        self._ends: dict[_Address, _End] = {}
        self._begun: set[int] = set()
        self._moved: dict[int, int] = {}
        self._debts = _Debts(disk)
        self._handing = deque[tuple[Outgoing, str]]()

    # --- what the store around it says --------------------------------------------------------

    def holding(self) -> bool:
        """Return whether letters are carried from memory, and the disk's wait."""
        return bool(self._held or self._debts or self._handing)

    def hold(self, change: Change) -> None:
        """Take the alerts that the disk does not; they are delivered, or recalled, from here."""
        for recall in change.recalls:
            self._aside.recall(recall)
        for alert in change.alerts:
            told = self._aside.put(0, alert)  # whose events nobody counts
            self._idems.add(alert.idem)
            if unsure := set(alert.channels) - told:  # whether the disk told what is taken back
                self._unsure[alert.idem] = alert.key, unsure

    def written(self, alerts: Iterable[Outgoing]) -> None:
        """Let go of alerts that the disk has now, once `settle` told it what became of them."""
        for alert in alerts:
            if alert.idem in self._idems:
                self._idems.discard(alert.idem)
                self._unsure.pop(alert.idem, None)
                self._handing += [(alert, channel) for channel in dict.fromkeys(alert.channels)]

    def settle(self, going: Callable[[], bool] = lambda: True) -> None:
        """Tell the disk what it could not be told before; raise Transient where it still cannot.

        going: whether there is time for more of it; the rest is told when next asked.
        """
        self._debts.pay(going)
        while self._handing and not self._debts and going():
            self._hand_over(*self._handing[0])
            self._handing.popleft()
            self._debts.pay(going)  # so that it is out of the way of what comes after it

    # --- the port -----------------------------------------------------------------------------

    def due(self, channel: str, now: datetime, limit: int) -> tuple[Letter, ...]:
        if self.holding():
            found = [letter for letter in self._aside_heads(channel) if letter.due <= now]
            self._seen.update({letter.id: letter for letter in found})
            return tuple(found[:limit])
        return self._disk.due(channel, now, limit)

    def find(self, channel: str, idem: str) -> Letter | None:
        aside = self._aside.find(channel, idem)
        return replace(aside, id=-aside.id) if aside else self._disk.find(channel, idem)

    def next_due(self, channel: str) -> datetime | None:
        if self.holding():
            return min((letter.due for letter in self._aside_heads(channel)), default=None)
        return self._disk.next_due(channel)

    def sending(self, letter: int) -> None:
        if letter < 0:
            self._aside.sending(-letter)
            self._begun.add(letter)
        else:
            self._disk.sending(letter)

    def delivered(self, letter: int, at: datetime) -> None:
        self._end(letter, _End(at=at))

    def failed(self, letter: int, *, due: datetime, error: str, ambiguous: bool) -> None:
        if (there := self._on_disk(letter)) is None:
            self._begun.discard(letter)
            self._aside.failed(-letter, due=due, error=error, ambiguous=ambiguous)
            return
        self._debts.fail(there, due=due, error=error, ambiguous=ambiguous)
        self._debts.pay_some()

    def dead(self, letter: int, at: datetime, error: str) -> None:
        self._end(letter, _End(at=at, error=error, dead=True))

    def requeue(self, letter: int, at: datetime) -> None:
        self._disk.requeue(letter, at)

    def oldest_undelivered(self, now: datetime) -> float | None:
        ages = (self._disk.oldest_undelivered(now), self._aside.oldest_undelivered(now))
        return max((age for age in ages if age is not None), default=None)

    def dead_letters(self, newest: int | None = None) -> tuple[Letter, ...]:
        return self._disk.dead_letters(newest)

    def backlog(self) -> tuple[Backlog, ...]:
        return _together(self._disk.backlog(), self._aside.backlog())

    def _aside_heads(self, channel: str) -> Iterator[Letter]:
        """Yield the letters in memory that are next; those of a key that waits on disk do not."""
        heads = self._aside.due(channel, _FOR_EVER, _ALL)
        if not heads or not self._sure():
            return
        waits = self._disk.waiting(channel, self._debts.ended())
        waits |= {key for key, unsure in self._unsure.values() if channel in unsure}
        yield from (replace(one, id=-one.id) for one in heads if one.key not in waits)

    def _on_disk(self, letter: int) -> int | None:
        """Return a letter's number on the disk, None for one that is in memory."""
        return letter if letter > 0 else self._moved.pop(letter, None)

    def _end(self, letter: int, end: _End) -> None:
        there = self._on_disk(letter)
        if there is not None:
            self._debts.end(there, end)
            self._debts.pay_some()
            return
        seen = self._seen.pop(letter)
        self._begun.discard(letter)
        self._ends[seen.idem, seen.channel] = end
        self._aside.delivered(-letter, end.at)

    def _hand_over(self, alert: Outgoing, channel: str) -> None:
        there = self._disk.find(channel, alert.idem)
        end = self._ends.pop((alert.idem, channel), None)
        here = self._aside.find(channel, alert.idem)
        if there is not None and end is not None:
            self._debts.begin(there.id)
            self._debts.end(there.id, end)
        elif here is not None:
            self._aside.delivered(here.id, alert.at)  # from now on it is the disk's
            self._seen.pop(-here.id, None)
            if there is not None:
                self._begin_there(here, there.id)

    def _begin_there(self, here: Letter, there: int) -> None:
        """Have the disk know that a letter was tried, or is being sent this moment."""
        if not here.tries:
            return
        self._debts.begin(there)
        if -here.id in self._begun:
            self._begun.discard(-here.id)
            self._moved[-here.id] = there
            return
        self._debts.fail(there, due=here.due, error=here.error, ambiguous=here.repeat)


def _together(disk: Iterable[Backlog], aside: Iterable[Backlog]) -> tuple[Backlog, ...]:
    found = {one.channel: one for one in disk}
    for one in aside:
        there = found.get(one.channel, replace(one, waiting=0, oldest=None))
        oldest = [at for at in (there.oldest, one.oldest) if at is not None]
        waiting = there.waiting + one.waiting
        found[one.channel] = replace(there, waiting=waiting, oldest=min(oldest, default=None))
    return tuple(found[name] for name in sorted(found))
