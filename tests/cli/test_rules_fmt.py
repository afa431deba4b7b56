"""`hedgewatch rules fmt`: which files are laid out anew, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
RULE = '[[rule]]\nid = "high"\nscope = "book"\naction = "notify"\nwhen = \'vix > 20.0\'\n'
HEAD = 'schema = 1\n\n[pack]\nid = "mine"\ntitle = "Mine"\nevidence = "claim"\n\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a pack in the form, one that is not, and a file of tests that is not."""
    (tmp_path / "right.toml").write_text(HEAD + RULE)
    (tmp_path / "odd.toml").write_text(f"# mine\n{HEAD}{RULE.replace(' = ', '=')}")
    (tmp_path / "odd.test.toml").write_text("schema=1")
    return tmp_path


def test_a_check_names_what_is_not_in_the_form_and_writes_nothing(folder: Path, run: Run) -> None:
    before = {path: path.read_text() for path in folder.iterdir()}
    told = run("rules", "fmt", "--check", folder)
    assert told.status == 1
    assert told.out.splitlines() == [
        f"differs {folder / 'odd.test.toml'}",
        f"differs {folder / 'odd.toml'}",
        "3 files, 2 would be laid out anew",
    ]
    assert {path: path.read_text() for path in folder.iterdir()} == before


def test_files_are_laid_out_and_then_in_the_form(folder: Path, run: Run) -> None:
    told = run("rules", "fmt", folder)
    assert (told.status, told.out.splitlines()[-1]) == (0, "3 files, 2 laid out anew")
    assert (folder / "odd.toml").read_text() == f"# mine\n{HEAD}{RULE}"
    assert (folder / "odd.test.toml").read_text() == "schema = 1\n"
    told = run("rules", "fmt", "--check", folder)
    assert (told.status, told.out) == (0, "3 files, none would be laid out anew\n")


def test_only_the_files_named_are_touched(folder: Path, run: Run) -> None:
    told = run("rules", "fmt", folder / "odd.toml", folder / "odd.toml")
    assert told.out.splitlines() == [f"mended  {folder / 'odd.toml'}", "1 file, 1 laid out anew"]
    assert (folder / "odd.test.toml").read_text() == "schema=1"


def test_every_faulty_file_is_told_and_none_is_written(folder: Path, run: Run) -> None:
    (folder / "bad.toml").write_text("schema = 1\n\n[pack\n")
    (folder / "deep.toml").write_text(f"x = {'[' * 20_000}")
    (folder / "worse.toml").write_bytes(b"\xff")
    told = run("rules", "fmt", folder, folder / "none.toml")
    assert (told.status, told.out) == (2, "")
    lines = told.err.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(f"{folder / 'bad.toml'}:3:6: not TOML: ")
    assert lines[1].startswith(f"{folder / 'deep.toml'}: ")  # in words that hang on the stack
    assert lines[2] == f"{folder / 'worse.toml'}: is not UTF-8"
    assert lines[3] == f"{folder / 'none.toml'}: cannot be read: No such file or directory"
    assert (folder / "odd.test.toml").read_text() == "schema=1"


def test_without_a_file_it_is_the_folder_of_the_config(folder: Path, run: Run) -> None:
    config = folder.parent / "config.toml"
    config.write_text(
        '[chain.ethereum]\nrpc = ["http://127.0.0.1:9"]\n[[watch]]\nchain = "ethereum"\nnft = [1]\n'
        f'[rules]\nfolder = "{folder.name}"\n'
    )
    told = run("rules", "fmt", "--check", "--config", config)
    assert (told.status, told.out.splitlines()[-1]) == (1, "3 files, 2 would be laid out anew")
