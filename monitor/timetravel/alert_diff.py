"""Two runs' alerts held against each other: which appear, vanish, move, or say something else."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from monitor.alerts.alert import Alert, AlertState

WITHIN: Final = timedelta(days=30)
"""An alert moves by less than this; farther apart are one that vanishes and one that appears."""

_CLOUDS: Final = frozenset({AlertState.NODATA, AlertState.ERROR})
_ENDS: Final = frozenset({AlertState.RESOLVED, AlertState.FILLED, AlertState.RETRACTED})
_REMINDERS: Final = frozenset({AlertState.REPEAT, AlertState.EXPIRED})

Key: TypeAlias = tuple[str, str, str]
Way: TypeAlias = tuple[int, timedelta]
"""How many do not stay where they were, and how far all move."""


class Kind(StrEnum):
    """How two runs differ about one alert."""

    APPEARS = "appears"
    VANISHES = "vanishes"
    MOVES = "moves"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """An alert from its beginning to its end. first: as it was told; ends: None where it never.

    reminders: how often it was told again, or its proposal became void.
    """

    first: Alert
    ends: datetime | None = None
    reminders: int = 0

    @property
    def at(self) -> datetime:
        return self.first.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One alert about which two runs differ. what: in words, where it is in both."""

    kind: Kind
    old: Episode | None = None
    new: Episode | None = None
    what: tuple[str, ...] = ()

    @property
    def alert(self) -> Alert:
        """Return the alert as it is, or as it was where it is no more."""
        episode = self.new or self.old
        assert episode is not None
        return episode.first

    @property
    def at(self) -> datetime:
        """Return when it first was in either run."""
        return min(one.at for one in (self.old, self.new) if one is not None)

    @property
    def moved(self) -> timedelta | None:
        """Return how much later it is, negative for earlier; None where it is not in both."""
        return self.new.at - self.old.at if self.old and self.new else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of two runs. same: how many alerts are in both, and alike."""

    same: int
    differences: tuple[Difference, ...]

    def count(self, kind: Kind) -> int:
        """Return how many differences are of a kind."""
        return sum(one.kind is kind for one in self.differences)


def compare(old: Iterable[Alert], new: Iterable[Alert]) -> Compared:
    """Return how two runs over one past differ, in the order of time."""
    before, after = _episodes(old), _episodes(new)
    same, found = 0, list[Difference]()
    for key in dict.fromkeys((*before, *after)):
        for one, other in _paired(before.get(key, []), after.get(key, [])):
            difference = _difference(one, other)
            same += difference is None
            found += [difference] if difference else []
    found.sort(key=lambda one: (one.at, one.alert.key, one.kind))
    return Compared(same=same, differences=tuple(found))


def _episodes(alerts: Iterable[Alert]) -> dict[Key, list[Episode]]:
    """Return the alerts of each rule and scope in order; times it was blind are told apart."""
    told: dict[tuple[Key, str], list[Alert]] = {}
    for one in alerts:
        if one.state is AlertState.SEEN:
            continue
        cloud = one.state if one.state in _CLOUDS else ""
        episode = one.idem if cloud else one.id
        told.setdefault(((one.rule, one.scope, cloud), episode), []).append(one)
    found: dict[Key, list[Episode]] = {}
    for (key, _), some in told.items():
        found.setdefault(key, []).append(_episode(some))
    return {key: sorted(some, key=lambda one: one.at) for key, some in found.items()}


def _episode(alerts: Sequence[Alert]) -> Episode:
    ends = (one.at for one in alerts if one.state in _ENDS)
    return Episode(
        first=alerts[0],
        ends=next(ends, None),
        reminders=sum(one.state in _REMINDERS for one in alerts),
    )


def _paired(
    old: Sequence[Episode], new: Sequence[Episode]
) -> Iterator[tuple[Episode | None, Episode | None]]:
    """Yield who is whom, in order: as many as can be stay where they were, the others move least.

    One that is alone counts as half of `WITHIN`, so that none moves farther than that.
    """
    ways = _ways(old, new)
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and ways[i][j] == _alone(ways[i + 1][j]):
            yield old[i], None
            i += 1
        elif j < len(new) and ways[i][j] == _alone(ways[i][j + 1]):
            yield None, new[j]
            j += 1
        else:
            yield old[i], new[j]
            i, j = i + 1, j + 1


def _ways(old: Sequence[Episode], new: Sequence[Episode]) -> list[list[Way]]:
    """Return the least way for old[i:] and new[j:], for each i and j."""
    none = (0, timedelta(0))
    ways = [[none] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old), -1, -1):
        for j in range(len(new), -1, -1):
            found = [_alone(ways[i + 1][j])] if i < len(old) else []
            found += [_alone(ways[i][j + 1])] if j < len(new) else []
            if i < len(old) and j < len(new):
                moving, way = ways[i + 1][j + 1]
                by = abs(new[j].at - old[i].at)
                found.append((moving + 2 * (by != timedelta(0)), way + by))
            ways[i][j] = min(found, default=none)
    return ways


def _alone(rest: Way) -> Way:
    return rest[0] + 1, rest[1] + WITHIN / 2


def _difference(old: Episode | None, new: Episode | None) -> Difference | None:
    if old is None or new is None:
        kind = Kind.APPEARS if old is None else Kind.VANISHES
        return Difference(kind=kind, old=old, new=new)
    what = tuple(_what(old, new))
    if old.at != new.at:
        return Difference(kind=Kind.MOVES, old=old, new=new, what=what)
    return Difference(kind=Kind.CHANGES, old=old, new=new, what=what) if what else None


def _what(old: Episode, new: Episode) -> Iterator[str]:
    """Yield what else differs of an alert that is in both runs."""
    was, now = old.first, new.first
    for name, before, after in (
        ("action", was.action.value, now.action.value),
        ("severity", was.severity.value, now.severity.value),
        ("route", ", ".join(was.route) or "all", ", ".join(now.route) or "all"),
        ("ends", _told(old.ends), _told(new.ends)),
        ("reminders", str(old.reminders), str(new.reminders)),
    ):
        if before != after:
            yield f"{name} {before} → {after}"
    if (was.title, was.text) != (now.title, now.text):
        yield "text"
    if was.ticket != now.ticket:
        yield "ticket"


def _told(ends: datetime | None) -> str:
    return f"{ends:%Y-%m-%d %H:%MZ}" if ends else "never"
