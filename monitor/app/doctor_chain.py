"""The doctor's visit to one chain: each endpoint, then all that is watched through one of them."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.alerts.figures import age
from monitor.app.finding import Finding
from monitor.app.skew import Skew
from monitor.chain.checkup import Checkup, check_up
from monitor.chain.inspection import Inspection, Part
from monitor.chain.registry import Chain, settle
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import WatchSettings, rpc_url
from monitor.chain.usd_settings import oracle_of
from monitor.clock import Clock
from monitor.config import Settings
from monitor.errors import HedgewatchError
from monitor.rules.surroundings import CHAIN_MAX_AGE

_PATIENCE_S: Final = 30.0
_LAG: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visited:
    """One endpoint: what it can do, or why it cannot be asked."""

    endpoint: Endpoint | None = None
    checkup: Checkup | None = None
    fault: str = ""


async def visit_chain(name: str, settings: Settings, clock: Clock, skew: Skew) -> list[Finding]:
    """Return a finding an endpoint, each seen beside the newest head; then one a part watched."""
    given = settings.chain[name]
    try:
        chain = settle(name, given)
        chain = replace(chain, oracle=oracle_of(name, chain.chain_id, settings.usd))
    except ValueError as error:
        return [Finding(ok=False, subject=name, text=str(error))]
    watches = [one for one in settings.watch if one.chain == name]
    protocols = {str(one.protocol) for one in watches} or {dex.protocol for dex in chain.dexes}
    managers = {
        f"the {dex.protocol} position manager": dex.manager
        for dex in chain.dexes
        if dex.protocol in protocols
    }
    async with AsyncExitStack() as stack:
        found: list[_Visited] = []
        for reference in given.rpc:
            visited = await _visited(chain, reference, managers, timeout_s=given.timeout_s)
            if visited.endpoint is not None:
                stack.push_async_callback(visited.endpoint.close)
            found.append(visited)
        for one in found:
            if one.checkup is not None:
                skew.see(one.checkup.head.timestamp, one.checkup.host)
        endpoints = _endpoints(chain, found, clock.now())
        return [*endpoints, *await _parts(chain, found, watches)]


async def _visited(
    chain: Chain, reference: str, managers: Mapping[str, str], *, timeout_s: float
) -> _Visited:
    try:
        endpoint = Endpoint(rpc_url(reference), timeout_s=timeout_s)
    except ValueError as error:
        return _Visited(fault=str(error))
    try:
        async with asyncio.timeout(_PATIENCE_S):
            checkup = await check_up(
                endpoint, chain_id=chain.chain_id, contracts=managers, multicall=chain.multicall
            )
    except TimeoutError:
        fault = f"{endpoint.host} did not answer within {_PATIENCE_S:.0f} s: check it, or its key"
        return _Visited(endpoint=endpoint, fault=fault)
    except HedgewatchError as error:
        return _Visited(endpoint=endpoint, fault=str(error))
    return _Visited(endpoint=endpoint, checkup=checkup)


def _endpoints(chain: Chain, found: Sequence[_Visited], now: datetime) -> list[Finding]:
    checkups = [one.checkup for one in found if one.checkup is not None]
    best = max((one.head.timestamp for one in checkups), default=now)
    somewhere = any(one.log_blocks for one in checkups)
    findings = []
    for one in found:
        if one.checkup is None:
            findings.append(Finding(ok=False, subject=chain.name, text=one.fault))
            continue
        fault = _fault(one.checkup, best, now) or _without_logs(one.checkup, somewhere)
        text = fault or _told(chain, one.checkup, now)
        findings.append(Finding(ok=not fault, subject=chain.name, text=text))
    return findings


def _told(chain: Chain, found: Checkup, now: datetime) -> str:
    old = age((now - found.head.timestamp).total_seconds())
    multicall = "yes" if found.multicall else "no"
    logs = f"{found.log_blocks:,} blocks" if found.log_blocks else "none, another tells them"
    return (
        f"{found.host} chain {chain.chain_id}, head {old} old, multicall {multicall}, logs {logs}"
    )


def _fault(found: Checkup, best: datetime, now: datetime) -> str:
    behind = best - found.head.timestamp
    since = now - found.head.timestamp
    if behind > _LAG:
        late = age(behind.total_seconds())
        return f"{found.host} is {late} behind the others: not used until it catches up"
    if found.absent:
        return f"{found.host} has no code for {' and '.join(found.absent)}: is it the right chain?"
    if since > CHAIN_MAX_AGE:
        old = age(since.total_seconds())
        return f"{found.host} stands at a block {old} old: use another endpoint until it goes on"
    if -since > _LAG:
        return f"{found.host} stamps blocks ahead of this machine's clock: set the clock"
    return ""


def _without_logs(found: Checkup, somewhere: bool) -> str:
    if found.log_blocks or somewhere:
        return ""
    return f"{found.no_logs}: add an endpoint that gives logs, or state each [[entry]]"


async def _parts(
    chain: Chain, found: Sequence[_Visited], watches: Sequence[WatchSettings]
) -> list[Finding]:
    """Return what becomes of everything watched, through the first endpoint that is sound."""
    for one in found:
        if one.endpoint is None or one.checkup is None or one.checkup.absent or not watches:
            continue
        inspection = Inspection(
            endpoint=one.endpoint,
            chain=chain,
            watches=watches,
            block=one.checkup.head,
            multicall=one.checkup.multicall,
        )
        parts: list[Part] = []
        try:
            async with asyncio.timeout(_PATIENCE_S):
                async for part in inspection.parts():
                    parts.append(part)  # noqa: PERF401 - what was told before a timeout counts
        except TimeoutError:
            late = f"{one.endpoint.host} did not tell all of it within {_PATIENCE_S:.0f} s"
            parts.append(Part(ok=False, text=f"{late}: try again, or another endpoint"))
        return [Finding(ok=part.ok, subject=chain.name, text=part.text) for part in parts]
    return []
