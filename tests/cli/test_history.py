"""`hedgewatch history`: the bars that are known as a table, what waits, what is missing."""

import io
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from monitor.app.history_known import Known
from monitor.app.history_plan import plan_of
from monitor.cli.history import now_known
from monitor.cli.progress import Progress
from monitor.config import Settings
from monitor.model.observation import Past
from monitor.model.reading import Bar
from monitor.signals.bars import point
from monitor.store.sqlite import open_sqlite

# Cboe's own closes of VIX and others of those days do not matter here: shapes do.
DAYS = [date(2020, 2, day) for day in (3, 4, 6, 7, 10, 11, 12, 13)]  # the 5th is wanting


def at(day: date, hour: int = 21, minute: int = 15) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def ranged(day: date) -> Bar:
    return Bar(day=day, open=15.5, high=17, low=15, close=15.04, at=at(day))


def past(home: Any, *bars: Bar, name: str = "vix", key: str = "") -> Past:
    return Past(
        id=f"past:{name}:{key}", source="x", observed_at=home.at, name=name, key=key, bars=bars
    )


def test_the_bars_are_a_table_oldest_first_and_the_newest_of_them(home: Any) -> None:
    home.take(past(home, *map(ranged, DAYS)))
    lines = home.told("history", "show", "vix", "-n", "3")
    assert [one.split() for one in lines[:2]] == [
        ["session", "open", "high", "low", "close", "known", "since"],
        ["2020-02-11", "15.5", "17.0", "15.0", "15.04", "2020-02-11", "21:15", "UTC"],
    ]
    assert [one.split()[0] for one in lines[1:4]] == ["2020-02-11", "2020-02-12", "2020-02-13"]
    assert lines[4:] == ["8 sessions, 3 Feb 2020 to 13 Feb 2020; 1 missing: 2020-02-05"]
    assert len(home.told("history", "show", "vix")) == 10


def test_closes_alone_are_one_column_and_a_family_says_which(home: Any) -> None:
    home.take(past(home, point(DAYS[0], 16.4, at(DAYS[0])), name="vx.settle", key="2020-03-18"))
    home.take(past(home, point(DAYS[0], 16.7, at(DAYS[0])), name="vx.settle", key="2020-04-15"))
    lines = [one.split() for one in home.told("history", "show", "vx.settle")]
    assert lines[0] == ["session", "of", "value", "known", "since"]
    assert [one[1:3] for one in lines[1:3]] == [["2020-03-18", "16.4"], ["2020-04-15", "16.7"]]
    assert " ".join(lines[3]).startswith("1 session of 2 vx.settle, 3 Feb 2020")


def test_a_statistic_is_told_by_its_month_and_when_it_was_published(home: Any) -> None:
    released = point(date(2019, 12, 1), 0.0023, at(date(2020, 1, 14), 13, 30))
    home.take(past(home, released, name="macro.cpi_yoy"))
    lines = [one.split() for one in home.told("history", "show", "macro.cpi_yoy")]
    assert lines[0][0] == "month"
    assert lines[1] == ["2019-12", "0.23", "%", "2020-01-14", "13:30", "UTC"]


def test_what_nobody_has_fetched_says_how_to(home: Any, hand: Any) -> None:
    home.take(hand.gap("vix", home.at))
    assert home.told("history", "show", "vix") == [
        "no history of vix is known; `hedgewatch history pull vix --from …` fetches it"
    ]
    assert home.told("history", "list")[0].startswith("no history is known yet: `hedgewatch")
    assert "SIGNAL: no signal is called 'vixx'; did you mean vix?" in "\n".join(
        home.told("history", "show", "vixx", status=2)
    )


def test_the_list_counts_sessions_and_what_is_missing_among_them(home: Any) -> None:
    home.take(past(home, *map(ranged, DAYS)))
    home.take(past(home, *map(ranged, DAYS[4:]), name="vix3m"))
    lines = home.told("history", "list")
    assert [one.split() for one in lines[:3]] == [
        ["signal", "bars", "first", "last", "missing"],
        ["vix", "8", "2020-02-03", "2020-02-13", "1"],
        ["vix3m", "4", "2020-02-10", "2020-02-13", "0"],
    ]
    assert lines[3].startswith("to pull   vix9d, vix6m, ")
    assert max(map(len, lines)) <= 80


