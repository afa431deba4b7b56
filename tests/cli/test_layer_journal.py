"""`hedgewatch layer undo`, `correct` and `journal`: through the inbox and the daemon's own step."""

import getpass
from typing import Any

import pytest

LEG = "vix.call 2020-06-17 18 +4 @16.0"
RIGHT = "vix.call 2020-06-17 18 +4 @1.60"


@pytest.fixture
def filled(home: Any, hand: Any) -> Any:
    home.take(hand.snapshot(home.at))
    home.told("layer", "fill", "L2", "--leg", LEG)
    home.hear()
    return home


def test_a_correction_and_an_undo_are_entries_like_any_other(filled: Any) -> None:
    filled.told("layer", "correct", "L2", 1, "--leg", RIGHT)
    filled.hear()
    lines = filled.told("layer", "journal", "L2")
    told = " ".join(" ".join(lines).split()).replace(getpass.getuser(), "ann")
    assert told == (
        "1 2020-02-14 22:30Z +4 VIX 17Jun20 18C @16.00 -6,400.00 USD by ann@cli, counts no more"
        " 2 2020-02-14 22:30Z -4 VIX 17Jun20 18C @16.00 +6,400.00 USD by ann@cli, takes back 1"
        " 3 2020-02-14 22:30Z +4 VIX 17Jun20 18C @1.60 -640.00 USD by ann@cli, in the place of 1"
        " cash of what counts: -640.00 USD"
    )
    assert max(map(len, lines)) <= 80
    filled.told("layer", "undo", "L2")
    filled.hear()
    assert filled.outcomes()[-1] == "L2 off"
    assert filled.told("layer", "journal", "L2")[-1] == "cash of what counts: +0.00 USD"


def test_undoing_twice_is_refused_in_a_sentence(filled: Any) -> None:
    for _ in range(2):
        filled.told("layer", "undo", "L2")
        filled.hear()
    assert filled.outcomes()[-1] == (
        "refused: the last trade of L2 is undone already:"
        " name an earlier one by its number in `layer journal L2`"
    )


def test_what_was_mended_leaves_a_line(filled: Any) -> None:
    filled.told("layer", "correct", "L2", 1, "--leg", RIGHT)
    filled.hear()
    filled.told("layer", "undo", "L2")
    filled.hear()
    log = " ".join(" ".join(filled.told("log")).split())
    assert "not +4 VIX 17Jun20 18C @16.00, +4 VIX 17Jun20 18C @1.60 by" in log
    assert "not +4 VIX 17Jun20 18C @1.60 by" in log


def test_a_layer_without_a_journal_says_so(filled: Any) -> None:
    (told,) = filled.told("layer", "journal", "L3", status=1)
    assert told == "hedgewatch: nothing was ever booked of L3"


def test_a_trade_told_late_stands_where_it_was_done(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    home.told("layer", "fill", "L2", "--leg", RIGHT, "--at", "2020-02-12T16:30+01:00")
    home.hear()
    assert home.told("layer", "journal", "L2")[0].startswith("  1  2020-02-12 15:30Z  +4 VIX")


@pytest.mark.parametrize("text", ["yesterday", "2020-02-12T16:30", "2020-13-12T16:30Z"])
def test_an_instant_that_is_none_or_has_no_zone_is_a_fault(home: Any, text: str) -> None:
    assert home.told("layer", "close", "L2", "--at", text, status=2) == [
        f"--at: {text!r} is no instant with its zone, such as 2026-03-27T08:00Z"
    ]


def test_money_beside_trades_stands_in_the_journal_and_survives(filled: Any) -> None:
    filled.told("layer", "cash", "L2", "-12.5", "--note", "funding")
    filled.hear()
    assert filled.outcomes()[-1].startswith("-12.50 USD (funding); L2 on")
    assert any("-12.50 USD (funding)" in one for one in filled.told("layer", "journal", "L2"))
    assert filled.told("layer", "journal", "L2")[-1] == "cash of what counts: -6,412.50 USD"
    twice = filled.told("layer", "cash", "L2", "-1", "--note", "a\nb", status=2)
    assert twice == ["--note: give plain text on one line"]
    assert "USD: give an amount" in filled.told("layer", "cash", "L2", "nan", status=2)[0]
