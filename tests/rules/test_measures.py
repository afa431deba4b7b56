"""Every measure of a pool and a position, as a rule sees it, against a day worked out by hand."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.amm.ledger import basis_from_entry
from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close, sessions_back
from monitor.model.observation import Snapshot
from monitor.model.position import Basis, Position, TickState
from monitor.model.reading import Reading
from monitor.rules.surroundings import View
from monitor.signals.absorb import Lens, absorb
from monitor.signals.bars import Bars
from monitor.signals.catalogue_lp import LP_SIGNALS
from monitor.signals.explain import explain
from monitor.signals.facts import Facts

AT = datetime(2026, 3, 2, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
GROWN = 1 << 96, 1 << 127
"""What a unit of liquidity earns in half an hour in range, Q128.128: USDC, WETH."""

USDC = "0x" + "11" * 20
LENS = Lens(pegged=frozenset({USDC}), chains=frozenset({"main"}))
DAYS = 8
LIQUIDITY = 10**16
COLLECTED = 5 * 10**6, 2 * 10**16
LOST = 3 * 10**5, 10**15
"""What withdrawals have lost, counted in USDC, and in WETH at other prices than now's."""

WIDTH = 1_000
STEPS = DAYS * 48
OUT = range(STEPS - 20, STEPS - 16)
"""Four half hours with the price above the range."""

LAST = -300
"""USDC is token0, so that a fall of the tick is WETH's rise."""


def tick_at(step: int) -> int:
    if step in OUT:
        return WIDTH + 500
    return LAST if step == STEPS else (10, -10)[step % 2]


@dataclass(frozen=True)
class Day:
    """Eight days of half hours, and plain floating point beside them. L = 1e16, 1 WETH = 1e18."""

    facts: Facts
    now: datetime
    position: Position
    middle: int

    def view(self) -> View:
        return View(facts=self.facts, scope=self.position.key, now=self.now)

    def root(self, tick: int) -> float:
        return float(1.0001 ** ((self.middle + tick) / 2))

    def amounts(self, tick: int) -> tuple[float, float]:
        inside = min(max(self.root(tick), self.root(-WIDTH)), self.root(WIDTH))
        return (
            LIQUIDITY * (1 / inside - 1 / self.root(WIDTH)),
            LIQUIDITY * (inside - self.root(-WIDTH)),
        )

    def usdc(self, raw: tuple[float, float], tick: int = LAST) -> float:
        """Return raw amounts in USDC at a price."""
        return raw[0] / 1e6 + raw[1] / self.root(tick) ** 2 / 1e6

    @property
    def price(self) -> float:
        """Return USDC per WETH now."""
        return float(1e12 / self.root(LAST) ** 2)

    @property
    def hodl(self) -> tuple[float, float]:
        return self.amounts(0)

    def earned(self, steps: int) -> tuple[float, float]:
        return LIQUIDITY * GROWN[0] * steps / 2**128, LIQUIDITY * GROWN[1] * steps / 2**128

    @property
    def owed(self) -> tuple[float, float]:
        return self.earned(STEPS - len(OUT))

    @property
    def fees(self) -> tuple[float, float]:
        return self.owed[0] + COLLECTED[0], self.owed[1] + COLLECTED[1]

    @property
    def value(self) -> float:
        return self.usdc(self.amounts(LAST))

    def vol(self, days: int) -> float:
        """Return the annual volatility of the last days, up to a half hour by half hour."""
        steps = range(STEPS - 48 * days, STEPS)
        moves = [(tick_at(one + 1) - tick_at(one)) * math.log(1.0001) for one in steps]
        return math.sqrt(sum(move**2 for move in moves) / days * 365)

    def implied(self, days: int) -> float:
        total = 0.0
        for step in range(STEPS - 48 * days + 1, STEPS + 1):
            if step not in OUT:
                root = self.root(tick_at(step))
                total += (GROWN[0] * root**2 + GROWN[1]) / 2**128 / root
        return 2 * math.sqrt(total / days * 365)

    @property
    def lvr(self) -> float:
        """Return what rebalancing at every step gained over the range, raw token1."""
        total = 0.0
        for step in range(STEPS):
            ends = [self.root(max(-WIDTH, min(WIDTH, tick_at(one)))) for one in (step, step + 1)]
            total += LIQUIDITY * (ends[1] - ends[0]) ** 2 / ends[0]
        return total

    @property
    def lvr_day(self) -> float:
        return LIQUIDITY * self.vol(1) ** 2 * self.root(LAST) / 4 / 365

    @property
    def markout(self) -> float:
        """Return a day's hourly net trades at the price an hour later, in USDC now."""
        hours = range(STEPS - 48, STEPS + 1, 2)
        held = [self.amounts(tick_at(one)) for one in hours]
        total = 0.0
        for place in range(len(held) - 2):
            price = self.root(tick_at(hours[place + 2])) ** 2
            total += (held[place + 1][0] - held[place][0]) * price
            total += held[place + 1][1] - held[place][1]
        return self.usdc((0, total))


