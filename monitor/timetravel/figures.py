"""A story's figures as both its summary and its page tell them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Final

from monitor.alerts.alert import AlertState
from monitor.alerts.figures import number
from monitor.model.layer import Action
from monitor.timetravel.scene import STORM, Holding, Offset, Scene, Story

UNKNOWN: Final = "unknown"
CLAIM: Final = "published claim: 60–75 %"
"""What the method says it offsets of the loss above VIX 30; unaudited."""

_FULL: Final = 1e6
"""A range this many times wider than its own lower end is the full one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One way to measure what the hedge offset. claimed: whether the claim speaks of it."""

    label: str
    offset: Offset | None
    claimed: bool = False


def full(holding: Holding) -> bool:
    """Return whether a position spans every price."""
    return holding.price_upper / holding.price_lower > _FULL


def range_name(holding: Holding) -> str:
    """Return a range by its half width, as in `×/÷1.5`; or `full`."""
    if full(holding):
        return "full"
    return f"×/÷{sqrt(holding.price_upper / holding.price_lower):.3g}".removesuffix(".0")


def ranges(story: Story) -> dict[int, str]:
    """Return each position's range by token id, in the order they were minted."""
    names = {one.token_id: range_name(one) for scene in story.scenes for one in scene.holdings}
    return dict(sorted(names.items()))


def money(usd: float | None, *, signed: bool = False) -> str:
    """Return whole dollars without their currency."""
    if usd is None:
        return UNKNOWN
    text = number(usd, 0)
    return f"+{text}" if signed and usd > 0 and text != "0" else text


def percent(share: float | None, *, places: int = 0) -> str:
    """Return a fraction in percent."""
    return UNKNOWN if share is None else f"{number(share * 100, places)} %"


def share_word(offset: Offset | None) -> str:
    """Return how much was offset; `no loss` where there was nothing to offset."""
    if offset is None:
        return UNKNOWN
    return "no loss" if offset.share is None else percent(offset.share)


def day_of(scene: Scene, story: Story) -> datetime:
    """Return an instant of the day a moment is of: a story ends with its last day, at midnight."""
    return min(scene.at, story.scenes[-1].at - timedelta(seconds=1))


def shares(story: Story) -> Iterator[Share]:
    """Yield what the hedge offset: at the worst moment, in the storm, and from start to end."""
    worst = story.worst_scene()
    on = day_of(worst, story) if worst else None
    day = f"{on.day} {on:%b}" if on else UNKNOWN
    yield Share(label=f"worst, {day}", offset=story.offset_at(worst) if worst else None)
    yield Share(label=f"while VIX > {STORM:.0f}", offset=_in_storm(story), claimed=True)
    yield Share(label="whole period", offset=story.offset_at(story.scenes[-1]))


def _in_storm(story: Story) -> Offset | None:
    """Return the offset over the steps begun in a storm; unknown if any VIX close is."""
    if any(scene.vix is None for scene in story.scenes):
        return None
    if not any(stormy(scene) for scene in story.scenes[:-1]):
        return Offset(lost_usd=0.0, hedge_usd=0.0)
    return story.offset_where(stormy)


def stormy(scene: Scene) -> bool:
    """Return whether the last VIX close is above the level of the claim."""
    return scene.vix is not None and scene.vix > STORM


def fees_usd(scene: Scene) -> float | None:
    """Return the uncollected fees of all positions, or None if any is unknown."""
    known = [one.fees_usd for one in scene.holdings if one.fees_usd is not None]
    return sum(known) if known and len(known) == len(scene.holdings) else None


def contracts(story: Story) -> str:
    """Return the contracts of each layer as its add bought them: `4/4/2`; empty if none was."""
    bought = {
        alert.layer: sum(leg.quantity for leg in alert.ticket.legs)
        for alert in reversed(story.alerts)
        if alert.action is Action.ADD and alert.state is AlertState.FIRING and alert.ticket
    }
    return "/".join(str(bought[layer]) for layer in sorted(bought, key=str))
