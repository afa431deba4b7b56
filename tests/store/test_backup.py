"""Backups: taken under a writer's hands, and put back only where they are sound."""

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest

from monitor.errors import Permanent
from monitor.store.backup import back_up, look_through, put_back
from monitor.store.connection import database_path
from monitor.store.lock import Lock
from monitor.store.records import Change, Outgoing
from monitor.store.rows import epoch_of
from monitor.store.schema import MIGRATIONS
from monitor.store.sqlite import SqliteStore

Letters: TypeAlias = Callable[..., Outgoing]
LATER = datetime(2020, 3, 12, 20, 15, tzinfo=UTC)
# Writes a row and an event of the same number in each commit, as fast as it can.
WRITER = """\
import sys
from datetime import UTC, datetime, timedelta
from monitor.store.lock import Lock
from monitor.store.records import Change, Outgoing
from monitor.store.sqlite import open_sqlite
start = datetime(2020, 3, 9, 20, 15, tzinfo=UTC)
with Lock(sys.argv[1]):
    store, n = open_sqlite(sys.argv[1], now=start), 0
    while True:
        n += 1
        at = start + timedelta(seconds=n)
        letter = Outgoing(idem=str(n), key="k", alert_id="A", at=at, payload="{}", channels=("c",))
        store.commit(Change(rows={("meta", "n"): str(n)}, alerts=(letter,)))
        if n == 200:
            print("going", flush=True)
"""


@pytest.fixture
def store_file(url: str) -> Path:
    return database_path(url)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


@pytest.fixture
def filled(reopen: Callable[..., SqliteStore], letter: Letters) -> SqliteStore:
    store = reopen()
    store.commit(Change(rows={("meta", "n"): "1"}, alerts=(letter("one"), letter("two"))))
    return store


