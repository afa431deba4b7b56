"""The rows of a report's tables, as its page, the terminal and the README all tell them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.alerts.figures import number
from monitor.hedge.book import Known
from monitor.timetravel.courses import courses
from monitor.timetravel.figures import UNKNOWN, money, percent
from monitor.timetravel.measures import FEWEST, Interval
from monitor.timetravel.outcome import CALM, FLOWS, Outcome
from monitor.timetravel.scene import STORM, Offset
from monitor.timetravel.told import Told

LITTLE: Final = "too little"
_MOST: Final = 10.0
"""A yearly rate above this is a few days' pace, and only said to be above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measure of every range and of all.

    small: what stands under a figure, where there is room. brief: whether short tables have it.
    """

    name: str
    cell: Callable[[Outcome], str]
    small: Callable[[Outcome], str] = lambda _: ""
    brief: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows under one heading."""

    name: str
    rows: tuple[Row, ...]


def _drawdown(*, hedged: bool, fees: bool) -> Callable[[Outcome], str]:
    return lambda one: percent(one.drawdown[hedged, fees], places=1)


GROUPS: Final = (
    Group(
        name="Deepest drawdown, the price's own fall in it",
        rows=(
            Row(name="LP alone", cell=_drawdown(hedged=False, fees=False), brief=True),
            Row(name="with the hedge", cell=_drawdown(hedged=True, fees=False), brief=True),
            Row(
                name="so much less deep",
                cell=lambda one: percent(one.cut),
                small=lambda one: interval_word(one.cut_interval),
                brief=True,
            ),
            Row(name="LP alone, fees counted", cell=_drawdown(hedged=False, fees=True)),
            Row(name="with the hedge, fees counted", cell=_drawdown(hedged=True, fees=True)),
        ),
    ),
    Group(
        name="Worst impermanent loss, fees left out",
        rows=(
            Row(name="no hedge", cell=lambda one: percent(one.worst_il, places=1), brief=True),
            Row(
                name="with the hedge's profit",
                cell=lambda one: percent(one.hedged_il, places=1),
                brief=True,
            ),
        ),
    ),
    Group(
        name="Loss the hedge offset",
        rows=(
            Row(
                name="at the worst moment",
                cell=lambda one: share_cell(one, one.at_worst),
                small=lambda one: amounts(one.at_worst),
                brief=True,
            ),
            Row(
                name=f"while VIX > {STORM:.0f}",
                cell=lambda one: share_cell(one, one.storm),
                small=lambda one: amounts(one.storm),
                brief=True,
            ),
            Row(
                name="start to end",
                cell=lambda one: share_cell(one, one.whole),
                small=lambda one: amounts(one.whole),
                brief=True,
            ),
        ),
    ),
    Group(
        name="By the year, at the pace of these days",
        rows=(
            Row(
                name="the hedge's cost",
                cell=lambda one: percent(one.cost, places=1),
                brief=True,
            ),
            Row(
                name=f"its cost while VIX ≤ {CALM:.0f}",
                cell=lambda one: rate(one.calm_cost),
                brief=True,
            ),
            Row(name="XIRR, LP with fees", cell=lambda one: rate(one.irr[False]), brief=True),
            Row(name="XIRR, hedged", cell=lambda one: rate(one.irr[True]), brief=True),
        ),
    ),
    Group(
        name="Alerts",
        rows=(Row(name="a month", cell=lambda one: number(one.alerts_month, 1), brief=True),),
    ),
)


def uncertainty(seed: int) -> str:
    """Return how intervals were made."""
    return (
        "90 % of 1,000 block bootstraps, whole calendar weeks drawn with replacement "
        f"(seed {seed}). A value moves by the drawn weeks' returns, the hedge by their USD. Fewer "
        f"than {FEWEST} weeks: none is told. One storm is one draw of history, and an interval "
        "from it knows of no other."
    )


WALK_FORWARD: Final = (
    "No number of these packs was chosen by a search over these or other days: there is nothing to "
    "walk forward. Whoever wrote them knew what 2020 was, and no test takes that away. Where a "
    "sweep chooses parameters, they are judged only on events that began after all it chose on had "
    "ended."
)


def share_cell(one: Outcome, offset: Offset | None) -> str:
    """Return a share offset; or in words why there is none."""
    if offset is None:
        return UNKNOWN
    if offset.share is None:
        return "no loss"
    return LITTLE if one.little(offset) else percent(offset.share)


def amounts(offset: Offset | None) -> str:
    """Return the hedge's profit over the loss, USD."""
    if offset is None:
        return ""
    lost, made = money(offset.lost_usd, signed=True), money(offset.hedge_usd, signed=True)
    return f"{made} on {lost}"


def interval_word(interval: Interval | str) -> str:
    """Return an interval, or that there is none."""
    if isinstance(interval, str):
        return "no interval"
    return f"{percent(interval.low)} to {percent(interval.high)}"


def rate(told: Known) -> str:
    """Return a yearly rate in percent."""
    value, _ = told
    if value is None:
        return UNKNOWN
    return f"> {percent(_MOST)}" if value > _MOST else percent(value, places=1)


def alarm_word(told: Told) -> str:
    """Return how many adds were false alarms."""
    found = told.alarms
    if not found.adds:
        return "no add was asked for: none could be false"
    return f"{found.false} of {found.adds} adds ({found.sound} sound, {found.open} open)"


def dark_word(rules: Sequence[str]) -> str:
    """Return which rules could not be judged, and what that means."""
    return f"{', '.join(rules)}: what they ask for was not had, and their silence says nothing"


def hedge_word(told: Told) -> str:
    """Return what the hedge took and gave."""
    if told.story.never_hedged:
        return "no layer was ever on"
    last = told.story.scenes[-1]
    value, why = told.hedge_irr
    irr = rate((value, why)) if value is not None else f"not told: {why}"
    return (
        f"paid {money(last.paid_usd)} USD, returned {money(last.returned_usd)} USD, "
        f"profit {money(last.hedge_usd, signed=True)} USD (model); XIRR {irr}"
    )


def unknowns(told: Told) -> Iterator[str]:
    """Yield a sentence about what is unknown, and why."""
    if not told.book.steady:
        yield f"Drawdown and XIRR are unknown: {FLOWS}."
        return
    dark = int(np.isnan(courses(told.story)[-1].hedge).sum())
    if dark:
        _, why = told.ledger.pnl
        reason = f" ({why})" if why else ""
        yield (
            f"At {dark:,} of {len(told.story.scenes):,} moments the hedge could not be priced"
            f"{reason}: what rests on it is unknown."
        )
        return
    cost, why = told.book.calm_cost
    if cost is None:
        yield f"The cost while VIX ≤ {CALM:.0f} is unknown: {why}."
    if isinstance(told.book.cut_interval, str):
        yield f"Of the drawdown: {told.book.cut_interval}."
    hedged, why = told.book.irr[True]
    if hedged is None:
        yield f"The hedged XIRR is unknown: {why}."
