"""The outbox of a store that several daemons share: a letter is claimed before it is sent.

A claim holds while its daemon says that it lives, and two minutes at most. Rows that another
daemon is just claiming are skipped, so that nobody waits for anybody.
"""

import uuid
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from monitor.errors import Transient
from monitor.store.database import Database
from monitor.store.records import Backlog, Carried, Letter, Outgoing, Recall
from monitor.store.schema import maybe_instant, to_micros
from monitor.store.sqlite_outbox import HEAD, WAITING, SqliteOutbox

_LONGEST: Final = "interval '120 seconds'"
# Claimed by somebody else who lives.
_THEIRS: Final = (
    "(o.claimed_by <> ? AND o.claimed_until > clock_timestamp() AND EXISTS (SELECT 1 FROM member m"
    " WHERE m.holder = o.claimed_by AND m.until > clock_timestamp()))"
)
_FREE: Final = f"(o.claimed_by IS NULL OR NOT {_THEIRS})"
_ALONE: Final = frozenset({"telegram"})
"""Channels that keep a pace: while one daemon has letters of theirs, no other sends any."""

_SENDS: Final = f"SELECT 1 FROM outbox o WHERE o.channel = ? AND {WAITING} AND {_THEIRS} LIMIT 1"  # noqa: S608 - constants
_CLAIM: Final = (
    "WITH head AS (SELECT o.id FROM outbox o"  # noqa: S608 - constants
    f" WHERE o.channel = ? AND {WAITING} AND o.due <= ? AND {HEAD} AND {_FREE}"
    " ORDER BY o.id LIMIT ? FOR UPDATE OF o SKIP LOCKED)"
    f" UPDATE outbox SET claimed_by = ?, claimed_until = clock_timestamp() + {_LONGEST}"
    " FROM head WHERE outbox.id = head.id RETURNING outbox.id"
)
_BEGIN: Final = (
    "UPDATE outbox SET tries = tries + 1, unanswered = unanswered + sending,"  # noqa: S608 - constants
    " ambiguous = ambiguous | sending, sending = 1,"
    f" claimed_until = clock_timestamp() + {_LONGEST}"
    " WHERE id = ? AND claimed_by = ? AND done_at IS NULL AND dead_at IS NULL"
)
_HOLD: Final = (
    "SELECT o.id FROM outbox o JOIN event e ON e.id = o.event"
    " WHERE o.key = ? AND e.alert_id = ? ORDER BY o.id FOR UPDATE OF o"
)
_NEXT: Final = (
    f"SELECT min(o.due) FROM outbox o WHERE o.channel = ? AND {WAITING} AND {HEAD} AND {_FREE}"  # noqa: S608 - constants
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One daemon of those that share a store. holder: of this very process, never used again."""

    name: str = "command"
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)


class ClaimedOutbox:
    """Letters on their way; see `monitor.store.port.Outbox`. `due` claims what it returns."""

    def __init__(self, database: Database, member: Member) -> None:
        self.member = member
        self._database = database
        self._plain = SqliteOutbox(database)
        # What arrived while the database was away: marked before anything else is claimed.
        self._arrived: dict[int, datetime] = {}

    def due(self, channel: str, now: datetime, limit: int) -> tuple[Letter, ...]:
        self._mark_arrived()
        me = self.member.holder
        if channel in _ALONE and self._database.read(_SENDS, channel, me):
            return ()
        claimed = self._database.read(_CLAIM, channel, to_micros(now), me, limit, me)
        return self._plain.letters([number for (number,) in claimed])

    def find(self, channel: str, idem: str) -> Letter | None:
        return self._plain.find(channel, idem)

    def waiting(self, channel: str, but: Collection[int]) -> set[str]:
        return self._plain.waiting(channel, but)

    def next_due(self, channel: str) -> datetime | None:
        """Return when `due` will next have something, but for what others have claimed."""
        [(due,)] = self._database.read(_NEXT, channel, self.member.holder)
        return maybe_instant(due)

    def sending(self, letter: int) -> None:
        """Count an attempt before it begins; raise Transient where the claim has lapsed."""
        if not self._database.run(_BEGIN, letter, self.member.holder):
            self._must_exist(letter)
            raise Transient(f"letter {letter} is another daemon's by now")

    def delivered(self, letter: int, at: datetime) -> None:
        """Mark a letter as accepted by its channel: now, or once the database is there again."""
        self._arrived[letter] = at
        with suppress(Transient):
            self._mark_arrived()

    def failed(self, letter: int, *, due: datetime, error: str, ambiguous: bool) -> None:
        self._end(
            letter,
            "due = ?, error = ?, unanswered = unanswered + ?, ambiguous = ambiguous | ?",
            *(to_micros(due), error, ambiguous, ambiguous),
        )

    def dead(self, letter: int, at: datetime, error: str) -> None:
        self._end(letter, "dead_at = ?, error = ?", to_micros(at), error)

    def withdraw(self, alert: Outgoing) -> set[str]:
        """Do as a store of one daemon's does, while no other begins any of the letters."""
        self._database.read(_HOLD, alert.key, alert.alert_id)
        return self._plain.withdraw(alert)

    def recall(self, recall: Recall) -> None:
        self._plain.recall(recall)

    def requeue(self, letter: int, at: datetime) -> None:
        self._plain.requeue(letter, at)

    def oldest_undelivered(self, now: datetime) -> float | None:
        return self._plain.oldest_undelivered(now)

    def dead_letters(self, newest: int | None = None) -> tuple[Letter, ...]:
        return self._plain.dead_letters(newest)

    def backlog(self) -> tuple[Backlog, ...]:
        return self._plain.backlog()

    def held(self, now: datetime) -> tuple[tuple[str, str, str], ...]:
        return self._plain.held(now)

    def carried(self, event: int) -> tuple[Carried, ...]:
        return self._plain.carried(event)

    def _mark_arrived(self) -> None:
        for letter, at in list(self._arrived.items()):
            marked = self._database.run(
                "UPDATE outbox SET done_at = ?, sending = 0, claimed_by = NULL"
                " WHERE id = ? AND done_at IS NULL AND dead_at IS NULL",
                *(to_micros(at), letter),
            )
            del self._arrived[letter]
            if not marked:
                self._must_exist(letter)

    def _end(self, letter: int, assignments: str, *values: object) -> None:
        """End an attempt of ours; what another has taken over since is his to tell of."""
        ended = self._database.run(
            f"UPDATE outbox SET {assignments}, sending = 0, claimed_by = NULL WHERE id = ?"  # noqa: S608 - constants
            " AND coalesce(claimed_by, ?) = ? AND done_at IS NULL AND dead_at IS NULL",
            *(*values, letter, self.member.holder, self.member.holder),
        )
        if not ended:
            self._must_exist(letter)

    def _must_exist(self, letter: int) -> None:
        if not self._database.read("SELECT 1 FROM outbox WHERE id = ?", letter):
            raise LookupError(f"no letter has the number {letter}")
