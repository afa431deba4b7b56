"""Kinds and units of the parts of an expression, and which of them go together.

Three kinds: number, bool, text. A number carries its signal's unit; a literal is
bare. Adding or comparing wants equal units or a bare side. A product keeps its
one unit (a fraction or a count of something is that something); equal units
divide to a bare number. Anything else is refused rather than guessed.
"""

from dataclasses import dataclass
from typing import Final

from monitor.rules.suggest import did_you_mean, one_of
from monitor.rules.syntax import Binary, RuleError, Text, Tree
from monitor.signals.catalogue import Kind

BARE: Final = ""
_SCALES: Final = frozenset({BARE, "fraction", "ratio", "count"})
_ORDERED: Final = frozenset({"<", "<=", ">", ">="})
_CALLED: Final = {
    Kind.NUMBER: "a number",
    Kind.BOOL: "what is true or false",
    Kind.TEXT: "a text",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """The kind of a part, its unit if a number, the words it may take if a text."""

    kind: Kind
    unit: str = BARE
    words: tuple[str, ...] = ()


TRUTH: Final = Meaning(Kind.BOOL)
LITERAL: Final = Meaning(Kind.NUMBER)
TEXT: Final = Meaning(Kind.TEXT)
LOST: Final = Meaning(Kind.NUMBER, words=("?",))
"""What a faulty part means: nothing more is said of what it stands in. Known by identity."""


def check_kind(tree: Tree, found: Meaning, *, kind: Kind, who: str) -> None:
    """Raise RuleError unless a part is of the kind that `who` needs."""
    if found.kind is not kind and found is not LOST:
        raise RuleError(f"{who} {_CALLED[kind]}, this is {_CALLED[found.kind]}", tree.at + 1)


def shared_unit(tree: Tree, left: str, right: str, *, at: int) -> str:
    """Return the unit two sides have together; raises RuleError where they differ.

    tree: what brings them together. at: where the fault would be, 0-based.
    """
    if left and right and left != right:
        verb = "compared with"
        if isinstance(tree, Binary) and tree.op in {"+", "-"}:
            verb = "added to" if tree.op == "+" else "less"
        raise RuleError(f"{left} {verb} {right}: the units differ", at + 1)
    return left or right


def arithmetic_unit(tree: Binary, left: str, right: str) -> str:
    """Return the unit of a sum, difference, product or quotient; raises RuleError for none."""
    if tree.op in {"+", "-"}:
        return shared_unit(tree, left, right, at=tree.sign)
    if tree.op == "/" and left == right:
        return BARE
    if tree.op == "*" and left in _SCALES and (not left or right not in _SCALES):
        return right
    if right in _SCALES:
        return left
    verb = "times" if tree.op == "*" else "divided by"
    raise RuleError(
        f"{left or 'a bare number'} {verb} {right} has no unit a rule knows", tree.sign + 1
    )


def check_comparison(tree: Binary, left: Meaning, right: Meaning) -> None:
    """Raise RuleError unless the two sides may be compared so, and could ever be equal."""
    if left.kind is not right.kind:
        raise RuleError(f"a {left.kind} cannot be compared with a {right.kind}", tree.sign + 1)
    if left.kind is Kind.NUMBER:
        shared_unit(tree, left.unit, right.unit, at=tree.sign)
    elif tree.op in _ORDERED:
        raise RuleError(f"{tree.op} needs numbers; a {left.kind} knows == and !=", tree.sign + 1)
    for side, words in ((tree.right, left.words), (tree.left, right.words)):
        if isinstance(side, Text) and words and side.value not in words:
            hint = did_you_mean(side.value, words) or f"; it is {one_of(words)}"
            raise RuleError(f'it is never "{side.value[:40]}"{hint}', side.at + 1)
