"""`hedgewatch history show` and `list`: the bars that are known, in 80 columns."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date
from typing import Final

from monitor.alerts.figures import day as spelled
from monitor.alerts.figures import figure
from monitor.app.history_known import Known, all_known
from monitor.app.history_plan import pullable, signal_of
from monitor.app.present import open_saved
from monitor.cli.lines import cut, line
from monitor.config import load_settings
from monitor.model.reading import Bar
from monitor.signals.catalogue import BY_NAME
from monitor.signals.days import missing, monthly
from monitor.signals.signal import Signal

_PRICES: Final = ("open", "high", "low", "close")
_MOST_KEY: Final = 16
_NAMED: Final = 6
"""So many missing days are named; more are counted."""


def show(asked: argparse.Namespace) -> int:
    """Show the newest bars of a signal, oldest first."""
    signal = signal_of(asked.signal)
    known = _looked(asked).get(signal.name, Known())
    rows = [(key, bar) for key, bars in known.taken.items() for bar in bars]
    rows.sort(key=lambda row: (row[1].day, row[0]))
    if rows:
        for text in _table(signal, rows[-max(asked.n, 1) :]):
            print(text)
    print(line("", _summary(signal, known)))
    return 0


def known(asked: argparse.Namespace) -> int:
    """List every signal of which bars are known: how many, from when to when, what is missing."""
    found = _looked(asked)
    for text in _listed(found):
        print(text)
    rest = [name for name in pullable() if name not in found]
    if rest:
        print(line("to pull   ", ", ".join(rest)))
    return 0


def counted(number: int, what: str) -> str:
    """Return a number of things: `1 session`, `8 sessions`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def gaps_told(gaps: Sequence[date]) -> str:
    """Return the missing days in words."""
    if not gaps:
        return "no gaps"
    named = ", ".join(f"{one}" for one in gaps[:_NAMED])
    more = f" and {len(gaps) - _NAMED} more" if len(gaps) > _NAMED else ""
    return f"{len(gaps)} missing: {named}{more}"


def _looked(asked: argparse.Namespace) -> dict[str, Known]:
    settings = load_settings(asked.config)
    with closing(open_saved(settings)) as store:
        return all_known(store)


def _table(signal: Signal, rows: Sequence[tuple[str, Bar]]) -> Iterator[str]:
    """Yield a row a bar; one column of values where no bar has a range."""
    ranged = any(bar.high > bar.low for _, bar in rows)
    keyed = ("of",) if signal.keyed else ()
    head = (unit_of_day(signal), *keyed, *(_PRICES if ranged else ("value",)), "known since")
    cells = [_cells(signal, key, bar, ranged=ranged) for key, bar in rows]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    names = 1 + len(keyed)
    for row in (head, *cells):
        told = [
            f"{cell:<{width}}" if column < names or column == len(head) - 1 else f"{cell:>{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(told).rstrip()


def _cells(signal: Signal, key: str, bar: Bar, *, ranged: bool) -> tuple[str, ...]:
    values = (bar.open, bar.high, bar.low, bar.close) if ranged else (bar.close,)
    told = f"{bar.day:%Y-%m}" if monthly(signal) else f"{bar.day}"
    return (
        told,
        *((cut(key, _MOST_KEY),) if signal.keyed else ()),
        *(figure(value, signal.unit) for value in values),
        f"{bar.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
    )


def unit_of_day(signal: Signal) -> str:
    """Return what one bar is of: a session, or a month."""
    return "month" if monthly(signal) else "session"


def _summary(signal: Signal, known: Known) -> str:
    taken = sorted({bar.day for bars in known.taken.values() for bar in bars})
    if not taken and not known.queued:
        pull = f"`hedgewatch history pull {signal.name} --from …` fetches it"
        return f"no history of {signal.name} is known" + (
            f"; {pull}" if signal.name in pullable() else ""
        )
    waits = len({bar.day for bars in known.queued.values() for bar in bars})
    are, them = ("is", "it") if waits == 1 else ("are", "them")
    told_later = f"{are} queued: the daemon takes {them} up when it runs"
    queue = f"{counted(waits, unit_of_day(signal))} {told_later}" if waits else ""
    if not taken:
        return queue
    members = f" of {len(known.taken)} {signal.name}" if signal.keyed else ""
    count = f"{counted(len(taken), unit_of_day(signal))}{members}"
    told = f"{count}, {spelled(taken[0])} to {spelled(taken[-1])}"
    told += f"; {gaps_told(missing(signal, taken, taken[0], taken[-1]))}"
    return f"{told}; {queue}" if queue else told


def _listed(found: Mapping[str, Known]) -> Iterator[str]:
    head = ("signal", "bars", "first", "last", "missing")
    rows = [_row(BY_NAME[name], found[name]) for name in BY_NAME if name in found]
    if not rows:
        yield "no history is known yet: `hedgewatch history pull SIGNAL --from DATE` fetches it"
        return
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        name, count, *days, gaps = (
            f"{cell:>{width}}" if column in {1, 4} else f"{cell:<{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join((name, count, *days, gaps)).rstrip()


def _row(signal: Signal, known: Known) -> tuple[str, ...]:
    days = sorted(known.days)
    if not days:
        return signal.name, "0", "", "", ""
    gaps = missing(signal, days, days[0], days[-1])
    queued = not known.taken
    count = f"{len(days)}"
    return (
        signal.name,
        count,
        f"{days[0]}",
        f"{days[-1]}" + (" queued" if queued else ""),
        f"{len(gaps)}",
    )
