"""`sweep`: how a thousand points of one storm go faster by a second process."""

from monitor.app.hands import Hands, Processes
from monitor.app.sweep import run as swept
from monitor.timetravel.grid import Sweep, parse_grid
from monitor.timetravel.pool import Held
from tests.bench.past import HERE
from tests.bench.table import Figure, Table
from tests.bench.timing import Times

POINTS = 1_000
_ROUNDS = 2
_CALM = [f"{13 + n / 50:.2f}" for n in range(250)]


def run(table: Table) -> None:
    """Measure the same sweep by one process and by two, turn by turn."""
    sweep = Sweep(
        name="swept.toml",
        text=(HERE / "swept.toml").read_text(encoding="ascii"),
        grid=parse_grid([f"calm={','.join(_CALM)}", "n=1,2,3,4"]),
        events=("covid_2020",),
        held={"1.5": Held(width=1.5, value_usd=100_000.0)},
    )
    assert len(sweep) == POINTS
    one, two, replayed = Times(), Times(), 0
    with Processes(1) as alone, Processes(2) as both:
        small = Sweep(
            name=sweep.name, text=sweep.text, grid=parse_grid(["calm=13,14,15,16", "n=1"]),
            events=sweep.events, held=sweep.held,
        )  # fmt: skip
        for hands in (alone, both):
            _swept(small, hands)  # to start them is not what is measured
        for _ in range(_ROUNDS):
            with one.measured():
                replayed = _swept(sweep, alone)
            with two.measured():
                _swept(sweep, both)
    what = f"{POINTS:,} points, {replayed} replayed: {one.least_wall:.0f} s by one process"
    gain = one.least_wall / two.least_wall
    figure = Figure(value=gain, unit="times", limit=1.8, at_least=True, against=what)
    table.add("sweep.two_processes", figure)


def _swept(sweep: Sweep, hands: Hands) -> int:
    return swept(sweep, hands, lambda _done, _of, _place: None)[1]
