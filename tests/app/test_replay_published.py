"""Published gates through the replay: where their weights turn, and how often."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise

import pytest

from monitor.alerts.alert import Alert, AlertState
from monitor.app.replay import Replay
from monitor.model.layer import Action
from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.signals.of_term import Settled, forward30
from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.fills import ModelFills
from monitor.timetravel.pool import Held, ModelPool
from monitor.timetravel.tape import tape
from tests.app.test_replay import book, replayed

# Cboe's weights, in percent of the portfolio: up to 15, to 30, to 50, and above.
EDGES, WEIGHTS = (15.0, 30.0, 50.0), (0.0, 1.0, 0.5, 0.0)
HARD = {"vxth.none": 0.0, "vxth.full": 1.0, "vxth.half": 0.5}
OPEN_AT, SHUT_AT, MIDDLE = 16.0, 13.5, 14.75
JULY = datetime(2019, 7, 1, 21, 30, tzinfo=UTC)

# The index's gate went on and off in it; futures are a model's until 14 February.
BEFORE_AND_AFTER = Window(first=date(2019, 12, 2), last=date(2020, 4, 30), title="before and after")

Path = list[tuple[datetime, float]]


def hard(forward: float) -> float:
    """Return the published weight: each edge belongs to what lies below it."""
    return WEIGHTS[bisect_left(EDGES, forward)]


def with_memory(forwards: Iterable[float]) -> Iterator[float]:
    """Yield the published weights of the gate that opens at 16 and shuts at 13.5."""
    opened: bool | None = None
    for forward in forwards:
        opened = forward > MIDDLE if opened is None else opened
        opened = forward >= OPEN_AT or (opened and forward > SHUT_AT)
        yield max(hard(forward), 1.0 if forward < EDGES[1] else 0.0) if opened else 0.0


def curves(window: Window) -> list[Readings]:
    """Return the settlements of VIX futures in an event's tape, and nothing else."""
    pool = ModelPool(held=(Held(width=1.5, value_usd=100_000.0),), fee_share=1.0)
    seen = (one for one in tape(window, pool) if isinstance(one, Readings))
    return [one for one in seen if one.source == "vx.settle"]


def flat(*forwards: float) -> list[Readings]:
    """Return curves on which every future stands at a level, a day apart."""
    told = []
    for n, level in enumerate(forwards):
        at = JULY + timedelta(days=n)
        expiries = (date(2019, 7, 17), date(2019, 8, 21))
        told.append(
            Readings(
                source="vx.settle",
                observed_at=at,
                readings=tuple(
                    Reading(
                        name="vx.settle",
                        key=expiry.isoformat(),
                        value=level,
                        unit="points",
                        as_of=at - timedelta(hours=1),
                        source="made",
                    )
                    for expiry in expiries
                ),
            )
        )
    return told


def forwards(told: Iterable[Readings]) -> Path:
    """Return the future of a constant 30 days after each curve of a tape that gives one."""
    path: dict[datetime, float] = {}
    for one in told:
        session = one.readings[0].as_of.date()
        listed = sorted((date.fromisoformat(r.key), r.value) for r in one.readings)
        value, _ = forward30(session, [Settled(*row) for row in listed if row[0] > session])
        if isinstance(value, float):  # of May 2020 two months are had, not those around 30 days
            path[one.observed_at] = value
    return list(path.items())


def turns(alerts: Iterable[Alert]) -> Iterator[tuple[datetime, set[str]]]:
    """Yield which rules fire after each instant at which one began or ended."""
    firing = set[str]()
    for at, told in groupby(alerts, key=lambda one: one.at):
        for one in told:
            if one.state is AlertState.FIRING:
                firing.add(one.rule)
            elif one.state is AlertState.RESOLVED:
                firing.discard(one.rule)
        yield at, set(firing)


def of_hard(firing: set[str]) -> float:
    (one,) = firing & HARD.keys()
    return HARD[one]


def of_memory(firing: set[str]) -> float:
    assert not {"gate.open", "gate.shut"} <= firing
    if "gate.open" not in firing or "gate.over" in firing:
        return 0.0
    return 0.5 if "gate.half" in firing else 1.0


def changes(path: Iterable[tuple[datetime, float]]) -> Path:
    """Return the first weight, and each that differs from the one before."""
    rows = list(path)
    return rows[:1] + [new for old, new in pairwise(rows) if new[1] != old[1]]


def gates(told: list[Readings]) -> tuple[Path, Path]:
    """Return how the weight of either gate turned in a replay."""
    alerts = Replay(book("vxth_hard", "vxth_hysteresis")).run(told).alerts
    told_of = [(at, firing) for at, firing in turns(alerts) if firing & HARD.keys()]
    return (
        changes((at, of_hard(firing)) for at, firing in told_of),
        changes((at, of_memory(firing)) for at, firing in told_of),
    )


def test_weights_turn_exactly_at_fifteen_thirty_and_fifty() -> None:
    steps = (14.99, 15.0, 15.01, 29.99, 30.0, 30.01, 49.99, 50.0, 50.01, 50.0, 30.0, 15.0)
    told = flat(*steps)
    turned, _ = gates(told)
    days = [(at - JULY).days for at, _ in turned]
    assert [(steps[day], weight) for day, (_, weight) in zip(days, turned, strict=True)] == [
        (14.99, 0.0),
        (15.01, 1.0),
        (30.01, 0.5),
        (50.01, 0.0),
        (50.0, 0.5),
        (30.0, 1.0),
        (15.0, 0.0),
    ]


@pytest.mark.parametrize(
    "window", [*EVENTS.values(), BEFORE_AND_AFTER], ids=[*EVENTS, "december to april"]
)
def test_both_gates_turn_in_each_storm_as_published_and_memory_no_more_often(
    window: Window,
) -> None:
    told = curves(window)
    path = forwards(told)
    turned, remembered = gates(told)
    assert turned == changes((at, hard(forward)) for at, forward in path)
    kept = with_memory(forward for _, forward in path)
    assert remembered == changes(zip((at for at, _ in path), kept, strict=True))
    assert len(remembered) <= len(turned)


def test_a_future_that_wavers_about_fifteen_turns_the_hard_gate_alone() -> None:
    turned, remembered = gates(flat(16.5, 14.9, 15.1, 14.6, 15.3, 13.6, 15.5))
    assert (len(turned), len(remembered)) == (7, 1)


def test_the_ladder_is_bought_by_the_weight_and_sold_at_the_next_tenor() -> None:
    window = Window(first=date(2020, 2, 14), last=date(2020, 3, 21), title="the crash")
    found = replayed(window, "ladder_50d_30_60_90", fills=ModelFills())
    began = [one for one in found.alerts if one.state is AlertState.FIRING]
    removed = {one.layer: one.at.date() for one in began if one.action is Action.REMOVE}
    # Expiries of 18 March, 15 April and 20 May: a day, 30 and 60 before.
    assert removed == {"K1": date(2020, 3, 17), "K2": date(2020, 3, 16), "K3": date(2020, 3, 21)}
    for one in found.alerts:
        if one.action is Action.ADD and one.ticket is not None:
            assert one.ticket.cost_usd is not None
            assert 0 < one.ticket.cost_usd <= 0.00333 * 100_000  # the position is worth no more
