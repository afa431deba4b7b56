"""The wheel stands on its own: it carries the ABIs and the rules, and runs without the checkout."""

import os
import signal
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


# A node nobody runs, no feed, the pack over the daemon itself: nothing leaves this machine.
ALONE = """
instance = "wheel"
store = { url = "sqlite:///hedgewatch.db" }
chain.ethereum.rpc = ["http://127.0.0.1:9"]
watch = [{ chain = "ethereum", nft = [1] }]
rules.enabled = ["self"]
feeds = { vix = [], "vx.settle" = [], "dvol.eth" = [] }
"""


ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=110
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it from the checkout."""
    out = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out, cwd=ROOT)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it where the locked dependencies are seen, but not the checkout."""
    home = tmp_path_factory.mktemp("installed")
    made = run(sys.executable, "-m", "venv", "--without-pip", home / "venv", cwd=home)
    assert made.returncode == 0, made.stderr
    python = home / "venv" / "bin" / "python"
    told = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home)
    site = Path(told.stdout.strip())
    # A path in a .pth file is searched, but .pth files found there (the checkout's) are not read.
    (site / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    uv = Path(sys.executable).parent / "uv"
    options = ("--quiet", "--offline", "--no-deps", "--python", python)
    done = run(uv, "pip", "install", *options, wheel, cwd=home)
    assert done.returncode == 0, done.stderr
    return home


def members(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def shipped(folder: str, pattern: str) -> set[str]:
    return {path.name for path in (ROOT / folder).glob(pattern)}


@pytest.mark.parametrize(
    ("folder", "pattern", "inside"),
    [
        pytest.param("abis", "*.json", "monitor/abis", id="every ABI"),
        pytest.param("rules", "*.toml", "monitor/rulepacks", id="every rule file and its tests"),
        pytest.param(
            "monitor/channels/schemas", "*.json", "monitor/channels/schemas",
            id="the schema of every MQTT payload",
        ),
    ],
)  # fmt: skip
def test_the_wheel_carries(folder: str, pattern: str, inside: str, wheel: Path) -> None:
    expected = shipped(folder, pattern)
    assert expected
    assert {f"{inside}/{name}" for name in expected} <= members(wheel)


def test_the_wheel_carries_the_page_and_what_it_draws_with(wheel: Path) -> None:
    page = ROOT / "monitor" / "web"
    carried = members(wheel)
    own = {"static/page.css", "static/page.js", "static/icon.svg", "grafana.json"}
    assert {f"monitor/web/{name}" for name in own} <= carried
    if not (page / "static" / "vendor").exists():
        pytest.skip("what the page draws with is missing: run `make setup`")
    vendored = {"uPlot.iife.min.js", "uPlot.min.css", "LICENSE"}
    assert {f"monitor/web/static/vendor/{name}" for name in vendored} <= carried


def test_the_wheel_carries_the_whole_package_and_nothing_beside_it(wheel: Path) -> None:
    carried = members(wheel)
    files = (one for one in (ROOT / "monitor").rglob("*") if one.is_file())
    source = {str(one.relative_to(ROOT)) for one in files if "__pycache__" not in one.parts}
    assert any(name.endswith(".py") for name in source)
    assert source <= carried  # code, and whatever lies beside it: tables, pages, schemas
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {name.split("/")[0] for name in carried} == {
        "monitor",
        f"hedgewatch-{version}.dist-info",
    }


def test_the_installed_package_is_the_wheel_and_finds_what_it_ships(installed: Path) -> None:
    ask = "import monitor.shipped as s; print(s.__file__, s.abis_dir(), s.rules_dir(), sep='\\n')"
    told = run(installed / "venv/bin/python", "-c", ask, cwd=installed)
    assert told.returncode == 0, told.stderr
    for place in told.stdout.split():
        assert Path(place).is_relative_to(installed)


def test_the_installed_command_checks_the_shipped_rules_outside_the_checkout(
    installed: Path,
) -> None:
    told = run(installed / "venv/bin/hedgewatch", "rules", "check", cwd=installed)
    assert told.returncode == 0, told.stdout + told.stderr


# The words of every group and verb, each with its help, from the parser that is installed.
WALK = """
from monitor.cli.parser import parser
def walk(of, words=()):
    yield words, of.format_help()
    for action in of._actions:
        if isinstance(action.choices, dict):
            for name, one in action.choices.items():
                yield from walk(one, (*words, name))
for words, told in walk(parser()):
    assert told.startswith("usage: hedgewatch"), words
    print("hedgewatch", *words)
"""

MODULES = """
import importlib
from monitor.cli.parser import parser
def verbs(of):
    for action in of._actions:
        if isinstance(action.choices, dict):
            for one in action.choices.values():
                yield from verbs(one)
                yield one
for one in verbs(parser()):
    if (module := one.get_default("module")):
        getattr(importlib.import_module(f"monitor.cli.{module}"), one.get_default("function"))
"""


def test_every_installed_verb_tells_its_help_and_has_the_module_it_names(installed: Path) -> None:
    walked = run(installed / "venv/bin/python", "-c", WALK, cwd=installed)
    assert walked.returncode == 0, walked.stderr
    assert {"hedgewatch init", "hedgewatch rules check"} <= set(walked.stdout.splitlines())
    named = run(installed / "venv/bin/python", "-c", MODULES, cwd=installed)
    assert named.returncode == 0, named.stderr
    told = run(installed / "venv/bin/hedgewatch", "--help", cwd=installed)
    assert "examples:" in told.stdout
    version = run(installed / "venv/bin/hedgewatch", "--version", cwd=installed).stdout
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version == f"hedgewatch {stated}\n"


def test_what_init_writes_from_the_wheel_is_sound(installed: Path, tmp_path: Path) -> None:
    command = installed / "venv/bin/hedgewatch"
    words = ("init", "--yes", "--untested", "--rpc", "http://127.0.0.1:9", "--nft", "1")
    told = run(command, *words, cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "config.toml").read_text().startswith("# Hedgewatch's settings.")
    checked = run(command, "rules", "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_the_wheel_replays_a_past_week(installed: Path, tmp_path: Path) -> None:
    words = ("timetravel", "--from", "2025-04-01", "--to", "2025-04-08", "--range", "2")
    told = run(installed / "venv/bin/hedgewatch", *words, "--rules", "alvh", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "deepest drawdown" in told.stdout


def test_the_installed_daemon_watches_outside_the_checkout_until_it_is_stopped(
    installed: Path,
) -> None:
    (installed / "alone.toml").write_text(ALONE, encoding="utf-8")
    with subprocess.Popen(
        [installed / "venv/bin/hedgewatch", "run", "--config", "alone.toml"],
        cwd=installed,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as daemon:
        assert daemon.stderr is not None
        told = []
        for line in daemon.stderr:  # ends when the daemon does
            told.append(line)
            if "ethereum: 127.0.0.1:9 cannot be reached" in line:
                daemon.send_signal(signal.SIGTERM)
        assert daemon.wait() == 0, "".join(told)
    assert "cannot be reached" in "".join(told)
    assert (installed / "hedgewatch.db").exists()
