"""Types and units: what an expression means, decided before it ever runs.

Three kinds: number, bool, text. A number carries its signal's unit; a literal is
bare. Adding or comparing wants equal units or a bare side. A product keeps its
one unit (a fraction or a count of something is that something); equal units
divide to a bare number. Anything else is refused rather than guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.rules.functions import PLAIN, SPANS, WINDOWS, Input, input_of, unknown_function
from monitor.rules.suggest import did_you_mean, one_of
from monitor.rules.syntax import (
    COMPARISONS,
    Binary,
    Call,
    Name,
    Number,
    RuleError,
    Text,
    Tree,
    Truth,
    Unary,
)  # fmt: skip
from monitor.signals.catalogue import Kind, Signal

BARE: Final = ""
_SCALES: Final = frozenset({BARE, "fraction", "ratio", "count"})
_ORDERED: Final = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Meaning:
    """The kind of a part, its unit if a number, the words it may take if a text."""

    kind: Kind
    unit: str = BARE
    words: tuple[str, ...] = ()


_TRUTH: Final = Meaning(Kind.BOOL)


class Checker:
    """Checks one tree; afterwards knows every part's meaning and every input."""

    def __init__(self, names: Mapping[str, Signal], closed: Mapping[str, str]) -> None:
        self._names = names
        self._closed = closed
        self._meanings: dict[int, Meaning] = {}
        self.inputs: dict[Input, None] = {}

    def meaning(self, tree: Tree) -> Meaning:
        """Return what a part of the checked tree means."""
        return self._meanings[id(tree)]

    def rule(self, tree: Tree) -> None:
        """Check a whole rule; raises RuleError with the first fault."""
        found = self._check(tree)
        if found.kind is not Kind.BOOL:
            what = f"a number in {found.unit}" if found.unit else f"a {found.kind}"
            raise RuleError(
                f"a rule must say true or false, this says {what}; compare it", tree.at + 1
            )

    def _check(self, tree: Tree) -> Meaning:
        match tree:
            case Number():
                found = Meaning(Kind.NUMBER)
            case Text():
                found = Meaning(Kind.TEXT)
            case Truth():
                found = _TRUTH
            case Name():
                found = self._name(tree)
                self.inputs[Input(tree.name)] = None
            case Unary():
                found = self._unary(tree)
            case Call():
                found = self._call(tree)
            case Binary():
                found = self._binary(tree)
        self._meanings[id(tree)] = found
        return found

    def _name(self, tree: Name) -> Meaning:
        signal = self.signal(tree)
        if signal.kind is Kind.NUMBER:
            return Meaning(Kind.NUMBER, signal.unit)
        return Meaning(signal.kind, words=signal.choices)

    def signal(self, tree: Name) -> Signal:
        """Return the signal a name means; raises RuleError for an unknown or closed one."""
        signal = self._names.get(tree.name)
        if tree.name in self._closed:
            raise RuleError(f"{tree.name} {self._closed[tree.name]}", tree.at + 1)
        if signal is None:
            raise RuleError(unknown_name(tree.name, self._names), tree.at + 1)
        if signal.keyed:
            raise RuleError(
                f"{tree.name} is a family of values; a rule cannot name it", tree.at + 1
            )
        return signal

    def _unary(self, tree: Unary) -> Meaning:
        found = self._check(tree.operand)
        wanted = Kind.BOOL if tree.op == "!" else Kind.NUMBER
        self._want(tree.operand, found, wanted, f"{tree.op} needs")
        return Meaning(wanted, found.unit)

    def _call(self, tree: Call) -> Meaning:
        if tree.function in WINDOWS:
            return self._window(tree)
        if tree.function not in PLAIN:
            reason = f"{tree.function} is a signal, not a function"
            if tree.function not in self._names:
                reason = unknown_function(tree.function)
            raise RuleError(reason, tree.at + 1)
        if tree.function == "has":
            return self._has(tree)
        if tree.function == "abs" and len(tree.arguments) != 1:
            raise RuleError(f"abs takes one number, not {len(tree.arguments)}", tree.at + 1)
        if tree.function != "abs" and len(tree.arguments) < 2:  # noqa: PLR2004
            raise RuleError(f"{tree.function} takes two numbers or more", tree.at + 1)
        unit = BARE
        for argument in tree.arguments:
            found = self._check(argument)
            self._want(argument, found, Kind.NUMBER, f"{tree.function} takes")
            unit = self._same(tree, unit, found.unit, argument.at)
        return Meaning(Kind.NUMBER, unit)

    def _has(self, tree: Call) -> Meaning:
        match tree.arguments:
            case (Name() as subject,):
                self._check(subject)
            case (Call(function=function) as subject,) if function in WINDOWS:
                self._check(subject)
            case _:
                raise RuleError("has takes one signal or one window over a signal", tree.at + 1)
        return _TRUTH

    def _window(self, tree: Call) -> Meaning:
        asked = input_of(tree)
        subject = tree.arguments[0]
        assert isinstance(subject, Name)
        signal = self.signal(subject)
        if not signal.windows or signal.kind is not Kind.NUMBER:
            keeping = ", ".join(sorted(name for name, one in self._names.items() if one.windows))
            raise RuleError(
                f"no history is kept of {asked.name}; {tree.function} works over {keeping}",
                subject.at + 1,
            )
        self.inputs[asked] = None
        return Meaning(Kind.NUMBER, signal.unit) if tree.function in SPANS else _TRUTH

    def _binary(self, tree: Binary) -> Meaning:
        left, right = self._check(tree.left), self._check(tree.right)
        if tree.op in {"&&", "||"}:
            for side, found in ((tree.left, left), (tree.right, right)):
                self._want(side, found, Kind.BOOL, f"{tree.op} joins")
            return _TRUTH
        if tree.op in COMPARISONS:
            self._compare(tree, left, right)
            return _TRUTH
        for side, found in ((tree.left, left), (tree.right, right)):
            self._want(side, found, Kind.NUMBER, f"{tree.op} takes")
        return Meaning(Kind.NUMBER, self._unit(tree, left.unit, right.unit))

    def _compare(self, tree: Binary, left: Meaning, right: Meaning) -> None:
        if left.kind is not right.kind:
            raise RuleError(f"a {left.kind} cannot be compared with a {right.kind}", tree.sign + 1)
        if left.kind is Kind.NUMBER:
            self._same(tree, left.unit, right.unit, tree.sign)
        elif tree.op in _ORDERED:
            raise RuleError(
                f"{tree.op} needs numbers; a {left.kind} knows == and !=", tree.sign + 1
            )
        for side, words in ((tree.right, left.words), (tree.left, right.words)):
            if isinstance(side, Text) and words and side.value not in words:
                hint = did_you_mean(side.value, words) or f"; it is {one_of(words)}"
                raise RuleError(f'it is never "{side.value[:40]}"{hint}', side.at + 1)

    def _unit(self, tree: Binary, left: str, right: str) -> str:
        if tree.op in {"+", "-"}:
            return self._same(tree, left, right, tree.sign)
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

    def _same(self, tree: Tree, left: str, right: str, at: int) -> str:
        if left and right and left != right:
            verb = "compared with"
            if isinstance(tree, Binary) and tree.op in {"+", "-"}:
                verb = "added to" if tree.op == "+" else "less"
            raise RuleError(f"{left} {verb} {right}: the units differ", at + 1)
        return left or right

    def _want(self, tree: Tree, found: Meaning, kind: Kind, who: str) -> None:
        if found.kind is not kind:
            wanted = {"number": "a number", "bool": "what is true or false", "text": "a text"}
            raise RuleError(f"{who} {wanted[kind]}, this is {wanted[found.kind]}", tree.at + 1)


def unknown_name(name: str, names: Mapping[str, Signal]) -> str:
    """Return the sentence for a name nobody knows, with the nearest one known."""
    short = name if len(name) <= 40 else name[:40] + "…"  # noqa: PLR2004
    group, dot, field = name.partition(".")
    fields = [one.removeprefix(group + dot) for one in names if dot and one.startswith(group + dot)]
    if not fields:
        return f"there is no signal {short}{did_you_mean(name, names)}"
    hint = did_you_mean(field, fields).replace("mean ", f"mean {group}.")
    return f"there is no signal {short}" + (hint or f"; {group} has {', '.join(sorted(fields))}")
