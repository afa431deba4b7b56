"""The tree of an expression, and its one canonical spelling.

Every node knows where it was written (`at`, `end`: offsets in the source); two
trees are equal when they mean the same, wherever they stood.
"""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
OR, AND, COMPARE, SUM, PRODUCT, UNARY, ATOM = range(1, 8)
BINDING: Final = {
    "||": OR, "&&": AND, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT,
    **dict.fromkeys(COMPARISONS, COMPARE),
}  # fmt: skip


MOST_FAULTS: Final = 5
"""Faults told of one text; more would bury the first."""


class RuleError(Exception):
    """An expression or a text of a rule is wrong. column: 1-based, in that text.

    also: what else is wrong with the same text, in the order of the columns.
    """

    def __init__(self, reason: str, column: int, also: "tuple[RuleError, ...]" = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column
        self.also = also


def all_told(faults: "list[RuleError]") -> RuleError:
    """Return one error for several: the leftmost, with the others."""
    first, *others = sorted(faults, key=lambda fault: fault.column)
    return RuleError(first.reason, first.column, tuple(others))


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A literal, always read as a double and never negative: `-3` is a minus and a 3."""

    value: float
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A quoted literal, its escapes undone."""

    value: str
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """`true` or `false`."""

    value: bool
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A signal, dots and all."""

    name: str
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    """`-x` or `!x`."""

    op: str
    operand: "Tree"
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """Two operands; `sign` is where the operator stood."""

    op: str
    left: "Tree"
    right: "Tree"
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    sign: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function of the language."""

    function: str
    arguments: "tuple[Tree, ...]"
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


Tree: TypeAlias = Number | Text | Truth | Name | Unary | Binary | Call


def show(tree: Tree) -> str:
    """Return the canonical text: `parse(show(tree)) == tree`."""
    return _show(tree, 0)


def _show(tree: Tree, around: int) -> str:
    match tree:
        case Number(value=value):
            return repr(value)
        case Text(value=value):
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case Truth(value=value):
            return "true" if value else "false"
        case Name(name=name):
            return name
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(_show(one, 0) for one in arguments)})"
        case Unary(op=op, operand=operand):
            text, own = op + _show(operand, UNARY), UNARY
        case Binary(op=op, left=left, right=right):
            own = BINDING[op]
            # All operators lean left but comparisons, which do not chain at all.
            text = f"{_show(left, own + (own == COMPARE))} {op} {_show(right, own + 1)}"
    return f"({text})" if own < around else text
