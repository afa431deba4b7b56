"""Two named sets of parameters by which a hedge book may be judged. A score, never a gate.

The numbers and words are the method's own two characters; where it names none, the value is a
proposal of ours and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from monitor.hedge.book import Known

Name: TypeAlias = Literal["steward", "promoter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one character asks of a hedge.

    hedge_above: it wants to be hedged once the VIX is above; None is always. coverage: the share
    of the loss expected in the declared spike that the hedge is to pay then, our proposal: the
    lower end of the claimed 60-75 %. capital_share: the most of the book's value that it may
    lose, None for no bound. emissions: whether they count as yield; only fees are read here.
    """

    name: str
    title: str
    hedge_above: float | None
    coverage: float
    capital_share: float | None
    emissions: bool


PROFILES: Final[Mapping[Name, Profile]] = {
    "steward": Profile(
        name="steward",
        title="always hedged, only fees are yield, at most 10 % of the book at risk",
        hedge_above=None,
        coverage=0.60,
        capital_share=0.10,
        emissions=False,
    ),
    "promoter": Profile(
        name="promoter",
        title="hedged only above VIX 25, emissions count as yield",
        hedge_above=25.0,
        coverage=0.60,
        capital_share=None,
        emissions=True,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """1 where everything a profile asks is so, 0 where something is not, None where unknown.

    told: each thing asked, and whether it is so.
    """

    value: int | None
    told: tuple[tuple[str, bool | None], ...]


def score(
    profile: Profile, *, vix: float | None, coverage: Known, cost: Known, capital: Known
) -> Score:
    """Return how a book stands by a profile: covered enough, its money dearer than its fees or not.

    coverage: the share of the loss in the declared spike that the hedge would pay. cost: the
    book's WACC less its fee APR. capital: the most that what is held can lose, over the
    book's value.
    """
    told = (
        _covered(profile, vix, coverage),
        _cheap(profile, cost),
        *_bound(profile, capital),
    )
    verdicts = [so for _, so in told]
    if False in verdicts:
        return Score(value=0, told=told)
    return Score(value=None if None in verdicts else 1, told=told)


def _covered(profile: Profile, vix: float | None, coverage: Known) -> tuple[str, bool | None]:
    at = profile.hedge_above
    asked = f"covers {profile.coverage:.0%} of the spike's loss"
    if at is not None and vix is None:
        return f"{asked} above VIX {at:g} (VIX unknown)", None
    if at is not None and vix is not None and vix <= at:
        return f"{asked} above VIX {at:g} (VIX {vix:.1f}: not asked)", True
    found, why = coverage
    return f"{asked} ({why if found is None else f'{found:.0%}'})", (
        None if found is None else found >= profile.coverage
    )


def _cheap(profile: Profile, cost: Known) -> tuple[str, bool | None]:
    """Return whether the yield is above what money costs; emissions might yet make it so."""
    over, asked = cost[0], f"WACC below the fee APR ({_points(cost)})"
    if over is None or over < 0:
        return asked, None if over is None else True
    if profile.emissions:
        return f"{asked}; emissions are yield too, and not read", None
    return asked, False


def _bound(profile: Profile, capital: Known) -> tuple[tuple[str, bool | None], ...]:
    if profile.capital_share is None:
        return ()
    found, why = capital
    asked = f"at most {profile.capital_share:.0%} of the book at risk"
    told = why if found is None else f"{found:.1%}"
    return ((f"{asked} ({told})", None if found is None else found <= profile.capital_share),)


def _points(cost: Known) -> str:
    return cost[1] if cost[0] is None else f"{cost[0]:+.1%}"
