"""The port a store fills: state, outbox, inbox and history in one place.

Every call is synchronous and runs on the caller's thread. A full commit takes a
third of a millisecond here, a hundredth of the shortest poll, so a thread of its
own would buy nothing and cost the order of things.

A store that cannot do its work raises Transient (busy past its patience, disk
full) or Permanent (damaged); a commit that raised has changed nothing.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from monitor.alerts.desk import Decision
from monitor.chain.checkpoint import Checkpoints
from monitor.store.records import Backlog, Change, Event, Letter, Poll, Said, Saved, Tally


class Outbox(Protocol):
    """Letters on their way, in order for each key and channel."""

    def due(self, channel: str, now: datetime, limit: int) -> tuple[Letter, ...]:
        """Return letters to send now, oldest first, at most one a key.

        A letter waits while an older one of its key and channel is undelivered.
        """
        ...

    def find(self, channel: str, idem: str) -> Letter | None:
        """Return the letter by which a channel is to have an alert, None where none waits."""
        ...

    def next_due(self, channel: str) -> datetime | None:
        """Return when `due` will next have something, None while nothing waits."""
        ...

    def sending(self, letter: int) -> None:
        """Count an attempt before it begins, so that dying in the middle shows as `repeat`."""
        ...

    def delivered(self, letter: int, at: datetime) -> None:
        """Mark a letter as accepted by its channel."""
        ...

    def failed(self, letter: int, *, due: datetime, error: str, ambiguous: bool) -> None:
        """Put a letter back until `due`. error: redacted; ambiguous: it may have arrived."""
        ...

    def dead(self, letter: int, at: datetime, error: str) -> None:
        """Give a letter up; it stays listed, and no longer holds its key."""
        ...

    def requeue(self, letter: int, at: datetime) -> None:
        """Give a dead letter a new life: due at once, no tries made, its age counted from `at`.

        Raises LookupError when no such letter is dead.
        """
        ...

    def oldest_undelivered(self, now: datetime) -> float | None:
        """Return the age in seconds of the oldest waiting letter, None when none waits."""
        ...

    def dead_letters(self, newest: int | None = None) -> tuple[Letter, ...]:
        """Return the letters given up, oldest first: all, or so many of the newest."""
        ...

    def backlog(self) -> tuple[Backlog, ...]:
        """Return what each channel still owes, by name; channels that owe nothing are absent."""
        ...


class Inbox(Protocol):
    """Where other processes leave words for the daemon."""

    def say(self, word: str, json: str, at: datetime) -> bool:
        """Leave a word under its idempotent id; return False if that id is there already."""
        ...

    def unheard(self) -> tuple[Said, ...]:
        """Return the words not yet consumed by a commit, in order of arrival."""
        ...

    def heard(self, word: str) -> str | None:
        """Return what came of a word, None while it is unheard or unknown."""
        ...


class History(Protocol):
    """What was, for people and for waiting on."""

    def events(self, after: int = 0, *, limit: int = 1000) -> tuple[Event, ...]:
        """Return events with an id above `after`, oldest first."""
        ...

    def latest(self, limit: int) -> tuple[Event, ...]:
        """Return the newest events, oldest of them first."""
        ...

    def of_alert(self, alert_id: str) -> tuple[Event, ...]:
        """Return all that was told under one short id, oldest first, for people to see."""
        ...

    def decided(self, alert_id: str) -> tuple[Decision, ...]:
        """Return why an alert was, or was not, told on each channel, oldest first."""
        ...

    def polls(self, source: str, limit: int) -> tuple[Poll, ...]:
        """Return a source's newest polls, newest first."""
        ...

    def tally(self, source: str, since: datetime | None = None) -> Tally:
        """Count a source's polls: since an instant still remembered, or since ever."""
        ...


class Store(Protocol):
    """State and everything decided, kept so that starting up is recovering."""

    @property
    def outbox(self) -> Outbox: ...

    @property
    def inbox(self) -> Inbox: ...

    @property
    def history(self) -> History: ...

    @property
    def checkpoints(self) -> Checkpoints: ...

    def load(self) -> Saved:
        """Return the state as the last commit left it."""
        ...

    def commit(self, *changes: Change) -> None:
        """Take whole changes, in order, or none of any.

        An alert whose `idem` is known already is passed over: recovery may decide
        the same thing twice, people must not be told twice.
        """
        ...

    def forget(self, before: datetime, needed: Collection[str] = ()) -> bool:
        """Drop some of the events, decisions, polls and consumed words older than `before`.

        Return whether nothing of it is left; else ask again, there is more than is done at once.
        State, samples, letters that wait or were given up since, the counts since ever, and what
        was told under the short ids `needed` stay.
        """
        ...

    def close(self) -> None: ...
