"""The demo's alerts in the order they came, as lines of JSON and as words."""

import json
from collections.abc import Iterable
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.event import event_fields
from monitor.alerts.terms import say
from monitor.alerts.ticket import ticket_lines

_SPEAKING: Final = (AlertState.FIRING, AlertState.REPEAT)
_COURSE: Final = (
    AlertState.SEEN,
    *_SPEAKING,
    AlertState.NODATA,
    AlertState.ERROR,
    AlertState.FILLED,
    AlertState.EXPIRED,
    AlertState.RESOLVED,
    AlertState.RETRACTED,
)


def in_order(alerts: Iterable[Alert]) -> list[Alert]:
    """Return alerts by time, and within an instant each one from its firing to its end."""
    return sorted(alerts, key=lambda one: (one.at, one.key, one.since, _COURSE.index(one.state)))


def json_line(alert: Alert) -> str:
    """Return an alert as one line of strict JSON; what is unknown or not finite is null."""
    fields = event_fields(alert)
    told = {
        "id": alert.id,
        "rule": alert.rule,
        "layer": alert.layer,
        "action": alert.action.value,
        "state": alert.state.value,
        "position": alert.position,
        "at": alert.at.isoformat(),
        "block": fields["block"],
        "title": alert.title,
        "text": alert.text,
        "trace": fields["trace"],
        "values": fields["values"],
    }
    return json.dumps(told, ensure_ascii=False, allow_nan=False)


def alert_log(alerts: Iterable[Alert]) -> str:
    """Return the whole log, in order, a line of JSON an alert: what `alerts.jsonl` holds."""
    return "".join(f"{json_line(alert)}\n" for alert in in_order(alerts))


def words(alert: Alert) -> list[str]:
    """Return what an alert says, line by line: its text, why it changed, what it asks to trade."""
    said = [*alert.text.splitlines(), alert.reason]
    if alert.ticket is not None and alert.state in _SPEAKING:
        said += ticket_lines(alert.ticket)
    return [line for line in said if line.strip()] or [alert.title]


def evidence(alert: Alert) -> list[str]:
    """Return every comparison the alert rests on, and the block it was seen in."""
    told = [say(term, at=alert.at) for term in alert.trace]
    return [*told, f"block {alert.block.number:,}"] if alert.block else told
