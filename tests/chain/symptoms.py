"""What a failing node sends, a row a symptom, with the verdict on it."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from monitor.chain.failures import EmptyAnswer, EndpointRefused, NoHistory, NotOffered, NotThere
from monitor.errors import Transient
from monitor.logs import Secret

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


def error(code: int, message: str, data: object = None, status: int = 200) -> Symptom:
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
        ("null is no answer", result(None), NotThere, 10),
        ("HTML with HTTP 200 is no answer", http(200, HTML), Transient, 10),
        ("nothing with HTTP 200 is no answer", http(200, ""), Transient, 10),
        ("-32601 on everything", error(-32601, "no method eth_call"), NotOffered, 10),
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
BY_STEPS = (10_000, 1_000, 500, 250)
# Refusals of a range of 20,001 blocks by a node that gives 400: the widths asked for next.
# A number of blocks that the words state is taken; one of results says nothing of blocks.
SHRINKS = [
    pytest.param(symptom, widths, id=name)
    for name, symptom, widths in (
        ("-32602 results", error(-32602, "query returned more than 10000 results"), BY_STEPS),
        ("-32701", error(-32701, "Please specify less number of addresses"), BY_STEPS),
        ("-32005 results", error(-32005, "query returned more than 10000 results"), BY_STEPS),
        ("a query timeout", error(-32000, "query timeout exceeded"), BY_STEPS),
        ("-32005 limit exceeded", error(-32005, "limit exceeded"), BY_STEPS),
        ("too many logs", error(-32000, "query returns too many logs, narrow your filter: 20000"),
         BY_STEPS),
        ("a request timeout", error(-32000, "request timed out"), BY_STEPS),
        ("a deadline", error(-32000, "context deadline exceeded"), BY_STEPS),
        ("a log query's time", error(-32000, "log query timed out"), BY_STEPS),
        ("too many results", error(-32000, "too many results"), BY_STEPS),
        ("logs matched", error(-32000, "logs matched by query exceeds limit of 10000"), BY_STEPS),
        ("results and a hint",
         error(-32602, "query exceeds max results 20000, retry with the range 1-9"), BY_STEPS),
        ("a response too large", error(-32008, "Response is too big"), BY_STEPS),
        ("HTTP 413", http(413), BY_STEPS),
        ("a 1000 blocks range", error(-32000, "limited to a 1000 blocks range"),
         (1_000, 500, 250)),
        ("1024 with HTTP 400", error(-32602, "block range limit is 1024", status=400),
         (1_024, 1_000, 500, 250)),
        ("Avalanche's maximum",
         error(-32000, "requested too many blocks from 1 to 20001, maximum is set to 2048"),
         (2_048, 1_000, 500, 250)),
        ("Infura's limit", error(-32602, "range 20001 exceeds limit of 10000"), BY_STEPS),
        ("Tenderly's, told in data",
         error(-32602, "no", {"payload": "range 20001 is bigger than range limit 2000"}),
         (2_000, 1_000, 500, 250)),
        ("Erigon's",
         error(-32000, "query block range exceeds server limit, narrow your filter: 1000"),
         (1_000, 500, 250)),
        ("Polygon's cdk", error(-32005, "block range too large, max range: 3000"),
         (3_000, 1_000, 500, 250)),
        ("reth's", error(-32602, "query exceeds max block range 100000"), BY_STEPS),
        ("Base's", error(-32614, "eth_getLogs is limited to a 10,000 range"), BY_STEPS),
        ("1rpc's", error(-32000, "eth_getLogs is limited to 0 - 50 blocks range"), (50,)),
        ("Cronos's", error(-32000, "maximum [from, to] blocks distance: 2000"),
         (2_000, 1_000, 500, 250)),
        ("Sonic's", error(-32000, "too wide blocks range, the limit is 100"), (100,)),
        ("Harmony's", error(-32000, "GetLogs query must be smaller than size 1024"),
         (1_024, 1_000, 500, 250)),
        ("Flare's, narrower than fifty",
         error(-32000, "requested too many blocks from 1 to 20001, maximum is set to 30"), (30,)),
        ("Alchemy's free ten",
         error(-32600, "You can make eth_getLogs requests with up to a 10 block range"), (10,)),
        ("Alchemy's two thousand",
         error(-32602, "Log response size exceeded: up to a 2K block range"),
         (2_000, 1_000, 500, 250)),
        ("dRPC's free tier",
         error(35, "ranges over 10000 blocks are not supported on freetier"), BY_STEPS),
        ("Frontier's", error(-32603, "block range is too wide (maximum 10)"), (10,)),
        ("Ronin's", error(-32000, "please limit the query to at most 500 blocks"), (500, 250)),
    )
]  # fmt: skip


def secret_url(url: str) -> Secret:
    """Return a node's URL with a key in its user, its path and its query."""
    path, query, user = KEYS
    where = url.replace("http://", f"http://me:{user}@")
    return Secret(f"{where}/v2/{path}?apikey={query}", "env:ETH_RPC_URL")
