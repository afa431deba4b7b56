"""Whatever is done to them, the stores answer alike."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from monitor.devnet.postgres import Postgres
from monitor.store.memory import MemoryStore
from monitor.store.opening import open_store
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing, Poll, Sample

START: Final = datetime(2020, 3, 9, 20, 15, tzinfo=UTC)
CHANNELS: Final = ("console", "mqtt")
names = st.sampled_from("abc")
instants = st.integers(0, 30).map(lambda seconds: START + timedelta(seconds=seconds))
alerts = st.builds(
    Outgoing,
    idem=st.integers(0, 40).map(str),
    key=names,
    alert_id=st.just("a1"),
    at=instants,
    payload=st.just("{}"),
    channels=st.lists(st.sampled_from(CHANNELS), max_size=3).map(tuple),
    expires_at=st.none() | instants,
)
changes = st.builds(
    Change,
    rows=st.dictionaries(st.tuples(names, names), st.none() | st.just("1") | st.just("2")),
    samples=st.lists(
        st.builds(Sample, series=names, at=instants, value=st.floats(allow_nan=False)), max_size=4
    ).map(tuple),
    forget_samples_before=st.dictionaries(names, instants, max_size=1),
    alerts=st.lists(alerts, max_size=4).map(tuple),
    consumed_words=st.dictionaries(names, st.just("done"), max_size=1),
    poll=st.none()
    | st.builds(
        Poll, source=names, at=instants, gap=st.none() | st.just("down"), requests=st.just(2)
    ),
)


class TwoStores(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.url = self.new_url()
        self.stores: tuple[Store, Store] = (
            MemoryStore(now=START),
            open_store(self.url, now=START),
        )

    def new_url(self) -> str:
        return f"sqlite:///{Path(self.folder.name) / 'x.db'}"

    def teardown(self) -> None:
        self.stores[1].close()
        self.folder.cleanup()

    @rule(change=changes)
    def commit(self, change: Change) -> None:
        for store in self.stores:
            store.commit(change)

    @rule()
    def start_again(self) -> None:
        self.stores[1].close()
        self.stores = (self.stores[0], open_store(self.url, now=START))

    @rule(channel=st.sampled_from(CHANNELS), now=instants, end=st.sampled_from("fadx"))
    def try_one(self, channel: str, now: datetime, end: str) -> None:
        for store in self.stores:
            for letter in store.outbox.due(channel, now, 1):
                store.outbox.sending(letter.id)
                later = now + timedelta(seconds=3)
                if end in "fa":
                    store.outbox.failed(letter.id, due=later, error="no", ambiguous=end == "a")
                elif end == "d":
                    store.outbox.delivered(letter.id, now)
                elif end == "x":
                    store.outbox.dead(letter.id, now, "never")

    @rule(channel=st.sampled_from(CHANNELS), now=instants)
    def die_in_the_middle(self, channel: str, now: datetime) -> None:
        for store in self.stores:
            for letter in store.outbox.due(channel, now, 1):
                store.outbox.sending(letter.id)

    @rule(now=instants)
    def requeue_the_first(self, now: datetime) -> None:
        for store in self.stores:
            for letter in store.outbox.dead_letters()[:1]:
                store.outbox.requeue(letter.id, now)

    @rule(word=names, at=instants)
    def say(self, word: str, at: datetime) -> None:
        memory, file = (store.inbox.say(word, "{}", at) for store in self.stores)
        assert memory == file

    @rule(before=instants)
    def forget(self, before: datetime) -> None:
        for store in self.stores:
            store.forget(before)

    @invariant()
    def they_answer_alike(self) -> None:
        memory, file = (answers(store) for store in self.stores)
        assert memory == file


def answers(store: Store) -> list[object]:
    now = START + timedelta(seconds=15)
    return [
        store.load(),
        *(store.outbox.due(channel, now, 10) for channel in CHANNELS),
        *(store.outbox.next_due(channel) for channel in CHANNELS),
        store.outbox.oldest_undelivered(now),
        store.outbox.dead_letters(),
        store.outbox.backlog(),
        store.inbox.unheard(),
        *(store.inbox.heard(word) for word in "abc"),
        store.history.events(),
        store.history.latest(3),
        *(store.history.polls(source, 5) for source in "abc"),
        *(store.history.tally(source) for source in "abc"),
        *(store.history.tally(source, now) for source in "abc"),
    ]


SERVER: list[Postgres] = []


class OnAServer(TwoStores):
    def new_url(self) -> str:
        return SERVER[-1].fresh_schema()


@pytest.mark.usefixtures("server")
class TestOnAServer(OnAServer.TestCase):
    settings = settings(max_examples=10, stateful_step_count=25, deadline=None, derandomize=True)


@pytest.fixture
def server(postgres: Postgres) -> None:
    SERVER[:] = [postgres]


TestTwoStores = TwoStores.TestCase
TestTwoStores.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, derandomize=True
)
