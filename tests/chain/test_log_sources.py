"""Logs from another endpoint than the snapshots', where the first is sound but for them."""

from typing import Any

import pytest

from monitor.chain.checkpoint import MemoryCheckpoints
from tests.chain.pairs import HOUR, NOON, Node, after, at_logs, grown, only, reader_of
from tests.chain.symptoms import Symptom, error, http, result

# What the first endpoint answers to every eth_getLogs, and how long it is not asked again.
WITHOUT = [
    pytest.param(error(-32601, "the method eth_getLogs does not exist"), HOUR, id="no method"),
    pytest.param(http(403), HOUR, id="a plan without logs"),
    pytest.param(error(-32602, "block range is too wide"), 600, id="no range is narrow enough"),
    pytest.param(error(-32005, "limit exceeded"), 600, id="a limit at every width"),
    pytest.param(http(429, wait="600"), 600, id="429 and a wait"),
    pytest.param(error(-32000, "missing trie node 7f3a"), 10, id="no history"),
    pytest.param(http(429), 10, id="429 without a wait"),
    pytest.param(http(503), 10, id="a broken server"),
    pytest.param(result(None), 10, id="null"),
    pytest.param(result({}), 10, id="no list of logs"),
]


@pytest.mark.parametrize(("symptom", "rests_s"), WITHOUT)
async def test_logs_come_from_the_next_endpoint_and_snapshots_stay_where_they_were(
    pair: tuple[Node, Node], reader_on: Any, symptom: Symptom, rests_s: float
) -> None:
    first, second = pair
    first.fault = at_logs(symptom)
    reader = await reader_of(reader_on, pair)
    position = await only(reader, NOON)
    assert position.basis is not None, position.basis_note
    asked, given = first.logs, second.logs
    assert asked
    assert given
    # All that is no log was read from the first, which is none the worse.
    assert second.count("eth_call") == 0
    good, spare = reader.health(NOON)
    assert (good.serving, good.resting_why, spare.serving) == (True, "", False)
    assert good.logs_resting_why != ""

    await grown(pair, position)
    later = await only(reader, after(rests_s - 1))
    assert later.basis is not None
    assert later.basis.hodl0 > position.basis.hodl0
    assert first.logs == asked  # a rest that is asked for, or of our own, is kept
    assert second.logs > given

    first.fault, given = lambda _method, _params: None, second.logs
    await grown(pair, position)
    assert (await only(reader, after(rests_s * 1.2 + 1))).basis is not None
    assert (first.logs > asked, second.logs) == (True, given)
    assert reader.health(after(rests_s * 1.2 + 1))[0].logs_resting_why == ""


async def test_where_no_endpoint_gives_logs_both_are_told_and_the_basis_comes_when_one_does(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    for one in pair:
        one.fault = at_logs(error(-32601, "the method eth_getLogs does not exist"))
    reader = await reader_of(reader_on, pair)
    note = (await only(reader, NOON)).basis_note
    assert note.count("does not offer eth_getLogs") == 2
    await pair[0].devnet.mine()
    assert "it is not asked for logs before 13:" in (await only(reader, after(60))).basis_note
    assert [one.logs for one in pair] == [1, 1]
    pair[1].fault = lambda _method, _params: None
    await pair[0].devnet.mine()
    assert (await only(reader, after(1.2 * HOUR + 1))).basis is not None


async def test_the_only_endpoint_is_left_alone_for_as_long_as_it_asks(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    alone = pair[:1]
    alone[0].fault = at_logs(http(429, wait="600"))
    reader = await reader_of(reader_on, alone)
    for second in (0, 12, 24, 599):
        position = await only(reader, after(second))
        assert "limits the rate (HTTP 429), and asks to wait 600 s" in position.basis_note
        await alone[0].devnet.mine()
    assert alone[0].logs == 1
    alone[0].fault = lambda _method, _params: None
    assert (await only(reader, after(721))).basis is not None


async def test_an_endpoint_that_lacks_the_block_is_asked_for_no_logs_until_it_has_it(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    first, second = pair
    first.fault = at_logs(error(-32601, "the method eth_getLogs does not exist"))
    reader = await reader_of(reader_on, pair)
    head = (await first.devnet.head()).number

    def lagging(method: str, params: list[Any]) -> dict[str, Any] | None:
        if method == "eth_getBlockByNumber" and params[0] == hex(head):
            return {"result": None}
        return None

    second.fault = lagging
    position = await only(reader, NOON)
    assert f"has no block {head}" in position.basis_note
    assert second.logs == 0
    second.fault = lambda _method, _params: None
    await first.devnet.mine()
    assert (await only(reader, after(12))).basis is not None
    # Never past what this very endpoint has shown, and so never past its head.
    assert max(second.read_to) <= max(second.heads)
    assert reader.health(after(12))[1].resting_why == ""


async def test_an_endpoint_on_another_fork_is_asked_for_no_logs(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    first, second = pair
    first.fault = at_logs(http(503))
    reader = await reader_of(reader_on, pair)
    block = (await first.devnet.rpc.call("eth_getBlockByNumber", "latest", False)) | {
        "hash": "0x" + "ab" * 32
    }
    second.fault = lambda method, _params: (
        {"result": block} if method == "eth_getBlockByNumber" else None
    )
    position = await only(reader, NOON)
    assert f"tells another block {int(block['number'], 16)} than was read" in position.basis_note
    assert second.logs == 0


async def test_another_chain_behind_the_second_is_asked_for_no_logs(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    first, second = pair
    first.fault = at_logs(http(503))
    second.fault = lambda method, _params: {"result": "0x1"} if method == "eth_chainId" else None
    reader = await reader_of(reader_on, pair)
    assert (await only(reader, NOON)).basis is None
    assert second.logs == 0
    assert "serves chain id 1" in reader.health(NOON)[1].resting_why


async def test_what_is_kept_is_what_the_endpoint_of_the_logs_calls_final(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    first, second = pair
    first.fault = at_logs(http(503))
    asked_of_first = first.count("eth_getBlockByNumber")
    reader = await reader_of(reader_on, pair, checkpoints=(kept := MemoryCheckpoints()))
    position = await only(reader, NOON)
    assert position.basis is not None
    assert position.basis.provisional
    assert all(one.events == () for one in kept.load(first.devnet.chain_id))
    finals = [params[0] for method, params in second.scripted.asked if "Block" in method]
    assert "finalized" in finals
    assert asked_of_first == 0
    await first.devnet.rpc.call("anvil_mine", hex(70))
    position = await only(reader, after(5))
    assert position.basis is not None
    assert not position.basis.provisional
    assert [len(one.events) for one in kept.load(first.devnet.chain_id)] == [1]


async def test_a_history_too_long_for_one_endpoint_is_had_from_another(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    """A node of narrow ranges says that a history is too long for it; another's are wider."""
    first, second = pair
    await first.devnet.rpc.call("anvil_mine", hex(600))
    first.fault = at_logs(error(-32000, "too wide blocks range, the limit is 1"))
    reader = await reader_of(reader_on, pair, start_block=0)
    position = await only(reader, NOON)
    assert position.basis is not None, position.basis_note
    assert second.logs
