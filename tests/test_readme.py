"""The README's first screen is what the program does."""

import re
import shlex
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from monitor.alerts.render import plain
from monitor.app.rulebook import load_enabled, rulebook
from monitor.channels.port import Message
from monitor.cli.main import _joined
from monitor.cli.parser import parser
from monitor.config import Settings
from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.pipeline import State, step
from monitor.rules.loader import load_packs
from monitor.store.rows import epoch_of
from monitor.timetravel.tables import vx_settlements
from tests import figures

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PRINTED = datetime(2020, 2, 14, 21, 15, tzinfo=UTC)
HEARD = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)


OF_THE_BOOK = re.compile(r"Book:|Covers|in a 2020|Fit |over \d|VIX ≤|better fit|buy 5 %")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def first_add() -> str:
    book = rulebook(Settings(), load_enabled(Settings()))
    settled = vx_settlements()[date(2020, 2, 14)]
    curve = tuple(
        Reading(
            name="vx.settle", key=f"{day}", value=value, unit="points", as_of=PRINTED, source="x"
        )
        for day, value in settled
    )
    vix = Reading(name="vix", value=13.68, unit="points", as_of=PRINTED, source="cboe")
    new = State(epoch=epoch_of(HEARD))  # the story's store is made at its first moment
    state, _ = step(book, new, Readings(source="vx.settle", observed_at=HEARD, readings=curve))
    _, alerts = step(book, state, Readings(source="vix", observed_at=HEARD, readings=(vix,)))
    alert = next(alert for alert in alerts if alert.rule == "L2.add")
    return plain(Message(alert=alert, tries=0, repeat=False, now=HEARD))


def test_the_rule_shown_is_the_shipped_one() -> None:
    shown = tomllib.loads(block("toml"))["layer"]["rule"][0]
    shipped = tomllib.loads((ROOT / "rules" / "alvh.toml").read_text(encoding="utf-8"))
    rules = [rule for layer in shipped["layer"] for rule in layer["rule"]]
    (same,) = [rule for rule in rules if rule["id"] == shown["id"]]
    assert shown.items() <= same.items()
    assert len(block("toml").strip().splitlines()) == 6


def test_the_message_shown_is_the_one_it_produces() -> None:
    # What rests on the demo's positions is its own; all else follows from two market prints.
    shown = [line for line in block("text").strip().splitlines() if not OF_THE_BOOK.match(line)]
    made = [line for line in first_add().strip().splitlines() if not OF_THE_BOOK.match(line)]
    assert shown == made


def shown() -> list[str]:
    """Return every line of the README that is to be typed, and what it names within a text."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [one for text in blocks for one in text.replace("\\\n", " ").splitlines()]
    return [*lines, *re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", README, flags=re.DOTALL))]


def test_the_targets_shown_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {name for one in shown() for name in re.findall(r"\bmake ([a-z]+)\b", one)}
    assert {"setup", "demo", "test", "wheel"} <= targets
    assert targets <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def test_every_command_shown_is_understood() -> None:
    line = re.compile(r'(?:eval "\$\()?(?:\.venv/bin/)?hedgewatch ([^|&>)#]+)')
    found = [line.match(one.replace("$(date -I)", "today")) for one in shown()]
    typed = [shlex.split(one[1]) for one in found if one is not None]
    assert len(typed) > 30
    for words in typed:
        if "--help" not in words:  # argparse prints that, and ends
            parser().parse_args(_joined(words))


def test_every_shipped_pack_is_named() -> None:
    shipped = {one.stem for one in (ROOT / "rules").glob("*.toml") if ".test" not in one.name}
    listed = README.partition("Packs beside the enabled ones:")[2].partition(". Each names")[0]
    assert set(listed.replace("`", "").split()) | set(Settings().rules.enabled) == shipped


def test_the_first_screen_is_short() -> None:
    screen = README.partition("## Watch your own positions")[0]
    assert len(screen.split()) < 400


def test_the_layer_shown_loads(tmp_path: Path) -> None:
    (shown,) = [one for one in re.findall(r"```toml\n(.*?)```", README, re.DOTALL) if "V2" in one]
    head = '[pack]\nid = "shown"\ntitle = "Shown"\nevidence = "claim"\nsources = ["https://a.b"]\n'
    rule = '[[layer.rule]]\nid = "V2.add"\naction = "add"\nwhen = "vix < 15.0"\ntext = "t"\n'
    file = tmp_path / "shown.toml"
    file.write_text(f"schema = 1\n{head}{shown}{rule}", encoding="utf-8")
    (pack,) = load_packs([file])
    assert {one.id for one in pack.rules} == {"V2.add", "V2.roll", "V2.monetise"}


@pytest.mark.timeout(400)  # a year is told to the daemon
def test_the_figures_of_past_storms_are_those_a_replay_gives() -> None:
    assert README.count(figures.BEGIN) == README.count(figures.END) == 1
    assert figures.written(README) == README, "run `make figures`"


def test_a_program_run_by_sudo_is_first_put_where_sudo_looks() -> None:
    """Nor may it lie in a home, for the service's user cannot read it there."""
    steps = README.partition("## Leave it running")[2].partition("```sh\n")[2].partition("```")[0]
    before, runs, _ = steps.partition("sudo hedgewatch ")
    assert runs
    assert "PIPX_HOME=/opt/pipx PIPX_BIN_DIR=/usr/local/bin pipx install" in before
    assert "config.toml /etc/hedgewatch/" in before
