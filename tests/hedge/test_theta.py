"""Time's three prices, and which of them rises as volatility expands: as the catalogue says."""

from dataclasses import replace
from datetime import date

import pytest
import QuantLib

from monitor.hedge.book import Line, decay, line_of, theta_per_vega
from monitor.hedge.mark import mark
from monitor.hedge.skew import Skew
from monitor.model.layer import BookedFill, Fill, LayerState, Leg
from monitor.signals.catalogue import BY_NAME
from tests.hedge.markets import ETH, MARKET, NOW, contract, tenors, years

DAY = date(2026, 3, 27)
VOLS = (0.30, 0.60, 1.20)
LEVEL = Skew(below=0.0, above=0.0)


def line(strike: float, vol: float, n: int = 2) -> Line:
    """Return a layer of calls on ETH at 2,000, marked at one volatility."""
    call = contract("eth.call", DAY, strike)
    leg, fill = Leg(contract=call, quantity=n), Fill(contract=call, quantity=n, price=0.05)
    booked = BookedFill(fill=fill, at=NOW, by="a@cli", word="w", cash_usd=-200.0)
    layer = LayerState(layer="X", scope="book", legs=(leg,), journal=(booked,))
    coin = replace(ETH, vols=tenors(vol), skew=LEVEL)
    return line_of(layer, mark(layer.legs, replace(MARKET, coins={"eth": coin}), NOW), NOW)


def forms(strike: float) -> dict[str, list[float]]:
    """Return the three sizes by volatility, rising."""
    found: dict[str, list[float]] = {"theta_usd": [], "theta_per_vega": [], "decay": []}
    for vol in VOLS:
        one = line(strike, vol)
        for name, (value, why) in (
            ("theta_usd", one.theta),
            ("theta_per_vega", theta_per_vega(one)),
            ("decay", decay(one)),
        ):
            assert value is not None, why
            assert value < 0
            found[name].append(-value)
    return found


def rises(sizes: list[float]) -> bool:
    return sizes == sorted(sizes) and sizes[0] < 0.95 * sizes[-1]


@pytest.mark.parametrize("strike", [1_600.0, 2_000.0, 2_400.0])
def test_dollars_and_volatility_points_a_day_rise_as_volatility_expands(strike: float) -> None:
    found = forms(strike)
    for name in ("theta_usd", "theta_per_vega"):
        assert rises(found[name]), found
        assert "its size rises when volatility expands" in BY_NAME[f"layer.{name}"].meaning


def test_the_share_of_the_value_stays_at_the_money_falls_out_of_it_and_rises_in_it() -> None:
    at = forms(2_000.0)["decay"]
    assert at == pytest.approx([1 / (2 * 365 * years("eth", DAY))] * 3, rel=0.03)
    assert rises(forms(2_400.0)["decay"][::-1])
    assert rises(forms(1_600.0)["decay"])
    told = BY_NAME["layer.decay"].meaning
    assert "its size stays at the money, falls out of it and rises in it" in told


@pytest.mark.parametrize("vol", VOLS)
def test_each_is_quantlib_s(vol: float) -> None:
    time = years("eth", DAY)
    payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call, 2_200.0)
    own = QuantLib.BlackCalculator(payoff, 2_000.0, vol * time**0.5, 1.0)
    one = line(2_200.0, vol)
    theta = own.theta(2_000.0, time) / 365
    assert one.theta[0] == pytest.approx(2 * theta)
    assert theta_per_vega(one)[0] == pytest.approx(theta / (own.vega(time) / 100))
    assert decay(one)[0] == pytest.approx(theta / own.value())
