"""However often a chain is reorganised, in the end the road knows what the chain now says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.alert import Alert
from monitor.model.observation import Block, Missing, Observation, Reorg, Snapshot
from monitor.model.position import position_key
from monitor.pipeline import Rulebook, State, step
from monitor.rules.lifecycle import Flag, Phase
from monitor.signals.facts import Facts
from monitor.signals.windows import Sample, Series
from monitor.store.memory import MemoryStore
from monitor.store.records import Change
from monitor.store.rows import (
    changed_rows,
    dropped_samples,
    forgotten_samples,
    new_samples,
    restore,
)

START = datetime(2020, 2, 14, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHALLOW = timedelta(minutes=20)
TICKS = (-1_400, -900, -300, 0, 300, 900, 1_400)
RULES = """\
schema = 1
[pack]
id = "ground"
title = "Rules that rest on blocks"
evidence = "claim"
sources = []
[[rule]]
id = "out"
scope = "position"
action = "notify"
when = '!position.in_range'
text = "out"
[[rule]]
id = "long"
scope = "position"
action = "notify"
when = 'position.out_of_range_s > 900.0'
text = "long out"
[[rule]]
id = "band"
scope = "pool"
action = "notify"
when = 'pool.price > 255.0'
clear = 'pool.price < 245.0'
text = "high until low"
[[rule]]
id = "loss"
scope = "position"
action = "notify"
when = 'position.il < -0.001 && position.value_usd > 1.0'
text = "loss"
[[rule]]
id = "move"
scope = "pool"
action = "notify"
when = 'delta(pool.price, "20m") > 5.0 || highest(pool.price, "30m") > 280.0'
text = "moved"
[[rule]]
id = "crossing"
scope = "pool"
action = "notify"
when = 'crossed_above(pool.price, 250.0)'
text = "crossed"
[[rule]]
id = "mixed"
scope = "book"
action = "notify"
when = 'vix > 20.0 && book.il < -0.001'
text = "both"
[[rule]]
id = "market"
scope = "book"
action = "notify"
when = 'vix > 20.0'
text = "market"
"""
ONE_CHAIN = """\
[[rule]]
id = "book"
scope = "book"
action = "notify"
when = 'lowest(book.il, "40m") < -0.002'
text = "book"
[[rule]]
id = "cooling"
scope = "pool"
action = "notify"
when = 'pool.price > 255.0'
clear = 'pool.price < 252.0'
cooldown = "30m"
text = "high, not too often"
"""


@dataclass
class Chain:
    """A chain that grows and is reorganised, as its reader tells of it."""

    hand: Any
    name: str
    number: int
    blocks: list[Snapshot] = field(default_factory=list)
    made: int = 0

    def grow(self, at: datetime, move: Mapping[str, Any], reorg: Reorg | None = None) -> Snapshot:
        base = self.blocks[-1].block.number if self.blocks else reorg.ancestor if reorg else 9
        self.made += 1
        block = Block(
            number=base + move["skip"], hash=f"0x{self.number}{self.made:059x}", timestamp=at
        )
        positions, missing = [self.hand.position(1, ticks=(220_000, 222_000))], []
        second = self.hand.position(2, ticks=(220_800, 221_400))
        match move["second"]:
            case "there":
                positions.append(second)
            case "unread":
                missing.append(Missing(key=second.key, reason="it reverted"))
            case "gone":
                missing.append(Missing(key=second.key, reason="its NFT was burned", gone=True))
        made = self.hand.snapshot(
            at, *positions, tick=self.hand.tick + move["tick"], missing=tuple(missing)
        )
        snapshot = self._mine(replace(made, block=block, reorg=reorg))
        self.blocks.append(snapshot)
        return snapshot

    def fork(self, at: datetime, move: Mapping[str, Any]) -> tuple[Snapshot, list[Snapshot]]:
        """Return the first snapshot of the new branch, and what it drops.

        Less than any window is long: what a deeper fork takes out of a window, the window
        may have let go of before, and it is then unknown until it has filled again.
        """
        young = sum(at - one.observed_at < SHALLOW for one in self.blocks)
        depth = min(move["depth"], young)
        if not depth:
            return self.grow(at, move), []
        first = self.blocks[0].block.number
        dropped = self.blocks[len(self.blocks) - depth :]
        self.blocks = self.blocks[: len(self.blocks) - depth]
        ancestor = self.blocks[-1].block.number if self.blocks else first - 1
        reorg = Reorg(ancestor=ancestor, dropped=tuple(one.block for one in dropped))
        return self.grow(at, move, reorg), dropped

    def _mine(self, made: Snapshot) -> Snapshot:
        """Return the snapshot with everything in it moved to this chain."""
        pools = tuple(
            replace(one, pool=replace(one.pool, chain_id=self.number)) for one in made.pools
        )
        positions = tuple(
            replace(one, key=self._key(one.key), pool=pools[0].pool.key) for one in made.positions
        )
        missing = tuple(replace(one, key=self._key(one.key)) for one in made.missing)
        return replace(
            made,
            chain=self.name,
            chain_id=self.number,
            pools=pools,
            positions=positions,
            missing=missing,
        )

    def _key(self, key: str) -> str:
        _, manager, token_id = key.split(":")
        return position_key(self.number, manager, int(token_id))


MOVE = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["grow", "grow", "grow", "fork", "vix", "gap"]),
        "chain": st.sampled_from(["main", "side"]),
        "wait": st.integers(1, 15),
        "tick": st.sampled_from(TICKS),
        "second": st.sampled_from(["there", "there", "there", "gone", "unread", "absent"]),
        "skip": st.integers(1, 3),
        "depth": st.integers(1, 5),
        "vix": st.sampled_from([15.0, 25.0]),
        "restart": st.booleans(),
    }
)


@dataclass
class Road:
    """A road whose every step is saved, and which may be restarted from what was saved."""

    book: Rulebook
    state: State = field(default_factory=State)
    store: MemoryStore = field(default_factory=lambda: MemoryStore(now=START))
    told: list[Alert] = field(default_factory=list)

    def take(self, seen: Observation, *, restart: bool = False) -> None:
        new, alerts = step(self.book, self.state, seen)
        self.told += alerts
        self.store.commit(
            Change(
                rows=changed_rows(self.state, new),
                samples=new_samples(self.state, new),
                forget_samples_before=forgotten_samples(self.state, new),
                forget_samples_from=dropped_samples(self.state, new),
            )
        )
        self.state = new
        if restart:
            saved = self.store.load()
            self.state = restore(saved.rows, saved.samples)
            assert self.state == new, "what is saved is what is"


def firing(state: State) -> set[str]:
    """Return what fires, but for what is in doubt until its inputs are known again."""
    return {
        key
        for key, one in state.instances.items()
        if one.phase is Phase.FIRING and one.lost is None
    }


def doubted(state: State) -> set[str]:
    """Return what stays as it was because nothing is known now.

    How it was may have been decided while another chain's block was told on ground that
    was dropped later: no run can then say what a run without that block would hold.
    """
    return {
        key
        for key, one in state.instances.items()
        if one.lost is not None or one.flag is Flag.NODATA
    }


def plain(book: Rulebook, state: State, like: Facts) -> Facts:
    """Return the facts as far as anything can be told from them.

    Without positions that only dropped blocks held, which stay marked as gone; without the
    measures of what cannot be read now, which are unknown; and without samples that lie
    before every window. What is followed in steps of minutes is taken back to a step, and
    has its own test.
    """
    facts, at = state.facts, state.at or START
    positions = {
        key: replace(
            seen,
            measures=None if seen.unread or seen.gone else seen.measures,
            block=None if seen.unread or seen.gone else seen.block,
            position=None if seen.unread or seen.gone else seen.position,
        )
        for key, seen in facts.positions.items()
        if key in like.positions
    }
    series = {}
    for key, samples in every_sample(facts).items():
        if key.split("|")[1] in {"", *like.positions, *like.pools}:
            horizon = at - book.lens.windows[key.split("|")[0]]
            older = [s for s in samples if s.at <= horizon][-1:]
            series[key] = Series(samples=(*older, *(s for s in samples if s.at > horizon)))
    bare = replace(facts, reels={}, tracks={}, hours={}, paths={})
    return replace(bare, positions=positions, series=series)


def every_sample(facts: Facts) -> dict[str, Sequence[Sample]]:
    """Return the samples of everything, a position's among them, by `name|scope`."""
    found = {key: one.samples for key, one in facts.series.items()}
    for reel_key, reel in facts.reels.items():
        name = reel_key.partition("|")[0]
        for key in facts.positions:
            if samples := tuple(reel.samples(key)):
                found[f"{name}|{key}"] = samples
    return found


