"""The JSON Schema of every MQTT payload, as it is shipped beside this file."""

import json
from pathlib import Path
from typing import Any, Final

from monitor.rules.suggest import nearest

_FOLDER: Final = Path(__file__).with_name("schemas")


def schema_names() -> tuple[str, ...]:
    """Return the name of every payload."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


def schema_text(name: str) -> str:
    """Return a payload's schema as its file has it; raise LookupError where there is none."""
    if name not in schema_names():
        near = nearest(name, schema_names())
        meant = f" (did you mean {near}?)" if near else ""
        raise LookupError(f"there is no payload {name!r}{meant}: {', '.join(schema_names())}")
    return (_FOLDER / f"{name}.json").read_text(encoding="utf-8")


def schema(name: str) -> dict[str, Any]:
    """Return a payload's schema; raise LookupError where there is none."""
    found: dict[str, Any] = json.loads(schema_text(name))
    return found
