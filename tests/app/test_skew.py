"""This machine's clock beside others': servers' dates first, else the newest block."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from monitor.app.skew import Skew
from monitor.clock import ManualClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def skew() -> Any:
    return Skew(ManualClock(NOON))


@pytest.mark.parametrize(
    ("ago_s", "well", "said"),
    [
        pytest.param((3.0,), True, "12:00:00 UTC, 3 s after the newest block of n0", id="a block"),
        pytest.param((40.0, 3.0), True, "3 s after the newest block of n1", id="the newest counts"),
        pytest.param((-2.0,), True, "2 s after", id="two seconds are no fault"),
        pytest.param((-30.0,), False, "30 s behind the newest block of n0: set the", id="behind"),
        pytest.param((1_200.0,), False, "20 m after the newest block of n0: set", id="ahead"),
        pytest.param((), True, "no server and no chain told its own time", id="nobody to ask"),
    ],
)
def test_where_no_server_tells_its_time_a_chain_s_head_does(
    ago_s: tuple[float, ...], well: bool, said: str
) -> None:
    one = skew()
    for number, seconds in enumerate(ago_s):
        one.see(NOON - timedelta(seconds=seconds), f"n{number}")
    found, text = one.told()
    assert found is well
    assert said in text


@pytest.mark.parametrize(
    ("date", "well"),
    [("Sun, 22 Nov 2026 12:00:02 GMT", True), ("Sun, 22 Nov 2026 12:01:00 GMT", False)],
)
async def test_a_server_s_date_is_believed_before_any_block(date: str, well: bool) -> None:
    one = skew()
    one.see(NOON - timedelta(hours=3), "n0")
    request = httpx.Request("GET", "https://a.example/")
    await one.hear(httpx.Response(200, headers={"Date": date}, request=request))
    found, text = one.told()
    assert found is well
    assert "against a.example" in text
