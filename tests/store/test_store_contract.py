"""What every store promises, said once and asked of each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from monitor.alerts.desk import Choice, Decision
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing, Poll, Sample, Tally

Letters: TypeAlias = Callable[..., Outgoing]


def second(start: datetime, number: float) -> datetime:
    return start + timedelta(seconds=number)


def test_a_new_store_is_empty_and_knows_when_it_was_made(store: Store, start: datetime) -> None:
    saved = store.load()
    assert saved.created_at == start
    assert (dict(saved.rows), saved.samples) == ({}, ())
    assert store.outbox.next_due("mqtt") is None
    assert store.outbox.oldest_undelivered(start) is None
    assert store.outbox.backlog() == ()


def test_rows_are_put_replaced_and_deleted_by_kind_and_key(store: Store) -> None:
    store.commit(Change(rows={("layer", "L2"): "1", ("rule", "L2"): "2", ("rule", "L3"): "3"}))
    store.commit(Change(rows={("layer", "L2"): "4", ("rule", "L3"): None, ("rule", "no"): None}))
    assert store.load().rows == {("layer", "L2"): "4", ("rule", "L2"): "2"}


def test_samples_keep_their_order_within_one_instant_and_their_microseconds(
    store: Store, start: datetime
) -> None:
    at = start.replace(microsecond=123457)
    samples = tuple(Sample(series="vix", at=at, value=value) for value in (54.46, 31.0, 0.1 + 0.2))
    store.commit(Change(samples=samples))
    assert store.load().samples == samples


def test_forgetting_samples_takes_only_the_named_series_and_only_what_is_older(
    store: Store, start: datetime
) -> None:
    samples = tuple(
        Sample(series=series, at=second(start, number), value=float(number))
        for series in ("il", "vix")
        for number in range(3)
    )
    store.commit(Change(samples=samples))
    store.commit(Change(forget_samples_before={"vix": second(start, 2)}))
    kept = [(sample.series, sample.value) for sample in store.load().samples]
    assert kept == [("il", 0.0), ("il", 1.0), ("il", 2.0), ("vix", 2.0)]


def test_a_sample_that_is_not_a_number_is_refused(start: datetime) -> None:
    with pytest.raises(ValueError, match="vix is not a number"):
        Sample(series="vix", at=start, value=float("nan"))


def test_an_alert_becomes_one_event_and_one_letter_a_channel(
    store: Store, start: datetime, letter: Letters
) -> None:
    sent = letter("one", channels=("telegram", "mqtt", "telegram"))
    store.commit(Change(alerts=(sent,)))
    (event,) = store.history.events()
    assert (event.idem, event.key, event.at, event.payload) == (
        "one",
        sent.key,
        start,
        sent.payload,
    )
    assert [(line.channel, line.waiting) for line in store.outbox.backlog()] == [
        ("mqtt", 1),
        ("telegram", 1),
    ]
    (queued,) = store.outbox.due("telegram", start, 10)
    assert (queued.idem, queued.payload, queued.tries, queued.repeat) == (
        "one",
        sent.payload,
        0,
        False,
    )


def test_an_alert_for_no_channel_is_still_an_event(store: Store, letter: Letters) -> None:
    store.commit(Change(alerts=(letter("silent", channels=()),)))
    assert [event.idem for event in store.history.events()] == ["silent"]
    assert store.outbox.backlog() == ()


def test_the_same_alert_committed_again_is_passed_over_and_the_rest_is_kept(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("one"),)))
    store.outbox.delivered(store.outbox.due("mqtt", start, 1)[0].id, start)
    store.commit(Change(alerts=(letter("one"), letter("two")), rows={("rule", "L2"): "x"}))
    assert [event.idem for event in store.history.events()] == ["one", "two"]
    assert [each.idem for each in store.outbox.due("mqtt", start, 10)] == ["two"]
    assert store.load().rows == {("rule", "L2"): "x"}


def test_a_letter_waits_for_the_older_one_of_its_key_but_for_no_other(
    store: Store, start: datetime, letter: Letters
) -> None:
    alerts = (letter("a1", key="a"), letter("a2", key="a"), letter("b1", key="b"))
    store.commit(Change(alerts=alerts))
    first, other = store.outbox.due("mqtt", start, 10)
    assert [first.idem, other.idem] == ["a1", "b1"]
    store.outbox.failed(first.id, due=second(start, 60), error="down", ambiguous=False)
    assert [each.idem for each in store.outbox.due("mqtt", second(start, 59), 10)] == ["b1"]
    assert [each.idem for each in store.outbox.due("telegram", start, 1)] == ["a1"]
    store.outbox.delivered(first.id, second(start, 60))
    assert [each.idem for each in store.outbox.due("mqtt", start, 10)] == ["a2", "b1"]


def test_a_letter_is_not_due_before_its_time_and_next_due_tells_it(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("one", channels=("mqtt",)),)))
    (queued,) = store.outbox.due("mqtt", start, 10)
    later = second(start, 7.5)
    store.outbox.failed(queued.id, due=later, error="broker down", ambiguous=False)
    assert store.outbox.due("mqtt", second(start, 7.4), 10) == ()
    assert store.outbox.next_due("mqtt") == later
    assert store.outbox.next_due("telegram") is None
    (again,) = store.outbox.due("mqtt", later, 10)
    assert (again.error, again.repeat) == ("broker down", False)


def test_a_try_counts_from_its_beginning_and_one_never_ended_makes_a_repeat(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("one", channels=("mqtt",)),)))
    (queued,) = store.outbox.due("mqtt", start, 10)
    store.outbox.sending(queued.id)
    (again,) = store.outbox.due("mqtt", start, 10)
    assert (again.tries, again.repeat) == (1, True)
    store.outbox.sending(queued.id)
    store.outbox.failed(queued.id, due=start, error="down", ambiguous=False)
    (again,) = store.outbox.due("mqtt", start, 10)
    assert (again.tries, again.repeat) == (2, True)  # the first may still have arrived


def test_an_ambiguous_failure_makes_every_later_try_a_repeat(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("one", channels=("mqtt",)),)))
    (queued,) = store.outbox.due("mqtt", start, 10)
    for ambiguous in (True, False):
        store.outbox.sending(queued.id)
        store.outbox.failed(queued.id, due=start, error="no answer", ambiguous=ambiguous)
        assert store.outbox.due("mqtt", start, 1)[0].repeat


def test_tries_that_may_have_arrived_are_counted_apart_and_a_new_life_forgets_them(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("one", channels=("mqtt",)),)))
    counts = list[tuple[int, int]]()

    def begun() -> int:
        (queued,) = store.outbox.due("mqtt", start, 1)
        counts.append((queued.tries, queued.unanswered))
        store.outbox.sending(queued.id)
        return queued.id

    for ambiguous in (False, True, False):
        store.outbox.failed(begun(), due=start, error="no", ambiguous=ambiguous)
    begun()  # and the daemon dies
    store.outbox.dead(begun(), start, "never")
    assert counts == [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2)]
    (dead,) = store.outbox.dead_letters()
    assert (dead.tries, dead.unanswered) == (5, 2)
    store.outbox.requeue(dead.id, start)
    (alive,) = store.outbox.due("mqtt", start, 1)
    assert (alive.tries, alive.unanswered, alive.repeat) == (0, 0, True)


def test_a_dead_letter_is_listed_frees_its_key_and_can_be_given_a_new_life(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("a1", channels=("mqtt",)), letter("a2"))))
    (queued,) = store.outbox.due("mqtt", start, 10)
    store.outbox.sending(queued.id)
    store.outbox.dead(queued.id, second(start, 1), "chat not found")
    (dead,) = store.outbox.dead_letters()
    assert (dead.idem, dead.error, dead.dead_at) == ("a1", "chat not found", second(start, 1))
    assert [each.idem for each in store.outbox.due("mqtt", start, 10)] == ["a2"]
    assert [(line.channel, line.waiting, line.dead) for line in store.outbox.backlog()] == [
        ("mqtt", 1, 1),
        ("telegram", 1, 0),
    ]
    assert {type(line.dead) for line in store.outbox.backlog()} == {int}
    store.outbox.requeue(dead.id, second(start, 90))
    (alive,) = store.outbox.due("mqtt", second(start, 90), 10)
    assert (alive.idem, alive.tries, alive.queued_at) == ("a1", 0, second(start, 90))
    assert store.outbox.dead_letters() == ()


def test_of_many_dead_letters_the_newest_are_had_alone(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=tuple(letter(f"a{n}", key=f"k{n}") for n in range(4))))
    for queued in store.outbox.due("mqtt", start, 10):
        store.outbox.sending(queued.id)
        store.outbox.dead(queued.id, start, "chat not found")
    assert [one.idem for one in store.outbox.dead_letters(2)] == ["a2", "a3"]
    assert [one.idem for one in store.outbox.dead_letters()] == ["a0", "a1", "a2", "a3"]
    assert store.outbox.dead_letters(0) == ()


def test_naming_a_letter_that_is_not_there_is_an_error(store: Store, start: datetime) -> None:
    with pytest.raises(LookupError, match="99"):
        store.outbox.delivered(99, start)
    with pytest.raises(LookupError, match="99"):
        store.outbox.requeue(99, start)


def test_the_oldest_undelivered_is_the_oldest_waiting_on_any_channel_never_a_dead_one(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(
        Change(alerts=(letter("old", key="a"), letter("new", key="b", at=second(start, 30))))
    )
    now = second(start, 100)
    assert store.outbox.oldest_undelivered(now) == 100.0
    assert store.outbox.oldest_undelivered(second(start, -5)) == 0.0
    for channel in ("mqtt", "telegram"):
        store.outbox.dead(store.outbox.due(channel, now, 1)[0].id, now, "gone")
    assert store.outbox.oldest_undelivered(now) == 70.0


def test_a_word_is_said_once_heard_once_and_its_result_is_kept(
    store: Store, start: datetime
) -> None:
    assert store.inbox.say("w1", '{"verb":"fill"}', start)
    assert store.inbox.say("w2", "{}", second(start, 1))
    assert not store.inbox.say("w1", "something else", second(start, 2))
    assert [(said.id, said.json) for said in store.inbox.unheard()] == [
        ("w1", '{"verb":"fill"}'),
        ("w2", "{}"),
    ]
    assert store.inbox.heard("w1") is None
    store.commit(Change(consumed_words={"w1": "L2 is on", "never said": "?"}))
    store.commit(Change(consumed_words={"w1": "a second answer"}))
    assert store.inbox.heard("w1") == "L2 is on"
    assert [said.id for said in store.inbox.unheard()] == ["w2"]
    assert store.inbox.heard("never said") is None


def test_events_are_paged_by_id_and_the_latest_come_oldest_first(
    store: Store, letter: Letters
) -> None:
    store.commit(Change(alerts=tuple(letter(f"e{number}") for number in range(5))))
    page = store.history.events(limit=2)
    assert [event.idem for event in page] == ["e0", "e1"]
    assert [event.idem for event in store.history.events(page[-1].id)] == ["e2", "e3", "e4"]
    assert [event.idem for event in store.history.latest(2)] == ["e3", "e4"]
    assert store.history.latest(0) == ()


def test_what_an_alert_went_through_is_found_by_its_short_id(store: Store, letter: Letters) -> None:
    mine = tuple(replace(letter(f"e{number}"), alert_id="A17F3C") for number in (1, 3))
    store.commit(Change(alerts=(letter("e0"), mine[0], letter("e2"), mine[1])))
    assert [event.idem for event in store.history.of_alert("A17F3C")] == ["e1", "e3"]
    assert store.history.of_alert("000000") == ()


def test_polls_come_newest_first_and_are_counted_by_source(store: Store, start: datetime) -> None:
    good = Poll(source="ethereum", at=start, number=9_640_000, hash="0xab", requests=2)
    gap = Poll(source="ethereum", at=second(start, 12), gap="HTTP 502", requests=3)
    for poll in (good, gap, Poll(source="cboe", at=start, requests=1)):
        store.commit(Change(poll=poll))
    assert store.history.polls("ethereum", 10) == (gap, good)
    assert store.history.polls("ethereum", 1) == (gap,)
    assert store.history.tally("ethereum") == Tally(polls=2, gaps=1, requests=5)
    assert store.history.tally("ethereum", second(start, 1)) == Tally(polls=1, gaps=1, requests=3)
    assert store.history.tally("nobody") == store.history.tally("nobody", start) == Tally()


def test_forgetting_drops_what_is_over_and_keeps_what_is_owed(
    store: Store, start: datetime, letter: Letters
) -> None:
    names = ("delivered", "waiting", "dead")
    store.commit(Change(alerts=tuple(letter(n, key=n, channels=("mqtt",)) for n in names)))
    done, _, lost = store.outbox.due("mqtt", start, 10)
    store.outbox.delivered(done.id, start)
    store.outbox.dead(lost.id, second(start, 10), "gone")
    for word in ("heard", "unheard"):
        store.inbox.say(word, "{}", start)
    store.commit(Change(poll=Poll(source="eth", at=start), consumed_words={"heard": "yes"}))
    young = letter("young", key="young", at=second(start, 20), channels=())
    store.commit(Change(alerts=(young,), poll=Poll(source="eth", at=second(start, 20))))
    store.forget(second(start, 10))
    assert [event.idem for event in store.history.events()] == ["waiting", "dead", "young"]
    assert [each.idem for each in store.outbox.dead_letters()] == ["dead"]
    assert len(store.history.polls("eth", 10)) == 1
    assert store.history.tally("eth").polls == 2
    assert [said.id for said in store.inbox.unheard()] == ["unheard"]
    assert store.inbox.heard("heard") is None
    store.forget(second(start, 11))
    assert [event.idem for event in store.history.events()] == ["waiting", "young"]
    assert store.outbox.dead_letters() == (), "given up, and nobody asked for it since"


def test_a_long_past_is_forgotten_in_steps_and_what_is_needed_stays(
    store: Store, start: datetime, letter: Letters
) -> None:
    """One statement over a year of it would hold up the watch, and a shared store refuses it."""
    polls = [Poll(source="eth", at=second(start, n), number=n) for n in range(2500)]
    named = [replace(letter(f"{n}", channels=()), alert_id="AB"[n % 2] * 6) for n in range(40)]
    store.commit(*(Change(poll=poll) for poll in polls), Change(alerts=tuple(named)))
    left, steps = 2500, 0
    while not store.forget(second(start, 2400), ["BBBBBB", "CCCCCC"]):
        now = len(store.history.polls("eth", 3000))
        assert 0 < left - now <= 250
        left, steps = now, steps + 1
        assert steps < 12
    assert len(store.history.polls("eth", 3000)) == 100
    assert [int(event.idem) for event in store.history.events()] == list(range(1, 40, 2))
    assert store.forget(second(start, 2400))
    assert len(store.history.events()) == 0


def test_why_an_alert_was_told_is_kept_with_it_and_forgotten_with_time(
    store: Store, start: datetime, letter: Letters
) -> None:
    def said(channel: str, choice: Choice, at: datetime) -> Decision:
        return Decision(
            at=at, alert_id="a1b2c3", idem="one", channel=channel, choice=choice, reason="so"
        )

    sent, silent = said("mqtt", Choice.SENT, start), said("telegram", Choice.SILENT, start)
    later = said("telegram", Choice.HELD, second(start, 60))
    store.commit(Change(alerts=(replace(letter("one"), decisions=(sent, silent)),)))
    store.commit(Change(alerts=(replace(letter("one"), decisions=(sent,)),), decisions=(later,)))
    assert store.history.decided("a1b2c3") == (sent, silent, later)
    assert store.history.decided("ffffff") == ()
    store.forget(second(start, 60))
    assert store.history.decided("a1b2c3") == (later,)


def test_a_letter_held_on_one_channel_waits_there_and_is_not_old_meanwhile(
    store: Store, start: datetime, letter: Letters
) -> None:
    until = second(start, 30)
    store.commit(Change(alerts=(replace(letter("one"), held={"telegram": until}),)))
    assert [each.idem for each in store.outbox.due("mqtt", start, 10)] == ["one"]
    assert store.outbox.due("telegram", second(start, 29), 10) == ()
    assert store.outbox.next_due("telegram") == until
    store.outbox.delivered(store.outbox.due("mqtt", start, 1)[0].id, start)
    assert store.outbox.oldest_undelivered(second(start, 20)) == 0.0
    (due,) = store.outbox.due("telegram", until, 10)
    assert (due.queued_at, due.due) == (until, until)


def test_a_letter_is_found_by_its_alert_and_channel_while_it_waits(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("first"), letter("second"))))
    found = store.outbox.find("mqtt", "second")
    assert found is not None
    assert (found.idem, found.channel, found.tries) == ("second", "mqtt", 0)
    assert store.outbox.find("mqtt", "third") is None
    assert store.outbox.find("console", "second") is None
    (first,) = store.outbox.due("mqtt", start, 1)
    store.outbox.sending(first.id)
    store.outbox.delivered(first.id, start)
    assert store.outbox.find("mqtt", "first") is None
    assert store.outbox.find("telegram", "first") is not None
