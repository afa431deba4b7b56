"""A store of every released schema is brought to the present one with all that it holds.

`schemas/N.sql` is a store that schema N's release left, as SQL. Where a script is appended to
MIGRATIONS and released, its dump is added here; the ones before it never change again.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.store.connection import database_path
from monitor.store.records import Change, Sample
from monitor.store.schema import MIGRATIONS
from monitor.store.sqlite import SqliteStore

RELEASED = sorted((Path(__file__).parent / "schemas").glob("*.sql"), key=lambda one: int(one.stem))
MARCH = datetime(2020, 3, 9, 20, 16, 40, tzinfo=UTC)  # 1583785000
SHAPE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"


def shape(database: sqlite3.Connection) -> list[tuple[str, ...]]:
    return database.execute(SHAPE).fetchall()


def made_by(scripts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return what the scripts make of nothing."""
    with closing(sqlite3.connect(":memory:")) as database:
        for script in scripts:
            database.executescript(script)
        return shape(database)


@pytest.fixture
def left(url: str, reopen: Callable[..., SqliteStore]) -> Callable[[Path], SqliteStore]:
    """Return what opens a store as a release left it."""

    def opened(dump: Path) -> SqliteStore:
        file = database_path(url)
        file.parent.mkdir()
        with closing(sqlite3.connect(file)) as database:
            database.executescript(dump.read_text("utf-8"))
        return reopen()

    return opened


def test_every_schema_up_to_the_present_has_been_kept() -> None:
    numbers = [int(one.stem) for one in RELEASED]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 3


@pytest.mark.parametrize("dump", RELEASED, ids=lambda one: f"schema {one.stem}")
def test_an_old_script_still_makes_what_it_made(dump: Path) -> None:
    """Else a file that went through it would be another than one that is made anew."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(dump.read_text("utf-8"))
        was = [row for row in shape(database) if row[1] != "meta"]
    assert made_by(MIGRATIONS[: int(dump.stem)]) == was


@pytest.mark.parametrize("dump", RELEASED, ids=lambda one: f"schema {one.stem}")
def test_it_is_opened_with_all_that_it_holds(
    dump: Path, left: Callable[[Path], SqliteStore]
) -> None:
    store = left(dump)
    saved = store.load()
    assert saved.schema == len(MIGRATIONS)
    assert saved.created_at == MARCH
    assert saved.rows == {("meta", "at"): "2020-03-09T20:15:00+00:00"}
    assert [one.value for one in saved.samples] == [54.46, 61.59]
    assert [one.idem for one in store.history.events()] == [
        *("e:L2.add:book:1:firing", "e:L2.add:book:1:resolved")
    ]
    [letter] = store.outbox.due("telegram", datetime(2021, 1, 1, tzinfo=UTC), 9)
    assert (letter.id, letter.tries, letter.repeat, letter.unanswered) == (2, 2, True, 1)
    assert letter.error == "no answer"
    assert [one.id for one in store.outbox.dead_letters()] == [3]
    assert [one.id for one in store.inbox.unheard()] == ["w2"]
    assert store.inbox.heard("w1") == "L2 on"
    tally = store.history.tally("ethereum")
    assert (tally.polls, tally.gaps, tally.requests) == (2, 1, 3)
    assert [one.gap for one in store.history.polls("ethereum", 9)] == ["timeout", None]
    decided = [one.reason for one in store.history.decided("A1B2C3")]
    assert decided == (["routed"] if dump.stem in {"4", "5"} else [])
    read = store.checkpoints.load(1)
    assert len(read) == (0 if dump.stem == "1" else 1)


@pytest.mark.parametrize("dump", RELEASED, ids=lambda one: f"schema {one.stem}")
def test_it_has_the_shape_of_a_new_one_and_goes_on(
    dump: Path, left: Callable[[Path], SqliteStore], letter: Callable[..., Any], url: str
) -> None:
    store = left(dump)
    with closing(sqlite3.connect(database_path(url))) as database:
        assert [row for row in shape(database) if row[1] != "meta"] == made_by(MIGRATIONS)
    fresh = letter("e:L2.add:book:2:firing")
    point = Sample(series="vix|", at=MARCH, value=60.0)
    store.commit(Change(alerts=(fresh,), samples=(point,), rows={("meta", "at"): "now"}))
    assert [one.id for one in store.history.events()] == [1, 2, 3], "no number is used again"


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    url: str, reopen: Callable[..., SqliteStore]
) -> None:
    file = database_path(url)
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as database:
        database.executescript(RELEASED[0].read_text("utf-8"))
        database.execute("CREATE TABLE checkpoint (key TEXT)")  # in the way of script 2
        before = shape(database)
    with pytest.raises(sqlite3.OperationalError, match="checkpoint already exists"):
        reopen()
    with closing(sqlite3.connect(file)) as database:
        assert shape(database) == before
        assert database.execute("SELECT value FROM meta WHERE name = 'schema'").fetchall() == [(1,)]
