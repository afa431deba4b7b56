"""The verbs somebody new begins with: `init` and `completion`."""

import argparse
from pathlib import Path
from typing import Final

from monitor.cli.verbs import Verbs, add_verb
from monitor.cli.verbs_past import PROTOCOL

SHELLS: Final = ("bash", "zsh", "fish")
# As the settings have them, which take a second and a half to import.
PROTOCOLS: Final = (PROTOCOL, "pancakeswap_v3", "slipstream", "uniswap_v4")


def add_first(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add `init` and `completion`."""
    _add_init(verbs)
    completion = add_verb(
        verbs,
        "completion",
        "print what a shell needs so that Tab goes on with verbs, options, packs and rules",
        "completion:completion",
    )
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def _add_init(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    init = add_verb(
        verbs,
        "init",
        "ask what to watch and whom to tell, try it out, and write a config.toml",
        "init:init",
    )
    init.add_argument(
        "--config",
        type=Path,
        default=Path("config.toml"),
        metavar="FILE",
        help="to be written (default: ./config.toml)",
    )
    init.add_argument(
        "--yes", action="store_true", help="ask nothing; so it is too where no terminal is"
    )
    init.add_argument(
        "--force", action="store_true", help="write over a config that is there; it is kept"
    )
    init.add_argument(
        "--untested", action="store_true", help="try nothing out and send no test alert"
    )
    init.add_argument(
        "--instance", default="home", metavar="NAME", help="of this daemon (default: home)"
    )
    _add_chain(init)
    _add_watched(init)
    _add_mqtt(init)
    _add_telegram(init)


def _add_chain(init: argparse.ArgumentParser) -> None:
    group = init.add_argument_group("chain")
    group.add_argument(
        "--rpc",
        action="append",
        default=[],
        metavar="REF",
        help="env:NAME or file:/path of an endpoint's URL; repeat for more, in their order",
    )
    group.add_argument("--chain", metavar="NAME", help="default: as the endpoint serves")
    group.add_argument("--chain-id", type=int, metavar="N", help="of a chain without a known name")
    group.add_argument("--manager", metavar="0x…", help="its Uniswap v3 position manager")


def _add_watched(init: argparse.ArgumentParser) -> None:
    group = init.add_argument_group("watched")
    for name, metavar, told in (
        ("--wallet", "0x…", "every position this wallet holds; repeat for more"),
        ("--nft", "ID", "a position by its token id; repeat for more"),
        ("--pool", "0x…", "a pool; repeat for more"),
        ("--pegged", "0x…", "a coin you count as one US dollar; repeat for more"),
    ):
        group.add_argument(name, action="append", default=[], metavar=metavar, help=told)
    group.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default=PROTOCOL,
        metavar="NAME",
        help=f"{', '.join(PROTOCOLS)} (default: {PROTOCOL})",
    )
    group.add_argument(
        "--feed",
        action="append",
        default=[],
        metavar="SIGNAL=a,b",
        help="whom to ask for a signal, in this order, such as vix=cboe,yahoo; repeat for more",
    )
    group.add_argument(
        "--packs",
        nargs="+",
        metavar="PACK",
        help="rule packs; +PACK beside the usual ones, which are the default",
    )


def _add_mqtt(init: argparse.ArgumentParser) -> None:
    group = init.add_argument_group("MQTT")
    group.add_argument("--mqtt", metavar="HOST[:PORT]", help="a broker (default port: 1883)")
    group.add_argument("--no-mqtt", action="store_true", help="none, and do not ask")
    group.add_argument("--mqtt-user", metavar="NAME", help="the user there")
    group.add_argument("--mqtt-password", metavar="REF", help="env:NAME or file:/path")
    group.add_argument("--mqtt-tls", action="store_true", help="over TLS, as it is on port 8883")


def _add_telegram(init: argparse.ArgumentParser) -> None:
    group = init.add_argument_group("Telegram")
    group.add_argument("--telegram-token", metavar="REF", help="env:NAME or file:/path")
    group.add_argument("--no-telegram", action="store_true", help="none, and do not ask")
    group.add_argument("--telegram-chat", metavar="ID", help="a number, @channel or a reference")
    group.add_argument(
        "--telegram-user",
        type=int,
        action="append",
        default=[],
        metavar="ID",
        help="who may ask questions there; repeat for more; nobody by default",
    )
    group.add_argument(
        "--telegram-tells",
        dest="tells",
        action="store_true",
        help="they may tell of trades, acknowledge and snooze, too",
    )
    group.add_argument(
        "--telegram-api", metavar="URL", help="of a Bot API server of your own, up to and with /bot"
    )
