"""False alarms: layers that were asked for, and then were not needed.

A definition of ours, for the method gives none: an `add` is false where within WITHIN of it the
VIX never stood above LEVEL, the book's IL never fell by FALL more, and its layer ended at a loss.
Where too little time was told to say so it is open, and so is a layer that is still on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final

from monitor.alerts.alert import AlertState
from monitor.hedge.journal import Entry, standing
from monitor.model.layer import Action, Contract, LayerState
from monitor.timetravel.scene import Scene, Story

WITHIN: Final = timedelta(days=60)
LEVEL: Final = 30.0
FALL: Final = 0.05

WORDS: Final = (
    f"By a definition of ours an add is a false alarm where within {WITHIN.days} days of it the"
    f" VIX never stood above {LEVEL:.0f}, the book's IL never fell by {FALL * 100:.0f} points more,"
    " and its layer was removed or expired at a loss (or never bought). It is open where its layer"
    " is still on, or the story ends too soon to say."
)


class Judged(StrEnum):
    """What became of an add."""

    FALSE = "false"
    SOUND = "sound"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """How many adds there were of each kind."""

    false: int
    sound: int
    open: int

    @property
    def adds(self) -> int:
        """Return how many there were."""
        return self.false + self.sound + self.open


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A layer from its first leg to its last.

    cash_usd: of all its trades; None where one has no price. ended: None while legs are held,
    expired ones that await their settlement among them.
    """

    began: datetime
    ended: datetime | None
    cash_usd: float | None


def alarms(story: Story, layers: Mapping[str, LayerState]) -> Alarms:
    """Return the adds by what became of them. layers: by `layer|scope`, at the end."""
    found = [
        judged(alert.at, story.scenes, list(episodes(layers.get(f"{alert.layer}|{alert.scope}"))))
        for alert in story.alerts
        if alert.action is Action.ADD and alert.state is AlertState.FIRING
    ]
    return Alarms(
        false=found.count(Judged.FALSE),
        sound=found.count(Judged.SOUND),
        open=found.count(Judged.OPEN),
    )


def judged(added: datetime, scenes: Sequence[Scene], lived: Sequence[Episode]) -> Judged:
    """Return what became of an add. lived: the episodes of its layer, in the order of time."""
    until = added + WITHIN
    if _reached([scene for scene in scenes if added <= scene.at <= until]):
        return Judged.SOUND
    if scenes[-1].at < until:
        return Judged.OPEN
    bought = next((one for one in lived if added <= one.began <= until), None)
    if bought is None:
        return Judged.FALSE
    if bought.ended is None or bought.cash_usd is None:
        return Judged.OPEN
    return Judged.FALSE if bought.cash_usd < 0 else Judged.SOUND


def episodes(layer: LayerState | None) -> Iterator[Episode]:
    """Yield a layer's lives: each begins with legs where there were none."""
    entries: list[Entry] = []
    held: dict[Contract, float] = {}
    told = standing(layer.journal) if layer else ()
    for _, trade in groupby(told, key=lambda entry: entry.trade):  # a roll is one trade
        for entry in trade:
            entries.append(entry)
            contract = entry.fill.contract
            held[contract] = held.get(contract, 0.0) + float(entry.fill.quantity)
        if not any(held.values()):
            yield _episode(entries, ended=entries[-1].booked.at)
            entries, held = [], {}
    if entries:
        yield _episode(entries, ended=None)


def _episode(entries: Sequence[Entry], ended: datetime | None) -> Episode:
    cash = [entry.booked.cash_usd for entry in entries]
    known = [usd for usd in cash if usd is not None]
    return Episode(
        began=entries[0].booked.at,
        ended=ended,
        cash_usd=sum(known) if len(known) == len(cash) else None,
    )


def _reached(scenes: Sequence[Scene]) -> bool:
    """Return whether the VIX or the book's IL came to where a layer is for."""
    if any(scene.vix is not None and scene.vix > LEVEL for scene in scenes):
        return True
    ils = [scene.book_il for scene in scenes if scene.book_il is not None]
    return bool(ils) and min(ils) - ils[0] <= -FALL
