"""What the ring of read blocks remembers, and what it tells of a chain that turned."""

from datetime import UTC, datetime

from monitor.chain.ring import Linked, Ring
from monitor.model.observation import Block, Reorg

GENESIS = datetime(2026, 1, 1, tzinfo=UTC)


def block(number: int, branch: str = "a") -> Block:
    return Block(number=number, hash=f"0x{branch}{number}", timestamp=GENESIS)


def linked(number: int, branch: str = "a") -> Linked:
    return Linked(block(number, branch), f"0x{branch}{number - 1}")


def ring(*numbers: int, most: int = 256) -> Ring:
    made = Ring(most)
    for number in numbers:
        made.remember(linked(number))
    return made


def test_an_empty_ring_knows_nothing() -> None:
    empty = Ring()
    assert empty.newest is None
    assert (empty.hash_at(1), empty.at_or_below(1), empty.numbers(to=9)) == ("", None, [])


def test_a_block_s_parent_is_known_without_having_been_read() -> None:
    read = ring(5, 9)
    assert [read.hash_at(number) for number in (4, 5, 6, 8, 9)] == [
        "0xa4", "0xa5", "", "0xa8", "0xa9",
    ]  # fmt: skip
    assert [read.at_or_below(number) for number in (3, 4, 5, 7, 8, 20)] == [None, 4, 5, 5, 8, 9]


def test_only_the_newest_are_kept() -> None:
    read = ring(*range(10), most=3)
    assert read.numbers(to=99) == [9, 8, 7]


def test_a_lower_block_read_forgets_what_was_above() -> None:
    read = ring(5, 6, 7)
    read.remember(linked(6, "b"))
    assert (read.numbers(to=99), read.newest) == ([6, 5], block(6, "b"))


def test_what_was_dropped_is_told_oldest_first() -> None:
    read = ring(5, 7, 9)
    assert read.turned(5) == Reorg(ancestor=5, dropped=(block(7), block(9)))


def test_deeper_than_memory_is_all_of_it_from_below_the_oldest() -> None:
    read = ring(5, 7)
    reorg = read.turned(None)
    assert reorg == Reorg(ancestor=4, dropped=(block(5), block(7)))
    read.drop(reorg)
    assert read.newest is None


def test_seeds_come_in_any_order_and_know_no_parents() -> None:
    read = Ring()
    read.seed([block(7), block(5)])
    assert (read.newest, read.numbers(to=9), read.hash_at(6)) == (block(7), [7, 5], "")
