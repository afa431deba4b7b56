"""Oracle: QuantLib's BlackCalculator, on forwards, times and skewed volatilities made by hand."""

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

import pytest
import QuantLib
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.hedge.market import Market, shifted
from monitor.hedge.quote import Quote, grounds, priced_by, quote
from monitor.hedge.skew import COIN_SKEW, SPX_SKEW, VIX_SKEW, Skew
from monitor.hedge.vol import flat
from monitor.model.layer import PERPETUAL, Contract
from monitor.model.quote import OptionQuote
from tests.hedge.markets import (
    BTC,
    ETH,
    MARKET,
    NOW,
    SETTLED,
    SPX,
    VIX,
    contract,
    tenors,
    years,
)

JUNE, APRIL, NEXT = date(2026, 6, 17), date(2026, 4, 1), date(2026, 3, 27)
LEVEL = Skew(below=1e-12, above=0.0)
strikes = st.floats(0.4, 2.5)
sigmas = st.floats(0.1, 2.0)
slopes = st.floats(0.01, 0.3)


class Told(NamedTuple):
    """What the oracle says of one option, undiscounted but for `discount`, in its own points."""

    price: float
    delta: float
    gamma: float
    vega: float
    sigma: float


def told(  # noqa: PLR0913 - of an oracle
    forward: float, strike: float, at: float, skew: Skew, time: float, *, call: bool, **of: float
) -> Told:
    """Price an option by QuantLib at the declared skew: (1 + slope * deviations), by hand."""
    away = min(max(math.log(strike / forward) / (at * math.sqrt(time)), -3.0), 3.0)
    slope = skew.below if away < 0 else skew.above
    sigma = max(at * (1 + slope * abs(away)), 0.01)
    kind = QuantLib.Option.Call if call else QuantLib.Option.Put
    found = QuantLib.BlackCalculator(
        QuantLib.PlainVanillaPayoff(kind, strike),
        forward,
        sigma * math.sqrt(time),
        of.get("discount", 1.0),
    )
    spot = of.get("spot", forward)
    return Told(found.value(), found.delta(spot), found.gamma(spot), found.vega(time), sigma)


def quoted(what: Contract, market: Market) -> Quote:
    found = quote(what, market, NOW)
    assert isinstance(found, Quote), found
    return found


def agrees(found: Quote, oracle: Told, *, each: float, coin: float = 1.0) -> None:
    assert found.price * coin == pytest.approx(oracle.price, rel=1e-9)
    assert found.usd == pytest.approx(oracle.price * each, rel=1e-9)
    assert found.delta == pytest.approx(oracle.delta * each, rel=1e-9)
    assert found.gamma == pytest.approx(oracle.gamma * each, rel=1e-9)
    assert found.vega_usd == pytest.approx(oracle.vega * each / 100, rel=1e-9)
    assert found.sigma == pytest.approx(oracle.sigma, rel=1e-9)
    assert found.by == "model"
    assert found.vol_note.endswith(": model")


@given(strikes, sigmas, slopes, st.booleans())
def test_vix_options_are_black_76_on_the_future_of_their_expiry(
    ratio: float, sigma: float, slope: float, call: bool
) -> None:
    skew = Skew(below=0.0, above=slope)
    market = replace(MARKET, vix=replace(VIX, vol=flat(sigma), skew=skew))
    oracle = told(20.0, 20.0 * ratio, sigma, skew, years("vix", JUNE), call=call)
    assume(oracle.price > 1e-4 * 20.0)  # below, the oracle itself has lost its digits
    kind = "vix.call" if call else "vix.put"
    agrees(quoted(contract(kind, JUNE, 20.0 * ratio), market), oracle, each=100)


@settings(deadline=None)  # the calendar of sessions is read but once
@given(
    strikes, sigmas, slopes, st.tuples(st.floats(-0.02, 0.08), st.floats(0.0, 0.05)), st.booleans()
)
def test_spx_options_are_black_scholes_with_dividends_and_the_put_skew(
    ratio: float, sigma: float, slope: float, carry: tuple[float, float], call: bool
) -> None:
    rate, dividend = carry
    skew, time = Skew(below=slope, above=-0.08), years("spxw", APRIL)
    spx = replace(SPX, vols=tenors(sigma), skew=skew, rate=rate, dividend=dividend)
    forward = 6_000.0 * math.exp((rate - dividend) * time)
    oracle = told(
        forward,
        6_000.0 * ratio,
        sigma,
        skew,
        time,
        call=call,
        discount=math.exp(-rate * time),
        spot=6_000.0,
    )
    assume(oracle.price > 1e-4 * 6_000.0)
    kind = "spxw.call" if call else "spxw.put"
    market = replace(MARKET, spx=spx)
    agrees(quoted(contract(kind, APRIL, 6_000.0 * ratio), market), oracle, each=100)