def sums(facts: Facts) -> dict[str, Series]:
    return {key: one for key, one in facts.series.items() if key.startswith("book.")}


def others(facts: Facts) -> dict[str, Series]:
    return {key: one for key, one in facts.series.items() if not key.startswith("book.")}


def among(found: Series, expected: Series, *, whole: bool) -> None:
    """Assert that samples of the book are right, though added up in another order.

    whole: and that none is lacking. Of two chains, what one added to the book while the
    other stood on blocks it has dropped is not known: such a sample is left out.
    """
    right = {sample.at: sample.value for sample in expected.samples}
    stamps = [sample.at for sample in found.samples]
    assert stamps == list(right) if whole else set(stamps) <= set(right)
    for sample in found.samples:
        assert sample.value == pytest.approx(right[sample.at], abs=1e-12)


def walked(
    hand: Any, moves: list[dict[str, Any]], names: tuple[str, ...]
) -> tuple[list[tuple[Observation, bool]], list[Observation]]:
    """Return what is observed, with where to restart; and what a run without forks observes."""
    chains = {name: Chain(hand, name, n) for n, name in enumerate(names, 1)}
    at, seen, dropped = START, list[tuple[Observation, bool]](), list[Snapshot]()
    ends = [
        # A last block a chain, or a last fork, of which everything can be read.
        {
            **move,
            "kind": "fork" if move["restart"] else "grow",
            "chain": name,
            "second": "there",
            "wait": 1,
        }
        for name, move in zip(names, moves, strict=False)
    ]
    if len(names) > 1:
        # A fresh VIX, on blocks not older than minutes, so that what rests on it is known.
        ends.append({**moves[-1], "kind": "vix", "restart": False, "wait": 1})
    for move in [*moves, *ends]:
        at += move["wait"] * MINUTE
        chain = chains.get(move["chain"], chains["main"])
        one: Observation
        match move["kind"]:
            case "grow":
                one = chain.grow(at, move)
            case "fork":
                one, gone = chain.fork(at, move)
                dropped += gone
            case "vix":
                one = hand.vix(move["vix"], at)
            case _:
                one = hand.gap(chain.name, at)
        seen.append((one, move["restart"]))
    lost = {one.block.hash for one in dropped}
    kept = [
        replace(one, reorg=None) if isinstance(one, Snapshot) else one
        for one, _ in seen
        if not (isinstance(one, Snapshot) and one.block.hash in lost)
    ]
    return seen, kept


