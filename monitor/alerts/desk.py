"""What the policy remembers from one step to the next, and what it decided."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from monitor.alerts.alert import Alert
from monitor.alerts.matcher import Labels
from monitor.alerts.silence import Silence


class Choice(StrEnum):
    """What was decided of one alert and one channel.

    HELD: it goes out, but later. SILENT: it does not, or not now.
    """

    SENT = "sent"
    HELD = "held"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why an alert was, or was not, told on a channel.

    idem: of the event it was decided of. at: the observation's time.
    """

    at: datetime
    alert_id: str
    idem: str
    channel: str
    choice: Choice
    reason: str


def decided(alert: Alert, channels: Mapping[str, str], *, sent: bool) -> tuple[Decision, ...]:
    """Return that an alert is, or is not, told on channels, each with its reason."""
    return tuple(
        Decision(
            at=alert.at,
            alert_id=alert.id,
            idem=alert.idem,
            channel=name,
            choice=Choice.SENT if sent else Choice.SILENT,
            reason=reason,
        )
        for name, reason in channels.items()
    )


def untold(decisions: Iterable[Decision], known: Container[str]) -> tuple[Decision, ...]:
    """Return the decisions of an alert, without telling channels that never knew of it.

    known: the others.
    """
    return tuple(
        one
        if one.channel in known or one.choice is Choice.SILENT
        else replace(one, choice=Choice.SILENT, reason="nothing of it was sent here")
        for one in decisions
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A channel that is told of an alert later, if it still goes on.

    why: it was not told at once; or, where news, what is told then. further: whatever its route.
    """

    why: str
    news: bool = False
    further: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A letter held for more of its group. first: nothing of the alert was told there before."""

    until: datetime
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """That a channel is not sent what it has held of an alert, and why."""

    key: str
    alert: str
    channel: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What people know of one alert. key: `rule|scope`; id, idem: of the episode's last event.

    begun: when the episode was first told, or seen, or told late. told: channels that were told
    of it. owed, waits: by channel. steps: escalations that are done. again: how often it was told
    by the policy's own will. fired: when it fired, within the window that counts. held: of those,
    how many since it is held back; digest_at: until when it is.
    """

    key: str
    id: str
    idem: str
    begun: datetime
    labels: Labels
    told: tuple[str, ...] = ()
    owed: Mapping[str, Owed] = field(default_factory=dict)
    waits: Mapping[str, Wait] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    again: int = 0
    fired: tuple[datetime, ...] = ()
    held: int = 0
    digest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the policy remembers. cases: by key. groups: when what is gathered goes out."""

    silences: Mapping[str, Silence] = field(default_factory=dict)
    cases: Mapping[str, Case] = field(default_factory=dict)
    groups: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to remember."""
        return not (self.silences or self.cases or self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An alert that goes on: it fires, or cannot be judged and people were told so.

    idem: of its beginning. route: its rule's own; empty for every channel.
    """

    key: str
    id: str
    idem: str
    labels: Labels
    route: tuple[str, ...] = ()
    acked_by: str = ""
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """An alert as it leaves the policy. held: by channel, until when it waits."""

    alert: Alert
    channels: tuple[str, ...]
    held: Mapping[str, datetime] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
