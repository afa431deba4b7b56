"""The daemon as systemd runs it: a process of its own, its words on a real socket."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Nobody listens there: a daemon that can read nothing is up all the same, and says what it lacks.
CONFIG = """\
[chain.ethereum]
rpc = ["http://127.0.0.1:9"]
poll_s = 1
[[watch]]
chain = "ethereum"
pool = "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8"
[rules]
enabled = ["self"]
"""
MORE = """[alive]
at = "00:00"
[deadman]
url = "file:{folder}/ping"
"""
CANARY = "canary-ping-0123456789ab"


class Service:
    """What systemd does: starts it with a socket to speak to, and listens."""

    def __init__(self, folder: Path, ear: socket.socket) -> None:
        self._ear = ear
        self.heard: list[str] = []
        self.log = folder / "log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "monitor", "run", "--config", str(folder / "config.toml")],
                env={**os.environ, "NOTIFY_SOCKET": ear.getsockname()},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def hears(self, wanted: str) -> None:
        """Wait for a datagram that begins so."""
        while not (self.heard and self.heard[-1].startswith(wanted)):
            self.heard.append(self._ear.recv(4096).decode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(folder / "notify"))
        ear.settimeout(90)
        made = Service(folder, ear)
        yield made
        made.process.kill()
        made.process.wait()


@pytest.mark.timeout(300)
def test_its_life_as_systemd_hears_it(service: Service) -> None:
    service.hears("READY=1")
    assert not any(word.startswith("WATCHDOG") for word in service.heard[:-1])
    service.hears("WATCHDOG=1")
    service.hears("STATUS=")
    assert service.heard[-1] == "STATUS=watching no chain yet; 0 firing; no alert waits"
    service.process.send_signal(signal.SIGHUP)
    service.hears("RELOADING=1\nMONOTONIC_USEC=")
    service.hears("READY=1")
    service.process.send_signal(signal.SIGTERM)
    service.hears("STOPPING=1")
    assert service.process.wait(timeout=60) == 0
    assert "Traceback" not in service.log.read_text()


@pytest.mark.timeout(300)
def test_ended_by_the_watchdog_it_tells_where_it_stood(service: Service) -> None:
    service.hears("WATCHDOG=1")
    service.process.send_signal(signal.SIGABRT)
    assert service.process.wait(timeout=60) == -signal.SIGABRT
    log = service.log.read_text()
    assert "Fatal Python error: Aborted" in log
    assert '/monitor/app/live.py", line' in log or "in run_until_complete" in log


@pytest.mark.timeout(300)
def test_it_calls_its_dead_mans_server_and_tells_the_day_that_it_lives(folder: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear,
    ):
        ping = folder / "ping"
        ping.write_text(f"http://127.0.0.1:{server.getsockname()[1]}/{CANARY}")
        ping.chmod(0o600)
        (folder / "config.toml").write_text(CONFIG + MORE.format(folder=folder))
        ear.bind(str(folder / "notify"))
        ear.settimeout(90)
        server.settimeout(90)
        service = Service(folder, ear)
        try:
            call, _ = server.accept()
            with call:
                assert call.recv(4096).startswith(f"GET /{CANARY}/start HTTP/1.1\r\n".encode())
            service.hears("WATCHDOG=1")  # it is no matter that nobody answered that call
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(timeout=60) == 0
        finally:
            service.process.kill()
            service.process.wait()
    log = service.log.read_text()
    assert log.count("alive") == 1
    assert "Calm, nothing fires" in log
    assert CANARY not in log


@pytest.mark.timeout(300)
def test_a_second_one_on_the_same_store_ends_at_once_and_says_why(
    service: Service, folder: Path
) -> None:
    service.hears("READY=1")
    second = subprocess.run(
        [sys.executable, "-m", "monitor", "run", "--config", str(folder / "config.toml")],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert second.returncode == 1
    assert second.stderr.endswith(
        f"hedgewatch: another hedgewatch (process {service.process.pid}) already runs on "
        f"sqlite:///{folder}/var/hedgewatch.db: stop it first\n"
    )
    assert service.process.poll() is None
    service.process.kill()  # and once it is gone, however it went, another may run
    service.process.wait()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(folder / "again"))
        ear.settimeout(90)
        third = Service(folder, ear)
        try:
            third.hears("READY=1")
        finally:
            third.process.kill()
            third.process.wait()
