"""The verbs, their arguments, and what a failure looks like."""

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from monitor import __version__, logs
from monitor.errors import ConfigError, HedgewatchError

_EPILOG: Final = """\
examples:
  hedgewatch demo --out out            the spring of 2020 through a local chain
  hedgewatch rules check               is config.toml sound, and are its rules?
  hedgewatch run                       watch, with ./config.toml
  hedgewatch layer fill L2 --leg "vix.call 2027-03-17 29 +4 @2.85"

It never trades and holds no keys. Not advice.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return 0, 1 for a failure, 2 for a faulty file or argument."""
    asked = _parser().parse_args(argv)
    logs.set_up(logging.DEBUG if asked.verbose else logging.INFO)
    try:
        verb = importlib.import_module(f"monitor.cli.{asked.module}")
        return int(getattr(verb, asked.function)(asked))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except (HedgewatchError, BaseExceptionGroup) as error:
        return _say(_leaves(error))


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hedgewatch",
        description=(
            "Watches Uniswap v3 positions and the volatility market, and says when a hedge "
            "layer should be added, rolled or removed."
        ),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"hedgewatch {__version__}")
    parser.add_argument("--verbose", action="store_true", help="log more, on standard error")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_daemon(verbs)
    _add_rules(verbs)
    _add_layer(verbs)
    _add_faces(verbs)
    return parser


Verbs = argparse._SubParsersAction  # noqa: SLF001 - argparse names it nowhere else


def _verb(
    verbs: "Verbs[argparse.ArgumentParser]", name: str, what: str, target: str
) -> argparse.ArgumentParser:
    """Add a verb carried out by `module:function` of this package."""
    module, _, function = target.partition(":")
    parser = verbs.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    parser.set_defaults(module=module, function=function)
    return parser


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        default=Path("config.toml"),
        metavar="FILE",
        help="settings (default: ./config.toml)",
    )


def _add_daemon(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    run = _verb(verbs, "run", "watch until stopped; SIGHUP reloads the rules", "run:run")
    _config(run)
    demo = _verb(
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
    devnet = _verb(verbs, "devnet", "run a local chain with the real contracts", "story:devnet")
    devnet.add_argument("--port", type=int, default=8545, metavar="N", help="0 for any free one")
    devnet.add_argument(
        "--block", type=float, default=2.0, metavar="S", help="seconds between blocks (default: 2)"
    )
    devnet.add_argument(
        "--weth-first", action="store_true", help="WETH as token0, as on Arbitrum and Base"
    )


def _add_rules(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    rules = verbs.add_parser("rules", help="check rule files")
    what = rules.add_subparsers(title="verbs", metavar="VERB", required=True)
    check = _verb(what, "check", "read rule files and report every fault at once", "rules:check")
    check.add_argument("files", nargs="*", type=Path, metavar="FILE", help="instead of the enabled")
    check.add_argument("--strict", action="store_true", help="exit 3 if there are warnings")
    check.add_argument(
        "--config", type=Path, default=None, metavar="FILE", help="default: ./config.toml if there"
    )


def _add_layer(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    layer = verbs.add_parser("layer", help="say what you did with a hedge layer")
    what = layer.add_subparsers(title="verbs", metavar="VERB", required=True)
    _config(_verb(what, "list", "show every layer: state, legs, open proposal", "layer:show"))
    for name, meaning in (
        ("fill", "say that you bought or sold legs of a layer"),
        ("roll", "say that you rolled a layer: sold legs and bought others"),
        ("close", "say that you closed a layer, wholly or the legs given"),
    ):
        verb = _verb(what, name, meaning, f"layer:{name}")
        _config(verb)
        verb.add_argument("layer", metavar="LAYER", help="its id in the rule file, such as L2")
        verb.add_argument(
            "--leg",
            action="append",
            default=[],
            metavar="LEG",
            help='"vix.call 2027-03-17 29 +4 @2.85": contract, expiry, strike, signed '
            "quantity, price; repeat for more legs",
        )
        verb.add_argument(
            "--position", default="book", metavar="ID", help="of a layer per position"
        )


def _add_faces(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    _config(_verb(verbs, "status", "show the daemon, its sources and its outbox", "faces:status"))
    _config(_verb(verbs, "positions", "show every position watched", "faces:positions"))
    _config(_verb(verbs, "signals", "show every signal a rule may name", "faces:signals"))
    log = _verb(verbs, "log", "show the newest alerts", "faces:log")
    _config(log)
    log.add_argument("-n", type=int, default=20, metavar="N", help="how many (default: 20)")
    outbox = _verb(
        verbs, "outbox", "show what is undelivered and what was given up", "faces:outbox"
    )
    _config(outbox)
    outbox.add_argument("--requeue", type=int, metavar="ROW", help="send a dead letter once more")
    ack = _verb(verbs, "ack", "stop the reminders of a firing alert", "layer:ack")
    _config(ack)
    ack.add_argument("alert", metavar="ALERT", help="its six digits")
    snooze = _verb(
        verbs, "snooze", "stop the reminders of a firing alert for a while", "layer:snooze"
    )
    _config(snooze)
    snooze.add_argument("alert", metavar="ALERT", help="its six digits")
    snooze.add_argument("span", metavar="SPAN", help="such as 1h or 2d")
