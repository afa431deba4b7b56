"""Who leads: one at a time, by the database's clock, and nobody who was overtaken commits."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from signal import SIGSTOP
from typing import Any, TypeAlias

import psycopg
import pytest

from monitor.clock import stopwatch, wait
from monitor.errors import ConfigError, Transient
from monitor.store.opening import living, open_shared, open_store
from monitor.store.postgres import Shared
from monitor.store.records import Change, Outgoing, Poll

Opener: TypeAlias = Callable[..., Shared]
SHORT_S = 0.3
HERE = Path(__file__).parent


@pytest.fixture
def daemon(postgres_url: str, start: datetime) -> Iterator[Opener]:
    """Open the store for a daemon of a name, as often as asked."""
    opened: list[Shared] = []

    def opener(name: str, lasts_s: float = 30.0) -> Shared:
        opened.append(open_shared(postgres_url, now=start, name=name, lasts_s=lasts_s))
        opened[-1].lease.live()
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


def until(reached: Callable[[], Any], within_s: float = 5.0) -> float:
    """Wait, looking often; return how long it took."""
    began = stopwatch()
    while not reached():
        assert stopwatch() - began < within_s
        wait(0.01)
    return stopwatch() - began


def test_one_leads_and_the_other_only_once_it_is_let_go(daemon: Opener, postgres_url: str) -> None:
    first, second = daemon("first"), daemon("second")
    assert first.lease.take()
    assert not second.lease.take()
    assert first.lease.renew()
    told = [(one.name, one.leads) for one in living(postgres_url)]
    assert told == [("first", True), ("second", False)]
    first.lease.release()
    assert second.lease.take()
    assert not first.lease.take()
    told = [(one.name, one.leads) for one in living(postgres_url)]
    assert told == [("second", True), ("first", False)]


def test_a_lease_that_is_not_renewed_ends_by_itself_and_so_does_the_daemon_s_life(
    daemon: Opener, postgres_url: str
) -> None:
    gone, next_one = daemon("gone", SHORT_S), daemon("next")
    assert gone.lease.take()
    waited = until(next_one.lease.take)
    assert waited < 2 * SHORT_S + 0.3
    assert not gone.lease.renew()
    until(lambda: [one.name for one in living(postgres_url)] == ["next"])


def test_a_lease_renewed_in_time_outlives_its_length(daemon: Opener) -> None:
    led, waiting = daemon("led", SHORT_S), daemon("waiting")
    assert led.lease.take()
    began = stopwatch()
    while stopwatch() - began < 3 * SHORT_S:
        assert led.lease.renew()
        assert not waiting.lease.take()
        wait(0.02)


def test_who_begins_slowly_is_not_overtaken_before_its_first_renewal(daemon: Opener) -> None:
    """Reading rules and state holds up the loop, and with it every renewal."""
    begins, waiting = daemon("begins", 1.0), daemon("waiting")
    began = stopwatch()
    assert begins.lease.take()
    while stopwatch() - began < 1.5:
        assert not waiting.lease.take()
        wait(0.02)
    assert begins.lease.renew()
    assert until(waiting.lease.take) < 1.5  # from then on it is as long as ever


def test_who_was_overtaken_commits_nothing(
    daemon: Opener, start: datetime, letter: Callable[..., Outgoing]
) -> None:
    old, new = daemon("old", SHORT_S), daemon("new")
    assert old.lease.take()
    old.store.commit(Change(rows={("rule", "a"): "1"}))
    until(new.lease.take)
    late = Change(
        rows={("rule", "a"): "stale"},
        alerts=(letter("stale"),),
        poll=Poll(source="eth", at=start),
        consumed_words={"w": "stale"},
    )
    for act in (lambda: old.store.commit(late), lambda: old.store.forget(start)):
        with pytest.raises(Transient, match="new leads now"):
            act()
    new.store.commit(Change(rows={("rule", "b"): "2"}))
    assert new.store.load().rows == {("rule", "a"): "1", ("rule", "b"): "2"}
    assert new.store.history.events() == ()
    assert new.store.history.tally("eth").polls == 0


def test_an_expired_lease_that_nobody_took_still_commits(daemon: Opener, postgres_url: str) -> None:
    led = daemon("led", SHORT_S)
    assert led.lease.take()
    until(lambda: not living(postgres_url))
    led.store.commit(Change(rows={("rule", "a"): "1"}))
    assert led.store.load().rows == {("rule", "a"): "1"}


def test_who_never_led_commits_nothing_but_a_command_leaves_words(
    daemon: Opener, postgres_url: str, start: datetime
) -> None:
    helper = daemon("helper")
    with pytest.raises(Transient, match="its lease ran out"):
        helper.store.commit(Change(rows={("rule", "a"): "1"}))
    command = open_store(postgres_url, now=start)
    try:
        assert command.inbox.say("w", "{}", start)
    finally:
        command.close()
    assert [said.id for said in helper.store.inbox.unheard()] == ["w"]


def test_who_stands_still_within_a_commit_holds_nobody_up_for_long(daemon: Opener) -> None:
    frozen, next_one = daemon("frozen", SHORT_S), daemon("next")
    assert frozen.lease.take()

    def taken() -> bool:
        with suppress(Transient):
            return next_one.lease.take()
        return False

    waited = list[float]()

    def commit_slowly() -> None:
        with frozen.store._database.transaction():
            frozen.store._database.run("INSERT INTO state VALUES ('rule', 'a', '1')")
            waited.append(until(taken, within_s=10))

    with pytest.raises(Transient):
        commit_slowly()
    assert 1.0 < waited[0] < 5.0  # the server ends a transaction in which nothing comes
    assert next_one.store.load().rows == {}
    next_one.store.commit(Change(rows={("rule", "b"): "2"}))


@pytest.mark.parametrize("moment", [0.0, 0.013, 0.037])
def test_who_is_stopped_at_any_moment_of_a_commit_is_succeeded(
    daemon: Opener, postgres_url: str, moment: float
) -> None:
    next_one = daemon("next")
    command = [sys.executable, str(HERE / "leader_to_stop.py"), postgres_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "commits\n"
            wait(moment)
            child.send_signal(SIGSTOP)

            def taken() -> bool:
                with suppress(Transient):
                    return next_one.lease.take()
                return False

            assert until(taken, within_s=15) < 6
        finally:
            child.kill()


def test_of_many_that_try_at_once_one_leads(daemon: Opener) -> None:
    many = [daemon(f"d{n}") for n in range(8)]
    together = threading.Barrier(len(many))

    def attempt(one: Shared) -> bool:
        together.wait()
        return one.lease.take()

    with ThreadPoolExecutor(len(many)) as pool:
        assert sum(pool.map(attempt, many)) == 1


def test_two_of_one_name_are_two(daemon: Opener) -> None:
    first, second = daemon("same"), daemon("same")
    assert first.lease.take()
    assert not second.lease.take()


def test_many_opening_an_empty_database_at_once_make_its_tables_once(
    postgres_url: str, start: datetime
) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: open_store(postgres_url, now=start), range(6)))
    for store in stores:
        assert store.load().created_at == start
        store.close()


def test_tables_of_a_newer_release_or_of_others_are_left_alone(
    postgres_url: str, start: datetime
) -> None:
    open_store(postgres_url, now=start).close()
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("UPDATE meta SET value = 99 WHERE name = 'shared'")
    with pytest.raises(ConfigError, match=r"a newer Hedgewatch wrote this \(schema \d+\.99"):
        open_store(postgres_url, now=start)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("DROP TABLE meta")
    with pytest.raises(ConfigError, match="tables of these names that are not Hedgewatch's"):
        open_store(postgres_url, now=start)


def test_who_finds_the_tables_made_by_a_newer_release_leads_no_more(
    daemon: Opener, postgres_url: str
) -> None:
    """One machine was brought up to date; the others run on with what they know."""
    led, waiting = daemon("led"), daemon("waiting")
    assert led.lease.take()
    with psycopg.connect(postgres_url, autocommit=True) as newer:
        newer.execute("UPDATE meta SET value = value + 1 WHERE name = 'schema'")
    with pytest.raises(ConfigError, match="a newer Hedgewatch wrote this"):
        led.store.commit(Change(rows={("rule", "a"): "1"}))
    led.lease.release()
    with pytest.raises(ConfigError, match="a newer Hedgewatch wrote this"):
        waiting.lease.take()
    assert waiting.store.load().rows == {}
