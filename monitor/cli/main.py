"""Running one verb, and what a failure looks like."""

import errno
import importlib
import io
import logging
import os
import re
import sys
from collections.abc import Sequence
from typing import Final

from monitor import logs
from monitor.cli.parser import MOVES, parser
from monitor.errors import ConfigError, HedgewatchError

COMPLETE: Final = "__complete"
"""What a shell's completion asks by; see `monitor.cli.completing`."""

_FALL: Final = re.compile(r"-[\d.]+%?")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return 0, 1 for a failure, 2 for a faulty file or argument."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == [COMPLETE]:
        return _completed(argv[1:])
    if isinstance(sys.stdout, io.TextIOWrapper):  # into a file or a pipe, too, as it is said
        sys.stdout.reconfigure(line_buffering=True)
    try:
        return _carried_out(argv)
    except BrokenPipeError:  # of the help, too: not every argparse of 3.11 hides it
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        print(f"hedgewatch: not all could be written: {error.strerror}", file=sys.stderr)
        return 1
    finally:
        _let_go()


def _carried_out(argv: Sequence[str]) -> int:
    asked = parser().parse_args(_joined(argv))
    logs.set_up(logging.DEBUG if asked.verbose else logging.INFO)
    try:
        verb = importlib.import_module(f"monitor.cli.{asked.module}")
        return int(getattr(verb, asked.function)(asked))
    except KeyboardInterrupt:
        return 130
    except (HedgewatchError, BaseExceptionGroup) as error:
        return _say(_leaves(error))


def _completed(words: Sequence[str]) -> int:
    """Print what may follow; a shell that waits for words is told of no failure."""
    try:
        completing = importlib.import_module("monitor.cli.completing")
        print("\n".join(completing.complete(words)))
    except (HedgewatchError, KeyboardInterrupt, BrokenPipeError, OSError):
        return 1
    return 0


def _let_go() -> None:
    """Give up what nobody reads or takes, lest Python complain of it at its end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _joined(argv: Sequence[str]) -> list[str]:
    """Return arguments with a fall joined to its option: argparse takes `-30%` for another one."""
    joined: list[str] = []
    for one in argv:
        if _FALL.fullmatch(one) and joined and joined[-1] in MOVES:
            joined[-1] += f"={one}"
        else:
            joined.append(one)
    return joined


def _say(errors: Sequence[BaseException]) -> int:
    """Print failures in one sentence each; anything that is not ours is a bug and is raised."""
    for error in errors:
        if not isinstance(error, HedgewatchError):
            raise error
        head = "" if isinstance(error, ConfigError) else "hedgewatch: "
        print(head + logs.redact(str(error)), file=sys.stderr)
    return 2 if any(isinstance(error, ConfigError) for error in errors) else 1


def _leaves(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for one in error.exceptions for leaf in _leaves(one)]