def agree(book: Rulebook, seen: list[tuple[Observation, bool]], kept: list[Observation]) -> Road:
    forked, straight = Road(book), Road(book)
    for one, restart in seen:
        forked.take(one, restart=restart)
    for one in kept:
        straight.take(one)
    like = straight.state.facts
    found, expected = plain(book, forked.state, like), plain(book, straight.state, like)
    assert replace(found, series={}) == replace(expected, series={})
    assert sums(found).keys() == sums(expected).keys()
    for key, one in sums(found).items():
        among(one, sums(expected)[key], whole=len(like.chains) == 1)
    assert others(found) == others(expected)
    doubt = doubted(forked.state) | doubted(straight.state)
    assert firing(forked.state) - doubt == firing(straight.state) - doubt
    idems = [alert.idem for alert in forked.told]
    assert len(idems) == len(set(idems)), "two events share an idempotency key"
    return forked


def rules(hand: Any, folder: Path, text: str, *chains: str) -> Rulebook:
    (folder / "ground.toml").write_text(text)
    book = hand.book(files=(folder / "ground.toml",))
    made: Rulebook = replace(book, lens=replace(book.lens, chains=frozenset(chains)))
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


@given(moves=st.lists(MOVE, min_size=3, max_size=20))
@settings(max_examples=60, deadline=None)
def test_after_any_forks_of_two_chains_facts_and_alerts_are_those_of_a_run_without_any(
    moves: list[dict[str, Any]], hand: Any, folder: Path
) -> None:
    book = rules(hand, folder, RULES, "main", "side")
    agree(book, *walked(hand, moves, ("main", "side")))


@given(moves=st.lists(MOVE, min_size=3, max_size=20))
@settings(max_examples=40, deadline=None)
def test_a_cooldown_is_that_of_a_run_without_forks(
    moves: list[dict[str, Any]], hand: Any, folder: Path
) -> None:
    # Of one chain alone, since what is observed between two blocks is another time to fire.
    book = rules(hand, folder, RULES + ONE_CHAIN, "main")
    blocks = [{**one, "chain": "main"} for one in moves if one["kind"] in {"grow", "fork"}]
    agree(book, *walked(hand, blocks, ("main",)))
