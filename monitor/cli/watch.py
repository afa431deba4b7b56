"""A view that is drawn anew every few seconds, until Ctrl-C."""

import shutil
import sys
from collections.abc import Callable, Sequence
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
    fitting = shutil.get_terminal_size().lines - 1
    if len(told) > fitting:
        rest = len(told) - fitting + 1
        told[fitting - 1 :] = [f"{rest} more lines: name some, as in `hedgewatch signals vix`"]
    start = _HOME + _REST_OF_SCREEN if first else _HOME
    drawn = "".join(f"{text}{_REST_OF_LINE}\n" for text in told)
    sys.stdout.write(start + drawn + _REST_OF_SCREEN)
    sys.stdout.flush()
