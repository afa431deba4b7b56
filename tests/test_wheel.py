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


def test_the_wheel_carries_the_whole_package_and_nothing_beside_it(wheel: Path) -> None:
    carried = members(wheel)
    source = {str(p.relative_to(ROOT)) for p in (ROOT / "monitor").rglob("*.py")}
    assert source <= carried
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
