"""What a sweep's choice came to on what it had not seen: walk-forward, range by range."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from monitor.app.sweep import Outcome
from monitor.cli.lines import line
from monitor.timetravel.events import EVENTS
from monitor.timetravel.figures import money
from monitor.timetravel.grid import Point
from monitor.timetravel.walk_forward import Walked, walked

Row: TypeAlias = tuple[Point, Outcome]

_HEAD: Final = "Walk-forward: what cost + fell least over all that had ended, on what came after"
_NONE: Final = "No walk-forward: none of these events had ended before another began."


@dataclass(frozen=True, slots=True)
class Judged:
    """A fold of one range. rows: of the judged event, in the order of the readings."""

    reach: str
    walked: Walked
    rows: Sequence[Row]


def judged(rows: Sequence[Row]) -> list[Judged]:
    """Return each fold of each range; none where there was nothing to choose from."""
    found: list[Judged] = []
    for reach in dict.fromkeys(point.range for point, _ in rows):
        of: dict[str, list[Row]] = {}
        for row in rows:
            if row[0].range == reach:
                of.setdefault(row[0].event, []).append(row)
        harms = {event: [_harm(outcome) for _, outcome in some] for event, some in of.items()}
        if min(map(len, harms.values())) > 1:
            told = walked({event: EVENTS[event] for event in of}, harms)
            found += [Judged(reach, one, of[one.fold.judged_on]) for one in told]
    return found


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what each choice came to, beside no hedge and what hindsight would have chosen."""
    if len({point.reading for point, _ in rows}) == 1:
        return
    found = judged(rows)
    yield ""
    yield _HEAD if found else _NONE
    for one in found:
        fold, (point, bare) = one.walked.fold, one.rows[0]
        yield line("", f"{fold.judged_on} {point.reach}, chosen on {', '.join(fold.chosen_on)}")
        yield f"  {'cost USD':>10} {'fall USD':>10}"
        yield _chosen(one)
        yield _cells(0.0, bare.bare_fall_usd, "no hedge")
        if one.walked.best is not None:
            yield _row(one.rows[one.walked.best], "with hindsight: ")


def told(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the same as records, the unknown None."""
    return [
        {
            "range": one.reach,
            "chosen_on": list(one.walked.fold.chosen_on),
            "judged_on": one.walked.fold.judged_on,
            "equals": len(one.walked.chosen),
            "chosen": _record(one, one.walked.judged),
            "hindsight": _record(one, one.walked.best),
            "bare_fall_usd": one.rows[0][1].bare_fall_usd,
            "prices": "model",
        }
        for one in judged(rows)
    ]


def _harm(outcome: Outcome) -> float | None:
    if outcome.cost_usd is None or outcome.fall_usd is None:
        return None
    if outcome.dark and not outcome.adds:
        return None  # what it would have asked for is unknown
    return outcome.cost_usd + outcome.fall_usd


def _chosen(one: Judged) -> str:
    many = len(one.walked.chosen)
    if one.walked.judged is None:
        where = one.walked.fold.judged_on if many else "what was past"
        return f"  unknown: on {where} the hedge could not be judged or priced"
    equals = f", the worst here of {many:,} equals" if many > 1 else ""
    return _row(one.rows[one.walked.judged], "chosen: ", equals)


def _row(row: Row, head: str, tail: str = "") -> str:
    point, outcome = row
    return _cells(outcome.cost_usd, outcome.fall_usd, f"{head}{point.reading}{tail}")


def _cells(cost: float | None, fall: float | None, text: str) -> str:
    return line(f"  {money(cost):>10} {money(fall):>10}  ", text)


def _record(one: Judged, place: int | None) -> dict[str, Any] | None:
    if place is None:
        return None
    point, outcome = one.rows[place]
    return {
        "values": dict(point.values),
        "cost_usd": outcome.cost_usd,
        "fall_usd": outcome.fall_usd,
    }
