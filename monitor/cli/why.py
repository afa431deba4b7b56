"""`hedgewatch why ALERT`: what an alert came of, and whom it reached."""

import argparse
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.figures import span
from monitor.cli.lines import line
from monitor.cli.look import STRANGE, Look, opened, told_by
from monitor.cli.reasons import reasons
from monitor.cli.terms import judged
from monitor.errors import ConfigError, Fault
from monitor.store.records import Carried, Event
from monitor.store.sqlite import SqliteStore
from monitor.store.sqlite_outbox import WITHDRAWN

_ORDINALS: Final = {1: "1st", 2: "2nd", 3: "3rd"}
_SPEAKING: Final = frozenset(
    {AlertState.FIRING, AlertState.REPEAT, AlertState.NODATA, AlertState.ERROR}
)


def why(asked: argparse.Namespace) -> int:
    """Show each condition with value and distance, how long it held, and who was told when."""
    with opened(asked) as (look, store):
        events = store.history.of_alert(asked.alert.upper())
        if not events:
            known = ", ".join(dict.fromkeys(one.alert_id for one in store.history.latest(5)))
            reason = f"no alert {asked.alert[:20]} is remembered; the newest: {known or 'none yet'}"
            raise ConfigError([Fault(file="ALERT", where="", reason=reason)])
        for text in _told(look, store, events):
            print(text)
    return 0


def _told(look: Look, store: SqliteStore, events: Sequence[Event]) -> Iterator[str]:
    told = [(event, told_by(event)) for event in events]
    if alerts := [alert for _, alert in told if alert is not None]:
        yield from _judged(look, alerts)
    for event, alert in told:
        reached = _reached(store.outbox.carried(event.id))
        if alert is None:
            yield line(f"{'':<9} {_clock(event.at)}  ", f"{STRANGE}; {reached}")
        else:
            yield line(f"{alert.state.value:<9} {_clock(alert.at)}  ", reached)
        yield from reasons(store, event, told=True)


def _judged(look: Look, alerts: Sequence[Alert]) -> Iterator[str]:
    last = alerts[-1]
    spoke = next((one for one in reversed(alerts) if one.state in _SPEAKING), last)
    yield line("", f"{last.id}  {last.rule}  {_scope(last)}  {_state(last)}{_block(spoke)}")
    for term in spoke.trace:
        yield judged(term)
    if spoke.trace:
        yield line("  ", _held(look, alerts, spoke))


def _scope(alert: Alert) -> str:
    return alert.subject or alert.scope


def _state(alert: Alert) -> str:
    if alert.state in {AlertState.FIRING, AlertState.REPEAT}:
        return f"firing since {_clock(alert.since)}"
    why = f": {alert.reason}" if alert.reason else ""
    return f"{alert.state.value} {_clock(alert.at)}{why}"


def _block(alert: Alert) -> str:
    if alert.block is None:
        return ""
    return f"  block {alert.block.number:,} {alert.block.hash[:6]}…"


def _held(look: Look, alerts: Sequence[Alert], spoke: Alert) -> str:
    """Return how long it held before it was told, and what the rule asks for."""
    fired = next((one for one in alerts if one.state is AlertState.FIRING), spoke)
    held = span((fired.at - fired.since).total_seconds())
    rule = next((one for one in look.rules if one.id == spoke.rule), None)
    if rule is None:
        return f"held {held}; the rule is no longer in force"
    asked = [f"held {held}, asked for {span(rule.hold.total_seconds())}"]
    if rule.cooldown:
        asked.append(f"cooldown {span(rule.cooldown.total_seconds())} after its end")
    if rule.inhibited_by:
        asked.append(f"not while {' or '.join(rule.inhibited_by)} fires")
    return "; ".join(asked)


def _reached(carried: Sequence[Carried]) -> str:
    return ", ".join(map(_channel, carried)) or "to nobody"


def _channel(one: Carried) -> str:
    tries = f"{_ORDINALS.get(one.tries, f'{one.tries}th')} try"
    if one.dead_at is not None:
        return f"{one.channel} given up {_clock(one.dead_at)}, {tries}: {one.error}"
    if one.done_at is None:
        failed = f" after {one.tries} tries: {one.error}" if one.error else ""
        return f"{one.channel} waits{failed}"
    if not one.tries or one.error == WITHDRAWN:
        return f"{one.channel} {one.error or 'never sent'}"
    return f"{one.channel} {_clock(one.done_at)} ({tries})"


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"
