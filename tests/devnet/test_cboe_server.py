"""The stand-in for Cboe answers in the captured shape, and fails as it was told to."""

import asyncio
import json
from datetime import UTC, date, datetime

import aiohttp
import pytest

from monitor.devnet.cboe_server import CboeServer, Failure

CLOSE_OF_16_MARCH = datetime(2020, 3, 16, 20, 15, tzinfo=UTC)  # 16:15 in New York


async def get(url: str, **query: str) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(total=2)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(url, params=query) as answer,
    ):
        return answer.status, await answer.text()


async def test_a_quote_has_cboe_s_own_shape() -> None:
    async with CboeServer() as server:
        server.set_quote(82.69, CLOSE_OF_16_MARCH)
        status, text = await get(server.quote_url)
    assert status == 200
    body = json.loads(text)
    assert body["symbol"] == "_VIX"
    assert body["data"]["symbol"] == "^VIX"
    assert body["data"]["current_price"] == 82.69
    assert body["data"]["last_trade_time"] == "2020-03-16T16:15:00"


async def test_the_snapshot_of_all_indices_has_the_vix_in_a_list() -> None:
    async with CboeServer() as server:
        server.set_quote(82.69, CLOSE_OF_16_MARCH)
        status, text = await get(server.snapshot_url)
        alone = json.loads((await get(server.quote_url))[1])["data"]
    assert status == 200
    assert json.loads(text)["data"] == [alone]


async def test_settlements_come_by_session_and_an_unknown_day_has_no_rows() -> None:
    async with CboeServer() as server:
        server.set_settlements(date(2020, 3, 16), {date(2020, 3, 18): 72.625})
        _, table = await get(server.settlement_url, dt="2020-03-16")
        _, empty = await get(server.settlement_url, dt="2020-03-15")
    assert table.splitlines() == [
        "product,symbol,expiration_date,price,duration_type",
        "VX,VX/H0,2020-03-18,72.6250,M",
    ]
    assert empty.splitlines() == ["product,symbol,expiration_date,price,duration_type"]


@pytest.mark.parametrize(
    ("failure", "status", "beginning"),
    [
        pytest.param(Failure.HTML, 200, "<!DOCTYPE html>", id="a page in place of JSON"),
        pytest.param(Failure.ERROR_500, 500, "Internal", id="a server error"),
        pytest.param(Failure.THROTTLED, 429, "", id="too many requests"),
        pytest.param(Failure.EMPTY, 200, "", id="nothing"),
    ],
)
async def test_fails_as_told_and_recovers(failure: Failure, status: int, beginning: str) -> None:
    async with CboeServer() as server:
        server.set_quote(20.0, CLOSE_OF_16_MARCH)
        server.fail(failure)
        assert (await get(server.quote_url))[0] == status
        assert (await get(server.settlement_url))[1].startswith(beginning)
        server.fail(None)
        assert json.loads((await get(server.quote_url))[1])["data"]["current_price"] == 20.0
        assert server.asked == 3


async def test_a_renamed_or_null_price_is_otherwise_a_good_answer() -> None:
    async with CboeServer() as server:
        server.set_quote(20.0, CLOSE_OF_16_MARCH)
        server.fail(Failure.RENAMED_KEY)
        assert "current_price" not in json.loads((await get(server.quote_url))[1])["data"]
        server.fail(Failure.NULL_PRICE)
        assert json.loads((await get(server.quote_url))[1])["data"]["current_price"] is None


async def test_a_connection_can_break_half_way() -> None:
    async with CboeServer() as server:
        server.fail(Failure.CLOSED)
        with pytest.raises(aiohttp.ClientError):
            await get(server.quote_url)


async def test_a_hanging_server_still_shuts_down() -> None:
    async with CboeServer() as server:
        server.fail(Failure.HANG)
        url = server.quote_url
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await get(url)
    with pytest.raises(aiohttp.ClientConnectionError):
        await get(url)
