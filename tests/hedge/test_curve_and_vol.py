"""The futures curve and the stated volatility. Settlements: Cboe CFE, 19 February 2020."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.curve import VixCurve
from monitor.hedge.vol import VolAssumption, flat

AS_OF = datetime(2020, 2, 19, 21, 15, tzinfo=UTC)
CURVE = VixCurve(
    settlements=(
        (date(2020, 3, 18), 15.375),
        (date(2020, 4, 15), 16.325),
        (date(2020, 5, 20), 16.525),
    ),
    as_of=AS_OF,
)


@pytest.mark.parametrize(
    ("expiry", "value", "note"),
    [
        pytest.param(date(2020, 4, 15), 16.325, "settlement of 15 Apr 2020", id="listed"),
        pytest.param(
            date(2020, 4, 22),
            16.325 + 0.2 * 7 / 35,
            "linear between 15 Apr 2020 and 20 May 2020: model",
            id="between",
        ),
        pytest.param(
            date(2020, 9, 16),
            16.525,
            "beyond the last listed settlement (20 May 2020), held flat: model",
            id="beyond",
        ),
        pytest.param(
            date(2020, 3, 1),
            15.375,
            "before the first listed settlement (18 Mar 2020), held flat: model",
            id="before",
        ),
    ],
)
def test_a_forward_says_where_it_comes_from(expiry: date, value: float, note: str) -> None:
    forward = CURVE.forward(expiry)
    assert forward is not None
    assert forward.value == pytest.approx(value, rel=1e-12)
    assert forward.note == note


@pytest.mark.parametrize("source", ["model", "snapshot"])
def test_a_price_nobody_settled_is_called_no_settlement(source: str) -> None:
    curve = replace(CURVE, source=source)
    told = [curve.forward(day) for day in (date(2020, 4, 15), date(2020, 9, 16), date(2020, 3, 1))]
    assert [one.note for one in told if one] == [
        f"{source} of 15 Apr 2020",
        f"beyond the last listed {source} (20 May 2020), held flat: model",
        f"before the first listed {source} (18 Mar 2020), held flat: model",
    ]
    official = replace(CURVE, source="cboe_settlement").forward(date(2020, 4, 15))
    assert official == CURVE.forward(date(2020, 4, 15))


def test_an_empty_curve_knows_nothing() -> None:
    assert VixCurve(settlements=(), as_of=AS_OF).forward(date(2020, 4, 15)) is None


@given(st.dates(date(2020, 2, 20), date(2021, 2, 20)))
def test_no_forward_leaves_the_settlements_range(expiry: date) -> None:
    forward = CURVE.forward(expiry)
    assert forward is not None
    assert 15.375 <= forward.value <= 16.525


@pytest.mark.parametrize(
    "settlements",
    [
        pytest.param(((date(2020, 4, 15), 16.0), (date(2020, 3, 18), 15.0)), id="out of order"),
        pytest.param(((date(2020, 3, 18), 15.0), (date(2020, 3, 18), 16.0)), id="one day twice"),
        pytest.param(((date(2020, 3, 18), 0.0),), id="a settlement of zero"),
        pytest.param(((date(2020, 3, 18), float("nan")),), id="a settlement of nothing"),
    ],
)
def test_a_curve_that_cannot_be_is_refused(settlements: tuple[tuple[date, float], ...]) -> None:
    with pytest.raises(ValueError, match="must"):
        VixCurve(settlements=settlements, as_of=AS_OF)


def test_the_stated_vol_passes_through_both_its_ends() -> None:
    vol = VolAssumption()
    assert vol.at(30) == pytest.approx(0.95)
    assert vol.at(220) == pytest.approx(0.60)
    # Halfway in the logarithm of time, halfway in the logarithm of volatility.
    assert vol.at((30 * 220) ** 0.5) == pytest.approx((0.95 * 0.60) ** 0.5)
    assert vol.source in vol.label


@given(st.floats(0, 500), st.floats(0, 500))
def test_the_stated_vol_falls_with_time_and_stays_finite(one: float, other: float) -> None:
    near, far = sorted((one, other))
    assert 0 < VolAssumption().at(far) <= VolAssumption().at(near) < 1.5


def test_a_flat_vol_is_the_same_for_every_expiry() -> None:
    assert flat(0.8).at(5) == flat(0.8).at(400) == pytest.approx(0.8)


@pytest.mark.parametrize("terms", [{"near": 0.0}, {"far": -0.1}, {"near_days": 300.0}])
def test_a_volatility_that_cannot_be_is_refused(terms: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        VolAssumption(**terms)
