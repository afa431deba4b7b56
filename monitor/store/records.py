"""What goes into the store and what comes out of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from monitor.alerts.desk import Decision

RowKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One point of a series that windows look back on; a not-a-number is refused."""

    series: str
    at: datetime
    value: float

    def __post_init__(self) -> None:
        if math.isnan(self.value):
            raise ValueError(f"a sample of {self.series} is not a number: leave it out instead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One alert for the outbox.

    idem: the idempotency key, unique for ever. key: the unit of delivery order.
    alert_id: the short id people say. at: the observation's own time; the outbox
    counts the age of an undelivered letter from it. channels: one letter each.
    due: when it may first be sent; None means from `at` on. takes_back: this alert says
    that what its `alert_id` told was nothing: letters of it that were not begun are
    withdrawn, and only channels that may have got one are told of this one. held: by channel,
    until when its letter waits by will; its age counts from then. decisions: kept with it.
    """

    idem: str
    key: str
    alert_id: str
    at: datetime
    payload: str
    channels: tuple[str, ...]
    expires_at: datetime | None = None
    due: datetime | None = None
    takes_back: bool = False
    held: Mapping[str, datetime] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """That what a channel's letters of an alert wait with by will at `at` is not sent after all.

    A letter that was begun stays, and so do those of earlier episodes of the key. reason: kept
    with each.
    """

    key: str
    alert: str
    channel: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One poll of one source: the block it got, or the reason it got none.

    requests: sent over the network for it.
    """

    source: str
    at: datetime
    number: int | None = None
    hash: str | None = None
    gap: str | None = None
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Everything one step changed; the store takes all of it or none.

    rows: state rows by (kind, key); None deletes. forget_samples_before: by
    series; samples strictly older go. forget_samples_from: by series; those as old or
    newer go, before new ones come. consumed_words: inbox id to what came of it;
    ids that never went through the inbox are of no concern. decisions: those that made no event.
    recalls: of letters that were there before `alerts`.
    """

    rows: Mapping[RowKey, str | None] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    forget_samples_before: Mapping[str, datetime] = field(default_factory=dict)
    forget_samples_from: Mapping[str, datetime] = field(default_factory=dict)
    alerts: tuple[Outgoing, ...] = ()
    consumed_words: Mapping[str, str] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    recalls: tuple[Recall, ...] = ()
    poll: Poll | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a daemon that starts needs to go on. samples: in the order they were committed."""

    created_at: datetime
    schema: int
    rows: Mapping[RowKey, str]
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One alert addressed to one channel.

    tries: attempts begun so far. repeat: true when an earlier attempt may have
    arrived: it timed out, or the daemon died in the middle of it. unanswered: how many
    such attempts there were since it was queued. error: of the last failure, redacted.
    dead_at: when it was given up.
    """

    id: int
    channel: str
    idem: str
    key: str
    alert_id: str
    payload: str
    queued_at: datetime
    due: datetime
    tries: int = 0
    repeat: bool = False
    unanswered: int = 0
    expires_at: datetime | None = None
    error: str = ""
    dead_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of one event's letter to one channel; it waits while neither is set."""

    channel: str
    tries: int
    error: str = ""
    done_at: datetime | None = None
    dead_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """One channel's letters that have not arrived. oldest: of those waiting."""

    channel: str
    waiting: int
    dead: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A person's word, or a past, as it lies in the inbox, in JSON."""

    id: str
    json: str
    at: datetime

    @property
    def is_past(self) -> bool:
        """Return whether it is a past, which can wait, and no person's word."""
        return self.id.startswith("past:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One alert of the log. id: grows with every event, never reused."""

    id: int
    idem: str
    key: str
    alert_id: str
    at: datetime
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts over one source's polls; gaps are among the polls."""

    polls: int = 0
    gaps: int = 0
    requests: int = 0
