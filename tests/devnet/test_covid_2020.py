"""The story's figures against closes published elsewhere."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from exchange_calendars import get_calendar

from monitor.devnet.covid_2020 import (
    eth_closes,
    eth_days,
    vix_before,
    vix_closes,
    vx_prices,
    vx_settlements,
)

ETH = dict(eth_closes())
VIX = dict(vix_closes())
VX = vx_settlements()


@pytest.mark.parametrize(
    ("day", "close"),
    [
        pytest.param(date(2020, 1, 2), 12.47, id="the year's first session"),
        pytest.param(date(2020, 2, 24), 25.03, id="the Monday it began"),
        pytest.param(date(2020, 3, 16), 82.69, id="the highest close there has been"),
        pytest.param(date(2020, 6, 5), 24.52, id="the lowest close after the spike"),
        pytest.param(date(2020, 6, 11), 40.79, id="the June scare"),
    ],
)
def test_vix_closes_are_cboe_s(day: date, close: float) -> None:
    assert VIX[day] == close


# exchange_calendars does not know yet what pandas 3.1 would rather have it say.
@pytest.mark.filterwarnings("ignore:Series.values returning:DeprecationWarning")
def test_vix_has_exactly_the_exchange_s_sessions() -> None:
    sessions = get_calendar("XNYS").sessions_in_range("2020-01-02", "2020-06-15")
    assert list(VIX) == [session.date() for session in sessions]


def test_the_lowest_close_after_the_spike_is_of_5_june() -> None:
    after = {day: close for day, close in VIX.items() if day > date(2020, 3, 18)}
    assert min(after, key=after.__getitem__) == date(2020, 6, 5)


def test_eth_is_six_hourly_without_a_hole() -> None:
    instants = list(ETH)
    assert instants[0] == datetime(2020, 2, 14, tzinfo=UTC)
    assert instants[-1] == datetime(2020, 6, 15, 18, tzinfo=UTC)
    steps = {later - earlier for earlier, later in pairwise(instants)}
    assert steps == {timedelta(hours=6)}


def test_eth_fell_by_two_fifths_on_12_march() -> None:
    # Binance's daily candle of 2020-03-12: open 194.61, close 107.82.
    assert ETH[datetime(2020, 3, 12, tzinfo=UTC)] == 194.61
    assert ETH[datetime(2020, 3, 13, tzinfo=UTC)] == 107.82


def test_days_of_eth_have_no_hole_and_go_on_where_the_story_begins() -> None:
    days = dict(eth_days())
    steps = {later - earlier for earlier, later in pairwise(days)}
    assert steps == {timedelta(days=1)}
    assert (min(days), max(days)) == (date(2019, 2, 6), date(2020, 6, 14))
    # The eve of the story and the crash, as the six-hourly closes have them too.
    assert days[date(2020, 2, 13)] == ETH[datetime(2020, 2, 14, tzinfo=UTC)] == 268.32
    assert days[date(2020, 3, 12)] == 107.82


def test_the_vix_before_has_the_exchange_s_sessions_and_cboe_s_closes() -> None:
    before = dict(vix_before())
    assert before[date(2019, 8, 5)] == 24.59  # the highest close of 2019's second half
    assert before[date(2019, 11, 26)] == 11.54  # the lowest of 2019
    assert all(before[day] == close for day, close in VIX.items() if day < date(2020, 2, 14))
    assert len(before) == 228 + 30
    assert max(before) == date(2020, 2, 13)


def test_settlements_of_16_march_are_the_exchange_s() -> None:
    curve = VX[date(2020, 3, 16)]
    assert curve[0] == (date(2020, 3, 18), 72.625)
    assert curve[7] == (date(2020, 10, 21), 30.675)


def test_the_nearest_future_rolls_on_its_expiry_date() -> None:
    assert VX[date(2020, 3, 17)][0][0] == date(2020, 3, 18)
    assert VX[date(2020, 3, 18)][0][0] == date(2020, 4, 15)


def test_the_autumn_of_the_election_stands_out_whichever_month_it_is_counted_as() -> None:
    # The October 2020 future carried the election: dearer than both its neighbours.
    curve = dict(VX[date(2020, 4, 15)])
    assert curve[date(2020, 10, 21)] > curve[date(2020, 9, 16)]
    assert curve[date(2020, 10, 21)] > curve[date(2020, 11, 18)]


def test_every_session_from_february_has_futures_and_none_after_expiry() -> None:
    assert set(VX) == {day for day in VIX if day >= date(2020, 2, 14)}
    assert all(expiry > day for day, curve in VX.items() for expiry, _ in curve)


def test_what_is_no_settlement_says_so() -> None:
    kinds = {(price.session >= date(2020, 5, 1), price.kind) for price in vx_prices()}
    assert kinds == {(False, "settlement"), (True, "snapshot")}
    assert {len(curve) for day, curve in VX.items() if day >= date(2020, 5, 1)} == {2}
