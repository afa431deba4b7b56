"""What is told again in the bench: prices by a declared walk, prints as they were in 2020."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp, floor, log, sqrt
from pathlib import Path
from random import Random

from monitor.app.rulebook import rulebook
from monitor.config import RulesSettings, Settings, UsdSettings
from monitor.model.observation import Observation, Past, Readings
from monitor.pipeline import Rulebook
from monitor.rules.loader import load_packs
from monitor.timetravel.events import Window
from monitor.timetravel.pool import CHAIN, USDC
from monitor.timetravel.tape import Blocks, tape

HERE = Path(__file__).parent
BEGINS = datetime(2020, 2, 24, tzinfo=UTC)
FIRST = 270.0
"""USD per ETH on that day, about."""
_A_YEAR = 1.0
"""The walk's volatility, an annual fraction."""


def walk(steps: int, every: timedelta) -> list[float]:
    """Return prices, USDC a WETH, of a seeded lognormal walk."""
    chance, price, found = Random(7), FIRST, list[float]()
    spread = _A_YEAR * sqrt(every / timedelta(days=365))
    for _ in range(steps):
        price *= exp(chance.gauss(0, spread))
        found.append(price)
    return found


def told(
    prices: Sequence[float], *, begins: datetime, every: timedelta, blocks: Blocks
) -> Iterator[Observation]:
    """Yield a block a price, and between them what the market printed."""
    ends = begins + every * len(prices)
    window = Window(first=begins.date(), last=ends.date(), title="bench")
    prints = [one for one in tape(window, _Nothing()) if _printed(one)]
    waiting = iter((*prints, None))
    ahead = next(waiting)
    for number, price in enumerate(prices):
        at = begins + number * every
        while ahead is not None and ahead.observed_at <= at:
            yield ahead
            ahead = next(waiting)
        yield blocks.snapshot(at, price)


class _Nothing:
    """A chain that says nothing: its blocks are passed over."""

    def snapshot(self, _at: datetime, _price: float, /) -> None:
        return None


def _printed(one: object) -> bool:
    if isinstance(one, Past):
        return True
    return isinstance(one, Readings) and one.source != "eth.price"


def book(name: str) -> Rulebook:
    """Return the rules of a file beside this one."""
    packs = load_packs([HERE / name])
    rules = RulesSettings(enabled=(), max_gap="25h")
    made = rulebook(Settings(usd=UsdSettings(pegged=(USDC,)), rules=rules), packs)
    return replace(made, lens=replace(made.lens, chains=frozenset({CHAIN})))


def ticks(width: float) -> tuple[int, int]:
    """Return the ticks of a range about the first price, as a pool of USDC and WETH counts."""
    centre = log(10**12 / FIRST, 1.0001)
    away = log(width, 1.0001)
    return floor((centre - away) / 60) * 60, floor((centre + away) / 60) * 60
