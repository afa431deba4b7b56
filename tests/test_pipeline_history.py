"""The past through the road: windows warm by a pull, after a restart too, and all of it bounded."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.app.daemon import Daemon
from monitor.calendars.sessions import Hours, session_close, sessions_back
from monitor.model.observation import Past, Readings
from monitor.model.reading import Bar, Reading
from monitor.pipeline import Rulebook, State
from monitor.rules.lifecycle import Phase
from monitor.rules.surroundings import View
from monitor.signals.facts import Facts
from monitor.signals.take_readings import absorb_readings
from monitor.store.records import Change
from monitor.store.rows import changed_rows, forgotten_samples, new_samples, restore
from monitor.store.sqlite import SqliteStore, open_sqlite

FRIDAY = date(2020, 2, 28)
AT = datetime(2020, 2, 28, 20, 0, tzinfo=UTC)  # 15:00 in New York: the market is open
MINUTE = timedelta(minutes=1)
RULE = """\
schema = 1
[pack]
id = "one"
title = "One rule"
evidence = "claim"
sources = []
[[rule]]
id = "high"
scope = "book"
action = "notify"
when = 'highest(vix, "20d") > 40.0'
text = "{vix}"
"""


@pytest.fixture
def book(hand: Any, tmp_path: Path) -> Rulebook:
    file = tmp_path / "one.toml"
    file.write_text(RULE)
    made: Rulebook = hand.book(files=(file,))
    return made


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/hedgewatch.db"


def daemon_on(store: SqliteStore, book: Rulebook) -> Daemon:
    """Return the daemon as it starts on what is saved."""
    saved = store.load()
    daemon = Daemon(
        store=store,
        book=book,
        state=restore(saved.rows, saved.samples),
        channels=(),
        reload=lambda: book,
        now=lambda: AT,
    )
    daemon.tidy()
    return daemon


def closes(count: int, value: float, *, upto: date = FRIDAY) -> tuple[Bar, ...]:
    """Return the bars of the sessions before a day, all of one value, highest on the tenth back."""
    found = []
    for back in range(count, 0, -1):
        day = sessions_back(upto, back)
        high = 45.0 if back == 10 else value
        at = session_close(Hours.CBOE_VIX, day)
        found.append(Bar(day=day, open=value, high=high, low=value, close=high, at=at))
    return tuple(found)


def pulled(bars: tuple[Bar, ...], at: datetime = AT, name: str = "vix") -> Past:
    return Past(id=f"past:{name}:a", source="cboe_history", observed_at=at, name=name, bars=bars)


def highest(state: State) -> tuple[object, str]:
    """Return what the rule looks back on, or None and why it is unknown."""
    assert state.at is not None
    found = View(facts=state.facts, scope="book", now=state.at).window("highest", "vix", "20d")
    return found.value, found.note


def test_a_window_is_unknown_then_known_by_a_pull_and_still_known_after_a_restart(
    hand: Any, book: Rulebook, url: str
) -> None:
    with closing(open_sqlite(url, now=AT)) as store:
        daemon = daemon_on(store, book)
        daemon.take(hand.vix(39.0, AT - 15 * MINUTE, AT), 0)
        value, why = highest(daemon.state)
        assert value is None
        assert why == "no value from the session of 27 Feb and 18 more"
        alerts = daemon.take(pulled(closes(30, 15.0)), 0)
        assert highest(daemon.state)[0] == 45.0
        assert [alert.rule for alert in alerts] == ["high"], "the pull itself lets it be judged"
        before = daemon.state
    with closing(open_sqlite(url, now=AT)) as store:
        daemon = daemon_on(store, book)
        assert daemon.state.facts == before.facts
        assert highest(daemon.state)[0] == 45.0
        daemon.take(hand.vix(38.0, AT, AT + MINUTE), 0)
        assert highest(daemon.state)[0] == 45.0
        assert daemon.state.instances["high|book"].phase is Phase.FIRING


def test_a_past_that_cannot_be_is_refused_and_leaves_everything_as_it_was(
    book: Rulebook, url: str
) -> None:
    with closing(open_sqlite(url, now=AT)) as store:
        daemon, tomorrow = daemon_on(store, book), sessions_back(FRIDAY + timedelta(days=3), 0)
        close = session_close(Hours.CBOE_VIX, tomorrow)
        bar = Bar(day=tomorrow, open=20, high=20, low=20, close=20, at=close)
        store.inbox.say("past:vix:a", "{}", AT)
        daemon.take(pulled((*closes(3, 15.0), bar)), 0)
        assert daemon.state.facts.bars == {}
        assert not [key for key in store.load().rows if key[0] == "bar"]
        told = "refused: vix of 2020-03-02 is to come: it is stamped 2020-03-02 21:15 UTC"
        assert store.inbox.heard("past:vix:a") == told


def test_a_rule_that_is_new_looks_back_on_the_bars_of_before(
    hand: Any, book: Rulebook, url: str
) -> None:
    with closing(open_sqlite(url, now=AT)) as store:
        daemon = daemon_on(store, hand.book("self"))
        daemon.take(pulled(closes(30, 15.0)), 0)
        daemon.take(hand.vix(39.0, AT - 15 * MINUTE, AT), 0)
        assert daemon.state.facts.series == {}, "no rule looks back"
        daemon.reload = lambda: book
        daemon.reload_rules()
        assert highest(daemon.state)[0] == 45.0
        saved = store.load()
        assert restore(saved.rows, saved.samples).facts.series == daemon.state.facts.series
        daemon.reload = lambda: hand.book("self")
        daemon.reload_rules()
        assert daemon.state.facts.series == {}
        assert store.load().samples == (), "samples are kept while a rule looks back on them"


# --- what a year of it leaves behind ----------------------------------------------------------

REACH = timedelta(days=5 * 1.5 + 8)  # of a window over five sessions
A_SESSION = 405  # minutes, 08:30 to 15:15 Chicago
KEPT = 520


def a_session(facts: Facts, day: date) -> Facts:
    """Return the facts after a reading a minute of a session's regular hours."""
    end = session_close(Hours.CBOE_VIX, day)
    readings = tuple(
        Reading(name="vix", value=15 + n % 7, unit="points", as_of=end - n * MINUTE, source="cboe")
        for n in reversed(range(A_SESSION))
    )
    seen = Readings(source="vix", observed_at=end, readings=readings)
    return absorb_readings(facts, seen, {"vix": REACH})


