"""Whether the daemon grows: its resident memory against time, over polls by the thousand."""

from collections.abc import Sequence
from pathlib import Path
from statistics import linear_regression
from typing import Any

import pytest

from monitor.clock import SystemClock, stopwatch

SYSTEM = SystemClock()
LIMIT_MB_H = 1.0


def slope_mb_h(samples: Sequence[tuple[float, float]]) -> float:
    """Return how many MB an hour a line through (seconds, bytes) rises, the first third left out.

    What is loaded and cached once, as the first polls come, is no growth.
    """
    settled = samples[len(samples) // 3 :]
    seconds, size = zip(*settled, strict=True)
    return linear_regression(seconds, size).slope * 3600 / 1e6


def resident(pid: int) -> int:
    """Return a process's resident memory in bytes."""
    status = (Path("/proc") / str(pid) / "status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize(
    ("seconds", "polls"),
    [
        pytest.param(10, 100, id="seconds", marks=pytest.mark.timeout(180)),
        pytest.param(
            2100, 100_000, id="half an hour", marks=[pytest.mark.soak, pytest.mark.timeout(3600)]
        ),
    ],
)
async def test_memory_is_flat(set_stage: Any, figure: Any, *, seconds: int, polls: int) -> None:
    play = await set_stage("alvh", "lp_range", "waves")
    play.daemon.start()
    await play.until(play.blocks, "the first block", within_s=60)
    pid, first, began = play.daemon._process.pid, play.stage.cboe.asked, stopwatch()
    samples, asked = list[tuple[float, float]](), 0
    while (gone := stopwatch() - began) < seconds or asked < polls:
        await play.stage.devnet.trade_to(260.0 if len(samples) % 2 else 240.0, volume_usd=30_000)
        await SYSTEM.sleep(0.5)
        samples.append((gone, resident(pid)))
        play.daemon.must_live()
        asked = play.stage.cboe.asked - first
    slope = slope_mb_h(samples)
    told = f"{asked:,} polls of the feed, {len(samples)} blocks, {samples[-1][1] / 1e6:.0f} MB"
    figure(f"memory.{seconds}.polls", asked, "polls", least=polls, measured=f"{gone:.0f} real s")
    # Over seconds a page more or less is megabytes an hour: told there, and held to nothing.
    limit = {"most": LIMIT_MB_H} if polls >= 100_000 else {}
    figure(f"memory.{seconds}.slope", slope, "MB/h", measured=told, **limit)


def test_a_slope_is_that_of_the_settled_part() -> None:
    warm = [(float(n), n * 1e6) for n in range(600)]
    rises = [(float(n), 6e8 + n / 3600 * 2e6) for n in range(600, 1800)]
    assert slope_mb_h([*warm, *rises]) == pytest.approx(2.0)
