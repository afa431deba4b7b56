"""Whose telling of which position fell short, and when that endpoint may be asked again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.chain.checkpoint import Mark
from monitor.chain.rpc import Endpoint
from monitor.chain.story import Subject

PAUSE: Final = timedelta(seconds=10)
LONGEST: Final = timedelta(hours=1)
_STUBBORN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt:
    times: int
    at: datetime


class Doubts:
    """What endpoints told of positions that does not come to what these hold, or not at all.

    An endpoint is not asked for the same again for ten seconds, and twice as long each
    time up to an hour. A position that has changed since is another question.
    """

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}
        self._doubts: dict[str, dict[Endpoint, _Doubt]] = {}
        self._whys: dict[str, str] = {}

    def rests(self, endpoint: Endpoint, subject: Subject, now: datetime, *, midway: bool) -> bool:
        """Return whether an endpoint is not to be asked.

        midway: another is being read, whose part its own must not continue.
        """
        doubt = self._of(subject).get(endpoint)
        if doubt is None:
            return False
        pause = LONGEST if midway else min(PAUSE * 2 ** min(doubt.times - 1, 10), LONGEST)
        return now < doubt.at + pause

    def stubborn(self, endpoint: Endpoint, subject: Subject) -> bool:
        """Return whether it has erred so often that what was known before may be at fault."""
        doubt = self._of(subject).get(endpoint)
        return doubt is not None and doubt.times >= _STUBBORN

    def why(self, key: str) -> str:
        """Return why the last telling of a position fell short."""
        return self._whys.get(key, "")

    def add(self, endpoint: Endpoint, subject: Subject, now: datetime, *, why: str) -> None:
        """Note that what an endpoint told does not add up, or that it cannot tell."""
        doubts = dict(self._of(subject))
        doubt = doubts.get(endpoint, _Doubt(times=0, at=now))
        doubts[endpoint] = replace(doubt, times=doubt.times + 1, at=now)
        self._marks[subject.key] = subject.mark
        self._doubts[subject.key] = doubts
        self._whys[subject.key] = why

    def clear(self, key: str) -> None:
        """Forget all doubts over a position: one has told what adds up."""
        for told in (self._marks, self._doubts, self._whys):
            told.pop(key, None)

    def _of(self, subject: Subject) -> Mapping[Endpoint, _Doubt]:
        if self._marks.get(subject.key) != subject.mark:
            return {}
        return self._doubts.get(subject.key, {})
