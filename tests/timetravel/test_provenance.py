"""What a report says its figures come from."""

from datetime import date

from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.provenance import sources_of, sources_on_chain


def of(said: tuple[str, ...], what: str) -> str:
    (found,) = [one for one in said if one.startswith(f"{what}: ")]
    return found


def test_the_curve_that_prices_the_opening_is_counted() -> None:
    # Nothing was settled of 13 February 2020, on which the story's first hedge is bought.
    said = of(sources_of(EVENTS["covid_2020"], fee_share=1.0), "VIX futures")
    assert said == (
        "VIX futures: Cboe settlements on 53, prices seen at 16:31 New York on 31, a stated model"
        " of how VIX comes back to its mean on 1 of 85 sessions, that before the first day among"
        " them."
    )


def test_a_real_position_s_past_tells_which_futures_are_had() -> None:
    august = Window(first=date(2024, 8, 5), last=date(2024, 8, 9), title="")
    said = sources_on_chain(august, chain="ethereum", step=10)
    assert "read on ethereum, one block of 10." in said[0]
    assert "Cboe settlements on 6 of 6 sessions" in of(said, "VIX futures")
    assert of(said, "VIX") == "VIX: Cboe's daily closes, known 20 minutes later."


def test_what_is_not_had_is_not_named_as_a_source() -> None:
    # The shipped closes end with 30 May 2025, a Friday.
    over = Window(first=date(2025, 5, 29), last=date(2025, 6, 3), title="")
    assert of(sources_on_chain(over, chain="base", step=1), "VIX") == (
        "VIX: Cboe's daily closes, known 20 minutes later; none is had of 2 of 4 sessions."
    )
    after = Window(first=date(2026, 11, 23), last=date(2026, 11, 27), title="")
    said = sources_on_chain(after, chain="base", step=1)
    assert of(said, "VIX") == "VIX: no close of these days is had."
    assert of(said, "VIX futures") == "VIX futures: none in this window."
