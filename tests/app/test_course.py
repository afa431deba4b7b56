"""How book and hedge went, noted a quarter of an hour and kept over a restart."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.app.course import KEPT, Course
from monitor.app.daemon import Daemon
from monitor.pipeline import State, step
from monitor.store.course import KIND, CourseMark, row_of, saved_course
from monitor.store.rows import restore
from monitor.store.sqlite import open_sqlite

AT = datetime(2020, 2, 14, 21, 20, tzinfo=UTC)


def test_a_mark_is_made_a_quarter_of_an_hour_and_read_back(hand: Any, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with closing(open_sqlite(url, now=AT)) as store:
        course = Course()
        daemon = Daemon(
            store=store,
            book=hand.book("alvh"),
            state=State(),
            channels=(),
            reload=lambda: hand.book("alvh"),
            now=lambda: AT,
            course=course.noted,
        )
        for number, minutes in enumerate((0, 1, 9, 11, 24, 25, 26), 1):
            at = AT + timedelta(minutes=minutes)
            daemon.take(hand.snapshot(at, hand.position(), tick=hand.tick + 300, number=number), 0)
        saved = store.load().rows
        # Quarters begin at :00, :15, :30: 21:20, then 21:31 and 21:45.
        made = [datetime.fromtimestamp(mark.at, UTC) for mark in saved_course(saved)]
        assert [f"{at:%H:%M}" for at in made] == ["21:20", "21:31", "21:45"]
        assert Course(saved).marks == course.marks
        assert restore(saved, ()).facts.chains
    last = course.marks[-1]
    seen = daemon.state.facts.positions[hand.key()]
    assert last.il == pytest.approx(seen.measures.il)
    assert last.lost_usd == pytest.approx(seen.measures.il_worth.usd)
    assert (last.hedge_usd, last.vix) == (None, None)


def test_what_rules_take_for_unknown_is_unknown(hand: Any) -> None:
    book = hand.book("alvh")
    seen = hand.snapshot(AT, hand.position(), tick=hand.tick + 300)
    state, _ = step(book, State(), seen)
    course = Course()
    course.noted(seen, replace(state, at=AT + timedelta(minutes=30)))
    assert course.marks[0].il is None
    assert course.marks[0].lost_usd is None


def test_a_quarter_of_a_year_is_kept(hand: Any) -> None:
    old = CourseMark(at=int(AT.timestamp()) - 3600, il=-0.1)
    course = Course({(KIND, old.day): row_of([old])})
    seen = hand.snapshot(AT, hand.position())
    state, _ = step(hand.book("alvh"), State(), seen)
    rows = course.noted(seen, replace(state, at=AT + KEPT))
    assert rows[KIND, old.day] is None
    assert [mark.at for mark in course.marks] == [int((AT + KEPT).timestamp())]


def test_a_row_of_another_release_is_passed_over() -> None:
    good = CourseMark(at=int(AT.timestamp()), il=None, vix=13.68)
    rows = {(KIND, "2020-02-14"): row_of([good]), (KIND, "2020-02-15"): '[{"at": "soon"}]'}
    assert saved_course(rows) == (good,)
