"""What `config.toml` may say of feeds, and who is asked for what.

[feeds]
vix = ["cboe", "yahoo"]          # in order; a signal not named keeps its default
"dvol.eth" = []                  # an empty order turns it off

[feed.cboe]
poll_s = 60

[feed.manual.values]
vix = { value = 16.5, as_of = 2026-11-20 }
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from monitor.feeds.provider import FeedSettings, providers
from monitor.signals.catalogue import BY_NAME, SIGNALS

__all__ = ["FeedSettings", "feed_faults", "feed_order", "poll_seconds", "provider_seconds"]

Faults = Iterator[tuple[str, str]]
"""Pairs of where in the file and what is wrong there."""

_FAMILY: Final = "is a family of values, which nobody types"
_PRICED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "vix": ("vix", "vvix", "vx.settle", "eth.price"),
    "spx": ("spx.price", "vix9d", "vix", "vix3m", "vix6m", "rates.risk_free", "eth.price"),
    "eth": ("eth.price", "dvol.eth"),
    "btc": ("btc.price", "dvol.btc"),
}
_PERP: Final = "perp"
_FUTURE: Final = "future"

PRICED: Final = frozenset(
    (
        *(f"quotes.{root}" for root in _PRICED_BY),
        *(name for some in _PRICED_BY.values() for name in some),
        *("funding.eth_annual", "funding.btc_annual"),
    )
)
"""All that tickets of layers may be priced by, what they carry or how well they fit."""


def _default_order() -> dict[str, tuple[str, ...]]:
    known = providers()
    return {
        one.name: tuple(name for name in one.providers if name in known and not known[name].opt_in)
        for one in SIGNALS
        if one.providers and any(name in known for name in one.providers)
    }


DEFAULT_ORDER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(_default_order())
"""For each signal that is read, who is asked unless `[feeds]` says otherwise."""


def priced_by(instrument: str) -> tuple[str, ...]:
    """Return what an instrument such as `vix.call` is priced by, and what a perpetual carries."""
    root, _, what = instrument.partition(".")
    more = {_FUTURE: (), _PERP: (f"funding.{root}_annual",)}.get(what, (f"quotes.{root}",))
    return (*_PRICED_BY[root], *more)


def wanted(names: Iterable[str]) -> frozenset[str]:
    """Return the signals to read so that these names are known: themselves or their inputs."""
    return needed(names) & DEFAULT_ORDER.keys()


def needed(names: Iterable[str]) -> frozenset[str]:
    """Return these names and all that they rest on, whoever reads it."""
    found, open_ = set[str](), [*names]
    while open_:
        name = open_.pop()
        if name in found or name not in BY_NAME:
            continue
        found.add(name)
        open_ += BY_NAME[name].inputs
    return frozenset(found)


def feed_order(
    given: Mapping[str, Sequence[str]],
    names: Iterable[str] = (),
    typed: Collection[str] = (),
    *,
    keys: Collection[str] = (),
) -> dict[str, tuple[str, ...]]:
    """Return the providers of each signal that is read, in order.

    given: `[feeds]`. names: what rules ask for; whatever that rests on is read, and what
    `given` names. typed: the signals a value was typed for; nobody else's is asked for.
    keys: the providers that have an API key; one without is not asked for what needs it.
    """
    asked_for = wanted(names) | given.keys() | set(typed)
    order = {
        signal: tuple(
            name
            for name in given.get(signal, default)
            if (name != "manual" or signal in typed or signal in given)
            and not needs_key(signal, name, keys)
        )
        for signal, default in DEFAULT_ORDER.items()
        if signal in asked_for
    }
    return {signal: asked for signal, asked in order.items() if asked}


def needs_key(signal: str, name: str, keys: Collection[str]) -> bool:
    """Tell whether a provider gives a signal with a key only, and has none."""
    known = providers().get(name)
    return known is not None and signal in known.keyed and name not in keys


def keys_in(tables: Mapping[str, FeedSettings]) -> frozenset[str]:
    """Return the providers that have an API key."""
    return frozenset(name for name, table in tables.items() if table.key is not None)


def poll_seconds(names: Sequence[str], tables: Mapping[str, FeedSettings]) -> float:
    """Return how often to ask an order of providers: as its most frequent one asks to be."""
    return min(provider_seconds(name, tables) for name in names)


def provider_seconds(name: str, tables: Mapping[str, FeedSettings]) -> float:
    """Return how often one provider is worth asking."""
    own = tables[name].poll_s if name in tables else None
    return providers()[name].poll_s if own is None else own


def feed_faults(
    given: Mapping[str, Sequence[str]],
    tables: Mapping[str, FeedSettings],
    doubtful: Callable[..., bool] = lambda *_: False,
) -> Faults:
    """Yield everything that is wrong between `[feeds]` and the `[feed.NAME]` tables.

    doubtful: tells whether a place holds what could not be read.
    """
    for signal, names in given.items():
        if signal not in DEFAULT_ORDER:
            yield f"feeds.{signal}", _unknown("signal", signal, DEFAULT_ORDER)
            continue
        for name in names:
            fault = _order_fault(signal, name)
            if not fault and not doubtful("feed", name):
                fault = _lacks(signal, name, tables)
            if fault:
                yield f"feeds.{signal}", fault
        if len(set(names)) < len(names):
            yield f"feeds.{signal}", "names a feed twice"
    for name, table in tables.items():
        if name not in providers():
            yield f"feed.{name}", _unknown("feed", name, providers())
        else:
            yield from _table_faults(name, table)


def _order_fault(signal: str, name: str) -> str:
    """Return why a provider cannot be asked for a signal, or an empty text."""
    if name not in providers():
        return _unknown("feed", name, providers())
    if name == "manual":
        return _FAMILY if BY_NAME[signal].keyed else ""
    gives = providers()[name].signals
    return "" if signal in gives else f"{name} gives {', '.join(gives)} only"


def _lacks(signal: str, name: str, tables: Mapping[str, FeedSettings]) -> str:
    """Return what a provider has not been given that it takes for a signal, or an empty text."""
    if needs_key(signal, name, keys_in(tables)):
        return f"{name} gives {signal} with a key only: [feed.{name}] key"
    typed = tables[name].values if name in tables else {}
    if name == "manual" and signal not in typed:
        return f'no value is typed: [feed.manual.values] "{signal}"'
    return ""


def _table_faults(name: str, table: FeedSettings) -> Faults:
    known = providers()
    for key in ("values", "key", "names"):
        if getattr(table, key) and key not in known[name].wants:
            takers = " and ".join(
                f"[feed.{one.name}]" for one in known.values() if key in one.wants
            )
            verb = "takes" if takers.count("[") == 1 else "take"
            yield f"feed.{name}.{key}", f"only {takers or 'no feed'} {verb} {key}"
    named = known[name].named
    for key in table.names if named else ():
        if key not in named:
            yield f"feed.{name}.names.{key}", f"unknown name; {name} knows {' and '.join(named)}"
    if name == "manual":
        yield from _typed_faults(table)


def _typed_faults(table: FeedSettings) -> Faults:
    for signal, typed in table.values.items():
        where = f"feed.manual.values.{signal}"
        known = BY_NAME.get(signal)
        if signal not in DEFAULT_ORDER or known is None:
            yield where, _unknown("signal", signal, DEFAULT_ORDER)
            continue
        if known.keyed:
            yield where, _FAMILY
            continue
        plausible = known.plausible
        if plausible is not None and not plausible.above < typed.value <= plausible.up_to:
            allowed = f"above {plausible.above:g} and up to {plausible.up_to:g}"
            hint = f"; {typed.value:g} % is {typed.value / 100:g}"
            told = f"is {allowed}, was {typed.value:g}"
            yield f"{where}.value", told + (hint if known.unit == "fraction" else "")
        try:
            typed.instant()
        except ValueError as error:
            yield f"{where}.as_of", str(error)


def _unknown(what: str, name: str, known: Mapping[str, object] | Sequence[str]) -> str:
    if what == "signal" and name in BY_NAME:
        told = "is read on chain" if BY_NAME[name].providers else "is worked out here"
        return f"{name} {told} and has no feed"
    close = difflib.get_close_matches(name, list(known), n=1)
    if close:
        return f"no {what} is called {name!r}; did you mean {close[0]}?"
    return f"no {what} is called {name!r}; `hedgewatch signals` lists what there is"
