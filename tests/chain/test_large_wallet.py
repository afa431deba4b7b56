"""Wallets of thousands of NFTs, nearly all closed: constructed answers of a manager."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.chain.listing import REQUESTS_A_POLL
from monitor.chain.multicall import CALLS_A_REQUEST
from monitor.chain.reader import ChainReader, chain_reader
from monitor.chain.settings import ChainSettings, WatchSettings
from monitor.chain.wallets import ASLEEP_A_POLL
from monitor.errors import Transient
from monitor.model.observation import Snapshot

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANAGER, FACTORY, POOL, TOKEN0, TOKEN1, MINE, YOURS = (f"0x{digit * 40}" for digit in "1234567")
NOBODY = "0x" + "0" * 40
MANY = 7_000
FEWER = 1_000
NPM, POOLS = "nonfungible_position_manager", "uniswap_v3_pool"
ZERO = {
    "liquidity": (1,),
    "feeGrowthGlobal0X128": (0,),
    "feeGrowthGlobal1X128": (0,),
    "ticks": (1, 1, 0, 0, 0, 0, 0, True),
    "slot0": (2**96, 0, 0, 1, 1, 0, True),
    "tickSpacing": (60,),
    "fee": (3000,),
    "token0": (TOKEN0,),
    "token1": (TOKEN1,),
}


@dataclass
class Book:
    """One wallet's NFTs in the order its manager lists them, and which have liquidity."""

    mine: list[int] = field(default_factory=lambda: list(range(1, MANY + 1)))
    others: set[int] = field(default_factory=set)
    liquid: set[int] = field(default_factory=lambda: {5, 3_000, MANY})
    named: int = 0
    looked: int = 0

    def contracts(self) -> Any:
        token = {("erc20", "decimals"): lambda: (6,), ("erc20", "symbol"): lambda: ("USDC",)}
        return {
            MANAGER: {
                (NPM, "factory"): lambda: (FACTORY,),
                (NPM, "balanceOf"): lambda _: (len(self.mine),),
                (NPM, "tokenOfOwnerByIndex"): self.at,
                (NPM, "ownerOf"): self.owner,
                (NPM, "positions"): self.position,
            },
            FACTORY: {("uniswap_v3_factory", "getPool"): lambda *_: (POOL,)},
            POOL: {(POOLS, name): lambda *_, told=told: told for name, told in ZERO.items()},
            TOKEN0: token,
            TOKEN1: token,
        }

    def at(self, _: str, index: int) -> tuple[int]:
        self.named += 1
        return (self.mine[index],)

    def owner(self, one: int) -> Any:
        if one in self.others:
            return (YOURS,)
        return (MINE,) if one <= MANY + 1 else "ERC721: owner query for nonexistent token"

    def position(self, one: int) -> Any:
        self.looked += 1
        liquidity = 10**6 if one in self.liquid else 0
        return (0, NOBODY, TOKEN0, TOKEN1, 3000, -60, 60, liquidity, 0, 0, 0, 0)


@pytest.fixture
def book(canned: Any) -> Book:
    made = Book()
    canned.at = made.contracts()
    return made


@pytest.fixture
async def reader(canned: Any) -> AsyncIterator[ChainReader]:
    settings = ChainSettings(
        rpc=(canned.node.url,), chain_id=canned.chain_id, manager=MANAGER, behind=0
    )
    watches = [WatchSettings(chain="devnet", wallet=MINE)]
    async with chain_reader("devnet", settings, watches=watches) as made:
        yield made


async def taken(reader: ChainReader, canned: Any) -> Snapshot:
    canned.head += 1
    snapshot = await reader.snapshot(NOON)
    assert snapshot is not None
    return snapshot


async def settled(reader: ChainReader, canned: Any) -> Snapshot:
    """Return the first snapshot for which the whole wallet was listed and looked through."""
    for _ in range(8):
        snapshot = await taken(reader, canned)
        if not snapshot.missing:
            return snapshot
    raise AssertionError(snapshot.missing)


