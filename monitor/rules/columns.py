"""A checked tree becomes array arithmetic: one rule judged over many scopes at once.

The same logic as the closures', row by row and bit by bit: Kleene's, with two ways of
not knowing. What is the same for every row stays one number and is worked out once.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np

from monitor.rules.functions import WINDOWS, Input, input_of
from monitor.rules.syntax import Binary, Call, Name, Number, Text, Tree, Truth, Unary
from monitor.signals.catalogue import Scope, Signal

KNOWN: Final = 0
UNKNOWN: Final = 1
FAILED: Final = 2


class Column(NamedTuple):
    """A part's value over many rows. Either field is one for all rows, or an array.

    cloud: KNOWN, UNKNOWN, or FAILED where arithmetic has no answer. A value under a
    cloud means nothing; a number is then best not a number.
    """

    value: Any
    cloud: Any = KNOWN

    @property
    def plain(self) -> bool:
        """Return whether every row is known, as far as can be told without looking."""
        return type(self.cloud) is int and self.cloud == KNOWN


class Table(Protocol):
    """What gives an expression its inputs, a column each."""

    def column(self, asked: Input) -> Column:
        """Return a signal or a window over every row; its cloud is KNOWN or UNKNOWN."""
        ...


Columns: TypeAlias = Callable[[Table], Column]
Operator: TypeAlias = Callable[[Any, Any], Any]

_COMPARE: Final[dict[str, Operator]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_ARITHMETIC: Final[dict[str, Operator]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
}  # fmt: skip
_EVEN: Final = frozenset({Scope.MARKET, Scope.BOOK, Scope.SYSTEM})


class _Part(NamedTuple):
    """A part compiled. cost: 0 if it is one value for all rows, more where it takes more."""

    run: Columns
    cost: int


def compile_columns(tree: Tree, names: Mapping[str, Signal]) -> Columns:
    """Return what works a checked tree out over a table."""
    return _part(tree, names).run


def _part(tree: Tree, names: Mapping[str, Signal]) -> _Part:
    match tree:
        case Number(value=value) | Text(value=value) | Truth(value=value):
            return _Part(_constant(Column(value)), 0)
        case Name(name=name):
            return _Part(_leaf(Input(name)), names[name].scope not in _EVEN)
        case Unary(op=op, operand=operand):
            inner = _part(operand, names)
            return _Part(
                _changed(np.logical_not if op == "!" else operator.neg, inner.run), inner.cost
            )
        case Call(function=function) if function in WINDOWS:
            asked = input_of(tree)
            return _Part(_leaf(asked), 2 * (names[asked.name].scope not in _EVEN))
        case Call(function=function, arguments=arguments):
            parts = [_part(argument, names) for argument in arguments]
            cost = max(part.cost for part in parts)
            return _Part(_called(function, [part.run for part in parts]), cost)
        case Binary(op=op, left=left, right=right):
            one, other = _part(left, names), _part(right, names)
            if op in {"&&", "||"} and one.cost > other.cost:
                one, other = other, one  # the cheaper first: it often settles all rows
            return _Part(_joined(op, one.run, other.run), max(one.cost, other.cost))


def _called(function: str, runs: list[Columns]) -> Columns:
    match function:
        case "has":
            return _has(runs[0])
        case "abs":
            return _changed(abs, runs[0])
        case "min":
            return _extreme(np.minimum, runs)
        case _:
            return _extreme(np.maximum, runs)


def _joined(op: str, left: Columns, right: Columns) -> Columns:
    match op:
        case "&&" | "||":
            return _join(left, right, settling=op == "||")
        case "/":
            return _quotient(left, right)
        case "+" | "-" | "*":
            return _calculated(_ARITHMETIC[op], left, right)
        case _:
            return _compared(_COMPARE[op], left, right)


def _constant(column: Column) -> Columns:
    return lambda _: column


def _leaf(asked: Input) -> Columns:
    return lambda table: table.column(asked)


def _changed(change: Callable[[Any], Any], of: Columns) -> Columns:
    def run(table: Table) -> Column:
        value, cloud = of(table)
        return Column(change(value), cloud)

    return run


def _worst(columns: list[Column]) -> Any:  # noqa: ANN401 - one cloud, or an array
    clouded = [column.cloud for column in columns if not column.plain]
    worst = clouded[0] if clouded else KNOWN
    for cloud in clouded[1:]:
        worst = np.maximum(worst, cloud)
    return worst


def _join(first: Columns, second: Columns, *, settling: bool) -> Columns:
    """Join two truths. settling: the truth of one side that is enough, true for or."""
    combine = np.logical_or if settling else np.logical_and

    def run(table: Table) -> Column:
        left = first(table)
        if left.plain and np.all(left.value) == np.any(left.value):  # the same in every row
            return left if bool(np.any(left.value)) is settling else second(table)
        right = second(table)
        value = combine(left.value, right.value)
        if left.plain and right.plain:
            return Column(value)
        settled = [(side.cloud == KNOWN) & (side.value == settling) for side in (left, right)]
        cloud = np.where(settled[0] | settled[1], KNOWN, _worst([left, right]))
        return Column(np.where(settled[0] | settled[1], settling, value), cloud)

    return run


def _compared(compare: Operator, left: Columns, right: Columns) -> Columns:
    def run(table: Table) -> Column:
        first, second = left(table), right(table)
        return Column(compare(first.value, second.value), _worst([first, second]))

    return run


def _calculated(calculate: Operator, left: Columns, right: Columns) -> Columns:
    def run(table: Table) -> Column:
        first, second = left(table), right(table)
        return _finite(calculate(first.value, second.value), _worst([first, second]))

    return run


def _finite(value: Any, cloud: Any) -> Column:  # noqa: ANN401
    endless = ~np.isfinite(value)
    if not np.any(endless):
        return Column(value, cloud)
    return Column(value, np.maximum(cloud, np.where(endless, UNKNOWN, KNOWN)))


def _quotient(left: Columns, right: Columns) -> Columns:
    def run(table: Table) -> Column:
        first, second = left(table), right(table)
        before = _worst([first, second])
        value, cloud = _finite(np.divide(first.value, second.value), before)
        nothing = np.equal(second.value, 0.0)
        if not np.any(nothing):
            return Column(value, cloud)
        return Column(value, np.where(nothing & (before == KNOWN), FAILED, cloud))

    return run


def _has(of: Columns) -> Columns:
    def run(table: Table) -> Column:
        return Column(of(table).cloud == KNOWN)

    return run


def _extreme(choose: Operator, runs: list[Columns]) -> Columns:
    def run(table: Table) -> Column:
        columns = [one(table) for one in runs]
        value = columns[0].value
        for column in columns[1:]:
            value = choose(value, column.value)
        return Column(value, _worst(columns))

    return run
