"""Samples of a number over time, and the spans windows reach over."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.calendars.hours import Hours

_SPAN: Final = re.compile(r"([1-9][0-9]{0,6})([smhdw])", re.ASCII)
_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_SESSIONS: Final = {"d": 1, "w": 5}
INSTANT: Final = timedelta(microseconds=1)
_MOMENT: Final = 10 * INSTANT
_LONGEST: Final = timedelta(weeks=520)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A length of window. sessions: the same in sessions; None below a day."""

    text: str
    length: timedelta
    sessions: int | None

    def reach(self, hours: Hours) -> timedelta:
        """Return how long samples must be kept for this window, holidays allowed for."""
        if hours is Hours.ALWAYS or self.sessions is None:
            return self.length
        # No run of n sessions has yet taken longer than this, September 2001 included.
        return timedelta(days=self.sessions * 1.5 + 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value and when it was true: the source's stamp for a market, else the observation's."""

    at: datetime
    value: float


def stamp(sample: Sample) -> datetime:
    """Return when a sample was true: what series are ordered by."""
    return sample.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Samples of one number, oldest first, no two with the same stamp."""

    samples: Sequence[Sample] = ()

    def append(self, sample: Sample, keep: timedelta) -> "Series":
        """Return the series with `sample`, less what lies further back than `keep`.

        The last sample before that stays: it says what the value was when the window
        began. A sample with the newest stamp replaces it; an older one is overtaken.
        """
        kept = self.samples
        if kept and sample.at <= kept[-1].at:
            if sample.at < kept[-1].at or sample == kept[-1]:
                return self
            kept = kept[:-1]
        horizon = sample.at - keep
        drop = max(0, bisect_right(kept, horizon, key=stamp) - 1)
        return Series(samples=(*kept[drop:], sample))

    def until(self, now: datetime) -> Sequence[Sample]:
        """Return the samples stamped `now` or before."""
        return self.samples[: bisect_right(self.samples, now, key=stamp)]


def fleeting(sample: Sample, after: Sample) -> bool:
    """Say whether a sample is a session's lowest or highest, which its last follows at once."""
    return after.at - sample.at < _MOMENT


def span(text: str) -> Span:
    """Return the span `text` names: "30m", "4h", "1d", "2w"; raise ValueError in one sentence."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(
            f'a span is a whole number and s, m, h, d or w, as "30m", was {text[:40]!r}'
        )
    count, unit = int(match[1]), match[2]
    sessions = _SESSIONS.get(unit)
    if count > _LONGEST / _UNITS[unit]:
        raise ValueError(f"{text!r} is longer than ten years")
    return Span(text=text, length=count * _UNITS[unit], sessions=sessions and count * sessions)
