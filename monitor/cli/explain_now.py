"""How a rule stands in what the daemon last saved."""

import argparse
from collections.abc import Iterator

from monitor.cli.lines import line
from monitor.cli.look import Look, looking, over
from monitor.cli.terms import judged
from monitor.errors import Permanent
from monitor.hedge.layer import may
from monitor.model.layer import LayerState
from monitor.rules.lifecycle import Flag, Phase
from monitor.rules.marked import Marked
from monitor.rules.pack import Rule
from monitor.rules.scopes import scopes_of
from monitor.rules.surroundings import View
from monitor.rules.verdict import Verdict

_MOST = 5


def now_told(asked: argparse.Namespace, rule: Rule) -> Iterator[str]:
    """Yield each comparison as it is now, over everything the rule is judged over."""
    try:
        with looking(asked) as look:
            yield from _over_each(look, rule)
    except Permanent as nothing:
        yield line("now       ", str(nothing))


def _over_each(look: Look, rule: Rule) -> Iterator[str]:
    marked = Marked(look.state.facts, look.state.layers, look.now)
    scopes = list(scopes_of(rule, look.state.facts, look.state.layers))
    for scope in scopes[:_MOST]:
        yield from _now(look, rule, _view(look, rule, scope, marked))
    if not scopes:
        yield line("now       ", f"no {rule.scope.value} to judge it over has been seen yet")
    if len(scopes) > _MOST:
        yield line("now       ", f"and {len(scopes) - _MOST} more of the same")


def _view(look: Look, rule: Rule, scope: str, marked: Marked) -> View:
    layer = None
    if rule.layer is not None:
        key = f"{rule.layer.id}|{scope}"
        layer = look.state.layers.get(key) or LayerState(layer=rule.layer.id, scope=scope)
    return View(
        facts=look.state.facts,
        scope=scope,
        now=look.now,
        max_age=rule.max_age,
        layer=layer,
        marked=marked,
        rule_errors=sum(one.flag is Flag.ERROR for one in look.state.instances.values()),
    )


def _now(look: Look, rule: Rule, view: View) -> Iterator[str]:
    where = over(look, view.scope).strip() or view.scope
    when = rule.when.judge(view)
    yield line("now       ", f"{where}: {_standing(look, rule, view)}; when is {_truth(when)}")
    for term in when.trace:
        yield judged(term)
    if rule.clear is not None:
        clear = rule.clear.judge(view)
        yield line("now       ", f"{where}: clear is {_truth(clear)}")
        for term in clear.trace:
            yield judged(term)


def _truth(verdict: Verdict) -> str:
    if verdict.error:
        return f"unknown: {verdict.error}"
    return "unknown" if verdict.truth is None else "true" if verdict.truth else "false"


def _standing(look: Look, rule: Rule, view: View) -> str:
    if rule not in look.rules:
        return "not in force"
    instance = look.state.instances.get(f"{rule.id}|{view.scope}")
    if instance is None or instance.phase is Phase.INACTIVE:
        layer = view.layer
        barred = layer and may(rule.action, layer, rule=rule.id, top_up=rule.top_up)
        return f"silent, {barred}" if barred else "silent"
    since = f" since {instance.since:%Y-%m-%d %H:%MZ}" if instance.since else ""
    return f"{instance.phase.value}{since}"
