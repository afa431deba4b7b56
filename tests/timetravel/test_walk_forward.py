"""What parameters may be chosen on, and what they are judged on."""

from datetime import date

from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.walk_forward import Fold, Walked, folds, walked


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


EARLY, MIDDLE, LATE = window((1, 1), (1, 31)), window((3, 1), (3, 31)), window((9, 1), (9, 30))


def chosen(**harms: list[float | None]) -> list[Walked]:
    of = {"early": EARLY, "middle": MIDDLE, "late": LATE}
    return list(walked({name: of[name] for name in harms}, harms))


def test_the_least_harmful_on_all_that_was_past_is_judged_on_what_came_after() -> None:
    first, second = chosen(early=[5.0, 3.0, 9.0], middle=[1.0, 40.0, 2.0], late=[7.0, 6.0, 5.0])
    # Chosen by January, the second did worst in March; by both months, it is the first.
    assert (first.chosen, first.judged, first.best) == ((1,), 1, 0)
    assert second.fold.chosen_on == ("early", "middle")
    assert (second.chosen, second.judged, second.best) == ((0,), 0, 2)


def test_of_equals_the_one_that_did_worst_is_judged() -> None:
    (one,) = chosen(early=[3.0, 3.0, 8.0], late=[1.0, 6.0, 9.0])
    assert (one.chosen, one.judged, one.best) == ((0, 1), 1, 0)


def test_what_is_unknown_on_the_past_is_not_chosen_and_on_the_judged_not_told() -> None:
    (one,) = chosen(early=[None, 3.0, 4.0], late=[0.0, 6.0, 9.0])
    assert (one.chosen, one.judged, one.best) == ((1,), 1, 0)
    (one,) = chosen(early=[1.0, 3.0], late=[None, 6.0])
    assert (one.chosen, one.judged, one.best) == ((0,), None, None)
    (one,) = chosen(early=[None, None], late=[1.0, 6.0])
    assert (one.chosen, one.judged, one.best) == ((), None, 0)


def test_one_event_chooses_nothing() -> None:
    assert chosen(early=[1.0, 2.0]) == []
