"""`hedgewatch sweep`: many readings of one rule file over past storms."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from monitor.alerts.ticket import DISCLAIMER
from monitor.app.hands import Alone, Cluster, Hands, Processes, cluster
from monitor.app.sweep import Outcome, book_of, run
from monitor.cli import sweep_walked
from monitor.cli.lines import line
from monitor.cli.progress import Progress
from monitor.cli.sweep_walked import Row
from monitor.cli.timetravel_given import held_of, ready, refused
from monitor.errors import Permanent
from monitor.timetravel.events import EVENTS
from monitor.timetravel.figures import money, percent
from monitor.timetravel.grid import Point, Sweep, check, parse_grid
from monitor.timetravel.pareto import front
from monitor.timetravel.pareto_chart import Dot, draw_pareto

_SHOWN: Final = 12
"""Rows of the front of each place that the terminal shows."""


def sweep(asked: argparse.Namespace) -> int:
    """Replay every point, print what none is better than, and write the files."""
    swept = _asked(asked)
    check(swept)
    first = next(swept.points())
    book_of(swept, first)  # a fault of the file is told before anything is begun
    if asked.out:
        ready(asked.out)  # and so is one of where it is to be written
    bar = Progress(sys.stderr, "sweep")

    def tell(done: int, of: int, place: str) -> None:
        if sys.stderr.isatty() or done == of:
            bar.step(done, of, f"{done:,} of {of:,} points", place)

    try:
        with _hands(asked) as hands:
            rows, replayed = run(swept, hands, tell)
    except ValueError as error:
        raise Permanent(str(error)) from error
    finally:
        bar.end()
    if asked.json:
        print("\n".join(json.dumps(_told(*row)) for row in rows))
    else:
        print("\n".join(_summary(swept, rows, replayed)))
    if asked.out:
        _write(swept, rows, asked.out)
    return 0


_refused = partial(refused, verb="sweep")


def _asked(asked: argparse.Namespace) -> Sweep:
    if asked.jobs < 1:
        raise _refused("--jobs", f"must be 1 or more, was {asked.jobs}")
    for event in asked.events:
        if event not in EVENTS:
            raise _refused("--events", f"{event!r} is none of {', '.join(EVENTS)}")
    try:
        text = asked.rules.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(
            "FILE", f"{asked.rules} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    return Sweep(
        name=asked.rules.name,
        text=text,
        grid=parse_grid(asked.grid),
        events=tuple(dict.fromkeys(asked.events)),
        held=dict(zip(asked.ranges, held_of(asked, verb="sweep"), strict=True)),
        fee_share=asked.fees,
    )


@contextmanager
def _hands(asked: argparse.Namespace) -> Iterator[Hands]:
    if asked.dask:
        with cluster(asked.dask) as client:
            yield Cluster(client)
    elif asked.jobs == 1:
        yield Alone()
    else:
        with Processes(asked.jobs) as hands:
            yield hands


def best(rows: Sequence[Row]) -> dict[str, tuple[Row, ...]]:
    """Return, by event and range, the points no other is better than at cost and at fall."""
    places = dict.fromkeys(_place(point) for point, _ in rows)
    return {place: _front([row for row in rows if _place(row[0]) == place]) for place in places}


def _front(rows: Sequence[Row]) -> tuple[Row, ...]:
    known = [row for row in rows if None not in (row[1].cost_usd, row[1].fall_usd)]
    return front(
        known, cost=lambda row: row[1].cost_usd or 0.0, harm=lambda row: row[1].fall_usd or 0.0
    )


def _place(point: Point) -> str:
    return f"{point.event} {point.reach}"


def _summary(swept: Sweep, rows: Sequence[Row], replayed: int) -> Iterator[str]:
    yield f"{swept.name}: {_points(rows)}, {replayed:,} of them unlike the others, replayed"
    for place, some in best(rows).items():
        bare = next((one for point, one in rows if _place(point) == place), None)
        yield ""
        yield line(f"{place}: ", _bare(bare))
        yield f"  {'cost USD':>10} {'fall USD':>10}  none is better at both (model prices)"
        alike = [list(each) for _, each in groupby(some, key=lambda row: row[1])]
        for each in alike[:_SHOWN]:
            yield _line(each)
        if len(alike) > _SHOWN:
            yield f"  and {len(alike) - _SHOWN} more"
        yield from _dark([one for point, one in rows if _place(point) == place])
    yield ""
    yield "Chosen on these very events: no forecast."
    yield from sweep_walked.lines(rows)
    yield ""
    yield DISCLAIMER


def _points(rows: Sequence[Row]) -> str:
    return f"{len(rows):,} point{'' if len(rows) == 1 else 's'}"


def _dark(of: Sequence[Outcome]) -> Iterator[str]:
    """Yield how many outcomes are unknown, if any: they may be better than all that are shown."""
    if dark := sum(None in (one.cost_usd, one.fall_usd) for one in of):
        yield f"  {dark:,} of {len(of):,} unknown: the hedge could not be priced throughout"
    if blind := sum(one.dark > 0 for one in of):
        yield f"  {blind:,} of {len(of):,} have rules that could not be judged here"


def _line(rows: Sequence[Row]) -> str:
    """Return the points of one outcome: the first of them, and how many more there are."""
    point, outcome = rows[0]
    cells = f"  {money(outcome.cost_usd):>10} {money(outcome.fall_usd):>10}  "
    alike = f", and {len(rows) - 1} alike" if len(rows) > 1 else ""
    return line(cells, point.reading + alike)


def _bare(one: Outcome | None) -> str:
    if one is None:
        return ""
    fell = money(one.bare_fall_usd)
    return f"worst IL {percent(one.worst_il, places=1)}, falls {fell} USD without a hedge"


def _told(point: Point, outcome: Outcome) -> dict[str, Any]:
    place = {"point": point.number, "event": point.event, "range": point.range}
    return {**place, "values": dict(point.values), **asdict(outcome), "prices": "model"}


def _write(swept: Sweep, rows: Sequence[Row], out: Path) -> None:
    told = [_told(*row) for row in rows]
    files = {
        "sweep.json": json.dumps(told, indent=1).encode() + b"\n",
        "sweep.csv": _csv(swept, rows).encode(),
        "walk_forward.json": json.dumps(sweep_walked.told(rows), indent=1).encode() + b"\n",
        "pareto.png": _drawn(swept, rows),
    }
    try:
        for name, content in files.items():
            if content:
                (out / name).write_bytes(content)
                print(f"written {out / name}", file=sys.stderr)
    except OSError as error:
        raise Permanent(f"nothing can be written to {out}: {error.strerror}") from error


def _csv(swept: Sweep, rows: Sequence[Row]) -> str:
    """Return a line a point: its place, its values, and what came of it, unknown left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    figures = list(Outcome.__dataclass_fields__)
    writer.writerow(["point", "event", "range", *swept.grid, *(f"{one}" for one in figures)])
    for point, outcome in rows:
        values = [point.values[name] for name in swept.grid]
        found = asdict(outcome)
        writer.writerow(
            [point.number, point.event, point.range, *values, *(found[one] for one in figures)]
        )
    return text.getvalue()


def _drawn(swept: Sweep, rows: Sequence[Row]) -> bytes:
    """Return the plot; nothing where no point could be priced."""
    chosen = {row[0].number for some in best(rows).values() for row in some}
    told = (
        Dot((point.event, point.reach), one.cost_usd, one.fall_usd, point.number in chosen)
        for point, one in rows
        if one.cost_usd is not None and one.fall_usd is not None
    )
    dots = list(dict.fromkeys(told))  # alike points are one dot
    bare = {
        (point.event, point.reach): one.bare_fall_usd
        for point, one in rows
        if one.bare_fall_usd is not None
    }
    return draw_pareto(f"{swept.name}: {_points(rows)}", dots, bare) if dots else b""
