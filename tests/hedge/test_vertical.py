import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.vertical import Vertical


@pytest.mark.parametrize(
    ("spread", "even", "profit", "loss"),
    [
        pytest.param(
            Vertical(bought=5_400.0, sold=5_200.0, cost=30.0, call=False),
            5_370.0,
            17_000.0,
            3_000.0,
            id="a put spread bought",
        ),
        pytest.param(
            Vertical(bought=5_200.0, sold=5_400.0, cost=-30.0, call=False),
            5_370.0,
            3_000.0,
            17_000.0,
            id="a put spread sold",
        ),
        pytest.param(
            Vertical(bought=20.0, sold=30.0, cost=1.5, call=True),
            21.5,
            850.0,
            150.0,
            id="a call spread bought",
        ),
        pytest.param(
            Vertical(bought=30.0, sold=20.0, cost=-1.5, call=True),
            21.5,
            150.0,
            850.0,
            id="a call spread sold",
        ),
    ],
)
def test_figures_by_hand(spread: Vertical, even: float, profit: float, loss: float) -> None:
    assert spread.break_even() == even
    assert spread.max_profit_usd() == profit
    assert spread.max_loss_usd() == spread.margin_usd() == loss


@given(st.integers(1, 400), st.integers(1, 400), st.floats(0.05, 0.95), st.booleans())
def test_the_extremes_are_those_of_the_payoff(
    bought: int, sold: int, share: float, call: bool
) -> None:
    width = (sold - bought) * (1 if call else -1)
    if width == 0:
        return
    spread = Vertical(bought=bought, sold=sold, cost=share * width, call=call)
    made = spread.profit_usd(np.array([0.0, bought, sold, 500.0]))
    assert made.max() == pytest.approx(float(spread.max_profit_usd()))
    assert made.min() == pytest.approx(-float(spread.max_loss_usd()))
    assert spread.profit_usd(spread.break_even()) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("cost", [-1.0, 11.0])
def test_a_cost_no_market_makes_has_no_break_even(cost: float) -> None:
    assert np.isnan(Vertical(bought=20.0, sold=30.0, cost=cost, call=True).break_even())


def test_one_strike_twice_is_no_spread() -> None:
    with pytest.raises(ValueError, match="must differ"):
        Vertical(bought=20.0, sold=20.0, cost=0.0, call=True)
