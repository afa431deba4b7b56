"""`hedgewatch log` and `hedgewatch outbox`: what was told, and what could not be."""

import argparse
from collections.abc import Iterator
from typing import Final

from monitor.alerts.render import console_line
from monitor.cli.lines import line
from monitor.cli.look import STRANGE, Look, opened, told_by
from monitor.cli.reasons import reasons
from monitor.errors import ConfigError, Fault
from monitor.store.sqlite import SqliteStore

_CLOCK: Final = len("2026-11-20 14:31:07Z  ")


def log(asked: argparse.Namespace) -> int:
    """Show the newest alerts, oldest first."""
    with opened(asked) as (_, store):
        events = store.history.latest(asked.n)
        for event in events:
            alert = told_by(event)
            strange = f"{event.at:%Y-%m-%d %H:%M:%SZ}  {STRANGE}  {event.alert_id}"
            told = console_line(alert, dated=True) if alert else strange
            print(line(told[:_CLOCK], told[_CLOCK:]))
            for text in reasons(store, event, told=asked.why):
                print(text)
        if not events:
            print("no alerts yet")
    return 0


def outbox(asked: argparse.Namespace) -> int:
    """Show what is undelivered and what was given up; give a dead letter a new life."""
    with opened(asked) as (look, store):
        outbox = store.outbox
        if asked.requeue is not None:
            try:
                outbox.requeue(asked.requeue, look.now)
            except LookupError:
                fault = Fault(file="--requeue", where="", reason=f"no dead letter {asked.requeue}")
                raise ConfigError([fault]) from None
            print(f"{asked.requeue} is due again")
        owed = outbox.backlog()
        for one in owed:
            since = f", oldest {look.ago(one.oldest)}" if one.oldest else ""
            print(f"{one.channel:<12} {one.waiting} waiting{since}, {one.dead} given up")
        later = list(_later(look, store))
        for text in later:
            print(text)
        for letter in outbox.dead_letters():
            print(line(f"{letter.id:>8} {letter.alert_id} to {letter.channel}: ", letter.error))
        if any(one.dead for one in owed):
            print("`hedgewatch outbox --requeue ROW` sends what was given up once more")
        if later:
            print("what is told later is told only if it still fires then")
        if not owed and not later:
            print("nothing waits, nothing was given up")
    return 0


def _later(look: Look, store: SqliteStore) -> Iterator[str]:
    """Yield what is not told yet by will: held for its group, or until its reason has passed."""
    for alert, channel, reason in store.outbox.held(look.now):
        yield line(f"{alert} to {channel}: ", reason)
    for case in look.desk.cases.values():
        for channel, owed in case.owed.items():
            yield line(f"{case.id} to {channel} later: ", owed.why)
