"""A command beside a daemon of an older release: it says so, and leaves that one's store alone."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from monitor.cli import main

OLDEST = Path(__file__).parents[1] / "store" / "schemas" / "1.sql"
TOLD = "use that one's commands, or end its `run` and begin this one's"
LOOKS = (
    "status",
    "positions",
    "position show 1",
    "signals",
    "layer list",
    "layer journal L1",
    "log",
    "outbox",
    "why A17F3C",
    "silences",
    "history list",
    "history show vix",
    "book",
    "ticket L1",
    "whatif --eth -30%",
)
WORDS = (
    "ack A17F3C",
    "snooze A17F3C 2h",
    "silence pack=alvh --for 1h",
    "unsilence A17F3C",
    "outbox --requeue 1",
    "layer close L1",
    "history pull vix --from 2020-02-01",
)


def dumped(store: Path) -> list[str]:
    with closing(sqlite3.connect(store)) as database:
        return list(database.iterdump())


@pytest.mark.parametrize("verb", [*LOOKS, *WORDS])
def test_it_changes_nothing_in_an_older_store(home: Any, verb: str) -> None:
    home.store.parent.mkdir()
    with closing(sqlite3.connect(home.store)) as database:
        database.executescript(OLDEST.read_text("utf-8"))
    before = dumped(home.store)
    told = " ".join(home.told(*verb.split(), status=2))
    assert "an older Hedgewatch wrote this (schema 1, known" in told
    assert TOLD in told
    assert dumped(home.store) == before


@pytest.mark.parametrize("verb", ["status", "ack A17F3C"])
def test_it_changes_nothing_in_older_tables(
    home: Any, verb: str, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = home.folder / "shared.toml"
    watch = (
        '[chain.ethereum]\nrpc = ["http://127.0.0.1:9"]\n[[watch]]\nchain = "ethereum"\nnft = [1]\n'
    )
    config.write_text(f'[store]\nurl = "{postgres_url}"\n{watch}')
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        for name in ("meta", "state", "event", "outbox", "member", "lease"):
            admin.execute(f"CREATE TABLE {name} (name TEXT, value BIGINT)".encode())
        admin.execute("INSERT INTO meta VALUES ('created_at', 0), ('schema', 3), ('shared', 1)")
        assert main([*verb.split(), "--config", str(config)]) == 2
        assert TOLD in " ".join(capsys.readouterr().err.split())
        kept = admin.execute("SELECT value FROM meta WHERE name = 'schema'").fetchall()
    assert kept == [(3,)]
