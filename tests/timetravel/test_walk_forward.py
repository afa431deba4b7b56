"""What parameters may be chosen on, and what they are judged on."""

from datetime import date

from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.walk_forward import Fold, folds


def window(first: tuple[int, int], last: tuple[int, int]) -> Window:
    return Window(first=date(2022, *first), last=date(2022, *last), title="")


def test_parameters_are_chosen_on_what_had_ended() -> None:
    events = {
        "late": window((9, 1), (9, 30)),
        "early": window((1, 1), (1, 31)),
        "year": window((1, 15), (9, 15)),
        "middle": window((3, 1), (3, 31)),
    }
    assert list(folds(events)) == [
        Fold(chosen_on=("early",), judged_on="middle"),
        Fold(chosen_on=("early", "middle"), judged_on="late"),
    ]


def test_no_shipped_event_is_judged_by_its_own_days() -> None:
    found = list(folds(EVENTS))
    assert found[0] == Fold(chosen_on=("covid_2020",), judged_on="bear_2022")
    for fold in found:
        judged = EVENTS[fold.judged_on]
        assert all(EVENTS[name].last < judged.first for name in fold.chosen_on)