async def test_seven_thousand_are_listed_over_three_polls_and_cost_a_request_then(
    canned: Any, book: Book, reader: ChainReader
) -> None:
    told, most = [], 0
    for _ in range(4):
        before = reader.requests_made
        snapshot = await taken(reader, canned)
        most = max(most, reader.requests_made - before)
        told += [one.reason.partition(" positions")[0] for one in snapshot.missing]
        if not snapshot.missing:
            break
    assert told == ["6000 of the 7000", "2200 of the 7000"]
    assert [one.token_id for one in snapshot.positions] == [5, 3_000, MANY]
    assert (book.named, most <= REQUESTS_A_POLL + 20) == (MANY, True)
    before, canned.calls, book.looked = reader.requests_made, 0, 0
    snapshot = await taken(reader, canned)
    assert reader.requests_made - before <= 3  # the head, the batch, the closed ones' turn
    assert book.looked == 3 + ASLEEP_A_POLL
    assert canned.calls < CALLS_A_REQUEST


async def test_while_it_is_listed_the_wallet_is_said_to_be_unknown(
    canned: Any, book: Book, reader: ChainReader
) -> None:
    assert len(book.mine) == MANY
    (missing,) = (await taken(reader, canned)).missing
    assert (missing.wallet, missing.gone) == (True, False)
    assert missing.reason == f"6000 of the 7000 positions of {MINE} are listed"


async def test_what_was_listed_outlasts_a_failure(
    canned: Any, book: Book, reader: ChainReader
) -> None:
    await taken(reader, canned)
    honest, canned.node.script = canned.node.script, None

    async def broken(*_: object) -> dict[str, Any]:
        return {"error": {"code": -32000, "message": "header not found"}}

    canned.node.script = broken
    with pytest.raises(Transient):
        await taken(reader, canned)
    canned.node.script = honest
    await settled(reader, canned)
    assert book.named == MANY  # none twice


