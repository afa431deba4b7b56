"""The verbs over rule files."""

import argparse
from pathlib import Path

from monitor.cli.verbs import Verbs, add_config, add_group, add_verb
from monitor.cli.verbs_past import FEE_SHARE, RANGES, VALUE_USD
from monitor.timetravel.events import EVENTS


def add_rules(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add `rules` and its verbs."""
    what = add_group(verbs, "rules", "check, test, explain, lay out and compare rule files")
    _add_check(what)
    _add_test(what)
    _add_explain(what)
    _add_fmt(what)
    _add_diff(what)
    add_verb(
        what, "language", "show the language of `when` and `clear` on one page", "rules:language"
    )


def _add_check(what: "Verbs[argparse.ArgumentParser]") -> None:
    check = add_verb(what, "check", "read rule files and report every fault at once", "rules:check")
    check.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="rule files or folders of them, instead of the enabled packs",
    )
    check.add_argument("--strict", action="store_true", help="exit 3 if there are warnings")
    check.add_argument(
        "--config", type=Path, default=None, metavar="FILE", help="default: ./config.toml if there"
    )


def _add_test(what: "Verbs[argparse.ArgumentParser]") -> None:
    test = add_verb(
        what,
        "test",
        "run the tests beside rule files, series in and alerts out; exit 1 if one fails",
        "rules:test",
    )
    test.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="rule or test files, or folders (default: the shipped)",
    )
    test.add_argument(
        "--coverage", action="store_true", help="exit 3 unless each rule fires and is silent"
    )
    test.add_argument("--junit", type=Path, metavar="F", help="write the outcomes as JUnit XML")


def _add_explain(what: "Verbs[argparse.ArgumentParser]") -> None:
    explain = add_verb(
        what,
        "explain",
        "what a rule means in words and numbers, and what each comparison is now",
        "rules_explain:explain",
    )
    explain.add_argument("rule", metavar="RULE", help="its id, such as L2.add")
    explain.add_argument(
        "--pack",
        type=Path,
        metavar="FILE",
        help="the rule file it is in (default: the enabled packs, then those beside them)",
    )
    add_config(explain)


def _add_fmt(what: "Verbs[argparse.ArgumentParser]") -> None:
    fmt = add_verb(
        what,
        "fmt",
        "lay rule files and their tests out in the one way; meaning and comments stay",
        "rules_fmt:fmt",
    )
    fmt.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="rule or test files, or folders (default: the config's rule folder, else the"
        " shipped one)",
    )
    add_config(fmt)
    fmt.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a file is not laid out so"
    )


def _add_diff(what: "Verbs[argparse.ArgumentParser]") -> None:
    diff = add_verb(
        what,
        "diff",
        "which alerts appear, vanish, move or change in a past storm under other rules;"
        " exit 0 with no difference, 1 with some, 2 if it cannot be told",
        "rules_diff:diff",
    )
    for name in ("old", "new"):
        diff.add_argument(
            name,
            type=Path,
            metavar=name.upper(),
            help="a rule file, a folder of them, or a copy of Hedgewatch",
        )
    diff.add_argument("--event", metavar="E", help=", ".join(EVENTS))
    diff.add_argument("--from", dest="first", metavar="DATE", help="instead of --event")
    diff.add_argument("--to", dest="last", metavar="DATE", help="the last day, with --from")
    diff.add_argument(
        "--rules",
        nargs="+",
        metavar="PACK",
        help="of a folder only these (default: those the config enables, all where it has none"
        " of them; never self)",
    )
    diff.add_argument(
        "--fills",
        choices=["model", "none"],
        default="model",
        help="model takes every proposal (default); or none",
    )
    diff.add_argument("--json", action="store_true", help="tell it as JSON")
    add_config(diff)
    diff.set_defaults(ranges=list(RANGES), value=VALUE_USD, fees=FEE_SHARE)
