"""What options pay at settlement. The condor is macroption.com's; the rest by hand."""

from datetime import date
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.payoff import payoff_of
from monitor.model.layer import Leg
from tests.hedge.markets import contract

DAY = date(2026, 4, 1)


def legs(*rows: tuple[str, float, int]) -> list[Leg]:
    return [Leg(contract=contract(kind, DAY, strike), quantity=n) for kind, strike, n in rows]


def condor(low: float, short: float, over: float, high: float, n: int = 1) -> list[Leg]:
    return legs(
        ("spxw.put", low, n),
        ("spxw.put", short, -n),
        ("spxw.call", over, -n),
        ("spxw.call", high, n),
    )


def test_the_figures_of_a_published_condor() -> None:
    # 45/50/55/60 at 0.78, 2.21, 2.32 and 1.01: a credit of 2.74 points, 100 dollars each.
    credit = (2.21 - 0.78) + (2.32 - 1.01)
    found = payoff_of(condor(45, 50, 55, 60), -100 * credit)
    assert found is not None
    assert found.break_evens == pytest.approx((47.26, 57.74))
    assert (found.max_profit_usd, found.max_loss_usd) == (
        pytest.approx(274),
        pytest.approx(226),
    )


@pytest.mark.parametrize(
    ("held", "cost", "evens", "profit", "loss"),
    [
        pytest.param(
            legs(("spxw.put", 5_400, 1), ("spxw.put", 5_200, -1)),
            3_000.0,
            (5_370.0,),
            17_000.0,
            3_000.0,
            id="a put spread bought for 30 points",
        ),
        pytest.param(
            legs(("spxw.put", 5_200, 1), ("spxw.put", 5_400, -1)),
            -3_000.0,
            (5_370.0,),
            3_000.0,
            17_000.0,
            id="the same sold",
        ),
        pytest.param(
            legs(("vix.call", 20, 1), ("vix.call", 30, -1)),
            150.0,
            (21.5,),
            850.0,
            150.0,
            id="a VIX call spread for 1.50",
        ),
        pytest.param(
            legs(("vix.call", 29, 4)), 1_140.0, (31.85,), inf, 1_140.0, id="VIX calls bought"
        ),
        pytest.param(legs(("vix.call", 29, -1)), -285.0, (31.85,), 285.0, inf, id="and sold"),
        pytest.param(
            legs(("eth.put", 1_800, 2)),
            120.0,
            (1_740.0,),
            3_480.0,
            120.0,
            id="ETH puts, the coin sold at the settlement",
        ),
        pytest.param(
            condor(40, 50, 55, 60), -200.0, (48.0, 57.0), 200.0, 800.0, id="the wider wing loses"
        ),
        pytest.param(
            condor(49, 50, 55, 60), -200.0, (57.0,), 200.0, 300.0, id="a side that cannot lose"
        ),
    ],
)
def test_figures_by_hand(
    held: list[Leg], cost: float, evens: tuple[float, ...], profit: float, loss: float
) -> None:
    found = payoff_of(held, cost)
    assert found is not None
    assert found.break_evens == pytest.approx(evens)
    assert (found.max_profit_usd, found.max_loss_usd) == (profit, loss)


rows = st.lists(
    st.tuples(st.booleans(), st.integers(1, 400), st.integers(-5, 5).filter(bool)),
    min_size=1,
    max_size=6,
)


@given(rows, st.integers(-40_000, 40_000))
def test_of_any_legs_the_extremes_and_the_break_evens_are_those_of_the_payoff(
    drawn: list[tuple[bool, int, int]], cost: int
) -> None:
    held = legs(*(("spxw.call" if call else "spxw.put", float(k), n) for call, k, n in drawn))
    found = payoff_of(held, float(cost))
    assert found is not None

    def made(at: np.ndarray) -> np.ndarray:
        total = np.full(len(at), -float(cost))
        for call, strike, n in drawn:
            total += 100 * n * np.maximum(at - strike if call else strike - at, 0.0)
        return total

    # The payoff is straight between whole points, so its extremes up to 500 are at them.
    told = made(np.arange(0.0, 501.0))
    slope = sum(n for call, _, n in drawn if call)
    assert found.max_loss_usd == (inf if slope < 0 else pytest.approx(max(-told.min(), 0.0)))
    assert found.max_profit_usd == (inf if slope > 0 else pytest.approx(max(told.max(), 0.0)))
    assert made(np.array(found.break_evens)) == pytest.approx(
        np.zeros(len(found.break_evens)), abs=1e-6
    )
    assert list(found.break_evens) == sorted(found.break_evens)


def test_what_shares_no_settlement_has_no_such_figures() -> None:
    apart = Leg(contract=contract("spxw.put", date(2026, 4, 30), 5_000.0), quantity=1)
    assert payoff_of([*legs(("spxw.put", 5_400, 1)), apart], 100.0) is None
    future = Leg(contract=contract("vix.future", DAY), quantity=1)
    assert payoff_of([future], 0.0) is None
