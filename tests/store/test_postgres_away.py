"""A PostgreSQL that freezes, goes away or refuses is never waited for long, and told of."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from monitor.clock import stopwatch, wait
from monitor.devnet.postgres import Postgres
from monitor.errors import ConfigError, Transient
from monitor.store.opening import open_store, shown
from monitor.store.postgres_connection import PATIENCE_S
from monitor.store.records import Change
from monitor.store.sqlite import SqliteStore
from tests.conftest import open_postgres


@pytest.fixture
def server() -> Iterator[Postgres]:
    with open_postgres("max_connections=20") as running:
        yield running


@pytest.fixture
def store(server: Postgres, start: datetime) -> Iterator[SqliteStore]:
    opened = open_store(server.url(), now=start)
    yield opened
    opened.close()


def refused(act: Callable[[], Any]) -> tuple[float, str]:
    """Return how long a call took to fail for now, and what it said."""
    began = stopwatch()
    with pytest.raises(Transient) as caught:
        act()
    return stopwatch() - began, str(caught.value)


def answers(store: SqliteStore, within_s: float = 10.0) -> None:
    began = stopwatch()
    while stopwatch() - began < within_s:
        try:
            store.load()
        except Transient:
            wait(0.02)
        else:
            return
    raise AssertionError(f"it does not answer again within {within_s} s")


def test_a_frozen_database_is_waited_for_once_and_then_not_at_all(
    server: Postgres, store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    change = Change(rows={("rule", "a"): "1"})
    store.commit(change)
    server.freeze()
    try:
        first, told = refused(lambda: store.commit(change))
        later = [refused(store.load)[0] for _ in range(200)]
        later += [refused(lambda: store.commit(change))[0] for _ in range(200)]
    finally:
        server.thaw()
    with capsys.disabled():
        sys.stdout.write(
            f"\na frozen database: the first call failed after {first:.2f} s, "
            f"each of 400 more after {max(later) * 1000:.1f} ms at most\n"
        )
    assert told.endswith(f"no answer within {PATIENCE_S:g} s")
    assert first < PATIENCE_S + 0.5
    assert max(later) < 0.1
    answers(store)
    store.commit(change)


def test_a_database_started_again_is_found_again(server: Postgres, store: SqliteStore) -> None:
    for end in (server.stop, server.crash):
        store.commit(Change(rows={("rule", "a"): "1"}))
        end()
        took, _ = refused(store.load)
        assert took < 0.5
        assert "is away: " in refused(store.load)[1]
        server.start()
        answers(store)
        assert store.load().rows == {("rule", "a"): "1"}


def test_a_statement_that_takes_too_long_is_given_up_by_the_server(
    server: Postgres, store: SqliteStore
) -> None:
    with psycopg.connect(server.url()) as other:
        other.execute("LOCK TABLE state IN ACCESS EXCLUSIVE MODE")
        took, told = refused(lambda: store.commit(Change(rows={("rule", "a"): "1"})))
        assert took < PATIENCE_S
        assert "lock timeout" in told
    store.commit(Change(rows={("rule", "a"): "2"}))  # over the same connection
    assert store.load().rows == {("rule", "a"): "2"}


def test_a_failure_within_a_commit_leaves_nothing_of_it(
    store: SqliteStore, letter: Callable[..., Any]
) -> None:
    alert = letter("one", channels=("mqtt",))
    with psycopg.connect(store._database._url, autocommit=True) as other:
        other.execute("ALTER TABLE outbox ADD CONSTRAINT no CHECK (channel <> 'mqtt')")
    with pytest.raises(psycopg.errors.CheckViolation):
        store.commit(Change(rows={("rule", "a"): "1"}, alerts=(alert,)))
    assert store.load().rows == {}
    assert store.history.events() == ()
    store.commit(Change(rows={("rule", "a"): "2"}))
    assert store.load().rows == {("rule", "a"): "2"}


def referred(folder: Path, held: str) -> str:
    """Return a reference to a file that holds a store's URL."""
    file = folder / "store"
    file.write_text(held, encoding="utf-8")
    file.chmod(0o600)
    return f"file:{file}"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        pytest.param("/nothing", 'database "nothing" does not exist', id="no such database"),
        pytest.param("/postgres?user=nobody", 'role "nobody" does not exist', id="no such user"),
    ],
)
def test_what_a_person_must_mend_is_told_in_a_sentence_without_the_password(
    *, server: Postgres, start: datetime, tmp_path: Path, place: str, told: str
) -> None:
    whole = f"postgresql://hedgewatch:Sup3rS3cretCanary@{server.host}:{server.port}{place}"
    with pytest.raises(ConfigError) as caught:
        open_store(referred(tmp_path, whole), now=start)
    where = f"postgresql://{server.host}:{server.port}{place.partition('?')[0]}"
    assert str(caught.value) == f"{where}: store: {told}"


