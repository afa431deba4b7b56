"""`hedgewatch why ALERT`: the evidence as it was stored, and what became of each letter."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from monitor.cli.terms import distance
from monitor.rules.verdict import Term
from monitor.store.records import Change, Outgoing
from monitor.store.sqlite import open_sqlite

MINUTE = timedelta(minutes=1)


def fired(home: Any, hand: Any) -> str:
    """Have the adds fire on a VIX of 13.68; return the id of L2's."""
    home.take(hand.snapshot(home.at - 3 * MINUTE, hand.position()))
    home.take(hand.vix(13.68, home.at - 20 * MINUTE, home.at - 2 * MINUTE))
    (told,) = [one for one in home.told("log") if " L2.add " in one]
    return str(told.split()[-1])


def test_each_condition_is_told_with_value_distance_source_and_age(home: Any, hand: Any) -> None:
    alert = fired(home, hand)
    lines = home.told("why", alert)
    text = " ".join(" ".join(lines).split())
    assert lines[0].startswith(f"{alert}  L2.add  Book: 1 position")
    assert "firing since 2020-02-14 22:28:00Z" in text
    assert "block 1 0x0000…" in text
    # 22:10 UTC is after hours: the age counts the five minutes that the market was open.
    assert "vix < 15.0 13.68 below by 1.32 cboe, as of 14 Feb 22:10Z" in text
    assert "held 0 s, asked for " in text
    assert max(map(len, lines)) <= 80


def test_whom_it_reached_is_told_with_time_and_tries(home: Any, hand: Any) -> None:
    alert = fired(home, hand)
    assert home.told("why", alert.lower())[-1] == "firing    2020-02-14 22:28:00Z  console waits"
    with closing(open_sqlite(f"sqlite:///{home.store}", now=home.at)) as store:
        letters = store.outbox.due("console", home.at, 10)
        (letter,) = [one for one in letters if one.alert_id == alert]
        store.outbox.sending(letter.id)
        store.outbox.failed(letter.id, due=home.at, error="broker down", ambiguous=False)
    assert home.told("why", alert)[-1].endswith("console waits after 1 tries: broker down")
    with closing(open_sqlite(f"sqlite:///{home.store}", now=home.at)) as store:
        store.outbox.sending(letter.id)
        store.outbox.delivered(letter.id, home.at)
    assert home.told("why", alert)[-1].endswith("console 2020-02-14 22:30:00Z (2nd try)")


def test_what_was_tried_in_vain_and_then_taken_back_is_told_as_never_sent(
    home: Any, hand: Any
) -> None:
    alert = fired(home, hand)
    with closing(open_sqlite(f"sqlite:///{home.store}", now=home.at)) as store:
        letters = store.outbox.due("console", home.at, 10)
        (letter,) = [one for one in letters if one.alert_id == alert]
        store.outbox.sending(letter.id)
        store.outbox.failed(letter.id, due=home.at, error="broker down", ambiguous=False)
        back = Outgoing(
            idem="back",
            key=letter.key,
            alert_id=alert,
            at=home.at,
            payload=letter.payload,
            channels=("console",),
            takes_back=True,
        )
        store.commit(Change(alerts=(back,)))
    assert "console taken back before it was sent" in " ".join(home.told("why", alert))


def test_every_event_of_an_alert_is_told_in_order(home: Any, hand: Any) -> None:
    alert = fired(home, hand)
    home.take(hand.vix(30.0, home.at, home.at + MINUTE))
    lines = home.told("why", alert)
    assert "resolved 2020-02-14 22:31:00Z: condition cleared" in " ".join(lines)
    assert [one.split()[0] for one in lines[-2:]] == ["firing", "resolved"]


def test_an_event_of_another_release_is_named_and_the_others_are_told(home: Any, hand: Any) -> None:
    alert = fired(home, hand)
    with closing(sqlite3.connect(home.store)) as raw:
        raw.execute("UPDATE event SET payload = '{}' WHERE alert_id != ?", [alert])
        raw.execute(
            "INSERT INTO event (idem, key, alert_id, at, payload)"
            " SELECT 'later', key, alert_id, at + 60000000, '{\"id\": \"x\"}' FROM event"
            " WHERE alert_id = ?",
            [alert],
        )
        raw.commit()
    lines = home.told("why", alert)
    assert lines[0].startswith(f"{alert}  L2.add  Book: 1 position")
    assert lines[-2:] == [
        "firing    2020-02-14 22:28:00Z  console waits",
        "          2020-02-14 22:29:00Z  an event of another release; to nobody",
    ]
    (other, *_) = [one.split()[-1] for one in home.told("log") if "another release" in one]
    assert home.told("why", other) == [
        "          2020-02-14 22:28:00Z  an event of another release; console waits"
    ]


def test_an_alert_nobody_knows_is_a_fault_with_those_that_are_known(home: Any, hand: Any) -> None:
    alert = fired(home, hand)
    (told,) = home.told("why", "FFFFFF", status=2)
    assert told.startswith("ALERT: no alert FFFFFF is remembered; the newest: ")
    assert alert in told


@pytest.mark.parametrize(
    ("op", "left", "right", "told"),
    [
        (">", 27.4, 20.0, "above by 7.4"),
        (">=", 18.0, 20.0, "below by 2.0"),
        ("<", 20.0, 20.0, "at its threshold"),
        ("==", 20.0, 20.0, "so"),
    ],
)
def test_a_distance_is_above_or_below(op: str, left: float, right: float, told: str) -> None:
    margin = -abs(left - right) if op == "==" else left - right if ">" in op else right - left
    truth = {"<": left < right, "==": left == right}.get(op, left > right)
    term = Term(text="x", truth=truth, left=left, op=op, right=right, margin=margin, unit="points")
    assert distance(term) == told
