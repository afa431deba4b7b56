"""A channel's word and a real store: kept once, never lost, and never answered with a guess."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.app.errands import Errands
from monitor.channels.spoken import Answer, Outcome
from monitor.clock import SystemClock
from monitor.errors import Transient
from monitor.hedge.legs import parse_leg
from monitor.model.observation import Verb, Word
from monitor.store.records import Change
from monitor.store.sqlite import SqliteStore, open_sqlite

AT = datetime(2026, 11, 20, 14, 31, tzinfo=UTC)
ID = "mqtt:a-1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(open_sqlite(f"sqlite:///{tmp_path}/hedgewatch.db", now=AT)) as opened:
        yield opened


def word(leg: str = "vix.call 2027-03-17 29 +4 @2.85") -> Word:
    fills = (parse_leg(leg),)
    return Word(id=ID, verb=Verb.FILL, observed_at=AT, by="ann@mqtt", layer="L2", fills=fills)


def errands(inbox: Any) -> Errands:
    return Errands(inbox, clock=SystemClock(), patience_s=0.1)


async def test_a_word_the_road_does_not_come_to_waits_and_is_kept_once(store: SqliteStore) -> None:
    for repeat in (False, True):
        answer = await errands(store.inbox).run(word())
        assert (answer.outcome, answer.repeat) == (Outcome.WAITS, repeat)
        assert "do not say it again" in answer.text
    (said,) = store.inbox.unheard()
    assert said.id == ID
    store.commit(Change(consumed_words={ID: "L2 on: 4 calls"}))
    assert await errands(store.inbox).run(word()) == Answer(
        outcome=Outcome.TAKEN, text="L2 on: 4 calls", repeat=True
    )


@pytest.mark.parametrize("heard", ["refused: no layer L2", "not understood: 1 faults"])
async def test_what_was_refused_is_told_as_such(store: SqliteStore, heard: str) -> None:
    await errands(store.inbox).run(word())
    store.commit(Change(consumed_words={ID: heard}))
    answer = await errands(store.inbox).run(word())
    assert (answer.outcome, answer.text) == (Outcome.REFUSED, heard)


async def test_what_is_odd_about_a_trade_is_remarked_on(store: SqliteStore) -> None:
    # VIX of March 2027 expires on Wednesday the 17th by Cboe's calendar; the 18th is no expiry.
    odd = word("vix.call 2027-03-18 29 +4")
    await errands(store.inbox).run(odd)
    store.commit(Change(consumed_words={ID: "L2 on"}))
    told = (await errands(store.inbox).run(odd)).text.splitlines()
    assert told[0] == "L2 on"
    assert told[1].startswith("note: 2027-03-18 is no VIX expiry")
    assert "has no price" in told[2]


class Full:
    """An inbox on a disk that is full; `says` is whether words still go in."""

    def __init__(self, *, says: bool) -> None:
        self._says = says

    def say(self, *_word: Any) -> bool:
        if self._says:
            return True
        raise Transient("the disk is full")

    def heard(self, _word: str) -> str | None:
        raise Transient("the disk is full")


async def test_a_store_that_fails_is_no_refusal_of_what_it_has_kept() -> None:
    lost = await errands(Full(says=False)).run(word())
    assert lost == Answer(outcome=Outcome.REFUSED, text="not taken: the disk is full")
    kept = await errands(Full(says=True)).run(word())
    assert kept.outcome is Outcome.WAITS
    assert kept.text.endswith("not taken up yet: the disk is full")
