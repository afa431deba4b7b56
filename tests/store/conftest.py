from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.alerts.wire import to_json
from monitor.store.holding import HoldingStore
from monitor.store.memory import MemoryStore
from monitor.store.opening import open_store
from monitor.store.port import Store
from monitor.store.records import Outgoing
from monitor.store.sqlite import SqliteStore, open_sqlite
from tests.some_alert import a_proposal
from tests.store.filling import Disk, file_system

START = datetime(2020, 3, 9, 20, 15, tzinfo=UTC)


@pytest.fixture
def start() -> datetime:
    return START


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/var/hedgewatch.db"


@pytest.fixture(params=["sqlite", "memory", "postgres", "held sqlite"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    opened: Store
    if request.param == "sqlite":
        opened = open_sqlite(request.getfixturevalue("url"), now=START)
    elif request.param == "postgres":
        opened = open_store(request.getfixturevalue("postgres_url"), now=START)
    elif request.param == "held sqlite":
        opened = HoldingStore(open_sqlite(request.getfixturevalue("url"), now=START))
    else:
        opened = MemoryStore(now=START)
    yield opened
    opened.close()


@pytest.fixture
def reopen(url: str) -> Iterator[Callable[..., SqliteStore]]:
    """Open the file again as often as asked; closed in the end, or before by hand."""
    opened: list[SqliteStore] = []

    def again(now: datetime = START) -> SqliteStore:
        opened.append(open_sqlite(url, now=now))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def letter() -> Callable[..., Outgoing]:
    """Make an outgoing alert whose payload is a real alert with the same names."""

    def make(
        idem: str,
        *,
        key: str = "L2.add:book",
        at: datetime = START,
        channels: tuple[str, ...] = ("telegram", "mqtt"),
    ) -> Outgoing:
        alert = a_proposal(
            at,
            id="a1b2c3",
            idem=idem,
            key=key,
            layer_title="VIX calls, 110 days",
            title="Add L2",
            text="VIX 54.5",
        )
        return Outgoing(
            idem=idem,
            key=key,
            alert_id=alert.id,
            at=at,
            payload=to_json(alert),
            channels=channels,
        )

    return make


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A small file system that can be filled."""
    with file_system(tmp_path / "disk", "8m") as folder:
        yield Disk(folder)


@pytest.fixture
def sqlite(disk: Disk, start: datetime) -> Iterator[SqliteStore]:
    """A store on it."""
    store = open_sqlite(f"sqlite:///{disk.folder}/h.db", now=start)
    yield store
    store.close()
