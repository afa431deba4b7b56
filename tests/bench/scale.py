"""`scale`: what a poll costs each position as they grow many, and what judging them costs."""

import gc
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from aiohttp import ClientSession

from monitor.app.daemon import Daemon
from monitor.app.garbage import collect_seldom
from monitor.app.rulebook import rulebook
from monitor.chain.settings import ChainSettings
from monitor.clock import SystemClock
from monitor.config import Settings, UsdSettings
from monitor.model.observation import Snapshot
from monitor.pipeline import Rulebook, State, step
from monitor.rules.loader import load_packs
from monitor.shipped import rules_dir
from monitor.store.rows import epoch_of
from monitor.store.sqlite import open_sqlite
from tests.bench.snapshot import canned, reader_of, set_head
from tests.bench.table import Figure, Table
from tests.bench.timing import Times, settled
from tests.bench.world import World

SIZES = (100, 1_000, 10_000)
RULES = 50
_CLOCK = SystemClock()
_BLOCKS = 10
_TURNS = 2  # of all sizes, at least; on a busy machine as many as _MOST_TURNS
_MOST_TURNS = 5
_WHOLE = 4  # polls at least that show everything
_TOLERANCE = 1.1  # ten thousand positions no longer fit a processor's cache
_PACKS = ("alvh", "crypto_dvol", "lp_range", "self")
# Each is true of nobody, so that what is measured is judging and not telling.
_SHAPES = (
    "position.il < -0.{n}5",
    "position.fees_usd > {n}e12",
    "!position.in_range && position.out_of_range_s > {n}00000",
    "min(position.distance_lower, position.distance_upper) < -{n}00",
    "pool.price > {n}e40",
    "position.value_usd < 0 || position.il < -0.5{n:02}",
    "position.il * position.value_usd < -{n}e15",
    "vix > 2{n} && position.il < -0.2{n:02}",
    "position.in_range && position.distance_upper < -0.{n:02}1",
    "book.il < -0.1{n:02} && position.distance_lower > 0.9{n}",
)


async def run(world: World, wallets: Sequence[str], folder: Path, table: Table) -> None:
    """Measure polls of the first wallet, of two, and of all three: a hundred, a thousand, ten."""
    costs: list[float] = []
    collect_seldom()  # as the daemon does
    async with canned(world) as url:
        for _ in range(_BLOCKS):
            await world.trade()
        polls = {size: Times() for size in SIZES}
        for number in range(len(SIZES)):
            await _snapshots(world, url, wallets[: number + 1])  # the node's answers are learned
        for turn in range(_MOST_TURNS):
            if turn >= _TURNS and all(settled(one.cpu) for one in polls.values()):
                break
            for number, size in enumerate(SIZES):
                file = folder / f"{size}-{turn}.db"
                await _polls(world, url, wallets[: number + 1], polls[size], file)
        for size, one in polls.items():
            costs.append(one.least_cpu * 1e6 / size)
            told = f"read, value, step, commit; median {one.middle_cpu * 1e6 / size:.0f}"
            table.add(f"scale.{size}", Figure(value=costs[-1], unit="us/position", against=told))
        for size, before, after in zip(SIZES[1:], costs, costs[1:], strict=False):
            told = f"CPU a position of {size:,} over {size // 10:,}"
            figure = Figure(value=after / before, unit="times", limit=_TOLERANCE, against=told)
            table.add(f"scale.growth_{size}", figure)
        snapshots = await _snapshots(world, url, wallets)
    _judging(world, snapshots, folder, table)


async def _polls(world: World, url: str, owners: Sequence[str], polls: Times, file: Path) -> None:
    """Poll block after block, as the daemon does; counted from the second whole one on."""
    now, size = _CLOCK.now(), SIZES[len(owners) - 1]
    book = _book(world, [rules_dir() / f"{pack}.toml" for pack in _PACKS])
    head = (await world.devnet.head()).number
    async with ClientSession() as session, reader_of(world, url, *owners) as reader:
        with closing(open_sqlite(f"sqlite:///{file}", now=now)) as store:
            daemon = Daemon(
                store=store,
                book=book,
                state=State(epoch=epoch_of(now)),
                channels=("console",),
                reload=lambda: book,
                now=_CLOCK.now,
            )
            whole = 0
            for number in range(head - _BLOCKS + 1, head + 1):
                await set_head(session, url, number)
                with (polls if whole else Times()).measured():
                    snapshot = await reader.snapshot(_CLOCK.now())
                    assert snapshot is not None
                    daemon.take(snapshot, 3)
                whole += len(snapshot.positions) == size
            assert whole >= _WHOLE, f"{whole} of {_BLOCKS} polls showed all {size} positions"


async def _snapshots(world: World, url: str, owners: Sequence[str]) -> list[Snapshot]:
    head = (await world.devnet.head()).number
    found = []
    async with ClientSession() as session, reader_of(world, url, *owners) as reader:
        for number in range(head - _BLOCKS + 1, head + 1):
            await set_head(session, url, number)
            snapshot = await reader.snapshot(_CLOCK.now())
            assert snapshot is not None
            found.append(snapshot)
    # A large wallet is listed over several polls; those before are of no use here.
    return [one for one in found if not one.missing]


def _judging(world: World, snapshots: Sequence[Snapshot], folder: Path, table: Table) -> None:
    """Measure a step with fifty rules over every position, less one with none."""
    file = folder / "fifty.toml"
    file.write_text(_fifty(), encoding="utf-8")
    fifty, none = _book(world, [file]), _book(world, [])
    assert len(fifty.rules) == RULES
    bare, full = State(), State()
    with_rules, without = Times(), Times()
    gc.disable()  # it would fall on one side or the other by chance
    for turn, seen in enumerate(snapshots):
        gc.collect()
        now = replace(seen, observed_at=_CLOCK.now())
        with (without if turn > 1 else Times()).measured():
            bare, _ = step(none, bare, now)
        with (with_rules if turn > 1 else Times()).measured():
            full, alerts = step(fifty, full, now)
        assert not alerts, alerts[0].rule
    gc.enable()
    beyond = with_rules.least_cpu - without.least_cpu
    count = len(snapshots[0].positions)
    assert count == SIZES[-1]
    told = f"{count:,} positions x {RULES} rules; a step less one without rules"
    figure = Figure(value=beyond * 1e3, unit="ms", limit=150, against=told)
    table.add("scale.judged", figure)


def _book(world: World, files: Sequence[Path]) -> Rulebook:
    chain = ChainSettings(rpc=(world.devnet.url,))
    tokens = {token for pool in world.pools for token in (pool.token0, pool.token1)}
    settings = Settings(chain={"devnet": chain}, usd=UsdSettings(pegged=tuple(sorted(tokens))))
    return rulebook(settings, load_packs(files))


def _fifty() -> str:
    rules = [
        f"""[[rule]]
id = "bench.{number}"
scope = "position"
action = "notify"
when = '{_SHAPES[number % len(_SHAPES)].format(n=number // len(_SHAPES) + 1)}'
text = "{{position.label}}"
"""
        for number in range(RULES)
    ]
    head = 'schema = 1\n[pack]\nid = "fifty"\ntitle = "Fifty"\nevidence = "claim"\nsources = []\n'
    return head + "".join(rules)
