"""What a store does when a chain drops a block: samples and letters are taken back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from monitor.alerts.desk import Choice, Decision
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing, Recall, Sample

Letters: TypeAlias = Callable[..., Outgoing]


def second(start: datetime, number: float) -> datetime:
    return start + timedelta(seconds=number)


def test_samples_taken_back_go_before_the_new_ones_come(store: Store, start: datetime) -> None:
    def samples(*values: tuple[str, int, float]) -> tuple[Sample, ...]:
        return tuple(Sample(series=s, at=second(start, at), value=v) for s, at, v in values)

    store.commit(Change(samples=samples(("il", 1, 1), ("il", 2, 2), ("il", 3, 3), ("vix", 3, 9))))
    back = {"il": second(start, 2)}
    store.commit(Change(samples=samples(("il", 3, 30), ("il", 4, 4)), forget_samples_from=back))
    kept = [(one.series, one.value) for one in store.load().samples]
    assert sorted(kept) == [("il", 1.0), ("il", 4.0), ("il", 30.0), ("vix", 9.0)]


def retraction(made: Outgoing) -> Outgoing:
    return replace(made, takes_back=True)


def waiting(store: Store, channel: str, start: datetime) -> list[str]:
    """Return what a channel will send, in order, sending it."""
    told: list[str] = []
    while letters := store.outbox.due(channel, second(start, 10_000), 1):
        told.append(letters[0].idem)
        store.outbox.sending(letters[0].id)
        store.outbox.delivered(letters[0].id, second(start, 10_000))
    return told


def test_a_channel_that_has_begun_nothing_hears_neither_the_alert_nor_that_it_is_taken_back(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("1:firing"), letter("1:repeat.1"))))
    assert waiting(store, "telegram", start) == ["1:firing", "1:repeat.1"]
    store.commit(Change(alerts=(retraction(letter("1:retracted")),)))
    assert waiting(store, "telegram", start) == ["1:retracted"]
    assert waiting(store, "mqtt", start) == []
    assert store.outbox.backlog() == ()
    assert store.outbox.dead_letters() == (), "else Hedgewatch would alarm over it"
    assert store.outbox.oldest_undelivered(start) is None
    assert [one.idem for one in store.history.events()] == ["1:firing", "1:repeat.1", "1:retracted"]


def test_a_reminder_that_waits_goes_and_the_retraction_comes(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("1:firing"),)))
    assert waiting(store, "mqtt", start) == ["1:firing"]
    store.commit(Change(alerts=(letter("1:repeat.1"), letter("other", key="b"))))
    store.commit(Change(alerts=(retraction(letter("1:retracted")),)))
    assert waiting(store, "mqtt", start) == ["other", "1:retracted"]


@pytest.mark.parametrize("how", ["in flight", "unanswered", "given up"])
def test_what_may_have_arrived_is_told_in_order(
    how: str, store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("1:firing", channels=("mqtt",)),)))
    (first,) = store.outbox.due("mqtt", start, 1)
    store.outbox.sending(first.id)
    if how == "unanswered":
        store.outbox.failed(first.id, due=start, error="no answer", ambiguous=True)
    if how == "given up":
        store.outbox.dead(first.id, start, "refused")
    store.commit(Change(alerts=(retraction(letter("1:retracted", channels=("mqtt",))),)))
    before = [] if how == "given up" else ["1:firing"]
    assert waiting(store, "mqtt", start) == [*before, "1:retracted"]


def test_a_send_that_was_refused_for_sure_did_not_arrive(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("1:firing", channels=("mqtt",)),)))
    (first,) = store.outbox.due("mqtt", start, 1)
    store.outbox.sending(first.id)
    store.outbox.failed(first.id, due=start, error="connection refused", ambiguous=False)
    store.commit(Change(alerts=(retraction(letter("1:retracted", channels=("mqtt",))),)))
    assert waiting(store, "mqtt", start) == []


def test_another_episode_of_the_same_key_is_not_touched(
    store: Store, start: datetime, letter: Letters
) -> None:
    older = replace(letter("1:resolved"), alert_id="AAAAAA")
    store.commit(Change(alerts=(older, letter("2:firing"))))
    store.commit(Change(alerts=(retraction(letter("2:retracted")),)))
    assert waiting(store, "mqtt", start) == ["1:resolved"]


def test_a_channel_the_alert_was_never_for_is_not_told_that_it_is_taken_back(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(letter("1:firing", channels=("mqtt",)),)))
    store.commit(Change(alerts=(retraction(letter("1:retracted")),)))
    assert (waiting(store, "mqtt", start), waiting(store, "telegram", start)) == ([], [])


def recall(start: datetime, channel: str = "mqtt") -> Recall:
    at = second(start, 10)
    return Recall(key="L2.add:book", alert="a1b2c3", channel=channel, at=at, reason="silenced")


def test_what_a_channel_has_held_is_recalled_and_nothing_else(
    store: Store, start: datetime, letter: Letters
) -> None:
    held = {"mqtt": second(start, 60), "telegram": second(start, 60)}
    store.commit(
        Change(
            alerts=(
                letter("1:firing", key="a"),
                replace(letter("3:firing", key="b"), held=held),
                replace(letter("1:resolved"), held=held, alert_id="AAAAAA"),
                replace(letter("2:firing"), held=held),
            )
        )
    )
    store.commit(Change(recalls=(recall(start),), alerts=(letter("2:again.1"),)))
    assert waiting(store, "mqtt", start) == ["1:firing", "3:firing", "1:resolved", "2:again.1"]
    told = ["1:firing", "3:firing", "1:resolved", "2:firing"]
    assert waiting(store, "telegram", start)[:4] == told
    assert store.outbox.dead_letters() == ()


def test_nothing_is_taken_back_aloud_where_it_was_recalled_before_it_was_sent(
    store: Store, start: datetime, letter: Letters
) -> None:
    held = {"mqtt": second(start, 60)}
    store.commit(Change(alerts=(replace(letter("2:firing", channels=("mqtt",)), held=held),)))
    store.commit(Change(recalls=(recall(start),)))
    store.commit(Change(alerts=(retraction(letter("2:retracted", channels=("mqtt",))),)))
    assert waiting(store, "mqtt", start) == []


def test_a_letter_that_was_begun_or_is_held_no_more_is_not_recalled(
    store: Store, start: datetime, letter: Letters
) -> None:
    store.commit(Change(alerts=(replace(letter("1:firing"), held={"mqtt": second(start, 60)}),)))
    (first,) = store.outbox.due("mqtt", second(start, 60), 1)
    store.outbox.sending(first.id)
    store.commit(Change(recalls=(recall(start), recall(start, "telegram"))))
    assert waiting(store, "mqtt", start) == ["1:firing"], "by a clock that is ahead it was due"
    assert waiting(store, "telegram", start) == ["1:firing"]


def test_a_channel_that_is_not_told_after_all_has_that_on_record(
    store: Store, start: datetime, letter: Letters
) -> None:
    def decided(made: Outgoing) -> Outgoing:
        return replace(
            made,
            decisions=tuple(
                Decision(
                    at=start,
                    alert_id=made.alert_id,
                    idem=made.idem,
                    channel=channel,
                    choice=Choice.SENT,
                    reason="its rule's route",
                )
                for channel in made.channels
            ),
        )

    store.commit(Change(alerts=(letter("1:firing"),)))
    assert waiting(store, "telegram", start) == ["1:firing"]
    store.commit(Change(alerts=(decided(retraction(letter("1:retracted"))),)))
    found = {one.channel: f"{one.choice}: {one.reason}" for one in store.history.decided("a1b2c3")}
    assert found == {
        "telegram": "sent: its rule's route",
        "mqtt": "silent: nothing of it was sent here",
    }
