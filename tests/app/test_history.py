"""Pulling a past: who is asked, in which chunks, what lies in the inbox, and going on with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

from monitor.app.history import GaveUp, InboxShelf, Pulled, Puller
from monitor.app.history_plan import Plan, chunks_of, plan_of, pullable
from monitor.clock import Clock, ManualClock
from monitor.config import Settings
from monitor.errors import ConfigError, HedgewatchError, Transient
from monitor.feeds.http import Web
from monitor.feeds.provider import Bygone, FeedSettings, Historian, Provider, Stretch
from monitor.model.observation import Past
from monitor.model.reading import Bar
from monitor.signals.bars import point
from monitor.signals.catalogue import BY_NAME
from monitor.signals.days import sessions_of
from monitor.store.memory import MemoryStore

NOW = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)  # a Friday, after the close
FRIDAY = date(2026, 3, 6)
PAST = TypeAdapter(Past)


@dataclass
class Teller:
    """A provider of one signal's past. until: its newest session; wrong: what it raises when."""

    signal: str = "vix"
    keys: tuple[str, ...] = ("",)
    until: date = FRIDAY
    wrong: Callable[[Stretch], HedgewatchError | None] = lambda _stretch: None
    value: float = 20.0
    asked: list[Stretch] = field(default_factory=list)

    async def fetch(self, _web: Web, _clock: Clock, _own: FeedSettings, stretch: Stretch) -> Bygone:
        self.asked.append(stretch)
        if (error := self.wrong(stretch)) is not None:
            raise error
        days = sessions_of(BY_NAME[self.signal], stretch.first, min(stretch.last, self.until))
        return {key: tuple(self.bar(day) for day in days) for key in self.keys if days}

    def bar(self, day: date) -> Bar:
        at = datetime(day.year, day.month, day.day, 21, 15, tzinfo=UTC)
        return point(day, self.value, at)

    def provider(self, name: str, days: int) -> Provider:
        history = Historian(signals=(self.signal,), chunk_days=days, fetch=self.fetch)
        never = cast("Any", None)
        return Provider(name=name, poll_s=60, build=lambda *_: never, history=history)


def plan(*asked: Provider, first: date, last: date = FRIDAY, signal: str = "vix") -> Plan:
    return Plan(signal=BY_NAME[signal], first=first, last=last, asked=asked)


async def pulled(store: MemoryStore, what: Plan) -> list[Pulled | GaveUp]:
    web = cast("Web", None)
    puller = Puller(
        settings=Settings(), web=web, clock=ManualClock(NOW), shelf=InboxShelf(store.inbox)
    )
    return [one async for one in puller.pull(what)]


def said(store: MemoryStore) -> dict[str, Past]:
    return {one.id: PAST.validate_json(one.json) for one in store.inbox.unheard()}


def days_of(stretches: Sequence[Stretch]) -> list[tuple[int, int]]:
    return [(one.first.day, one.last.day) for one in stretches]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(now=NOW)


async def test_each_chunk_lies_in_the_inbox_under_the_name_of_its_stretch(
    store: MemoryStore,
) -> None:
    one = Teller()
    found = await pulled(store, plan(one.provider("cboe_history", 7), first=date(2026, 2, 20)))
    names = list(said(store))
    assert names[-1] == "past:vix:cboe_history:2026-03-01:2026-03-06"
    assert len(names) == len(one.asked) == len(found)
    bars = [bar.day for past in said(store).values() for bar in past.bars]
    assert bars == sessions_of(BY_NAME["vix"], date(2026, 2, 20), FRIDAY)
    assert all(
        past.name == "vix" and past.source == "cboe_history" for past in said(store).values()
    )


async def test_chunks_meet_on_a_grid_whatever_day_is_asked_for_first(store: MemoryStore) -> None:
    one = Teller()
    provider = one.provider("cboe_history", 7)
    await pulled(store, plan(provider, first=date(2026, 2, 20)))
    one.asked.clear()
    await pulled(store, plan(provider, first=date(2026, 2, 10)))
    whole = date(2026, 2, 28)
    assert all(stretch.last < whole for stretch in one.asked), "those after it are there already"
    assert one.asked[0].first == date(2026, 2, 10)


