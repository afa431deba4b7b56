"""Take values out of other people's JSON, or say in one sentence what is wrong with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic_core import from_json

from monitor.errors import Permanent, Transient

LEAD: Final = timedelta(minutes=1)
"""How far ahead of ours another clock may be."""

_SHOWN: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausible:
    """The open-ended range (above, up_to] outside which a value is no value."""

    above: float
    up_to: float


VOL_POINTS: Final = Plausible(above=0, up_to=200)
"""For the VIX and its futures; the index has closed between 9.14 and 82.69."""

CRYPTO_VOL_POINTS: Final = Plausible(above=0, up_to=500)
"""For DVOL, which runs several times the VIX."""

PLAUSIBLE: Final[Mapping[str, Plausible]] = {
    "vix": VOL_POINTS,
    "vx.settle": VOL_POINTS,
    "dvol.eth": CRYPTO_VOL_POINTS,
}


def parse_json(text: str, source: str) -> object:
    """Return the document; raise Transient when it is empty, cut short or absurdly deep.

    Not by the standard library's parser, whose depth is only as bounded as the
    interpreter's stack.
    """
    if not text.strip():
        raise Transient(f"{source} sent an empty answer")
    try:
        document: object = from_json(text)
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
