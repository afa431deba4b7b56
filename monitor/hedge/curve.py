"""The VIX futures curve: what a forward VIX is worth at an expiry, and how we know."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from monitor.hedge.legs import spell_day

_MONTH: Final = timedelta(days=30)

MODEL: Final = "model"
SNAPSHOT: Final = "snapshot"
"""Sources of a past's prices that no exchange settled: made up by a stated model, or seen after
the close. All other sources tell settlements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """A forward VIX in index points. note: where it comes from, for people."""

    value: float
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VixCurve:
    """Settlements of VIX futures in index points, by expiry, rising in time.

    as_of: the settlement they were stated at. source: who says so, which notes tell where it is
    none that settles.
    """

    settlements: tuple[tuple[date, float], ...]
    as_of: datetime
    source: str = ""

    def __post_init__(self) -> None:
        days = [day for day, _ in self.settlements]
        if days != sorted(set(days)):
            raise ValueError(f"expiries of a curve must rise, were {', '.join(map(str, days))}")
        if bad := [value for _, value in self.settlements if not 0 < value < float("inf")]:
            raise ValueError(f"settlements must be above zero, one was {bad[0]}")

    def forward(self, expiry: date) -> Forward | None:
        """Return the forward VIX at an expiry; None where nothing at all is listed.

        The settlement of that very expiry; between two listed ones linear in
        days; before the first and beyond the last held flat, and the note says so.
        """
        if not self.settlements:
            return None
        row = bisect_left(self.settlements, expiry, key=lambda pair: pair[0])
        what = self.source if self.source in {MODEL, SNAPSHOT} else "settlement"
        if row == len(self.settlements):
            last, value = self.settlements[-1]
            return Forward(
                value=value,
                note=f"beyond the last listed {what} ({spell_day(last)}), held flat: model",
            )
        day, value = self.settlements[row]
        if day == expiry:
            return Forward(value=value, note=f"{what} of {spell_day(day)}")
        if row == 0:
            return Forward(
                value=value,
                note=f"before the first listed {what} ({spell_day(day)}), held flat: model",
            )
        before, near = self.settlements[row - 1]
        share = (expiry - before).days / (day - before).days
        return Forward(
            value=near + share * (value - near),
            note=f"linear between {spell_day(before)} and {spell_day(day)}: model",
        )

    def forward30(self) -> Forward | None:
        """Return the forward a constant 30 days from the settlement's own day, held as above."""
        return self.forward(self.as_of.date() + _MONTH)
