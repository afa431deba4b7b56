"""Numbers, money, spans and instants as people read them."""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from monitor.rules.verdict import Scalar

_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
_SPANS: Final = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m"), (1, "s"))
_MOST_PLACES: Final = 8
_LONG: Final = 1e15
_WHOLE_USD: Final = 100
_SMALL_FRACTION: Final = 0.01
_WHOLE_PRICE: Final = 1_000
_DUST: Final = 1e-4
_STEPS: Final = 20


def number(value: float, places: int) -> str:
    """Return a number with thousands, a true minus sign, and no minus before zero."""
    text = f"{value:,.{places}f}" if abs(value) < _LONG else f"{value:.3e}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else f"−{text[1:]}"
    return text


def figure(value: Scalar, unit: str, *, extra: int = 0) -> str:
    """Return a signal's value in the unit people read it in.

    unit: as in the catalogue; a fraction is told in percent, seconds as a span.
    extra: decimals beyond those the unit usually gets.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return str(value)
    return _SPELLED.get(unit, _price)(value, extra)


def pair(left: Scalar, right: Scalar, unit: str) -> tuple[str, str]:
    """Return both sides of a comparison, precise enough to differ if they differ."""
    told = figure(left, unit), figure(right, unit)
    for extra in range(1, _MOST_PLACES):
        if left == right or told[0] != told[1]:
            break
        told = figure(left, unit, extra=extra), figure(right, unit, extra=extra)
    return told


def precise(text: str, value: float, within: float) -> str:
    """Return a price's text, or a longer one where it is too coarse for where `value` lies.

    within: the stretch of prices that it is seen in; a pool of two dollars has one of 0.001.
    """
    step = within / _STEPS
    if not 0 < step < math.inf or abs(float(text.replace(",", "")) - value) <= step:
        return text
    # So many places that rounding is half a step at most.
    return number(value, max(math.ceil(-math.log10(2 * step) - 0.01), 0))


def span(seconds: float, *, extra: int = 0) -> str:
    """Return a length of time in its two largest units: `5 m 12 s`, `3 h 10 m`, `2 d`.

    extra: units beyond those two: `1 d 11 m`.
    """
    rest, told = max(0, int(seconds)), list[str]()
    first = next(place for place, (size, _) in enumerate(_SPANS) if rest >= size or size == 1)
    for size, name in _SPANS[first : first + 2 + extra]:
        if rest >= size:
            told.append(f"{rest // size} {name}")
        rest %= size
    return " ".join(told) or "0 s"


def age(seconds: float) -> str:
    """Return a length of time in one unit, rounded down: `15 m`, `14 h`, from two days on `2 d`."""
    rest = max(0, int(seconds))
    if rest < _MINUTE:
        return f"{rest} s"
    if rest < _HOUR:
        return f"{rest // _MINUTE} m"
    return f"{rest // _HOUR} h" if rest < 2 * _DAY else f"{rest // _DAY} d"


def day(at: date) -> str:
    """Return the day as people write it: `17 Mar 2027`."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def moment(at: datetime, near: datetime | None = None) -> str:
    """Return an instant with its zone; the date too unless it is the day of `near`."""
    clock = f"{at:%H:%M} {at.tzname() or 'UTC'}"
    if near is not None and near.date() == at.date():
        return clock
    year = "" if near is not None and near.year == at.year else f" {at.year}"
    return f"{at.day} {_MONTHS[at.month - 1]}{year} {clock}"


def _percent(value: float, extra: int) -> str:
    return number(value * 100, (1 if abs(value) >= _SMALL_FRACTION or not value else 2) + extra)


def _trimmed(value: float, least: int, most: int) -> str:
    text = number(value, most)
    while "." in text and text.endswith("0") and len(text) - text.index(".") - 1 > least:
        text = text[:-1]
    return text.removesuffix(".")


def _price(value: float, extra: int) -> str:
    if abs(value) >= _WHOLE_PRICE:
        return number(value, extra)
    if abs(value) >= 1:
        return number(value, 2 + extra)
    if not value:
        return "0"
    leading = -math.floor(math.log10(abs(value)))
    return _trimmed(value, 1, leading + 3 + extra)


def _coin(value: float, extra: int) -> str:
    """Return an amount of a token; dust in powers of ten, or it would be all noughts."""
    if not value or abs(value) >= _DUST:
        return _price(value, extra)
    return f"{value:.{1 + extra}e}".replace("-", "−", 1 if value < 0 else 0)


def _seconds(value: float, extra: int) -> str:
    units = len(_SPANS) - 2
    return f"{number(value, extra - units)} s" if extra > units else span(value, extra=extra)


def _usd(value: float, extra: int) -> str:
    return f"{number(value, (0 if abs(value) >= _WHOLE_USD else 2) + extra)} USD"


_SPELLED: Final[Mapping[str, Callable[[float, int], str]]] = {
    "fraction": lambda value, extra: f"{_percent(value, extra)} %",
    "fraction points": lambda value, extra: f"{_percent(value, extra)} pp",
    "points": lambda value, extra: _trimmed(value, 1, 2 + extra),
    "ratio": lambda value, extra: _trimmed(value, 1, 2 + extra),
    "usd": _usd,
    "token0": _coin,
    "token1": _coin,
    "base": _coin,
    "base per price": _coin,
    "s": _seconds,
    "days": lambda value, extra: f"{_trimmed(value, 0, 1 + extra)} d",
    "count": lambda value, extra: _trimmed(value, 0, extra),
}
