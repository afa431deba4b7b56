"""A story as rows of figures: each range's course, and that of all ranges together.

The hedge is of the whole book. A range bears of it the share that it had of the book's value
at the start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.hedge.xirr import Flow
from monitor.timetravel.figures import ranges
from monitor.timetravel.measures import Floats, deepest
from monitor.timetravel.scene import Holding, Scene, Story

ALL: Final = "all"
"""The name of the course of all ranges together."""

VALUE, FEES, LOSS, HEDGE = range(4)
"""The columns of a course's steps."""

CARRIED: Final = timedelta(days=1)
"""A hedge's last price stands for less than this; expired legs wait half an hour for theirs."""

YEAR_S: Final = 365 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One range, or all, in the order of time; USD, nan where unknown.

    value: principal at the pool's price. fees: by the model, so far. loss: value less holding,
    <= 0. hedge: profit of its share of the hedge so far. weight: that share. token_id: None of all.
    steady: whether liquidity was neither added nor taken; else value tells no gain and no loss.
    """

    name: str
    value: Floats
    fees: Floats
    loss: Floats
    hedge: Floats
    weight: float = 1.0
    token_id: int | None = None
    steady: bool = True

    @property
    def start(self) -> float:
        """Return the value at the start."""
        return float(self.value[0])

    @property
    def il(self) -> Floats:
        """Return value over holding less one."""
        return np.asarray(self.loss / (self.value - self.loss))

    @property
    def hedged_il(self) -> Floats:
        """Return the same with the hedge's profit counted to the value."""
        return np.asarray((self.loss + self.hedge) / (self.value - self.loss))

    def worth(self, *, hedged: bool, fees: bool) -> Floats:
        """Return value, with the hedge's profit and the fees where they are asked for.

        Unknown where liquidity was added or taken.
        """
        if not self.steady:
            return np.full_like(self.value, np.nan)
        found = self.value + self.hedge if hedged else self.value
        return np.asarray(found + self.fees if fees else found)

    def drawdown(self, *, hedged: bool, fees: bool) -> float:
        """Return the deepest drawdown, a fraction <= 0."""
        return deepest(self.worth(hedged=hedged, fees=fees))

    def steps(self) -> Floats:
        """Return what each step brought, a row a step: value, fees, loss, hedge."""
        value = self.worth(hedged=False, fees=False)
        return np.diff(np.column_stack([value, self.fees, self.loss, self.hedge]), axis=0)

    def flows(self, times: Sequence[Scene], hedge: Sequence[Flow], *, hedged: bool) -> list[Flow]:
        """Return what was put in and what came out, the fees among it, as dated cash."""
        first, last = times[0].at, times[-1].at
        told = [(first, -self.start), (last, float(self.value[-1] + self.fees[-1]))]
        return told + [(at, self.weight * usd) for at, usd in hedge] if hedged else told


def courses(story: Story) -> tuple[Course, ...]:
    """Return the course of each range, in the order they were minted, and that of all."""
    hedge = np.array([_or_nan(made) for made in carried(story.scenes)])
    held = {token: _held(story, token) for token in ranges(story)}
    starts = {token: float(rows[0, VALUE]) for token, rows in held.items()}
    whole = sum(starts.values())
    each = [
        Course(
            name=name,
            value=held[token][:, VALUE],
            fees=held[token][:, FEES],
            loss=held[token][:, LOSS],
            hedge=hedge * (starts[token] / whole),
            weight=starts[token] / whole,
            token_id=token,
            steady=_steady(story, token),
        )
        for token, name in ranges(story).items()
    ]
    total = np.sum(list(held.values()), axis=0)
    book = Course(
        name=ALL,
        value=total[:, VALUE],
        fees=total[:, FEES],
        loss=total[:, LOSS],
        hedge=hedge,
        steady=all(one.steady for one in each),
    )
    return (*each, book)


def carried(scenes: Sequence[Scene]) -> list[float | None]:
    """Return the hedge's profit; where it has no price for less than CARRIED, the last stands."""
    found: list[float | None] = []
    known: Scene | None = None
    for scene in scenes:
        if scene.hedge_usd is not None:
            known = scene
        stands = known is not None and scene.at - known.at < CARRIED
        found.append(known.hedge_usd if known and stands else None)
    return found


def begun(story: Story, holds: Callable[[Scene], bool]) -> NDArray[np.bool_]:
    """Return of each step whether it began in a moment of this kind."""
    return np.array([holds(scene) for scene in story.scenes[:-1]], dtype=bool)


def lasted_s(story: Story) -> Floats:
    """Return how long each step took, in seconds."""
    return np.diff([scene.at.timestamp() for scene in story.scenes])


def years(story: Story) -> float:
    """Return how long the story is, in years of 365 days."""
    return float(np.sum(lasted_s(story))) / YEAR_S


def weekly(story: Story, rows: Floats) -> list[Floats]:
    """Return the rows of steps in blocks, one a calendar week in which any of them began."""
    weeks = [scene.at.isocalendar()[:2] for scene in story.scenes[:-1]]
    turns = [n for n in range(1, len(weeks)) if weeks[n] != weeks[n - 1]]
    return np.split(rows, turns)


def _held(story: Story, token: int) -> Floats:
    """Return value, fees and loss of one range, a row a scene."""
    found = [
        next((one for one in scene.holdings if one.token_id == token), None)
        for scene in story.scenes
    ]
    return np.array([_row(one) for one in found])


def _steady(story: Story, token: int) -> bool:
    held = (one for scene in story.scenes for one in scene.holdings if one.token_id == token)
    return len({one.liquidity for one in held}) <= 1


def _row(one: Holding | None) -> tuple[float, float, float]:
    if one is None:
        return (float("nan"),) * 3
    return _or_nan(one.value_usd), _or_nan(one.fees_usd), _or_nan(one.loss_usd)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
