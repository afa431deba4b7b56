"""What is being done, and whether it should have ended long ago."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from monitor.clock import stopwatch

OVERDUE_S: Final = 30.0
"""What is cut off at its limit has this long to end; then nothing will end it any more."""


@dataclass(slots=True)
class Underway:
    """Pieces of work that are under way, by name. grace_s: beyond the limit of each."""

    grace_s: float = OVERDUE_S
    seconds: Callable[[], float] = stopwatch
    _until: dict[str, float] = field(default_factory=dict, init=False)

    @contextmanager
    def doing(self, name: str, limit_s: float) -> Iterator[None]:
        """Count a piece of work as under way; limit_s: when it is cut off."""
        self._until[name] = self.seconds() + limit_s + self.grace_s
        try:
            yield
        finally:
            del self._until[name]

    def overdue(self) -> tuple[str, ...]:
        """Return the names of what was cut off and has not ended."""
        now = self.seconds()
        return tuple(sorted(name for name, until in self._until.items() if now > until))
