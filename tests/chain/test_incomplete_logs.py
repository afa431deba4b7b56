"""Logs that do not come to what a position holds, and what is unknown while nobody tells more."""

from fractions import Fraction
from typing import Any

import pytest

from monitor.amm.measure import measure
from tests.chain.pairs import (
    HOUR,
    NOON,
    Fault,
    Node,
    after,
    at_logs,
    grown,
    only,
    reader_of,
    taken,
)
from tests.chain.symptoms import Symptom, error, http


def emptied(times: float = float("inf")) -> Fault:
    """Answer so many requests for logs with none at all."""
    left = [times]

    def fault(method: str, _params: list[Any]) -> dict[str, Any] | None:
        if method != "eth_getLogs" or left[0] <= 0:
            return None
        left[0] -= 1
        return {"jsonrpc": "2.0", "id": 1, "result": []}

    return fault


@pytest.mark.parametrize("times", [1, float("inf")])
async def test_empty_logs_are_a_failure_of_that_endpoint_and_the_next_is_asked(
    pair: tuple[Node, Node], reader_on: Any, times: float
) -> None:
    first, second = pair
    first.fault = emptied(times)
    reader = await reader_of(reader_on, pair)
    position = await only(reader, NOON)
    assert position.basis is not None, position.basis_note
    assert second.logs
    assert "are not all the position's" in reader.health(NOON)[0].logs_resting_why


