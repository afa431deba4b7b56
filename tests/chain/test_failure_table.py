"""What is done about each way a node fails: a row a symptom, with verdict and action.

Two endpoints, the first of which fails in the row's way. Rests: it is not asked for so
long, and the second serves meanwhile. Another: the second serves, the first is well.
Shrinks and halves: the first serves after all. Stays: the answer is everybody's.
"""

import logging
import re
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from monitor.chain.endpoints import Endpoints
from monitor.chain.events import LogScan, Span
from monitor.chain.failures import (
    EmptyAnswer,
    EndpointRefused,
    NoHistory,
    RangeTooWide,
    Reverted,
)
from monitor.chain.multicall import Pinned
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.chain.words import Call, split_aggregate3
from monitor.devnet.local_chain import Devnet
from monitor.errors import HedgewatchError, Transient
from monitor.logs import RedactingFormatter, Secret

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONTRACT = "0x" + "11" * 20
CHAIN = Chain(
    name="main",
    chain_id=1,
    dexes=(),
    multicall=CONTRACT,
    behind=0,
    quote=(),
    start_block=None,
    log_range=None,
)
KEYS = ("kEy0123456789abcdefPATH", "kEy0123456789abcdefQUERY", "kEy0123456789abcdefUSER")
HTML = "<html><title>Just a moment...</title></html>"
REVERT = (
    "0x08c379a0"
    "0000000000000000000000000000000000000000000000000000000000000020"
    "0000000000000000000000000000000000000000000000000000000000000010"
    "496e76616c696420746f6b656e20494400000000000000000000000000000000"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What a node sends: an HTTP status with a body, or a JSON-RPC error or result."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    told: dict[str, Any] = field(default_factory=dict)

    def response(self) -> web.Response:
        if self.text is not None:
            return web.Response(status=self.status, headers=self.headers, text=self.text)
        body = {"jsonrpc": "2.0", "id": 1, **self.told}
        return web.json_response(body, status=self.status, headers=self.headers)


def http(status: int, text: str = "", wait: str = "") -> Symptom:
    return Symptom(status=status, headers={"Retry-After": wait} if wait else {}, text=text)


def error(code: int, message: str, data: str | None = None, status: int = 200) -> Symptom:
    told = {"code": code, "message": message} | ({"data": data} if data else {})
    return Symptom(status=status, told={"error": told})


def result(value: object) -> Symptom:
    return Symptom(told={"result": value})


UPSTREAM = "upstream does not have the requested block yet"
RESTS = [
    pytest.param(symptom, verdict, rests_s, id=name)
    for name, symptom, verdict, rests_s in (
        ("429 rests as long as it asks", http(429, wait="77"), Transient, 77),
        ("429 without a wait rests ten seconds", http(429), Transient, 10),
        ("-32005 is a limit on the rate", error(-32005, "limit exceeded"), Transient, 10),
        ("-32090 rests as its words ask", error(-32090, "retry in 30s"), Transient, 30),
        ("words may ask in minutes", error(429, "try again in 2m"), Transient, 120),
        ("42903 has used up its units", error(42903, "CUPs limit reached"), Transient, 10),
        ("402 has used up its credits", http(402), Transient, 10),
        ("words of credits", error(-32000, "the plan's credits are gone"), Transient, 10),
        *(
            (f"HTTP {status}", http(status, HTML), Transient, 10)
            for status in (400, 410, 500, 502, 503, 504, 520, 525)
        ),
        ("HTTP 500 and a body", error(-32000, "header not found", status=500), Transient, 10),
        ("401 refuses the key", http(401), EndpointRefused, 10),
        ("403 does, whatever its body says", error(-1, "no", status=403), EndpointRefused, 10),
        ("header not found lags", error(-32000, "header not found"), Transient, 10),
        ("an upstream without the block lags", error(-32603, UPSTREAM), Transient, 10),
        ("-32001 lags, even for latest", error(-32001, "unknown block number"), Transient, 10),
        ("-39001 has no such tag", error(-39001, "Unknown block"), Transient, 10),
        ("an empty 0x is no answer", result("0x"), EmptyAnswer, 10),
        ("null is no answer", result(None), Transient, 10),
        ("HTML with HTTP 200 is no answer", http(200, HTML), Transient, 10),
        ("nothing with HTTP 200 is no answer", http(200, ""), Transient, 10),
        ("-32601 on everything", error(-32601, "no method eth_call"), Transient, 10),
        ("-32603 alone is a broken server", error(-32603, "Internal error"), Transient, 10),
    )
]
ANOTHER = [
    pytest.param(error(-32000, message), NoHistory, id=f"{message}: the archive is missing")
    for message in (
        "missing trie node 7f3a (path ) state 0x7f3a is not available",
        "metadata is not found",
        "layer stale",
    )
]
HALVES = [
    pytest.param(error(-32000, "out of gas"), id="out of gas"),
    pytest.param(
        error(-32015, "VM execution error.", "Out of gas"), id="-32015 out of gas in data"
    ),
    pytest.param(error(-32000, "execution aborted (timeout = 5s)"), id="execution aborted"),
    pytest.param(http(413), id="a request too large"),
]
STAYS = [
    pytest.param(error(3, "execution reverted: Invalid token ID", REVERT), id="code 3"),
    pytest.param(error(-32000, "execution reverted", REVERT), id="-32000 with revert data"),
    pytest.param(error(-32603, "execution reverted", REVERT), id="-32603 with revert data"),
    pytest.param(error(-32015, "VM execution error.", "Reverted " + REVERT), id="-32015 in data"),
]
SHRINKS = [
    pytest.param(error(-32602, "query returned more than 10000 results"), id="-32602 results"),
    pytest.param(error(-32701, "Please specify less number of addresses"), id="-32701"),
    pytest.param(error(-32005, "query returned more than 10000 results"), id="-32005 results"),
    pytest.param(error(-32000, "limited to a 1000 blocks range"), id="a 1000 blocks range"),
    pytest.param(error(-32000, "query timeout exceeded"), id="a query timeout"),
    pytest.param(error(-32602, "block range limit is 1024", status=400), id="1024 with HTTP 400"),
]


def secret_url(url: str) -> Secret:
    """Return a node's URL with a key in its user, its path and its query."""
    path, query, user = KEYS
    where = url.replace("http://", f"http://me:{user}@")
    return Secret(f"{where}/v2/{path}?apikey={query}", "env:ETH_RPC_URL")


class Stand:
    """Two endpoints: the first as the row has it, the second sound."""

    def __init__(self, first: Any, second: Any) -> None:
        self.nodes = (first, second)
        self.symptom: Symptom | None = None
        self.ends = [Endpoint(secret_url(one.url), timeout_s=5) for one in self.nodes]
        self.endpoints = Endpoints(CHAIN, self.ends, chance=lambda: 0.0)

        async def failing(method: str, params: list[Any]) -> Any:
            if self.symptom is None or method == "eth_chainId":
                return await sound(method, params)
            return self.symptom.response()

        async def sound(method: str, _params: list[Any]) -> dict[str, Any]:
            return {"result": "0x1" if method == "eth_chainId" else "0x" + "00" * 32}

        first.script, second.script = failing, sound

    async def ask(self, at: float) -> Endpoint:
        """Return who served one `eth_call`."""

        async def work(endpoint: Endpoint) -> Endpoint:
            assert await endpoint.eth_call(CONTRACT, "0x01", 7) == bytes(32)
            return endpoint

        return await self.endpoints.first_that_works(work, NOON + timedelta(seconds=at))

    async def verdict(self) -> HedgewatchError:
        with pytest.raises(HedgewatchError) as caught:
            await self.ends[0].eth_call(CONTRACT, "0x01", 7)
        return caught.value


@pytest.fixture
async def stand(scripted_nodes: Any) -> Any:
    made = Stand(*await scripted_nodes(2))
    async with made.endpoints:
        yield made


@pytest.mark.parametrize(("symptom", "verdict", "rests_s"), RESTS)
async def test_the_endpoint_rests_and_another_serves(
    stand: Stand, symptom: Symptom, verdict: type[HedgewatchError], rests_s: float
) -> None:
    stand.symptom = symptom
    assert type(await stand.verdict()) is verdict
    first, second = stand.ends
    assert await stand.ask(0) is second
    stand.symptom = None
    assert await stand.ask(rests_s - 0.1) is second
    assert await stand.ask(rests_s) is first


@pytest.mark.parametrize(("symptom", "verdict"), ANOTHER)
async def test_another_is_asked_and_the_first_is_not_blamed(
    stand: Stand, symptom: Symptom, verdict: type[HedgewatchError]
) -> None:
    stand.symptom = symptom
    assert type(await stand.verdict()) is verdict
    first, second = stand.ends
    assert await stand.ask(0) is second
    stand.symptom = None
    assert await stand.ask(0) is first


async def test_where_no_endpoint_keeps_the_state_that_is_told_and_is_never_zero(
    stand: Stand,
) -> None:
    stand.symptom = error(-32000, "missing trie node 7f3a")
    stand.nodes[1].script = stand.nodes[0].script
    with pytest.raises(Transient, match=r"keeps no state that old.*; .*keeps no state that old"):
        await stand.ask(0)


@pytest.mark.parametrize("symptom", HALVES)
async def test_a_batch_too_heavy_is_halved_on_the_same_endpoint(
    scripted_node: Any, symptom: Symptom
) -> None:
    calls = [Call(CONTRACT, bytes([number])) for number in range(8)]
    sizes: list[int] = []

    async def script(_method: str, params: list[Any]) -> Any:
        asked = params[0]["data"]
        size = next(n for n in (8, 4, 2, 1) if asked.count(CONTRACT[2:]) == n)
        sizes.append(size)
        if size > 2:
            return symptom.response()
        return {"result": aggregate(size)}

    scripted_node.script = script
    endpoint = Endpoint(secret_url(scripted_node.url), timeout_s=5)
    pinned = Pinned(endpoint=endpoint, multicall=CONTRACT, block=7)
    answers = await pinned.ask_once(calls)
    assert [answer.ok for answer in answers] == [True] * 8
    assert sizes == [8, 4, 2, 2, 4, 2, 2]
    await endpoint.close()


def aggregate(count: int) -> str:
    """Return what Multicall3 answers where each of `count` calls returned one zero word."""
    words = [32, count, *(32 * count + 128 * n for n in range(count))]
    for _ in range(count):
        words += [1, 64, 32, 0]
    raw = b"".join(word.to_bytes(32, "big") for word in words)
    assert len(split_aggregate3(raw, count)) == count
    return "0x" + raw.hex()


@pytest.mark.parametrize("symptom", STAYS)
async def test_a_revert_is_the_contract_s_own_answer_and_nobody_else_is_asked(
    stand: Stand, symptom: Symptom
) -> None:
    stand.symptom = symptom
    with pytest.raises(Reverted, match="Invalid token ID"):
        await stand.ask(0)
    assert stand.nodes[1].asked == []
    stand.symptom = None
    assert await stand.ask(0) is stand.ends[0]


@pytest.mark.parametrize("symptom", SHRINKS)
async def test_a_range_of_logs_shrinks_on_the_same_endpoint_and_is_remembered(
    stand: Stand, symptom: Symptom
) -> None:
    widths: list[int] = []

    async def script(_method: str, params: list[Any]) -> Any:
        widths.append(int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1)
        return symptom.response() if widths[-1] > allowed else {"result": []}

    first, second = stand.ends
    stand.nodes[0].script = script
    scan, allowed = LogScan(CHAIN), 400
    span = Span(manager=CONTRACT, token_ids=(1,), first=1, last=20_001)
    assert (await scan.read(first, span, most=99)).next_block == 1  # the caller may know better
    assert widths == [20_001]
    found = await scan.read(first, span, most=6)
    assert list(dict.fromkeys(widths)) == [20_001, 10_000, 1_000, 500, 250]
    assert (found.next_block, first.log_width, second.log_width) == (751, 250, None)
    del widths[:]
    await scan.read(first, span, most=1)
    assert set(widths) == {250}
    allowed = 49
    with pytest.raises(RangeTooWide):
        await scan.read(first, span, most=99)
    assert (widths[-1], second.requests_made) == (50, 0)


async def test_logs_are_never_asked_for_past_the_block_the_same_endpoint_has_shown(
    devnet: Devnet, scripted_node: Any, reader_on: Any
) -> None:
    shown: list[int] = []

    async def script(method: str, params: list[Any]) -> Any:
        told = await scripted_node.forward(devnet.url, method, params)
        if method == "eth_getBlockByNumber":
            shown.append(int(told["result"]["number"], 16))
        if method == "eth_getLogs":
            assert int(params[0]["toBlock"], 16) <= max(shown)
        return told

    scripted_node.script = script
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    reader = await reader_on(devnet, {"nft": (token_id,)}, rpc=(scripted_node.url,), behind=1)
    await devnet.mine()
    assert (await reader.snapshot(NOON)).positions[0].basis is not None
    asked = [method for method, _ in scripted_node.asked]
    assert "eth_getLogs" in asked
    # The head is a block with its hash and time, never a bare number that another backend told.
    assert "eth_blockNumber" not in asked


async def test_another_chain_behind_the_url_is_passed_over_until_it_is_the_right_one(
    stand: Stand,
) -> None:
    sound = stand.nodes[1].script

    async def another(method: str, params: list[Any]) -> Any:
        return {"result": "0xa"} if method == "eth_chainId" else await sound(method, params)

    stand.nodes[0].script = another
    assert await stand.ask(0) is stand.ends[1]
    assert [method for method, _ in stand.nodes[0].asked] == ["eth_chainId"]
    stand.nodes[0].script = sound
    assert await stand.ask(10) is stand.ends[0]


ALL = [one.values[0] for one in (*RESTS, *ANOTHER, *HALVES, *STAYS, *SHRINKS)]


@pytest.mark.parametrize("echo", [False, True], ids=["plain", "a node that repeats the URL"])
async def test_no_row_tells_a_key(
    stand: Stand, caplog: pytest.LogCaptureFixture, echo: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    url = secret_url(stand.nodes[0].url).reveal()
    stand.nodes[1].script = stand.nodes[0].script
    for symptom in ALL:
        stand.symptom = symptom
        if echo and symptom.text is None and "error" in symptom.told:
            said = symptom.told["error"]
            repeated = {"error": said | {"message": f"{said['message']} at {url}"}}
            stand.symptom = Symptom(status=symptom.status, told=repeated)
        elif echo and symptom.text is not None:
            stand.symptom = http(symptom.status, f"{symptom.text} {url}")
        failed = await stand.verdict()
        told += [str(failed), repr(failed), *traceback.format_exception(failed)]
        with pytest.raises(HedgewatchError):
            await stand.endpoints.first_that_works(
                lambda endpoint: endpoint.eth_call(CONTRACT, "0x01", 7), NOON
            )
    told += [repr(one) for one in stand.endpoints.health(NOON)]
    told += [caplog.text]
    assert [text for text in told for key in KEYS if key in text] == []


@pytest.mark.parametrize(
    "label", ["0123456789abcdef0123456789abcdef", "123e4567-e89b-12d3-a456-426614174000"]
)
async def test_a_key_in_a_host_s_name_is_told_nowhere(
    scripted_node: Any, caplog: pytest.LogCaptureFixture, label: str
) -> None:
    caplog.set_level(logging.DEBUG)
    hidden = Endpoint(Secret(f"http://{label}.invalid:1/", "env:ETH_RPC_URL"), timeout_s=5)
    with pytest.raises(Transient, match=re.escape("….invalid:1 cannot be reached")) as caught:
        await hidden.call("eth_chainId")
    told = [str(caught.value), repr(hidden), *traceback.format_exception(caught.value)]

    async def repeats(_method: str, _params: list[Any]) -> Any:
        message = f"no route to https://{label}.node.example/ or {label}.invalid"
        return {"error": {"code": -32603, "message": message}}

    scripted_node.script = repeats
    endpoint = Endpoint(Secret(scripted_node.url), timeout_s=5)
    with pytest.raises(Transient, match="no route to") as caught:
        await endpoint.call("eth_chainId")
    told += [str(caught.value), *traceback.format_exception(caught.value)]
    told += [RedactingFormatter("%(message)s").format(record) for record in caplog.records]
    assert [text for text in told if label in text] == []
    await hidden.close()
    await endpoint.close()
