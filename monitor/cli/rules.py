"""`hedgewatch rules check`, `rules test` and `rules language`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from monitor.alerts.reach import unreached
from monitor.app.rulebook import load_enabled, rulebook
from monitor.app.soundness import look_over
from monitor.cli.lines import line
from monitor.config import Settings
from monitor.errors import ConfigError, Fault, Permanent
from monitor.rules.expression import LANGUAGE
from monitor.rules.lint import warnings
from monitor.rules.loader import TEST_SUFFIX, load_packs, rule_files
from monitor.rules.pack import Pack
from monitor.shipped import rules_dir
from monitor.timetravel.junit import junit
from monitor.timetravel.trial import Tested, find_trials, run_files, untested


def check(asked: argparse.Namespace) -> int:
    """Read rule files, say what they hold, and every fault or warning in them."""
    packs, doubts = _packs(asked)
    width = _widest(packs)
    for pack in packs:
        layers = f", {_counted(len(pack.layers), 'layer')}" if pack.layers else ""
        held = _counted(len(pack.rules), "rule") + layers
        print(f"ok    {pack.id:<{width}} {held:<18}  evidence: {pack.evidence}")
    found = [*warnings(packs), *doubts]
    for fault in found:
        print(line("warn  ", str(fault)))
    return 3 if found and asked.strict else 0


def test(asked: argparse.Namespace) -> int:
    """Run the tests of rule files; return 1 where one fails, 3 where a rule is not covered.

    A file that cannot be read keeps the others from nothing, but is ConfigError in the end.
    """
    paths = asked.files or [rules_dir()]
    (tested, faults), bare = run_files(find_trials(paths)), untested(paths)
    _tell(tested)
    covered = not asked.coverage or _covered(tested, bare)
    if asked.junit:
        _write(asked.junit, junit(tested, coverage=asked.coverage, bare=bare, faults=faults))
    if faults:
        raise ConfigError(faults)
    if any(outcome.faults for one in tested for outcome in one.outcomes):
        return 1
    return 0 if covered else 3


def _tell(tested: Sequence[Tested]) -> None:
    """Print of each file how many tests passed, and what is wrong with those that did not."""
    width = _widest([one.pack for one in tested])
    for one in tested:
        failed = [outcome for outcome in one.outcomes if outcome.faults]
        word = "FAIL" if failed else "ok"
        print(f"{word:<5} {one.pack.id:<{width}} {len(one.outcomes) - len(failed)} passed", end="")
        print(f", {len(failed)} failed" if failed else "")
        for outcome in failed:
            print(line("      ", outcome.name))
            for fault in outcome.faults:
                print(line("        ", fault))


def _widest(packs: Sequence[Pack]) -> int:
    return max((len(pack.id) for pack in packs), default=0)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _covered(tested: Sequence[Tested], bare: Sequence[Path]) -> bool:
    """Print each rule that is not seen both ways, and files without tests; return if none is."""
    wanting = [(one.pack.id, *gap) for one in tested for gap in one.uncovered]
    for pack, rule, what in wanting:
        print(line(f"cover {pack}: {rule}: ", what))
    for path in bare:
        print(line(f"cover {path.stem}: ", f"has no tests: no {path.stem}{TEST_SUFFIX}"))
    rules = sum(len(one.pack.rules) for one in tested)
    print(f"{rules - len(wanting)} of {rules} rules are seen to fire and to be silent")
    return not wanting and not bare


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Permanent(f"{path} cannot be written: {error.strerror}") from error


def language(_: argparse.Namespace) -> int:
    """Print the language of rules on one page."""
    print(LANGUAGE, end="")
    return 0


def _packs(asked: argparse.Namespace) -> tuple[tuple[Pack, ...], Sequence[Fault]]:
    """Return the packs meant, and what their config says of rules that are not there."""
    if asked.files:
        return load_packs(rule_files(asked.files)), ()
    path = asked.config or Path("config.toml")
    if not asked.config and not path.exists():
        return load_enabled(Settings()), ()
    found = look_over(path)
    if found.unset:
        wanting = "; ".join(f"{one.where}: {one.reason}" for one in found.unset)
        print(f"note: `run` will want what cannot be had here: {wanting}")
    if found.faults:
        raise ConfigError(found.faults)
    settings, rules = found.settings, rulebook(found.settings, found.packs).rules
    return found.packs, [
        Fault(file=str(path), where=where, reason=reason)
        for where, reason in unreached(settings.alerts, rules, settings.chain)
    ]
