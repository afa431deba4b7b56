"""A sound ticket of every instrument a rule file may name, in a calm, as usual and in a storm."""

import math
from dataclasses import replace

import pytest

from monitor.alerts.ticket import ticket_lines
from monitor.hedge.curve import VixCurve
from monitor.hedge.instruments import Instrument
from monitor.hedge.market import CoinMarket, Market
from monitor.hedge.sizing import Size
from monitor.hedge.ticket import Case, draw_ticket, remove_ticket
from monitor.hedge.vol import of_vvix
from monitor.model.layer import Ticket
from monitor.rules.layer_form import INSTRUMENTS
from tests.hedge import markets
from tests.hedge.test_instruments import BTC_HELD, KEYS

MANY = 40
COVER = replace(
    markets.COVER,
    held=tuple(
        replace(one, liquidity=one.liquidity * MANY, value_usd=one.value_usd * MANY)
        for one in (markets.POSITION, BTC_HELD)
    ),
)
Weather = tuple[float, float, float, float, float, float | None]
WEATHER: dict[str, Weather] = {
    # VIX, what each month adds to its curve, VVIX, volatilities of the index and of coins, the
    # rate. The VIX's lowest close is 9.14, its highest 82.69. In one no rate is known.
    "calm": (9.2, 0.0, 80.0, 0.05, 0.30, None),
    "usual": (18.0, 0.5, 95.0, 0.16, 0.60, 0.04),
    "storm": (80.0, -6.0, 205.0, 0.80, 1.60, 0.0),
}


def market(weather: str) -> Market:
    vix, slope, vvix, spx, coin, rate = WEATHER[weather]
    days = tuple((day, vix + n * slope) for n, day in enumerate(markets.VIX_DAYS, start=1))

    def of(one: CoinMarket) -> CoinMarket:
        return replace(one, vols=markets.tenors(coin))

    return replace(
        markets.MARKET,
        vix=replace(
            markets.VIX,
            spot=vix,
            curve=VixCurve(settlements=days, as_of=markets.NOW),
            vol=of_vvix(vvix),
        ),
        spx=replace(markets.SPX, vols=markets.tenors(spx), rate=rate),
        coins={"eth": of(markets.ETH), "btc": of(markets.BTC)},
    )


def size_of(kind: str) -> Size:
    """Return a size that buys some of it whatever it costs."""
    if kind.endswith(".strip"):
        return Size(policy="il_share", share=0.5)
    if kind.endswith(".perp"):
        return Size(policy="delta", share=0.5, over_hedge=True)
    return Size(policy="fixed", contracts=2, over_hedge=True)


@pytest.mark.parametrize("weather", WEATHER)
@pytest.mark.parametrize("kind", INSTRUMENTS)
def test_a_ticket_of_every_instrument_is_sound(kind: str, weather: str) -> None:
    case = Case(market=market(weather), at=markets.NOW, cover=COVER)
    ticket = draw_ticket(Instrument(kind=kind, **KEYS[kind]), size_of(kind), case)
    assert isinstance(ticket, Ticket), ticket
    assert all(price >= 0 and math.isfinite(price) for price in ticket.prices)
    costs = (ticket.cost_low_usd, ticket.cost_usd, ticket.cost_high_usd)
    assert all(map(math.isfinite, costs))
    # A condor is sold; futures and perpetuals have no volatility; all else costs more with it.
    if kind.endswith(".condor"):
        assert ticket.cost_usd < 0
    elif kind.endswith((".future", ".perp")):
        assert costs == (0.0, 0.0, 0.0)
    elif not kind.endswith("_spread"):
        assert costs == tuple(sorted(costs))
        # A strip pays a little at every price: strikes of both its sides meet at the entry.
        least = 0.8 if kind.endswith(".strip") else 1.0 - 1e-9
        assert ticket.max_loss_usd is not None
        assert least <= ticket.max_loss_usd / ticket.cost_usd <= 1.0 + 1e-9
    assert (ticket.max_loss_usd is None) == kind.endswith(".perp")
    assert ticket.priced_by == "model"
    assert ticket.note
    assert next(ticket_lines(ticket)).startswith("Ticket  ")
    closed = remove_ticket(ticket.legs, case)
    assert isinstance(closed, Ticket)
    assert closed.cost_usd == pytest.approx(-ticket.cost_usd)
