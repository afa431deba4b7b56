"""An alert as JSON text and back, exactly."""

import json
from collections.abc import Mapping
from typing import Final

from pydantic import ConfigDict, TypeAdapter

from monitor.alerts.alert import Alert

_ALERT: Final = TypeAdapter(Alert)
# Its texts are seldom met twice: remembered, they would only fill pydantic's cache, a megabyte.
_READ: Final = TypeAdapter(tuple[Alert], config=ConfigDict(cache_strings="keys"))


def to_json(alert: Alert) -> str:
    """Return the alert as one line of JSON; `from_json` of it is equal to it.

    Instants carry their offset and microseconds. A float that is not finite
    becomes the bare word Python's `json` reads, which strict JSON does not know.
    """
    # Not dump_json, which turns infinity into null; no warnings, since an int is a fine float.
    plain = _ALERT.dump_python(alert, mode="json", warnings=False, fallback=_plain)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Alert:
    """Return the alert `to_json` wrote; raise ValueError, naming the field, for anything else."""
    (alert,) = _READ.validate_json(f"[{text}]")
    return alert


def _plain(value: object) -> dict[object, object]:
    if isinstance(value, Mapping):  # a read-only view, say, which pydantic does not know
        return dict(value)
    raise TypeError(f"an alert cannot hold a {type(value).__name__}")