def test_what_waits_for_the_daemon_is_counted_apart(home: Any) -> None:
    home.take(past(home, *map(ranged, DAYS[:4])))
    waiting = past(home, *map(ranged, DAYS[4:]))
    with closing(open_sqlite(f"sqlite:///{home.store}", now=home.at)) as store:
        store.inbox.say("past:1", TypeAdapter(Past).dump_json(waiting).decode(), home.at)
        store.inbox.say("w1", '{"id": "w1", "verb": "ack"}', home.at)
    told = " ".join(home.told("history", "show", "vix")[5:])
    assert told.endswith("4 sessions are queued: the daemon takes them up when it runs")
    assert home.told("history", "list")[1].split() == ["vix", "8", "2020-02-03", "2020-02-13", "1"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param(("vixx", "--from", "2020-01-02"), "no signal is called 'vixx'", id="a slip"),
        pytest.param(("vol.term", "--from", "2020-01-02"), "worked out of vix and", id="computed"),
        pytest.param(("vix", "--from", "soon"), "--from: 'soon' is no date", id="no date"),
        pytest.param(
            ("vix", "--from", "2020-02-15"), "nothing from 2020-02-15 on is over yet", id="to come"
        ),
    ],
)
def test_a_pull_of_what_cannot_be_says_why_and_makes_no_store(
    words: tuple[str, ...], why: str, home: Any
) -> None:
    lines = home.told("history", "pull", *words, status=2)
    assert why in lines[0]
    assert len(lines) == 1
    assert not home.store.exists()


def test_months_are_counted_as_months() -> None:
    plan = plan_of(
        Settings(),
        "macro.reer",
        ("2019-11-01", None),
        source=None,
        now=datetime(2020, 2, 14, tzinfo=UTC),
    )
    months = [date(2019, 11, 1), date(2019, 12, 1)]
    known = Known(taken={"": tuple(point(day, 100.0, at(day)) for day in months)})
    assert list(now_known(plan, known)) == ["known: 2 months, 1 Nov 2019 to 1 Dec 2019", "no gaps"]


# --- how far it is -----------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_is_drawn_over_itself_and_taken_away() -> None:
    terminal = Terminal()
    progress = Progress(terminal, "vix")
    progress.step(1, 4, "of no concern", "2020-01-31  21 sessions")
    progress.step(4, 4, "of no concern", "2020-04-30  21 sessions")
    progress.end()
    drawn = terminal.getvalue().split("\r\x1b[K")
    assert drawn[1].startswith("vix ├██████──────────────────┤ 1 of 4  2020-01-31")
    assert drawn[2].startswith("vix ├████████████████████████┤ 4 of 4")
    assert drawn[3] == ""
    assert "\n" not in terminal.getvalue()
    assert max(map(len, drawn)) < 80


def test_a_long_text_is_cut_to_the_terminal_and_a_word_that_stays_clears_the_bar() -> None:
    terminal = Terminal()
    progress = Progress(terminal, "vx.settle")
    progress.step(1, 1, "", "a text " * 20)
    progress.say("cboe is in trouble")
    assert terminal.getvalue().endswith("\r\x1b[Kcboe is in trouble\n")
    assert max(map(len, terminal.getvalue().split("\r\x1b[K"))) < 80


def test_elsewhere_every_step_is_a_plain_line() -> None:
    plain = io.StringIO()
    progress = Progress(plain, "vix")
    progress.step(1, 2, "2020-01-31  21 sessions", "in brief")
    progress.step(2, 2, "2020-02-28  19 sessions", "in brief")
    progress.end()
    assert plain.getvalue() == "vix  2020-01-31  21 sessions\nvix  2020-02-28  19 sessions\n"