def seen(hand: Any, step: int, position: Position) -> Snapshot:
    earned = sum(1 for one in range(1, step + 1) if one not in OUT)
    growth = GROWN[0] * earned, GROWN[1] * earned
    # Out above, the upper edge keeps what had grown when it was crossed; nothing grows since.
    crossed = growth if step in OUT else (0, 0)
    edge = TickState(fee_growth_outside0_x128=crossed[0], fee_growth_outside1_x128=crossed[1])
    snap: Snapshot = hand.snapshot(
        AT + step * HALF_HOUR,
        replace(position, upper=edge),
        tick=hand.tick + tick_at(step),
        number=step + 1,
    )
    (pool,) = snap.pools
    pool = replace(pool, fee_growth_global0_x128=growth[0], fee_growth_global1_x128=growth[1])
    return replace(snap, pools=(pool,))


@pytest.fixture(scope="module")
def day(hand: Any) -> Day:
    held: Position = hand.position(1)
    assert held.basis is not None
    basis = replace(
        held.basis,
        source="events",
        opened_at=AT - timedelta(days=2),
        collected0=COLLECTED[0],
        collected1=COLLECTED[1],
        deposited0=held.basis.hodl0,
        deposited1=held.basis.hodl1,
        realised_token0=-LOST[0],
        realised_token1=-LOST[1],
        released_token0=0,
        released_token1=0,
        paid_token0=600 * 10**6,
        paid_token1=24 * 10**17,
        received_token0=10 * 10**6,
        received_token1=4 * 10**16,
    )
    facts, position = Facts(), replace(held, basis=basis)
    for step in range(STEPS + 1):
        facts = absorb(facts, seen(hand, step, position), LENS)
    now = AT + STEPS * HALF_HOUR
    facts = with_beta_of_two(facts, now)
    return Day(facts=facts, now=now, position=position, middle=hand.tick)


def with_beta_of_two(facts: Facts, now: datetime) -> Facts:
    """Return the facts with a year of weeks in which ETH moved twice as the S&P 500 did."""
    index, coin = Bars(), Bars()
    for n in range(54):
        friday = date(2025, 2, 28) + timedelta(weeks=n)
        day, move = sessions_back(friday, 0), 0.02 * math.sin(n)
        at = session_close(Hours.XNYS_CLOSE, day)
        index = index.take(6000 * math.exp(move), day, at, keep=100)
        coin = coin.take(2500 * math.exp(2 * move), day, at, keep=100)
    prices = {
        f"{name}|": Reading(name=name, value=1000.0, unit="", as_of=now, source="test")
        for name in ("eth.price", "spx.price")
    }
    return replace(
        facts, readings={**facts.readings, **prices}, bars={"spx.price|": index, "eth.price|": coin}
    )


def money(name: str, usdc: Callable[[Day], float]) -> dict[str, Callable[[Day], float]]:
    """Return the expectations of a measure in its units: token0 is USDC, and is a dollar."""
    return {
        f"position.{name}_token0": usdc,
        f"position.{name}_token1": lambda day: usdc(day) / day.price,
        f"position.{name}_usd": usdc,
    }


def _loss(day: Day) -> float:
    return day.value - day.usdc(day.hodl)


