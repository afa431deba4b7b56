"""A view that is drawn anew every few seconds, until Ctrl-C."""

import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from monitor.clock import wait
from monitor.errors import ConfigError, Fault, Transient

_HOME = "\x1b[H"
_REST_OF_LINE = "\x1b[K"
_REST_OF_SCREEN = "\x1b[J"


def watch(every_s: float, frame: Callable[[], tuple[datetime, Sequence[str]]]) -> int:
    """Draw frames until Ctrl-C: over one another on a terminal, else one below the other.

    frame: when it is of, and its lines.
    """
    if not every_s > 0:
        reason = f"must be above 0 seconds, was {every_s:g}"
        raise ConfigError([Fault(file="--every", where="", reason=reason)])
    try:
        _show(every_s, *frame(), first=True)
        while True:
            wait(every_s)
            try:
                _show(every_s, *frame())
            except Transient as error:  # another process holds the store: the next look will do
                print(f"{error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 0


def _show(every_s: float, at: datetime, lines: Sequence[str], *, first: bool = False) -> None:
    told = [f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, every {every_s:g} s; Ctrl-C ends", *lines]
    if not sys.stdout.isatty():
        print("\n".join(("", *told)[first:]), flush=True)
        return
    size = shutil.get_terminal_size()
    start = _HOME + _REST_OF_SCREEN if first else _HOME
    drawn = "".join(f"{row}\n" for row in _rows(told, size.columns, size.lines - 1))
    sys.stdout.write(start + drawn + _REST_OF_SCREEN)
    sys.stdout.flush()


def _rows(told: Iterable[str], columns: int, fitting: int) -> list[str]:
    """Return the rows of a terminal that a frame takes, `fitting` at most, each to be drawn over.

    A text may hold several lines, and what is wider than the terminal goes on in its next row.
    """
    lines = (line for text in told for line in text.split("\n"))
    rows = [
        line[begin : begin + columns]
        for line in lines
        for begin in range(0, max(len(line), 1), columns)
    ]
    if len(rows) > fitting:
        rest = len(rows) - fitting + 1
        more = f"{rest} more lines: name some, as in `hedgewatch signals vix`"
        rows[max(fitting - 1, 0) :] = [more[:columns]]
    # A full row has no rest, and clearing it would take its last letter.
    return [row if len(row) == columns else f"{row}{_REST_OF_LINE}" for row in rows]
