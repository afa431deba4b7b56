"""Letters of a shared outbox: each is one daemon's to send, for as long as that lives."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

import psycopg
import pytest

from monitor.clock import wait
from monitor.devnet.postgres import Postgres
from monitor.errors import Transient
from monitor.store.opening import open_shared
from monitor.store.postgres import Shared
from monitor.store.records import Change, Outgoing

Opener: TypeAlias = Callable[..., Shared]
Letters: TypeAlias = Callable[..., Outgoing]
SHORT_S = 0.2


@pytest.fixture
def daemon(postgres_url: str, start: datetime) -> Iterator[Opener]:
    opened: list[Shared] = []

    def opener(name: str, lasts_s: float = 30.0) -> Shared:
        opened.append(open_shared(postgres_url, now=start, name=name, lasts_s=lasts_s))
        opened[-1].lease.live()
        if len(opened) == 1:
            assert opened[-1].lease.take()
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


def keys(shared: Shared, now: datetime, channel: str = "mqtt", limit: int = 10) -> list[str]:
    return [one.idem for one in shared.store.outbox.due(channel, now, limit)]


def test_what_one_has_claimed_the_other_passes_over(
    daemon: Opener, start: datetime, letter: Letters
) -> None:
    one, other = daemon("one"), daemon("other")
    one.store.commit(Change(alerts=tuple(letter(f"l{n}", key=f"k{n}") for n in range(4))))
    assert keys(one, start, limit=2) == ["l0", "l1"]
    assert keys(other, start) == ["l2", "l3"]
    assert keys(one, start) == ["l0", "l1"]
    assert one.store.outbox.next_due("mqtt") == start
    assert keys(daemon("third"), start) == []


def test_a_letter_another_is_just_claiming_is_skipped_and_not_waited_for(
    daemon: Opener, postgres_url: str, start: datetime, letter: Letters
) -> None:
    one = daemon("one")
    one.store.commit(Change(alerts=tuple(letter(f"l{n}", key=f"k{n}") for n in range(3))))
    with psycopg.connect(postgres_url) as claiming:
        claiming.execute("SELECT 1 FROM outbox WHERE key = 'k1' FOR UPDATE")
        assert keys(one, start) == ["l0", "l2"]
    assert keys(one, start) == ["l0", "l1", "l2"]


def test_a_later_letter_of_a_key_waits_for_the_one_another_daemon_sends(
    daemon: Opener, start: datetime, letter: Letters
) -> None:
    one, other = daemon("one"), daemon("other")
    one.store.commit(Change(alerts=(letter("first"), letter("second"))))
    (first,) = one.store.outbox.due("mqtt", start, 10)
    one.store.outbox.sending(first.id)
    assert keys(other, start) == []
    assert other.store.outbox.next_due("mqtt") is None
    one.store.outbox.delivered(first.id, start)
    assert keys(other, start) == ["second"]


def test_a_claim_that_lapsed_cannot_be_begun_and_its_outcome_changes_nothing(
    daemon: Opener, postgres_url: str, start: datetime, letter: Letters
) -> None:
    leader, gone, other = daemon("leader"), daemon("gone"), daemon("other")
    leader.store.commit(Change(alerts=(letter("begun", key="a"), letter("not", key="b"))))
    begun, not_begun = gone.store.outbox.due("mqtt", start, 10)
    gone.store.outbox.sending(begun.id)
    assert keys(other, start) == []
    with psycopg.connect(postgres_url) as time_passes:  # while it stands still
        time_passes.execute("UPDATE member SET until = clock_timestamp() WHERE name = 'gone'")
    taken = other.store.outbox.due("mqtt", start, 10)
    assert [(one.idem, one.repeat) for one in taken] == [("begun", True), ("not", False)]
    with pytest.raises(Transient, match="another daemon's by now"):
        gone.store.outbox.sending(not_begun.id)
    later = start + timedelta(hours=1)
    gone.store.outbox.failed(begun.id, due=later, error="no answer", ambiguous=True)
    gone.store.outbox.dead(not_begun.id, start, "gave up")
    assert keys(other, start) == ["begun", "not"]
    other.store.outbox.failed(begun.id, due=later, error="busy", ambiguous=False)
    gone.lease.live()
    assert keys(gone, start) == []
    assert keys(gone, later) == ["begun"]


def test_a_letter_taken_back_while_another_daemon_has_it_is_not_begun(
    daemon: Opener, start: datetime, letter: Letters
) -> None:
    leader, helper = daemon("leader"), daemon("helper")
    leader.store.commit(Change(alerts=(letter("told"),)))
    (claimed,) = helper.store.outbox.due("mqtt", start, 1)
    leader.store.commit(Change(alerts=(replace(letter("back"), takes_back=True),)))
    with pytest.raises(Transient):
        helper.store.outbox.sending(claimed.id)
    assert keys(helper, start) == []


_BEGUN = "UPDATE outbox SET tries = tries + 1, sending = 1 WHERE id = %s"
_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def test_a_letter_begun_in_the_moment_it_is_taken_back_is_taken_back_aloud(
    daemon: Opener, postgres_url: str, start: datetime, letter: Letters
) -> None:
    leader, helper = daemon("leader"), daemon("helper")
    leader.store.commit(Change(alerts=(letter("told"),)))
    (claimed,) = helper.store.outbox.due("mqtt", start, 1)
    back = Change(alerts=(replace(letter("back"), takes_back=True),))
    with ThreadPoolExecutor(1) as aside, psycopg.connect(postgres_url) as beginning:
        beginning.execute(_BEGUN, (claimed.id,))  # as `sending` has it, a moment before it is over
        committed = aside.submit(leader.store.commit, back)
        with psycopg.connect(postgres_url, autocommit=True) as looking:
            while not looking.execute(_WAITS).fetchall()[0][0] and not committed.done():
                wait(0.002)
        beginning.commit()
        committed.result()
    helper.store.outbox.delivered(claimed.id, start)
    assert keys(helper, start) == ["back"]
    assert keys(helper, start, "telegram") == [], "where nothing was begun"


def test_a_channel_to_people_is_one_daemon_s_while_it_has_letters(
    daemon: Opener, start: datetime, letter: Letters
) -> None:
    one, other = daemon("one"), daemon("other", SHORT_S)
    one.store.commit(Change(alerts=tuple(letter(f"l{n}", key=f"k{n}") for n in range(3))))
    assert keys(one, start, "telegram", 1) == ["l0"]
    assert keys(other, start, "telegram") == []
    for claimed in one.store.outbox.due("telegram", start, 1):
        one.store.outbox.delivered(claimed.id, start)
    assert keys(other, start, "telegram") == ["l1", "l2"]


def test_what_arrived_while_the_database_was_away_is_marked_and_not_sent_again(
    start: datetime, letter: Letters
) -> None:
    with Postgres() as server:
        shared = open_shared(server.url(), now=start, name="one", lasts_s=30.0)
        shared.lease.live()
        assert shared.lease.take()
        shared.store.commit(Change(alerts=(letter("a", key="a"), letter("b", key="b"))))
        first, _ = shared.store.outbox.due("mqtt", start, 10)
        shared.store.outbox.sending(first.id)
        server.stop()
        shared.store.outbox.delivered(first.id, start)  # it is with the broker
        server.start()
        found: list[str] = []
        for _ in range(200):
            try:
                found = keys(shared, start)
                break
            except Transient:
                wait(0.02)
        assert found == ["b"]
        assert [one.channel for one in shared.store.outbox.carried(1) if one.done_at] == ["mqtt"]
        shared.close()


def test_four_draining_at_once_send_each_letter_once_and_in_order_of_its_key(
    daemon: Opener, start: datetime, letter: Letters
) -> None:
    crew = [daemon(f"d{n}") for n in range(4)]
    alerts = tuple(letter(f"{n % 7}:{n}", key=f"{n % 7}", channels=("mqtt",)) for n in range(140))
    crew[0].store.commit(Change(alerts=alerts))
    sent: list[tuple[str, str]] = []

    def drain(shared: Shared) -> None:
        dice = random.Random(shared.lease.member.name)
        outbox, idle = shared.store.outbox, 0
        while idle < 30:
            letters = outbox.due("mqtt", start, dice.randint(1, 3))
            idle = 0 if letters else idle + 1
            for one in letters:
                outbox.sending(one.id)
                sent.append((one.idem, shared.lease.member.name))
                outbox.delivered(one.id, start)
            wait(0.002)

    with ThreadPoolExecutor(len(crew)) as pool:
        list(pool.map(drain, crew))
    assert sorted(idem for idem, _ in sent) == sorted(one.idem for one in alerts)
    for key in range(7):
        told = [idem for idem, _ in sent if idem.startswith(f"{key}:")]
        assert told == [one.idem for one in alerts if one.key == str(key)]
    assert len({name for _, name in sent}) > 1, "one of them sent all"
