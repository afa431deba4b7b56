"""When an endpoint that failed may be asked again."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.chain.breaker import Breaker, BreakerState
from monitor.errors import HedgewatchError, Permanent, Transient

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DOWN = Transient("x failed")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def asked(seconds: float) -> Transient:
    return Transient("x limits the rate", retry_after=timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("failures", "chance", "rests_s", "left_alone_s"),
    [
        pytest.param([DOWN], 0.0, 10, 0, id="a first failure rests ten seconds"),
        pytest.param([DOWN] * 2, 0.0, 20, 0, id="a second in a row rests twice as long"),
        pytest.param([DOWN] * 5, 0.0, 160, 0, id="and so on"),
        pytest.param([DOWN] * 6, 0.0, 300, 0, id="up to five minutes"),
        pytest.param([DOWN] * 99, 0.0, 300, 0, id="and never longer"),
        pytest.param([DOWN], 0.5, 11, 0, id="chance makes a pause a tenth longer"),
        pytest.param([DOWN], 1.0, 12, 0, id="and at most a fifth"),
        pytest.param([Permanent("no key")], 0.0, 10, 0, id="a refusal rests like any failure"),
        pytest.param([asked(100)], 0.0, 100, 100, id="a longer wait that was asked for is kept"),
        pytest.param([asked(100)], 1.0, 120, 120, id="and is not met by all at one instant"),
        pytest.param([asked(3)], 0.0, 10, 3, id="a shorter one is kept, and our own pause too"),
        pytest.param([asked(86_400)], 0.0, 3600, 3600, id="a day is tried again hourly"),
        pytest.param([asked(100), DOWN], 0.0, 20, 0, id="the last failure alone counts"),
    ],
)
def test_how_long_an_endpoint_rests(
    failures: list[HedgewatchError], chance: float, rests_s: float, left_alone_s: float
) -> None:
    breaker = Breaker(lambda: chance)
    for failure in failures:
        breaker.fail(failure, NOON)
    assert breaker.why == str(failures[-1])
    assert not breaker.admits(after(rests_s - 0.001))
    assert breaker.state(after(rests_s - 0.001)) is BreakerState.OPEN
    assert breaker.admits(after(rests_s))
    assert breaker.state(after(rests_s)) is BreakerState.HALF_OPEN
    assert breaker.keeps_off(after(left_alone_s - 0.001)) is bool(left_alone_s)
    assert not breaker.keeps_off(after(left_alone_s))


def test_half_open_lets_one_try_through_and_its_end_decides() -> None:
    breaker = Breaker(lambda: 0.0)
    breaker.fail(DOWN, NOON)
    breaker.begin()
    assert not breaker.admits(after(10))
    breaker.give_up()
    assert breaker.admits(after(10))
    breaker.begin()
    breaker.fail(DOWN, after(10))
    assert not breaker.admits(after(29))
    breaker.begin()
    breaker.succeed()
    assert breaker.state(after(30)) is BreakerState.CLOSED
    assert (breaker.until, breaker.why) == (None, "")
    breaker.fail(DOWN, after(40))
    assert breaker.admits(after(50))  # after a success the pauses begin anew


def test_closed_lets_everything_through() -> None:
    breaker = Breaker(lambda: 0.0)
    breaker.begin()
    assert breaker.admits(NOON)
