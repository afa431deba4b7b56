"""From where a shock jumps: the VIX of this session or the last, else nobody knows."""

from datetime import UTC, date, datetime

import pytest

from monitor.hedge.shock import Shock
from monitor.hedge.worth import made_in
from monitor.model.layer import Contract
from monitor.model.reading import Reading
from monitor.signals.facts import Facts
from monitor.signals.market import market_of

# Friday 6 March 2020, 16:15 New York. Settlements of each day come from elsewhere.
CLOSE = datetime(2020, 3, 6, 21, 15, tzinfo=UTC)
CALL = Contract(kind="vix.call", expiry=date(2020, 4, 15), strike=30.0)
SPIKE = Shock(coins={"eth": -0.3}, vix=75.0)


def facts(settled: datetime) -> Facts:
    vix = Reading(name="vix", value=41.94, unit="points", as_of=CLOSE, source="cboe")
    month = Reading(
        name="vx.settle", value=40.0, unit="points", as_of=settled, source="cfe", key="2020-04-15"
    )
    return Facts(readings={"vix|": vix, "vx.settle|2020-04-15": month})


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(datetime(2020, 3, 6, 21, 35, tzinfo=UTC), id="fresh"),
        pytest.param(datetime(2020, 3, 8, 12, tzinfo=UTC), id="over the weekend"),
        pytest.param(datetime(2020, 3, 9, 19, tzinfo=UTC), id="until the next session ends"),
    ],
)
def test_a_shock_jumps_from_the_vix_of_this_session_or_the_last(now: datetime) -> None:
    market = market_of(facts(CLOSE), now)
    assert market.vix.spot == 41.94
    assert isinstance(made_in([(CALL, 1.0)], market, SPIKE, at=now), float)


def test_from_an_older_one_nobody_knows_how_far_it_jumps() -> None:
    # By then the VIX stood at 75.47, and a shock to 75 was none.
    now = datetime(2020, 3, 12, 21, 35, tzinfo=UTC)
    market = market_of(facts(now), now)
    assert market.vix.spot is None
    told = made_in([(CALL, 1.0)], market, SPIKE, at=now)
    assert told == "how far it is to VIX 75 is unknown: the VIX is old, of 6 Mar"
