"""`hedgewatch rules check` and `hedgewatch rules language`."""

import argparse
from pathlib import Path

from monitor.app.rulebook import load_enabled
from monitor.app.soundness import look_over
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.rules.expression import LANGUAGE
from monitor.rules.lint import warnings
from monitor.rules.loader import load_packs
from monitor.rules.pack import Pack


def check(asked: argparse.Namespace) -> int:
    """Read rule files, say what they hold, and every fault or warning in them."""
    packs = _packs(asked)
    for pack in packs:
        layers = f", {len(pack.layers)} layers" if pack.layers else ""
        print(f"ok    {pack.id:<14} {len(pack.rules)} rules{layers}   evidence: {pack.evidence}")
    found = warnings(packs)
    for fault in found:
        print(f"warn  {fault}")
    return 3 if found and asked.strict else 0


def language(_: argparse.Namespace) -> int:
    """Print the language of rules on one page."""
    print(LANGUAGE, end="")
    return 0


def _packs(asked: argparse.Namespace) -> tuple[Pack, ...]:
    if asked.files:
        return load_packs(asked.files)
    path = asked.config or Path("config.toml")
    if not asked.config and not path.exists():
        return load_enabled(Settings())
    found = look_over(path)
    if found.unset:
        wanting = "; ".join(f"{one.where}: {one.reason}" for one in found.unset)
        print(f"note: `run` will want what cannot be had here: {wanting}")
    if found.faults:
        raise ConfigError(found.faults)
    return found.packs
