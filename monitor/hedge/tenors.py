"""A volatility by time to expiry, out of the few tenors that indices measure."""

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenor:
    """One measured volatility. days: calendar days it looks ahead. sigma: annual fraction."""

    days: float
    sigma: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenors:
    """Tenors, rising in days. Raises ValueError without any, or unless they rise."""

    known: tuple[Tenor, ...]

    def __post_init__(self) -> None:
        days = [one.days for one in self.known]
        if not days or days != sorted(set(days)):
            raise ValueError(f"tenors must be several days, and rise, were {days}")
        if bad := [one for one in self.known if not 0 < one.sigma < float("inf")]:
            raise ValueError(f"a volatility must be above zero, {bad[0].name} was {bad[0].sigma}")

    def at(self, days: float) -> tuple[float, str]:
        """Return the volatility for so many days, and its name.

        Total variance is linear in time between two tenors; before the first and beyond
        the last the volatility is held flat.
        """
        first, last = self.known[0], self.known[-1]
        if days <= first.days:
            return first.sigma, first.name
        if days >= last.days:
            return last.sigma, last.name
        after = next(n for n, one in enumerate(self.known) if one.days >= days)
        near, far = self.known[after - 1], self.known[after]
        share = (days - near.days) / (far.days - near.days)
        low, high = near.sigma**2 * near.days, far.sigma**2 * far.days
        variance = low + share * (high - low)
        name = far.name if days == far.days else f"{near.name} to {far.name}"
        return sqrt(variance / days), name
