"""Whether an endpoint that failed may be asked again. Time is an argument, chance is given."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from monitor.errors import HedgewatchError, Transient

PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(minutes=5)
LONGEST_ASKED: Final = timedelta(hours=1)
"""A node that asks for more, as one whose day's quota is used up, is tried again hourly."""

JITTER: Final = 0.2
"""A pause is longer by up to this share, lest all that failed together come back together."""


class BreakerState(StrEnum):
    """Closed: asked as usual. Open: at rest. Half-open: one try decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Opens at a failure for ten seconds, and twice as long each time up to five minutes.

    After that one try is let through: its success closes it, its failure opens it for
    longer. random: in [0, 1). until, why: the rest it is in, or None and empty.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failed = 0
        self._probing = False
        self.until: datetime | None = None
        self.asked_until: datetime | None = None
        self.why = ""

    def state(self, now: datetime) -> BreakerState:
        """Return where the breaker stands."""
        if self.until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.until else BreakerState.HALF_OPEN

    def admits(self, now: datetime) -> bool:
        """Return whether a request may go out: while half-open, one at a time."""
        state = self.state(now)
        return state is BreakerState.CLOSED or (
            state is BreakerState.HALF_OPEN and not self._probing
        )

    def keeps_off(self, now: datetime) -> bool:
        """Return whether the endpoint itself asked to be left alone for now."""
        return self.asked_until is not None and now < self.asked_until

    def begin(self) -> None:
        """Note that a try goes out."""
        self._probing = self.until is not None

    def give_up(self) -> None:
        """Note that a try ended without a verdict."""
        self._probing = False

    def succeed(self) -> None:
        """Close: the endpoint works."""
        self._failed, self._probing = 0, False
        self.until, self.asked_until, self.why = None, None, ""

    def fail(self, failure: HedgewatchError, now: datetime) -> None:
        """Open for as long as the endpoint asked, and no shorter than its next pause."""
        pause = min(PAUSE * 2 ** min(self._failed, 8), LONGEST_PAUSE)
        asked = failure.retry_after if isinstance(failure, Transient) else None
        asked = min(asked or timedelta(), LONGEST_ASKED)
        stretch = 1 + JITTER * self._random()
        self.until = now + max(asked, pause) * stretch
        self.asked_until = now + asked * stretch if asked else None
        self.why = str(failure)
        self._failed += 1
        self._probing = False
