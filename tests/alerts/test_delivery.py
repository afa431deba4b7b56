from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.delivery import MAX_AGE, Dead, Outcome, Retry, Tries, after_failure
from monitor.errors import Permanent, Transient

NOW = datetime(2020, 3, 9, 20, 15, tzinfo=UTC)
ALMOST_ONE = 1 - 2**-53


def decide(
    error: Transient | Permanent,
    *,
    tries: int = 1,
    answered: int = 0,
    age: timedelta = timedelta(0),
    jitter: float = ALMOST_ONE,
) -> Outcome:
    made = Tries(made=tries, unanswered=tries - answered)
    return after_failure(error, tries=made, aged_from=NOW - age, now=NOW, jitter=jitter)


def wait_s(outcome: Outcome) -> float:
    assert isinstance(outcome, Retry)
    return (outcome.due - NOW).total_seconds()


@pytest.mark.parametrize(
    ("tries", "expected"),
    [
        pytest.param(1, 1.0, id="the first wait is at most a second"),
        pytest.param(2, 2.0, id="the second is at most twice that"),
        pytest.param(5, 16.0, id="each try doubles it"),
        pytest.param(9, 256.0, id="until five minutes are near"),
        pytest.param(10, 300.0, id="and never more than five minutes"),
        pytest.param(100_000, 300.0, id="however many tries there were"),
    ],
)
def test_the_longest_wait_after_so_many_tries(tries: int, expected: float) -> None:
    assert wait_s(decide(Transient("down"), tries=tries)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("error", "jitter", "expected"),
    [
        pytest.param(Transient("x"), 0.5, 8.0, id="jitter takes its part of the whole wait"),
        pytest.param(Transient("x"), 0.0, 0.25, id="the dice never make a retry immediate"),
        pytest.param(
            Transient("429", retry_after=timedelta(seconds=35)),
            0.5,
            35.0,
            id="a wait the other side asks for is kept",
        ),
        pytest.param(
            Transient("429", retry_after=timedelta(seconds=1)),
            0.5,
            8.0,
            id="and never shortens our own",
        ),
        pytest.param(
            Transient("time-out", ambiguous=True),
            0.0,
            10.0,
            id="a send that may have arrived waits ten seconds at least",
        ),
        pytest.param(
            Transient("time-out", ambiguous=True), 0.5, 80.0, id="and doubles from ten seconds"
        ),
    ],
)
def test_the_fifth_try_waits(error: Transient, jitter: float, expected: float) -> None:
    assert wait_s(decide(error, tries=5, jitter=jitter)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("error", "tries", "age", "reason"),
    [
        pytest.param(
            Permanent("chat not found"),
            1,
            timedelta(0),
            "chat not found",
            id="a permanent failure is final at once",
        ),
        pytest.param(
            Transient("down"),
            900,
            MAX_AGE,
            "undelivered for 3 days: down",
            id="three days are enough",
        ),
        pytest.param(
            Transient("time-out", ambiguous=True),
            12,
            timedelta(hours=5),
            "no answer to 12 tries, it may have arrived: time-out",
            id="a dozen possible doubles are enough",
        ),
    ],
)
def test_giving_up(error: Transient | Permanent, tries: int, age: timedelta, reason: str) -> None:
    assert decide(error, tries=tries, age=age) == Dead(reason=reason)


@pytest.mark.parametrize(
    ("unanswered", "expected"),
    [
        pytest.param(1, 5.0, id="the first without an answer waits as a first one"),
        pytest.param(4, 40.0, id="each further one doubles that"),
        pytest.param(11, 1800.0, id="and the eleventh is not yet the last"),
    ],
)
def test_only_tries_without_an_answer_make_doubles(unanswered: int, expected: float) -> None:
    error = Transient("time-out", ambiguous=True)
    refused = 900
    outcome = decide(error, tries=refused + unanswered, answered=refused, jitter=0.5)
    assert wait_s(outcome) == pytest.approx(max(10.0, expected))


def test_an_outage_of_almost_three_days_is_outlasted() -> None:
    outcome = decide(Transient("down"), tries=900, age=MAX_AGE - timedelta(minutes=5, seconds=1))
    assert isinstance(outcome, Retry)


@pytest.mark.parametrize("asked", [timedelta(seconds=5), timedelta(days=4)])
def test_whoever_asks_for_a_wait_is_waited_for_at_any_age(asked: timedelta) -> None:
    outcome = decide(Transient("429", retry_after=asked), tries=2, age=timedelta(days=40))
    assert outcome == Retry(due=NOW + asked)


@given(
    tries=st.integers(0, 10**9),
    jitter=st.floats(0, ALMOST_ONE),
    ambiguous=st.booleans(),
    asked=st.none() | st.timedeltas(timedelta(0), timedelta(days=10)),
)
def test_a_retry_is_always_later_and_past_the_letters_age_only_where_it_was_asked_for(
    tries: int, jitter: float, ambiguous: bool, asked: timedelta | None
) -> None:
    error = Transient("down", retry_after=asked, ambiguous=ambiguous)
    outcome = decide(error, tries=tries, jitter=jitter)
    if isinstance(outcome, Retry):
        assert NOW < outcome.due <= NOW + max(MAX_AGE, asked or MAX_AGE)
        assert asked is None or outcome.due >= NOW + asked
