"""`judging`: fifty rules over many positions, made up here, so that no chain is needed.

Every position is valued and all of them move with every snapshot. The time is that of a
step whose observation brings nothing new, for then it is spent on judging alone.
"""

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.amm.amounts import amounts_for_liquidity
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.app.rulebook import rulebook
from monitor.config import Settings, UsdSettings
from monitor.model.observation import Block, Gap, Readings, Snapshot
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Basis, Position, TickState, position_key
from monitor.model.reading import Reading
from monitor.pipeline import Rulebook, State, step
from monitor.rules.lifecycle import Phase
from monitor.rules.loader import load_packs
from monitor.signals.absorb import Lens, absorb
from monitor.signals.facts import Facts
from tests.bench.table import Figure, Table
from tests.bench.timing import Times

POSITIONS, RULES, LIMIT_MS = 10_000, 50, 150
_START = datetime(2026, 11, 20, 15, tzinfo=UTC)  # a Friday, VIX is published
_POLL = timedelta(seconds=30)
_POLLS = 32  # so that windows of a quarter of an hour are full
_TICK, _POOLS = 200_000, 10
_USDC = Token(address="0x" + "11" * 20, symbol="USDC", decimals=6)
_UNTOUCHED = TickState(fee_growth_outside0_x128=0, fee_growth_outside1_x128=0)
# Each level is put where a chosen share of the positions is below it.
_SHAPES = (
    "position.il < {il} && vix > 10",
    "position.in_range && position.distance_lower < {distance_lower}",
    "position.in_range && position.distance_upper < {distance_upper}",
    "position.value_usd < {value_usd} || position.il < -0.9",
    "position.fees_usd / position.value_usd < 0 || position.value_usd < {value_usd}",
    "!position.in_range && position.out_of_range_s > 864000",
    "book.il < -0.5 && position.il < {il}",
    "vix > 40 && position.distance_lower > 0.01",
    "pool.price < 0.000001 || position.il < {il}",
    "min(position.distance_lower, position.distance_upper) < {narrow}",
)
_WINDOWS = (
    'delta(position.il, "10m") < -0.5',
    'avg(position.value_usd, "15m") < 0',
    'lowest(position.il, "15m") < -0.99',
    'delta(pool.price, "10m") > 1e9 && position.in_range',
    'delta(vix, "1h") > 50 && position.il < -0.01',
)


@dataclass(frozen=True, kw_only=True)
class Judging:
    """What judging took. ms: of our own CPU, the least of several; astir: pending or firing."""

    ms: float
    astir: int


def run(table: Table) -> None:
    """Measure a quiet book, one with windows, and one of which a hundredth is beyond a level."""
    kinds = (("quiet", 0.0, 0), ("windows", 0.0, len(_WINDOWS)), ("busy", 0.01, 0))
    for name, share, windows in kinds:
        found = judging(POSITIONS, RULES, share=share, windows=windows)
        told = f"{POSITIONS:,} x {RULES}; {windows} windows, {found.astir:,} astir"
        figure = Figure(value=found.ms, unit="ms", limit=LIMIT_MS, against=told)
        table.add(f"judging.{name}", figure)
    together = judging(1_000, RULES)
    alone = judging(1_000, RULES, many=POSITIONS)
    told = f"1,000 x {RULES}; one by one {alone.ms:.0f} ms, together {together.ms:.1f}"
    table.add("judging.gain", Figure(value=alone.ms / together.ms, unit="times", against=told))


def judging(
    positions: int,
    rules: int,
    *,
    share: float = 0.0,
    windows: int = 0,
    many: int | None = None,
) -> Judging:
    """Return what it takes to judge `rules` over `positions`.

    share: of the positions, how many are beyond each rule's level. windows: of the rules,
    how many take one. many: from how many rows on they are judged together.
    """
    held = made_up(positions)
    book = _book(_pack(_levels(held, share), rules, windows))
    book = book if many is None else replace(book, many=many)
    state, dice = State(), random.Random(50)
    for number in range(_POLLS if windows else 4):
        at = _START + number * _POLL
        state, _ = step(book, state, _vix(at, 18.0 + number % 3))
        state, _ = step(book, state, snapshot(held, at, _TICK + dice.randint(-30, 30), number))
    times = Times()
    for _ in range(7):
        nothing = Gap(source="vix", observed_at=at, reason="nothing new")
        with times.measured():
            state, _ = step(book, state, nothing)
    astir = sum(one.phase is not Phase.INACTIVE for one in state.instances.values())
    return Judging(ms=times.least_cpu * 1e3, astir=astir)


def made_up(count: int) -> tuple[Position, ...]:
    """Return positions of a known basis about the price, over ten pools."""
    dice, states = random.Random(10_000), _pools(_TICK)
    return tuple(_position(number, states[number % _POOLS], dice) for number in range(count))


