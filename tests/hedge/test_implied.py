"""What option prices imply, against prices QuantLib made of a known forward and volatility."""

import math

import pytest
import QuantLib as Ql

from monitor.hedge.implied import Pair, between, smile_of

FORWARD, DISCOUNT, YEARS = 6_730.0, 0.9968, 29 / 365
STRIKES = [float(strike) for strike in range(5_000, 8_001, 25)]


def vol_at(strike: float) -> float:
    """A smile of our own: 14 % at the forward, 30 % of log-moneyness dearer below it."""
    return 0.14 - 0.3 * math.log(strike / FORWARD)


def price(strike: float, *, call: bool) -> float:
    side = Ql.Option.Call if call else Ql.Option.Put
    deviation = vol_at(strike) * math.sqrt(YEARS)
    return float(Ql.blackFormula(side, strike, FORWARD, deviation, DISCOUNT))


def pairs(strikes: list[float]) -> list[Pair]:
    return [
        Pair(strike=one, call=price(one, call=True), put=price(one, call=False)) for one in strikes
    ]


def test_the_forward_and_its_volatility_are_found_again() -> None:
    smile = smile_of(pairs(STRIKES), YEARS)
    assert smile is not None
    assert smile.forward == pytest.approx(FORWARD, abs=1e-4)
    assert smile.at_forward() == pytest.approx(0.14, abs=1e-4)


@pytest.mark.parametrize(
    "call_delta",
    [
        pytest.param(0.75, id="the put of 25"),
        pytest.param(0.5, id="half"),
        pytest.param(0.25, id="the call of 25"),
    ],
)
def test_the_volatility_at_a_delta_is_that_of_its_strike(call_delta: float) -> None:
    smile = smile_of(pairs(STRIKES), YEARS)
    assert smile is not None
    found = smile.at_call_delta(call_delta)
    assert found is not None
    # The strike it belongs to, and QuantLib's delta there.
    strike = FORWARD * math.exp((0.14 - found) / 0.3)
    deviation = found * math.sqrt(YEARS)
    formula = Ql.BlackCalculator(Ql.PlainVanillaPayoff(Ql.Option.Call, strike), FORWARD, deviation)
    assert formula.deltaForward() == pytest.approx(call_delta, abs=2e-3)


def test_quotes_in_the_money_are_not_needed_but_near_the_forward() -> None:
    few = [
        Pair(
            strike=one.strike,
            call=one.call if one.strike > FORWARD - 150 else None,
            put=one.put if one.strike < FORWARD + 150 else None,
        )
        for one in pairs(STRIKES)
    ]
    smile = smile_of(few, YEARS)
    assert smile is not None
    assert smile.at_forward() == pytest.approx(0.14, abs=1e-4)


def test_a_strike_that_is_not_quoted_is_passed_over() -> None:
    some = [one for one in pairs(STRIKES) if one.strike % 100 == 0]
    smile = smile_of(some, YEARS)
    assert smile is not None
    assert smile.at_forward() == pytest.approx(0.14, abs=1e-3)


@pytest.mark.parametrize(
    "quotes",
    [
        pytest.param([], id="no quote"),
        pytest.param(pairs(STRIKES)[:3], id="three strikes"),
        pytest.param([Pair(strike=one, call=10.0, put=10.0) for one in STRIKES], id="no parity"),
        pytest.param([Pair(strike=one, call=None, put=5.0) for one in STRIKES], id="puts alone"),
        pytest.param(
            [one for one in pairs(STRIKES) if one.strike > FORWARD], id="nothing below the forward"
        ),
    ],
)
def test_too_few_quotes_have_no_smile(quotes: list[Pair]) -> None:
    assert smile_of(quotes, YEARS) is None


def test_an_expired_option_has_no_smile() -> None:
    assert smile_of(pairs(STRIKES), 0.0) is None


def test_a_delta_beyond_the_strikes_is_unknown() -> None:
    smile = smile_of([one for one in pairs(STRIKES) if abs(one.strike - FORWARD) < 100], YEARS)
    assert smile is not None
    assert smile.at_call_delta(0.25) is None


def test_total_variance_is_linear_in_time() -> None:
    # 10 % for a month and 20 % for two: 0.01 and 0.08 of variance-months, 0.045 in the middle.
    assert between((1.0, 0.1), (2.0, 0.2), 1.5) == pytest.approx(math.sqrt(0.045 / 1.5))
    assert between((1.0, 0.1), (1.0, 0.1), 1.0) == 0.1