async def test_a_second_pull_fetches_nothing_and_says_so(store: MemoryStore) -> None:
    one = Teller()
    what = plan(one.provider("cboe_history", 7), first=date(2026, 2, 20))
    await pulled(store, what)
    one.asked.clear()
    again = await pulled(store, what)
    assert one.asked == []
    assert all(isinstance(step, Pulled) and step.had and not step.ids for step in again)


async def test_what_the_daemon_has_taken_up_is_not_fetched_again(store: MemoryStore) -> None:
    one = Teller()
    what = plan(one.provider("cboe_history", 7), first=date(2026, 2, 20))
    await pulled(store, what)
    for name in said(store):
        store.inbox.consume(name, "5 sessions of vix from cboe_history")
    one.asked.clear()
    await pulled(store, what)
    assert one.asked == []


async def test_a_pull_that_broke_off_goes_on_where_it_did(store: MemoryStore) -> None:
    one = Teller(wrong=lambda s: Transient("it hangs") if s.first >= date(2026, 3, 1) else None)
    what = plan(one.provider("cboe_history", 7), first=date(2026, 2, 13))
    *_, last = await pulled(store, what)
    assert last == GaveUp(source="cboe_history", reason="it hangs", further=False)
    one.wrong, before = (lambda _stretch: None), len(one.asked)
    await pulled(store, what)
    assert days_of(one.asked[before:]) == [(1, 6)]


async def test_where_a_source_fails_the_next_goes_on_from_there(store: MemoryStore) -> None:
    first = Teller(wrong=lambda s: Transient("it hangs") if s.first > date(2026, 2, 20) else None)
    second = Teller(value=21.0)
    found = await pulled(
        store,
        plan(
            first.provider("cboe_history", 7), second.provider("fred", 30), first=date(2026, 2, 13)
        ),
    )
    told = [one.source for one in found]
    at = told.index("fred")
    assert isinstance(found[at - 1], GaveUp)
    begin = next(one for one in found[: at - 1][::-1] if isinstance(one, Pulled)).stretch.last
    assert second.asked[0].first == begin + timedelta(days=1)
    bars = sorted(bar.day for past in said(store).values() for bar in past.bars)
    assert bars == sessions_of(BY_NAME["vix"], date(2026, 2, 13), FRIDAY), "each once"


async def test_a_last_session_that_is_not_published_yet_is_fetched_once_it_is(
    store: MemoryStore,
) -> None:
    one = Teller(until=date(2026, 3, 5))
    what = plan(one.provider("fred", 365), first=date(2026, 3, 2))
    await pulled(store, what)
    assert list(said(store)) == ["past:vix:fred:2026-03-02:2026-03-05"]
    one.until = FRIDAY
    await pulled(store, what)
    assert [past.bars[-1].day for past in said(store).values()] == [date(2026, 3, 5), FRIDAY]
    await pulled(store, what)
    assert len(one.asked) == 2


async def test_a_session_of_futures_that_is_not_published_yet_leaves_no_trace(
    store: MemoryStore,
) -> None:
    keys = ("2026-03-18", "2026-04-15")
    one = Teller(signal="vx.settle", keys=keys, until=date(2026, 3, 5))
    provider = one.provider("cboe_settlement", 1)
    what = plan(provider, first=date(2026, 2, 27), signal="vx.settle")
    await pulled(store, what)
    assert [s.first.day for s in one.asked] == [27, 2, 3, 4, 5, 6], "the weekend has no session"
    day = [name for name in said(store) if "2026-02-27" in name]
    name = "past:vx.settle:cboe_settlement:2026-02-27:2026-02-27"
    assert day == [f"{name}:2026-03-18", f"{name}:2026-04-15", name]
    assert said(store)[name].bars == (), "says that all its members are there"
    one.asked.clear()
    await pulled(store, what)
    assert [s.first.day for s in one.asked] == [6]


async def test_a_stretch_of_which_a_source_has_nothing_is_not_asked_for_again(
    store: MemoryStore,
) -> None:
    one = Teller(until=date(2026, 2, 1))
    what = plan(one.provider("fred", 7), first=date(2026, 2, 8), last=FRIDAY)
    await pulled(store, what)
    one.asked.clear()
    await pulled(store, what)
    assert len(one.asked) == 1, "but for the newest, which may come yet"


