"""What a policy names and no rule has: most often a slip of the pen."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from monitor.alerts.matcher import Matcher
from monitor.alerts.policy import Policy
from monitor.rules.pack import Rule


def unreached(
    policy: Policy, rules: Sequence[Rule], chains: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield each key of `[alerts]` whose matcher fits no rule there is, and a sentence on it."""
    for key, match in _matchers(policy):
        if why := unfit(match, rules, chains):
            yield f"alerts.{key}", why


def unfit(match: Matcher, rules: Iterable[Rule], chains: Collection[str]) -> str:
    """Return why a matcher speaks of nothing, in a sentence, or an empty text."""
    fits = any(_may_fit(match, rule, chains) for rule in rules)
    return "" if fits else f"no rule in force has {match.told()}"


def _matchers(policy: Policy) -> Iterator[tuple[str, Matcher]]:
    for number, route in enumerate(policy.route):
        yield f"route.{number}.match", route.match
    for number, one in enumerate(policy.inhibit):
        yield f"inhibit.{number}.source", one.source
        yield f"inhibit.{number}.target", one.target
    for number, step in enumerate(policy.escalate):
        yield f"escalate.{number}.match", step.match


def _may_fit(match: Matcher, rule: Rule, chains: Collection[str]) -> bool:
    """Return whether an alert of the rule could fit, over some scope and in some state."""
    labels = {
        "pack": rule.pack,
        "rule": rule.id,
        "layer": rule.layer.id if rule.layer else "",
        "severity": rule.severity.value,
        "action": rule.action.value,
    }
    anywhere = replace(match, scope=(), state=())
    return any(anywhere.matches(labels | {"chain": chain}) for chain in ("", *chains))
