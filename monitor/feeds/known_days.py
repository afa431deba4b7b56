"""Days of a calendar that are known beforehand."""

from collections.abc import Iterator, Mapping
from datetime import date

from monitor.feeds.witness import Witness
from monitor.model.reading import Reading


def days_of(years: Mapping[int, str]) -> tuple[date, ...]:
    """Return the days written MM-DD with blanks between, by their year; oldest first."""
    return tuple(
        date.fromisoformat(f"{year}-{day}") for year, days in years.items() for day in days.split()
    )


def marked(name: str, days: Mapping[date, float], witness: Witness) -> Iterator[Reading]:
    """Yield a reading a day, keyed by it and true as of now."""
    for day, value in sorted(days.items()):
        yield witness.reading(name, value, witness.now, day.isoformat())
