"""`hedgewatch init`: ask, try each answer out, write a commented config, send a test alert."""

import argparse
import asyncio
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from monitor.app.first_visits import trial_findings
from monitor.cli.init_channels import mqtt, telegram
from monitor.cli.init_drawer import Drawer, is_example
from monitor.cli.init_endpoint import endpoints
from monitor.cli.init_person import Person, Terminal
from monitor.cli.init_session import Session, wanting
from monitor.cli.init_watch import rules, watch
from monitor.config import load_settings
from monitor.config.filled import Plan
from monitor.errors import Permanent

_STEPS: Final[tuple[Callable[[Session], None], ...]] = (endpoints, watch, rules, mqtt, telegram)
_NOTHING: Final = "nothing was written"
_PROGRAM: Final = "hedgewatch"
_NEXT: Final = (("doctor", "ask everything once more"), ("run", "watch until Ctrl-C"))


def init(asked: argparse.Namespace) -> int:
    """Settle every answer, then write all at once; return 1 where a test alert did not go out."""
    person = None if asked.yes or not sys.stdin.isatty() else Terminal()
    try:
        with _closing_interrupts():
            return begin(asked, person)
    except KeyboardInterrupt:
        print(f"\nStopped: {_NOTHING}.", file=sys.stderr)
        return 130
    except OSError as error:
        if error.filename is None:
            raise
        raise Permanent(f"{error.filename}: {error.strerror}: mend that first") from error


@contextmanager
def _closing_interrupts() -> Iterator[None]:
    """Take a terminal that is closed for a Ctrl-C, lest a secret that was typed be left behind."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(one, signal.default_int_handler) for one in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def begin(asked: argparse.Namespace, person: Person | None) -> int:
    """Carry `init` out with this person, or with the command line alone."""
    if person is None:
        _complete(asked)
    config = asked.config
    if not config.resolve().parent.is_dir():
        raise wanting(f"--config: there is no folder {config.parent}: make it first")
    _may_write(config, asked, person)
    with Drawer(config) as drawer:
        plan = Plan(instance=asked.instance)
        session = Session(asked=asked, person=person, drawer=drawer, plan=plan)
        for step in _STEPS:
            step(session)
        if person is not None:
            session.say()
            if not person.yes(f"Write {config}?", default=True):
                raise Permanent(_NOTHING)
        old = drawer.settle(session.text())
    session.say()
    session.say(f"Written: {config}" + (f"; what stood there is in {old.name}" if old else ""))
    return _ended(session, config)


def _ended(session: Session, config: Path) -> int:
    """Send a test alert through each channel and say what comes next."""
    settings, sent = load_settings(config), True
    if session.tests and (settings.channel.telegram or settings.channel.mqtt):
        session.say("A test alert through each channel:")
        found = asyncio.run(trial_findings(settings, _subject(session.plan)))
        session.show(found)
        sent = all(one.ok for one in found)
    session.say()
    session.say("Next:")
    for verb, what in _NEXT:
        session.out(f"  {_called(config, verb):<42} {what}".rstrip())
    return 0 if sent else 1


def _subject(plan: Plan) -> str:
    """Return what is watched, for people."""
    parts = (
        (len(plan.wallets), "wallet"),
        (len(plan.nft), "position"),
        (len(plan.pools), "pool"),
    )
    told = [f"{count} {what}{'s' if count > 1 else ''}" for count, what in parts if count]
    return f"Watching {' and '.join(told)} on {plan.chain}"


def _called(config: Path, verb: str) -> str:
    """Return a command as it is to be typed here."""
    program = sys.argv[0] if "/" in sys.argv[0] and not sys.argv[0].startswith("/") else _PROGRAM
    more = "" if str(config) == "config.toml" else f" --config {shlex.quote(str(config))}"
    return f"{program} {verb}{more}"


def _complete(asked: argparse.Namespace) -> None:
    """Raise ConfigError in one sentence where the command line lacks what cannot be guessed."""
    lacks = []
    if not asked.rpc:
        lacks.append("--rpc")
    if not (asked.wallet or asked.nft or asked.pool):
        lacks.append("one of --wallet, --nft and --pool")
    if asked.telegram_token and not asked.telegram_chat:
        lacks.append("--telegram-chat")
    if lacks:
        raise wanting(f"nobody is there to be asked: give {', and '.join(lacks)}")


def _may_write(config: Path, asked: argparse.Namespace, person: Person | None) -> None:
    """Raise where a config is there that is not to be replaced."""
    if not config.exists():
        return
    if not config.is_file():
        raise wanting(f"--config: {config} is no file")
    if person is None:
        if not asked.force:
            raise wanting(f"{config} is there: --force writes over it and keeps it as {config}.old")
        return
    if is_example(config):
        there, default = f"{config} is the example, as it was shipped.", True
    else:
        there, default = f"{config} is there already.", False
    if not asked.force and not person.yes(f"{there} Write over it?", default=default):
        raise Permanent(f"{_NOTHING}: --config FILE writes another")
