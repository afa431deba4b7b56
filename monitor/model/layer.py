"""A hedge layer: legs with quantities, fills, and where it stands."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A listed contract. kind: `vix.call`, `vix.put` or `vix.future`.

    expiry: settlement date. strike: index points, 0 for a future.
    """

    kind: str
    expiry: date
    strike: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Contracts held: positive bought, negative sold."""

    contract: Contract
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A trade a person did. price: index points a unit; None where they gave none."""

    contract: Contract
    quantity: int
    price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedFill:
    """A fill in the layer's journal: who, when, under which word.

    price_usd: signed cash of the fill, negative when paid; None if unpriced.
    """

    fill: Fill
    at: datetime
    by: str
    word: str
    cash_usd: float | None


class LayerStatus(StrEnum):
    """Where a layer stands."""

    OFF = "off"
    PROPOSED = "proposed"
    ON = "on"
    ROLL_DUE = "roll_due"
    REMOVE_DUE = "remove_due"
    EXPIRED = "expired"


class Action(StrEnum):
    """What a rule asks for. Only the first three concern the layer's own state."""

    ADD = "add"
    ROLL = "roll"
    REMOVE = "remove"
    NOTIFY = "notify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What to trade and what it costs.

    legs: as `hedgewatch layer fill --leg` reads them, without price.
    cost_usd: cash to pay, negative to receive; low and high at vol -5 and +5 points.
    priced_by: "model" or the quote's source. note: what the number rests on.
    """

    legs: tuple[Leg, ...]
    prices: tuple[float, ...]
    cost_usd: float
    cost_low_usd: float
    cost_high_usd: float
    priced_by: str
    note: str = ""
    fee_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An open request to a person. alert: the short id they see. note: why there is no ticket."""

    rule: str
    alert: str
    action: Action
    at: datetime
    expires_at: datetime | None
    ticket: Ticket | None
    expired: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerState:
    """One layer over one scope: its legs, its journal, its one open proposal.

    extrinsic_at_entry_usd: the legs' extrinsic value when last opened or rolled, by
    the model; None where it could not be marked.
    """

    layer: str
    scope: str
    status: LayerStatus = LayerStatus.OFF
    legs: tuple[Leg, ...] = ()
    journal: tuple[BookedFill, ...] = ()
    proposal: Proposal | None = None
    opened_at: datetime | None = None
    extrinsic_at_entry_usd: float | None = None
