"""Reading a TOML table key by key, noting every fault instead of stopping at one."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from monitor.rules.durations import parse_duration
from monitor.rules.source import Stand
from monitor.rules.suggest import did_you_mean, not_known

RESERVED: Final = ".orphaned"
"""How the built-in rule over each layer of a position is named."""

ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_Word = TypeVar("_Word", bound=StrEnum)


class Table:
    """One table of a file; each key is asked for once, and what is left over is a fault.

    stand: where it is, for the faults.
    """

    def __init__(self, data: Mapping[str, Any], stand: Stand) -> None:
        self._data = data
        self._stand = stand
        self._asked: set[str] = set()

    def fault(self, key: str, reason: str, *, within: int | None = None, text: str = "") -> None:
        """Note a fault at a key. within: its place in the key's own `text`, 1-based."""
        self._stand.fault(key, reason, within=within, text=text)

    def __contains__(self, key: str) -> bool:
        return key in self._data

    @property
    def faulty(self) -> int:
        """Return how many faults the whole file has so far."""
        return len(self._stand.source.faults)

    def said(self, key: str) -> str:
        """Return a text as it stands, right or wrong; empty when it is none."""
        return value if isinstance(value := self._data.get(key), str) else ""

    def close(self) -> None:
        """Note every key that nobody asked for."""
        known = f"; known here: {', '.join(sorted(self._asked))}"
        for key in sorted(self._data.keys() - self._asked):
            self.fault(key[:64], "unknown key" + (did_you_mean(key, self._asked) or known))

    def get(self, key: str, kind: type | tuple[type, ...], wanted: str) -> Any:  # noqa: ANN401
        """Return a value of a kind as it stands; None when not given or at fault."""
        self._asked.add(key)
        value = self._data.get(key)
        if value is None:
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.fault(key, f"{_short(value)} is not {wanted}")
            return None
        return value

    def text(self, key: str, *, need: bool = False) -> str | None:
        """Return a text; a missing or empty one is a fault where it is needed."""
        value: str | None = self.get(key, str, "a text in quotes")
        if need and not value and self._data.get(key, "") == "":
            self.fault(key, "must be given" if key not in self._data else "must not be empty")
        return value

    def name(self, key: str) -> str:
        """Return an id, needed; empty when it is at fault."""
        value = self.text(key, need=True)
        if value and not ID.fullmatch(value):
            self.fault(key, f"{_short(value)}: an id is 1 to 64 letters, digits, _ . or -")
        if value and value.endswith(RESERVED):
            self.fault(key, f"{_short(value)}: what ends in {RESERVED} is kept for built-in rules")
        return value or ""

    def word(
        self, key: str, words: type[_Word], among: Iterable[_Word] | None = None
    ) -> _Word | None:
        """Return one of an enumeration's words."""
        allowed = [one.value for one in (words if among is None else among)]
        value = self.text(key)
        if value is None:
            return None
        if value not in allowed:
            self.fault(key, not_known(value, allowed))
            return None
        return words(value)

    def span(self, key: str, *, least: timedelta = timedelta(0)) -> timedelta | None:
        """Return a span of time, at least `least`."""
        value = self.get(key, str, 'a span in quotes such as "30m"')
        return None if value is None else _span(self, key, value, least)

    def flag(self, key: str) -> bool:
        """Return true or false; false when not given."""
        return bool(self.get(key, bool, "true or false"))

    def whole(self, key: str, least: int, most: int) -> int | None:
        """Return a whole number between two others, both allowed."""
        value: int | None = self.get(key, int, "a whole number")
        if value is not None and not least <= value <= most:
            self.fault(key, f"{_short(value)} must be between {least} and {most:,}")
            return None
        return value

    def number(self, key: str, above: float, most: float, *, need: bool = False) -> float | None:
        """Return a number above one bound and at most another."""
        value = self.get(key, (int, float), "a number")
        if need and key not in self._data:
            self.fault(key, "must be given")
        if value is not None and not above < value <= most:
            self.fault(key, f"{_short(value)} must be above {above:g} and at most {most:g}")
            return None
        return None if value is None else float(value)

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Return a list of texts; None when not given or at fault."""
        value = self.get(key, list, "a list of texts")
        if value is None:
            return None
        if wrong := [one for one in value if not isinstance(one, str)]:
            self.fault(key, f"{_short(wrong[0])} in it is not a text in quotes")
            return None
        if twice := sorted({one for one in value if value.count(one) > 1}):
            self.fault(key, f"{_short(twice[0])} is there twice")
        return tuple(value)

    def flat(self, key: str) -> dict[str, Any]:
        """Return a table of dotted names, whether they are quoted or not."""
        return _flat(self.get(key, dict, "a table") or {})

    def inner(self, key: str, *, header: str = "") -> "Table | None":
        """Return a table within this one; header: where it stands under its own name."""
        value = self.get(key, dict, "a table")
        stand = self._stand.under(header, 0, key) if header else self._stand.inline(key)
        return None if value is None else Table(value, stand)

    def standing_at(self, key: str, data: Mapping[str, Any]) -> "Table":
        """Return a table that the file says in short at `key`."""
        return Table(data, self._stand.inline(key))

    def rows(self, key: str, *, header: str, first: int = 0) -> "list[Table]":
        """Return the tables of an array of tables; first: how many of that header went before."""
        value = self.get(key, list, f"written as [[{header}]]") or []
        if not all(isinstance(one, dict) for one in value):
            self.fault(key, f"must be written as [[{header}]]")
            return []
        return [
            Table(one, self._stand.under(header, first + place, _called(key, one, place)))
            for place, one in enumerate(value)
        ]


def spans_of(table: Table, key: str) -> dict[str, timedelta]:
    """Return a table of spans above nothing; those at fault are left out."""
    value: dict[str, Any] = _flat(table.get(key, dict, 'a table such as { vix = "35m" }') or {})
    found = {}
    for name, span in value.items():
        if not isinstance(span, str):
            table.fault(key, f"{name}: {_short(span)} is not a span in quotes")
        elif (length := _span(table, key, span, timedelta(seconds=1))) is not None:
            found[name] = length
    return found


def instant_of(table: Table, key: str) -> datetime | None:
    """Return an instant with its offset, in UTC."""
    value: datetime | None = table.get(key, datetime, "an instant such as 2026-03-02T15:00:00Z")
    if value is not None and value.tzinfo is None:
        table.fault(key, f"{value.isoformat()} needs its offset from UTC")
    return value.astimezone(UTC) if value is not None and value.tzinfo else None


def inline_rows(table: Table, key: str, form: str, most: int) -> list[Table]:
    """Return the tables of an inline list, 1 to `most` where given. form: how one reads."""
    value = table.get(key, list, f"a list of {form}")
    if value is None:
        return []
    if not 1 <= len(value) <= most or not all(isinstance(one, dict) for one in value):
        table.fault(key, f"must be a list of 1 to {most} tables such as {form}")
        return []
    return [table.standing_at(key, one) for one in value]


def _span(table: Table, key: str, value: str, least: timedelta) -> timedelta | None:
    try:
        return _long_enough(value, least)
    except ValueError as fault:
        table.fault(key, str(fault))
        return None


def _long_enough(text: str, least: timedelta) -> timedelta:
    """Return the span a text means; raises ValueError for none and for one below `least`."""
    span = parse_duration(text)
    if span < least:
        raise ValueError(f"{text} is too short; at least {least.total_seconds():.0f} s")
    return span


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Undo TOML's dotted keys: { position.il = "5m" } names position.il."""
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict):
            flat |= _flat(inner, f"{prefix}{key}.")
        else:
            flat[prefix + key] = inner
    return flat


def _called(key: str, row: Mapping[str, Any], place: int) -> str:
    """Name a row by its id, or by its place where it has none worth repeating."""
    own = row.get("id")
    return f"{key} {own if isinstance(own, str) and ID.fullmatch(own) else place + 1}"


def _short(value: object) -> str:
    text = repr(value) if not isinstance(value, str) else f'"{value}"'
    text = {"True": "true", "False": "false"}.get(text, text)
    return text if len(text) <= 60 else text[:59] + "…"  # noqa: PLR2004
