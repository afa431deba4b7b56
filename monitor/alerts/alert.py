"""An alert as the road produced it: complete, immutable, ready for any channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.model.layer import Action, Ticket
from monitor.model.observation import Block
from monitor.rules.pack import Severity
from monitor.rules.verdict import Scalar, Term


class AlertState(StrEnum):
    """What happened to the alert at this event.

    RETRACTED: a block it rested on is no longer part of its chain, and without it the
    condition does not hold; the id is the firing's. SEEN: it can be judged again, after
    NODATA or ERROR; the id is theirs, and an alert that fires goes on firing.
    """

    FIRING = "firing"
    REPEAT = "repeat"
    RESOLVED = "resolved"
    EXPIRED = "expired"
    NODATA = "nodata"
    ERROR = "error"
    SEEN = "seen"
    FILLED = "filled"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One event in the life of one alert.

    idem: `rule:scope:seq:transition`, the idempotency key; the same event has the
    same key for ever. id: six hex digits people say aloud, the same for one
    episode from firing to resolved. key: `rule:scope`, the unit of delivery order.
    at: the observation's own time. block: the chain evidence, where there is any.
    values: every signal the rule named, as judged. subject: whom it is about, for
    people ("Book: 3 positions, 412,300 USD"). expires_at: when a proposal is void.
    unconfirmed: what other endpoints say against its block, where one should have agreed.
    """

    id: str
    idem: str
    key: str
    rule: str
    pack: str
    scope: str
    layer: str | None
    layer_title: str
    action: Action
    state: AlertState
    severity: Severity
    at: datetime
    since: datetime
    title: str
    text: str
    subject: str = ""
    reason: str = ""
    position: str | None = None
    block: Block | None = None
    chain: str | None = None
    trace: tuple[Term, ...] = ()
    values: Mapping[str, Scalar | None] = field(default_factory=dict)
    ticket: Ticket | None = None
    expires_at: datetime | None = None
    route: tuple[str, ...] = ()
    unconfirmed: str = ""
