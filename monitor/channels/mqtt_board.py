"""What the retained topics should show, and what they show as far as is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

STATUS: Final = "status"
EVENT: Final = "event"
HEARTBEAT: Final = "heartbeat"
COMMAND: Final = "command"
ANSWER: Final = "answer"
_OWN: Final = frozenset({STATUS, EVENT, HEARTBEAT})
_FORBIDDEN: Final = frozenset("+#\0")


@dataclass(slots=True)
class RetainedBoard:
    """The difference between what should be retained and what is.

    Each topic keeps its turn, however often those before it change: a road slower than they
    are still comes to the last. status: the payload of the status topic, always shown, and
    first. Until it is
    told for the first time what to show it clears nothing: another life's topics
    may be this one's too.
    """

    status: str
    _wanted: dict[str, str] | None = None
    _shown: dict[str, str] = field(default_factory=dict)
    _there: set[str] = field(default_factory=set)
    _due: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._plan()

    def want(self, state: Mapping[str, str]) -> None:
        """Take what should be shown; raise ValueError for a topic that cannot be one."""
        for topic in state:
            if not topic or topic in _OWN or _FORBIDDEN & set(topic):
                raise ValueError(f"{topic!r} cannot be a retained topic of the board")
        self._wanted = dict(state)
        self._plan()

    def forget(self) -> None:
        """Trust nothing that was shown: the broker may have lost it."""
        self._there |= self._shown.keys()
        self._shown.clear()
        self._plan()

    def saw(self, topic: str) -> None:
        """Take note that the broker retains something under `topic`."""
        if topic not in _OWN:
            self._there.add(topic)
            self._look_at(topic)

    def next(self) -> tuple[str, str] | None:
        """Return the next topic and payload to publish, empty to clear; None when done."""
        if STATUS in self._due:
            return STATUS, self.status
        return next(iter(self._due.items()), None)

    def done(self, topic: str, payload: str) -> None:
        """Take note that the broker has taken `payload`, or will never."""
        if payload:
            self._shown[topic] = payload
        else:
            self._shown.pop(topic, None)
        self._there.discard(topic)
        self._look_at(topic)

    def _plan(self) -> None:
        """Work out all that is due: what was so before keeps its turn, what is cleared is last."""
        known = sorted(self._there | self._shown.keys())
        for topic in (STATUS, *self._due, *(self._wanted or ()), *known):
            self._look_at(topic)

    def _look_at(self, topic: str) -> None:
        """Work out whether one topic is due; publishing many must not look at all of them."""
        wanted = self.status if topic == STATUS else (self._wanted or {}).get(topic)
        if (
            wanted is None
            and self._wanted is not None
            and (topic in self._there or topic in self._shown)
        ):
            wanted = ""
        if wanted is None or self._shown.get(topic) == wanted:
            self._due.pop(topic, None)
        else:
            self._due[topic] = wanted
