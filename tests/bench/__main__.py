"""`make bench`: measure, print a table, write out/bench.json; exit 1 where a limit is missed."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from tests.bench import (
    crowded,
    idle,
    pricing,
    replaying,
    scale,
    snapshot,
    sweeping,
    valuation,
)
from tests.bench.table import Table
from tests.bench.world import open_world

PARTS = ("valuation", "pricing", "judging", "replay", "sweep", "snapshot", "scale", "idle")
OUT = Path("out") / "bench.json"


def main() -> int:
    """Measure what is asked for, or everything."""
    asked = _arguments()
    table, began = Table(), perf_counter()
    try:
        asyncio.run(_measure(asked.parts or PARTS, table, seconds=asked.seconds))
    finally:
        table.write(OUT)
        print("\n".join(table.lines()))
    print(f"\n{perf_counter() - began:.0f} s; written to {OUT}")
    if table.missed:
        print(f"missed: {', '.join(table.missed)}", file=sys.stderr)
    return 1 if table.missed else 0


async def _measure(parts: Sequence[str], table: Table, *, seconds: float) -> None:
    if "valuation" in parts:
        _say("valuation")
        await asyncio.to_thread(valuation.run, table)
    if "pricing" in parts:
        _say("pricing")
        await asyncio.to_thread(pricing.run, table)
    if "judging" in parts:
        _say("judging")
        await asyncio.to_thread(crowded.run, table)
    if "replay" in parts:
        _say("replay")
        await asyncio.to_thread(replaying.run, table)
    if "sweep" in parts:
        _say("sweep")
        await asyncio.to_thread(sweeping.run, table)
    if not {"snapshot", "scale", "idle"} & {*parts}:
        return
    with tempfile.TemporaryDirectory(prefix="hedgewatch-bench-") as name:
        folder = Path(name)
        async with open_world() as world:
            _say("a chain with ten pools, and positions")
            smallest, some, most, own = world.devnet.deployment.wallets[:4]
            await world.mint(smallest, scale.SIZES[0])
            if "idle" in parts:
                _say(f"idle, for {seconds:.0f} s")
                await idle.run(world, smallest, folder, table, seconds=seconds)
            if "snapshot" in parts:
                await world.mint(own, snapshot.POSITIONS)
                _say("snapshot")
                await snapshot.run(world, own, table)
            if "scale" in parts:
                _say("scale")
                await world.mint(some, scale.SIZES[1] - scale.SIZES[0])
                await world.mint(most, scale.SIZES[2] - scale.SIZES[1])
                await scale.run(world, (smallest, some, most), folder, table)


def _say(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; else all")
    parser.add_argument("--seconds", type=float, default=60, help="how long to watch the daemon")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
