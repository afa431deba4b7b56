"""`hedgewatch log`: one line an alert, and none wider than a terminal."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

RULE = """\
schema = 1
[pack]
id = "far"
title = "A rule with a long name"
evidence = "claim"
sources = []
[[rule]]
id = "far.from_what_it_was"
scope = "book"
action = "notify"
when = 'avg(vix, "30d") / (vix - vix) > 20.0 || vix / (vix - 13.0) > 20.0'
text = "far"
"""


def test_what_is_too_long_goes_on_beneath_and_nothing_is_lost(
    home: Any, hand: Any, tmp_path: Path
) -> None:
    file = tmp_path / "far.toml"
    file.write_text(RULE)
    home.book = hand.book(files=(file,))
    home.take(hand.vix(13.0, home.at))
    head, *more = home.told("log")
    assert head.startswith("2020-02-14 22:30:00Z  error    far.from_what_it_was book    ")
    assert more
    assert all(one.startswith(" " * 22) for one in more)
    assert max(map(len, (head, *more))) <= 80
    (alert,) = home.take().instances.values()
    assert alert.flag == "error"
    assert len(more[-1].split()[-1]) == 6, "the id people ask `why` by is the last word"


def test_an_event_of_another_release_is_one_line_among_the_others(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.0, home.at))
    before = home.told("log")
    with closing(sqlite3.connect(home.store)) as raw:
        raw.execute(
            "INSERT INTO event (idem, key, alert_id, at, payload)"
            " SELECT 'odd', 'k', 'ABCDEF', max(at) + 1000000, '{\"id\": \"ABCDEF\"}' FROM event"
        )
        raw.commit()
    assert home.told("log") == [
        *before,
        "2020-02-14 22:30:01Z  an event of another release  ABCDEF",
    ]
