"""`backup` and `restore` as people run them."""

from pathlib import Path
from typing import Any

import pytest

from monitor.cli.main import main
from monitor.store.lock import Lock


def test_a_store_is_copied_and_put_back(home: Any, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    home.take()
    first, second = home.told("backup", file)
    assert first.startswith(f"{file}: 0 events, schema ")
    assert first.endswith(" MB, sound")
    assert second.startswith("sha256 ")
    assert second.endswith(", kept in copy.db.sha256")
    assert home.told("backup", file, status=1) == [
        f"hedgewatch: {file} is there already: nothing is written over a backup"
    ]
    restored, aside = home.told("restore", file)
    assert restored.startswith(f"{home.store}: restored, 0 events, schema ")
    assert aside.startswith(f"the store before it is kept: {home.store}.before-")
    assert home.told("status")


def test_a_folder_is_no_copy(home: Any) -> None:
    home.take()
    there = "is there already: nothing is written over a backup"
    assert home.told("backup", "/", status=1) == [f"hedgewatch: / {there}"]
    assert home.told("restore", "/", status=1) == ["hedgewatch: /: Is a directory"]


def test_restore_refuses_while_a_daemon_runs(home: Any, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    home.take()
    home.told("backup", file)
    with Lock(f"sqlite:///{home.store}"):
        [told] = home.told("restore", file, status=1)
    assert told.startswith("hedgewatch: another hedgewatch (process ")
    assert told.endswith(": stop it first")


def test_without_a_store_there_is_nothing_to_copy(home: Any, tmp_path: Path) -> None:
    assert home.told("backup", tmp_path / "copy.db", status=1) == [
        f"hedgewatch: there is no store to copy: {home.store} is made by `hedgewatch run`"
    ]


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_of_a_server_it_says_what_copies_it(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    watch = '[chain.ethereum]\nrpc = ["env:NONE"]\n[[watch]]\nchain = "ethereum"\nnft = [1]\n'
    config.write_text(f'[store]\nurl = "postgresql://nobody@127.0.0.1:9/h"\n{watch}')
    assert main([verb, str(tmp_path / "copy.db"), "--config", str(config)]) == 1
    assert capsys.readouterr().err == (
        "hedgewatch: the store is a PostgreSQL: copy it by `pg_dump -Fc` and put it back by "
        "`pg_restore`, as README tells under Several machines\n"
    )