def snapshot(held: Sequence[Position], at: datetime, tick: int, number: int) -> Snapshot:
    """Return a block in which every pool, and so every position, has moved."""
    block = Block(number=number + 1, hash=f"0x{number + 1:064x}", timestamp=at)
    return Snapshot(
        chain="main",
        chain_id=1,
        block=block,
        observed_at=at,
        pools=_pools(tick),
        positions=tuple(held),
    )


def _position(number: int, state: PoolState, dice: random.Random) -> Position:
    half = dice.randint(400, 4_000)
    middle = _TICK + dice.randint(-half, half) * 8 // 10
    lower, upper, liquidity = middle - half, middle + half, dice.randint(10**15, 10**17)
    entry = sqrt_ratio_at_tick(_TICK + dice.randint(-300, 300))
    hodl0, hodl1 = amounts_for_liquidity(entry, lower, upper, liquidity, round_up=True)
    basis = Basis(
        liquidity=liquidity,
        hodl0=hodl0,
        hodl1=hodl1,
        realised_token1=0,
        collected0=0,
        collected1=0,
        opened_at=_START - timedelta(days=30),
        source="config",
    )
    return Position(
        key=position_key(1, "0x" + "44" * 20, number),
        token_id=number,
        owner="0x" + "55" * 20,
        pool=state.pool.key,
        tick_lower=lower,
        tick_upper=upper,
        liquidity=liquidity,
        fee_growth_inside0_last_x128=0,
        fee_growth_inside1_last_x128=0,
        tokens_owed0=0,
        tokens_owed1=0,
        lower=_UNTOUCHED,
        upper=_UNTOUCHED,
        basis=basis,
    )


def _pools(tick: int) -> tuple[PoolState, ...]:
    return tuple(_pool(number, tick + number) for number in range(_POOLS))


def _pool(number: int, tick: int) -> PoolState:
    token = Token(address=f"0x{number + 32:02x}" + "22" * 19, symbol=f"T{number}", decimals=18)
    pool = Pool(
        chain_id=1,
        address=f"0x{number + 64:02x}" + "33" * 19,
        token0=_USDC,
        token1=token,
        fee_pips=3000,
        tick_spacing=60,
        quote=0,
    )
    return PoolState(
        pool=pool,
        sqrt_price_x96=sqrt_ratio_at_tick(tick),
        tick=tick,
        liquidity=10**18,
        fee_growth_global0_x128=tick << 90,
        fee_growth_global1_x128=tick << 90,
    )


def _vix(at: datetime, value: float) -> Readings:
    reading = Reading(name="vix", value=value, unit="points", as_of=at, source="bench")
    return Readings(source="vix", observed_at=at, readings=(reading,))


def _levels(held: Sequence[Position], share: float) -> dict[str, float]:
    """Return for each measure a level that the share of positions is below."""
    lens = Lens(pegged=frozenset({_USDC.address}), chains=frozenset({"main"}))
    facts = absorb(Facts(), snapshot(held, _START, _TICK, 0), lens)
    told = [seen.measures for seen in facts.positions.values()]
    columns = {
        "il": [one.il or 0.0 for one in told],
        "value_usd": [one.total.usd or 0.0 for one in told],
        "distance_lower": [one.distance_lower for one in told],
        "distance_upper": [one.distance_upper for one in told],
        "narrow": [min(one.distance_lower, one.distance_upper) for one in told],
    }
    if not share:
        return dict.fromkeys(columns, -1e6)
    return {name: sorted(one)[int(share * len(one))] for name, one in columns.items()}


def _pack(levels: dict[str, float], rules: int, windows: int) -> str:
    text = 'schema = 1\n[pack]\nid = "many"\ntitle = "Many"\nevidence = "claim"\nsources = []\n'
    for number in range(rules):
        shape = _SHAPES[number % len(_SHAPES)].format(**levels)
        when = _WINDOWS[number] if number < windows else shape
        held = 'for = "10h"\n' if number % 2 else 'keep_firing_for = "10m"\nrepeat = "4h"\n'
        text += f'[[rule]]\nid = "many.{number}"\nscope = "position"\naction = "notify"\n'
        text += f"when = '{when}'\n{held}text = \"{{position.label}}\"\n"
    return text


def _book(pack: str) -> Rulebook:
    with tempfile.TemporaryDirectory(prefix="hedgewatch-bench-") as folder:
        file = Path(folder) / "many.toml"
        file.write_text(pack, encoding="utf-8")
        packs = load_packs([file])
    book = rulebook(Settings(usd=UsdSettings(pegged=(_USDC.address,))), packs)
    return replace(book, lens=replace(book.lens, chains=frozenset({"main"})))
