"""A smile read back at a delta and a time: by the volatilities that QuantLib priced it with."""

import math

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.surface import MONTH_YEARS, Strip, smile_of, vega_a_point, vol_in

FORWARD = 2_000.0
STRIKES = np.arange(1_200.0, 3_000.0, 50.0)


def vol_at_delta(told: Strip, delta: float) -> float | None:
    smile = smile_of(told)
    return None if smile is None else smile.at(delta)


def strip(sigma: float, years: float = 0.1, forward: float = FORWARD) -> Strip:
    premiums = [
        QuantLib.blackFormula(
            QuantLib.Option.Call if strike >= forward else QuantLib.Option.Put,
            float(strike), forward, sigma * math.sqrt(years),
        )
        for strike in STRIKES
    ]  # fmt: skip
    return Strip(strikes=STRIKES, premiums=np.array(premiums), forward=forward, years=years)


@given(sigma=st.floats(0.3, 0.8), delta=st.floats(0.2, 0.8))
def test_a_flat_smile_is_flat_at_every_delta(sigma: float, delta: float) -> None:
    assert vol_at_delta(strip(sigma), delta) == pytest.approx(sigma, rel=1e-6)


def test_a_put_s_quarter_delta_is_a_call_s_three() -> None:
    # Two strikes whose deltas are 0.8 and 0.7 by construction: K = F exp(s²T/2 - N⁻¹(d) s √T).
    sigmas, deltas, years = (0.70, 0.66), (0.80, 0.70), 0.1
    inverse = QuantLib.InverseCumulativeNormal()
    strikes = [
        FORWARD * math.exp(s * s * years / 2 - inverse(d) * s * math.sqrt(years))
        for s, d in zip(sigmas, deltas, strict=True)
    ]
    premiums = [
        QuantLib.blackFormula(QuantLib.Option.Put, k, FORWARD, s * math.sqrt(years))
        for k, s in zip(strikes, sigmas, strict=True)
    ]
    found = vol_at_delta(
        Strip(strikes=np.array(strikes), premiums=np.array(premiums), forward=FORWARD, years=years),
        0.75,
    )
    assert found == pytest.approx(0.68, abs=1e-6)


def test_nothing_is_guessed_beyond_the_ends() -> None:
    told = strip(0.6)
    assert vol_at_delta(told, 0.9999) is None
    bare = Strip(
        strikes=told.strikes, premiums=np.full_like(told.strikes, np.nan), forward=FORWARD,
        years=0.1,
    )  # fmt: skip
    assert vol_at_delta(bare, 0.5) is None


def test_nothing_is_guessed_between_strikes_far_apart() -> None:
    told = strip(0.6)
    wings = np.where(abs(STRIKES / FORWARD - 1) > 0.16, told.premiums, np.nan)
    sparse = Strip(strikes=STRIKES, premiums=wings, forward=FORWARD, years=0.1)
    assert vol_at_delta(sparse, 0.5) is None
    assert vol_at_delta(sparse, 0.15) == pytest.approx(0.6, rel=1e-6)


@pytest.mark.parametrize("unit", [1 / FORWARD, FORWARD])
def test_premiums_in_another_unit_imply_nothing(unit: float) -> None:
    told = strip(0.6)
    other = Strip(strikes=STRIKES, premiums=told.premiums * unit, forward=FORWARD, years=0.1)
    assert smile_of(other) is None or vol_at_delta(other, 0.5) is None


def test_variance_is_linear_in_time() -> None:
    # (0.6² · 20 + 0.5² · 40) / 2 over 30 days: √(8.6 / 30).
    known = {20 / 365: 0.6, 40 / 365: 0.5}
    assert vol_in(known) == pytest.approx(math.sqrt(8.6 / 30))
    assert vol_in({MONTH_YEARS: 0.55}) == 0.55
    assert vol_in({20 / 365: 0.6}) is None
    assert vol_in({40 / 365: 0.6}) is None


def test_vega_is_quantlib_s() -> None:
    years, sigma = MONTH_YEARS, 0.6
    deviation = sigma * math.sqrt(years)
    strike = FORWARD * math.exp(
        deviation**2 / 2 - QuantLib.InverseCumulativeNormal()(0.25) * deviation
    )
    up, down = (
        QuantLib.blackFormula(QuantLib.Option.Call, strike, FORWARD, deviation + off)
        for off in (1e-5, -1e-5)
    )
    vega = (up - down) / 2e-5 * math.sqrt(years)
    assert vega_a_point(FORWARD, 0.25) == pytest.approx(vega / 100, rel=1e-6)
