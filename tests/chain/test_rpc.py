"""One endpoint: its connection, what it asks for, and what it never tells."""

import asyncio
import traceback
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from monitor.chain.failures import (
    EmptyAnswer,
    EndpointRefused,
    NoHistory,
    NotReached,
    RangeTooWide,
    Reverted,
    retry_after,
)
from monitor.chain.rpc import Endpoint
from monitor.chain.wire import shown_host
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.logs import RedactingFormatter, Secret

KEY = "kEy0123456789abcdefSECRET"
CONTRACT = "0x" + "11" * 20


def endpoint_at(url: str, timeout_s: float = 5) -> Endpoint:
    return Endpoint(Secret(f"{url}/v2/{KEY}", "env:ETH_RPC_URL"), timeout_s=timeout_s)


async def failure(endpoint: Endpoint) -> HedgewatchError:
    try:
        await endpoint.eth_call(CONTRACT, "0x01", 7)
    except HedgewatchError as error:
        return error
    finally:
        await endpoint.close()
    raise AssertionError("it did not fail")


def assert_no_key(
    failed: HedgewatchError, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    told = [str(failed), repr(failed), repr(endpoint), str(endpoint), caplog.text]
    told += traceback.format_exception(failed)
    formatter = RedactingFormatter("%(message)s")
    told += [formatter.format(record) for record in caplog.records]
    assert [text for text in told if KEY in text] == []


async def test_a_node_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = endpoint_at("http://127.0.0.1:1")
    failed = await failure(endpoint)
    assert str(failed) == "127.0.0.1:1/… cannot be reached: Connection refused"
    assert type(failed) is NotReached
    assert_no_key(failed, endpoint, caplog)


async def test_a_host_that_does_not_exist(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = endpoint_at("http://nowhere.invalid")
    failed = await failure(endpoint)
    assert str(failed).startswith("nowhere.invalid/… cannot be reached: ")
    assert type(failed) is NotReached
    assert_no_key(failed, endpoint, caplog)


async def test_a_node_that_does_not_answer_in_time(
    scripted_node: Any, caplog: pytest.LogCaptureFixture
) -> None:
    never = asyncio.Event()

    async def script(_method: str, _params: list[Any]) -> web.Response:
        await never.wait()
        return web.Response()

    scripted_node.script = script
    endpoint = endpoint_at(scripted_node.url, timeout_s=0.1)
    failed = await failure(endpoint)
    never.set()
    assert str(failed).endswith("did not answer eth_call within 0.1 s")
    assert type(failed) is NotReached
    assert_no_key(failed, endpoint, caplog)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.close()


async def test_a_node_that_hangs_up_is_asked_once_more(caplog: pytest.LogCaptureFixture) -> None:
    calls = 0

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        endpoint = endpoint_at(f"http://127.0.0.1:{port}")
        failed = await failure(endpoint)
    assert str(failed) == f"127.0.0.1:{port}/… closed the connection without an answer"
    assert endpoint.requests_made == calls == 2
    assert_no_key(failed, endpoint, caplog)


async def test_tls_that_is_none_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        endpoint = endpoint_at(f"https://127.0.0.1:{port}")
        failed = await failure(endpoint)
    assert type(failed) is NotReached
    assert str(failed).startswith(f"127.0.0.1:{port}/… ")
    assert_no_key(failed, endpoint, caplog)


async def test_one_connection_serves_many_requests(scripted_node: Any) -> None:
    async def script(_method: str, _params: list[Any]) -> dict[str, Any]:
        return {"result": "0x1"}

    scripted_node.script = script
    endpoint = endpoint_at(scripted_node.url)
    for _ in range(20):
        await endpoint.call("eth_chainId")
    assert len(scripted_node.connections) == 1
    assert [method for method, _ in scripted_node.asked] == ["eth_chainId"] * 20
    assert endpoint.requests_made == 20
    await endpoint.close()


async def test_a_wait_that_was_asked_for_travels_with_the_verdict(scripted_node: Any) -> None:
    replies: list[web.Response | dict[str, Any]] = [
        web.Response(status=429, headers={"retry-after": "11"}),
        {"error": {"code": -32090, "message": "Too many requests, retry in 10s"}},
        {"error": {"code": 429, "message": "please retry after 1500 ms"}},
        {"error": {"code": 429, "message": f"please retry after {'9' * 400} m"}},
    ]

    async def script(_method: str, _params: list[Any]) -> web.Response | dict[str, Any]:
        return replies.pop(0)

    scripted_node.script = script
    for seconds in (11, 10, 1.5, 86_400):
        failed = await failure(endpoint_at(scripted_node.url))
        assert isinstance(failed, Transient)
        assert failed.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "120"}, 120, id="seconds"),
        pytest.param(
            {
                "Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT",
                "Date": "Wed, 21 Oct 2026 07:28:00 GMT",
            },
            30,
            id="a date, against the server's own",
        ),
        pytest.param({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, None, id="a date alone"),
        pytest.param({"Retry-After": "soon"}, None, id="nonsense"),
        pytest.param({"Retry-After": "99999999999999999"}, 86_400, id="more than a day"),
        pytest.param({"Retry-After": "9" * 5_000}, 86_400, id="more digits than a number may have"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(headers) == expected


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param(
            "https://eth-mainnet.g.alchemy.com/v2/abc", "eth-mainnet.g.alchemy.com/…", id="a path"
        ),
        pytest.param("http://127.0.0.1:8545", "127.0.0.1:8545", id="a port and no path"),
        pytest.param("https://node.example/?apikey=abc", "node.example/…", id="a query"),
        pytest.param("https://me:abc@node.example", "node.example", id="a user and password"),
        pytest.param(
            "https://0123456789abcdef0123456789abcdef.node.example/",
            "….node.example",
            id="a host name that looks like a key",
        ),
    ],
)
def test_a_host_is_shown_without_what_may_be_a_key(url: str, shown: str) -> None:
    assert shown_host(url) == shown


def test_verdicts_fall_under_the_house_s_two() -> None:
    assert all(issubclass(one, Transient) for one in (EmptyAnswer, NoHistory, RangeTooWide))
    assert all(issubclass(one, Permanent) for one in (EndpointRefused, Reverted))