async def test_a_closed_one_that_gets_liquidity_again_is_noticed_within_its_turn(
    canned: Any, book: Book, reader: ChainReader
) -> None:
    book.mine, book.liquid = list(range(1, FEWER + 1)), {5}
    await settled(reader, canned)
    for woken in (777, 6):
        before = len((await taken(reader, canned)).positions)
        book.liquid.add(woken)
        polls = 1
        while len((await taken(reader, canned)).positions) == before:
            polls += 1
        assert polls <= -(-FEWER // ASLEEP_A_POLL)


async def test_with_few_closed_ones_all_are_looked_at_in_every_batch(
    canned: Any, book: Book, reader: ChainReader
) -> None:
    book.mine, book.liquid = list(range(1, 101)), {5}
    assert len((await settled(reader, canned)).positions) == 1
    book.liquid = {5, 77}
    before = reader.requests_made
    snapshot = await taken(reader, canned)
    assert [one.token_id for one in snapshot.positions] == [5, 77]
    await taken(reader, canned)
    before = reader.requests_made
    await taken(reader, canned)
    assert reader.requests_made - before == 2


async def test_a_closed_one_that_leaves_as_another_comes_is_noticed_within_its_turn(
    canned: Any, book: Book, reader: ChainReader
) -> None:
    book.mine, book.liquid = list(range(1, FEWER + 1)), {5}
    await settled(reader, canned)
    # As a manager does it: the new one is appended, then takes the place of the one that leaves.
    book.mine[1] = 7_001
    book.others.add(2)
    book.liquid.add(7_001)
    for _ in range(-(-FEWER // ASLEEP_A_POLL) + 1):
        snapshot = await taken(reader, canned)
    assert [one.token_id for one in snapshot.positions] == [5, 7_001]


async def test_a_move_in_the_midst_of_listing_is_not_lost(
    canned: Any, book: Book, reader: ChainReader
) -> None:
    await taken(reader, canned)
    # The last one, not read yet, moves to the place of one read already, which is sold; and
    # a new one keeps the count as it was.
    last = book.mine.pop()
    book.mine[2] = last
    book.others.add(3)
    book.mine.append(7_001)
    book.liquid |= {3, 7_001}
    for _ in range(5):
        snapshot = await taken(reader, canned)
    assert [one.token_id for one in snapshot.positions] == [5, 3_000, MANY, 7_001]


async def test_what_a_listing_in_parts_passed_over_is_not_told_gone(
    canned: Any, book: Book, reader: ChainReader
) -> None:
    book.mine, book.liquid = [one for one in range(1, FEWER + 1) if one != 5] + [5], {5}
    assert [one.token_id for one in (await settled(reader, canned)).positions] == [5]
    book.mine.append(7_001)
    honest, book.named = canned.script, 0

    async def broken_midway(method: str, params: list[Any]) -> dict[str, Any]:
        if book.named == CALLS_A_REQUEST:
            return {"error": {"code": -32000, "message": "header not found"}}
        told: dict[str, Any] = await honest(method, params)
        return told

    canned.node.script = broken_midway
    with pytest.raises(Transient):
        await taken(reader, canned)
    canned.node.script = honest
    for slot in (2, 3):  # both are sold, and the last ones take their places, listed already
        book.others.add(book.mine[slot])
        book.mine[slot] = book.mine.pop()
    book.mine += [7_002, 7_003]
    for _ in range(3):
        snapshot = await taken(reader, canned)
        assert [one.token_id for one in snapshot.positions] == [5]
        assert [one.reason for one in snapshot.missing if one.gone] == []


async def test_what_goes_to_a_watched_wallet_that_is_yet_to_be_listed_is_not_told_gone(
    canned: Any, book: Book
) -> None:
    theirs, book.mine, book.liquid = list(range(10, MANY)), [1, 2], {1, 2}
    held = {MINE.lower(): book.mine, YOURS.lower(): theirs}
    canned.at[MANAGER] |= {
        (NPM, "balanceOf"): lambda who: (len(held[who.lower()]),),
        (NPM, "tokenOfOwnerByIndex"): lambda who, index: (held[who.lower()][index],),
    }
    settings = ChainSettings(
        rpc=(canned.node.url,), chain_id=canned.chain_id, manager=MANAGER, behind=0
    )
    watches = [WatchSettings(chain="devnet", wallet=one) for one in (MINE, YOURS)]
    async with chain_reader("devnet", settings, watches=watches) as reader:
        await settled(reader, canned)
        theirs.append(book.mine.pop())
        book.others.add(2)
        snapshot = await taken(reader, canned)
        assert [(one.token_id, one.owner) for one in snapshot.positions] == [(1, MINE), (2, YOURS)]
        assert [one.gone for one in snapshot.missing] == [False]
        await settled(reader, canned)


async def test_emptied_while_watched_a_position_is_still_shown(
    canned: Any, book: Book, reader: ChainReader
) -> None:
    book.mine, book.liquid = [1, 2], {1, 2}
    assert len((await taken(reader, canned)).positions) == 2
    book.liquid = {1}
    snapshot = await taken(reader, canned)
    assert [(one.token_id, one.liquidity) for one in snapshot.positions] == [(1, 10**6), (2, 0)]


async def test_what_is_ignored_costs_no_listing(canned: Any, book: Book) -> None:
    book.mine, book.liquid = [1, 2, 3], {1, 2}
    settings = ChainSettings(
        rpc=(canned.node.url,), chain_id=canned.chain_id, manager=MANAGER, behind=0
    )
    watches = [WatchSettings(chain="devnet", wallet=MINE, ignore=(2,))]
    async with chain_reader("devnet", settings, watches=watches) as reader:
        assert [one.token_id for one in (await taken(reader, canned)).positions] == [1]
        await taken(reader, canned)
        before, book.named = reader.requests_made, 0
        await taken(reader, canned)
        assert (reader.requests_made - before, book.named) == (2, 0)
