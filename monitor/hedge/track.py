"""What the hedge and the loss did since the hedge began, kept small.

Only sums are kept: since the first trade, and over the steps that began while the VIX stood
above 30. Between two marks lies one step; each sum is one of differences, so that a step more or
less, and a mark on blocks that are gone, changes nothing once the next mark is made. What the
hedge made needs no base: before its first trade it was nothing, and what a slip of the keys made
of it is gone once the books are mended.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.hedge.book import Known, offset

STORM: Final = 30.0
"""Above this VIX a step counts as one of the storm: where the method claims its 60-75 %."""

SINCE: Final = ("first-trade", "first-mark")
"""From what a loss counts: where it is known of the first trade, and where it is not."""

STEP: Final = timedelta(minutes=15)
"""The sums are of differences: a step could be longer, but `storm` is as old as the last mark."""
_LONGEST: Final = timedelta(days=1)
"""A step longer than this, in which nobody looked, is in no storm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookMark:
    """The hedge and the loss at one instant.

    vix: None where unknown. hedge_usd: what the hedge made in its life. lost_usd: what each
    position lost in its own, <= 0, by key. mends: how often the books were mended till then.
    booked: of how much till then they tell that was done before; more of it is told late.
    """

    at: datetime
    vix: float | None
    hedge_usd: float
    lost_usd: Mapping[str, float]
    mends: int = 0
    booked: int = 0

    @property
    def il_usd(self) -> float:
        """Return what all positions lost in their lives, <= 0."""
        return sum(self.lost_usd.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTrack:
    """The sums.

    first: when both were first known. began: when the first trade was done that counts; untold:
    why what was lost between the two is not known. came_usd: what positions that came later had
    lost before they were seen, less what those no longer priced had. storm_*: over the steps that
    began above 30, storm_s their length.
    """

    first: BookMark
    last: BookMark
    came_usd: float = 0.0
    storm_hedge_usd: float = 0.0
    storm_il_usd: float = 0.0
    storm_s: float = 0.0
    began: datetime | None = None
    untold: str = ""

    def lost(self, lost_usd: Mapping[str, float]) -> float:
        """Return what was lost since the first mark, up to what each position has lost now."""
        came = self.came_usd + _came(self.last.lost_usd, lost_usd)
        return sum(lost_usd.values()) - self.first.il_usd - came

    def since(self, hedge_usd: float, lost_usd: Mapping[str, float]) -> Known:
        """Return the share of that loss a hedge made good. hedge_usd: what it made in its life."""
        share, note = offset((hedge_usd, ""), (self.lost(lost_usd), ""))
        return share, f"{note}; {self.late}" if share is not None and self.untold else note

    @property
    def late(self) -> str:
        """Return since when the loss is counted where that is not the first trade, or nothing."""
        if not self.untold or self.began is None:
            return ""
        since, began = (f"{at:%Y-%m-%d %H:%M}Z" for at in (self.first.at, self.began))
        return f"the loss counts from {since}, not from the first trade, {began}: {self.untold}"

    @property
    def storm(self) -> Known:
        """Return the offset over the steps that began with the VIX above 30."""
        if not self.storm_s:
            return None, f"the VIX was never seen above {STORM:.0f} while the hedge was watched"
        return offset((self.storm_hedge_usd, ""), (self.storm_il_usd, ""))


def begun(
    track: BookTrack, began: datetime, then: Callable[[], Mapping[str, float] | str]
) -> BookTrack:
    """Return the track as it counts from the first trade, which may be told of late, or undone.

    then: what the positions of the last mark had lost by that trade, or why that is not known.
    """
    if track.began == began:
        return track
    if abs(track.first.at - began) < STEP:
        return replace(track, began=began, untold="")
    lost = then()
    if isinstance(lost, str):
        return replace(track, began=began, untold=lost)
    first = BookMark(at=began, vix=None, hedge_usd=0.0, lost_usd=lost)
    return replace(track, first=first, came_usd=0.0, began=began, untold="")


def due(
    track: BookTrack | None, at: datetime, *, vix: float | None, keys: Collection[str], mends: int
) -> bool:
    """Return whether it is time for a mark: the first, of a storm's begin or end, of a new step.

    keys: the positions there are; others than at the last mark ask for one, and so does a mend.
    """
    if track is None:
        return True
    last = track.last
    if at < last.at:
        return False
    if _stormy(vix) != _stormy(last.vix) or mends != last.mends:
        return True
    return last.lost_usd.keys() != set(keys) or _slot(at) != _slot(last.at)


def advance(track: BookTrack | None, mark: BookMark, *, late: bool = False) -> BookTrack:
    """Return the track with one more step, which ends at this mark.

    late: something was told in it that was done before, and what it had made by then is in it.
    """
    if track is None:
        return BookTrack(first=mark, last=mark)
    last, passed = track.last, mark.at - track.last.at
    came = _came(last.lost_usd, mark.lost_usd)
    found = replace(track, last=mark, came_usd=track.came_usd + came)
    if not _stormy(last.vix) or passed > _LONGEST or mark.mends != last.mends or late:
        return found
    return replace(
        found,
        storm_hedge_usd=track.storm_hedge_usd + mark.hedge_usd - last.hedge_usd,
        storm_il_usd=track.storm_il_usd + mark.il_usd - last.il_usd - came,
        storm_s=track.storm_s + passed.total_seconds(),
    )


def _came(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return what those that came brought with them, less what those that left took away."""
    brought = sum(lost for key, lost in after.items() if key not in before)
    return brought - sum(lost for key, lost in before.items() if key not in after)


def _stormy(vix: float | None) -> bool:
    return vix is not None and vix > STORM


def _slot(at: datetime) -> int:
    return int(at.timestamp() // STEP.total_seconds())
