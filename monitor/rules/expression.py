"""Compiled expressions of rules.

The language is a subset of CEL (Common Expression Language); LANGUAGE says it
all. It differs from CEL in three things, each on purpose: every number is a
double, so 1/2 is 0.5 and 7 equals 7.0; an operand that is not known makes the
answer unknown instead of failing; dividing by zero is an error, not infinity.
Cost is bounded by the length of the text: there are no loops and no patterns.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitor.rules.checker import Checker
from monitor.rules.closures import Compiler, Mishap, Raw, Run, known
from monitor.rules.columns import KNOWN, Columns, Table, compile_columns
from monitor.rules.functions import Input
from monitor.rules.parser import parse
from monitor.rules.syntax import RuleError, Tree
from monitor.rules.trace import Recorder
from monitor.rules.verdict import Surroundings, Value, Verdict
from monitor.signals.catalogue import Kind, Signal

__all__ = ["GLANCES", "LANGUAGE", "Expression", "RuleError", "compile_rule"]

LANGUAGE: Final = """\
A rule is one expression that says true or false:

  vix > 20.0 && delta(vix, "1d") > 2.0 && book.il < -0.03

  names       as `hedgewatch signals` lists them: vix, position.il, layer.dte
  literals    30, 30.0, 1e-3 (all doubles), "on", true, false
  operators   || && ! < <= > >= == != + - * / unary -, parentheses
  functions   has(x)  abs(x)  min(a, b, ..)  max(a, b, ..)
  windows     avg(x, "1h")  delta(x, "1d")  highest(x, "5d")  lowest(x, "5d")
              crossed_above(x, 30.0)  crossed_below(x, 30.0)
              spans: 90s 30m 4h 1d 2w; days of a market series are its sessions

Fractions, not percents: -0.05 is 5 %. Different units do not compare or add; a
bare number fits any. What is not known stays unknown: unknown && false is
false, unknown || true is true, anything else unknown; has(x) is always known.
At most 2,000 characters, 256 words and signs, 50 levels deep.
"""


GLANCES: Final = (
    Verdict(truth=False),
    Verdict(truth=True),
    Verdict(truth=None),
    Verdict(truth=None, error="its arithmetic has no answer"),
)
_UNKNOWN, _FAILED = 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A checked, compiled boolean expression. names: signals it names; windows: what it asks.

    A window is (function, signal name, span text or level). Each way of judging is
    built when it is first used: most rules are never told of, nor judged in crowds.
    """

    text: str
    names: frozenset[str]
    windows: frozenset[tuple[str, str, str | float]]
    tree: Tree = field(repr=False, compare=False)
    _inputs: tuple[tuple[Input, Kind], ...] = field(repr=False, compare=False)
    _traced: Callable[[], Run] = field(repr=False, compare=False)
    _quick: Callable[[], Run] = field(repr=False, compare=False)
    _columns: Callable[[], Columns] = field(repr=False, compare=False)

    def judge(self, surroundings: Surroundings) -> Verdict:
        """Return the truth and the trace of every comparison, short-circuited or not."""
        values = [_ask(surroundings, asked) for asked, _ in self._inputs]
        raws = [known(one.value, kind) for one, (_, kind) in zip(values, self._inputs, strict=True)]
        terms: list[Any] = []
        found = self._traced()((raws, values, terms))
        error = found.reason if isinstance(found, Mishap) else ""
        return Verdict(truth=_truth(found), trace=tuple(terms), error=error)

    def truth(self, surroundings: Surroundings) -> bool | None:
        """Return the truth alone, asking for no more than it takes."""
        return _truth(self._quick()(surroundings))

    def glance(self, surroundings: Surroundings) -> Verdict:
        """Return what `judge` does without the trace and the words of an error."""
        found = self._quick()(surroundings)
        if isinstance(found, bool):
            return GLANCES[found]
        return GLANCES[_FAILED if isinstance(found, Mishap) else _UNKNOWN]

    def glances(self, table: Table, rows: int) -> NDArray[np.int8]:
        """Return what `glance` says of each row of a table, as places in GLANCES."""
        with np.errstate(all="ignore"):
            value, cloud = column = self._columns()(table)
            if column.plain:
                return np.broadcast_to(np.asarray(value, np.int8), rows)
            # A cloud's number is one less than its place.
            return np.broadcast_to(np.where(cloud == KNOWN, value, cloud + 1).astype(np.int8), rows)


def compile_rule(
    text: str, names: Mapping[str, Signal], *, closed: Mapping[str, str] | None = None
) -> Expression:
    """Return the compiled rule.

    closed: names that exist but not for this rule, each with the reason, which
    follows the name in the message. Raises RuleError: for a text that cannot be read with
    its first fault, else with every fault.
    """
    tree = parse(text)
    checker = Checker(names, closed or {})
    checker.rule(tree)
    kinds = {asked: _kind(asked, names) for asked in checker.inputs}
    return Expression(
        text=text,
        names=frozenset(asked.name for asked in kinds),
        windows=frozenset((one.function, one.name, one.argument) for one in kinds if one.function),
        tree=tree,
        _inputs=tuple(kinds.items()),
        _traced=cache(partial(_trace, tree, checker, text, tuple(kinds))),
        _quick=cache(partial(Compiler(text, checker, leaf=_asking, watch=None).truth, tree)),
        _columns=cache(partial(compile_columns, tree, names)),
    )


def _trace(tree: Tree, checker: Checker, text: str, inputs: tuple[Input, ...]) -> Run:
    recorder = Recorder(text, checker, inputs)
    return Compiler(text, checker, leaf=recorder.leaf, watch=recorder).truth(tree)


def _kind(asked: Input, names: Mapping[str, Signal]) -> Kind:
    return Kind.BOOL if asked.function.startswith("crossed") else names[asked.name].kind


def _ask(surroundings: Surroundings, asked: Input) -> Value:
    if asked.function:
        return surroundings.window(asked.function, asked.name, asked.argument)
    return surroundings.value(asked.name)


def _asking(asked: Input, kind: Kind) -> Callable[[Any], Raw]:
    return lambda surroundings: known(_ask(surroundings, asked).value, kind)


def _truth(found: Raw) -> bool | None:
    return found if isinstance(found, bool) else None
