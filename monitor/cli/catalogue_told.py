"""`hedgewatch signals --catalogue`: every name with its unit, meaning, formula, sources, age."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from monitor.alerts.figures import span
from monitor.app.usage import Usage, rests_on
from monitor.calendars.hours import Hours
from monitor.cli.lines import COLUMNS, line
from monitor.feeds.provider import providers
from monitor.rules.surroundings import CHAIN_MAX_AGE
from monitor.signals.catalogue import SIGNALS, Scope, Signal
from monitor.signals.days import monthly
from monitor.signals.signal import Evidence

_ON_CHAIN: Final = frozenset({Scope.CHAIN, Scope.POOL, Scope.POSITION, Scope.BOOK})
_LABEL: Final = 11
_INDENT: Final = "  "
EVIDENCE: Final[Mapping[Evidence, str]] = {
    Evidence.CHAIN: "read on chain",
    Evidence.QUOTE: "a market's quote or settlement",
    Evidence.OFFICIAL: "an official statistic or calendar",
    Evidence.PUBLISHED: "a published formula over such numbers",
    Evidence.MODEL: "a model's price",
    Evidence.PROXY: "a stand-in for what has no free source",
    Evidence.CLAIM: "the method's own claim, not tested by others",
    Evidence.TYPED: "typed by you",
    Evidence.OWN: "worked out here of what is watched",
}


def entries(signals: Iterable[Signal], used: Mapping[str, Usage]) -> Iterator[str]:
    """Yield the lines of each signal, wrapped to the terminal's 80 columns."""
    for number, signal in enumerate(signals):
        if number:
            yield ""
        kind = f"{signal.unit}, {signal.scope.value}"
        yield f"{signal.name:<{COLUMNS - len(kind) - 1}} {kind}"
        yield textwrap.fill(
            told(signal.meaning), COLUMNS, initial_indent=_INDENT, subsequent_indent=_INDENT
        )
        for label, text in fields(signal, used.get(signal.name, Usage())):
            yield line(f"{_INDENT}{label:<{_LABEL}}", text)


def told(text: str) -> str:
    """Return a phrase as a sentence begins, but names and figures as they are."""
    first = text.split(maxsplit=1)[0]
    return text if first != first.lower() or not first.isalpha() else text[0].upper() + text[1:]


def fields(signal: Signal, used: Usage) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of a signal beyond its meaning: a label and a text."""
    if signal.definition:
        yield "formula", signal.definition
    if signal.choices:
        yield "is one of", ", ".join(signal.choices)
    yield "source", source(signal)
    if signal.cadence:
        yield "news", signal.cadence
    yield "too old", longest(signal)
    if signal.frozen_after is not None:
        still = span(signal.frozen_after.total_seconds())
        yield "frozen", f"where one value repeats for {still} of its hours"
    yield "evidence", EVIDENCE[signal.evidence]
    if signal.bars:
        yield "history", f"{signal.bars} {_of_bars(signal)} are kept"
    yield "used by", users(signal, used)


def source(signal: Signal) -> str:
    """Return where a number comes from: providers in order, or what it is worked out of."""
    rests = rests_on(signal.name)
    if rests:
        return f"worked out of {_listed(rests)}"
    if not signal.providers:
        return "worked out here"
    known = providers()
    named = [
        f"{name} (opt-in)" if name in known and known[name].opt_in else name
        for name in signal.providers
    ]
    return ", else ".join(named)


def longest(signal: Signal) -> str:
    """Return from which age on it is unknown, in the hours of its market."""
    if rests_on(signal.name) and signal.scope is Scope.MARKET:
        return "as what it rests on"
    if signal.scope in _ON_CHAIN:
        return f"after {span(CHAIN_MAX_AGE.total_seconds())} without a block"
    limit = signal.max_age
    if limit is None:
        return "never"
    return f"after {_spelled(limit, signal.hours)}"


def users(signal: Signal, used: Usage) -> str:
    """Return which shipped rules use it, or why none does."""
    ways = []
    if used.rules:
        ways.append(", ".join(used.rules))
    if used.through:
        ways.append(f"through {', '.join(used.through)}")
    if used.prices:
        ways.append("the prices of tickets")
    if used.texts:
        ways.append(f"the texts of {', '.join(used.texts)}")
    if not ways:
        why = f": {signal.informational}" if signal.informational else ""
        return f"no shipped rule{why}"
    return "; ".join(ways)


def _spelled(limit: timedelta, hours: Hours) -> str:
    if hours is Hours.XNYS_CLOSE:
        return f"{limit.days} session{'' if limit.days == 1 else 's'}"
    told_ = span(limit.total_seconds())
    return f"{told_} in which the VIX is published" if hours is Hours.CBOE_VIX else told_


def _of_bars(signal: Signal) -> str:
    if monthly(signal):
        return "months"
    return "days" if signal.hours is Hours.ALWAYS else "sessions"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def in_catalogue(names: Iterable[str]) -> list[Signal]:
    """Return the signals that are called or begin so, in the catalogue's order; all for none."""
    wanted = tuple(names)
    return [
        one
        for one in SIGNALS
        if not wanted or any(one.name == w or one.name.startswith(f"{w}.") for w in wanted)
    ]
