"""Who may read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.clock import ManualClock
from monitor.logs import Secret
from monitor.web.gate import LASTS, Asked, Gate

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
TOKEN = "a-token-long-enough"


def gate(token: str | None = TOKEN) -> tuple[Gate, ManualClock]:
    clock = ManualClock(NOW)
    return Gate(Secret(token) if token else None, now=clock.now), clock


@pytest.mark.parametrize(
    ("host", "misled"),
    [
        ("127.0.0.1:8808", False),
        ("localhost", False),
        ("[::1]:8808", False),
        ("evil.example", True),
        ("127.0.0.1.evil.example:8808", True),
        ("[::1", True),
        ("", True),
    ],
)
def test_a_name_that_was_made_to_point_here_is_not_served(host: str, misled: bool) -> None:
    assert gate(None)[0].misled(Asked(host=host)) is misled


@pytest.mark.parametrize(
    ("asked", "lets_in"),
    [
        pytest.param(Asked(), False, id="nothing"),
        pytest.param(Asked(authorization=f"Bearer {TOKEN}"), True, id="the token"),
        pytest.param(Asked(authorization=f"bearer {TOKEN}"), True, id="a scheme in small letters"),
        pytest.param(Asked(authorization=f"Bearer {TOKEN}x"), False, id="more than the token"),
        pytest.param(Asked(authorization="Bearer ü"), False, id="no ASCII"),
        pytest.param(Asked(authorization=f"Basic {TOKEN}"), False, id="another scheme"),
        pytest.param(Asked(cookie=TOKEN), False, id="the token as a cookie"),
        pytest.param(Asked(cookie="99999999999.0" + "0" * 63), False, id="a mac made up"),
        pytest.param(Asked(cookie="."), False, id="an empty session"),
        pytest.param(Asked(cookie="x.y"), False, id="no session"),
    ],
)
def test_only_the_token_lets_in(asked: Asked, lets_in: bool) -> None:
    assert gate()[0].lets_in(asked) is lets_in


def test_a_session_lasts_its_time_and_no_longer() -> None:
    one, clock = gate()
    session = one.session(TOKEN, "owner")
    assert session is not None
    assert TOKEN not in session
    assert one.lets_in(Asked(cookie=session))
    clock.present += LASTS - timedelta(seconds=1)
    assert one.lets_in(Asked(cookie=session))
    clock.present += timedelta(seconds=1)
    assert not one.lets_in(Asked(cookie=session))


def test_a_session_cannot_be_made_longer_and_ends_with_its_token() -> None:
    session = gate()[0].session(TOKEN, "owner")
    assert session is not None
    ends, _, mac = session.partition(".")
    assert not gate()[0].lets_in(Asked(cookie=f"{int(ends) + 1}.{mac}"))
    assert not gate("another-token-long-enough")[0].lets_in(Asked(cookie=session))


def test_after_ten_wrong_tokens_none_of_theirs_is_looked_at_for_a_minute() -> None:
    one, clock = gate()
    right = Asked(authorization=f"Bearer {TOKEN}", client="guesser")
    for _ in range(5):
        assert one.session("a wrong one", "guesser") is None
        assert not one.lets_in(Asked(authorization="Bearer a-wrong-one", client="guesser"))
    assert one.tired_of("guesser")
    assert one.session(TOKEN, "guesser") is None
    assert not one.lets_in(right)
    # Nobody can lock the owner out.
    assert one.session(TOKEN, "owner") is not None
    assert one.lets_in(replace(right, client="owner"))
    clock.present += timedelta(minutes=1)
    assert one.session(TOKEN, "guesser") is not None


def test_many_who_guess_are_not_all_remembered() -> None:
    one, _ = gate()
    for number in range(5_000):
        one.session("a wrong one", f"2001:db8::{number:x}")
    assert len(one._wrong) <= 1_000