async def test_empty_logs_of_a_later_deposit_do_not_cost_the_basis(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    first, _ = pair
    reader = await reader_of(reader_on, pair)
    position = await only(reader, NOON)
    assert position.basis is not None
    for step in (1, 2):
        first.fault = emptied()
        await grown(pair, position)
        later = await only(reader, after(12 * step))
        assert later.basis is not None, later.basis_note
        assert later.basis.liquidity == later.liquidity > position.liquidity
    assert later.basis.hodl0 > position.basis.hodl0


@pytest.mark.parametrize("settings", [{}, {"start_block": 0}])
async def test_one_endpoint_whose_first_answer_is_empty_is_asked_again_ever_more_seldom(
    pair: tuple[Node, Node], reader_on: Any, settings: dict[str, Any]
) -> None:
    alone = pair[:1]
    alone[0].fault = emptied()
    reader = await reader_of(reader_on, alone, **settings)
    asked = []
    for second in (0, 9, 10, 29, 30):
        position = await only(reader, after(second))
        assert "the deposits found make liquidity 0" in position.basis_note
        assert "state an [[entry]]" in position.basis_note
        asked.append(alone[0].logs)
        await alone[0].devnet.mine()
    assert asked[0] == asked[1] < asked[2] == asked[3] < asked[4]
    alone[0].fault = lambda _method, _params: None
    assert (await only(reader, after(HOUR + 30))).basis is not None


async def test_an_entry_is_called_for_only_once_every_endpoint_tells_too_little(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    first, second = pair
    first.fault, second.fault = emptied(), at_logs(http(503))
    reader = await reader_of(reader_on, pair)
    note = (await only(reader, NOON)).basis_note
    assert "are not all the position's" in note
    assert "503" in note
    assert "[[entry]]" not in note
    second.fault = emptied()
    for hour in (1, 2, 3):
        await first.devnet.mine()
        note = (await only(reader, after(hour * HOUR))).basis_note
        assert "state an [[entry]]" in note
    asked = first.count("eth_getLogs"), len(second.scripted.asked)
    for seconds in (1, 2):
        await first.devnet.mine()
        assert "[[entry]]" in (await only(reader, after(3 * HOUR + seconds))).basis_note
    assert (first.logs, len(second.scripted.asked)) == asked
    second.fault = lambda _method, _params: None
    await first.devnet.mine()
    assert (await only(reader, after(5 * HOUR))).basis is not None


async def test_a_start_block_after_one_mint_costs_no_other_position_its_basis(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    devnet = pair[0].devnet
    owner = devnet.deployment.wallets[0]
    old = await devnet.mint(owner, 200, 300)
    start = (await devnet.head()).number + 1
    young = await devnet.mint(owner, 200, 300)
    urls = tuple(one.scripted.url for one in pair)
    reader = await reader_on(devnet, {"nft": (old, young)}, rpc=urls, start_block=start)
    for second in (0, 60, HOUR, 30 * HOUR):
        told = {one.token_id: one for one in (await taken(reader, after(second))).positions}
        assert told[young].basis is not None
        assert "an earlier start_block" in told[old].basis_note
        await devnet.mine()


async def test_logs_that_lack_a_collect_are_had_from_the_next_endpoint(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    first, _ = pair
    reader = await reader_of(reader_on, pair)
    await first.devnet.swap_volume(1_000_000)
    position = await only(reader, NOON)
    first.fault = emptied()
    paid = await first.devnet.collect(position.token_id)
    later = await only(reader, after(12))
    assert later.basis is not None
    assert (later.basis.collected0, later.basis.collected1) == paid


async def test_a_collect_that_the_logs_lack_after_a_failure_is_read_once_they_tell_it(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    alone = pair[:1]
    first = alone[0]
    reader = await reader_of(reader_on, alone)
    position = await only(reader, NOON)
    await first.devnet.rpc.call("anvil_mine", hex(70))  # final, and not looked at again
    assert (await only(reader, after(12))).basis is not None
    await first.devnet.swap_volume(1_000_000)
    paid = await first.devnet.collect(position.token_id)
    first.fault = at_logs(http(503))
    assert "503" in (await only(reader, after(24))).basis_note
    await first.devnet.mine()
    first.fault = emptied()
    assert (await only(reader, after(60))).basis is not None
    await first.devnet.mine()
    first.fault = lambda _method, _params: None
    later = await only(reader, after(HOUR))
    assert later.basis is not None
    assert (later.basis.collected0, later.basis.collected1) == paid
    asked = first.logs
    await first.devnet.mine()
    assert (await only(reader, after(HOUR + 12))).basis == later.basis
    assert first.logs == asked


async def test_a_change_taken_back_before_it_was_read_leaves_the_position_known(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    alone = pair[:1]
    first = alone[0]
    reader = await reader_of(reader_on, alone)
    position = await only(reader, NOON)
    await first.devnet.rpc.call("anvil_mine", hex(70))
    settled = (await only(reader, after(12))).basis
    assert settled is not None
    before = await first.devnet.snapshot()
    await grown(alone, position)
    first.fault = at_logs(http(503))
    assert (await only(reader, after(24))).basis is None
    await first.devnet.revert(before)
    for second in (60, 72):
        await first.devnet.mine()
        await only(reader, after(second))
    first.fault = lambda _method, _params: None
    await first.devnet.mine()
    assert (await only(reader, after(HOUR))).basis == settled


async def test_a_long_reading_that_ends_short_begins_afresh_at_the_next_endpoint(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    """Its polls are many: the parts of two endpoints are never put together."""
    first, second = pair
    await first.devnet.rpc.call("anvil_mine", hex(150))
    narrow = at_logs(error(-32000, "too wide blocks range, the limit is 10"))

    def fault(method: str, params: list[Any]) -> Symptom | dict[str, Any] | None:
        asked = params[0] if method == "eth_getLogs" else {}
        wide = asked and int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) >= 10
        return narrow(method, params) if wide else None

    def empty(method: str, params: list[Any]) -> Symptom | dict[str, Any] | None:
        return fault(method, params) or emptied()(method, params)

    first.fault, second.fault = empty, fault
    reader = await reader_of(reader_on, pair, start_block=0)
    for poll in range(12):
        position = await only(reader, after(12 * poll))
        if position.basis is not None:
            break
        await first.devnet.mine()
    assert position.basis is not None, position.basis_note


async def test_withdrawn_principal_is_no_fee_where_nobody_tells_events(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    for one in pair:
        one.fault = at_logs(error(-32601, "the method eth_getLogs does not exist"))
    reader = await reader_of(reader_on, pair)
    before = await taken(reader, NOON)
    (whole,) = before.positions
    total = measure(whole, before.pools[0]).total.token1
    await pair[0].devnet.decrease(whole.token_id, fraction=Fraction(1, 2))
    snapshot = await taken(reader, after(12))
    (position,) = snapshot.positions
    told = measure(position, snapshot.pools[0])
    assert (told.fees, told.fees0, told.fees1) == (None, 0, 0)
    assert told.total.token1 == pytest.approx(total, rel=1e-9)  # it is the owner's all the same
    for one in pair:
        one.fault = lambda _method, _params: None
    await pair[0].devnet.mine()
    snapshot = await taken(reader, after(2 * HOUR))
    known = measure(snapshot.positions[0], snapshot.pools[0])
    assert known.fees is not None
    assert known.fees.token1 == 0
