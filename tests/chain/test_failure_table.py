"""What is done about each way a node fails: a row a symptom, with verdict and action.

Two endpoints, the first of which fails in the row's way. Rests: it is not asked for so
long, and the second serves meanwhile. Another: the second serves, the first is well.
Shrinks and halves: the first serves after all. Stays: the answer is everybody's.
"""

import logging
import re
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.chain.endpoints import Endpoints
from monitor.chain.events import LogScan, Span
from monitor.chain.failures import (
    NoBlock,
    NoHistory,
    NotOffered,
    RangeTooWide,
    Reverted,
    TooHeavy,
)
from monitor.chain.heads import Heads, Target
from monitor.chain.multicall import Pinned
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.chain.words import Call, split_aggregate3
from monitor.devnet.local_chain import Devnet
from monitor.errors import HedgewatchError, Transient
from monitor.logs import RedactingFormatter, Secret
from tests.chain.symptoms import (
    ANOTHER,
    HALVES,
    KEYS,
    RESTS,
    SHRINKS,
    STAYS,
    Symptom,
    error,
    http,
    secret_url,
)

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


@pytest.mark.parametrize(("symptom", "steps"), SHRINKS)
async def test_a_range_of_logs_shrinks_on_the_same_endpoint_and_is_remembered(
    stand: Stand, symptom: Symptom, steps: tuple[int, ...]
) -> None:
    widths: list[int] = []
    allowed = 400

    async def script(_method: str, params: list[Any]) -> Any:
        widths.append(int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1)
        return symptom.response() if widths[-1] > allowed else {"result": []}

    first, second = stand.ends
    stand.nodes[0].script = script
    scan = LogScan(CHAIN)
    span = Span(manager=CONTRACT, token_ids=(1,), first=1, last=20_001)
    assert (await scan.read(first, span, most=99)).next_block == 1  # the caller may know better
    assert widths == [20_001]
    found = await scan.read(first, span, most=len(steps) + 2)
    assert tuple(dict.fromkeys(widths)) == (20_001, *steps)
    assert found.next_block == 1 + 3 * steps[-1]
    assert (first.log_width, second.log_width) == (steps[-1], None)
    del widths[:]
    await scan.read(first, span, most=1)
    assert set(widths) == {steps[-1]}
    allowed = 9
    with pytest.raises((RangeTooWide, TooHeavy)):
        await scan.read(first, span, most=99)
    assert (widths[-1], second.requests_made) == (min(50, steps[-1]), 0)


@pytest.mark.parametrize(
    ("symptom", "verdict"),
    [
        pytest.param(error(-32005, "project ID request rate exceeded"), Transient, id="the rate"),
        pytest.param(error(-32005, "daily request count exceeded"), Transient, id="the day's"),
        pytest.param(error(-32000, "monthly capacity limit exceeded"), Transient, id="the month's"),
        pytest.param(
            error(-32602, "block range extends beyond current head block"), NoBlock, id="the head"
        ),
        pytest.param(
            error(-32000, "requested from block 9 after last accepted block 7"), NoBlock,
            id="the last accepted",
        ),
        pytest.param(error(-32601, "no such method"), NotOffered, id="no method"),
        pytest.param(
            error(-32000, "the method eth_getLogs is not available"), NotOffered, id="unavailable"
        ),
        pytest.param(error(4444, "pruned history unavailable"), NoHistory, id="pruned"),
    ],
)  # fmt: skip
async def test_a_refusal_of_logs_that_does_not_mean_the_range_narrows_nothing(
    stand: Stand, symptom: Symptom, verdict: type[HedgewatchError]
) -> None:
    stand.symptom = symptom
    scan = LogScan(CHAIN)
    span = Span(manager=CONTRACT, token_ids=(1,), first=1, last=20_001)
    with pytest.raises(HedgewatchError) as caught:
        await scan.read(stand.ends[0], span, most=9)
    assert type(caught.value) is verdict
    assert scan.width(stand.ends[0]) is None


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


def block(number: int) -> dict[str, str]:
    """Return the header of a block that was stamped 12 seconds after the one before."""
    return {
        "number": hex(number),
        "hash": f"0x{number:064x}",
        "parentHash": f"0x{number - 1:064x}",
        "timestamp": hex(int(NOON.timestamp()) + (number - 10_000) * 12),
    }


# (blocks that the first endpoint's head goes back, whether it is put aside for it)
BACKWARDS = [
    pytest.param(1, False, id="one block back is another backend's head"),
    pytest.param(3, False, id="three blocks back is, too"),
    pytest.param(6, True, id="more than a minute back is put aside"),
    pytest.param(8_000, True, id="8,000 blocks back is put aside"),
]


@pytest.mark.parametrize(("back", "aside"), BACKWARDS)
async def test_a_head_that_goes_backwards_is_never_followed_and_another_serves(
    stand: Stand, back: int, aside: bool
) -> None:
    newest = [10_000, 10_000]

    def script(which: int) -> Any:
        async def answer(method: str, params: list[Any]) -> Any:
            if method == "eth_chainId":
                return {"result": "0x1"}
            named = params[0] == "latest"
            return {"result": block(newest[which] if named else int(params[0], 16))}

        return answer

    for which, node in enumerate(stand.nodes):
        node.script = script(which)
    first, second = stand.ends
    heads = Heads(0)

    async def read(at: datetime) -> tuple[Endpoint, int]:
        async def work(endpoint: Endpoint) -> tuple[Endpoint, Target]:
            return endpoint, await heads.target(
                endpoint, lambda one, head: stand.endpoints.weigh(one, head, at)
            )

        endpoint, target = await stand.endpoints.first_that_works(work, at)
        heads.remember(target)
        return endpoint, target.block.number

    assert await read(NOON) == (first, 10_000)
    newest[:] = [10_000 - back, 10_001]
    assert await read(NOON + timedelta(seconds=12)) == (second, 10_001)
    health, _ = stand.endpoints.health(NOON + timedelta(seconds=12))
    # No failure of its own: it does not rest, and is put aside while it lags.
    assert (health.resting_why, health.quarantined_why != "") == ("", aside)
    newest[:] = [10_002, 10_001]
    assert await read(NOON + timedelta(seconds=30)) == (first, 10_002)


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