@given(strikes, sigmas, slopes, st.booleans(), st.sampled_from(["eth", "btc"]))
def test_coin_options_are_priced_in_the_coin(
    ratio: float, sigma: float, slope: float, call: bool, root: str
) -> None:
    skew, coin = Skew(below=slope, above=0.03), ETH if root == "eth" else BTC
    day = NEXT if root == "eth" else date(2026, 6, 26)
    here = replace(coin, vols=tenors(sigma), skew=skew)
    market = replace(MARKET, coins={root: here})
    strike = coin.price * ratio
    oracle = told(coin.price, strike, sigma, skew, years(root, day), call=call)
    assume(oracle.price > 1e-4 * coin.price)
    kind = f"{root}.{'call' if call else 'put'}"
    agrees(quoted(contract(kind, day, strike), market), oracle, each=1, coin=coin.price)


def test_a_textbook_price_through_the_whole_desk() -> None:
    # Haug's Merton put, 2.4648, times ten: S 1000, K 950, half a year, r 0.10, q 0.05, vol 0.20.
    spx = replace(SPX, spot=1_000.0, vols=tenors(0.20), rate=0.10, dividend=0.05, skew=LEVEL)
    half_before = SETTLED["spx", date(2026, 6, 18)] - timedelta(days=182.5)
    put = contract("spx.put", date(2026, 6, 18), 950.0)
    found = quote(put, replace(MARKET, spx=spx), half_before)
    assert isinstance(found, Quote)
    assert found.price == pytest.approx(24.648, abs=5e-4)


GREEKS = [
    pytest.param("vix.call", JUNE, 22.0, id="VIX call"),
    pytest.param("vix.put", JUNE, 17.0, id="VIX put"),
    pytest.param("spxw.put", APRIL, 5_800.0, id="SPX put"),
    pytest.param("spxw.call", APRIL, 6_200.0, id="SPX call"),
    pytest.param("eth.put", NEXT, 1_700.0, id="ETH put"),
    pytest.param("btc.call", date(2026, 6, 26), 70_000.0, id="BTC call"),
]
FLAT = Market(
    vix=replace(VIX, skew=LEVEL),
    spx=replace(SPX, skew=LEVEL),
    coins={"eth": replace(ETH, skew=LEVEL), "btc": replace(BTC, skew=LEVEL)},
)


def moved(market: Market, root: str, by: float) -> Market:
    """Return a market whose underlying stands higher by a fraction, volatilities the same."""
    if root == "vix":
        curve = market.vix.curve
        assert curve is not None
        rows = tuple((day, value * (1 + by)) for day, value in curve.settlements)
        return replace(market, vix=replace(market.vix, curve=replace(curve, settlements=rows)))
    if root == "spx":
        assert market.spx is not None
        return replace(market, spx=replace(market.spx, spot=market.spx.spot * (1 + by)))
    coins = {
        name: replace(one, price=one.price * (1 + by)) if name == root else one
        for name, one in market.coins.items()
    }
    return replace(market, coins=coins)


@pytest.mark.parametrize(("kind", "day", "strike"), GREEKS)
def test_sensitivities_are_the_slopes_of_the_worth(kind: str, day: date, strike: float) -> None:
    what, root = contract(kind, day, strike), {"s": "spx", "v": "vix"}.get(kind[0], kind[:3])
    step, here = 1e-4, quoted(contract(kind, day, strike), FLAT)
    up, down = (quoted(what, moved(FLAT, root, by)).usd for by in (step, -step))
    level = {"vix": 20.0, "spx": 6_000.0, "eth": 2_000.0, "btc": 60_000.0}[root]
    assert here.delta == pytest.approx((up - down) / (2 * step * level), rel=1e-4)
    assert here.gamma == pytest.approx((up - 2 * here.usd + down) / (step * level) ** 2, rel=1e-3)
    high, low = (quoted(what, shifted(FLAT, by)).usd for by in (1e-4, -1e-4))
    assert here.vega_usd == pytest.approx((high - low) / 2e-4 / 100, rel=1e-5)
    hour = timedelta(hours=1)
    sooner, later = (quote(what, FLAT, at) for at in (NOW - hour, NOW + hour))
    assert isinstance(sooner, Quote)
    assert isinstance(later, Quote)
    assert here.theta_usd == pytest.approx((later.usd - sooner.usd) * 12, rel=1e-3)


