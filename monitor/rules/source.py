"""Where in a file something stands, and the faults found there."""

import re
from dataclasses import dataclass, replace
from typing import Final

from monitor.errors import Fault

_HEADER: Final = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(?:#.*)?")
# Past this many a file is not a rule file; the rest would only bury the first.
_MOST_FAULTS: Final = 200


class Source:
    """One file being read: its lines, by table and key, and its faults so far."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self._lines = text.splitlines()
        self._headers = [("", -1)] + [
            (found[1], number)
            for number, line in enumerate(self._lines)
            if (found := _HEADER.fullmatch(line))
        ]

    def place(self, header: str, nth: int, key: str) -> tuple[int, str] | None:
        """Return the 1-based number and text of the line of `key` in the nth such table."""
        starts = [number for name, number in self._headers if name == header]
        if nth >= len(starts):
            return None
        later = (number for _, number in self._headers if number > starts[nth])
        end = next(later, len(self._lines))
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]")
        for number in range(starts[nth] + 1, end):
            if wanted.match(self._lines[number]):
                return number + 1, self._lines[number]
        if header:
            return starts[nth] + 1, ""
        tables = (number for name, number in self._headers if name.partition(".")[0] == key)
        return next(((number + 1, "") for number in tables if key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where one table of a file stands; notes the faults of its keys with the file.

    header, nth: how the file spells the table and which of that name it is.
    what: the table as messages name it. outer: the key it stands at, for an inline one.
    """

    source: Source
    header: str = ""
    nth: int = 0
    what: str = ""
    outer: str = ""

    def fault(self, key: str, reason: str, *, within: int | None = None, text: str = "") -> None:
        """Note a fault at a key. within: its place in the key's own `text`, 1-based."""
        if len(self.source.faults) >= _MOST_FAULTS:
            return
        place = self.source.place(self.header, self.nth, self.outer or key)
        line, column = place[0] if place else None, None
        if within is not None:
            start = place[1].find(text) if place else -1
            if start >= 0:
                column = start + within
            else:  # the file spells the text in another way, over several lines perhaps
                reason = f"{reason} (character {within})"
        where = f"{self.what}: {key}" if self.what and key else self.what or key
        self.source.faults.append(
            Fault(file=self.source.file, where=where, reason=reason, line=line, column=column)
        )

    def inline(self, key: str) -> "Stand":
        """Return where a table given inline at `key` stands."""
        return replace(self, what=f"{self.what}: {key}", outer=key)

    def under(self, header: str, nth: int, what: str) -> "Stand":
        """Return where the nth table of the same file with a header of its own stands."""
        return Stand(source=self.source, header=header, nth=nth, what=what)
