"""A number from a feed, with everything needed to distrust it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of one signal as its source stated it.

    name: as in the catalogue. key: which one, for signals that come as a family
    (`vx.settle` has a key per expiry, ISO date); empty otherwise.
    as_of: when the source says it was true. source: the adapter's name.
    """

    name: str
    value: float
    unit: str
    as_of: datetime
    source: str
    key: str = ""
