"""What an expression means, part by part, decided before it ever runs."""

from collections.abc import Mapping
from typing import Final

from monitor.rules.functions import PLAIN, SPANS, WINDOWS, Input, input_of, unknown_function
from monitor.rules.meaning import (
    BARE,
    LITERAL,
    LOST,
    TEXT,
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
    MOST_FAULTS,
    Binary,
    Call,
    Name,
    Number,
    RuleError,
    Text,
    Tree,
    Truth,
    Unary,
    all_told,
)  # fmt: skip
from monitor.signals.catalogue import Kind, Signal

_JOINS: Final = frozenset({"&&", "||"})
_MOST_TOLD: Final = 8
"""Names told to somebody who knows none; more would hide the fault itself."""


class Checker:
    """Checks one tree; afterwards knows every part's meaning and every input."""

    def __init__(self, names: Mapping[str, Signal], closed: Mapping[str, str]) -> None:
        self._names = names
        self._closed = closed
        self._meanings: dict[int, Meaning] = {}
        self._told: dict[str, Meaning] = {}
        self._faults: list[RuleError] = []
        self.inputs: dict[Input, None] = {}

    def meaning(self, tree: Tree) -> Meaning:
        """Return what a part of the checked tree means."""
        return self._meanings[id(tree)]

    def rule(self, tree: Tree) -> None:
        """Check a whole rule; raises RuleError with every fault of it."""
        found = self._check(tree)
        if found is not LOST and found.kind is not Kind.BOOL:
            what = f"a number in {found.unit}" if found.unit else f"a {found.kind}"
            reason = f"a rule must say true or false, this says {what}; compare it"
            self._faults.append(RuleError(reason, tree.at + 1))
        if self._faults:
            raise all_told(self._faults)

    def _check(self, tree: Tree) -> Meaning:
        """Return what a part means; LOST, with the fault noted, where that cannot be told."""
        if len(self._faults) >= MOST_FAULTS:
            return LOST
        try:
            found = self._found(tree)
        except RuleError as fault:
            found = LOST
            self._faults.append(fault)
        self._meanings[id(tree)] = found
        return found

    def _found(self, tree: Tree) -> Meaning:
        match tree:
            case Binary():
                return self._binary(tree)
            case Number():
                return LITERAL
            case Name():
                return self._name(tree)
            case Call():
                return self._call(tree)
            case Unary():
                return self._unary(tree)
            case Truth() | Text():
                return TRUTH if isinstance(tree, Truth) else TEXT

    def _name(self, tree: Name) -> Meaning:
        if tree.name not in self._told:
            signal = self._signal(tree)
            self.inputs[Input(tree.name)] = None
            self._told[tree.name] = (
                Meaning(Kind.NUMBER, signal.unit)
                if signal.kind is Kind.NUMBER
                else Meaning(signal.kind, words=signal.choices)
            )
        return self._told[tree.name]

    def _signal(self, tree: Name) -> Signal:
        """Return the signal a name means; raises RuleError for an unknown or closed one."""
        try:
            return _meant(tree, self._names, self._closed)
        except RuleError:
            self._told[tree.name] = LOST  # wherever else it stands, it is the same fault
            raise

    def _unary(self, tree: Unary) -> Meaning:
        found = self._check(tree.operand)
        wanted = Kind.BOOL if tree.op == "!" else Kind.NUMBER
        check_kind(tree.operand, found, kind=wanted, who=f"{tree.op} needs")
        return TRUTH if tree.op == "!" else found

    def _call(self, tree: Call) -> Meaning:
        try:
            return self._called(tree)
        except RuleError:
            for argument in tree.arguments:
                if id(argument) not in self._meanings:
                    self._check(argument)  # it may be at fault, too
            raise

    def _called(self, tree: Call) -> Meaning:
        if tree.function in WINDOWS:
            return self._window(tree)
        if tree.function not in PLAIN:
            reason = f"{tree.function} is a signal, not a function"
            if tree.function not in self._names:
                reason = unknown_function(tree.function)
            raise RuleError(reason, tree.at + 1)
        if tree.function == "has":
            return self._has(tree)
        _check_count(tree)
        unit = BARE
        for argument in tree.arguments:
            found = self._check(argument)
            check_kind(argument, found, kind=Kind.NUMBER, who=f"{tree.function} takes")
            unit = shared_unit(tree, unit, found.unit, at=argument.at)
        return Meaning(Kind.NUMBER, unit)

    def _has(self, tree: Call) -> Meaning:
        match tree.arguments:
            case (Name() as subject,) | (Call() as subject,) if _may_lack(subject):
                self._check(subject)
                return TRUTH
        raise RuleError("has takes one signal or one window over a signal", tree.at + 1)

    def _window(self, tree: Call) -> Meaning:
        asked = input_of(tree)
        subject = tree.arguments[0]
        assert isinstance(subject, Name)
        if self._told.get(asked.name) is LOST:
            return LOST
        signal = self._signal(subject)
        if not signal.windows or signal.kind is not Kind.NUMBER:
            raise RuleError(_no_history(tree, asked.name, self._names), subject.at + 1)
        self.inputs[asked] = None
        return Meaning(Kind.NUMBER, signal.unit) if tree.function in SPANS else TRUTH

    def _binary(self, tree: Binary) -> Meaning:
        left, right = self._check(tree.left), self._check(tree.right)
        if tree.op in COMPARISONS:
            if left is not LOST and right is not LOST:
                check_comparison(tree, left, right)
            return TRUTH
        if tree.op in _JOINS:
            if left is not TRUTH or right is not TRUTH:
                self._sides(tree, (left, right), kind=Kind.BOOL, who=f"{tree.op} joins")
            return TRUTH
        if left is right is LITERAL:
            return LITERAL
        if not self._sides(tree, (left, right), kind=Kind.NUMBER, who=f"{tree.op} takes"):
            return LOST
        return Meaning(Kind.NUMBER, arithmetic_unit(tree, left.unit, right.unit))

    def _sides(self, tree: Binary, found: tuple[Meaning, Meaning], *, kind: Kind, who: str) -> bool:
        """Return whether both sides are of a kind; what is not is noted."""
        sound = True
        for side, one in zip((tree.left, tree.right), found, strict=True):
            sound = sound and one is not LOST
            try:
                check_kind(side, one, kind=kind, who=who)
            except RuleError as fault:
                self._faults.append(fault)
                sound = False
        return sound


