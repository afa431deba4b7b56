"""How a verb is added to the command line, alike for all of them."""

import argparse
import shutil
import textwrap
from pathlib import Path
from typing import Final

from monitor.cli.examples import examples

CONFIG: Final = Path("config.toml")
"""The settings where none are named; there need be none for what needs none."""

Verbs = argparse._SubParsersAction  # noqa: SLF001 - argparse names it nowhere else
_AS_IS = argparse.RawDescriptionHelpFormatter  # the examples at the end stay lines


def add_verb(
    verbs: "Verbs[argparse.ArgumentParser]", name: str, what: str, target: str
) -> argparse.ArgumentParser:
    """Add a verb carried out by `module:function` of this package."""
    module, _, function = target.partition(":")
    verb = _added(verbs, name, what)
    verb.set_defaults(module=module, function=function)
    return verb


def add_group(
    verbs: "Verbs[argparse.ArgumentParser]", name: str, what: str
) -> "Verbs[argparse.ArgumentParser]":
    """Add a group of verbs and return what its verbs are added to."""
    group = _added(verbs, name, what)
    return group.add_subparsers(title="verbs", metavar="VERB", required=True)


def _added(
    verbs: "Verbs[argparse.ArgumentParser]", name: str, what: str
) -> argparse.ArgumentParser:
    words = f"{verbs._prog_prefix} {name}".partition(" ")[2]  # noqa: SLF001 - told nowhere else
    return verbs.add_parser(
        name,
        help=what,
        description=_sentence(what),
        epilog=examples(words),
        formatter_class=_AS_IS,
    )


def _sentence(text: str) -> str:
    return wrapped(f"{text[0].upper()}{text[1:]}.")


def wrapped(text: str) -> str:
    """Return a description as wide as argparse makes its own, for it leaves a raw one alone."""
    return textwrap.fill(text, max(shutil.get_terminal_size().columns - 2, 11))


def add_config(verb: argparse.ArgumentParser) -> None:
    """Add `--config FILE`."""
    verb.add_argument(
        "--config",
        type=Path,
        default=CONFIG,
        metavar="FILE",
        help="settings (default: ./config.toml)",
    )
