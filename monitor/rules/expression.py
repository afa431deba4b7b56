"""Compiled expressions of rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.rules.syntax import RuleError as RuleError
from monitor.rules.verdict import Surroundings, Verdict
from monitor.signals.catalogue import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A checked, compiled boolean expression. names: signals it names; windows: what it asks.

    A window is (function, signal name, span text or level).
    """

    text: str
    names: frozenset[str]
    windows: frozenset[tuple[str, str, str | float]]

    def judge(self, surroundings: Surroundings) -> Verdict:
        """Return the truth and the trace of every comparison."""
        raise NotImplementedError

    def truth(self, surroundings: Surroundings) -> bool | None:
        """Return the truth alone, the quick way."""
        raise NotImplementedError


def compile_rule(
    text: str, names: Mapping[str, Signal], *, closed: Mapping[str, str] | None = None
) -> Expression:
    """Return the compiled rule.

    closed: names that exist but not for this rule, each with the reason.
    Raises RuleError with the first fault and its column.
    """
    raise NotImplementedError
