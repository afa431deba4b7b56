"""A PostgreSQL at the far end of a slow link is asked seldom: the loop waits for each answer."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.devnet.postgres import Postgres
from monitor.store.opening import open_store
from monitor.store.records import Change, Poll, Sample
from monitor.store.sqlite import SqliteStore
from tests.conftest import open_postgres

ASKED = ("LOG:  statement:", "LOG:  execute ")


@pytest.fixture
def server() -> Iterator[Postgres]:
    with open_postgres("log_statement=all") as running:
        yield running


@pytest.fixture
def store(server: Postgres, start: datetime) -> Iterator[SqliteStore]:
    opened = open_store(server.url(), now=start)
    yield opened
    opened.close()


def asked(server: Postgres, act: Callable[[], Any]) -> int:
    """Return how often the server was asked something meanwhile."""
    before = server.log
    act()
    return sum(server.log[len(before) :].count(word) for word in ASKED)


def test_a_commit_asks_no_more_often_for_a_hundred_alerts_than_for_a_few(
    server: Postgres, store: SqliteStore, start: datetime, letter: Callable[..., Any]
) -> None:
    change = Change(
        rows={("rule", f"r{n}"): "1" for n in range(100)},
        samples=tuple(Sample(series=f"s{n}", at=start, value=1.0) for n in range(100)),
        forget_samples_before={f"s{n}": start for n in range(100)},
        alerts=tuple(letter(f"i{n}", key=f"k{n}") for n in range(100)),
        poll=Poll(source="eth", at=start),
    )
    assert asked(server, lambda: store.commit(change)) <= 15
    assert len(store.history.events()) == len(store.load().rows) == 100
    taken = list[Any]()
    assert asked(server, lambda: taken.extend(store.outbox.due("mqtt", start, 20))) <= 3
    assert [one.idem for one in taken] == [f"i{n}" for n in range(20)]


def test_more_rows_than_go_into_one_question_all_arrive(
    server: Postgres, store: SqliteStore, start: datetime
) -> None:
    many = tuple(Sample(series="s", at=start + timedelta(n), value=n) for n in range(450))
    assert asked(server, lambda: store.commit(Change(samples=many))) <= 6
    assert store.load().samples == many


def test_what_is_old_is_forgotten_by_few_questions(
    server: Postgres, store: SqliteStore, start: datetime, letter: Callable[..., Any]
) -> None:
    store.commit(Change(alerts=tuple(letter(f"i{n}", key=f"k{n}") for n in range(100))))
    for channel in ("mqtt", "telegram"):
        for one in store.outbox.due(channel, start, 99):
            store.outbox.delivered(one.id, start)
    assert asked(server, lambda: store.forget(start + timedelta(days=1))) <= 10
    assert [one.idem for one in store.history.events()] == ["i99"]  # it still waits
