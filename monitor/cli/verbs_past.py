"""The verbs that tell past storms."""

import argparse
from pathlib import Path
from typing import Final

from monitor.cli.verbs import Verbs, add_config, add_verb
from monitor.timetravel.events import EVENTS

RANGES: Final = ("1.2", "1.5", "2", "full")
VALUE_USD: Final = 100_000.0
FEE_SHARE: Final = 1.0


def add_past(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add `timetravel`."""
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
    verb.add_argument(
        "--range",
        dest="ranges",
        nargs="+",
        default=list(RANGES),
        metavar="R",
        help="how far a position reaches, times and divided by; or full (default: four of them)",
    )
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
    verb.add_argument(
        "--fills",
        metavar="WHO",
        help="model takes every proposal (default); none; or a file of trades: [[trade]] with at,"
        " layer, verb, legs",
    )
    _add_sources(verb)
    _add_report(verb)


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
        "--step", type=int, default=1, metavar="N", help="read every Nth block (default: 1)"
    )
    verb.add_argument("--chain", metavar="NAME", help="as in config.toml, or ethereum")
    verb.add_argument(
        "--protocol", default="uniswap_v3", metavar="NAME", help="default: uniswap_v3"
    )


def _add_report(verb: argparse.ArgumentParser) -> None:
    """Add what is told of it, and where."""
    verb.add_argument(
        "--alerts", action="store_true", help="print every alert, not only what was asked for"
    )
    verb.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="N",
        help="of the draws that tell chance (default: 1)",
    )
    verb.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write report.html, its charts and alerts.jsonl there",
    )
