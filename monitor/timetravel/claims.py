"""What is claimed of the method, beside what a story measured: held, not held, cannot be tested.

The claims are published and unaudited, and say neither how they were measured nor of what
size of hedge. Each is measured here in the readings its words allow.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import groupby
from typing import Final

from monitor.alerts.figures import number
from monitor.model.layer import Action
from monitor.timetravel.figures import day_of, money, percent, stormy
from monitor.timetravel.measures import Interval
from monitor.timetravel.outcome import CALM, FLOWS, Outcome
from monitor.timetravel.scene import STORM, Offset, Scene, Story

OFFSET: Final = (0.60, 0.75)
"""Of the loss while the VIX is above 30, the share that the hedge makes good."""

CUT: Final = (0.35, 0.40)
"""By how much the hedge makes the deepest drawdown less deep."""

COST: Final = (0.01, 0.02)
"""What it costs a year for that, as a share of the portfolio."""


class Verdict(StrEnum):
    """What a story says of a claim."""

    HELD = "held"
    NOT_HELD = "not held"
    UNTESTED = "cannot be tested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reading of a claim. measured: the figure in words. why: what the verdict rests on."""

    claim: str
    reading: str
    measured: str
    verdict: Verdict
    why: str


_NEARLY: Final = 0.05
_NO_STORM: Final = f"VIX never stood above {STORM:.0f}"
_UNKNOWN: Final = "a VIX close, a loss or the hedge's worth is unknown"
_SHARE_CLAIM: Final = "60–75 % of the loss above VIX 30 is offset"
_CUT_CLAIM: Final = "drawdown 35–40 % lower, for 1–2 % a year"


def findings(
    story: Story, book: Outcome, *, layered: bool, blind: bool = False
) -> tuple[Finding, ...]:
    """Return every reading's finding.

    book: the outcome of all ranges together. layered: whether the packs have a layer to add.
    blind: whether a rule that would have asked for one could not be judged.
    """
    found = _over_storms(story, book), _into_storm(story, book), _drawdown(book)
    idle = _idle(story, layered=layered, blind=blind)
    if idle is None:
        return found
    verdict, why = idle
    return tuple(
        one if one.verdict is Verdict.UNTESTED else replace(one, verdict=verdict, why=why)
        for one in found
    )


def _idle(story: Story, *, layered: bool, blind: bool) -> tuple[Verdict, str] | None:
    """Return what to say where no layer was ever on; None where one was, or may have been."""
    if not story.never_hedged:
        return None
    if not layered:
        return Verdict.UNTESTED, "these packs have no hedge layer"
    if not story.count(Action.ADD):
        if blind:
            why = "rules that would have asked for a layer could not be judged"
            return Verdict.UNTESTED, why
        return (
            Verdict.NOT_HELD,
            "the rules never asked for a layer: there was nothing to offset with",
        )
    return Verdict.UNTESTED, "nobody traded what the rules asked for"


def deepest_storm(scenes: Sequence[Scene]) -> tuple[Scene, Scene] | None:
    """Return the storm that cost most: its first moment, and its worst one while it lasted.

    None where the VIX was never above the level, or a VIX or a loss in a storm is unknown.
    """
    if any(scene.vix is None for scene in scenes):
        return None
    found: list[tuple[float, Scene, Scene]] = []
    for blowing, told in groupby(scenes, key=stormy):
        if not blowing:
            continue
        run = list(told)
        losses = [one.loss_usd for one in run if one.loss_usd is not None]
        if len(losses) < len(run):
            return None
        deepest = min(losses)
        found.append((deepest - losses[0], run[0], run[losses.index(deepest)]))
    return min(found, key=lambda one: one[0])[1:] if found else None


def _over_storms(story: Story, book: Outcome) -> Finding:
    told = partial(
        Finding, claim=_SHARE_CLAIM, reading="net over all time above VIX 30, start to end"
    )
    if book.storm is None:
        return told(measured="unknown", verdict=Verdict.UNTESTED, why=_UNKNOWN)
    if not any(stormy(scene) for scene in story.scenes[:-1]):
        return told(measured="nothing", verdict=Verdict.UNTESTED, why=_NO_STORM)
    measured, lost = _amounts(book.storm), book.storm.lost_usd
    if lost >= 0:
        why = "net of what came back, nothing was lost over the storms"
        return told(measured=measured, verdict=Verdict.UNTESTED, why=why)
    if book.little(book.storm):
        part = percent(lost / book.start_usd, places=1)
        why = f"the loss came back before the storms were over, but for {part} of the book: "
        why += "a share of that says nothing"
        return told(measured=measured, verdict=Verdict.UNTESTED, why=why)
    verdict, why = _weighed(book.storm.share or 0.0, OFFSET[0], book.storm_interval)
    return told(
        measured=_with_share(book.storm), verdict=verdict, why=f"{why}{_size(story, book.storm)}"
    )


