"""A checked tree becomes nested functions, once; running them is all that is left.

Kleene's strong logic with two ways of not knowing: None where an input is not
had, a `Mishap` where arithmetic failed. Either is absorbed by `false &&` and
`true ||`; a Mishap outlives a None, so that what is reported is what mattered.
A number that is not finite is not known.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, Protocol, TypeAlias

from monitor.rules.checker import Checker
from monitor.rules.functions import WINDOWS, Input, input_of
from monitor.rules.syntax import COMPARISONS, Binary, Call, Name, Number, Text, Tree, Truth, Unary
from monitor.rules.verdict import Scalar
from monitor.signals.catalogue import Kind


@dataclass(frozen=True, slots=True)
class Mishap:
    """Arithmetic that has no answer, told in a sentence."""

    reason: str


Raw: TypeAlias = Scalar | Mishap | None
Run: TypeAlias = Callable[[Any], Raw]
Leaf: TypeAlias = Callable[[Input, Kind], Run]
Compare: TypeAlias = Callable[[Any, Any], bool]


class Watch(Protocol):
    """Records truths as they are judged; each operand is run once."""

    def comparison(self, tree: Binary, left: Run, right: Run, compare: Compare) -> Run:
        """Return the closure of a comparison."""
        ...

    def bare(self, tree: Tree, shown: Run, run: Run) -> Run:
        """Return `run`, recorded; `shown` is what it was about (for has(x), x)."""
        ...


_COMPARE: Final[dict[str, Compare]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
}  # fmt: skip


_JUDGED: Final = COMPARISONS | {"&&", "||"}


def known(value: object, kind: Kind) -> Scalar | None:
    """Return a signal's value if it is of its kind and finite, else None."""
    if kind is Kind.NUMBER:
        if type(value) is float:
            return value if isfinite(value) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            number = float(value)
            return number if isfinite(number) else None
        return None
    return value if isinstance(value, bool if kind is Kind.BOOL else str) else None


class Compiler:
    """Compiles one checked tree. leaf: how an input is had; watch: what records a truth."""

    def __init__(self, text: str, checker: Checker, *, leaf: Leaf, watch: Watch | None) -> None:
        self._text = text
        self._checker = checker
        self._leaf = leaf
        self._watch = watch

    def truth(self, tree: Tree) -> Run:
        """Return the closure of a part that stands where a truth is judged."""
        match tree:
            case Unary(op="!", operand=operand):
                return _not(self.truth(operand))
            case Binary(op="&&" | "||" as op, left=left, right=right):
                join = _and if op == "&&" else _or
                return join(self.truth(left), self.truth(right), hurry=self._watch is None)
            case Binary(left=left, right=right):
                first, second, compare = self._side(left), self._side(right), _COMPARE[tree.op]
                if self._watch is None:
                    return _comparison(compare, first, second)
                return self._watch.comparison(tree, first, second, compare)
            case _:
                run = self._value(tree)
                if self._watch is None:
                    return run
                return self._watch.bare(tree, self._shown(tree, run), run)

    def _side(self, tree: Tree) -> Run:
        """Compile an operand of a comparison, which may itself hold comparisons."""
        logical = isinstance(tree, Unary) and tree.op == "!"
        if logical or (isinstance(tree, Binary) and tree.op in _JUDGED):
            return self.truth(tree)
        return self._value(tree)

    def _shown(self, tree: Tree, run: Run) -> Run:
        """Return what a trace shows on the left of a bare truth: for has(x), x."""
        if isinstance(tree, Call) and tree.function == "has":
            return self._value(tree.arguments[0])
        return run

    def _value(self, tree: Tree) -> Run:
        match tree:
            case Number(value=value) | Text(value=value) | Truth(value=value):
                return _constant(value)
            case Name(name=name):
                return self._leaf(Input(name), self._checker.meaning(tree).kind)
            case Unary(operand=operand):
                return _minus(self._value(operand))
            case Call():
                return self._call(tree)
            case Binary(op="/"):
                written = " ".join(self._text[tree.at : tree.end].split())
                return _quotient(self._value(tree.left), self._value(tree.right), written)
            case Binary():
                return _arithmetic(
                    _ARITHMETIC[tree.op], self._value(tree.left), self._value(tree.right)
                )

    def _call(self, tree: Call) -> Run:
        if tree.function in WINDOWS:
            return self._leaf(input_of(tree), self._checker.meaning(tree).kind)
        runs = tuple(self._value(argument) for argument in tree.arguments)
        if tree.function == "has":
            return _has(runs[0])
        return (
            _least_or_most(min if tree.function == "min" else max, runs)
            if len(runs) > 1
            else _abs(runs[0])
        )


