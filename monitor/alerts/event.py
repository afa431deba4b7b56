"""An alert as machines read it: one JSON object, its keys always in the same order."""

import json
import math
from datetime import datetime
from typing import Any, Final

from monitor.alerts.alert import Alert
from monitor.alerts.ticket import grade
from monitor.hedge.legs import spell_trade
from monitor.model.layer import Covers, Fit, Quantity, Ticket
from monitor.model.observation import Block
from monitor.rules.verdict import Scalar, Term

SCHEMA: Final = "hedgewatch.event/1"


def event_json(alert: Alert, *, sent_at: datetime, repeat: bool = False) -> str:
    """Return the event as one line of strict JSON; what is unknown or not finite is null.

    `ts` is the moment of sending, `data_ts` the observation's own. `repeat` is
    true when an earlier sending may have arrived; `idem` is then the same.
    """
    event: dict[str, Any] = {
        "schema": SCHEMA,
        "idem": alert.idem,
        "id": alert.id,
        "ts": sent_at.isoformat(),
        "data_ts": alert.at.isoformat(),
        "repeat": repeat,
        **event_fields(alert),
    }
    return json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def event_fields(alert: Alert) -> dict[str, Any]:
    """Return what the event says, apart from its names and times, ready for JSON."""
    return {
        "state": alert.state.value,
        "rule": alert.rule,
        "pack": alert.pack,
        "layer": alert.layer,
        "scope": alert.scope,
        "action": alert.action.value,
        "severity": alert.severity.value,
        "since": alert.since.isoformat(),
        "title": alert.title,
        "text": alert.text,
        "subject": alert.subject,
        "reason": alert.reason,
        "unconfirmed": alert.unconfirmed,
        "position": alert.position,
        "chain": alert.chain,
        "block": _block(alert.block),
        "trace": [_term(term) for term in alert.trace],
        "values": {name: _scalar(value) for name, value in sorted(alert.values.items())},
        "ticket": _ticket(alert.ticket),
        "expires_at": alert.expires_at.isoformat() if alert.expires_at else None,
    }


def _block(block: Block | None) -> dict[str, Any] | None:
    if block is None:
        return None
    return {
        "number": block.number,
        "hash": block.hash,
        "timestamp": block.timestamp.isoformat(),
    }


def _term(term: Term) -> dict[str, Any]:
    return {
        "text": term.text,
        "truth": term.truth,
        "left": _scalar(term.left),
        "op": term.op,
        "right": _scalar(term.right),
        "margin": _scalar(term.margin),
        "unit": term.unit,
        "source": term.source,
        "as_of": term.as_of.isoformat() if term.as_of else None,
        "age_s": _scalar(term.age_s),
        "note": term.note,
    }


def _ticket(ticket: Ticket | None) -> dict[str, Any] | None:
    if ticket is None:
        return None
    return {
        "legs": [
            {
                "kind": leg.contract.kind,
                "expiry": leg.contract.expiry.isoformat(),
                "strike": leg.contract.strike,
                "quantity": _count(leg.quantity),
                "price": price,
                "words": spell_trade(leg),
            }
            for leg, price in zip(ticket.legs, ticket.prices, strict=True)
        ],
        "cost_usd": ticket.cost_usd,
        "cost_low_usd": ticket.cost_low_usd,
        "cost_high_usd": ticket.cost_high_usd,
        "priced_by": ticket.priced_by,
        "note": ticket.note,
        "fee_share": _scalar(ticket.fee_share),
        "sized": ticket.sized,
        "max_loss_usd": _scalar(ticket.max_loss_usd),
        "margin_usd": _scalar(ticket.margin_usd),
        "break_evens": [_scalar(one) for one in ticket.break_evens],
        "covers": _covers(ticket.covers),
        "warnings": list(ticket.warnings),
        "fit": _fit(ticket.fit),
        "better": _fit(ticket.better),
        "better_ticket": ticket.better_ticket,
        "not_advice": True,
    }


def _covers(covers: Covers | None) -> dict[str, Any] | None:
    if covers is None:
        return None
    return {
        "scenario": covers.scenario,
        "low": _scalar(covers.low),
        "high": _scalar(covers.high),
        "loss_usd": _scalar(covers.loss_usd),
        "given_up": covers.given_up,
    }


def _fit(fit: Fit | None) -> dict[str, Any] | None:
    if fit is None:
        return None
    return {
        "driver": fit.driver,
        "r2": _scalar(fit.r2),
        "corr": _scalar(fit.corr),
        "calm_share": _scalar(fit.calm_share),
        "grade": grade(fit),
        "note": fit.note,
    }


def _count(quantity: Quantity) -> int | float:
    return quantity if isinstance(quantity, int) else float(quantity)


def _scalar(value: Scalar | None) -> Scalar | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value
