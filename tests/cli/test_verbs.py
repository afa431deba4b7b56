"""What the verbs say of themselves, and what they refuse or remark on."""

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from monitor.app.notes import notes
from monitor.cli import main
from monitor.cli.parser import parser
from monitor.config import parse_settings
from monitor.hedge.legs import parse_leg
from monitor.model.observation import Verb
from monitor.rules.expression import LANGUAGE

ROOT = Path(__file__).parents[2]


def verbs(of: Any, before: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return every group and verb of a parser by its words."""
    found = {before: of}
    for action in of._actions:
        if isinstance(action.choices, dict):
            for name, one in action.choices.items():
                found |= verbs(one, (*before, name))
    return found


@pytest.mark.parametrize("words", verbs(parser()), ids=" ".join)
def test_every_group_and_verb_is_described(words: tuple[str, ...]) -> None:
    described = verbs(parser())[words].description
    assert described
    assert described.endswith(".")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_help_is_as_wide_as_the_terminal(columns: int) -> None:
    environment = {**os.environ, "COLUMNS": str(columns)}
    for words in ((), ("rules",), ("layer", "fill"), ("ack",)):
        command = [sys.executable, "-m", "monitor", *words, "--help"]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        text = told.stdout.partition("examples:")[0]
        assert max(map(len, text.splitlines())) <= columns


def test_the_language_of_rules_is_a_verb_and_fits_80_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rules", "language"]) == 0
    out = capsys.readouterr().out
    assert out == LANGUAGE
    assert max(map(len, out.splitlines())) <= 80
    assert "crossed_above(x, 30.0)" in out


@pytest.mark.parametrize("alert", ["A17", "A17F1Z", "A17F123", ""])
def test_an_alert_that_cannot_be_one_is_refused_in_a_sentence(alert: str, home: Any) -> None:
    for words in (("ack", alert), ("snooze", alert, "1h")):
        assert home.told(*words, status=2) == [
            f"ALERT: {alert!r} is no alert: it is six characters of 0-9 and A-F, as in A17F3C"
        ]
    assert not home.store.exists()


def test_an_alert_may_be_written_small(home: Any) -> None:
    assert home.told("ack", "a17f3c")[0].startswith("queued: ")


@pytest.mark.parametrize(
    ("leg", "told"),
    [
        pytest.param("vix.call 2027-03-17 29 +4 @2.85", [], id="a monthly Wednesday"),
        pytest.param("vix.call 2027-03-10 29 +4 @2.85", [], id="a weekly Wednesday"),
        # Juneteenth 2024 was the Wednesday, so that Cboe settled on the Tuesday.
        pytest.param("vix.call 2024-06-18 15 +4 @0.5", [], id="a Tuesday before a holiday"),
        pytest.param(
            "vix.call 2027-03-16 29 +4 @2.85",
            ["2027-03-16 is no VIX expiry (17 Mar 2027 is): filled as given"],
            id="a Tuesday",
        ),
        pytest.param(
            "vix.call 2027-03-17 29 +4",
            ["vix.call 2027-03-17 29 +4 has no price: the layer's profit will be unknown"],
            id="no price",
        ),
    ],
)
def test_what_is_odd_about_a_trade_is_remarked_on(leg: str, told: list[str]) -> None:
    assert list(notes(Verb.FILL, [parse_leg(leg)])) == told


def test_an_odd_trade_is_taken_all_the_same(home: Any) -> None:
    lines = home.told("layer", "fill", "L2", "--leg", "vix.call 2027-03-16 29 +4")
    assert lines == [
        "queued: the daemon is down, and takes it up when it starts",
        "note: 2027-03-16 is no VIX expiry (17 Mar 2027 is): filled as given",
        "note: vix.call 2027-03-16 29 +4 has no price: the layer's profit will be unknown",
    ]


def test_a_roll_is_remarked_on_in_its_own_word() -> None:
    legs = [parse_leg("vix.call 2027-03-16 29 -4 @1"), parse_leg("vix.call 2027-05-19 29 +4 @2")]
    (note,) = notes(Verb.ROLL, legs)
    assert note.endswith(": rolled as given")


def test_what_the_shipped_config_shows_in_comments_loads_when_uncommented() -> None:
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    shown = re.sub(r"^# (?=\[|[a-z_0-9\"]+ = )", "", text, flags=re.MULTILINE)
    assert "\n# [" in text
    assert "\n# [" not in shown
    settings = parse_settings(shown)
    assert settings.rules.folder == "rules"
    assert settings.feed["manual"].values["vix"].value == 16.5
    assert settings.feed["manual"].values["vix"].as_of == date(2026, 11, 20)
    (entry,) = settings.entry
    assert entry.position.endswith(":4471")
    assert entry.liquidity is not None
    assert settings.channel.names() == ("console", "telegram", "mqtt")


def test_the_readme_names_verbs_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = {
        tuple(words.split())
        for words in re.findall(
            r"(?<!inject )hedgewatch ((?:(?:rules|layer) )?[a-z]+)(?=[ `\n])", text
        )
    }
    assert ("rules", "language") in named
    assert named <= set(verbs(parser()))