def with_quote(what: Contract, **sides: float | None) -> Market:
    given = OptionQuote(contract=what, source="deribit", as_of=NOW, **sides)  # type: ignore[arg-type]
    return replace(MARKET, quotes={what: given})


PUT = contract("eth.put", NEXT, 1_800.0)


def test_what_an_exchange_quotes_goes_before_the_model_and_says_who() -> None:
    found = quoted(PUT, with_quote(PUT, bid=0.030, ask=0.034, mark=0.031))
    # Halfway between both sides, in coin; a coin is 2,000 dollars.
    assert (found.price, found.usd) == (pytest.approx(0.032), pytest.approx(64.0))
    assert (found.bid_usd, found.ask_usd) == (pytest.approx(60.0), pytest.approx(68.0))
    assert (found.by, found.note) == ("deribit", "quoted by deribit")
    assert found.vol_note.startswith("implied vol ")


def test_the_greeks_of_a_quote_are_at_the_volatility_it_implies() -> None:
    oracle = told(
        2_000.0, 1_800.0, 0.73, Skew(below=0.0, above=0.0), years("eth", NEXT), call=False
    )
    found = quoted(PUT, with_quote(PUT, mark=oracle.price / 2_000.0))
    assert found.sigma == pytest.approx(0.73, rel=1e-9)
    assert found.delta == pytest.approx(oracle.delta, rel=1e-8)
    assert found.vega_usd == pytest.approx(oracle.vega / 100, rel=1e-8)


def test_a_shift_of_volatility_is_applied_to_the_quote_s_own() -> None:
    mid = told(2_000.0, 1_800.0, 0.73, Skew(below=0.0, above=0.0), years("eth", NEXT), call=False)
    high = told(2_000.0, 1_800.0, 0.78, Skew(below=0.0, above=0.0), years("eth", NEXT), call=False)
    market = shifted(with_quote(PUT, mark=mid.price / 2_000.0), 0.05)
    assert quoted(PUT, market).usd == pytest.approx(high.price, rel=1e-8)


def test_a_quote_s_own_forward_is_what_its_volatility_is_reckoned_on() -> None:
    skew = Skew(below=0.0, above=0.0)
    oracle = told(2_040.0, 1_800.0, 0.73, skew, years("eth", NEXT), call=False)
    found = quoted(PUT, with_quote(PUT, mark=oracle.price / 2_040.0, forward=2_040.0))
    assert found.sigma == pytest.approx(0.73, rel=1e-9)


@pytest.mark.parametrize(("right", "strike"), [("call", 2_200.0), ("put", 1_800.0)])
def test_a_quoted_option_moves_with_the_coin_not_with_its_forward(
    right: str, strike: float
) -> None:
    """The slope of its worth in dollars, the coin's price times QuantLib's in coin."""
    kind = QuantLib.Option.Call if right == "call" else QuantLib.Option.Put
    deviation, basis = 0.73 * math.sqrt(years("eth", NEXT)), 1.05

    def worth(spot: float) -> float:
        return spot * QuantLib.blackFormula(kind, strike, basis * spot, deviation) / (basis * spot)

    what, spot, step = contract(f"eth.{right}", NEXT, strike), 2_000.0, 0.5
    market = with_quote(what, mark=worth(spot) / spot, forward=basis * spot)
    found, up, down = quoted(what, market), worth(spot + step), worth(spot - step)
    assert found.usd == pytest.approx(worth(spot), rel=1e-9)
    assert found.delta == pytest.approx((up - down) / (2 * step), rel=1e-5)
    assert found.gamma == pytest.approx((up - 2 * worth(spot) + down) / step**2, rel=1e-3)


