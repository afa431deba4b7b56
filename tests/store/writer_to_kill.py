"""Commits numbered changes for ever, printing each number once its commit has returned."""

import itertools
import sys
from datetime import UTC, datetime, timedelta

from monitor.store.records import Change, Outgoing, Poll, Sample
from monitor.store.sqlite import open_sqlite

START = datetime(2020, 3, 9, tzinfo=UTC)


def report(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(url: str) -> None:
    store = open_sqlite(url, now=START)
    done = int(store.load().rows.get(("count", "n"), "0"))
    report("ready")
    for n in itertools.count(done + 1):
        at = START + timedelta(seconds=n)
        change = Change(
            rows={("count", "n"): str(n), ("rule", str(n % 5)): "x" * (n % 900)},
            samples=tuple(Sample(series=series, at=at, value=float(n)) for series in "abc"),
            forget_samples_before=dict.fromkeys("abc", at - timedelta(seconds=50)),
            alerts=(
                Outgoing(
                    idem=f"rule:book:{n}:firing",
                    key=f"rule:{n % 3}",
                    alert_id="a1b2c3",
                    at=at,
                    payload="{}" * (n % 400),
                    channels=("telegram", "mqtt"),
                ),
            ),
            poll=Poll(source="ethereum", at=at, number=n, hash=hex(n), requests=1),
        )
        store.commit(change)
        report(str(n))


main(sys.argv[1])
