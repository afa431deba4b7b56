"""Rules as chips that open what they were judged by."""

import re
from collections.abc import Iterator
from typing import Final

from monitor.alerts.compose import short_id
from monitor.alerts.figures import moment
from monitor.alerts.terms import say
from monitor.rules.verdict import Term
from monitor.signals.catalogue import Scope
from monitor.web.markup import Markup, Part, el, said
from monitor.web.seen import Seen
from monitor.web.standing import Ruling, Stand
from monitor.web.words import badge, lasting, note, section

_MARKS: Final = {True: "✓", False: "✗", None: "?"}
_PLACE: Final = re.compile(r"\{[^{}]*\}")
"""What a title says of each scope anew."""
_SPOKEN: Final = {True: "holds", False: "does not hold", None: "unknown"}


def rules(seen: Seen, found: tuple[Ruling, ...]) -> Markup:
    """Return the section."""
    totals = {stand: sum(one.stand is stand for one in found) for stand in Stand}
    told = [badge(stand, f"{count} {stand.value}") for stand, count in totals.items() if count]
    return section(
        "rules",
        "Rules",
        el("p", *_spaced(told), class_="totals") if told else note("No rule is in force."),
        el("div", *(_chip(seen, one) for one in found), class_="chips"),
    )


def _spaced(parts: list[Markup]) -> Iterator[Part]:
    for part in parts:
        yield from (part, " ")


def _chip(seen: Seen, one: Ruling) -> Markup:
    rule = one.rule
    title = _PLACE.sub("…", rule.title.text).strip("… ·")
    title = title or (rule.layer.title if rule.layer else "")
    return el(
        "details",
        el("summary", badge(one.stand, rule.id), class_="chip"),
        el("p", el("strong", one.stand.value), " · ", _of_what(one), " · pack ", rule.pack),
        el("p", said(title)) if title else None,
        el("p", el("code", said(rule.when.text))),
        note(f"Asks for nothing: {one.idle}.") if one.idle else None,
        *(_scope(seen, one, scope, stand) for scope, stand in one.shown),
        note(_rest(one)) if _rest(one) else None,
        class_=f"rule {one.stand.value}",
        data_key=f"rule:{rule.id}",
    )


def _of_what(one: Ruling) -> str:
    rule = one.rule
    over = "the book" if rule.scope is Scope.BOOK else f"each {rule.scope.value}"
    return f"{rule.severity.value} {rule.action.value} over {over}"


def _rest(one: Ruling) -> str:
    total = sum(one.counts.values())
    if total <= len(one.shown):
        return ""
    counts = ", ".join(f"{count:,} {stand.value}" for stand, count in one.counts.items())
    return f"Over {total:,}: {counts}."


def _scope(seen: Seen, one: Ruling, scope: str, stand: Stand) -> Markup:
    verdict = one.rule.when.judge(seen.view(one.rule, scope))
    terms = [el("li", *_term(seen, term)) for term in verdict.trace]
    return el(
        "div",
        el("p", el("strong", seen.name_of(scope)), f" {stand.value}", _since(seen, one, scope)),
        el("ul", *terms, class_="trace"),
        note(said(verdict.error)) if verdict.error else None,
    )


def _since(seen: Seen, one: Ruling, scope: str) -> str:
    instance = seen.state.instances.get(f"{one.rule.id}|{scope}")
    if instance is None or instance.since is None:
        return ""
    name = f" · {short_id(instance, seen.state.epoch)}" if instance.seq else ""
    acked = f" · acked by {instance.acked_by}" if instance.acked_by else ""
    return f" since {moment(instance.since, seen.now)}{name}{acked}"


def _term(seen: Seen, term: Term) -> Iterator[Part]:
    mark = el("span", _MARKS[term.truth], class_="mark", aria_label=_SPOKEN[term.truth], role="img")
    told = said(say(term, aged=False, at=seen.now))
    yield from (mark, " ", lasting(told) if term.unit == "s" else told)
    whence = ", ".join(part for part in (term.source, term.note) if part)
    if whence:
        yield el("small", said(whence))
