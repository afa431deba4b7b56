"""The outbox in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.store.records import Backlog, Letter, Outgoing, Recall


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slip:
    """A letter with what its channel is not told. sending: an attempt has begun."""

    letter: Letter
    event: int
    sending: bool = False
    ambiguous: bool = False

    def told(self) -> Letter:
        """Return the letter as the courier sees it."""
        return replace(
            self.letter,
            repeat=self.sending or self.ambiguous,
            unanswered=self.letter.unanswered + self.sending,
        )


@dataclass(slots=True)
class MemoryOutbox:
    """Letters on their way; see `monitor.store.port.Outbox`."""

    _waiting: dict[int, _Slip] = field(default_factory=dict)
    _dead: dict[int, _Slip] = field(default_factory=dict)
    _told: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _last: int = 0

    def put(self, event: int, alert: Outgoing) -> set[str]:
        """Queue one letter a channel; of what is taken back only to those that know of it.

        Return the channels that are told.
        """
        told = self._withdraw(alert) if alert.takes_back else set(alert.channels)
        for channel in filter(told.__contains__, dict.fromkeys(alert.channels)):
            self._last += 1
            letter = Letter(
                id=self._last,
                channel=channel,
                idem=alert.idem,
                key=alert.key,
                alert_id=alert.alert_id,
                payload=alert.payload,
                queued_at=alert.held.get(channel, alert.at),
                due=alert.held.get(channel, alert.due or alert.at),
                expires_at=alert.expires_at,
            )
            self._waiting[letter.id] = _Slip(letter=letter, event=event)
            self._numbers[channel, alert.idem] = letter.id
        return told

    def due(self, channel: str, now: datetime, limit: int) -> tuple[Letter, ...]:
        ready = [slip.told() for slip in self._heads(channel) if slip.letter.due <= now]
        return tuple(ready[:limit])

    def find(self, channel: str, idem: str) -> Letter | None:
        slip = self._waiting.get(self._numbers.get((channel, idem), 0))
        return slip.told() if slip else None

    def next_due(self, channel: str) -> datetime | None:
        return min((slip.letter.due for slip in self._heads(channel)), default=None)

    def sending(self, letter: int) -> None:
        slip = self._slip(letter)
        self._waiting[letter] = replace(
            slip,
            letter=replace(
                slip.letter,
                tries=slip.letter.tries + 1,
                unanswered=slip.letter.unanswered + slip.sending,
            ),
            ambiguous=slip.ambiguous or slip.sending,
            sending=True,
        )

    def delivered(self, letter: int, at: datetime) -> None:
        del at  # only a file has someone to tell it to
        told = self._slip(letter).letter
        self._told.setdefault(_episode(told), set()).add(told.channel)
        self._drop(told)

    def failed(self, letter: int, *, due: datetime, error: str, ambiguous: bool) -> None:
        slip = self._slip(letter)
        self._waiting[letter] = replace(
            slip,
            letter=replace(
                slip.letter,
                due=due,
                error=error,
                unanswered=slip.letter.unanswered + ambiguous,
            ),
            ambiguous=slip.ambiguous or ambiguous,
            sending=False,
        )

    def dead(self, letter: int, at: datetime, error: str) -> None:
        slip = self._slip(letter)
        del self._waiting[letter]
        kept = replace(slip.letter, dead_at=at, error=error)
        self._dead[letter] = replace(slip, letter=kept, sending=False)

    def recall(self, recall: Recall) -> None:
        """End letters held by will that were not begun."""
        for slip in list(self._waiting.values()):
            letter = slip.letter
            mine = (letter.key, letter.channel) == (recall.key, recall.channel)
            mine = mine and letter.alert_id == recall.alert
            if mine and letter.queued_at > recall.at and not letter.tries:
                self._drop(letter)

    def requeue(self, letter: int, at: datetime) -> None:
        if letter not in self._dead:
            raise LookupError(f"no dead letter has the number {letter}")
        slip = self._dead.pop(letter)
        fresh = replace(slip.letter, dead_at=None, tries=0, unanswered=0, queued_at=at, due=at)
        self._waiting[letter] = replace(slip, letter=fresh)
        self._waiting = dict(sorted(self._waiting.items()))

    def oldest_undelivered(self, now: datetime) -> float | None:
        ages = [(now - slip.letter.queued_at).total_seconds() for slip in self._waiting.values()]
        return max(0.0, *ages) if ages else None

    def dead_letters(self, newest: int | None = None) -> tuple[Letter, ...]:
        numbers = sorted(self._dead, reverse=True)[:newest]
        return tuple(self._dead[number].told() for number in reversed(numbers))

    def backlog(self) -> tuple[Backlog, ...]:
        waiting = [slip.letter for slip in self._waiting.values()]
        dead = [slip.letter.channel for slip in self._dead.values()]
        channels = sorted({letter.channel for letter in waiting} | set(dead))
        return tuple(_owed(name, waiting, dead.count(name)) for name in channels)

    def undelivered(self, before: datetime) -> set[int]:
        """Return the events some channel has not got, unless it was given up before."""
        young = (one for one in self._dead.values() if (one.letter.dead_at or before) >= before)
        return {slip.event for slip in (*self._waiting.values(), *young)}

    def forget(self, idems: set[str]) -> None:
        """Drop what was given up of alerts."""
        self._dead = {n: one for n, one in self._dead.items() if one.letter.idem not in idems}

    def _withdraw(self, alert: Outgoing) -> set[str]:
        """End the letters of an alert taken back that were not begun; return who knows of it."""
        episode = (alert.key, alert.alert_id)
        knowing = {s.letter.channel for s in self._dead.values() if _episode(s.letter) == episode}
        waiting = [s.told() for s in self._waiting.values() if _episode(s.letter) == episode]
        knowing |= {letter.channel for letter in waiting if letter.repeat}
        for letter in waiting:
            if not letter.repeat:
                self._drop(letter)
        return knowing | self._told.get(episode, set())

    def _drop(self, letter: Letter) -> None:
        """Forget a letter that is waited for no more."""
        del self._waiting[letter.id]
        self._numbers.pop((letter.channel, letter.idem), None)

    def _heads(self, channel: str) -> Iterator[_Slip]:
        seen: set[str] = set()
        for slip in self._waiting.values():
            if slip.letter.channel == channel and slip.letter.key not in seen:
                seen.add(slip.letter.key)
                yield slip

    def _slip(self, letter: int) -> _Slip:
        if letter not in self._waiting:
            raise LookupError(f"no letter has the number {letter}")
        return self._waiting[letter]


def _owed(channel: str, waiting: Sequence[Letter], dead: int) -> Backlog:
    since = [letter.queued_at for letter in waiting if letter.channel == channel]
    return Backlog(channel=channel, waiting=len(since), dead=dead, oldest=min(since, default=None))


def _episode(letter: Letter) -> tuple[str, str]:
    return letter.key, letter.alert_id
