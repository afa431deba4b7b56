"""What an expression means, part by part, decided before it ever runs."""

from collections.abc import Mapping
from typing import Final

from monitor.rules.functions import PLAIN, SPANS, WINDOWS, Input, input_of, unknown_function
from monitor.rules.meaning import (
    BARE,
    TRUTH,
    Meaning,
    arithmetic_unit,
    check_comparison,
    check_kind,
    shared_unit,
)
from monitor.rules.suggest import did_you_mean
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

_MOST_TOLD: Final = 8
"""Names told to somebody who knows none; more would hide the fault itself."""


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
                found = TRUTH
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
        check_kind(tree.operand, found, kind=wanted, who=f"{tree.op} needs")
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
            check_kind(argument, found, kind=Kind.NUMBER, who=f"{tree.function} takes")
            unit = shared_unit(tree, unit, found.unit, at=argument.at)
        return Meaning(Kind.NUMBER, unit)

    def _has(self, tree: Call) -> Meaning:
        match tree.arguments:
            case (Name() as subject,):
                self._check(subject)
            case (Call(function=function) as subject,) if function in WINDOWS:
                self._check(subject)
            case _:
                raise RuleError("has takes one signal or one window over a signal", tree.at + 1)
        return TRUTH

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
        return Meaning(Kind.NUMBER, signal.unit) if tree.function in SPANS else TRUTH

    def _binary(self, tree: Binary) -> Meaning:
        left, right = self._check(tree.left), self._check(tree.right)
        if tree.op in {"&&", "||"}:
            for side, found in ((tree.left, left), (tree.right, right)):
                check_kind(side, found, kind=Kind.BOOL, who=f"{tree.op} joins")
            return TRUTH
        if tree.op in COMPARISONS:
            check_comparison(tree, left, right)
            return TRUTH
        for side, found in ((tree.left, left), (tree.right, right)):
            check_kind(side, found, kind=Kind.NUMBER, who=f"{tree.op} takes")
        return Meaning(Kind.NUMBER, arithmetic_unit(tree, left.unit, right.unit))


def unknown_name(name: str, names: Mapping[str, Signal]) -> str:
    """Return the sentence for a name nobody knows, with the nearest one known."""
    short = name if len(name) <= 40 else name[:40] + "…"  # noqa: PLR2004
    group, dot, field = name.partition(".")
    fields = [one.removeprefix(group + dot) for one in names if dot and one.startswith(group + dot)]
    if not fields:
        return f"there is no signal {short}{did_you_mean(name, names)}"
    hint = did_you_mean(field, fields).replace("mean ", f"mean {group}.")
    told = ", ".join(sorted(fields)[:_MOST_TOLD])
    if len(fields) > _MOST_TOLD:
        told += f" and {len(fields) - _MOST_TOLD} more: `hedgewatch signals` has them all"
    return f"there is no signal {short}" + (hint or f"; {group} has {told}")
