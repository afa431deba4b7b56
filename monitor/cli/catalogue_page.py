"""`hedgewatch signals --catalogue --markdown`: the catalogue as SIGNALS.md has it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from monitor.app.usage import Usage
from monitor.cli.catalogue_told import EVIDENCE, longest, source, told, users
from monitor.signals.catalogue import SIGNALS, Scope, Signal

_HEAD: Final = """\
# Signals

Every name a rule may use: what it means, how it is computed, where it comes from, and from
which age on it is unknown. Written by `hedgewatch signals --catalogue --markdown`; for one
name, `hedgewatch signals --catalogue vix`; as it is now, `hedgewatch signals vix`.

A source with "else" after it is asked first; what is opt-in is asked only where `[feeds]` in
`config.toml` names it. A family has a value a key (an expiry, a chain, a date) and is for
other signals to be worked out of: no rule names it.
"""
_COLUMNS: Final = ("name", "unit", "meaning", "source", "news", "too old", "evidence", "used by")
_PARTS: Final[Sequence[tuple[str, str]]] = (
    ("The market, as it is read", "read"),
    ("Worked out of the market", "computed"),
    ("Chains", "chain"),
    ("Pools", "pool"),
    ("Positions", "position"),
    ("The book, layers and the daemon itself", "own"),
)
_OWN: Final = frozenset({Scope.BOOK, Scope.LAYER, Scope.SYSTEM})


def page(used: Mapping[str, Usage]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield from _HEAD.splitlines()
    for title, part in _PARTS:
        rows = [one for one in SIGNALS if _part(one) == part]
        yield ""
        yield f"## {title}"
        yield ""
        yield f"| {' | '.join(_COLUMNS)} |"
        yield f"|{'---|' * len(_COLUMNS)}"
        for signal in rows:
            cells = _cells(signal, used.get(signal.name, Usage()))
            yield f"| {' | '.join(map(_escaped, cells))} |"
    yield ""
    yield "## What stands behind them"
    yield ""
    for evidence, meaning in EVIDENCE.items():
        yield f"* **{evidence.value}**: {meaning}"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("*", "\\*")


def _part(signal: Signal) -> str:
    if signal.scope in _OWN:
        return "own"
    if signal.scope is Scope.MARKET:
        return "read" if signal.providers else "computed"
    return signal.scope.value


def _cells(signal: Signal, used: Usage) -> tuple[str, ...]:
    meaning = told(signal.meaning)
    if signal.definition:
        meaning += f". Formula: {signal.definition}"
    if signal.choices:
        meaning += f". One of {', '.join(signal.choices)}"
    family = " (family)" if signal.keyed else ""
    return (
        f"`{signal.name}`{family}",
        signal.unit,
        meaning,
        source(signal),
        signal.cadence or "with each block",
        longest(signal).removeprefix("after "),
        signal.evidence.value,
        users(signal, used),
    )
