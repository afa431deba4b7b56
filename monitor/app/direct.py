"""Reading chains for a command, without a daemon and without a store."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from monitor.chain.history import Told
from monitor.chain.reader import chain_reader
from monitor.chain.registry import Chain, settle
from monitor.chain.settings import ENUMERABLE, ChainSettings, WatchSettings
from monitor.config import Settings
from monitor.errors import ConfigError, Fault, HedgewatchError
from monitor.model.observation import Gap, Snapshot
from monitor.signals.absorb import Lens, absorb
from monitor.signals.facts import Facts


def wallet_watches(settings: Settings, wallets: Sequence[str]) -> dict[str, list[WatchSettings]]:
    """Return, by chain, watches of all wallets in every protocol known there.

    Raises ConfigError for a chain of which too little is known.
    """
    watches: dict[str, list[WatchSettings]] = {}
    for name, given in settings.chain.items():
        watches[name] = [
            WatchSettings(chain=name, protocol=protocol, wallet=wallet)
            for protocol in ENUMERABLE
            for wallet in wallets
            if any(dex.protocol == protocol for dex in _settled(name, given).dexes)
        ]
    return watches


async def read_directly(
    settings: Settings,
    watches: Mapping[str, Sequence[WatchSettings]],
    *,
    now: datetime,
    block: int | None = None,
) -> Facts:
    """Return what chains say of `watches`, by the chain's name, at a block or at their heads.

    A chain that cannot be read is a gap in the facts. Raises ConfigError where its
    endpoints or contracts are not known.
    """
    lens = Lens(pegged=frozenset(settings.usd.pegged), chains=frozenset(watches))
    facts = Facts()
    for name, watched in watches.items():
        seen = await _read(settings, name, watched, now=now, block=block)
        facts = absorb(facts, seen, lens)
    return facts


def _settled(name: str, given: ChainSettings) -> Chain:
    try:
        return settle(name, given)
    except ValueError as error:
        fault = Fault(file="config", where=f"chain.{name}", reason=str(error))
        raise ConfigError([fault]) from error


async def _read(
    settings: Settings,
    name: str,
    watched: Sequence[WatchSettings],
    *,
    now: datetime,
    block: int | None,
) -> Snapshot | Gap:
    try:
        reader = chain_reader(
            name,
            settings.chain[name],
            watches=watched,
            told=Told(entries=settings.entry, links=settings.link),
            usd=settings.usd,
        )
    except ValueError as error:
        fault = Fault(file="config", where=f"chain.{name}", reason=str(error))
        raise ConfigError([fault]) from error
    try:
        async with reader:
            if block is not None:
                return await reader.snapshot_at(block, now)
            snapshot = await reader.snapshot(now)
    except HedgewatchError as error:
        return Gap(source=name, observed_at=now, reason=str(error))
    assert snapshot is not None  # a reader that has read nothing yet finds its block new
    return snapshot
