"""Which daemon reads which chain: evenly, by the database's clock, each chain by one alone."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeAlias

import psycopg
import pytest

from monitor.clock import stopwatch, wait
from monitor.errors import ConfigError
from monitor.store.opening import open_divided, reading
from monitor.store.postgres import Divided, open_postgres
from monitor.store.schema import MIGRATIONS

Opener: TypeAlias = Callable[..., Divided]
SHORT_S = 0.3
FOUR = ("arbitrum", "base", "ethereum", "polygon")


@pytest.fixture
def daemon(postgres_url: str, start: datetime) -> Iterator[Opener]:
    """Open what chains are divided by for a daemon of a name, as often as asked."""
    opened: list[Divided] = []

    def opener(name: str, lasts_s: float = 30.0) -> Divided:
        opened.append(open_divided(postgres_url, now=start, name=name, lasts_s=lasts_s))
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


def held(one: Divided) -> set[str]:
    return {share.chain for share in one.shares.held}


def test_one_alone_reads_all_and_gives_up_half_to_a_second(
    daemon: Opener, postgres_url: str
) -> None:
    first, second = daemon("first"), daemon("second")
    assert {share.chain for share in first.shares.deal(FOUR)} == set(FOUR)
    for _ in range(3):
        second.shares.deal(FOUR)
        first.shares.deal(FOUR)
    assert (len(held(first)), len(held(second))) == (2, 2)
    assert held(first) | held(second) == set(FOUR)
    assert reading(postgres_url) == (
        ("first", tuple(sorted(held(first)))),
        ("second", tuple(sorted(held(second)))),
    )


@pytest.mark.parametrize(("daemons", "chains"), [(2, 3), (3, 2), (3, 4), (4, 10), (3, 1)])
def test_counts_differ_by_one_at_most_and_then_nothing_moves(
    daemons: int, chains: int, daemon: Opener
) -> None:
    names = tuple(f"chain{number}" for number in range(chains))
    crew = [daemon(f"d{number}") for number in range(daemons)]
    for _ in range(2 * chains):
        for one in crew:
            one.shares.deal(names)
    counts = sorted(len(held(one)) for one in crew)
    assert sum(counts) == chains
    assert counts[-1] - counts[0] <= 1
    settled = [one.shares.held for one in crew]
    for one in crew:
        one.shares.deal(names)
    assert [one.shares.held for one in crew] == settled


def test_what_a_dead_one_held_is_taken_once_its_lease_has_run_out_and_not_before(
    daemon: Opener,
) -> None:
    dead, lives = daemon("dead", SHORT_S), daemon("lives", SHORT_S)
    dead.shares.deal(FOUR[:2])
    lives.shares.deal(FOUR[:2])
    dead.shares.deal(FOUR[:2])
    lives.shares.deal(FOUR[:2])
    assert (len(held(dead)), len(held(lives))) == (1, 1)
    (old,) = dead.shares.held
    began = stopwatch()
    while len(lives.shares.deal(FOUR[:2])) < 2:
        assert stopwatch() - began < 5
        wait(0.01)
    assert SHORT_S - 0.05 < stopwatch() - began < SHORT_S + 0.5
    new = next(share for share in lives.shares.held if share.chain == old.chain)
    assert new.token > old.token
    # Who was dead learns of it at the next deal, and what it puts till then is refused.
    assert not dead.readings.put(old, old.chain, line="late", more="")
    assert lives.readings.newest({old.chain: -1}).get(old.chain) is None
    assert old not in dead.shares.deal(FOUR[:2])


def test_what_is_left_may_be_taken_at_once(daemon: Opener, postgres_url: str) -> None:
    leaves, stays = daemon("leaves"), daemon("stays")
    leaves.shares.deal(FOUR)
    leaves.shares.leave()
    assert len(stays.shares.deal(FOUR)) == 4
    assert reading(postgres_url) == (("stays", FOUR),)


def test_a_chain_no_longer_configured_is_given_up(daemon: Opener) -> None:
    one = daemon("one")
    one.shares.deal(FOUR)
    assert {share.chain for share in one.shares.deal(FOUR[:1])} == {"arbitrum"}


def test_a_chain_that_another_does_not_know_of_yet_is_taken_all_the_same(daemon: Opener) -> None:
    fresh, old = daemon("fresh"), daemon("old")
    for _ in range(3):
        fresh.shares.deal(FOUR[:3])
        old.shares.deal(FOUR[:3])
    assert (len(held(fresh)), len(held(old))) == (2, 1)
    for _ in range(12):
        fresh.shares.deal(FOUR)
        old.shares.deal(FOUR[:3])
    assert FOUR[3] in held(fresh)
    assert held(fresh) | held(old) == set(FOUR)


def test_of_many_that_deal_at_once_each_chain_is_held_by_one(daemon: Opener) -> None:
    many = [daemon(f"d{number}") for number in range(6)]
    together = threading.Barrier(len(many))

    def deal(one: Divided) -> None:
        together.wait()
        for _ in range(10):
            one.shares.deal(FOUR)

    with ThreadPoolExecutor(len(many)) as pool:
        list(pool.map(deal, many))
    for one in many:
        one.shares.deal(FOUR)
    chains = [share.chain for one in many for share in one.shares.held]
    assert sorted(chains) == sorted(FOUR)


def test_a_reading_is_told_with_its_ages_until_a_newer_comes(daemon: Opener) -> None:
    holds, leads = daemon("holds"), daemon("leads")
    (share,) = holds.shares.deal(["base"])
    assert leads.readings.newest({"base": 0}).get("base") is None
    assert holds.readings.put(share, "base", fault="base is away", more="m0")
    first = leads.readings.newest({"base": 0}).get("base")
    assert first is not None
    assert (first.number, first.line, first.fault, first.more) == (0, "", "base is away", "m0")
    assert (first.polled_s < 1, first.answered_s) == (True, float("inf"))
    assert holds.readings.put(share, "base", line="one", more="m1")
    one = leads.readings.newest({"base": 0}).get("base")
    assert one is not None
    assert (one.number, one.line, one.fault, one.more) == (1, "one", "", "m1")
    assert 0 <= one.answered_s < 1
    known = leads.readings.newest({"base": 1}).get("base")
    assert known is not None
    assert (known.number, known.line, known.more) == (1, "", "")


def test_a_poll_that_fails_keeps_what_was_read_and_its_age(daemon: Opener) -> None:
    one = daemon("one")
    (share,) = one.shares.deal(["base"])
    one.readings.put(share, "base", line="one", more="")
    wait(0.2)
    one.readings.put(share, "base", fault="no answer", more="m")
    found = one.readings.newest({"base": 0}).get("base")
    assert found is not None
    assert (found.line, found.fault, found.more) == ("one", "no answer", "m")
    assert found.polled_s < 0.2 <= found.answered_s
    one.readings.put(share, "base", more="m2")  # it answers again, and nothing is new
    again = one.readings.newest({"base": 0}).get("base")
    assert again is not None
    assert (again.number, again.line, again.fault) == (1, "one", "")
    assert again.answered_s < 0.2


def test_a_share_given_up_puts_nothing_once_another_took_it(daemon: Opener) -> None:
    old, new = daemon("old"), daemon("new")
    (share,) = old.shares.deal(["base"])
    old.readings.put(share, "base", line="old", more="")
    old.shares.leave()
    (fresh,) = new.shares.deal(["base"])
    assert not old.readings.put(share, "base", line="late", more="")
    assert not old.readings.put(share, "base", fault="late", more="")
    assert new.readings.put(fresh, "base", line="new", more="")
    found = new.readings.newest({"base": 0}).get("base")
    assert found is not None
    assert (found.number, found.line) == (2, "new")


def test_a_store_of_the_release_before_is_brought_up_to_date(
    daemon: Opener, postgres_url: str
) -> None:
    daemon("before").close()
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("DROP TABLE reader")
        admin.execute("DROP TABLE reading")
        admin.execute("UPDATE meta SET value = 1 WHERE name = 'shared'")
    assert reading(postgres_url) == ()  # who only looks changes nothing
    known = len(MIGRATIONS)
    with pytest.raises(ConfigError, match=rf"\(schema {known}\.1, known {known}\.2\)"):
        open_postgres(postgres_url, "db", now=None)
    assert len(daemon("after").shares.deal(FOUR)) == 4
    assert reading(postgres_url) == (("after", FOUR),)
