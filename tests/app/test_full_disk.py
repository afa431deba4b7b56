"""The real daemon on a disk that fills up: it says so, goes on, and has all of it afterwards."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.clock import SystemClock, stopwatch
from monitor.devnet.broker import Broker
from monitor.devnet.child import spawn
from monitor.devnet.listener import listening
from monitor.errors import Transient
from monitor.store.reserve import Reserve
from monitor.store.sqlite import SqliteStore, open_sqlite
from tests.store.filling import file_system

CLOCK = SystemClock()
# Nobody listens at the chain's port: a poll a second that fails is as good as one that does not.
CONFIG = """\
[store]
url = "sqlite:///{folder}/disk/h.db"
[chain.ethereum]
rpc = ["http://127.0.0.1:9"]
poll_s = 1
[[watch]]
chain = "ethereum"
pool = "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8"
[rules]
enabled = ["self"]
[channel.mqtt]
host = "127.0.0.1"
port = {port}
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes."""
    with file_system(tmp_path / "disk", "8m") as folder:
        yield folder


async def until(reached: Callable[[], object], what: str) -> None:
    began = stopwatch()
    while not reached():
        assert stopwatch() - began < 90, f"never: {what}"
        await CLOCK.sleep(0.02)


def fill(ballast: Path) -> None:
    with ballast.open("ab", buffering=0) as file:
        for size in (4096, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


def gaps(store: SqliteStore) -> int:
    return store.history.tally("ethereum").gaps


@pytest.mark.timeout(240)
async def test_it_says_so_goes_on_and_loses_nothing(
    disk: Path, broker: Broker, tmp_path: Path
) -> None:
    config, log = tmp_path / "config.toml", tmp_path / "log"
    config.write_text(CONFIG.format(folder=tmp_path, port=broker.port))
    command = [sys.executable, "-m", "monitor", "run", "--config", str(config)]
    now = datetime(2020, 3, 9, tzinfo=UTC)
    with closing(open_sqlite(f"sqlite:///{disk}/h.db", now=now)) as store, log.open("wb") as out:
        async with listening(broker.host, broker.port, "hedgewatch/home/event") as heard:
            daemon = spawn(command, output=out)
            try:
                await until(lambda: gaps(store), "the first poll")
                fill(disk / "ballast")
                await until(lambda: heard.events, "an alert told without a disk")
                at_worst = gaps(store)
                [full] = heard.events
                assert (full["rule"], full["state"]) == ("self.disk", "firing")
                assert full["reason"].endswith("database or disk is full")
                assert "make room" in full["text"]
                assert store.history.events() == ()
                (disk / "ballast").unlink()
                await until(lambda: len(heard.events) > 1, "its end")
                assert (heard.events[1]["rule"], heard.events[1]["state"]) == (
                    *("self.disk", "resolved"),
                )
                await until(lambda: not store.outbox.backlog(), "every mark on the disk")
                daemon.send_signal(signal.SIGTERM)
                await until(lambda: daemon.poll() is not None, "the stop")
            finally:
                daemon.kill()
                daemon.wait()
        assert daemon.returncode == 0
        assert [event.idem for event in store.history.events()] == [
            event["idem"] for event in heard.events
        ]
        assert heard.repeats == 0
        for event in store.history.events():
            assert store.history.decided(event.alert_id), "why it was told, and where"
        assert gaps(store) > at_worst, "what was polled meanwhile is known"
    assert "Traceback" not in log.read_text()
    assert log.read_text().count("takes nothing") == 1


@pytest.mark.timeout(240)
async def test_stopped_and_started_on_a_full_disk_it_watches_and_says_so(
    disk: Path, broker: Broker, tmp_path: Path
) -> None:
    """SQLite makes files beside a database it opens, which want room."""
    config, log = tmp_path / "config.toml", tmp_path / "log"
    config.write_text(CONFIG.format(folder=tmp_path, port=broker.port))
    command = [sys.executable, "-m", "monitor", "run", "--config", str(config)]

    async def ended(*alerts: str) -> int:
        with log.open("wb") as out:
            daemon = spawn(command, output=out)
        try:
            if alerts:
                await until(lambda: [one["rule"] for one in heard.events] == [*alerts], "an alert")
                daemon.send_signal(signal.SIGTERM)
            await until(lambda: daemon.poll() is not None, "the stop")
        finally:
            daemon.kill()
            daemon.wait()
        fill(disk / "ballast")
        return daemon.returncode

    with closing(open_sqlite(f"sqlite:///{disk}/h.db", now=CLOCK.now())):
        Reserve(disk / "h.db").keep()  # as a run before leaves it
    fill(disk / "ballast")
    async with listening(broker.host, broker.port, "hedgewatch/home/event") as heard:
        assert not (disk / "h.db-shm").exists()
        assert await ended("self.disk") == 0, log.read_text()
        (disk / "h.db.reserve").unlink(missing_ok=True)
        fill(disk / "ballast")
        assert await ended() == 1
    reason = "its disk is full, and so it cannot be opened: make room"
    assert log.read_text() == f"hedgewatch: {disk}/h.db: {reason}\n"


def test_what_a_run_leaves_is_taken_with_the_first_store_and_after_the_last(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "h.db")
    assert reserve.opened(lambda: "store") == "store"
    assert reserve.path.stat().st_size == 262_144
    assert reserve.path.stat().st_mode & 0o777 == 0o600
    reserve.keep()  # a second time does nothing
    with pytest.raises(Transient, match=r"^locked$"):  # there is room: it is something else
        reserve.opened(refuse)
    assert reserve.path.exists()


def refuse() -> None:
    raise Transient("locked")
