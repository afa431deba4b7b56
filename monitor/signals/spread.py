"""Windows over every position of a reel at once, the same numbers as one by one."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.signals.reel import Figures, Reel, Roster, Run
from monitor.signals.windows import Span, span

Mask: TypeAlias = NDArray[np.bool_]
Frame: TypeAlias = tuple[datetime, Figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A window's values in a roster's order.

    known: where the window has a value. alone: where it has to be asked for by itself,
    for that position was not there in every frame that counts.
    """

    roster: Roster
    values: NDArray[Any]
    known: Mask
    alone: Mask


def spread(reel: Reel, function: str, argument: str | float, now: datetime) -> Spread | None:
    """Return a window over all positions of the newest frame; None where that cannot be had."""
    if not reel.runs or now < reel.runs[-1].stamps[-1]:
        return None
    if isinstance(argument, str):
        return _over_span(reel, function, span(argument), now)
    return _crossed(reel.runs[-1], argument, above=function == "crossed_above")


def _crossed(run: Run, level: float, *, above: bool) -> Spread | None:
    if len(run.stamps) < 2:  # noqa: PLR2004 (a crossing has two ends)
        return None
    before, newest = run.figures(-2), run.figures(-1)
    if above:
        crossed = (before <= level) & (level < newest)
    else:
        crossed = (before >= level) & (level > newest)
    return _told(run.roster, crossed)


def _over_span(reel: Reel, function: str, over: Span, now: datetime) -> Spread:
    start = now - over.length
    runs = _since(reel.runs, start)
    roster = reel.runs[-1].roster
    if not runs:
        older = np.array([key in reel.before for key in roster.keys], np.bool_)
        nothing = np.full(len(roster.keys), np.nan)
        return Spread(roster=roster, values=nothing, known=np.zeros_like(older), alone=older)
    rows = [_rows(run.roster, roster) for run in runs]
    absent = np.zeros(len(roster.keys), np.bool_)
    for some in rows:
        if some is not None:
            absent |= some < 0
    values = _WINDOWS[function](list(_frames(runs, rows, start)), over, now)
    return Spread(roster=roster, values=values, known=~absent, alone=absent)


def _told(roster: Roster, values: NDArray[Any]) -> Spread:
    known = np.ones(len(roster.keys), np.bool_)
    return Spread(roster=roster, values=values, known=known, alone=~known)


def _since(runs: tuple[Run, ...], start: datetime) -> tuple[Run, ...]:
    """Return the runs from that of the frame in force at `start` on; none if none was."""
    for number in reversed(range(len(runs))):
        if runs[number].stamps[0] <= start:
            return runs[number:]
    return ()


def _rows(of: Roster, wanted: Roster) -> NDArray[np.intp] | None:
    """Return where each wanted key stands, -1 where it does not; None where in its own place."""
    if of.keys == wanted.keys:
        return None
    return np.array([of.rows.get(key, -1) for key in wanted.keys], np.intp)


def _frames(
    runs: tuple[Run, ...], rows: list[NDArray[np.intp] | None], start: datetime
) -> Iterator[Frame]:
    """Yield the frames from that in force at `start` on, newest first."""
    for run, some in zip(reversed(runs), reversed(rows), strict=True):
        first = max(bisect_right(run.stamps, start) - 1, 0)
        for frame in reversed(range(first, len(run.stamps))):
            figures = run.figures(frame)
            yield run.stamps[frame], figures if some is None else figures[some]


def _delta(frames: list[Frame], _over: Span, _now: datetime) -> Figures:
    return frames[0][1] - frames[-1][1]


def _average(frames: list[Frame], over: Span, now: datetime) -> Figures:
    total, end = np.zeros(len(frames[0][1])), now
    for at, values in frames:
        since = max(at, now - over.length)
        total = total + values * ((end - since) / over.length)
        end = since
    return total


def _highest(frames: list[Frame], _over: Span, _now: datetime) -> Figures:
    return reduce(np.maximum, [values for _, values in frames])


def _lowest(frames: list[Frame], _over: Span, _now: datetime) -> Figures:
    return reduce(np.minimum, [values for _, values in frames])


_WINDOWS: Final = {"delta": _delta, "avg": _average, "highest": _highest, "lowest": _lowest}