EXPECTED: dict[str, Callable[[Day], float]] = {
    "pool.price": lambda day: day.price,
    "pool.realised_vol_1d": lambda day: day.vol(1),
    "pool.realised_vol_7d": lambda day: day.vol(7),
    "pool.implied_vol_1d": lambda day: day.implied(1),
    "pool.implied_vol_7d": lambda day: day.implied(7),
    **money("value", lambda day: day.value + day.usdc(day.owed)),
    **money("principal", lambda day: day.value),
    **money("fees", lambda day: day.usdc(day.owed)),
    **money("collected", lambda day: day.usdc(COLLECTED)),
    **money("earned", lambda day: day.usdc(day.owed)),
    **money("hodl", lambda day: day.usdc(day.hodl)),
    **money("il", _loss),
    **money("net_pnl", lambda day: _loss(day) + day.usdc(day.fees)),
    "position.il_realised_token0": lambda _: -LOST[0] / 1e6,
    "position.il_realised_token1": lambda _: -LOST[1] / 1e18,
    "position.il_realised_usd": lambda _: -LOST[0] / 1e6,
    "position.flow_pnl_usd": lambda day: day.value + day.usdc(day.owed) + 10 - 600,
    "position.flow_pnl_token0": lambda day: day.value + day.usdc(day.owed) + 10 - 600,
    "position.flow_pnl_token1": lambda day: (
        (day.value + day.usdc(day.owed)) / day.price + 0.04 - 2.4
    ),
    **money("lvr_day", lambda day: day.usdc((0, day.lvr_day))),
    **money("lvr", lambda day: day.usdc((0, day.lvr))),
    **money("markout", lambda day: day.markout),
    "position.il": lambda day: _loss(day) / day.usdc(day.hodl),
    "position.il_chained": lambda day: (_loss(day) - LOST[0] / 1e6) / day.usdc(day.hodl),
    "position.il_v2": lambda _: 2 * math.sqrt(1.0001**LAST) / (1 + 1.0001**LAST) - 1,
    "position.il_of_initial": lambda day: _loss(day) / day.usdc(day.hodl, 0),
    "position.vs_initial": lambda day: (day.value + day.usdc(day.fees)) / day.usdc(day.hodl, 0) - 1,
    "position.vs_deposited": lambda day: (_loss(day) + day.usdc(day.fees)) / day.usdc(day.hodl),
    "position.vs_all_token0": lambda day: (
        (day.value + day.usdc(day.fees)) / day.usdc(day.hodl, 0) - 1
    ),
    "position.vs_all_token1": lambda day: (
        (day.value + day.usdc(day.fees)) / day.usdc(day.hodl, 0) * 1.0001**LAST - 1
    ),
    "position.delta": lambda day: day.amounts(LAST)[1] / 1e18,
    "position.delta_usd": lambda day: day.amounts(LAST)[1] / 1e18 * day.price,
    "position.gamma": lambda day: -1e16 / 1e12 / (2 * day.price**1.5),
    "position.efficiency": lambda day: 2 * LIQUIDITY / day.root(LAST) / 1e6 / day.value,
    "position.in_range": lambda _: True,
    "position.out_of_range_s": lambda _: 0,
    "position.time_in_range": lambda _: 1 - len(OUT) / STEPS,
    "position.time_in_range_1d": lambda _: 1 - len(OUT) / 48,
    "position.time_in_range_7d": lambda _: 1 - len(OUT) / (7 * 48),
    "position.distance_lower": lambda _: 1 - 1.0001 ** (LAST - WIDTH),
    "position.distance_upper": lambda _: 1.0001 ** (LAST + WIDTH) - 1,
    "position.lower_sigmas": lambda day: (
        (WIDTH - LAST) * math.log(1.0001) / day.vol(1) * math.sqrt(365)
    ),
    "position.upper_sigmas": lambda day: (
        (WIDTH + LAST) * math.log(1.0001) / day.vol(1) * math.sqrt(365)
    ),
    "position.fee_apr": lambda day: day.usdc(day.fees) / day.usdc(day.hodl) * 365 / 10,
    "position.fee_apr_1d": lambda day: day.usdc(day.earned(48 - len(OUT))) / day.value * 365,
    "position.fee_apr_7d": lambda day: (
        day.usdc(day.earned(7 * 48 - len(OUT))) / day.value * 365 / 7
    ),
    "position.pcf": lambda day: (day.value + day.usdc(day.owed)) / (day.usdc(day.fees) * 365 / 10),
    "position.beta": lambda day: 2 * day.amounts(LAST)[1] / 1e18 * day.price / day.value,
}
SOLVED = {"position.breakeven_lower", "position.breakeven_upper"}


def test_every_measure_has_a_figure_here_and_a_formula_in_the_catalogue() -> None:
    assert set(EXPECTED) | SOLVED == {signal.name for signal in LP_SIGNALS}
    assert all(signal.definition for signal in LP_SIGNALS)
    assert max(len(signal.meaning) for signal in LP_SIGNALS) <= 66


