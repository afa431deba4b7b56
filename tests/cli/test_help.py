"""Every verb shows what to type, and what it shows can be typed."""

import json
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from monitor.cli.examples import EXAMPLES
from monitor.cli.main import _joined
from monitor.cli.parser import parser

COLUMNS = 80
WHOLE = parser()
TOLD = """
import json
from monitor.cli.parser import parser
def told(of, words=''):
    yield words, of.format_help()
    for action in of._actions:
        if isinstance(action.choices, dict):
            for name, one in action.choices.items():
                yield from told(one, f'{words} {name}'.strip())
print(json.dumps(dict(told(parser()))))
"""


def verbs(of: Any, before: str = "") -> dict[str, Any]:
    """Return every group and verb below a parser by its words."""
    found = {}
    for action in of._actions:
        if isinstance(action.choices, dict):
            for name, one in action.choices.items():
                words = f"{before} {name}".strip()
                found |= {words: one, **verbs(one, words)}
    return found


WORDS = sorted(verbs(WHOLE))


@cache
def helps() -> dict[str, str]:
    """Return what `--help` of each verb says on a terminal of 80 columns."""
    environment = {**os.environ, "COLUMNS": str(COLUMNS)}
    command = [sys.executable, "-c", TOLD]
    told = subprocess.run(command, env=environment, capture_output=True, check=True)
    found: dict[str, str] = json.loads(told.stdout)
    return found


def commands(text: str) -> list[str]:
    """Return the commands among the examples of a help text, those of several lines as one."""
    told = (
        re.split(r"^examples?:\n", text, flags=re.MULTILINE)[-1].replace("\\\n", " ").splitlines()
    )
    typed = (one.strip() for one in told if one.startswith("  hedgewatch "))
    return [re.split(r"\s{3,}(?!-)", one)[0] for one in typed]


@pytest.mark.parametrize("words", [one for one in WORDS if verbs(WHOLE)[one].get_default("module")])
def test_every_verb_shows_an_example_of_its_own(words: str) -> None:
    own = [one for one in commands(helps()[words]) if one.startswith(f"hedgewatch {words}")]
    assert own, f"`hedgewatch {words} --help` has no examples: add some to monitor/cli/examples.py"


@pytest.mark.parametrize("words", ["", *WORDS])
def test_what_is_shown_is_understood(words: str) -> None:
    for one in commands(helps()[words]):
        typed = shlex.split(one.partition(" > ")[0])
        WHOLE.parse_args(_joined(typed[1:]))


@pytest.mark.parametrize("words", ["", *WORDS])
def test_help_fits_a_terminal(words: str) -> None:
    lines = helps()[words].splitlines()
    assert [one for one in lines if len(one) > COLUMNS] == []


def test_no_example_is_of_a_verb_that_is_gone() -> None:
    assert set(EXAMPLES) <= set(WORDS)
