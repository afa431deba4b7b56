"""What the retained topics should show, and what they show as far as is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

STATUS: Final = "status"
EVENT: Final = "event"
HEARTBEAT: Final = "heartbeat"
_OWN: Final = frozenset({STATUS, EVENT, HEARTBEAT})
_FORBIDDEN: Final = frozenset("+#\0")


@dataclass(slots=True)
class RetainedBoard:
    """The difference between what should be retained and what is.

    status: the payload of the status topic, always shown, and first. Until it is
    told for the first time what to show it clears nothing: another life's topics
    may be this one's too.
    """

    status: str
    _wanted: dict[str, str] | None = None
    _shown: dict[str, str] = field(default_factory=dict)
    _there: set[str] = field(default_factory=set)

    def want(self, state: Mapping[str, str]) -> None:
        """Take what should be shown; raise ValueError for a topic that cannot be one."""
        for topic in state:
            if not topic or topic in _OWN or _FORBIDDEN & set(topic):
                raise ValueError(f"{topic!r} cannot be a retained topic of the board")
        self._wanted = dict(state)

    def forget(self) -> None:
        """Trust nothing that was shown: the broker may have lost it."""
        self._there |= self._shown.keys()
        self._shown.clear()

    def saw(self, topic: str) -> None:
        """Take note that the broker retains something under `topic`."""
        if topic not in _OWN:
            self._there.add(topic)

    def next(self) -> tuple[str, str] | None:
        """Return the next topic and payload to publish, empty to clear; None when done."""
        for topic, payload in {STATUS: self.status, **(self._wanted or {})}.items():
            if self._shown.get(topic) != payload:
                return topic, payload
        if self._wanted is None:
            return None
        gone = (self._there | self._shown.keys()) - self._wanted.keys() - {STATUS}
        return (min(gone), "") if gone else None

    def done(self, topic: str, payload: str) -> None:
        """Take note that the broker has taken `payload`, or will never."""
        if payload:
            self._shown[topic] = payload
        else:
            self._shown.pop(topic, None)
        self._there.discard(topic)
