"""A condition in words, part by part."""

from collections.abc import Callable, Iterator
from typing import Final

from monitor.calendars.hours import Hours
from monitor.rules.checker import Checker
from monitor.rules.functions import WINDOWS, input_of
from monitor.rules.syntax import COMPARISONS, Binary, Call, Name, Number, Text, Tree, Truth, Unary
from monitor.rules.verdict import Scalar
from monitor.signals.catalogue import BY_NAME
from monitor.signals.series import span

Spell = Callable[[Scalar, str], str]
"""Returns a value as people read it in its unit."""

_COMPARED: Final = {
    "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least", "==": "is",
    "!=": "is not",
}  # fmt: skip
_ALL, _ANY = "all of these:", "any of these:"
_SPANS: Final = {
    "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks",
}  # fmt: skip
_STEP: Final = "  "


def in_words(tree: Tree, spell: Spell) -> Iterator[str]:
    """Yield the lines that say when a checked condition is true; what is beneath is indented."""
    checker = Checker(BY_NAME, {})
    checker.rule(tree)
    yield from _Words(checker, spell).lines(tree)


def length(argument: str, hours: Hours) -> str:
    """Return how far a window reaches back: `20 sessions`, `1 hour`, `5 days`."""
    over = span(argument)
    count, unit = int(argument[:-1]), _SPANS[argument[-1]]
    if over.sessions is not None and hours is not Hours.ALWAYS:
        count, unit = over.sessions, "sessions"
    return f"{count} {unit.removesuffix('s') if count == 1 else unit}"


class _Words:
    """Words for the parts of one tree. checker: knows every part's unit."""

    def __init__(self, checker: Checker, spell: Spell) -> None:
        self._checker = checker
        self._spell = spell

    def lines(self, tree: Tree) -> Iterator[str]:
        match tree:
            case Binary(op="&&" | "||" as op):
                yield _ALL if op == "&&" else _ANY
                for one in _joined(tree, op):
                    yield from (_STEP + line for line in self.lines(one))
            case Unary(op="!", operand=Name(name=name)):
                yield f"{name} is not so"
            case Unary(op="!", operand=operand):
                yield "not this:"
                yield from (_STEP + line for line in self.lines(operand))
            case _:
                yield self._truth(tree)

    def _truth(self, tree: Tree) -> str:
        match tree:
            case Binary(op=op, left=left, right=right) if op in COMPARISONS:
                unit = self._checker.meaning(left).unit or self._checker.meaning(right).unit
                return f"{self._said(left, unit)} {_COMPARED[op]} {self._said(right, unit)}"
            case Call(function="has", arguments=(subject,)):
                return f"{self._said(subject, '')} is known"
            case Call(function="crossed_above" | "crossed_below" as function):
                asked = input_of(tree)
                level = self._spell(asked.argument, BY_NAME[asked.name].unit)
                return f"{asked.name} has just come {function.rpartition('_')[2]} {level}"
            case Name(name=name):
                return f"{name} is so"
            case _:
                return self._said(tree, "")

    def _said(self, tree: Tree, unit: str) -> str:
        match tree:
            case Number() | Text() | Truth():
                return self._spell(tree.value, unit)
            case Unary(op="-", operand=Number(value=value)):
                return self._spell(-value, unit)
            case Name():
                return tree.name
            case Call():
                inner = (self._said(one, unit) for one in tree.arguments)
                plain = tree.function not in WINDOWS
                return f"{tree.function}({', '.join(inner)})" if plain else _window(tree)
            case Unary():
                return f"{tree.op}{self._said(tree.operand, unit)}"
            case Binary():
                return self._reckoned(tree, unit)

    def _reckoned(self, tree: Binary, unit: str) -> str:
        """Return arithmetic as it is written: a factor's unit is not its product's."""
        own = unit if tree.op in "+-" else ""
        told = [
            f"({self._said(one, own)})" if isinstance(one, Binary) else self._said(one, own)
            for one in (tree.left, tree.right)
        ]
        return f" {tree.op} ".join(told)


def _joined(tree: Tree, op: str) -> Iterator[Tree]:
    if isinstance(tree, Binary) and tree.op == op:
        yield from _joined(tree.left, op)
        yield from _joined(tree.right, op)
    else:
        yield tree


def _window(tree: Call) -> str:
    asked = input_of(tree)
    back = length(str(asked.argument), BY_NAME[asked.name].hours)
    match asked.function:
        case "avg":
            return f"the mean of {asked.name} over {back}"
        case "delta":
            return f"the change of {asked.name} in {back}"
        case function:
            return f"the {function} {asked.name} in {back}"
