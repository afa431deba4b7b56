"""dYdX's indexer, in the shape captured from it on 2025-12-08."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.dydx import Dydx
from monitor.feeds.http import Web
from monitor.model.reading import Reading


def funded(coin: str, rate: object = "0.0000125", at: str = "20:00:00.219") -> dict[str, object]:
    return {
        "ticker": f"{coin}-USD",
        "rate": rate,
        "price": "2124.6",
        "effectiveAtHeight": "66622979",
        "effectiveAt": f"2026-10-02T{at}Z",
    }


def answer(*rows: object) -> dict[str, str]:
    return {"body": json.dumps({"historicalFunding": rows})}


async def test_the_newest_print_of_each_coin_is_read(
    server: Any, site: Web, clock: ManualClock
) -> None:
    older = funded("ETH", "0.0009", "19:00:00.102")
    server.serves("ETH-USD", **answer(older, funded("ETH")))
    server.serves("BTC-USD", **answer(funded("BTC", "0.000002375")))
    eth, btc = await Dydx(web=site, clock=clock, base_url=server.url).read()
    assert eth == Reading(
        name="funding.eth_annual",
        value=pytest.approx(0.1095),
        unit="fraction",
        as_of=datetime(2026, 10, 2, 20, 0, 0, 219_000, tzinfo=UTC),
        source="dydx",
    )
    assert (btc.name, btc.value) == ("funding.btc_annual", pytest.approx(0.020805))
    assert sorted(request.path_qs for request in server.asked) == [
        "/v4/historicalFunding/BTC-USD?limit=1",
        "/v4/historicalFunding/ETH-USD?limit=1",
    ]


@pytest.mark.parametrize(
    ("said", "verdict", "sentence"),
    [
        pytest.param(answer(), Transient, "dydx has no funding of ETH", id="an empty list"),
        pytest.param(
            {"body": '{"historical": []}'},
            Permanent,
            "dydx sent no historicalFunding: has its answer changed shape?",
            id="a key renamed",
        ),
        pytest.param(
            answer(funded("SOL")),
            Permanent,
            "dydx was asked for ETH-USD and sent 'SOL-USD'",
            id="another coin",
        ),
        pytest.param(
            answer(funded("ETH", at="21:00:00.000")),
            Transient,
            "dydx sent a value stamped 2026-10-02 21:00 UTC, which is to come",
            id="a stamp to come",
        ),
        pytest.param(
            answer(funded("ETH", at="25:00:00.000")),
            Transient,
            "dydx sent '2026-10-02T25:00:00.000Z' as effectiveAt, which is no time",
            id="no time",
        ),
        pytest.param(
            answer(funded("ETH", None)),
            Transient,
            "dydx sent null as rate, which is no number",
            id="no rate",
        ),
        pytest.param(
            answer(funded("ETH", "0.25")),
            Transient,
            "dydx sent 2190.0 as funding.eth_annual, which is absurd: it is above -20 and up to 20",
            id="a quarter an hour",
        ),
    ],
)
async def test_a_failure_is_one_sentence(
    fails: Any, said: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    assert await fails(Dydx, said) == (verdict, sentence)
