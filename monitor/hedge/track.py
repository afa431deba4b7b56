"""What the hedge and the loss did since the hedge began, kept small.

Only sums are kept: since the first trade, and over the steps that began while the VIX stood
above 30. Between two marks lies one step; each sum is one of differences, so that a step more or
less, and a mark on blocks that are gone, changes nothing once the next mark is made.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.hedge.book import Known, offset

STORM: Final = 30.0
"""Above this VIX a step counts as one of the storm: where the method claims its 60-75 %."""

STEP: Final = timedelta(minutes=5)
_LONGEST: Final = timedelta(days=1)
"""A step longer than this, in which nobody looked, is in no storm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookMark:
    """The hedge and the loss at one instant.

    vix: None where unknown. hedge_usd: what the hedge made in its life; il_usd: what all
    positions lost in theirs, <= 0. positions, mends: how many there were of each, by which a
    step shows that positions came, or that the books were mended.
    """

    at: datetime
    vix: float | None
    hedge_usd: float
    il_usd: float
    positions: int
    mends: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTrack:
    """The sums.

    first: when both were first known. came_usd: what positions that came later had lost before
    they were seen. storm_*: over the steps that began above 30, storm_s their length.
    """

    first: BookMark
    last: BookMark
    came_usd: float = 0.0
    storm_hedge_usd: float = 0.0
    storm_il_usd: float = 0.0
    storm_s: float = 0.0

    def since(self, hedge_usd: float, il_usd: float) -> Known:
        """Return the offset since the first mark, up to what both are now."""
        lost = il_usd - self.first.il_usd - self.came_usd
        return offset((hedge_usd - self.first.hedge_usd, ""), (lost, ""))

    @property
    def storm(self) -> Known:
        """Return the offset over the steps that began with the VIX above 30."""
        if not self.storm_s:
            return None, f"the VIX was never seen above {STORM:.0f} while the hedge was watched"
        return offset((self.storm_hedge_usd, ""), (self.storm_il_usd, ""))


def due(track: BookTrack | None, at: datetime, *, vix: float | None, changes: int) -> bool:
    """Return whether it is time for a mark: the first, of a new VIX, of new five minutes.

    changes: positions and mends there are, together; another number asks for a mark, too.
    """
    if track is None:
        return True
    last = track.last
    if at < last.at:
        return False
    moved = vix != last.vix or changes != last.positions + last.mends
    return moved or _slot(at) != _slot(last.at)


def advance(track: BookTrack | None, mark: BookMark) -> BookTrack:
    """Return the track with one more step, which ends at this mark."""
    if track is None:
        return BookTrack(first=mark, last=mark)
    last, passed = track.last, mark.at - track.last.at
    hedge, lost = mark.hedge_usd - last.hedge_usd, mark.il_usd - last.il_usd
    if mark.positions != last.positions:
        return replace(track, last=mark, came_usd=track.came_usd + lost)
    if not _stormy(last.vix) or passed > _LONGEST or mark.mends != last.mends:
        return replace(track, last=mark)
    return replace(
        track,
        last=mark,
        storm_hedge_usd=track.storm_hedge_usd + hedge,
        storm_il_usd=track.storm_il_usd + lost,
        storm_s=track.storm_s + passed.total_seconds(),
    )


def _stormy(vix: float | None) -> bool:
    return vix is not None and vix > STORM


def _slot(at: datetime) -> int:
    return int(at.timestamp() // STEP.total_seconds())