def _worse(left: Raw, right: Raw) -> Mishap | None:
    if isinstance(left, Mishap):
        return left
    return right if isinstance(right, Mishap) else None


def _constant(value: Raw) -> Run:
    return lambda _: value


def _not(of: Run) -> Run:
    def run(world: Any) -> Raw:  # noqa: ANN401
        value = of(world)
        return not value if isinstance(value, bool) else value

    return run


def _and(left: Run, right: Run, *, hurry: bool) -> Run:
    def run(world: Any) -> Raw:  # noqa: ANN401
        first = left(world)
        if first is False and hurry:
            return False
        second = right(world)
        if first is False or second is False:
            return False
        return True if first is True and second is True else _worse(first, second)

    return run


def _or(left: Run, right: Run, *, hurry: bool) -> Run:
    def run(world: Any) -> Raw:  # noqa: ANN401
        first = left(world)
        if first is True and hurry:
            return True
        second = right(world)
        if first is True or second is True:
            return True
        return False if first is False and second is False else _worse(first, second)

    return run


def compared(compare: Compare, first: Raw, second: Raw) -> bool | Mishap | None:
    """Return the truth of a comparison of two results, by Kleene."""
    if first is None or second is None or isinstance(first, Mishap) or isinstance(second, Mishap):
        return _worse(first, second)
    return compare(first, second)


def _comparison(compare: Compare, left: Run, right: Run) -> Run:
    return lambda world: compared(compare, left(world), right(world))


def _arithmetic(calculate: Callable[[float, float], float], left: Run, right: Run) -> Run:
    def run(world: Any) -> Raw:  # noqa: ANN401
        first, second = left(world), right(world)
        if isinstance(first, float) and isinstance(second, float):
            value = calculate(first, second)
            return value if isfinite(value) else None
        return _worse(first, second)

    return run


def _quotient(left: Run, right: Run, written: str) -> Run:
    mishap = Mishap(f"{written} divides by zero")

    def run(world: Any) -> Raw:  # noqa: ANN401
        first, second = left(world), right(world)
        if isinstance(first, float) and isinstance(second, float):
            if not second:
                return mishap
            value = first / second
            return value if isfinite(value) else None
        return _worse(first, second)

    return run


def _minus(of: Run) -> Run:
    def run(world: Any) -> Raw:  # noqa: ANN401
        value = of(world)
        return -value if isinstance(value, float) else value

    return run


def _abs(of: Run) -> Run:
    def run(world: Any) -> Raw:  # noqa: ANN401
        value = of(world)
        return abs(value) if isinstance(value, float) else value

    return run


def _has(of: Run) -> Run:
    def run(world: Any) -> Raw:  # noqa: ANN401
        return of(world) is not None

    return run


def _least_or_most(choose: Callable[..., float], runs: tuple[Run, ...]) -> Run:
    def run(world: Any) -> Raw:  # noqa: ANN401
        values = [one(world) for one in runs]
        if all(isinstance(value, float) for value in values):
            return choose(values)
        return next((value for value in values if isinstance(value, Mishap)), None)

    return run
