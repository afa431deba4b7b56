"""DefiLlama's charts: [[a day's start in seconds, dollars], ...], the last day perhaps not over."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.defillama import DefiLlama, parse_chart
from monitor.feeds.http import Web
from monitor.feeds.provider import FeedSettings, providers
from monitor.feeds.several import silences
from monitor.feeds.witness import Witness
from monitor.model.reading import Reading

TODAY_S = 1_790_899_200  # 2026-10-02 00:00:00 UTC, and it is 20:30
DAY_S = 86_400
WITNESS = Witness(source="defillama", now=datetime(2026, 10, 2, 20, 30, tzinfo=UTC))
FEES = Reading(
    name="token.fees_30d",
    value=3_000_000.0,
    unit="usd",
    as_of=datetime(2026, 10, 2, tzinfo=UTC),
    source="defillama",
)


def chart(*rows: object) -> dict[str, str]:
    document = {"id": "parent#uniswap", "name": "Uniswap", "total24h": 1, "totalDataChart": rows}
    return {"body": json.dumps(document)}


def days(each: float, *, first: int = 40, last: int = 1) -> list[list[float]]:
    """Return days from `first` to `last` before today, each of them bringing as much."""
    return [[TODAY_S - n * DAY_S, each] for n in range(first, last - 1, -1)]


async def test_thirty_whole_days_are_summed(server: Any, site: Web, clock: ManualClock) -> None:
    today = [TODAY_S, 5_555.0]
    server.serves(
        "dailyFees", **chart([TODAY_S - 31 * DAY_S, 7.0], *days(100_000, first=30), today)
    )
    server.serves("dailyRevenue", **chart(*days(20_000), today))
    server.serves("dailyHoldersRevenue", **chart(*days(0), today))
    feed = DefiLlama(web=site, clock=clock, base_url=server.url)
    assert await feed.read() == (
        FEES,
        replace(FEES, name="token.revenue_30d", value=600_000.0),
        replace(FEES, name="token.holders_30d", value=0.0),
    )
    assert {request.path for request in server.asked} == {"/summary/fees/uniswap"}
    assert sorted(request.query["dataType"] for request in server.asked) == [
        "dailyFees",
        "dailyHoldersRevenue",
        "dailyRevenue",
    ]


async def test_what_a_protocol_has_no_chart_of_is_unknown_and_not_nothing(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.serves("dailyFees", **chart(*days(100_000)))
    server.serves("dailyRevenue", **chart(*days(20_000)))
    server.serves("dailyHoldersRevenue", status=404)
    own = FeedSettings(base_url=server.url, names={"protocol": "curve-dex"})
    feed = providers()["defillama"].build(site, clock, own)
    told = [reading.name for reading in await feed.read()]
    assert told == [
        "token.fees_30d",
        "token.revenue_30d",
    ]
    assert {request.path for request in server.asked} == {"/summary/fees/curve-dex"}
    (silence,) = silences(feed, "token.holders_30d")
    assert silence.why == "127.0.0.1 answered HTTP 404"


@pytest.mark.parametrize(
    ("said", "verdict", "sentence"),
    [
        pytest.param(
            chart(), Transient, "defillama has no whole day for token.fees_30d", id="none"
        ),
        pytest.param(
            chart([TODAY_S, 9.0]),
            Transient,
            "defillama has no whole day for token.fees_30d",
            id="only the day that is not over",
        ),
        pytest.param(
            chart(*days(1, first=12)),
            Transient,
            "defillama has 12 of 30 days up to 2026-10-02 for token.fees_30d",
            id="twelve days",
        ),
        pytest.param(
            chart(*days(1, first=30, last=9), *days(1, first=7)),
            Transient,
            "defillama has 29 of 30 days up to 2026-10-02 for token.fees_30d",
            id="a day is missing",
        ),
        pytest.param(
            chart(*days(1), [TODAY_S - DAY_S, None]),
            Transient,
            "defillama sent null as a day's sum, which is no number",
            id="a day's sum is null",
        ),
        pytest.param(
            chart(*days(1e15)),
            Transient,
            "defillama sent 3e+16 as token.fees_30d, which is absurd: it is above 0 and up to"
            " 1e+15",
            id="more dollars than there are",
        ),
        pytest.param(
            chart(*days(1), [TODAY_S + 2 * DAY_S, 1]),
            Transient,
            "defillama sent a value stamped 2026-10-04 00:00 UTC, which is to come",
            id="a day to come",
        ),
        pytest.param(
            {"body": '{"total30d": 3000000}'},
            Permanent,
            "defillama sent no totalDataChart: has its answer changed shape?",
            id="a key renamed",
        ),
        pytest.param(
            chart({"date": TODAY_S, "dailyFees": 1}),
            Permanent,
            "defillama sent no 0: has its answer changed shape?",
            id="days as objects",
        ),
    ],
)
def test_a_chart_that_makes_no_sense(
    said: dict[str, str], verdict: type[HedgewatchError], sentence: str
) -> None:
    with pytest.raises(verdict) as caught:
        parse_chart(said["body"], "token.fees_30d", WITNESS)
    assert str(caught.value) == sentence


def test_a_file_that_stands_still_grows_old() -> None:
    told = parse_chart(chart(*days(1, first=60, last=10))["body"], "token.fees_30d", WITNESS)
    assert told.as_of == datetime(2026, 9, 23, tzinfo=UTC)
