"""What is right part by part and wrong together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import Final

from monitor.chain.registry import settle
from monitor.chain.usd_settings import route_of
from monitor.config.settings import ChannelsSettings, Settings
from monitor.feeds.settings import DEFAULT_ORDER, feed_faults
from monitor.rules.durations import parse_duration
from monitor.store.opening import fault_of

_TAKEN: Final = frozenset({*DEFAULT_ORDER, "self", "inbox"})
_CHANNELS: Final = tuple(one.name for one in fields(ChannelsSettings))
_IDENTITY: Final = ("chain_id", "manager", "managers", "multicall")

Doubtful = Callable[..., bool]
"""Tells whether a place holds what could not be read, so that its absence proves nothing."""


def contradictions(
    settings: Settings, doubtful: Doubtful, *, rows: Callable[..., Sequence[int]]
) -> Iterator[tuple[str, str]]:
    """Yield where in the file and what is wrong, as far as the sound parts tell.

    rows: the numbers, in the file, of the entries of an array that were sound.
    """
    yield from _watch_faults(settings, doubtful, rows("watch"))
    yield from _chain_faults(settings, doubtful, rows("entry"))
    yield from _link_faults(settings, doubtful, rows("link"))
    yield from _usd_faults(settings, doubtful, rows("usd", "feed"))
    yield from feed_faults(settings.feeds, settings.feed, doubtful)
    yield from _plain_faults(settings)
    yield from _alert_faults(settings, doubtful)
    if not settings.watch and not doubtful("watch"):
        yield "watch", "nothing is watched: give a [[watch]] with a wallet, nft or pool"
    if not settings.instance.replace("-", "").replace("_", "").isalnum():
        yield "instance", f"letters, digits, - and _ only, was {settings.instance!r}"


def _plain_faults(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what single values cannot be; the store's is not quoted: it may hold a password."""
    if reason := fault_of(settings.store.url):
        yield "store.url", reason
    if settings.alive is not None:
        known = settings.channel.names()
        for name in settings.alive.channels:
            if name not in known:
                yield "alive.channels", f"no channel {name!r}; configured: {', '.join(known)}"
    try:
        if not parse_duration(settings.rules.max_gap):
            yield "rules.max_gap", "must be above 0"
    except ValueError as error:
        yield "rules.max_gap", str(error)


def _alert_faults(settings: Settings, doubtful: Doubtful) -> Iterator[tuple[str, str]]:
    """Yield each channel that `[alerts]` names and nobody configured."""
    known = settings.channel.names()
    for key, name in settings.alerts.named():
        if key == "severity.console":
            yield f"alerts.{key}", "the console tells every event"
        if name in known or doubtful("channel", name):
            continue
        if name in _CHANNELS:
            yield f"alerts.{key}", f"no [channel.{name}]; configured: {', '.join(known)}"
        else:
            yield f"alerts.{key}", f"no channel {name!r}; there are {', '.join(_CHANNELS)}"


def _watch_faults(
    settings: Settings, doubtful: Doubtful, watches: Sequence[int]
) -> Iterator[tuple[str, str]]:
    known = ", ".join(settings.chain) or "none"
    for number, watch in zip(watches, settings.watch, strict=True):
        if watch.chain not in settings.chain:
            if not doubtful("chain", watch.chain):
                yield f"watch.{number}.chain", f"no [chain.{watch.chain}]; configured: {known}"
            continue
        if any(doubtful("chain", watch.chain, key) for key in _IDENTITY):
            continue
        try:
            chain = settle(watch.chain, settings.chain[watch.chain])
        except ValueError:  # told where the chain is
            continue
        try:
            chain.dex(watch.protocol)
        except ValueError as error:
            yield f"watch.{number}.protocol", str(error)


def _chain_faults(
    settings: Settings, doubtful: Doubtful, entries: Sequence[int]
) -> Iterator[tuple[str, str]]:
    named = dict[int, str]()
    for name, chain in settings.chain.items():
        if name in _TAKEN:
            yield f"chain.{name}", "this name is taken by a feed or by the daemon itself"
        if any(doubtful("chain", name, key) for key in _IDENTITY):
            continue
        try:
            number = settle(name, chain).chain_id
        except ValueError as error:
            yield f"chain.{name}", str(error)
            continue
        if (other := named.setdefault(number, name)) != name:
            yield f"chain.{name}", f"is chain {number}, as [chain.{other}] is already"
    managers, told = _managers(settings, doubtful), set[str]()
    for number, entry in zip(entries, settings.entry, strict=True):
        on = entry.position.rpartition(":")[0]
        if on not in managers and not doubtful("chain"):
            yield f"entry.{number}.position", f"{entry.position} is on no configured chain"
        if entry.position in told:
            yield f"entry.{number}.position", f"{entry.position} has another [[entry]] already"
        told.add(entry.position)


def _link_faults(
    settings: Settings, doubtful: Doubtful, links: Sequence[int]
) -> Iterator[tuple[str, str]]:
    managers = _managers(settings, doubtful)
    linked = set[str]()
    for number, link in zip(links, settings.link, strict=True):
        where = f"link.{number}.positions"
        if link.positions[0].rpartition(":")[0] not in managers and not doubtful("chain"):
            yield where, f"{link.positions[0]} is on no configured chain"
        for position in link.positions:
            if position in linked:
                yield where, f"{position} is in another [[link]] already"
        linked.update(link.positions)


def _managers(settings: Settings, doubtful: Doubtful) -> frozenset[str]:
    """Return `chainId:manager` of every sound chain's managers."""
    found = set[str]()
    for name, chain in settings.chain.items():
        if any(doubtful("chain", name, key) for key in _IDENTITY):
            continue
        with suppress(ValueError):  # told where the chain is
            settled = settle(name, chain)
            found.update(f"{settled.chain_id}:{dex.manager}" for dex in settled.dexes)
    return frozenset(found)


def _usd_faults(
    settings: Settings, doubtful: Doubtful, feeds: Sequence[int]
) -> Iterator[tuple[str, str]]:
    known = ", ".join(settings.chain) or "none"
    for name in settings.usd.sequencer:
        if name not in settings.chain and not doubtful("chain", name):
            yield f"usd.sequencer.{name}", f"no [chain.{name}]; configured: {known}"
    told = set[tuple[str, str]]()
    for number, feed in zip(feeds, settings.usd.feed, strict=True):
        where = f"usd.feed.{number}"
        if not settings.usd.chainlink and not doubtful("usd", "chainlink"):
            yield where, "no feed is read while usd.chainlink is false"
        if (feed.chain, feed.token) in told:
            yield f"{where}.token", f"{feed.token} of {feed.chain} is priced by two"
        told.add((feed.chain, feed.token))
        if any(doubtful("chain", feed.chain, key) for key in _IDENTITY):
            continue
        if feed.chain not in settings.chain:
            yield f"{where}.chain", f"no [chain.{feed.chain}]; configured: {known}"
            continue
        try:
            route_of(feed, settle(feed.chain, settings.chain[feed.chain]).chain_id)
        except ValueError as error:
            yield f"{where}.feed", str(error)
