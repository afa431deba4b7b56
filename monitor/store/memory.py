"""The store in memory: the same contract, for replays; nothing outlives the process."""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.alerts.desk import Decision, untold
from monitor.chain.checkpoint import MemoryCheckpoints
from monitor.store.late import cells_of
from monitor.store.memory_outbox import MemoryOutbox
from monitor.store.memory_samples import MemorySamples
from monitor.store.records import Change, Event, Outgoing, Poll, RowKey, Said, Saved, Tally
from monitor.store.schema import MIGRATIONS


@dataclass(slots=True)
class MemoryInbox:
    """Words for the daemon; see `monitor.store.port.Inbox`."""

    _said: dict[str, Said] = field(default_factory=dict)
    _results: dict[str, str] = field(default_factory=dict)

    def say(self, word: str, json: str, at: datetime) -> bool:
        if word in self._said:
            return False
        self._said[word] = Said(id=word, json=json, at=at)
        return True

    def unheard(self) -> tuple[Said, ...]:
        return tuple(said for word, said in self._said.items() if word not in self._results)

    def heard(self, word: str) -> str | None:
        return self._results.get(word)

    def consume(self, word: str, result: str) -> None:
        """Keep the first result of a word that was said."""
        if word in self._said:
            self._results.setdefault(word, result)

    def forget(self, before: datetime) -> None:
        """Drop consumed words older than `before`."""
        for word in [word for word in self._results if self._said[word].at < before]:
            del self._said[word], self._results[word]


@dataclass(slots=True)
class MemoryHistory:
    """Events and polls; see `monitor.store.port.History`."""

    _events: dict[int, Event] = field(default_factory=dict)
    _polls: deque[Poll] = field(default_factory=deque)
    _tallies: dict[str, Tally] = field(default_factory=dict)
    _decisions: list[Decision] = field(default_factory=list)

    def events(self, after: int = 0, *, limit: int = 1000) -> tuple[Event, ...]:
        return tuple(event for event in self._events.values() if event.id > after)[:limit]

    def latest(self, limit: int) -> tuple[Event, ...]:
        return tuple(self._events.values())[max(0, len(self._events) - limit) :]

    def of_alert(self, alert_id: str) -> tuple[Event, ...]:
        return tuple(one for one in self._events.values() if one.alert_id == alert_id)

    def decided(self, alert_id: str) -> tuple[Decision, ...]:
        return tuple(one for one in self._decisions if one.alert_id == alert_id)

    def decide(self, decisions: Iterable[Decision]) -> None:
        """Keep decisions."""
        self._decisions += decisions

    def polls(self, source: str, limit: int) -> tuple[Poll, ...]:
        return tuple(poll for poll in reversed(self._polls) if poll.source == source)[:limit]

    def tally(self, source: str, since: datetime | None = None) -> Tally:
        if since is None:
            return self._tallies.get(source, Tally())
        tally = Tally()
        for poll in self._polls:
            if poll.source == source and poll.at >= since:
                tally = _counted(tally, poll)
        return tally

    def note_event(self, event: Event) -> None:
        """Append to the log."""
        self._events[event.id] = event

    def note_poll(self, poll: Poll) -> None:
        """Append to the polls and count."""
        self._polls.append(poll)
        self._tallies[poll.source] = _counted(self._tallies.get(poll.source, Tally()), poll)

    def forget(
        self, before: datetime, needed: Collection[str], *, undelivered: set[int]
    ) -> set[str]:
        """Drop old polls, and old events but those undelivered; return the keys of what went."""

        def over(one: Event | Decision) -> bool:
            return one.at < before and one.alert_id not in needed

        old = [e for e in self._events.values() if over(e) and e.id not in undelivered]
        for event in old:
            del self._events[event.id]
        self._polls = deque(poll for poll in self._polls if poll.at >= before)
        self._decisions = [one for one in self._decisions if not over(one)]
        return {event.idem for event in old}


def _counted(tally: Tally, poll: Poll) -> Tally:
    return Tally(
        polls=tally.polls + 1,
        gaps=tally.gaps + (poll.gap is not None),
        requests=tally.requests + poll.requests,
    )


class MemoryStore:
    """State, outbox, inbox and history of one replay."""

    def __init__(self, *, now: datetime) -> None:
        self.outbox = MemoryOutbox()
        self.inbox = MemoryInbox()
        self.history = MemoryHistory()
        self.checkpoints = MemoryCheckpoints()
        self._saved = Saved(created_at=now, schema=len(MIGRATIONS), rows={}, samples=())
        self._cells: dict[RowKey, str | Callable[[], str]] = {}
        self._samples = MemorySamples()
        self._idems: set[str] = set()
        self._last_event = 0

    def load(self) -> Saved:
        rows = {row: cell() if callable(cell) else cell for row, cell in self._cells.items()}
        return replace(self._saved, rows=rows, samples=self._samples.all())

    def commit(self, *changes: Change) -> None:
        for change in changes:
            self._put(change)

    def _put(self, change: Change) -> None:
        for row, cell in cells_of(change.rows).items():
            if cell is None:
                self._cells.pop(row, None)
            else:
                self._cells[row] = cell
        self._samples.take(change)
        for recall in change.recalls:
            self.outbox.recall(recall)
        for alert in change.alerts:
            self._put_alert(alert)
        self.history.decide(change.decisions)
        for word, result in change.consumed_words.items():
            self.inbox.consume(word, result)
        if change.poll is not None:
            self.history.note_poll(change.poll)

    def forget(self, before: datetime, needed: Collection[str] = ()) -> bool:
        gone = self.history.forget(before, needed, undelivered=self.outbox.undelivered(before))
        self.outbox.forget(gone)
        self._idems -= gone
        self.inbox.forget(before)
        return True

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _put_alert(self, alert: Outgoing) -> None:
        if alert.idem in self._idems:
            return
        self._idems.add(alert.idem)
        self._last_event += 1
        told = self.outbox.put(self._last_event, alert)
        self.history.decide(untold(alert.decisions, told))
        self.history.note_event(
            Event(
                id=self._last_event,
                idem=alert.idem,
                key=alert.key,
                alert_id=alert.alert_id,
                at=alert.at,
                payload=alert.payload,
            )
        )
