"""What could not be understood, and when it is looked at again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, Generic, TypeVar

PAUSE: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=1)
_MOST_DOUBLINGS: Final = 6

T = TypeVar("T")


class Broken(Generic[T]):
    """Why things cannot be understood.

    A node may have erred, or what was missing have come to the chain since: each is looked
    at again after a minute, and after twice as long each time up to an hour.
    """

    def __init__(self) -> None:
        self._whys: dict[T, str] = {}
        self._times: dict[T, int] = {}
        self._again_at: dict[T, datetime] = {}
        self._now = datetime.min.replace(tzinfo=UTC)

    @property
    def whys(self) -> Mapping[T, str]:
        """Return the reasons, by thing."""
        return MappingProxyType(self._whys)

    def renew(self, now: datetime) -> tuple[T, ...]:
        """Forget, and return, what is to be looked at again. now: the block's own time."""
        self._now = now
        due = tuple(one for one in self._whys if now >= self._again_at[one])
        for one in due:
            del self._whys[one]
        return due

    def note(self, thing: T, why: str) -> None:
        """Note that a thing was looked at and not understood."""
        times = self._times.get(thing, 0)
        self._times[thing] = times + 1
        self._whys[thing] = why
        pause = min(PAUSE * 2 ** min(times, _MOST_DOUBLINGS), LONGEST)
        self._again_at[thing] = self._now + pause

    def clear(self, thing: T) -> None:
        """Note that a thing is understood."""
        for kept in (self._whys, self._times, self._again_at):
            kept.pop(thing, None)