@pytest.fixture
def writer(url: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WRITER, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "going\n"
        yield child
        child.kill()


def test_a_copy_taken_while_a_daemon_writes_is_of_one_moment(
    writer: subprocess.Popen[str], store_file: Path, tmp_path: Path
) -> None:
    seen = list[int]()
    for number in range(5):
        copy = back_up(store_file, tmp_path / f"{number}.db")
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as database:
            [(row,)] = database.execute("SELECT json FROM state WHERE key = 'n'")
            [(last,)] = database.execute("SELECT max(CAST(idem AS INTEGER)) FROM event")
        assert int(row) == last == copy.events == copy.waiting
        seen.append(last)
    assert sorted(set(seen)) == seen, "each is later than the one before: the writer went on"
    assert writer.poll() is None


def test_a_copy_is_one_private_file_with_its_checksum_beside(
    filled: SqliteStore, store_file: Path, tmp_path: Path
) -> None:
    assert filled
    file = tmp_path / "safe" / "copy.db"
    file.parent.mkdir()
    copy = back_up(store_file, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (copy.sha256, copy.bytes) == (digest, file.stat().st_size)
    assert (copy.schema, copy.events, copy.waiting) == (len(MIGRATIONS), 2, 4)
    assert sorted(one.name for one in file.parent.iterdir()) == ["copy.db", "copy.db.sha256"]
    assert {one.stat().st_mode & 0o777 for one in file.parent.iterdir()} == {0o600}
    checked = subprocess.run(
        ["sha256sum", "-c", "copy.db.sha256"], cwd=file.parent, capture_output=True, check=False
    )
    assert checked.returncode == 0
    with pytest.raises(Permanent, match="nothing is written over a backup"):
        back_up(store_file, file)


def test_there_and_back_again(
    filled: SqliteStore,
    reopen: Callable[..., SqliteStore],
    letter: Letters,
    url: str,
    file: Path,
) -> None:
    store_file, later = database_path(url), LATER
    back_up(store_file, file)
    born = filled.load().created_at
    filled.commit(Change(rows={("meta", "n"): "2"}, alerts=(letter("three"),)))
    filled.close()
    copy, aside = put_back(file, store_file, url, now=later)
    assert (copy.events, copy.waiting) == (2, 4)
    restored = reopen(later)
    assert restored.load().rows == {("meta", "n"): "1"}
    assert [event.idem for event in restored.history.events()] == ["one", "two"]
    assert len(restored.outbox.due("mqtt", later, 9)) == 1, "in order for its key"
    assert epoch_of(restored.load().created_at) == epoch_of(later) != epoch_of(born)
    assert restored.load().schema == len(MIGRATIONS)
    assert aside is not None
    with closing(sqlite3.connect(aside)) as database:
        assert database.execute("SELECT json FROM state").fetchall() == [("2",)]
    assert store_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_restore_that_is_killed_leaves_a_store_in_its_place(
    at: int, filled: SqliteStore, url: str, store_file: Path, file: Path
) -> None:
    """A daemon that found none would begin an empty one, and know of no layer."""
    back_up(store_file, file)
    filled.close()
    code = (
        "import os, sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from monitor.store.backup import put_back\n"
        "left = [int(sys.argv[4])]\n"
        "def killed(event, _args):\n"
        "    left[0] -= event in ('os.rename', 'os.link')\n"
        "    if not left[0]:\n"
        "        os._exit(9)\n"
        "sys.addaudithook(killed)\n"
        "now = datetime(2020, 3, 12, tzinfo=UTC)\n"
        "put_back(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], now=now)\n"
    )
    command = [sys.executable, "-c", code, str(file), str(store_file), url, str(at)]
    done = subprocess.run(command, check=False)
    assert done.returncode == (9 if at < 3 else 0), "it puts the old one aside, and the new there"
    assert look_through(store_file).events == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone restores for others")
def test_what_root_restores_belongs_to_whom_the_store_belongs(
    filled: SqliteStore, url: str, store_file: Path, file: Path
) -> None:
    back_up(store_file, file)
    filled.close()
    os.chown(store_file, 1234, 1235)
    _, aside = put_back(file, store_file, url, now=LATER)
    store_file.unlink()
    os.chown(store_file.parent, 4321, 1235)  # as of a service that has not yet run here
    put_back(file, store_file, url, now=LATER)
    assert aside is not None
    owned = {one.name: one.stat().st_uid for one in store_file.parent.iterdir()}
    assert owned == {store_file.name: 4321, f"{store_file.name}.lock": 4321, aside.name: 1234}


def test_what_a_killed_daemon_left_in_the_log_goes_aside_with_its_store(
    writer: subprocess.Popen[str], url: str, store_file: Path, tmp_path: Path, start: datetime
) -> None:
    file = tmp_path / "copy.db"
    back_up(store_file, file)
    writer.kill()
    writer.wait()
    with closing(sqlite3.connect(f"file:{store_file}?mode=ro", uri=True)) as database:
        [(last,)] = database.execute("SELECT count(*) FROM event")
    _, aside = put_back(file, store_file, url, now=start)
    assert aside is not None
    assert look_through(aside).events == last
    assert not store_file.with_name(f"{store_file.name}-wal").exists()
    assert look_through(store_file).events == look_through(file).events < last


def test_nothing_is_put_back_under_a_running_daemon(
    filled: SqliteStore, url: str, store_file: Path, tmp_path: Path, start: datetime
) -> None:
    assert filled
    file = tmp_path / "copy.db"
    back_up(store_file, file)
    before = store_file.read_bytes()
    with Lock(url), pytest.raises(Permanent, match="already runs on"):
        put_back(file, store_file, url, now=start)
    assert store_file.read_bytes() == before


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        pytest.param("flip", "its checksum is another", id="a byte is another"),
        pytest.param("cut", "its checksum is another", id="its end is missing"),
        pytest.param("cut, no sum", "damaged|malformed|not a database", id="and no checksum"),
        pytest.param("no sum in its file", "its checksum is another", id="an empty checksum"),
        pytest.param("nameless", "but not one of Hedgewatch's", id="a store's tables, no schema"),
        pytest.param("folder", "Is a directory", id="a folder"),
        pytest.param("foreign", "but not one of Hedgewatch's", id="another's database"),
        pytest.param("newer", "a newer Hedgewatch wrote .*: upgrade first", id="a newer one's"),
        pytest.param("text", "not a database", id="no database"),
        pytest.param("gone", "No such file", id="nothing"),
    ],
)
def test_what_is_not_sound_is_not_put_back(
    harm: str,
    told: str,
    filled: SqliteStore,
    url: str,
    file: Path,
) -> None:
    store_file = database_path(url)
    back_up(store_file, file)
    filled.close()
    harmed(file, harm)
    before = store_file.read_bytes()
    with pytest.raises(Permanent, match=told):
        put_back(file, store_file, url, now=LATER)
    assert store_file.read_bytes() == before
    names = {one.name for one in store_file.parent.iterdir()}
    assert names <= {store_file.name, f"{store_file.name}.lock"}


def harmed(file: Path, harm: str) -> None:
    whole, kept = file.read_bytes(), file.with_name(f"{file.name}.sha256")
    if not harm.startswith(("flip", "cut")) or harm.endswith("no sum"):
        kept.unlink()
    match harm.partition(",")[0]:
        case "flip":
            file.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
        case "cut":
            file.write_bytes(whole[: len(whole) // 2 + 100])
        case "text":
            file.write_text("nothing of the kind, and long enough to be looked at " * 100)
        case "gone":
            file.unlink()
        case "no sum in its file":
            kept.touch()
        case "folder":
            file.unlink()
            file.mkdir()
        case "nameless":
            with closing(sqlite3.connect(file)) as database, database:
                database.execute("DELETE FROM meta WHERE name = 'schema'")
        case _:
            with closing(sqlite3.connect(file)) as database, database:
                database.execute(
                    "UPDATE meta SET value = 99 WHERE name = 'schema'"
                    if harm == "newer"
                    else "DROP TABLE outbox"
                )


def test_a_disk_without_room_leaves_no_half_of_a_copy(
    filled: SqliteStore, store_file: Path, tmp_path: Path
) -> None:
    assert filled
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from monitor.store.backup import back_up\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30000, 30000))\n"
        "back_up(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, str(store_file), str(folder / "copy.db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Permanent" in done.stderr
    assert list(folder.iterdir()) == []
