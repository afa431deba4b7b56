"""The port every channel fills, and the fake that ships with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from monitor.alerts.alert import Alert
from monitor.errors import HedgewatchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One alert on its way to one channel.

    tries: attempts before this one. repeat: true when an earlier attempt may have
    arrived although no answer came. now: delivery time, for "delayed" and "expired".
    quiet: whether it makes no sound, where the channel can make one.
    """

    alert: Alert
    tries: int
    repeat: bool
    now: datetime
    quiet: bool = False


class Channel(Protocol):
    """Carries one message. Never retries: the outbox does that."""

    @property
    def name(self) -> str:
        """Return the name rules route to."""
        ...

    async def send(self, message: Message) -> None:
        """Return once accepted; raise Transient (try later) or Permanent (give up)."""
        ...


@runtime_checkable
class Checked(Protocol):
    """A channel that can tell, without a message, whether it is let in."""

    async def check(self) -> None:
        """Return if it is; raise as `send` does if not, or if that cannot be told."""
        ...


@runtime_checkable
class Gathering(Protocol):
    """A channel to a person: alerts of one step come as one message, not as a volley."""

    def holds(self, messages: Sequence[Message]) -> int:
        """Return how many of them, from the first on, one message holds; at least 1."""
        ...

    async def send_all(self, messages: Sequence[Message]) -> None:
        """Send several as one; return and raise as `send` does, for all of them."""
        ...


@runtime_checkable
class Speaking(Protocol):
    """A channel to people that also takes plain words, which are no alert."""

    @property
    def name(self) -> str: ...

    async def say(self, text: str, *, loud: bool) -> None:
        """Say it, loud or without a sound; return and raise as `send` does."""
        ...


class Board(Protocol):
    """A channel that also shows present state, such as retained MQTT topics."""

    async def show(self, state: Mapping[str, str]) -> None:
        """Make the board show exactly `state` (topic suffix to payload), clearing what is gone."""
        ...


@dataclass(slots=True)
class MemoryPerson:
    """A person's memory: keeps each message as the alerts it told of, at most `most` in one."""

    name: str = "person"
    most: int = 20
    failures: list[HedgewatchError] = field(default_factory=list)
    sent: list[tuple[Message, ...]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def holds(self, messages: Sequence[Message]) -> int:
        return min(len(messages), self.most)

    async def send(self, message: Message) -> None:
        await self.send_all((message,))

    async def send_all(self, messages: Sequence[Message]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(tuple(messages))

    async def say(self, text: str, *, loud: bool) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.said.append(text if loud else f"({text})")


@dataclass(slots=True)
class MemoryChannel:
    """Keeps what it was given; fails as told. For replays and tests.

    failures: raised one by one, in order, before anything is accepted.
    """

    name: str = "memory"
    failures: list[HedgewatchError] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)
