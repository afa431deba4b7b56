"""One volatility out of a chain: worked by hand, and where it must not be guessed."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from monitor.feeds.smile import Quote, around, at_the_forward, iv_in

NOW = datetime(2026, 10, 2, 20, 0, tzinfo=UTC)


def quote(
    days: float, strike: float, iv: float, *, forward: float = 2_000.0, age_s: int = 0
) -> Quote:
    return Quote(
        expiry=NOW + timedelta(days=days),
        strike=strike,
        forward=forward,
        iv=iv,
        at=NOW - timedelta(seconds=age_s),
    )


def flat(days: float, iv: float) -> list[Quote]:
    """Return an expiry whose every strike has one volatility."""
    return [quote(days, strike, iv) for strike in (1_900.0, 2_000.0, 2_100.0)]


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        pytest.param([(2_000.0, 60.0), (2_100.0, 70.0)], 60.0, id="a strike at the forward is it"),
        # Strikes at F·e^-0.1 and F·e^0.1 are as far off as each other.
        pytest.param(
            [(2_000 * math.exp(-0.1), 66.0), (2_000 * math.exp(0.1), 60.0)],
            63.0,
            id="half way in log-moneyness is the mean",
        ),
        pytest.param(
            [(2_000 * math.exp(-0.1), 66.0), (2_000 * math.exp(0.3), 58.0)],
            64.0,
            id="a quarter of the way takes a quarter of the difference",
        ),
        pytest.param(
            [(1_000.0, 99.0), (1_900.0, 61.0), (2_000.0, 60.0), (9_000.0, 99.0)],
            60.0,
            id="the wings do not count",
        ),
        pytest.param([(2_000.0, 58.0), (2_000.0, 62.0)], 60.0, id="put and call count half each"),
        pytest.param([(2_100.0, 60.0), (2_200.0, 61.0)], None, id="no strike below the forward"),
        pytest.param([(1_800.0, 60.0), (1_900.0, 61.0)], None, id="no strike above the forward"),
    ],
)
def test_the_volatility_at_the_forward(
    chain: list[tuple[float, float]], expected: float | None
) -> None:
    found = at_the_forward([quote(30, strike, iv) for strike, iv in chain])
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("quotes", "expected"),
    [
        pytest.param([*flat(20, 60), *flat(40, 60)], 60.0, id="a flat surface has one volatility"),
        # 60²·20/30 = 2400 and 54²·60/30 = 5832; a quarter on: 3258 = 57.079².
        pytest.param(
            [*flat(20, 60), *flat(60, 54)], math.sqrt(3_258), id="variance is linear in time"
        ),
        pytest.param(
            [*flat(20, 10), *flat(30, 55), *flat(60, 90)], 55.0, id="an expiry on the day"
        ),
        pytest.param([*flat(30, 55)], 55.0, id="and that alone"),
        pytest.param(
            [*flat(20, 60), quote(25, 2_200, 5), quote(35, 1_800, 5), *flat(40, 60)],
            60.0,
            id="an expiry without strikes on both sides is passed over",
        ),
        pytest.param([*flat(-1, 90), *flat(20, 60)], None, id="nothing after 30 days"),
        pytest.param([*flat(31, 60), *flat(60, 60)], None, id="nothing before 30 days"),
        pytest.param([], None, id="nothing at all"),
    ],
)
def test_the_volatility_thirty_days_out(quotes: list[Quote], expected: float | None) -> None:
    found = iv_in(quotes, NOW)
    assert (found and found[0]) == (None if expected is None else pytest.approx(expected))


def test_it_is_as_old_as_the_oldest_quote_of_the_two_expiries() -> None:
    old = [quote(20, 1_900, 60, age_s=90), quote(20, 2_100, 60), *flat(40, 60)]
    elsewhere = [quote(60, 1_900, 60, age_s=900), quote(60, 2_100, 60)]
    found = iv_in([*old, *elsewhere], NOW)
    assert found is not None
    assert found[1] == NOW - timedelta(seconds=90)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param((10, 20, 40, 50), (20, 40), id="the nearest on each side"),
        pytest.param((20, 30, 40), (30,), id="the day itself"),
        pytest.param((40, 50), (40,), id="only later ones"),
        pytest.param((10, 20), (20,), id="only earlier ones"),
        pytest.param((), (), id="none"),
    ],
)
def test_the_expiries_around_a_day(days: tuple[int, ...], expected: tuple[int, ...]) -> None:
    expiries = [NOW + timedelta(days=n) for n in days]
    found = around(expiries, NOW + timedelta(days=30))
    assert found == tuple(NOW + timedelta(days=n) for n in expected)
