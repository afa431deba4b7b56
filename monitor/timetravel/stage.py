"""What a rule test tells instead of the world: series of values, as promtool writes them.

`16 17 18` one value a step; `16x3` sixteen and three times more; `16+1x3` 16 17 18 19;
`_` nothing new, so that the last value grows old; `_x3` three times nothing new;
`stale` unknown from there on. Words and truths are written as themselves: `steepx3 flat`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias

from monitor.calendars.sessions import open_seconds
from monitor.rules.verdict import Scalar, Value
from monitor.signals.catalogue import BY_NAME, Kind, Signal
from monitor.signals.series import Sample, Series
from monitor.signals.spans import spell

_FIGURE: Final = r"(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBER: Final = re.compile(rf"[+-]?{_FIGURE}", re.ASCII)
_RUN: Final = re.compile(rf"([+-]?{_FIGURE})([+-]{_FIGURE})?x([0-9]{{1,5}})", re.ASCII)
_WORDS: Final = re.compile(r"(\w+?)x([0-9]{1,5})", re.ASCII)
_NOTHING: Final = re.compile(r"_(?:x([0-9]{1,5}))?", re.ASCII)
_SOURCE: Final = "the test"


class Mark(Enum):
    """What stands in a series in the place of a value."""

    NOTHING = "_"
    STALE = "stale"


Step: TypeAlias = Scalar | Mark


def steps(text: str, signal: Signal) -> tuple[Step, ...]:
    """Return the steps a series tells; raise ValueError with one sentence."""
    return tuple(step for word in text.split() for step in _told(word, signal))


def _told(word: str, signal: Signal) -> Iterator[Step]:
    if word == Mark.STALE.value:
        yield Mark.STALE
    elif found := _NOTHING.fullmatch(word):
        yield from [Mark.NOTHING] * int(found[1] or 1)
    elif signal.kind is not Kind.NUMBER:
        yield from _said(word, signal)
    elif found := _RUN.fullmatch(word):
        first, by = float(found[1]), float(found[2] or 0)
        yield from (first + by * n for n in range(int(found[3]) + 1))
    elif _NUMBER.fullmatch(word):
        yield float(word)
    else:
        raise ValueError(f"{word!r} is no step of a series of {signal.name}")


def _said(word: str, signal: Signal) -> Iterator[str | bool]:
    """Yield a word or a truth, and as often again as it is said to come."""
    choices = ("true", "false") if signal.kind is Kind.BOOL else signal.choices
    run = None if word in choices else _WORDS.fullmatch(word)
    said, more = (run[1], int(run[2])) if run and run[1] in choices else (word, 0)
    if choices and said not in choices:
        of = "true or false" if signal.kind is Kind.BOOL else f"one of {', '.join(choices)}"
        raise ValueError(f"{signal.name} is {of}, was {word!r}")
    yield from [said == "true" if signal.kind is Kind.BOOL else said] * (more + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Answers every name a rule asks: as the test tells it, else unknown.

    series: by name, a step at `start` and every `every` after it.
    """

    start: datetime
    every: timedelta
    series: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    _samples: Mapping[str, Series] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out the numbers of each series once: every step of a test asks for them."""
        laid = {name: self._sampled(told) for name, told in self.series.items()}
        object.__setattr__(self, "_samples", laid)

    def _sampled(self, told: tuple[Step, ...]) -> Series:
        found = (
            Sample(at=self.start + n * self.every, value=float(step))
            for n, step in enumerate(told)
            if isinstance(step, int | float)
        )
        return Series(samples=tuple(found))

    def value(self, name: str, now: datetime) -> Value | None:
        """Return what a name is; None for what only the road itself knows, such as layers."""
        told = self.series.get(name)
        if told is None:
            return None if name.startswith("layer.") else _unknown(f"{name} is not in this test")
        newest = self._newest(told, now)
        if newest is None:
            return _unknown(f"{name} has not been read yet")
        at, step = newest
        if isinstance(step, Mark):
            return _unknown(f"{name} is stale")
        signal = BY_NAME[name]
        age_s = open_seconds(signal.hours, at, now)
        if signal.max_age is not None and age_s > signal.max_age.total_seconds():
            limit = spell(signal.max_age.total_seconds())
            return _unknown(f"{name} is {spell(age_s)} old, limit {limit}")
        return Value(value=step, as_of=at, source=_SOURCE, age_s=age_s)

    def samples(self, name: str, now: datetime) -> Series:
        """Return the numbers told of a name until now, for windows."""
        whole = self._samples.get(name, Series())
        return Series(samples=whole.until(now))

    def _newest(self, told: tuple[Step, ...], now: datetime) -> tuple[datetime, Step] | None:
        newest = min((now - self.start) // self.every, len(told) - 1)
        for place in range(newest, -1, -1):
            if told[place] is not Mark.NOTHING:
                # What the series ended with goes on being told at every step.
                last = place == len(told) - 1 and not isinstance(told[place], Mark)
                return now if last else self.start + place * self.every, told[place]
        return None


def _unknown(note: str) -> Value:
    return Value(value=None, source=_SOURCE, note=note)
