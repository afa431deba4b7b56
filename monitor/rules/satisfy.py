"""Whether literal thresholds alone decide an expression: never, always, or both at once.

An expression becomes a list of alternatives, each a list of atoms: a subject, an
operator, a literal. An alternative is impossible when some subject's atoms
exclude each other. Comparisons of two signals are atoms that are or are not so.
Too many alternatives: nothing is claimed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import Final, TypeAlias

from monitor.rules.syntax import (
    COMPARISONS,
    Binary,
    Number,
    Text,
    Tree,
    Truth,
    Unary,
    show,
)
from monitor.rules.verdict import Scalar

_MOST: Final = 512
_OPPOSITE: Final = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
_TURNED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Atom:
    """One comparison of a subject with a literal."""

    subject: str
    op: str
    value: Scalar

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            same = self.value == (self.op == "==")
            return self.subject if same else f"!({self.subject})"
        value = f"{self.value:g}" if isinstance(self.value, float) else f'"{self.value}"'
        return f"{self.subject} {self.op} {value}"


Alternatives: TypeAlias = list[tuple[Atom, ...]]


class _TooMany(Exception):
    """The expression has more alternatives than are worth looking at."""


def never(tree: Tree) -> bool:
    """Tell whether no values at all could make the expression true."""
    try:
        return not any(_possible(one) for one in _alternatives(tree, wanted=True))
    except _TooMany:
        return False


def always(tree: Tree) -> bool:
    """Tell whether no values at all could make the expression false."""
    return never(Unary(op="!", operand=tree))


def both(first: Tree, second: Tree) -> str:
    """Return when both can be true, as a text; empty when never, or when it is not known."""
    try:
        pairs = _joined(_alternatives(first, wanted=True), _alternatives(second, wanted=True))
    except _TooMany:
        return ""
    found = next((one for one in pairs if _possible(one)), None)
    return "" if found is None else " and ".join(dict.fromkeys(map(str, found)))


def _alternatives(tree: Tree, *, wanted: bool) -> Alternatives:
    match tree:
        case Unary(op="!", operand=operand):
            return _alternatives(operand, wanted=not wanted)
        case Binary(op="&&" | "||" as op, left=left, right=right):
            first, second = _alternatives(left, wanted=wanted), _alternatives(right, wanted=wanted)
            if (op == "||") == wanted:
                return first + second
            return _joined(first, second)
        case Truth(value=value):
            return [()] if value == wanted else []
        case Binary(op=op, left=left, right=right) if op in COMPARISONS:
            return _compared(tree, wanted=wanted)
        case _:
            return [(Atom(show(tree), "==", wanted),)]


def _joined(first: Alternatives, second: Alternatives) -> Alternatives:
    if len(first) * len(second) > _MOST:
        raise _TooMany
    return [(*one, *other) for one, other in product(first, second)]


def _compared(tree: Binary, *, wanted: bool) -> Alternatives:
    op = tree.op if wanted else _OPPOSITE[tree.op]
    left, right = _literal(tree.left), _literal(tree.right)
    if left is not None and right is not None:
        return [()] if _holds(left, op, right) else []
    if right is not None:
        return [(Atom(show(tree.left), op, right),)]
    if left is not None:
        return [(Atom(show(tree.right), _TURNED[op], left),)]
    return [(Atom(show(tree), "==", wanted),)]


def _literal(tree: Tree) -> Scalar | None:
    """Return the value of a part that names nothing."""
    match tree:
        case Number(value=value) | Text(value=value) | Truth(value=value):
            return value
        case Unary(op="-", operand=operand):
            inner = _literal(operand)
            return -inner if isinstance(inner, float) else None
        case Binary(op=op, left=left, right=right):
            first, second = _literal(left), _literal(right)
            if isinstance(first, float) and isinstance(second, float):
                return _worked_out(first, op, second)
        case _:
            pass
    return None


def _worked_out(first: float, op: str, second: float) -> float | None:
    match op:
        case "+":
            return first + second
        case "-":
            return first - second
        case "*":
            return first * second
        case "/" if second:
            return first / second
    return None


def _holds(left: Scalar, op: str, right: Scalar) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        low = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}
        if op in low:
            return low[op]
    return (left == right) == (op == "==")


def _possible(atoms: Iterable[Atom]) -> bool:
    """Tell whether one alternative's atoms exclude nobody."""
    subjects: dict[str, list[Atom]] = {}
    for atom in atoms:
        subjects.setdefault(atom.subject, []).append(atom)
    return all(_agree(found) for found in subjects.values())


def _agree(atoms: list[Atom]) -> bool:
    if not all(isinstance(atom.value, float) for atom in atoms):
        return _agree_on_words(atoms)
    low, high, open_low, open_high = -inf, inf, False, False
    for atom in atoms:
        value = float(atom.value)
        if atom.op in {">", ">=", "=="} and (value > low or (value == low and atom.op == ">")):
            low, open_low = value, atom.op == ">"
        if atom.op in {"<", "<=", "=="} and (value < high or (value == high and atom.op == "<")):
            high, open_high = value, atom.op == "<"
    if low > high or (low == high and (open_low or open_high)):
        return False
    barred = {atom.value for atom in atoms if atom.op == "!="}
    return not (low == high and low in barred)


def _agree_on_words(atoms: list[Atom]) -> bool:
    wanted = {atom.value for atom in atoms if atom.op == "=="}
    barred = {atom.value for atom in atoms if atom.op == "!="}
    if {True, False} <= barred or len(wanted) > 1:
        return False
    return not wanted & barred
