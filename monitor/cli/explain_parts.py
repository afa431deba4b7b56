"""The parts of a rule in words, wrapped to the terminal's 80 columns."""

import textwrap
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from monitor.alerts.figures import span
from monitor.app.usage import rests_on
from monitor.calendars.hours import Hours
from monitor.cli.catalogue_told import longest, source, told
from monitor.cli.layer_words import made_of, percent, sized_by
from monitor.cli.lines import COLUMNS, line
from monitor.rules.expression import Expression
from monitor.rules.pack import Layer, OnNodata, Rule
from monitor.rules.verdict import Scalar
from monitor.rules.words import in_words, length
from monitor.signals.catalogue import BY_NAME, Signal
from monitor.signals.series import span as window_of

_HEAD: Final = 10
_FIELD: Final = 12
NODATA: Final[Mapping[OnNodata, str]] = {
    OnNodata.KEEP: "keep: it stays as it is; firing goes on, and says that it is not cleared",
    OnNodata.ALERT: "alert: people are told that it cannot be judged, and when it can again",
    OnNodata.RESOLVE: "resolve: an alert that fires ends",
}
CALENDARS: Final[Mapping[Hours, str]] = {
    Hours.ALWAYS: "24/7",
    Hours.CBOE_VIX: "Cboe's hours of the VIX: it ages only while the VIX is published",
    Hours.XNYS_CLOSE: "closes of New York: it ages by sessions",
}
_UNITS: Final = {
    "fraction": "%", "fraction points": "pp", "usd": "USD", "days": "d",
    "ratio": "", "count": "", "index": "",
}  # fmt: skip
_SIZES: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHORT: Final = {hours: words.partition(":")[0] for hours, words in CALENDARS.items()}


def condition(name: str, expression: Expression) -> Iterator[str]:
    """Yield a condition as it is written, and in words beneath."""
    head = f"{name:<{_HEAD}}"
    yield line(head, " ".join(expression.text.split()))
    for text in in_words(expression.tree, exact):
        inner = " " * (_HEAD + len(text) - len(text.lstrip()))
        yield line(inner, text.strip())


def exact(value: Scalar, unit: str) -> str:
    """Return a threshold in its unit with every digit it has: `5 %`, `0.917`, `1 h`."""
    if isinstance(value, bool | str):
        return value if isinstance(value, str) else "yes" if value else "no"
    if unit == "s" and _seconds(span(value)) == value:
        return span(value)
    shown = 100 * value if unit.startswith("fraction") else value
    sign = "\N{MINUS SIGN}" if shown < 0 else ""
    name = _UNITS.get(unit, unit)
    return f"{sign}{abs(shown):,.10g} {name}".rstrip()


def _seconds(text: str) -> int:
    """Return how many seconds a span in words is: `1 h 5 m`."""
    words = text.split()
    return sum(int(n) * _SIZES[size] for n, size in zip(words[::2], words[1::2], strict=True))


def windows(rule: Rule) -> Iterator[str]:
    """Yield each window with its reach, and how long samples are kept for it."""
    asked = set(rule.when.windows) | (set(rule.clear.windows) if rule.clear else set())
    for number, (function, name, argument) in enumerate(sorted(asked, key=str)):
        head = f"{'' if number else 'windows':<{_HEAD}}"
        if isinstance(argument, str):
            hours = BY_NAME[name].hours
            kept = span(window_of(argument).reach(hours).total_seconds())
            reach = f"reaches back {length(argument, hours)}; {kept} of it are kept"
            yield line(f'{head}{function}({name}, "{argument}")  ', reach)
        else:
            text = "the newest value against the one before it"
            yield line(f"{head}{function}({name}, {argument:g})  ", text)


def enough(on_nodata: OnNodata) -> str:
    """Return what the rule does while what it rests on is not known well enough to judge."""
    return NODATA[on_nodata]


def timing(rule: Rule, max_gap: timedelta) -> Iterator[str]:
    """Yield every span of a rule, in the order of its life."""
    gap = _span(rule.max_gap or max_gap)
    yield line(
        f"{'for':<{_HEAD}}",
        f"{_span(rule.hold)} true before it fires; a silence over {gap} starts anew"
        if rule.hold
        else "fires at once",
    )
    told_ = (
        ("keep", rule.keep_firing_for, "clear before it ends (keep_firing_for)"),
        ("cooldown", rule.cooldown, "after its end it does not fire again"),
        ("repeat", rule.repeat, "between reminders while it fires"),
        ("expires", rule.expires, "after which a proposal nobody acted on is void"),
    )
    for name, length_, meaning in told_:
        if length_:
            yield line(f"{name:<{_HEAD}}", f"{_span(length_)} {meaning}")
    if rule.repeat is None:
        yield f"{'repeat':<{_HEAD}}never: it is told once"


def layer(one: Layer) -> Iterator[str]:
    """Yield what the rule's layer is made of, how it is sized, and where profit is taken."""
    yield line(f"{'layer':<{_HEAD}}", f"{one.id} {one.title}: {made_of(one.instrument)}")
    for number, text in enumerate(sized_by(one)):
        yield line(f"{'' if number else 'size':<{_HEAD}}", text)
    rungs = [f"at {rung.at:g} times what was paid sell {percent(rung.sell)}" for rung in one.ladder]
    if rungs:
        yield line(f"{'profit':<{_HEAD}}", f"{', '.join(rungs)} of what is left")


def signals(rule: Rule) -> Iterator[str]:
    """Yield what each name of the conditions means, where it comes from, how old it may be."""
    names = rule.when.names | (rule.clear.names if rule.clear else frozenset())
    for name in sorted(names):
        signal = BY_NAME[name]
        kind = f"{signal.unit}, {signal.scope.value}"
        yield ""
        yield f"{name:<{COLUMNS - len(kind) - 1}} {kind}"
        yield textwrap.fill(
            told(signal.meaning), COLUMNS, initial_indent="  ", subsequent_indent="  "
        )
        for label, text in _fields(signal, rule.max_age.get(name)):
            yield line(f"  {label:<{_FIELD}}", text)


def _fields(signal: Signal, own: timedelta | None) -> Iterator[tuple[str, str]]:
    if signal.definition:
        yield "formula", signal.definition
    if signal.choices:
        yield "is one of", ", ".join(signal.choices)
    yield "source", source(signal)
    if own is None:
        yield "too old", longest(signal)
    else:
        yield "too old", f"after {_span(own)}, by this rule; by itself {longest(signal)}"
    yield "calendar", CALENDARS[signal.hours]
    for name in rests_on(signal.name):
        rest = BY_NAME[name]
        yield "rests on", f"{name}: {source(rest)}; too old {longest(rest)}; {_SHORT[rest.hours]}"


def _span(length_: timedelta) -> str:
    return span(length_.total_seconds())
