"""Take values out of other people's JSON, or say in one sentence what is wrong with it."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from pydantic_core import from_json

from monitor.errors import Permanent, Transient
from monitor.signals.catalogue_market import CRYPTO_VOL_POINTS, VOL_POINTS
from monitor.signals.signal import Plausible

__all__ = ["CRYPTO_VOL_POINTS", "VOL_POINTS", "Plausible", "number", "parse_json", "past", "pick"]

LEAD: Final = timedelta(minutes=1)
"""How far ahead of ours another clock may be."""

_SHOWN: Final = 40


def parse_json(text: str, source: str) -> object:
    """Return the document; raise Transient when it is empty, cut short or absurdly deep.

    Not by the standard library's parser, whose depth is only as bounded as the
    interpreter's stack.
    """
    if not text.strip():
        raise Transient(f"{source} sent an empty answer")
    try:
        document: object = from_json(text, cache_strings="keys")
    except ValueError as error:
        start = text.strip()[:_SHOWN]
        raise Transient(f"{source} sent no whole JSON document: {start!r}") from error
    return document


def pick(document: object, *path: str | int, source: str) -> object:
    """Return what stands at a path of keys and indices; raise Permanent when it is not there."""
    here = document
    for depth, step in enumerate(path):
        try:
            here = _step(here, step)
        except LookupError:
            where = ".".join(str(part) for part in path[: depth + 1])
            reason = f"{source} sent no {where}: has its answer changed shape?"
            raise Permanent(reason) from None
    return here


def _step(here: object, step: str | int) -> object:
    if isinstance(here, Mapping) and isinstance(step, str):
        return here[step]
    if isinstance(here, list) and isinstance(step, int):
        return here[step]
    raise LookupError(step)


def number(value: object, *, what: str, source: str, plausible: Plausible) -> float:
    """Return a finite number in its range; raise Transient when it is none or absurd."""
    shown = _show(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124
        raise Transient(f"{source} sent {shown} as {what}, which is no number")
    if not plausible.above < value <= plausible.up_to:
        allowed = f"above {plausible.above:g} and up to {plausible.up_to:g}"
        raise Transient(f"{source} sent {shown} as {what}, which is absurd: it is {allowed}")
    return float(value)


def past(at: datetime, *, now: datetime, lead: timedelta, source: str) -> datetime:
    """Return `at`; raise Transient when it lies further after `now` than `lead`."""
    if at - now > lead:
        raise Transient(f"{source} sent a value stamped {at:%Y-%m-%d %H:%M} UTC, which is to come")
    return at


def _show(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
