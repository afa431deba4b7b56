"""SIGKILL at random moments: nothing reported is lost, nothing half done is found."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.store.connection import database_path
from monitor.store.records import Change, Outgoing
from monitor.store.sqlite import open_sqlite

HERE = Path(__file__).parent


@contextmanager
def killed_in_the_end(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def last_report(url: str, reports: int) -> int:
    """Kill a writer after so many reports; return the last number it reported committed."""
    with killed_in_the_end(str(HERE / "writer_to_kill.py"), url) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        lines = [child.stdout.readline() for _ in range(reports)]
        child.kill()
        # The last line may be cut short; what was reported is what ends in a newline.
        lines += child.stdout.readlines()
    return max((int(line) for line in lines if line.endswith("\n")), default=0)


def asked(database: sqlite3.Connection, sql: str) -> list[Any]:
    return database.execute(sql).fetchall()


def check_whole(url: str, reported: int) -> int:
    """Check that the store holds whole steps only, all that were reported; return how many."""
    database = sqlite3.connect(database_path(url))
    try:
        [(count,)] = asked(database, "SELECT json FROM state WHERE kind = 'count'") or [("0",)]
        held = int(count)
        assert held >= reported
        steps = [(n,) for n in range(1, held + 1)]
        assert asked(database, "SELECT number FROM poll ORDER BY id") == steps
        assert asked(database, "SELECT idem FROM event ORDER BY id") == [
            (f"rule:book:{n}:firing",) for (n,) in steps
        ]
        letters = "SELECT event, count(*) FROM outbox GROUP BY event ORDER BY event"
        assert asked(database, letters) == [(n, 2) for (n,) in steps]
        kept = [(n, 3) for (n,) in steps[-51:]]
        samples = "SELECT value, count(*) FROM sample GROUP BY value ORDER BY value"
        assert asked(database, samples) == kept
        assert asked(database, "SELECT coalesce(sum(polls), 0) FROM tally") == [(held,)]
        assert asked(database, "PRAGMA integrity_check") == [("ok",)]
        assert asked(database, "PRAGMA foreign_key_check") == []
    finally:
        database.close()
    return held


@pytest.mark.parametrize(
    "kills",
    [pytest.param(15, id="15 kills"), pytest.param(60, id="60 kills", marks=pytest.mark.soak)],
)
def test_a_writer_killed_again_and_again_loses_nothing_it_reported(
    url: str, kills: int, figure: Any
) -> None:
    dice = random.Random(f"{kills} kills")
    held = 0
    for _ in range(kills):
        reported = last_report(url, dice.randrange(60))
        assert reported == 0 or reported > held
        held = check_whole(url, max(reported, held))
    told = f"a writer killed {kills} times; whole, and none of what it reported was lost"
    figure(f"writer.{kills}.kept", held, "steps", least=kills + 1, measured=told)


@pytest.mark.parametrize("seed", ["one", "two"])
def test_killed_between_sending_and_marking_every_repeat_has_its_key_and_says_so(
    *, url: str, tmp_path: Path, start: datetime, letter: Callable[..., Outgoing], seed: str
) -> None:
    store = open_sqlite(url, now=start)
    alerts = [letter(f"k{n % 3}:{n}", key=f"k{n % 3}", channels=("mqtt",)) for n in range(24)]
    store.commit(Change(alerts=tuple(alerts)))
    store.close()
    log = tmp_path / "consumer.log"
    for life in range(60):
        command = [sys.executable, str(HERE / "carrier_to_kill.py"), url, str(log), f"{seed}{life}"]
        if subprocess.run(command, check=False, timeout=30).returncode == 0:
            break
    else:
        pytest.fail("it never came through")

    lines = log.read_text().splitlines()
    arrivals = [line.split() for line in lines if not line.startswith("died")]
    assert lines.count("died after sending") > 0
    assert lines.count("died before sending") > 0
    first = list(dict.fromkeys(idem for _, idem, _ in arrivals))
    assert sorted(first) == sorted(alert.idem for alert in alerts)
    assert len(arrivals) - len(first) == lines.count("died after sending")
    for key in ("k0", "k1", "k2"):
        in_order = [alert.idem for alert in alerts if alert.key == key]
        assert [idem for idem in first if idem.startswith(f"{key}:")] == in_order
    seen: set[str] = set()
    for _, idem, repeat in arrivals:
        assert idem not in seen or repeat == "True"
        seen.add(idem)
