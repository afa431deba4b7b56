"""Bars of the market's numbers as rows of the store, one a session, and back."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from monitor.model.reading import Bar
from monitor.signals.bars import Bars
from monitor.store.records import RowKey

KIND: Final = "bar"


def changed_bars(old: Mapping[str, Bars], new: Mapping[str, Bars]) -> dict[RowKey, str | None]:
    """Return the rows that differ; None for those that are gone.

    Bars that did not change are the same object, so identity tells.
    """
    rows: dict[RowKey, str | None] = {}
    if old is new:
        return rows
    for key in old.keys() | new.keys():
        before, after = old.get(key), new.get(key)
        if before is after:
            continue
        was, now = _parted(before.bars if before else (), after.bars if after else ())
        for day, bar in now.items():
            if was.get(day) is not bar:
                rows[KIND, f"{key}|{day}"] = _written(bar)
        rows.update({(KIND, f"{key}|{day}"): None for day in was.keys() - now.keys()})
    return rows


def _parted(before: Sequence[Bar], after: Sequence[Bar]) -> tuple[dict[date, Bar], dict[date, Bar]]:
    """Return both by day, from where they part: nearly always at the newest session's."""
    head = len(before) - 1
    if head > 0 and before[:head] == after[:head]:
        before, after = before[head:], after[head:]
    return {bar.day: bar for bar in before}, {bar.day: bar for bar in after}


def restored_bars(rows: Mapping[RowKey, str]) -> dict[str, Bars]:
    """Return the bars that were saved; raises ValueError where a row does not parse."""
    found: dict[str, list[Bar]] = {}
    for (kind, key), text in rows.items():
        if kind == KIND:
            name, _, day = key.rpartition("|")
            found.setdefault(name, []).append(_read(date.fromisoformat(day), text))
    return {
        name: Bars(bars=tuple(sorted(bars, key=lambda bar: bar.day)))
        for name, bars in found.items()
    }


def _written(bar: Bar) -> str:
    return json.dumps([bar.open, bar.high, bar.low, bar.close, bar.at.isoformat()])


def _read(day: date, text: str) -> Bar:
    first, high, low, last, at = json.loads(text)
    return Bar(day=day, open=first, high=high, low=low, close=last, at=datetime.fromisoformat(at))
