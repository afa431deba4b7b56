"""The volatility of VIX options: VVIX of this session or the last, else a stated one."""

from datetime import UTC, datetime

import pytest

from monitor.model.reading import Reading
from monitor.signals.facts import Facts
from monitor.signals.market import market_of

# Monday 16 March 2020, 16:15 New York; VVIX closed at 207.59, the highest there has been.
CLOSE = datetime(2020, 3, 16, 20, 15, tzinfo=UTC)
TOLD = Facts(
    readings={
        "vvix|": Reading(name="vvix", value=207.59, unit="points", as_of=CLOSE, source="cboe")
    }
)


@pytest.mark.parametrize(
    ("now", "source", "near"),
    [
        pytest.param(datetime(2020, 3, 16, 20, 35, tzinfo=UTC), "VVIX", 2.0759, id="fresh"),
        pytest.param(
            datetime(2020, 3, 17, 18, tzinfo=UTC), "VVIX of 16 Mar", 2.0759, id="the next afternoon"
        ),
        pytest.param(
            datetime(2020, 3, 18, 18, tzinfo=UTC), "stated vol", 0.95, id="a session was missed"
        ),
    ],
)
def test_yesterday_s_vvix_prices_and_says_so(now: datetime, source: str, near: float) -> None:
    vol = market_of(TOLD, now).vix.vol
    assert (vol.source, vol.near) == (source, near)


def test_without_any_vvix_the_stated_one_prices() -> None:
    assert market_of(Facts(), CLOSE).vix.vol.source == "stated vol"
