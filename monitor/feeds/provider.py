"""What a provider is, and which there are: every file of this room that has a `PROVIDER`."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Annotated, ClassVar, TypeAlias

from pydantic import ConfigDict, Field

import monitor.feeds
from monitor.clock import Clock
from monitor.feeds.http import Web
from monitor.feeds.port import Feed
from monitor.feeds.typed import ManualValue
from monitor.model.reading import Bar
from monitor.signals.catalogue import SIGNALS


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """A `[feed.NAME]` table. base_url, poll_s: None for the provider's own.

    values: of `manual` only. key: an API key, as `read_secret` takes it. names: what
    a provider of families is asked for, by the key of each: `uni = "uniswap"`.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+[^\s]*[^\s/]$")] | None = None
    poll_s: Annotated[float, Field(strict=True, gt=0, le=86_400)] | None = None
    values: Mapping[str, ManualValue] = field(default_factory=dict)
    key: Annotated[str, Field(pattern=r"^(env:\w+|file:/.+|credential:[^/]+)$")] | None = None
    names: Mapping[
        Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,20}$")],
        Annotated[str, Field(pattern=r"^[^\s]{1,60}$")],
    ] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days of one signal to fetch from a provider's history, both included."""

    signal: str
    first: date
    last: date


Bygone: TypeAlias = Mapping[str, tuple[Bar, ...]]
"""Bars by the key of each member of a family; by the empty text where it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Historian:
    """How a provider's past is fetched. signals: whose. chunk_days: how much a question takes.

    fetch: gives the bars it has of a stretch, perhaps none; raises Transient or Permanent.
    """

    signals: tuple[str, ...]
    chunk_days: int
    fetch: Callable[[Web, Clock, FeedSettings, Stretch], Awaitable[Bygone]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A feed that can be built. name: as in the catalogue and in `[feeds]`.

    poll_s: how often it is worth asking. opt_in: it is asked only where `[feeds]` names
    it. wants: keys of its `[feed.NAME]` table, besides base_url and poll_s, that it knows.
    named: the only keys its `names` may have; empty where a person makes them up.
    keyed: signals it gives with an API key only. history: how its past is fetched, where
    it has one.
    """

    name: str
    poll_s: float
    build: Callable[[Web, Clock, FeedSettings], Feed]
    opt_in: bool = False
    wants: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    keyed: tuple[str, ...] = ()
    history: Historian | None = None

    @property
    def signals(self) -> tuple[str, ...]:
        """Return what it gives: the catalogue's lines that name it as a source."""
        return tuple(one.name for one in SIGNALS if self.name in one.providers)


@cache
def providers() -> Mapping[str, Provider]:
    """Return every provider, by name."""
    return {one.name: one for one in _found()}


def _found() -> Iterator[Provider]:
    for module in sorted(pkgutil.iter_modules(monitor.feeds.__path__), key=lambda one: one.name):
        loaded = importlib.import_module(f"monitor.feeds.{module.name}")
        provider = getattr(loaded, "PROVIDER", None)
        if isinstance(provider, Provider):
            yield provider
