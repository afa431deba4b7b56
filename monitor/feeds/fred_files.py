"""FRED's chart files: a header, then a date and a value a line, the value perhaps missing."""

from datetime import date
from typing import Final

from monitor.errors import Permanent, Transient
from monitor.feeds.http import CSV, Web
from monitor.feeds.stated import figure, iso_day

SOURCE: Final = "fred"
_MISSING: Final = ("", ".")
_COLUMNS: Final = 2


async def fetch_file(web: Web, base_url: str, series: str, first: date) -> str:
    """Return a series' file from a day on; raise Transient or Permanent."""
    return await web.get(
        f"{base_url}/graph/fredgraph.csv",
        accepts=CSV,
        params={"id": series, "cosd": first.isoformat()},
    )


def parse_file(text: str, series: str) -> tuple[tuple[date, float], ...]:
    """Return the days that have a value, oldest first.

    Columns go by their place: the first one's title has changed before. Raises Permanent
    when the second is not the series, Transient on a row that makes no sense or no value.
    """
    lines = [line.split(",") for line in text.splitlines() if line.strip()]
    if not lines:
        raise Transient(f"{SOURCE} sent an empty file for {series}")
    header = [cell.strip() for cell in lines[0]]
    if len(header) != _COLUMNS or header[1].upper() != series:
        found = ",".join(header)[:60]
        raise Permanent(f"{SOURCE} was asked for {series}, and its header is: {found}")
    found_rows = []
    for cells in lines[1:]:
        if len(cells) != _COLUMNS:
            raise Transient(f"{SOURCE} sent a row cut short: {','.join(cells)[:40]!r}")
        value = cells[1].strip()
        if value not in _MISSING:
            day = iso_day(cells[0].strip(), what=f"a day of {series}", source=SOURCE)
            found_rows.append((day, figure(value, what=series, source=SOURCE)))
    if not found_rows:
        raise Transient(f"{SOURCE} has no value of {series} in its file")
    return tuple(sorted(found_rows))
