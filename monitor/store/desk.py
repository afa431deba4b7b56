"""What the policy remembers, as rows of the store, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from monitor.alerts.desk import Case, Desk
from monitor.alerts.silence import Silence
from monitor.store.records import RowKey

SILENCE: Final = "silence"
_TABLES: Final = (
    (SILENCE, "silences", TypeAdapter(Silence)),
    ("case", "cases", TypeAdapter(Case)),
    ("group", "groups", TypeAdapter(datetime)),
)


def changed_desk(old: Desk, new: Desk) -> dict[RowKey, str | None]:
    """Return the rows that differ; None for those that are gone."""
    rows = dict[RowKey, str | None]()
    for kind, name, form in _TABLES:
        before: Mapping[str, Any] = getattr(old, name)
        after: Mapping[str, Any] = getattr(new, name)
        if before is after:
            continue
        for key, record in after.items():
            if before.get(key) != record:
                rows[kind, key] = form.dump_json(record).decode()
        rows.update({(kind, key): None for key in before if key not in after})
    return rows


def restored_desk(rows: Mapping[RowKey, str]) -> Desk:
    """Return what was remembered; raises ValueError where a row does not parse."""
    found = dict[str, dict[str, Any]]()
    for kind, name, form in _TABLES:
        mine = sorted((key, text) for (row, key), text in rows.items() if row == kind)
        found[name] = {key: form.validate_json(text) for key, text in mine}
    return Desk(**found)


def saved_silences(rows: Mapping[RowKey, str]) -> tuple[Silence, ...]:
    """Return the silences alone; raises ValueError where a row does not parse."""
    mine = {key: text for key, text in rows.items() if key[0] == SILENCE}
    return tuple(restored_desk(mine).silences.values())
