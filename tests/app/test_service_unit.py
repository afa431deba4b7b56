"""The systemd unit: hardened as systemd itself judges, and filled in for one's own settings."""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from monitor.app.service_unit import closed_to_others, unit
from monitor.config import Draft, read_draft
from monitor.errors import ConfigError

REST = """\
instance = "home"
[chain.ethereum]
rpc = ["credential:eth_rpc", "{second}"]
[[watch]]
chain = "ethereum"
pool = "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8"
[deadman]
url = "env:PING_URL"
[channel.telegram]
token = "credential:telegram_token"
chat = 12345
timeout_s = {timeout_s}
[store]
url = "sqlite:///{store}"
"""
STORE = "/var/lib/hedgewatch/hedgewatch.db"
COMMAND = (Path(sys.executable), "-m", "monitor")


def draft(folder: Path, **given: object) -> Draft:
    values = {"second": "env:SECOND", "timeout_s": 10.0, "store": STORE, **given}
    (folder / "config.toml").write_text(REST.format(**values))
    found = read_draft(folder / "config.toml")
    assert not found.faults
    return found


def lines(text: str, *keys: str) -> list[str]:
    return [line for line in text.splitlines() if line.partition("=")[0] in keys]


@pytest.fixture
def analyze() -> list[str]:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    return [found]


@pytest.mark.parametrize("user", [None, "daemon"])
def test_systemd_finds_it_sound_and_exposed_by_2_at_most(
    user: str | None, analyze: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "hedgewatch.service"
    store = STORE if user is None else "/srv/hedgewatch/h.db"
    file.write_text(unit(draft(tmp_path, store=store), COMMAND, user))
    verified = subprocess.run(
        [*analyze, "verify", str(file)], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run(
        [*analyze, "security", "--offline=true", "--threshold=20", "--no-pager", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout
    level = float(judged.stdout.rpartition("hedgewatch.service: ")[2].split()[0])
    assert level <= 2.0
    # And the measure tells: without what shuts the file system it is worse.
    text = file.read_text().replace("ProtectSystem=strict\n", "").replace("CapabilityB", "#")
    file.write_text(text)
    assert subprocess.run(judged.args, capture_output=True, check=False).returncode != 0


def test_it_is_filled_in(tmp_path: Path) -> None:
    text = unit(draft(tmp_path), (Path("/opt/hedgewatch/bin/hedgewatch"),), None)
    assert "$" not in text.replace("$MAINPID", "")
    config = tmp_path / "config.toml"
    assert lines(text, "ExecStart") == [
        f"ExecStart=/opt/hedgewatch/bin/hedgewatch run --config {config}"
    ]
    assert lines(text, "Type", "WatchdogSec", "DynamicUser", "StateDirectory", "User") == [
        *("Type=notify", "WatchdogSec=90", "DynamicUser=yes", "StateDirectory=hedgewatch")
    ]
    assert lines(text, "LoadCredential", "EnvironmentFile") == [
        f"EnvironmentFile={tmp_path}/environment",
        f"LoadCredential=eth_rpc:{tmp_path}/credentials/eth_rpc",
        f"LoadCredential=telegram_token:{tmp_path}/credentials/telegram_token",
    ]
    assert "sets PING_URL, SECOND;" in text


def test_a_user_of_ones_own_may_keep_store_and_program_at_home(tmp_path: Path) -> None:
    given = draft(tmp_path, store="/home/ann/watch me/h.db", second="file:/home/ann/rpc")
    text = unit(given, (Path("/home/ann/.local/bin/hedgewatch"),), "ann")
    assert lines(text, "User", "DynamicUser", "ReadWritePaths", "ProtectHome") == [
        *("User=ann", 'ReadWritePaths="/home/ann/watch me"', "ProtectHome=read-only")
    ]


def test_what_a_user_made_for_it_cannot_reach_is_refused(tmp_path: Path) -> None:
    given = draft(tmp_path, store=f"{tmp_path}/h.db", second="file:/etc/hedgewatch/rpc")
    with pytest.raises(ConfigError) as caught:
        unit(given, COMMAND, None)
    file = tmp_path / "config.toml"
    store, secret = (str(fault).removeprefix(f"{file}: ") for fault in caught.value.faults)
    assert store == (
        "store.url: a service of systemd writes in a folder of /var/lib: "
        '"sqlite:////var/lib/hedgewatch/hedgewatch.db"; or name who runs it by --user'
    )
    assert secret == (
        'chain.ethereum.rpc: no user made for a service may read it: "credential:NAME", or --user'
    )


def test_the_watchdog_is_more_patient_than_the_slowest_send(tmp_path: Path) -> None:
    text = unit(draft(tmp_path, timeout_s=60.0), COMMAND, None)
    assert lines(text, "WatchdogSec") == ["WatchdogSec=360"]


def test_a_store_on_a_server_needs_no_folder(tmp_path: Path) -> None:
    file, rest = tmp_path / "config.toml", REST.replace('"sqlite:///{store}"', '"{store}"')
    file.write_text(rest.format(second="env:SECOND", timeout_s=10.0, store="credential:pg"))
    found = read_draft(file)
    assert found.faults == ()
    told = unit(found, COMMAND, None)
    assert lines(told, "DynamicUser", "StateDirectory", "ReadWritePaths") == ["DynamicUser=yes"]
    assert f"LoadCredential=pg:{tmp_path}/credentials/pg" in lines(told, "LoadCredential")


@pytest.mark.parametrize("shut", ["home", "home/config.toml", "home/bin/hedgewatch"])
def test_what_is_closed_to_a_user_made_for_it_is_told(shut: str) -> None:
    with TemporaryDirectory(dir="/tmp") as made:
        top = Path(made)
        top.chmod(0o755)
        (top / "home/bin").mkdir(parents=True)
        command = top / "home/bin/hedgewatch"
        command.write_text("#!")
        command.chmod(0o755)
        given = draft(top / "home")
        assert [*closed_to_others(given, (command,))] == []
        (top / shut).chmod(0o700 if shut == "home" else 0o600)
        faults = [*closed_to_others(given, (command,))]
        assert all(f"and {top / shut} is closed to others" in str(fault) for fault in faults)
        assert len(faults) == (2 if shut == "home" else 1)
