"""The verbs that tell past storms."""

import argparse
from pathlib import Path
from typing import Final

from monitor.cli.verbs import Verbs, add_config, add_verb
from monitor.timetravel.events import EVENTS

RANGES: Final = ("1.2", "1.5", "2", "full")
VALUE_USD: Final = 100_000.0
FEE_SHARE: Final = 1.0
STEP: Final = 1
SEED: Final = 1
PROTOCOL: Final = "uniswap_v3"


def add_past(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add `timetravel` and `sweep`."""
    _add_timetravel(verbs)
    _add_sweep(verbs)


def _add_sweep(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    what = "replay many readings of one rule file over past storms: what they cost and spared"
    verb = add_verb(verbs, "sweep", what, "sweep:sweep")
    verb.add_argument("rules", type=Path, metavar="FILE", help="a rule file with $NAMES in it")
    verb.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="NAME=a,b,c",
        help="the values $NAME takes, as they are to stand in the file; may come often",
    )
    verb.add_argument(
        "--events",
        nargs="+",
        default=["covid_2020"],
        metavar="EVENT",
        help=f"{', '.join(EVENTS)} (default: covid_2020)",
    )
    _add_ranges(verb, ["1.5"])
    _add_money(verb)
    verb.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    verb.add_argument("--dask", metavar="tcp://…", help="a Dask scheduler, instead of --jobs")
    verb.add_argument("--json", action="store_true", help="every point as a line of JSON")
    verb.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write sweep.json, sweep.csv, walk_forward.json and pareto.png there",
    )


def _add_timetravel(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    what = "replay a past storm through the same road: what the rules would have done"
    verb = add_verb(verbs, "timetravel", what, "timetravel:timetravel")
    add_config(verb)
    verb.add_argument("event", nargs="?", metavar="EVENT", help=", ".join(EVENTS))
    verb.add_argument(
        "--from", dest="first", metavar="DATE", help="instead of EVENT; a block with --position"
    )
    verb.add_argument("--to", dest="last", metavar="DATE", help="the last day, with --from")
    verb.add_argument(
        "--rules", nargs="+", metavar="PACK", help="default: those config.toml enables, less self"
    )
    _add_ranges(verb, list(RANGES))
    _add_money(verb)
    verb.add_argument(
        "--fills",
        metavar="WHO",
        help="model takes every proposal (default); none; or a file of trades: [[trade]] with at,"
        " layer, verb, legs",
    )
    _add_sources(verb)
    _add_report(verb)


def _add_ranges(verb: argparse.ArgumentParser, default: list[str]) -> None:
    verb.add_argument(
        "--range",
        "--ranges",
        dest="ranges",
        nargs="+",
        default=default,
        metavar="R",
        help="how far a position reaches, times and divided by; or full "
        f"(default: {' '.join(default)})",
    )


def _add_money(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--value", type=float, default=VALUE_USD, metavar="USD", help="of each (default: 100,000)"
    )
    verb.add_argument(
        "--fees",
        type=float,
        default=FEE_SHARE,
        metavar="SHARE",
        help="what a modelled pool pays of its loss to rebalancing (default: 1)",
    )


def _add_sources(verb: argparse.ArgumentParser) -> None:
    """Add what may be told instead of a model pool's days."""
    verb.add_argument(
        "--tape",
        type=Path,
        metavar="FILE",
        help="what `run --tape` recorded, instead of EVENT, by the rules of the config",
    )
    verb.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="days the shipped tables lack, as `history pull --parquet DIR` wrote them",
    )
    verb.add_argument(
        "--position",
        metavar="ID",
        help="a real one's past, read on its chain: token id, or chainId:manager:tokenId",
    )
    verb.add_argument(
        "--rpc", metavar="URL", help="an archive endpoint: env:NAME or file:/path; default: config"
    )
    verb.add_argument(
        "--step", type=int, default=STEP, metavar="N", help="read every Nth block (default: 1)"
    )
    verb.add_argument("--chain", metavar="NAME", help="as in config.toml, or ethereum")
    verb.add_argument("--protocol", default=PROTOCOL, metavar="NAME", help=f"default: {PROTOCOL}")


def _add_report(verb: argparse.ArgumentParser) -> None:
    """Add what is told of it, and where."""
    verb.add_argument(
        "--alerts", action="store_true", help="print every alert, not only what was asked for"
    )
    verb.add_argument(
        "--seed",
        type=int,
        default=SEED,
        metavar="N",
        help="of the draws that tell chance (default: 1)",
    )
    verb.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write report.html, its charts and alerts.jsonl there",
    )
