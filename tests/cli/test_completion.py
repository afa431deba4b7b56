"""Tab in real shells: verbs, options, packs, rules, layers, files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.completing import complete
from monitor.cli.completion import SHELLS
from monitor.cli.parser import parser
from monitor.shipped import pack_names

# As bash itself fills these in when Tab is pressed, up to the cursor.
ASK = """
source "$HOME/completion.bash"
read -ra COMP_WORDS <<< "$LINE"
[[ $LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { printf 'compopt %s\\n' "$*"; }
_hedgewatch
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def shells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the command on its PATH and each shell's completion in a file."""
    home = tmp_path_factory.mktemp("home")
    command = home / "bin" / "hedgewatch"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m monitor "$@"\n')
    command.chmod(0o755)
    for shell, text in SHELLS.items():
        (home / f"completion.{shell}").write_text(text)
    return home


def environment(shells: Path, **more: str) -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    path = f"{shells / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, "HOME": str(shells), "PATH": path, "PYTHONPATH": root, **more}


def bash(shells: Path, line: str) -> list[str]:
    """Return what bash would offer for a line."""
    command = ("bash", "--norc", "--noprofile", "-c", ASK)
    told = subprocess.run(
        command,
        cwd=shells,
        env=environment(shells, LINE=line),
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stderr == ""
    return [one for one in told.stdout.splitlines() if one]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param("hedgewatch ru", ["run", "rules"], id="verbs"),
        pytest.param("hedgewatch rules ex", ["explain"], id="verbs of a group"),
        pytest.param("hedgewatch init --mqtt-", ["--mqtt-user", "--mqtt-password", "--mqtt-tls"],
                     id="options"),
        pytest.param("hedgewatch rules explain L2.a", ["L2.add"], id="rules"),
        pytest.param("hedgewatch timetravel --rules alvh lp_r", ["lp_range"], id="packs"),
        pytest.param("hedgewatch completion f", ["fish"], id="the words an argument may be"),
        pytest.param("hedgewatch run --config ", ["compopt -o default"], id="files are bash's own"),
        pytest.param("hedgewatch nonsense x", [], id="nothing where nothing may follow"),
    ],
)  # fmt: skip
def test_bash_offers(line: str, offered: list[str], shells: Path) -> None:
    assert bash(shells, line) == offered


# As the README has it: of a checkout, by an alias, and nothing on the PATH.
BY_ALIAS = """
alias hedgewatch={command}
eval "$(hedgewatch completion bash)"
"""


@pytest.mark.parametrize("alias", [False, True])
def test_bash_completes_at_a_prompt_when_tab_is_pressed(alias: bool, shells: Path) -> None:
    # readline reads keys from standard input when the shell is told to be interactive.
    typed = "hedgewatch rules langu\t; exit\n"
    begins, path = shells / "completion.bash", {}
    if alias:
        begins, path = shells / "alias.bash", {"PATH": "/usr/bin:/bin"}
        begins.write_text(BY_ALIAS.format(command=shells / "bin" / "hedgewatch"))
    told = subprocess.run(
        ("bash", "--rcfile", str(begins), "-i"),
        input=typed,
        env=environment(shells, TERM="dumb", INPUTRC="/dev/null", **path),
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert "crossed_above" in told.stdout  # the page `rules language` shows


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_theirs(shell: str, shells: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run((program, "-n", shells / f"completion.{shell}"), check=True)


# --- what is offered, without a shell ---------------------------------------------------------


def words(*before: str) -> list[str]:
    return [one.partition("\t")[0] for one in complete(before)]


def test_every_verb_is_offered() -> None:
    (verbs,) = (one.choices for one in parser()._actions if isinstance(one.choices, dict))
    assert words("") == list(verbs)


def test_an_option_that_was_given_is_not_offered_again_unless_it_may_come_often() -> None:
    assert "--yes" not in words("init", "--yes", "--")
    assert "--wallet" in words("init", "--wallet", "0x1", "--")


def test_every_pack_is_offered_with_its_title() -> None:
    assert words("init", "--packs", "") == list(pack_names())
    assert complete(["init", "--packs", "parity"])[0].startswith("parity\t")


def test_rules_and_layers_are_those_of_the_config(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    head = '[pack]\nid = "x"\n[[layer]]\nid = "Z1"\ntitle = "Mine"\n'
    (tmp_path / "mine" / "x.toml").write_text(f'{head}[[layer.rule]]\nid = "Z1.add"\n')
    (tmp_path / "mine" / "y.toml").write_text(head.replace("Z1", "Z2").replace('"x"', '"y"'))
    (tmp_path / "mine" / "broken.toml").write_text("[[")
    config = tmp_path / "c.toml"
    config.write_text('[rules]\nfolder = "mine"\nenabled = ["x"]\n[chain.base]\n')
    assert complete(["layer", "fill", "--config", str(config), "Z"]) == ["Z1\tMine"]
    assert complete(["rules", "explain", "--config", str(config), ""]) == ["Z1.add\tof x"]
    assert words("position", "show", "--config", str(config), "--chain", "") == ["base"]


def test_alerts_are_the_newest_of_the_store(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.0, home.at))
    alerts = [one.split()[-1] for one in home.told("log")]
    offered = words("why", "--config", str(home.folder / "mine.toml"), "")
    assert alerts
    assert offered == alerts[::-1]


def test_a_config_that_cannot_be_read_offers_the_shipped(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[[")
    assert "L2" in words("ticket", "--config", str(tmp_path / "c.toml"), "L")