@pytest.fixture
def guarded(server: Postgres) -> Postgres:
    """A server that asks `ann` for a password."""
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute("CREATE ROLE ann LOGIN PASSWORD 'right' CONNECTION LIMIT 0")
        rules = "host all ann 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
        (server._data / "pg_hba.conf").write_text(rules)
        admin.execute("SELECT pg_reload_conf()")
    return server


def test_a_server_that_lets_nobody_in_after_the_password_is_told_as_one_that_answers(
    guarded: Postgres, start: datetime, tmp_path: Path
) -> None:
    """Why is known by words alone, in the server's language: a wrong password may be among it."""
    where = f"{guarded.host}:{guarded.port}/postgres"
    wrong = referred(tmp_path, f"postgresql://ann:wrong@{where}")
    with pytest.raises(ConfigError, match='password authentication failed for user "ann"'):
        open_store(wrong, now=start)
    (tmp_path / "store").unlink()
    full = referred(tmp_path, f"postgresql://ann:right@{where}")
    _, told = refused(lambda: open_store(full, now=start))
    assert told == (
        f"postgresql://{where}: it answers and, given the password, does not let us in: "
        'too many connections for role "ann"'
    )


def test_a_password_that_is_changed_is_tried_seldom_and_told_while_it_is_wrong(
    guarded: Postgres, start: datetime, tmp_path: Path
) -> None:
    with psycopg.connect(guarded.url(), autocommit=True) as admin:
        admin.execute("ALTER ROLE ann SUPERUSER CONNECTION LIMIT -1")
        url = f"postgresql://ann:right@{guarded.host}:{guarded.port}/postgres"
        with closing(open_store(referred(tmp_path, url), now=start)) as store:
            admin.execute("ALTER ROLE ann PASSWORD 'another'")
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ann'"
            )
            refused(store.load)
            wait(2.0)
            assert (
                'let us in: password authentication failed for user "ann"' in refused(store.load)[1]
            )
    assert guarded.log.count('password authentication failed for user "ann"') == 1


def test_a_server_that_is_not_there_is_told_without_the_password(
    start: datetime, tmp_path: Path
) -> None:
    url = referred(tmp_path, "postgresql://me:Sup3rS3cretCanary@127.0.0.1:1/db")
    took, told = refused(lambda: open_store(url, now=start))
    assert took < 1
    assert told == "postgresql://127.0.0.1:1/db: Connection refused"


def test_a_reference_that_leads_nowhere_is_told(start: datetime, tmp_path: Path) -> None:
    file = referred(tmp_path, "sqlite:///x.db")
    unset = "env:HEDGEWATCH_NO_SUCH_STORE"
    for url, told in (
        (file, f"{file} holds no postgresql:// URL"),
        (unset, "the environment variable HEDGEWATCH_NO_SUCH_STORE is not set"),
    ):
        with pytest.raises(ConfigError) as caught:
            open_store(url, now=start)
        assert str(caught.value) == f"config: store.url: {told}"


@pytest.mark.parametrize(
    "password",
    ["Canary%zzRest", "Canary@Rest", "Canary/Rest", "12/Canary@Rest", "Canary#Rest", "Canary:Re%"],
)
def test_a_password_that_is_not_encoded_is_refused_and_no_part_of_it_told(
    password: str, start: datetime, tmp_path: Path
) -> None:
    file = referred(tmp_path, f"postgresql://me:{password}@127.0.0.1:1/db")
    for ask in (lambda: open_store(file, now=start), lambda: shown(file)):
        with pytest.raises(ConfigError) as caught:
            ask()
        assert str(caught.value).startswith(f"config: store.url: {file} holds no URL that can be")
        assert "Canary" not in str(caught.value)
        assert "Rest" not in str(caught.value)


def test_an_encoded_password_is_taken(start: datetime, tmp_path: Path) -> None:
    file = referred(tmp_path, "postgresql://me:Canary%40R%2Fest@127.0.0.1:1/db")
    _, told = refused(lambda: open_store(file, now=start))
    assert told == "postgresql://127.0.0.1:1/db: Connection refused"


def test_a_text_with_a_character_it_cannot_hold_is_kept_without_it(
    store: SqliteStore, start: datetime, letter: Callable[..., Any]
) -> None:
    store.commit(Change(alerts=(letter("one", channels=("mqtt",)),)))
    (queued,) = store.outbox.due("mqtt", start, 1)
    store.outbox.dead(queued.id, start, "said \0 nothing")
    (dead,) = store.outbox.dead_letters()
    assert dead.error == "said � nothing"


def test_tables_may_take_their_time_to_be_made_new(store: SqliteStore) -> None:
    """An index over years of samples takes more than a commit may."""
    slow = f"SELECT pg_sleep({PATIENCE_S})"
    assert refused(lambda: store._database.read(slow))[0] < PATIENCE_S
    with store._database.transaction("EXCLUSIVE"):
        store._database.read(slow)
    assert refused(lambda: store._database.read(slow))[0] < PATIENCE_S
