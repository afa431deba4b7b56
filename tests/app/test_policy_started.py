"""What the policy tells of its own will right after a start: nothing that a word waits to end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from monitor.model.observation import Verb, Word
from tests.app.policed import MINUTE, Policed, policy, rules

Begin: TypeAlias = Callable[[str], Policed]
HOUR = timedelta(hours=1)
ESCALATE = '[[alerts.escalate]]\nafter = "15m"\nchannels = ["mqtt"]\n'


@pytest.fixture
def begin(hand: Any, tmp_path: Path) -> Begin:
    book = rules(hand, tmp_path)
    return lambda text: Policed(book=book, policy=policy(text), hand=hand)


def left(run: Policed, verb: Verb, **more: Any) -> Word:
    """Leave a word in the inbox of a daemon that is down."""
    word = Word(id="left", verb=verb, observed_at=run.now, by="ann@cli", **more)
    run.store.inbox.say(word.id, "{}", run.now)
    return word


def started(run: Policed, word: Word) -> None:
    """Start it an hour later; it notes how it is itself before it hears what was left."""
    run.now += HOUR
    run.start()
    run.wait(0 * MINUTE)
    run.daemon.take(replace(word, observed_at=run.now), 0)
    run.wait()


def test_what_was_acknowledged_while_it_was_down_is_not_escalated(begin: Begin) -> None:
    run = begin(ESCALATE)
    run.vix(21.0)
    run.told("mqtt")
    started(run, left(run, Verb.ACK, alert=run.id_of("r.warn")))
    said = "repeat: escalated: nobody acknowledged it within 15 m"
    assert [one for one in run.told("mqtt") if "escalated" in one] == [f"r.info {said}"]
    assert run.decided("r.warn", "mqtt")[-1] == "silent: not escalated: acknowledged by ann@cli"


def test_nor_is_it_told_at_the_end_of_a_silence(begin: Begin) -> None:
    run = begin("")
    run.silence("rule=r.warn", span=MINUTE)
    run.vix(21.0)
    run.told()
    started(run, left(run, Verb.ACK, alert=run.id_of("r.warn")))
    assert [one for one in run.told() if "r.warn" in one] == []
    assert run.decided("r.warn")[-1] == "silent: not told again: acknowledged by ann@cli"


def test_a_past_that_waits_to_be_taken_keeps_nothing_from_being_told_further(begin: Begin) -> None:
    run = begin(ESCALATE)
    run.vix(21.0)
    run.told("mqtt")
    run.store.inbox.say("past:vix:2019-01-01", "{}", run.now)
    run.wait(HOUR)
    said = "repeat: escalated: nobody acknowledged it within 15 m"
    assert f"r.warn {said}" in run.told("mqtt")
