"""Which feeds there are, what each gives, and what `config.toml` may say of them.

[feeds]
vix = ["cboe", "yahoo"]          # in order; a signal not named keeps its default
"dvol.eth" = []                  # an empty order turns it off

[feed.cboe]
poll_s = 60

[feed.manual.values]
vix = { value = 16.5, as_of = 2026-11-20 }
"""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field

from monitor.clock import Clock
from monitor.feeds import cboe, cboe_settlement, deribit, yahoo
from monitor.feeds.cboe import CboeVix
from monitor.feeds.cboe_settlement import CboeSettlement
from monitor.feeds.deribit import DeribitDvol
from monitor.feeds.foreign import PLAUSIBLE
from monitor.feeds.http import Web
from monitor.feeds.manual import ManualFeed, ManualValue
from monitor.feeds.port import Feed
from monitor.feeds.yahoo import YahooVix

Faults = Iterator[tuple[str, str]]
"""Pairs of where in the file and what is wrong there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """A `[feed.NAME]` table. base_url, poll_s: None for the provider's own; values: manual only."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+[^\s]*[^\s/]$")] | None = None
    poll_s: Annotated[float, Field(gt=0, le=86_400)] | None = None
    values: Mapping[str, ManualValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A feed that can be built. signals: what it gives. poll_s: how often it is worth asking."""

    signals: tuple[str, ...]
    poll_s: float
    build: Callable[[Web, Clock, FeedSettings], Feed]


PROVIDERS: Final[Mapping[str, Provider]] = MappingProxyType(
    {
        "cboe": Provider(
            signals=("vix",),
            poll_s=60,
            build=lambda web, clock, own: CboeVix(
                web=web, clock=clock, base_url=own.base_url or cboe.BASE_URL
            ),
        ),
        "cboe_settlement": Provider(
            signals=("vx.settle",),
            poll_s=3_600,
            build=lambda web, clock, own: CboeSettlement(
                web=web, clock=clock, base_url=own.base_url or cboe_settlement.BASE_URL
            ),
        ),
        "yahoo": Provider(
            signals=("vix",),
            poll_s=60,
            build=lambda web, clock, own: YahooVix(
                web=web, clock=clock, base_url=own.base_url or yahoo.BASE_URL
            ),
        ),
        "deribit": Provider(
            signals=("dvol.eth",),
            poll_s=60,
            build=lambda web, clock, own: DeribitDvol(
                web=web, clock=clock, base_url=own.base_url or deribit.BASE_URL
            ),
        ),
        "manual": Provider(
            signals=("vix", "dvol.eth"),
            poll_s=3_600,
            build=lambda _web, _clock, own: ManualFeed(values=own.values),
        ),
    }
)

DEFAULT_ORDER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"vix": ("cboe",), "dvol.eth": ("deribit",), "vx.settle": ("cboe_settlement",)}
)


def feed_order(given: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the providers of each signal, in order: those given over the default ones."""
    order = {**DEFAULT_ORDER, **{signal: tuple(names) for signal, names in given.items()}}
    return {signal: names for signal, names in order.items() if names}


def poll_seconds(names: Sequence[str], tables: Mapping[str, FeedSettings]) -> float:
    """Return how often to ask an order of providers: as its most frequent one asks to be."""
    return min(_poll_s(name, tables.get(name)) for name in names)


def feed_faults(given: Mapping[str, Sequence[str]], tables: Mapping[str, FeedSettings]) -> Faults:
    """Yield everything that is wrong between `[feeds]` and the `[feed.NAME]` tables."""
    for signal, names in given.items():
        if signal not in DEFAULT_ORDER:
            yield f"feeds.{signal}", _unknown("signal", signal, DEFAULT_ORDER)
            continue
        for name in names:
            if name not in PROVIDERS:
                yield f"feeds.{signal}", _unknown("feed", name, PROVIDERS)
            elif signal not in PROVIDERS[name].signals:
                yield f"feeds.{signal}", f"{name} gives {', '.join(PROVIDERS[name].signals)} only"
        if len(set(names)) < len(names):
            yield f"feeds.{signal}", "names a feed twice"
    for name, table in tables.items():
        if name not in PROVIDERS:
            yield f"feed.{name}", _unknown("feed", name, PROVIDERS)
        elif table.values and name != "manual":
            yield f"feed.{name}.values", "only [feed.manual] takes values"
        else:
            yield from _typed_faults(table)


def _typed_faults(table: FeedSettings) -> Faults:
    for signal, typed in table.values.items():
        where = f"feed.manual.values.{signal}"
        if signal not in PROVIDERS["manual"].signals:
            yield where, _unknown("signal", signal, PROVIDERS["manual"].signals)
            continue
        plausible = PLAUSIBLE[signal]
        if not plausible.above < typed.value <= plausible.up_to:
            allowed = f"above {plausible.above:g} and up to {plausible.up_to:g}"
            yield f"{where}.value", f"is {allowed}, was {typed.value:g}"
        try:
            typed.instant()
        except ValueError as error:
            yield f"{where}.as_of", str(error)


def _poll_s(name: str, table: FeedSettings | None) -> float:
    own = table.poll_s if table else None
    return PROVIDERS[name].poll_s if own is None else own


def _unknown(what: str, name: str, known: Mapping[str, object] | Sequence[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
    return f"no {what} is called {name!r}; {hint}"