def test_a_year_of_a_reading_a_minute_leaves_a_bar_a_session_and_no_more_samples_than_windows_ask(
    tmp_path: Path,
) -> None:
    state, sizes = State(), []
    with closing(open_sqlite(f"sqlite:///{tmp_path}/year.db", now=AT)) as store:
        for back in range(252, 0, -1):
            day = sessions_back(FRIDAY, back)
            after = replace(state, facts=a_session(state.facts, day))
            store.commit(
                Change(
                    rows=changed_rows(state, after),
                    samples=new_samples(state, after),
                    forget_samples_before=forgotten_samples(state, after),
                )
            )
            state = after
            sizes.append(len(after.facts.series["vix|"].samples))
        saved = store.load()
        rows = [key for key in saved.rows if key[0] == "bar"]
        assert len(rows) == len(state.facts.bars["vix|"].bars) == 252
        assert restore(saved.rows, saved.samples).facts.series == state.facts.series
    series = state.facts.series["vix|"].samples
    newest = series[-1].at
    assert series[1].at > newest - REACH >= series[0].at, "one from before the window begins"
    # Fifteen and a half days are two weeks of five sessions, and at most two sessions more.
    assert max(sizes) <= 12 * A_SESSION + 1


def test_of_more_sessions_than_are_kept_the_oldest_bars_leave_state_and_store(
    book: Rulebook, url: str
) -> None:
    with closing(open_sqlite(url, now=AT)) as store:
        daemon = daemon_on(store, book)
        old = closes(600, 15.0, upto=date(2019, 2, 28))
        daemon.take(pulled(old), 0)
        daemon.take(replace(pulled(closes(200, 16.0)), id="past:vix:b"), 0)
        bars = daemon.state.facts.bars["vix|"].bars
        assert len(bars) == KEPT
        assert bars[0].day == old[-(KEPT - 200)].day
        saved = store.load()
        assert sum(kind == "bar" for kind, _ in saved.rows) == KEPT
        assert restore(saved.rows, saved.samples).facts == daemon.state.facts
