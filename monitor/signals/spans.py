"""Lengths of time as notes tell them."""

from typing import Final

_DAYS_FROM_H: Final = 48


def spell(seconds: float) -> str:
    """Return a length of time in words: `5 m 12 s`, `3 h 10 m`, `4 d`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= _DAYS_FROM_H:
        return f"{hours // 24} d"
    if hours:
        return f"{hours} h {minutes} m" if minutes else f"{hours} h"
    return (
        f"{minutes} m {rest} s" if minutes and rest else f"{minutes} m" if minutes else f"{rest} s"
    )
