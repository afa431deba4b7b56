"""The verbs and their arguments."""

import argparse
import socket
from pathlib import Path
from typing import Final

from monitor import __version__
from monitor.cli.verbs import Verbs, add_config, add_group, add_verb, wrapped
from monitor.cli.verbs_alerts import add_alerts
from monitor.cli.verbs_first import add_first
from monitor.cli.verbs_mqtt import add_mqtt
from monitor.cli.verbs_past import add_past
from monitor.cli.verbs_rules import add_rules
from monitor.cli.verbs_service import add_service
from monitor.cli.verbs_telegram import add_telegram
from monitor.cli.verbs_web import add_web

_EPILOG: Final = """\
examples:
  hedgewatch demo --out out            the spring of 2020 through a local chain
  hedgewatch init                      write a config.toml, step by step
  hedgewatch rules check               is config.toml sound, and are its rules?
  hedgewatch run                       watch, with ./config.toml
  hedgewatch web                       a status page on http://127.0.0.1:8808/
  hedgewatch layer fill L2 --leg "vix.call 2027-03-17 29 +4 @2.85"
  hedgewatch whatif --eth -30% --vix 45

It never trades and holds no keys. Not advice.
"""

MOVES: Final = ("--eth", "--btc", "--spx")
"""The options of `whatif` that tell how far a price moves."""

_MOST_POINTS: Final = 200


def parser() -> argparse.ArgumentParser:
    """Return the parser; `module` and `function` of what it parses say who carries it out."""
    whole = argparse.ArgumentParser(
        prog="hedgewatch",
        description=wrapped(
            "Watches Uniswap v3 positions and the volatility market, and says when a hedge "
            "layer should be added, rolled or removed."
        ),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"hedgewatch {__version__}")
    whole.add_argument("--verbose", action="store_true", help="log more, on standard error")
    verbs = whole.add_subparsers(title="verbs", metavar="VERB", required=True)
    add_first(verbs)
    _add_daemon(verbs)
    add_rules(verbs)
    _add_layer(verbs)
    _add_desk(verbs)
    _add_faces(verbs)
    add_web(verbs)
    _add_history(verbs)
    add_past(verbs)
    add_alerts(verbs)
    add_mqtt(verbs)
    add_telegram(verbs)
    return whole


def _add_daemon(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    run = add_verb(verbs, "run", "watch until stopped; SIGHUP reloads the rules", "run:run")
    add_config(run)
    run.add_argument(
        "--tape",
        type=Path,
        metavar="FILE",
        help="keep every observation there, for `timetravel --tape`; goes on where it ended",
    )
    add_service(verbs)
    run.add_argument(
        "--name",
        default=socket.gethostname().partition(".")[0] or "hedgewatch",
        metavar="NAME",
        help="of this daemon among several on one PostgreSQL: one leads, all divide several chains"
        " among them (default: the machine's)",
    )
    demo = add_verb(
        verbs,
        "demo",
        "tell February to June 2020 on a local chain and show every alert",
        "story:demo",
    )
    demo.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="default: ./out")
    demo.add_argument(
        "--speed",
        type=float,
        default=0.0,
        metavar="N",
        help="days of the story a second at most (default: as fast as it goes)",
    )
    devnet = add_verb(verbs, "devnet", "run a local chain with the real contracts", "story:devnet")
    devnet.add_argument("--port", type=int, default=0, metavar="N", help="default: any free one")
    devnet.add_argument(
        "--block", type=float, default=2.0, metavar="S", help="seconds between blocks (default: 2)"
    )
    devnet.add_argument(
        "--weth-first", action="store_true", help="WETH as token0, as on Arbitrum and Base"
    )


