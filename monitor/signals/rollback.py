"""Taking back what was learned from blocks that are no longer part of their chain."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from monitor.model.observation import Reorg, Snapshot
from monitor.model.swift import swift
from monitor.signals.catalogue import BY_NAME, Scope
from monitor.signals.facts import REMEMBERED, BlockSeen, Facts, PositionSeen, SourceSeen, Spell
from monitor.signals.follow import unfollow
from monitor.signals.reel import Reel
from monitor.signals.series import Series, stamp


def dropped_since(source: SourceSeen | None, reorg: Reorg) -> datetime | None:
    """Return when the first dropped block was observed; None where none was.

    From that instant on, what the chain told came from blocks it has dropped.
    """
    seen = source.recent if source else ()
    return next((one.observed_at for one in seen if one.block.number > reorg.ancestor), None)


def reorg_of(source: SourceSeen | None, seen: Snapshot) -> Reorg | None:
    """Return what a snapshot's chain has dropped of the blocks remembered, None for nothing.

    What the reader found, and what the snapshot itself shows: two blocks of one number
    are never both part of a chain, whether or not the reader's memory reaches so far.
    """
    recent = source.recent if source else ()
    if seen.reorg is None and (not recent or recent[-1].block.number < seen.block.number):
        return None  # as nearly every snapshot
    read = [one.block for one in recent]
    ancestor = max((b.number for b in read if _stands(b.number, b.hash, seen)), default=-1)
    if seen.reorg is not None:
        ancestor = min(ancestor, seen.reorg.ancestor) if read else seen.reorg.ancestor
    dropped = tuple(block for block in read if block.number > ancestor)
    if not dropped and seen.reorg is None:
        return None
    return Reorg(ancestor=ancestor, dropped=dropped)


def rollback(facts: Facts, seen: Snapshot, reorg: Reorg) -> Facts:
    """Return the facts as far as they rest on blocks that are still part of the chain.

    Measures stay those of the newest block read: the snapshot that brought the news
    replaces them. Sums over the book are taken back whatever chain they came with.
    """
    chain = seen.chain
    source = facts.chains.get(chain)
    since = dropped_since(source, reorg)
    if source is None or since is None:
        return facts
    facts = unfollow(facts, seen.chain_id, since)
    kept = tuple(one for one in source.recent if one.block.number <= reorg.ancestor)
    return replace(
        facts,
        chains={**facts.chains, chain: replace(source, recent=kept)},
        positions={
            key: _back(one, since) if one.chain == chain else one
            for key, one in facts.positions.items()
        },
        series=_cut(facts.series, f"{seen.chain_id}:", since),
        reels=_cut_reels(facts.reels, chain, since),
    )


_block: Final = swift(BlockSeen)


def remembered(old: SourceSeen | None, seen: Snapshot) -> tuple[BlockSeen, ...]:
    """Return the blocks to remember, this snapshot's the newest."""
    before = old.recent if old else ()
    if before and before[-1].block.hash == seen.block.hash:
        return before
    newest = _block(block=seen.block, observed_at=seen.observed_at)
    return (*before[-REMEMBERED + 1 :], newest)


def outside(
    facts: Facts, before: PositionSeen | None, seen: Snapshot, *, in_range: bool
) -> tuple[datetime | None, tuple[Spell, ...]]:
    """Return since when a position is out of range, None inside, and its spells that are over."""
    since = before.out_since if before else None
    spells = before.was_out if before else ()
    if not in_range:
        return since or seen.observed_at, spells
    if since is None:
        return None, spells
    source = facts.chains.get(seen.chain)
    oldest = source.recent[0].observed_at if source and source.recent else since
    kept = (spell for spell in spells if spell.until >= oldest)
    return None, (*kept, Spell(since=since, until=seen.observed_at))


def _stands(number: int, block_hash: str, seen: Snapshot) -> bool:
    if number == seen.block.number:
        return block_hash == seen.block.hash
    return number < seen.block.number


def _back(seen: PositionSeen, since: datetime) -> PositionSeen:
    """Return a position with its comings and goings from `since` on taken back."""
    out_since = seen.out_since
    if out_since is not None and out_since >= since:
        out_since = None
    undone = next((one for one in seen.was_out if one.until >= since), None)
    if undone is not None and undone.since < since:
        out_since = undone.since
    was_out = tuple(one for one in seen.was_out if one.until < since)
    gone = seen.gone_at is not None and seen.gone_at >= since
    return replace(
        seen,
        out_since=out_since,
        was_out=was_out,
        gone="" if gone else seen.gone,
        gone_at=None if gone else seen.gone_at,
    )


def _cut(table: Mapping[str, Series], chain: str, since: datetime) -> Mapping[str, Series]:
    """Return the series without samples from `since` on that rest on the chain; no empty ones.

    chain: what its pools' and positions' keys begin with.
    """
    kept = dict[str, Series]()
    for key, series in table.items():
        if not _rests_on(key, chain) or series.samples[-1].at < since:
            kept[key] = series
        elif left := series.samples[: bisect_left(series.samples, since, key=stamp)]:
            kept[key] = Series(samples=left)
    return kept


def _cut_reels(reels: Mapping[str, Reel], chain: str, since: datetime) -> Mapping[str, Reel]:
    cut = {
        key: reel.cut(since) if key.endswith(f"|{chain}") else reel for key, reel in reels.items()
    }
    return {key: reel for key, reel in cut.items() if reel.runs or reel.before}


def _rests_on(series: str, chain: str) -> bool:
    name, _, scope = series.partition("|")
    signal = BY_NAME.get(name)
    if signal is None or signal.scope is Scope.BOOK:
        return signal is not None
    return signal.scope in {Scope.POOL, Scope.POSITION} and scope.startswith(chain)
