"""`hedgewatch position show`: one position at one block, every measure and how it was computed."""

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Final

from monitor.alerts.compose import edges, price_told
from monitor.alerts.figures import age, figure, moment
from monitor.app.direct import read_directly, whereabouts
from monitor.app.present import clock_of, open_saved
from monitor.cli.lines import line
from monitor.config import Settings, load_settings
from monitor.errors import ConfigError, Fault, Permanent
from monitor.model.pool import Token
from monitor.rules.surroundings import CHAIN_MAX_AGE
from monitor.signals.explain import Explained, explain
from monitor.signals.facts import Facts, PositionSeen
from monitor.store.rows import restore

_MOST_BLOCK: Final = 2**63 - 1


def show(asked: argparse.Namespace) -> int:
    """Show one position: as the daemon saved it, or read at a block."""
    if asked.block is not None and not 0 <= asked.block <= _MOST_BLOCK:
        reason = f"a block is a whole number from 0 on, was {asked.block}"
        raise ConfigError([Fault(file="--block", where="", reason=reason)])
    settings = load_settings(asked.config)
    place = whereabouts(settings, asked.id, chain=asked.chain, protocol=asked.protocol)
    now = clock_of(settings).now()
    facts = _saved(settings, place.key, now) if asked.block is None else None
    saved = facts is not None
    if facts is None:
        facts = asyncio.run(
            read_directly(settings, {place.chain: [place.watch]}, now=now, block=asked.block)
        )
    seen = facts.positions.get(place.key)
    if seen is None:
        raise Permanent(_why_not(facts, place.key, place.chain))
    at = now if saved else seen.block.timestamp
    for text in (*_head(facts, seen, now), *_table(explain(facts, place.key, at))):
        print(text)
    if not saved:
        print(line("", "Sums over time (in range, LVR, markout) need a daemon that watches."))
    return 0


def _saved(settings: Settings, key: str, now: datetime) -> Facts | None:
    """Return what a daemon saved, where it holds the position and still knows it to be so."""
    try:
        store = open_saved(settings)
    except Permanent:
        return None
    with closing(store):
        saved = store.load()
    facts = restore(saved.rows, saved.samples).facts
    seen = facts.positions.get(key)
    chain = facts.chains.get(seen.chain) if seen else None
    fresh = chain is not None and chain.good_at is not None and now - chain.good_at <= CHAIN_MAX_AGE
    return facts if seen is not None and fresh and not (seen.gone or seen.unread) else None


def _why_not(facts: Facts, key: str, chain: str) -> str:
    source = facts.chains[chain]
    reasons = [source.gap, *(one.reason for one in source.missing if one.key == key)]
    return f"{key}: {'; '.join(filter(None, reasons)) or 'there is no such position'}"


def _head(facts: Facts, seen: PositionSeen, now: datetime) -> Iterator[str]:
    position, measures = seen.position, seen.measures
    pool = facts.pools[position.pool].state.pool
    yield line("position  ", position.key)
    yield line(
        "pool      ", f"{pool.pair} {pool.fee_pips / 10_000:g} %, {pool.protocol}, {pool.address}"
    )
    held = f", staked in {position.staked_in}" if position.staked_in else ""
    yield line("owner     ", f"{position.owner}{held}")
    old = age((now - seen.block.timestamp).total_seconds())
    yield line(
        "block     ",
        f"{seen.block.number:,} of {seen.chain}, {moment(seen.block.timestamp)}, {old} old",
    )
    yield line("hash      ", seen.block.hash)
    where = "in range" if measures.in_range else "out of range"
    price = price_told(measures)
    yield line("range     ", f"{edges(measures)}, now {price}: {where}")
    token0, token1 = pool.token0, pool.token1
    fees0, fees1 = measures.fees0, measures.fees1
    if measures.fees is None:
        fees0, fees1 = measures.owed0, measures.owed1
    for name, raw, token in (
        ("holds", measures.amount0, token0),
        ("", measures.amount1, token1),
        ("owed" if measures.fees is None else "fees", fees0, token0),
        ("", fees1, token1),
    ):
        yield line(f"{name:<10}", f"{spelled(raw, token)} (raw {raw})")
    if position.basis_note:
        yield line("entry     ", position.basis_note)
    yield ""


def _table(found: Sequence[Explained]) -> Iterator[str]:
    """Yield each measure on a line of its own, and beneath it how it was computed."""
    width = max(len(one.name) for one in found)
    for one in found:
        told = "unknown" if one.value is None else figure(one.value, one.unit)
        yield f"{one.name:<{width}}  {told}"
        if one.how:
            yield line("    ", one.how)


def spelled(raw: int, token: Token) -> str:
    """Return a raw amount in whole tokens, every digit of it."""
    digits = f"{raw:0{token.decimals + 1}d}"
    cut = len(digits) - token.decimals
    whole, rest = digits[:cut], digits[cut:].rstrip("0")
    return f"{int(whole):,}{'.' if rest else ''}{rest} {token.symbol}"
