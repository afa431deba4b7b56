"""What only a file can do: outlive a process, be shared, and be unusable."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pytest

from monitor.errors import ConfigError, Transient
from monitor.store.connection import database_path
from monitor.store.records import Change, Outgoing
from monitor.store.schema import MIGRATIONS, from_micros, to_micros
from monitor.store.sqlite import SqliteStore, open_sqlite

Letters: TypeAlias = Callable[..., Outgoing]
Reopen: TypeAlias = Callable[..., SqliteStore]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("sqlite:///var/x.db", "var/x.db", id="three slashes are relative"),
        pytest.param("sqlite:////srv/x.db", "/srv/x.db", id="four slashes are absolute"),
    ],
)
def test_a_url_names_a_file(url: str, path: str) -> None:
    assert database_path(url) == Path(path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x.db",
        "sqlite://x.db",
        "sqlite:///",
        "sqlite:///var/",
        "postgresql://h/d",
        "sqlite:///x?y=1",
    ],
)
def test_any_other_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url.*sqlite:///var/hedgewatch\.db"):
        database_path(url)


def test_the_file_and_the_folders_made_for_it_are_the_owners_alone(
    tmp_path: Path, start: datetime
) -> None:
    with closing(open_sqlite(f"sqlite:///{tmp_path}/a/b/x.db", now=start)) as store:
        store.commit(Change(rows={("a", "b"): "c"}))
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "a").rglob("*")}
    assert modes == {"b": 0o700, "x.db": 0o600, "x.db-wal": 0o600, "x.db-shm": 0o600}
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700


def test_every_commit_is_on_the_disk_when_it_returns(reopen: Reopen) -> None:
    store = reopen()
    settings = {
        name: store._database.read(f"PRAGMA {name}")[0][0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    # 2 is FULL: https://sqlite.org/pragma.html#pragma_synchronous
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_a_store_opened_again_is_as_it_was_left(
    reopen: Reopen, start: datetime, letter: Callable[..., Outgoing]
) -> None:
    store = reopen()
    store.commit(Change(rows={("layer", "L2"): "on"}, alerts=(letter("one"),)))
    store.close()
    again = reopen(start.replace(year=2026))
    assert again.load().created_at == start
    assert again.load().rows == {("layer", "L2"): "on"}
    assert [each.idem for each in again.outbox.due("mqtt", start, 10)] == ["one"]


def test_a_commit_that_fails_half_way_changes_nothing(
    reopen: Reopen, start: datetime, letter: Callable[..., Outgoing]
) -> None:
    store = reopen()
    naive = letter("two", at=start)
    object.__setattr__(naive, "expires_at", start.replace(tzinfo=None))
    with pytest.raises(TypeError):
        store.commit(Change(rows={("a", "b"): "c"}, alerts=(letter("one"), naive)))
    assert (dict(store.load().rows), store.history.events()) == ({}, ())
    store.commit(Change(alerts=(letter("one"),)))
    assert len(store.history.events()) == 1


def test_a_word_said_by_another_process_is_heard_while_the_store_is_open(
    reopen: Reopen, url: str
) -> None:
    store = reopen()
    said = (
        "import sys; from datetime import datetime, UTC;"
        "from monitor.store.sqlite import open_sqlite;"
        "now = datetime(2020, 3, 9, tzinfo=UTC);"
        "print(open_sqlite(sys.argv[1], now=now).inbox.say('w1', '{}', now))"
    )
    child = subprocess.run(
        [sys.executable, "-c", said, url], capture_output=True, text=True, check=True, timeout=30
    )
    assert child.stdout == "True\n"
    assert [word.id for word in store.inbox.unheard()] == ["w1"]


def test_many_that_open_a_new_store_at_once_make_one(
    reopen: Reopen, url: str, start: datetime
) -> None:
    def open_and_say(number: int) -> bool:
        with closing(open_sqlite(url, now=start)) as store:
            return store.inbox.say(f"w{number}", "{}", start)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(open_and_say, range(40)))
    assert len(reopen().inbox.unheard()) == 40


def test_a_write_lock_held_past_patience_is_transient(reopen: Reopen, url: str) -> None:
    store = reopen()
    store._database.run("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(database_path(url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Transient, match="locked"):
        store.commit(Change(rows={("a", "b"): "c"}))
    other.execute("ROLLBACK")
    other.close()
    store.commit(Change(rows={("a", "b"): "c"}))
    assert store.load().rows == {("a", "b"): "c"}


def refused(url: str, now: datetime) -> str:
    with pytest.raises(ConfigError) as caught:
        open_sqlite(url, now=now)
    (fault,) = caught.value.faults
    assert "\n" not in str(fault)
    return str(fault)


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path, start: datetime) -> None:
    (tmp_path / "var").write_text("a file")
    told = refused(f"sqlite:///{tmp_path}/var/x.db", start)
    assert told == f"{tmp_path}/var/x.db: store: the file cannot be written: Not a directory"


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path, start: datetime) -> None:
    assert "Is a directory" in refused(f"sqlite:///{tmp_path}", start)


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path, start: datetime) -> None:
    path = tmp_path / "x.db"
    path.write_text("dear diary, " * 100)
    assert "file is not a database" in refused(f"sqlite:///{path}", start)
    assert path.read_text() == "dear diary, " * 100


def test_a_damaged_file_is_told(reopen: Reopen, url: str, start: datetime) -> None:
    store = reopen()
    store.commit(Change(rows={("rule", str(number)): "x" * 200 for number in range(500)}))
    store.close()
    path = database_path(url)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2 :] = bytes(len(damaged) - len(damaged) // 2)
    path.write_bytes(damaged)
    assert "the file is damaged" in refused(url, start)


def test_a_file_of_a_newer_schema_is_told_and_left_alone(
    reopen: Reopen, url: str, start: datetime
) -> None:
    store = reopen()
    newer = len(MIGRATIONS) + 1
    store._database.run("UPDATE meta SET value = ? WHERE name = 'schema'", newer)
    store.close()
    assert f"a newer Hedgewatch wrote this (schema {newer}, known {newer - 1})" in refused(
        url, start
    )


def test_another_programs_database_is_told(tmp_path: Path, start: datetime) -> None:
    other = sqlite3.connect(tmp_path / "x.db")
    other.execute("CREATE TABLE meta (name TEXT, value TEXT)")
    other.close()
    assert "not one of Hedgewatch's" in refused(f"sqlite:///{tmp_path}/x.db", start)


def test_instants_survive_to_the_microsecond(start: datetime) -> None:
    at = start.replace(year=2031, microsecond=999_999)
    assert from_micros(to_micros(at)) == at
    assert to_micros(start.replace(year=1970, month=1, day=1, hour=0, minute=0)) == 0


OTHER_PROCESS = """
import sys
from datetime import datetime
from monitor.store.sqlite import open_sqlite
at = datetime.fromisoformat(sys.argv[3])
store = open_sqlite(sys.argv[1], now=at, check=False)
store.inbox.say(sys.argv[2], "{}", at)
store.close()
"""


def test_two_connections_of_one_process_see_what_others_write_and_close(
    url: str, start: datetime, reopen: Reopen
) -> None:
    # The second opening must not cost the first its hold on the file: else the next
    # process to close takes itself for the last one, and does away with the log.
    first, second = reopen(), reopen()
    for word in ("one", "two"):
        command = [sys.executable, "-c", OTHER_PROCESS, url, word, start.isoformat()]
        subprocess.run(command, check=True, timeout=30)
        for store in (first, second):
            assert store.inbox.unheard()[-1].id == word
        first.inbox.say(f"{word} here", "{}", start)
    assert [said.id for said in second.inbox.unheard()] == ["one", "one here", "two", "two here"]
