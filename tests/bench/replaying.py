"""`replay` and `screen`: what a bar of the past costs, beside zelos-demeter on the same minutes."""

import gc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitor.app.garbage import collect_seldom
from monitor.app.replay import Replay
from monitor.model.observation import Observation
from monitor.pipeline import Rulebook, State, step
from monitor.timetravel.fills import ModelFills
from monitor.timetravel.film import OF_A_POSITION, OF_THE_BOOK, Prices, filmed
from monitor.timetravel.pool import Held, ModelPool
from monitor.timetravel.screen import Screen, asked_by
from tests.bench import past
from tests.bench.peer import demeter_bars
from tests.bench.table import Figure, Table
from tests.bench.timing import Times, settled

BARS, STRETCH = 5_000, 100
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FIVE_YEARS = datetime(2020, 1, 2, tzinfo=UTC)
HOURS = 5 * 365 * 24
_HELD = Held(width=1.5, value_usd=100_000.0)
_MOST_ROUNDS = 6


def run(table: Table) -> None:
    """Measure a bar of the step, of a whole replay, and of the screen, as the daemon runs."""
    before = gc.get_threshold()
    collect_seldom()
    try:
        _run(table)
    finally:
        gc.set_threshold(*before)


def _run(table: Table) -> None:
    prices = past.walk(BARS, MINUTE)
    book = past.book("minutes.toml")
    pool = ModelPool(held=(_HELD,), fee_share=1.0)
    seen = list(past.told(prices, begins=past.BEGINS, every=MINUTE, blocks=pool))
    stretches = [seen[n : n + STRETCH] for n in range(0, len(seen), STRETCH)]
    parts, whole, theirs = [Times() for _ in stretches], Times(), list[float]()
    with demeter_bars(f"{past.BEGINS:%Y-%m-%d %H:%M}", prices, past.ticks(1.5)) as peer:
        while len(theirs) < _MOST_ROUNDS and not settled(whole.cpu):
            state = State(epoch="bench")
            for part, stretch in zip(parts, stretches, strict=True):
                with part.measured():
                    state = stepped_through(book, state, stretch)
            with whole.measured():
                Replay(book, ModelFills()).run(seen)
            theirs.append(peer.value())
        version = peer.version
    assert len([one for one in state.layers.values() if one.legs]) == 3, "a layer was not opened"
    # The least of each stretch: no round is left alone for as long as a whole one takes.
    bar = sum(part.least_cpu for part in parts) / BARS * 1e6
    round_ = min(sum(one) for one in zip(*(part.cpu for part in parts), strict=True)) / BARS * 1e6
    beside = min(theirs) / BARS * 1e6
    what = "5 rules, 3 layers, 1 position, minute bars"
    told = f"zelos-demeter {version}: {beside:.0f} us on the same minutes, by whole rounds of both"
    table.add("replay.step", Figure(value=bar, unit="us/bar", limit=150, against=what))
    table.add("replay.vs_demeter", Figure(value=beside / round_, unit="times", against=told))
    through = whole.least_cpu / BARS * 1e6
    kept = "the same with store, outbox and alerts"
    table.add("replay.whole", Figure(value=through, unit="us/bar", against=kept))
    _screen(table, prices)


def stepped_through(book: Rulebook, state: State, seen: Sequence[Observation]) -> State:
    """Return the state after some bars, with every proposal taken as a model takes it."""
    fills = ModelFills()
    for one in seen:
        state, alerts = step(book, state, one)
        for word in fills.answers(alerts, one.observed_at) if alerts else ():
            state, _ = step(book, state, word)
    return state


def _screen(table: Table, prices: Sequence[float]) -> None:
    book, bars, years = past.book("hourly.toml"), Times(), Times()
    screen = _screened(book, prices, begins=past.BEGINS, every=MINUTE)
    while len(bars.cpu) < _MOST_ROUNDS and not settled(bars.cpu):
        fresh = Screen(book, screen.film, screen.film.positions((_HELD,)))
        with bars.measured():
            fresh.turned()
    bar = bars.least_cpu / BARS * 1e6
    ten = "10 rules over a film of the same minutes"
    table.add("screen.bar", Figure(value=bar, unit="us/bar", limit=10, against=ten))
    hours = past.walk(HOURS, HOUR)
    _screened(book, hours, begins=FIVE_YEARS, every=HOUR).turned()
    while len(years.cpu) < _MOST_ROUNDS and not settled(years.cpu):
        with years.measured():
            found = _screened(book, hours, begins=FIVE_YEARS, every=HOUR).turned()
    assert {one.rule for one in found} >= {"calm", "hold", "out"}, "the years were too quiet"
    all_told = f"{HOURS:,} hours, 10 rules, 1 position, from the tape on"
    figure = Figure(value=years.least_cpu, unit="s", limit=2, against=all_told)
    table.add("screen.five_years", figure)


def _screened(
    book: Rulebook, prices: Sequence[float], *, begins: datetime, every: timedelta
) -> Screen:
    noted = Prices()
    names = frozenset(name for rule in book.rules for name in asked_by(rule))
    seen = past.told(prices, begins=begins, every=every, blocks=noted)
    reel = filmed(seen, noted, names - OF_A_POSITION - OF_THE_BOOK, book.lens.windows)
    return Screen(book, reel, reel.positions((_HELD,)))
