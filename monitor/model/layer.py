"""A hedge layer: legs with quantities, fills, and where it stands."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias

PERPETUAL: Final = date.max
"""What a perpetual future has in an expiry's place."""

Quantity: TypeAlias = int | Decimal
"""A signed number of contracts; a decimal one only of contracts that trade in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A listed contract. kind: one of `hedge.contracts.KINDS`, such as `vix.call`.

    expiry: settlement date. strike: index points or USD a coin, 0 for a future.
    """

    kind: str
    expiry: date
    strike: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Contracts held: positive bought, negative sold."""

    contract: Contract
    quantity: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A trade a person did. price: as its exchange states it; None where they gave none.

    Index points of VIX and SPX, coin of coin-settled options, USD of perpetual futures.
    in_usd: the price is of one contract in US dollars instead.
    """

    contract: Contract
    quantity: Quantity
    price: float | None = None
    in_usd: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedFill:
    """A fill in the layer's journal: who, when, under which word.

    cash_usd: signed cash of the fill, negative when paid; None if unpriced. A future
    counts at its whole worth, as its mark does. Entries are numbered from 1 and stay for ever.
    reverses: the number of the entry this one takes back; 0 of a trade. corrects: the number
    of the entry in whose place it stands. extrinsic_usd: the layer's, at entry, before the fill;
    rungs: of its ladder, taken before it.
    """

    fill: Fill
    at: datetime
    by: str
    word: str
    cash_usd: float | None
    reverses: int = 0
    corrects: int = 0
    extrinsic_usd: float | None = None
    rungs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedCash:
    """Money that came or went without a trade, such as funding. usd: received positive."""

    usd: float
    note: str
    at: datetime
    by: str
    word: str


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
class Covers:
    """What share of the loss expected in a shock a ticket's legs would pay, by the model.

    scenario: the shock in words. low, high: fractions of that loss, signed: negative where
    the legs lose too. loss_usd: the loss itself, <= 0. given_up: the legs are closed, and what
    they would have paid is paid no more.
    """

    scenario: str
    low: float
    high: float
    loss_usd: float
    given_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well a hedge's driver has tracked the loss of the positions it is to cover.

    driver: in words. r2, corr: of weekly losses on weekly rises of the driver, None where
    there are too few weeks. calm_share: the share of those losses that fell while the VIX was at
    most 30. note: over what, or why it is not known.
    """

    driver: str
    r2: float | None = None
    corr: float | None = None
    calm_share: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What to trade and what it costs.

    legs: as `hedgewatch layer fill --leg` reads them, without price. prices: as each leg's
    exchange states them. cost_usd: cash to pay, negative to receive, a future at nothing;
    low and high at vol -5 and +5 points.
    priced_by: "model", the quotes' source, or both. note: what the number rests on.
    sized: the policy's formula with its figures. max_loss_usd: None where it has no bound.
    margin_usd: an estimate of the cash bound. break_evens: settlements at which it makes nothing.
    warnings: what speaks against it. fit: of its own driver; better: of the best other, and
    better_ticket its trade in words with its price.
    """

    legs: tuple[Leg, ...]
    prices: tuple[float, ...]
    cost_usd: float
    cost_low_usd: float
    cost_high_usd: float
    priced_by: str
    note: str = ""
    fee_share: float | None = None
    sized: str = ""
    max_loss_usd: float | None = None
    margin_usd: float | None = None
    break_evens: tuple[float, ...] = ()
    covers: Covers | None = None
    warnings: tuple[str, ...] = ()
    fit: Fit | None = None
    better: Fit | None = None
    better_ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An open request to a person. alert: the short id they see. note: why there is no ticket.

    fit: how its driver has tracked the loss, where there is no ticket that says so. rung: of a
    removal in part, how many rungs of the layer's ladder are taken by it; else 0.
    """

    rule: str
    alert: str
    action: Action
    at: datetime
    expires_at: datetime | None
    ticket: Ticket | None
    expired: bool = False
    note: str = ""
    rung: int = 0
    fit: Fit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerState:
    """One layer over one scope: its legs, its journal, its one open proposal.

    extrinsic_at_entry_usd: the legs' extrinsic value when last opened or rolled, by
    the model; None where it could not be marked. rungs: how many of its ladder were taken
    since it was opened. cash: what came and went without a trade.
    """

    layer: str
    scope: str
    status: LayerStatus = LayerStatus.OFF
    legs: tuple[Leg, ...] = ()
    journal: tuple[BookedFill, ...] = ()
    proposal: Proposal | None = None
    opened_at: datetime | None = None
    extrinsic_at_entry_usd: float | None = None
    rungs: int = 0
    cash: tuple[BookedCash, ...] = ()


@lru_cache(maxsize=4096)
def untouched(layer: str, scope: str) -> LayerState:
    """Return a layer of which nothing was ever said."""
    return LayerState(layer=layer, scope=scope)