def test_a_quote_without_a_price_leaves_the_word_to_the_model() -> None:
    assert quoted(PUT, with_quote(PUT, bid=0.03)).by == "model"
    assert quoted(PUT, with_quote(PUT, bid=0.05, ask=0.03, mark=None)).by == "model"


def test_an_index_option_s_own_quote_prices_it_too() -> None:
    call = contract("vix.call", JUNE, 22.0)
    assert quoted(call, with_quote(call, bid=2.0, ask=2.2)).usd == pytest.approx(210.0)


def test_a_quote_prices_where_no_volatility_is_known_and_nothing_else_does() -> None:
    blind = replace(MARKET.coins["eth"], vols=None, vol_why="dvol.eth is unknown: late")
    dark = replace(with_quote(PUT, bid=0.03, ask=0.04), coins={"eth": blind})
    lit = with_quote(PUT, bid=0.03, ask=0.04)
    assert quoted(PUT, dark) == quoted(PUT, lit)
    assert quote(PUT, replace(dark, quotes={}), NOW) == "dvol.eth is unknown: late"


def test_a_future_and_a_perpetual_are_their_price_and_nothing_else() -> None:
    future = quoted(contract("vix.future", JUNE), MARKET)
    assert (future.price, future.usd, future.delta) == (20.0, 20_000.0, 1_000.0)
    perp = quoted(contract("eth.perp", PERPETUAL), MARKET)
    assert (perp.price, perp.usd, perp.delta) == (2_000.0, 2_000.0, 1.0)
    assert (future.vega_usd, future.theta_usd, perp.vega_usd) == (0, 0, 0)


def test_a_perpetual_carries_its_funding_at_the_present_rate() -> None:
    coin = MARKET.coins["eth"]
    told = replace(coin, funding=0.1095, funding_note="funding +10.95% a year, binance")
    perp = quoted(contract("eth.perp", PERPETUAL), replace(MARKET, coins={"eth": told}))
    # 0.01 % in 8 hours, three times a day, on 2,000 dollars: what is held long pays 0.60.
    assert perp.theta_usd == pytest.approx(-0.60)
    assert perp.carry_note == "funding +10.95% a year, binance"
    blind = replace(coin, funding=None, funding_note="funding.eth_annual has not been read yet")
    perp = quoted(contract("eth.perp", PERPETUAL), replace(MARKET, coins={"eth": blind}))
    assert perp.theta_usd is None
    assert perp.carry_note == "funding.eth_annual has not been read yet"


@pytest.mark.parametrize(
    ("what", "market", "why"),
    [
        pytest.param(
            contract("spxw.put", APRIL, 5_800.0),
            replace(MARKET, spx=replace(SPX, skew=Skew(below=0.0, above=0.0))),
            "wings of an index need a put skew above zero, was 0.0",
            id="one volatility for all strikes sells wings too cheap",
        ),
        pytest.param(
            contract("spxw.put", APRIL, 5_800.0),
            replace(MARKET, spx=None, unknown={"spx": "spx.price is unknown: too old"}),
            "spx.price is unknown: too old",
            id="no index",
        ),
        pytest.param(PUT, replace(MARKET, coins={}), "the price of ETH is not known", id="no coin"),
        pytest.param(
            contract("vix.call", JUNE, 20.0),
            replace(MARKET, vix=replace(VIX, curve=None)),
            "no settlement of VIX futures is known",
            id="no curve",
        ),
    ],
)
def test_what_cannot_be_priced_says_why(what: Contract, market: Market, why: str) -> None:
    assert quote(what, market, NOW) == why


def test_whoever_priced_is_named_each_once() -> None:
    call = contract("eth.call", NEXT, 2_200.0)
    market = with_quote(PUT, bid=0.030, ask=0.034)
    both = (quoted(PUT, market), quoted(call, market), quoted(call, market))
    assert priced_by(both) == "deribit and model"
    assert grounds(both).count("DVOL") == 0
    assert grounds(both).startswith(
        "quoted by deribit; ETH 2,000, spot, taken for its forward: model"
    )


def test_the_declared_skews_raise_the_wings_that_are_feared() -> None:
    assert SPX_SKEW.below > 0 > SPX_SKEW.above
    assert VIX_SKEW.above > 0
    assert COIN_SKEW.below > COIN_SKEW.above > 0
