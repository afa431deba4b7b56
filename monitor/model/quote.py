"""What an exchange quotes for one contract."""

from dataclasses import dataclass
from datetime import datetime

from monitor.model.layer import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionQuote:
    """One contract's two sides, in its exchange's own unit.

    bid, ask: None where there is none. mark: the exchange's own price, for where a side is
    missing. forward: of its expiry, as the exchange has it; tradable_forward: whether a
    future of that expiry is listed, for else it is only worked out. discount: today's worth of a
    unit paid at expiry, where the exchange reckons with one. as_of: when it was stated.
    """

    contract: Contract
    source: str
    as_of: datetime
    bid: float | None = None
    ask: float | None = None
    mark: float | None = None
    forward: float | None = None
    tradable_forward: bool = True
    discount: float = 1.0

    @property
    def price(self) -> float | None:
        """Return the middle of both sides, else the exchange's mark."""
        if self.bid is not None and self.ask is not None and 0 < self.bid <= self.ask:
            return (self.bid + self.ask) / 2
        return self.mark