@pytest.mark.parametrize("name", EXPECTED)
def test_a_rule_sees_what_hand_and_formula_give(name: str, day: Day) -> None:
    told = day.view().value(name)
    assert told.value == pytest.approx(EXPECTED[name](day), rel=1e-6, abs=1e-9), told.note
    assert told.source == f"block {STEPS + 1:,}"


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_at_a_break_even_price_the_fees_are_used_up(side: str, day: Day) -> None:
    price = day.view().value(f"position.breakeven_{side}").value
    assert isinstance(price, float)
    assert (price < day.price) == (side == "lower")
    root = math.sqrt(1e12 / price)
    inside = min(max(root, day.root(-WIDTH)), day.root(WIDTH))
    held = (
        LIQUIDITY * (1 / inside - 1 / day.root(WIDTH)) + day.fees[0] - day.hodl[0],
        LIQUIDITY * (inside - day.root(-WIDTH)) + day.fees[1] - day.hodl[1],
    )
    assert (held[0] + held[1] / root**2 - LOST[0]) / 1e6 == pytest.approx(0, abs=1e-4)


def test_several_entries_have_no_one_price_to_compare_with(hand: Any, day: Day) -> None:
    basis: Basis = basis_from_entry(10**9, 10**18, LIQUIDITY, AT)
    position = replace(day.position, basis=basis)
    facts = absorb(day.facts, replace(seen(hand, STEPS, position), observed_at=day.now), LENS)
    view = View(facts=facts, scope=position.key, now=day.now)
    for name in ("il_v2", "il_of_initial", "vs_initial", "vs_all_token0", "vs_all_token1"):
        told = view.value(f"position.{name}")
        assert told.value is None
        assert told.note == "there were entries at several prices, or one out of range"
    assert view.value("position.vs_deposited").value is not None


def plain(how: str) -> float:
    """Work out a sum as it is told: the tokens' names taken away, the rest is arithmetic."""
    text = how.partition("; ")[0].replace("−", "-").replace(",", "").replace("·", "*")
    text = re.sub(r"([0-9.]+) %", r"(\1 / 100)", text)
    text = re.sub(r"\b(USDC|WETH|s|d|there|collected|paid)\b", "", text)
    text = text.replace("^", "**").replace("²", "**2").replace("ln", "math.log")
    return float(eval(text, {"math": math}))


@pytest.mark.parametrize(
    "name",
    [
        "position.il",
        "position.il_of_initial",
        "position.vs_initial",
        "position.vs_deposited",
        "position.vs_all_token0",
        "position.vs_all_token1",
        "position.flow_pnl_token0",
        "position.flow_pnl_token1",
        "position.lvr_day_token1",
        "position.efficiency",
        "position.time_in_range",
        "position.time_in_range_1d",
        "position.distance_lower",
        "position.distance_upper",
        "position.lower_sigmas",
        "position.upper_sigmas",
        "position.beta",
    ],
)
def test_the_numbers_told_beside_a_measure_come_to_it(name: str, day: Day) -> None:
    told = {one.name: one for one in explain(day.facts, day.position.key, day.now)}[name]
    assert isinstance(told.value, float)
    assert plain(told.how) == pytest.approx(told.value, rel=1e-2, abs=1e-5)


def test_every_measure_is_told_with_how_it_came_about_or_why_it_is_unknown(
    day: Day, hand: Any
) -> None:
    told = explain(day.facts, day.position.key, day.now)
    assert [one.name for one in told] == [signal.name for signal in LP_SIGNALS]
    assert all(one.how and one.value is not None for one in told)
    by_name = {one.name: one for one in told}
    for name, expected in EXPECTED.items():
        assert by_name[name].value == pytest.approx(expected(day), rel=1e-6, abs=1e-9)
    assert by_name["position.il_v2"].how == "2 √k / (1 + k) - 1 with k = 0.970447"
    assert by_name["position.in_range"].how == "220100 <= 220800 < 222100"
    assert by_name["position.fees_usd"].how.endswith("USDC per WETH; 1 WETH = 257.785 USD")
    fresh = absorb(Facts(), hand.snapshot(AT, replace(hand.position(1), liquidity=0)), LENS)
    empty = explain(fresh, hand.key(1), AT)
    assert all(one.how for one in empty)
    assert {one.name for one in empty if one.value is not None} >= {"pool.price", "position.delta"}
