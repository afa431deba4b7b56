"""What a story came to, range by range: the figures of its report.

Hedge figures rest on model prices and fees on a model of trading; who tells them says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.alerts.alert import Alert, AlertState
from monitor.hedge.book import Known
from monitor.hedge.xirr import Flow, xirr
from monitor.timetravel.courses import (
    HEDGE,
    LOSS,
    VALUE,
    YEAR_S,
    Course,
    begun,
    courses,
    lasted_s,
    weekly,
    years,
)
from monitor.timetravel.figures import stormy
from monitor.timetravel.measures import Floats, Interval, bootstrap, cut, share
from monitor.timetravel.scene import Offset, Story

SMALL: Final = 0.02
"""A loss below this share of what was put in: a hedge's share of it says nothing."""

CALM: Final = 20.0
"""At or below this VIX a step counts as calm: there the hedge costs what it costs to wait."""

FEWEST_CALM: Final = 30
"""Days of calm below which no cost of it is told by the year."""

FLOWS: Final = "liquidity was added or taken"
"""Why there is neither a drawdown nor a rate: value moved for more than the price."""

Cash: TypeAlias = Sequence[Flow] | str
"""The hedge's dated cash, what it is worth at the end among it; or why that is not known."""

_DAY_S: Final = 86_400.0
_MONTH_S: Final = YEAR_S / 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One range's figures, or those of all.

    start_usd: its value at the start. steady: liquidity was neither added nor taken.
    drawdown: by (hedged, fees counted), fractions <= 0.
    cut: the share by which the hedge made the drawdown less deep, fees left out. cost: of the
    hedge a year, over start_usd; below 0 it earned. irr: a year, fees counted, by hedged.
    """

    name: str
    start_usd: float
    steady: bool
    drawdown: dict[tuple[bool, bool], float | None]
    cut: float | None
    cut_interval: Interval | str
    worst_il: float | None
    hedged_il: float | None
    at_worst: Offset | None
    storm: Offset | None
    storm_interval: Interval | str
    whole: Offset | None
    cost: float | None
    calm_cost: Known
    fees_usd: float | None
    irr: dict[bool, Known]
    alerts_month: float

    def little(self, offset: Offset | None) -> bool:
        """Return whether something was lost, but too little for a share of it to say anything."""
        return offset is not None and -SMALL * self.start_usd < offset.lost_usd < 0


def outcomes(story: Story, cash: Cash, *, seed: int) -> tuple[Outcome, ...]:
    """Return every range's outcome, and that of all."""
    return tuple(_outcome(story, one, cash, seed) for one in courses(story))


def _outcome(story: Story, one: Course, cash: Cash, seed: int) -> Outcome:
    ways = [(hedged, fees) for hedged in (False, True) for fees in (False, True)]
    worst = int(np.argmin(one.loss))
    in_storm = storm_steps(story)
    return Outcome(
        name=one.name,
        start_usd=one.start,
        steady=one.steady,
        drawdown={
            (hedged, fees): known(one.drawdown(hedged=hedged, fees=fees)) for hedged, fees in ways
        },
        cut=known(cut(one.worth(hedged=False, fees=False), one.worth(hedged=True, fees=False))),
        cut_interval=_cut_interval(story, one, seed),
        worst_il=known(float(np.min(one.il))),
        hedged_il=known(float(np.min(one.hedged_il))),
        at_worst=_offset(one.loss[worst], one.hedge[worst]),
        storm=None if in_storm is None else _summed(one.steps()[in_storm]),
        storm_interval=_storm_interval(story, one, seed),
        whole=_offset(one.loss[-1], one.hedge[-1]),
        cost=_yearly(-float(one.hedge[-1]) / one.start, years(story)),
        calm_cost=_calm_cost(story, one),
        fees_usd=known(float(one.fees[-1])),
        irr={hedged: _irr(story, one, cash, hedged=hedged) for hedged in (False, True)},
        alerts_month=_alerts_month(story, one),
    )


def storm_steps(story: Story) -> NDArray[np.bool_] | None:
    """Return which steps began in a storm; None where any VIX is unknown."""
    if any(scene.vix is None for scene in story.scenes[:-1]):
        return None
    return begun(story, stormy)


def known(value: float) -> float | None:
    """Return a figure, or None where it is not a number."""
    return None if isnan(value) else value


def _offset(lost: float, made: float) -> Offset | None:
    if isnan(lost) or isnan(made):
        return None
    return Offset(lost_usd=float(lost), hedge_usd=float(made))


def _summed(steps: Floats) -> Offset | None:
    return _offset(float(np.sum(steps[:, LOSS])), float(np.sum(steps[:, HEDGE])))


def _cut_interval(story: Story, one: Course, seed: int) -> Interval | str:
    """Return where the cut lies: the value moves by the drawn steps' returns, the hedge by USD."""
    made = one.steps()
    returns = made[:, VALUE] / one.value[:-1]

    def figure(steps: Floats) -> float:
        bare = one.start * np.cumprod(np.concatenate([[1.0], 1.0 + steps[:, 0]]))
        return cut(bare, bare + np.concatenate([[0.0], np.cumsum(steps[:, 1])]))

    return bootstrap(weekly(story, np.column_stack([returns, made[:, HEDGE]])), figure, seed=seed)


def _storm_interval(story: Story, one: Course, seed: int) -> Interval | str:
    chosen = storm_steps(story)
    if chosen is None:
        return "a VIX close is unknown"

    def figure(steps: Floats) -> float:
        lost = float(np.sum(steps[:, LOSS]))
        little = lost > -SMALL * one.start
        return float("nan") if little else share(float(np.sum(steps[:, HEDGE])), lost)

    rows = np.column_stack([one.steps(), chosen])
    weeks = [week[week[:, -1] > 0] for week in weekly(story, rows)]
    return bootstrap([week for week in weeks if len(week)], figure, seed=seed)


def _calm_cost(story: Story, one: Course) -> Known:
    """Return what the hedge cost a year over the steps begun in a calm, as a share of the start."""
    calm = begun(story, lambda scene: scene.vix is not None and scene.vix <= CALM)
    days = float(np.sum(lasted_s(story)[calm])) / _DAY_S
    if days < FEWEST_CALM:
        return None, f"only {days:.0f} days with VIX at or below {CALM:.0f}"
    cost = _yearly(-float(np.sum(one.steps()[calm, HEDGE])) / one.start, days * _DAY_S / YEAR_S)
    return cost, "the hedge could not be priced" if cost is None else f"over {days:.0f} days"


def _yearly(part: float, over: float) -> float | None:
    return known(part / over + 0.0) if over > 0 else None


def _irr(story: Story, one: Course, cash: Cash, *, hedged: bool) -> Known:
    if not one.steady:
        return None, FLOWS
    if hedged and isinstance(cash, str):
        return None, cash
    flows = one.flows(story.scenes, () if isinstance(cash, str) else cash, hedged=hedged)
    if any(isnan(usd) for _, usd in flows):
        return None, "a value is unknown"
    found = xirr(flows)
    return (None, found) if isinstance(found, str) else (found, "")


def _alerts_month(story: Story, one: Course) -> float:
    """Return how many alerts began to fire a month; of a range those that name its position."""
    began = [
        alert
        for alert in story.alerts
        if alert.state is AlertState.FIRING
        and (one.token_id is None or _about(alert, one.token_id))
    ]
    months = years(story) * YEAR_S / _MONTH_S
    return len(began) / months if months else 0.0


def _about(alert: Alert, token_id: int) -> bool:
    return alert.position is not None and alert.position.rpartition(":")[2] == str(token_id)