def _meant(tree: Name, names: Mapping[str, Signal], closed: Mapping[str, str]) -> Signal:
    name, signal = tree.name, names.get(tree.name)
    if name in closed:
        raise RuleError(f"{name} {closed[name]}", tree.at + 1)
    if signal is None:
        raise RuleError(unknown_name(name, names), tree.at + 1)
    if signal.keyed:
        raise RuleError(f"{name} is a family of values; a rule cannot name it", tree.at + 1)
    return signal


def _may_lack(subject: Name | Call) -> bool:
    return isinstance(subject, Name) or subject.function in WINDOWS


def _check_count(tree: Call) -> None:
    """Raise RuleError where abs, min or max has too many numbers or too few."""
    count = len(tree.arguments)
    if tree.function == "abs" and count != 1:
        raise RuleError(f"abs takes one number, not {count}", tree.at + 1)
    if tree.function != "abs" and count < 2:  # noqa: PLR2004
        raise RuleError(f"{tree.function} takes two numbers or more", tree.at + 1)


def _no_history(tree: Call, name: str, names: Mapping[str, Signal]) -> str:
    """Return the sentence for a window over what has none, with what has one like it."""
    group = name.partition(".")[0]
    keeping = sorted(one.name for one in names.values() if one.windows)
    near = [one for one in keeping if one.partition(".")[0] == group]
    told = ", ".join((near or keeping)[:_MOST_TOLD])
    if len(near or keeping) > _MOST_TOLD:
        told += " and more: `hedgewatch signals --catalogue` tells which"
    return f"no history is kept of {name}; {tree.function} works over {told}"


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