async def test_a_past_that_cannot_be_is_as_good_as_none(store: MemoryStore) -> None:
    absurd = Teller(value=900.0)
    (gave_up,) = await pulled(
        store, plan(absurd.provider("cboe_history", 365), first=date(2026, 3, 2))
    )
    assert isinstance(gave_up, GaveUp)
    assert gave_up.reason == (
        "cboe_history sent a past that cannot be: vix of 2026-03-02 is absurd: 900"
    )
    assert said(store) == {}


# --- what may be asked for --------------------------------------------------------------------


def told(name: str, first: str, last: str | None = None, source: str | None = None) -> Plan:
    return plan_of(Settings(), name, (first, last), source=source, now=NOW)


def test_a_plan_ends_with_the_last_session_that_is_over_and_begins_with_what_is_kept() -> None:
    made = told("vix", "1990-01-02")
    assert made.last == FRIDAY
    assert len(sessions_of(BY_NAME["vix"], made.first, made.last)) == 520
    assert [one.name for one in made.asked][:1] == ["cboe_history"]
    assert told("vix", "2026-03-02", "2026-03-04").last == date(2026, 3, 4)
    assert told("vx.settle", "2026-03-02").asked[0].name == "cboe_settlement"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param(("vixx", "2026-01-02"), "SIGNAL: no signal is called 'vixx'", id="a slip"),
        pytest.param(("vol.term", "2026-01-02"), "is worked out of vix and vix3m", id="computed"),
        pytest.param(("aave.supply", "2026-01-02"), "nobody has a history", id="none kept"),
        pytest.param(("breadth.advances", "2026-01-02"), "nobody has a history", id="none had"),
        pytest.param(("vix", "last week"), "--from: 'last week' is no date", id="no date"),
        pytest.param(("vix", "2026-02-30"), "--from: '2026-02-30' is no date", id="no such date"),
        pytest.param(("vix", "2026-01-02", "x"), "--to: 'x' is no date", id="no end"),
        pytest.param(("vix", "2026-03-05", "2026-03-02"), "is before 2026-03-05", id="backwards"),
        pytest.param(
            ("vix", "2026-03-07"), "the last session that is over is 2026-03-06", id="to come"
        ),
        pytest.param(
            ("vix", "2026-03-07"), "--from: nothing from 2026-03-07 on is over yet", id="a Saturday"
        ),
        pytest.param(
            ("vix3m", "2026-01-02", None, "x"), "x has no history of vix3m; cboe_history", id="who"
        ),
        pytest.param(
            ("macro.reer", "1990-01-01", "1999-12-31"), "only 120 months are kept", id="months"
        ),
        pytest.param(
            ("spx.price", "2026-01-02", None, "x"), "yahoo and fred have", id="of several, who"
        ),
        pytest.param(("vix", "1990-01-02", "1999-12-31"), "only 520 sessions", id="too long ago"),
        pytest.param(
            ("vix", "2026-01-02", None, "cboe"), "--source: cboe has no history of vix", id="source"
        ),
    ],
)
def test_what_cannot_be_pulled_is_told_in_one_sentence(asked: tuple[str, ...], why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        told(*asked)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_that_is_opt_in_is_asked_only_where_it_is_named() -> None:
    with pytest.raises(ConfigError, match="only yahoo has a history"):
        told("proxy.price", "2026-01-02")
    assert told("proxy.price", "2026-01-02", source="yahoo").asked[0].name == "yahoo"
    named = Settings(feeds={"proxy.price": ("yahoo",)})
    made = plan_of(named, "proxy.price", ("2026-01-02", None), source=None, now=NOW)
    assert [one.name for one in made.asked] == ["yahoo"]
    assert "yahoo" not in [one.name for one in told("vix", "2026-01-02").asked]


def test_what_can_be_pulled_keeps_bars_and_has_somebody_who_has_them() -> None:
    assert {"vix", "vx.settle", "dvol.eth"} <= set(pullable())
    assert all(BY_NAME[one].bars and BY_NAME[one].providers for one in pullable())


def test_chunks_without_a_session_are_left_out() -> None:
    what = plan(first=date(2026, 2, 13), last=date(2026, 2, 17))
    assert days_of(list(chunks_of(what, what.first, 1))) == [(13, 13), (17, 17)]
