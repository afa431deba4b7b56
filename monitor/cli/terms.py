"""A comparison as it was judged, in a line or two of the terminal."""

from typing import Final

from monitor.alerts.figures import age, figure, pair
from monitor.cli.lines import cut, line
from monitor.rules.verdict import Term

_TEXT: Final = 30
_ORDERED: Final = frozenset({"<", "<=", ">", ">="})


def judged(term: Term) -> str:
    """Return a condition: as written, its value, how far from its threshold, whence, how old."""
    old = "" if term.age_s is None else f"{age(term.age_s)} old"
    stamp = f"as of {term.as_of:%d %b %H:%MZ}" if term.as_of else ""
    rest = ", ".join(part for part in (term.source, stamp, old) if part)
    if term.note:
        rest = f"{rest}; {term.note}" if rest else term.note
    left = "unknown" if term.left is None else _value(term)
    head = f"  {cut(term.text, _TEXT):<{_TEXT}}  {left:>10}  {distance(term):<18}  "
    return line(head, rest)


def _value(term: Term) -> str:
    if term.left is None or term.right is None:
        return "" if term.left is None else figure(term.left, term.unit)
    return pair(term.left, term.right, term.unit)[0]


def distance(term: Term) -> str:
    """Return how far the value is above or below its threshold; nothing where there is no order."""
    if term.margin is None or not isinstance(term.left, float) or term.op not in _ORDERED:
        return "" if term.truth is None else "so" if term.truth else "not so"
    if not isinstance(term.right, float) or term.left == term.right:
        return "at its threshold" if term.left == term.right else ""
    word = "above" if term.left > term.right else "below"
    return f"{word} by {figure(abs(term.margin), term.unit)}"
