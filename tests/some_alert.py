"""An alert for tests to alter: a notice that belongs to no layer, or a proposal to add to L2."""

from datetime import datetime
from typing import Any

from monitor.alerts.alert import Alert, AlertState
from monitor.model.layer import Action
from monitor.rules.pack import Severity


def a_notice(at: datetime, **more: Any) -> Alert:
    """Return a notice that begins to fire; more: fields that are otherwise."""
    told: dict[str, Any] = {
        "id": "A1B2C3",
        "idem": "r:book:1:firing",
        "key": "r|book",
        "rule": "r",
        "pack": "p",
        "scope": "book",
        "layer": None,
        "layer_title": "",
        "action": Action.NOTIFY,
        "state": AlertState.FIRING,
        "severity": Severity.INFO,
        "at": at,
        "since": at,
        "title": "t",
        "text": "t",
    }
    return Alert(**(told | more))


def a_proposal(at: datetime, **more: Any) -> Alert:
    """Return a proposal to buy VIX calls for layer L2; more: fields that are otherwise."""
    told: dict[str, Any] = {
        "id": "A17F12",
        "idem": "L2.add:book:1:firing",
        "key": "L2.add|book",
        "rule": "L2.add",
        "pack": "alvh",
        "layer": "L2",
        "layer_title": "VIX calls 110 d",
        "action": Action.ADD,
        "severity": Severity.WARNING,
        "title": "L2.add",
        "text": "",
    }
    return a_notice(at, **(told | more))
