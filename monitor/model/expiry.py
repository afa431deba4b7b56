"""An expiry of listed contracts: its day, until when they trade, when they settle."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """One expiry. day: as its contracts are named; instants aware, UTC.

    last_trading: the instant after which they trade no more. settlement: when what they
    settle at is known.
    """

    day: date
    last_trading: datetime
    settlement: datetime
