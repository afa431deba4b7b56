"""Reading chains for a command, without a daemon and without a store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args

from monitor.chain.history import Told
from monitor.chain.reader import chain_reader
from monitor.chain.registry import Chain, Dex, settle
from monitor.chain.settings import (
    ENUMERABLE,
    ChainSettings,
    Protocol,
    WatchSettings,
    checked_position,
    token_id_of,
)
from monitor.config import Settings
from monitor.errors import ConfigError, Fault, HedgewatchError
from monitor.model.observation import Gap, Snapshot
from monitor.model.position import position_key
from monitor.signals.absorb import Lens, absorb
from monitor.signals.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one position is: its chain's name in config, its key, and the watch that reads it."""

    chain: str
    key: str
    watch: WatchSettings


def whereabouts(settings: Settings, text: str, *, chain: str | None, protocol: str) -> Place:
    """Return where the position is that a person means.

    text: `chainId:manager:tokenId`, or a token id of `protocol` on `chain`, which may be
    None where one chain is configured. Raises ConfigError in one sentence.
    """
    number = text.removeprefix("#")
    if number.removeprefix("-").isdecimal():
        try:
            token_id = token_id_of(number)
        except ValueError as error:
            raise _fault("position", f"{error}, was {number}") from error
        name = chain or (next(iter(settings.chain)) if len(settings.chain) == 1 else None)
        if name is None or name not in settings.chain:
            known = ", ".join(settings.chain)
            raise _fault("--chain", f"name one of {known}, for a bare token id")
        settled = _settled(name, settings.chain[name])
        found = [dex for dex in settled.dexes if dex.protocol == protocol]
        if not found:
            raise _fault("--protocol", f"{name} has no position manager of {protocol!r}")
        return _place(settled, found[0], token_id)
    try:
        key = checked_position(text)
    except ValueError as error:
        raise _fault("position", f"{error}, was {text!r}") from error
    chain_id, manager, number = key.split(":")
    for name, given in settings.chain.items():
        settled = _settled(name, given)
        for dex in settled.dexes:
            if (str(settled.chain_id), dex.manager) == (chain_id, manager):
                return _place(settled, dex, int(number))
    raise _fault("position", f"no configured chain has position manager {chain_id}:{manager}")


def _place(chain: Chain, dex: Dex, token_id: int) -> Place:
    protocol = next(one for one in get_args(Protocol) if one == dex.protocol)
    watch = WatchSettings(chain=chain.name, protocol=protocol, nft=(token_id,))
    key = position_key(chain.chain_id, dex.manager, token_id)
    return Place(chain=chain.name, key=key, watch=watch)


def _fault(where: str, reason: str) -> ConfigError:
    return ConfigError([Fault(file=where, where="", reason=reason)])


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

    What is read was observed when its block was stamped, however old that is.

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
                return _as_of_block(await reader.snapshot_at(block, now))
            snapshot = await reader.snapshot(now)
    except HedgewatchError as error:
        return Gap(source=name, observed_at=now, reason=str(error))
    assert snapshot is not None  # a reader that has read nothing yet finds its block new
    return _as_of_block(snapshot)


def _as_of_block(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, observed_at=snapshot.block.timestamp)
