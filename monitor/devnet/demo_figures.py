"""The demo's figures as both its summary and its page tell them."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Final

from monitor.alerts.alert import AlertState
from monitor.alerts.figures import number
from monitor.devnet.demo import VALUE_USD
from monitor.devnet.demo_result import STORM, DemoResult, Holding, Offset, Scene
from monitor.model.layer import Action

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


def ranges(result: DemoResult) -> dict[int, str]:
    """Return each position's range by token id, in the order they were minted."""
    names = {one.token_id: range_name(one) for scene in result.scenes for one in scene.holdings}
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


def shares(result: DemoResult) -> Iterator[Share]:
    """Yield what the hedge offset: at the worst moment, in the storm, and from start to end."""
    worst = result.worst_scene()
    day = f"{worst.at.day} {worst.at:%b}" if worst else UNKNOWN
    yield Share(label=f"worst, {day}", offset=result.offset_at(worst) if worst else None)
    yield Share(label=f"while VIX > {STORM:.0f}", offset=_in_storm(result), claimed=True)
    yield Share(label="whole period", offset=result.offset_at(result.scenes[-1]))


def _in_storm(result: DemoResult) -> Offset | None:
    """Return the offset over the steps begun in a storm; unknown if any VIX close is."""
    if any(scene.vix is None for scene in result.scenes):
        return None
    if not any(stormy(scene) for scene in result.scenes[:-1]):
        return Offset(lost_usd=0.0, hedge_usd=0.0)
    return result.offset_where(stormy)


def stormy(scene: Scene) -> bool:
    """Return whether the last VIX close is above the level of the claim."""
    return scene.vix is not None and scene.vix > STORM


def fees_usd(scene: Scene) -> float | None:
    """Return the uncollected fees of all positions, or None if any is unknown."""
    known = [one.fees_usd for one in scene.holdings if one.fees_usd is not None]
    return sum(known) if known and len(known) == len(scene.holdings) else None


def contracts(result: DemoResult) -> str:
    """Return the contracts of each layer as its add bought them: `4/4/2`; empty if none was."""
    bought = {
        alert.layer: sum(leg.quantity for leg in alert.ticket.legs)
        for alert in reversed(result.alerts)
        if alert.action is Action.ADD and alert.state is AlertState.FIRING and alert.ticket
    }
    return "/".join(str(bought[layer]) for layer in sorted(bought, key=str))


def caveats(result: DemoResult) -> tuple[str, ...]:
    """Return what must be known before the shares are compared with anything."""
    size = contracts(result) or "unknown numbers of"
    count = len(ranges(result))
    fees = fees_usd(result.scenes[-1])
    sizes = (
        f"Not comparable with the claim: {size} VIX calls against {count} positions of "
        f"{VALUE_USD:,.0f} USD each is an arbitrary size; twice the calls, twice the share."
    )
    day = "IL is net: it shrinks when the price comes back; the share depends on the day."
    prices = (
        f"Hedge prices are a model's. Fees ({money(fees)} USD at the end) rest on invented "
        "trading volume and are left out."
    )
    return sizes, day, prices
