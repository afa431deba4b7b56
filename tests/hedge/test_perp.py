import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.perp import PerpShort, funding_year


def short(**changed: Any) -> PerpShort:
    terms = {"entry": 2_000.0, "size": 3.0, "leverage": 4.0, "maintenance": 0.05}
    return PerpShort(**(terms | changed))


def test_figures_by_hand() -> None:
    perp = short()
    assert perp.delta == -3.0
    assert perp.collateral_usd == 1_500.0
    assert perp.liquidation_price == pytest.approx(2_000 * 1.25 / 1.05)
    assert perp.liquidation_distance(2_000.0) == pytest.approx(0.190476, abs=1e-6)
    assert perp.liquidation_distance(2_500.0) < 0
    assert perp.profit_usd(1_500.0) == 1_500.0
    assert perp.funding_usd(2_500.0, 0.1095) == pytest.approx(0.1095 * 7_500)
    assert short(inverse=True).funding_usd(2_500.0, -0.1095) == pytest.approx(-0.1095 * 6_000)


@given(st.floats(0.2, 20.0), st.floats(0.0, 0.04))
def test_at_the_liquidation_price_the_margin_left_is_the_maintenance(
    leverage: float, maintenance: float
) -> None:
    perp = short(leverage=leverage, maintenance=maintenance)
    at = perp.liquidation_price
    left = perp.collateral_usd + perp.profit_usd(at)
    assert left == pytest.approx(maintenance * perp.size * at, abs=1e-8)


@given(st.floats(1.1, 20.0), st.floats(0.0, 0.04))
def test_so_it_is_in_coin(leverage: float, maintenance: float) -> None:
    perp = short(leverage=leverage, maintenance=maintenance, inverse=True)
    at, contracts = perp.liquidation_price, perp.entry * perp.size
    left = perp.collateral_usd / perp.entry + contracts / at - contracts / perp.entry
    assert left == pytest.approx(maintenance * contracts / at, rel=1e-6, abs=1e-9)


def test_a_coin_behind_every_coin_sold_is_never_liquidated() -> None:
    assert short(leverage=1.0, inverse=True).liquidation_distance(2_000.0) == math.inf
    assert short(leverage=1.0).liquidation_distance(2_000.0) < 1


def test_a_hundredth_of_a_percent_every_eight_hours() -> None:
    assert funding_year(0.0001, 8) == pytest.approx(0.1095)
    assert funding_year(0.0000125, 1) == pytest.approx(0.1095)


@pytest.mark.parametrize(
    "changed",
    [{"entry": 0.0}, {"size": -1.0}, {"leverage": math.inf}, {"leverage": math.nan}],
)
def test_numbers_that_cannot_be_are_refused(changed: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        short(**changed)


@pytest.mark.parametrize("maintenance", [-0.01, 1.0])
def test_a_maintenance_that_cannot_be_is_refused(maintenance: float) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        short(maintenance=maintenance)


def test_a_leverage_that_is_liquidated_as_it_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves no margin"):
        short(leverage=20.0, maintenance=0.05)


def test_funding_needs_hours() -> None:
    with pytest.raises(ValueError, match="hours"):
        funding_year(0.0001, 0)
