"""Every way a node fails: one row a shape, with its verdict and its sentence."""

import logging
import traceback
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from monitor.chain.failures import (
    EmptyAnswer,
    EndpointRefused,
    NoHistory,
    NotOffered,
    NotThere,
    RangeTooWide,
    Reverted,
    TooHeavy,
)
from monitor.chain.rpc import Endpoint
from monitor.errors import HedgewatchError, Transient
from monitor.logs import RedactingFormatter, Secret

KEY = "kEy0123456789abcdefSECRET"
CONTRACT = "0x" + "11" * 20
REVERT = (
    "0x08c379a0"
    "0000000000000000000000000000000000000000000000000000000000000020"
    "0000000000000000000000000000000000000000000000000000000000000010"
    "496e76616c696420746f6b656e20494400000000000000000000000000000000"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the node sends: a status, headers, and a body as text or JSON-RPC."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    json: Any = None

    def response(self) -> web.Response:
        if self.text is not None:
            return web.Response(status=self.status, headers=self.headers, text=self.text)
        return web.json_response(self.json, status=self.status, headers=self.headers)


def error(code: int, message: str, data: Any = None, status: int = 200) -> Reply:
    told = {"code": code, "message": message} | ({"data": data} if data is not None else {})
    return Reply(status=status, json={"jsonrpc": "2.0", "id": 1, "error": told})


def result(value: Any) -> Reply:
    return Reply(json={"jsonrpc": "2.0", "id": 1, "result": value})


HTML = "<html><title>Just a moment...</title></html>"

HTTP = [
    pytest.param(
        Reply(status=429, headers={"Retry-After": "7"}, text=""),
        Transient,
        "HOST limits the rate (HTTP 429), and asks to wait 7 s",
        id="429 with the seconds to wait",
    ),
    pytest.param(
        Reply(status=429, text=HTML), Transient, "HOST limits the rate (HTTP 429)", id="429 bare"
    ),
    pytest.param(
        Reply(status=401, text="no"),
        EndpointRefused,
        "HOST refused the key (HTTP 401): check env:ETH_RPC_URL",
        id="401: the key",
    ),
    pytest.param(
        error(-32600, f"Must be authenticated! {KEY}", status=403),
        EndpointRefused,
        "HOST refused the key (HTTP 403): check env:ETH_RPC_URL",
        id="403: the key",
    ),
    pytest.param(
        Reply(status=402, text=""),
        Transient,
        "HOST says the plan's credits are used up (HTTP 402)",
        id="402: credits",
    ),
    pytest.param(
        Reply(status=404, text="not found"),
        EndpointRefused,
        "HOST knows no such path (HTTP 404): check env:ETH_RPC_URL",
        id="404: the path",
    ),
    pytest.param(
        Reply(status=301, headers={"Location": "https://else.example/"}, text=""),
        EndpointRefused,
        "HOST redirects (HTTP 301): check env:ETH_RPC_URL",
        id="a redirect is not followed",
    ),
    pytest.param(Reply(status=500, text=""), Transient, "HOST failed (HTTP 500)", id="500"),
    pytest.param(Reply(status=502, text=HTML), Transient, "HOST failed (HTTP 502)", id="502"),
    pytest.param(Reply(status=503, text=HTML), Transient, "HOST failed (HTTP 503)", id="503"),
    pytest.param(Reply(status=525, text=""), Transient, "HOST failed (HTTP 525)", id="525"),
    pytest.param(
        error(-32000, "header not found", status=500),
        Transient,
        "HOST does not have the block yet: header not found (code -32000)",
        id="a JSON-RPC error told with HTTP 500",
    ),
    pytest.param(
        Reply(status=200, text=HTML),
        Transient,
        "HOST answered HTTP 200 with something else than JSON",
        id="HTML with HTTP 200",
    ),
    pytest.param(
        Reply(status=200, text=""),
        Transient,
        "HOST answered HTTP 200 with something else than JSON",
        id="nothing with HTTP 200",
    ),
    pytest.param(
        Reply(json=["odd"]),
        Transient,
        "HOST answered eth_call with no JSON-RPC object",
        id="JSON of another shape",
    ),
    pytest.param(result(None), NotThere, "HOST answered null to eth_call", id="a null result"),
    pytest.param(
        Reply(json={"jsonrpc": "2.0", "id": 1}),
        Transient,
        "HOST answered eth_call without a result",
        id="no result at all",
    ),
    pytest.param(
        result("0x"),
        EmptyAnswer,
        f"HOST answered an empty 0x for {CONTRACT}: it lacks block 7, or nothing is deployed there",
        id="an empty 0x",
    ),
    pytest.param(
        result("0xzz"),
        Transient,
        "HOST answered eth_call with no hexadecimal text",
        id="a result that is no hex",
    ),
    pytest.param(
        result({"a": 1}),
        Transient,
        "HOST answered eth_call with no hexadecimal text",
        id="a result that is no text",
    ),
]
RPC = [
    pytest.param(
        error(-32005, "daily request count exceeded, request rate limited"),
        Transient,
        "HOST limits the rate: daily request count exceeded, request rate limited (code -32005)",
        id="-32005: rate",
    ),
    pytest.param(
        error(-32090, "Too many requests, retry in 10s"),
        Transient,
        "HOST limits the rate: Too many requests, retry in 10s (code -32090)",
        id="-32090: rate, with a wait",
    ),
    pytest.param(
        error(-32000, "header not found"),
        Transient,
        "HOST does not have the block yet: header not found (code -32000)",
        id="-32000: header not found",
    ),
    pytest.param(
        error(-32603, "upstream does not have the requested block yet"),
        Transient,
        "HOST does not have the block yet: "
        "upstream does not have the requested block yet (code -32603)",
        id="-32603: upstream lags",
    ),
    pytest.param(
        error(-32001, "unknown block number"),
        Transient,
        "HOST does not have the block yet: unknown block number (code -32001)",
        id="-32001: unknown block",
    ),
    pytest.param(
        error(-32000, "missing trie node 7f3a (path ) state 0x7f3a is not available"),
        NoHistory,
        "HOST keeps no state that old: "
        "missing trie node 7f3a (path ) state 0x7f3a is not available (code -32000)",
        id="missing trie node",
    ),
    pytest.param(
        error(-32000, "metadata is not found"),
        NoHistory,
        "HOST keeps no state that old: metadata is not found (code -32000)",
        id="metadata is not found",
    ),
    pytest.param(
        error(3, "execution reverted: Invalid token ID", REVERT),
        Reverted,
        "the contract reverted: Invalid token ID",
        id="code 3 with a reason",
    ),
    pytest.param(
        error(-32000, "execution reverted"),
        Reverted,
        "the contract reverted: execution reverted",
        id="-32000: reverted without a reason",
    ),
    pytest.param(
        error(-32015, "VM execution error.", "Reverted " + REVERT),
        Reverted,
        "the contract reverted: Invalid token ID",
        id="-32015: reverted, told in the data",
    ),
    pytest.param(
        error(-32000, "out of gas"),
        TooHeavy,
        "HOST could not compute eth_call at once: out of gas (code -32000)",
        id="out of gas",
    ),
    pytest.param(
        error(-32015, "VM execution error.", "Out of gas"),
        TooHeavy,
        "HOST could not compute eth_call at once: VM execution error. (code -32015)",
        id="-32015: out of gas, told in the data",
    ),
    pytest.param(
        error(-32000, "execution aborted (timeout = 5s)"),
        TooHeavy,
        "HOST could not compute eth_call at once: execution aborted (timeout = 5s) (code -32000)",
        id="execution aborted",
    ),
    pytest.param(
        error(-32601, "the method eth_call does not exist"),
        NotOffered,
        "HOST does not offer eth_call: the method eth_call does not exist (code -32601)",
        id="-32601 on everything",
    ),
    pytest.param(
        error(-32000, "invalid api key"),
        EndpointRefused,
        "HOST refused the key: invalid api key (code -32000); check env:ETH_RPC_URL",
        id="a refused key with HTTP 200",
    ),
    pytest.param(
        error(-32603, "Internal error"),
        Transient,
        "HOST failed eth_call: Internal error (code -32603)",
        id="-32603: anything else",
    ),
    pytest.param(
        Reply(json={"jsonrpc": "2.0", "id": 1, "error": "boom"}),
        Transient,
        "HOST failed eth_call: boom (code None)",
        id="an error that is only text",
    ),
    pytest.param(
        error(-32602, f"project {KEY} is over its plan"),
        Transient,
        "HOST failed eth_call: project *** is over its plan (code -32602)",
        id="a node that repeats the key",
    ),
    pytest.param(
        error(-32603, "line one\nline\ttwo\x00" + "x" * 500),
        Transient,
        "HOST failed eth_call: line one line two" + "x" * 142 + "… (code -32603)",
        id="a long message on many lines",
    ),
]
LOGS = [
    pytest.param(error(-32005, "query returned more than 10000 results"), id="too many results"),
    pytest.param(error(-32602, "eth_getLogs is limited to a 1000 blocks range"), id="1000 blocks"),
    pytest.param(error(-32000, "query timeout exceeded"), id="a query timeout"),
    pytest.param(error(-32701, "Please specify less number of addresses"), id="-32701"),
    pytest.param(error(-32600, "block range is too large", status=400), id="told with HTTP 400"),
    pytest.param(
        error(-32602, "You can make eth_getLogs requests with up to a 10 block range", status=400),
        id="a free tier's ten blocks",
    ),
]


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


@pytest.mark.parametrize(("reply", "verdict", "sentence"), [*HTTP, *RPC])
async def test_each_failure_has_its_verdict_and_sentence(
    scripted_node: Any,
    reply: Reply,
    verdict: type[HedgewatchError],
    sentence: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def script(_method: str, _params: list[Any]) -> web.Response:
        return reply.response()

    scripted_node.script = script
    caplog.set_level(logging.DEBUG)
    endpoint = endpoint_at(scripted_node.url)
    failed = await failure(endpoint)
    host = scripted_node.url.removeprefix("http://") + "/…"
    assert str(failed) == sentence.replace("HOST", host)
    assert type(failed) is verdict
    assert_no_key(failed, endpoint, caplog)


def assert_no_key(
    failed: HedgewatchError, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    told = [str(failed), repr(failed), repr(endpoint), str(endpoint), caplog.text]
    told += traceback.format_exception(failed)
    formatter = RedactingFormatter("%(message)s")
    told += [formatter.format(record) for record in caplog.records]
    assert [text for text in told if KEY in text] == []


@pytest.mark.parametrize("reply", LOGS)
async def test_a_range_of_logs_too_wide_is_told_as_such(scripted_node: Any, reply: Reply) -> None:
    async def script(_method: str, _params: list[Any]) -> web.Response:
        return reply.response()

    scripted_node.script = script
    endpoint = endpoint_at(scripted_node.url)
    with pytest.raises(RangeTooWide, match="gives no logs over so many blocks"):
        await endpoint.call("eth_getLogs", {})
    await endpoint.close()