def _into_storm(story: Story, book: Outcome) -> Finding:
    told = partial(
        Finding,
        claim=_SHARE_CLAIM,
        reading="from the start of the costliest storm to its worst moment",
    )
    found = deepest_storm(story.scenes)
    if found is None:
        dark = any(scene.vix is None or stormy(scene) for scene in story.scenes)
        why, measured = (_UNKNOWN, "unknown") if dark else (_NO_STORM, "nothing")
        return told(measured=measured, verdict=Verdict.UNTESTED, why=why)
    first, worst = found
    offset = _between(first, worst)
    if offset is None:
        return told(measured="unknown", verdict=Verdict.UNTESTED, why=_UNKNOWN)
    if offset.share is None or book.little(offset):
        why = "no storm cost the book enough for a share of it to say anything"
        return told(measured=_amounts(offset), verdict=Verdict.UNTESTED, why=why)
    verdict = Verdict.HELD if offset.share >= OFFSET[0] else Verdict.NOT_HELD
    until = day_of(worst, story)
    days = f"{first.at.day} {first.at:%b} to {until.day} {until:%b %Y}"
    why = f"{days}: one storm, so no interval{_size(story, offset)}"
    return told(measured=_with_share(offset), verdict=verdict, why=why)


def _drawdown(book: Outcome) -> Finding:
    told = partial(Finding, claim=_CUT_CLAIM, reading="the deepest drawdown, fees left out")
    bare, hedged = book.drawdown[False, False], book.drawdown[True, False]
    if not book.steady:
        return told(measured="unknown", verdict=Verdict.UNTESTED, why=FLOWS)
    if book.cut is None or bare is None or hedged is None:
        return told(measured="unknown", verdict=Verdict.UNTESTED, why=_UNKNOWN)
    measured = (
        f"{percent(bare, places=1)} became {percent(hedged, places=1)}:"
        f" {percent(book.cut)} less deep"
    )
    verdict, why = _weighed(book.cut, CUT[0], book.cut_interval)
    cost, reason = book.calm_cost
    if cost is None:
        why += f"; what it costs to wait cannot be told: {reason}"
        verdict = Verdict.UNTESTED if verdict is Verdict.HELD else verdict
        return told(measured=measured, verdict=verdict, why=why)
    bill = f"cost {percent(cost, places=1)}" if cost >= 0 else f"earned {percent(-cost, places=1)}"
    why += f"; it {bill} a year with VIX at or below {CALM:.0f}, {reason}"
    if verdict is Verdict.HELD and cost > COST[1]:
        verdict = Verdict.NOT_HELD
    return told(measured=measured, verdict=verdict, why=why)


def _weighed(measured: float, least: float, interval: Interval | str) -> tuple[Verdict, str]:
    """Return what a figure says of a claim that it is at least so much, and why."""
    if isinstance(interval, str):
        return (Verdict.HELD if measured >= least else Verdict.NOT_HELD), interval
    why = f"90 % interval {percent(interval.low)} to {percent(interval.high)}"
    if interval.low < least <= interval.high:
        return Verdict.UNTESTED, f"{why} holds {percent(least)}: chance could have made it either"
    return (Verdict.HELD if interval.low >= least else Verdict.NOT_HELD), why


def _size(story: Story, offset: Offset) -> str:
    """Return what size would have made the claim's share good, for the size here is a choice."""
    paid, part = story.scenes[-1].paid_usd, offset.share
    if not paid or part is None:
        return ""
    if part <= 0:
        return "; more of it would have lost more" if part < 0 else "; no layer was on then"
    times = OFFSET[0] / part
    places = 1 if abs(times - 1) >= _NEARLY else 2  # "1.0 times" would be no size to change
    return (
        f"; {number(times, places)} times the contracts would have made {percent(OFFSET[0])},"
        f" for {money(paid * times)} USD of premium"
    )


def _between(first: Scene, last: Scene) -> Offset | None:
    losses, made = (first.loss_usd, last.loss_usd), (first.hedge_usd, last.hedge_usd)
    if None in losses or None in made:
        return None
    return Offset(
        lost_usd=(losses[1] or 0.0) - (losses[0] or 0.0),
        hedge_usd=(made[1] or 0.0) - (made[0] or 0.0),
    )


def _amounts(offset: Offset) -> str:
    lost, made = money(offset.lost_usd, signed=True), money(offset.hedge_usd, signed=True)
    return f"loss {lost}, hedge {made} USD"


def _with_share(offset: Offset) -> str:
    return f"{percent(offset.share)}: {_amounts(offset)}"
