"""What a layer's legs are worth now, by quotes or the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from monitor.hedge.contracts import days_left, expired, last_trading
from monitor.hedge.market import Market
from monitor.hedge.worth import Worth, held, worth_of
from monitor.model.layer import PERPETUAL, LayerState, Leg
from monitor.model.same import Same
from monitor.model.swift import swift


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The live legs of a layer, valued.

    value_usd: signed, what selling them would bring. extrinsic_usd: the part of it
    above intrinsic value. Both None where a price is not to be had, and then the
    note says why. dte: calendar days to the nearest live expiry, known regardless; None of a
    perpetual. worth: everything else, None where a price is not to be had.
    """

    value_usd: float | None
    extrinsic_usd: float | None
    dte: float | None
    priced_by: str = "model"
    note: str = ""
    worth: Worth | None = field(default=None, compare=False, repr=False)


_mark: Final = swift(Mark)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def mark(legs: Sequence[Leg], market: Market, at: datetime) -> Mark | None:
    """Return the mark of legs that still trade; None when there is none.

    Legs past their last trading await settlement: they are left out, and the
    note says how many. A future counts at its whole worth, as its fill does.
    """
    live = trading(legs, at)
    if not live:
        return None
    dte = days_to_expiry(live, at)
    found = worth_of(held(live), market, at)
    if isinstance(found, str):
        return Mark(value_usd=None, extrinsic_usd=None, dte=dte, note=found)
    note = "; ".join(part for part in (found.note, expired_legs(len(legs) - len(live))) if part)
    return _mark(
        value_usd=found.value_usd,
        extrinsic_usd=found.extrinsic_usd,
        dte=dte,
        priced_by=found.by,
        note=note,
        worth=found,
    )


def expired_legs(gone: int) -> str:
    """Return how many legs are past their last trading, in words; nothing where none is."""
    return (
        f"{gone} expired leg{'s' if gone > 1 else ''} left out, awaiting settlement" if gone else ""
    )


def trading(legs: Sequence[Leg], at: datetime) -> list[Leg]:
    """Return the legs that still trade."""
    return [leg for leg in legs if not expired(leg.contract, at)]


def days_to_expiry(live: Sequence[Leg], at: datetime) -> float | None:
    """Return calendar days to the nearest expiry of legs that trade; None of a perpetual."""
    ends = [leg.contract.expiry for leg in live if leg.contract.expiry != PERPETUAL]
    return float(days_left(min(ends), at)) if ends else None


@lru_cache(maxsize=64)
def first_end(layers: Same[Mapping[str, LayerState]]) -> datetime:
    """Return the first instant at which any leg held trades no more; before it none settles."""
    ends = (last_trading(leg.contract) for one in layers.of.values() for leg in one.legs)
    return min(ends, default=_NEVER)
