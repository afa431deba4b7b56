"""Spans of time as people write them: `90s`, `30m`, `4h`, `1d`, `2w`; and instants."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_FORM: Final = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
LONGEST: Final = timedelta(weeks=520)


def parse_duration(text: str) -> timedelta:
    """Return the span; raises ValueError with a sentence that says what is allowed."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(
            f'{text[:40]!r} is not a span: write a whole number and s, m, h, d or w, as in "30m"'
        )
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"{text!r} is longer than ten years")
    return timedelta(seconds=seconds)


def parse_instant(text: str) -> datetime:
    """Return an instant such as `2026-03-27T08:00Z`, in UTC; raises ValueError in a sentence."""
    try:
        return _zoned(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        reason = f"{text[:40]!r} is no instant with its zone, such as 2026-03-27T08:00Z"
        raise ValueError(reason) from None


def _zoned(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError
    return at.astimezone(UTC)