def _add_layer(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    what = add_group(verbs, "layer", "show the hedge layers, and say what you did with them")
    add_config(
        add_verb(what, "list", "show every layer: state, legs, open proposal", "layer_list:show")
    )
    for name, meaning in (
        ("fill", "say that you bought or sold legs of a layer"),
        ("roll", "say that you rolled a layer: sold legs and bought others"),
        ("close", "say that you closed a layer, wholly or the legs given"),
    ):
        verb = add_verb(what, name, meaning, f"layer:{name}")
        add_config(verb)
        verb.add_argument("layer", metavar="LAYER", help="its id in the rule file, such as L2")
        verb.add_argument(
            "--leg",
            action="append",
            default=[],
            metavar="LEG",
            help='"vix.call 2027-03-17 29 +4 @2.85": contract, expiry, strike, signed '
            "quantity, price; repeat for more legs",
        )
        _at(verb)
        _over(verb)
    verb = add_verb(what, "cash", "say what came or went without a trade: funding", "layer:cash")
    add_config(verb)
    verb.add_argument("layer", metavar="LAYER", help="its id in the rule file, such as L2")
    verb.add_argument("usd", type=float, metavar="USD", help="received +12.5, paid -12.5")
    verb.add_argument("--note", default="", metavar="TEXT", help="what it was, such as funding")
    _at(verb)
    _over(verb)
    _add_mending(what)


def _at(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--at", metavar="WHEN", help="when, as 2026-03-27T08:00Z; default: now")


def _over(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--position", default="book", metavar="ID", help="of a layer per position")


def _add_mending(what: "Verbs[argparse.ArgumentParser]") -> None:
    """Add what shows a layer's journal and mends it."""
    for name, meaning, target in (
        ("journal", "show every entry of a layer's journal by its number", "layer_journal:show"),
        ("undo", "take back the last trade of a layer, or the one named", "layer:undo"),
        ("correct", "say what an entry of a layer's journal should have been", "layer:correct"),
    ):
        verb = add_verb(what, name, meaning, target)
        add_config(verb)
        verb.add_argument("layer", metavar="LAYER", help="its id in the rule file, such as L2")
        if name == "undo":
            verb.add_argument(
                "entry", nargs="?", type=int, default=0, metavar="N", help="an entry of the trade"
            )
        if name == "correct":
            verb.add_argument("entry", type=int, metavar="N", help="as `layer journal` counts")
            verb.add_argument(
                "--leg", required=True, metavar="LEG", help="the same contract, as it was traded"
            )
        _over(verb)


def _add_desk(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    ticket = add_verb(
        verbs,
        "ticket",
        "draw up a layer's ticket as of now: trade, cost, cover, fit",
        "ticket:show",
    )
    add_config(ticket)
    ticket.add_argument("layer", metavar="LAYER", help="its id in the rule file, such as L2")
    ticket.add_argument("--position", default="book", metavar="ID", help="of a layer per position")
    ticket.add_argument(
        "--action",
        choices=["add", "roll", "remove"],
        help="default: add of a layer that is off, else roll and remove",
    )
    whatif = add_verb(
        verbs,
        "whatif",
        "what a shock would do to the positions and to each layer, by the model",
        "whatif:whatif",
    )
    add_config(whatif)
    for option in MOVES:
        whatif.add_argument(option, metavar="MOVE", help="such as -30%% or 0.2")
    whatif.add_argument("--vix", type=float, metavar="N", help="the VIX then, index points")
    whatif.add_argument(
        "--dvol", type=_points, metavar="N", help="points by which coins' volatilities rise"
    )
    whatif.add_argument("--png", type=Path, metavar="F", help="draw the grid of shocks as a PNG")
    whatif.add_argument("--json", action="store_true", help="tell it as JSON")


def _points(text: str) -> float:
    try:
        points = float(text)
    except ValueError:
        points = float("nan")
    if not -_MOST_POINTS <= points <= _MOST_POINTS:
        reason = f"{text!r} is no number of points from -{_MOST_POINTS} to {_MOST_POINTS}"
        raise argparse.ArgumentTypeError(reason)
    return points


def _add_faces(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    for name, what, target in (
        (
            "doctor",
            "ask every endpoint, feed and channel whether alerts would arrive",
            "doctor:doctor",
        ),
        ("status", "show the daemon, its sources, layers and outbox", "faces_status:status"),
        ("positions", "show every position watched", "faces_positions:positions"),
        ("signals", "show every signal a rule may name, as it is now", "faces_signals:signals"),
    ):
        verb = add_verb(verbs, name, what, target)
        add_config(verb)
        if name == "signals":
            _signals(verb)
        if name == "positions":
            verb.add_argument(
                "--wallet",
                action="append",
                metavar="0x…",
                help="what this wallet holds on every configured chain, read now; repeat for more",
            )
    _add_position(verbs)
    book = add_verb(
        verbs, "book", "show what the hedge cost, is worth and made good of the loss", "book:show"
    )
    add_config(book)
    book.add_argument("--json", action="store_true", help="every figure as JSON, unknown ones null")


def _signals(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="only these, or all that begin so: vix, position, position.il",
    )
    verb.add_argument("--all", action="store_true", help="those that nothing reads, too")
    verb.add_argument("--watch", action="store_true", help="show them anew until Ctrl-C")
    verb.add_argument(
        "--every", type=float, default=5.0, metavar="S", help="with --watch: seconds (default: 5)"
    )
    verb.add_argument(
        "--catalogue", action="store_true", help="what each name means and where it comes from"
    )
    verb.add_argument(
        "--markdown", action="store_true", help="with --catalogue: as SIGNALS.md has it"
    )


def _add_history(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    what = add_group(verbs, "history", "fetch the past of signals, and show what is known of it")
    pull = add_verb(
        what, "pull", "fetch a signal's past from its source; a second time goes on", "history:pull"
    )
    add_config(pull)
    pull.add_argument("signal", metavar="SIGNAL", help="such as vix, dvol.eth, vx.settle")
    pull.add_argument(
        "--from", dest="first", required=True, metavar="DATE", help="such as 2026-01-31"
    )
    pull.add_argument(
        "--to", dest="last", metavar="DATE", help="default: the last session that is over"
    )
    pull.add_argument("--source", metavar="PROVIDER", help="ask only this one")
    pull.add_argument(
        "--parquet",
        type=Path,
        metavar="DIR",
        help="into files there, for `timetravel --data`, and not into the store",
    )
    show = add_verb(
        what,
        "show",
        "show what is known of a signal's past, a line a session",
        "history_shown:show",
    )
    add_config(show)
    show.add_argument("signal", metavar="SIGNAL", help="such as vix, dvol.eth, vx.settle")
    show.add_argument("-n", type=int, default=20, metavar="N", help="how many (default: 20)")
    add_config(
        add_verb(what, "list", "list the signals whose past is known", "history_shown:known")
    )


def _add_position(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    what = add_group(verbs, "position", "show one position with every measure")
    show = add_verb(
        what, "show", "show a position at a block: each measure and its formula", "position:show"
    )
    add_config(show)
    show.add_argument("id", metavar="ID", help="its token id, or chainId:manager:tokenId")
    show.add_argument(
        "--block", type=int, metavar="N", help="read at this block, of an archive node if it is old"
    )
    show.add_argument("--chain", metavar="NAME", help="as in config.toml, where several are there")
    show.add_argument(
        "--protocol", default="uniswap_v3", metavar="NAME", help="default: uniswap_v3"
    )
