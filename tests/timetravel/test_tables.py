"""The shipped figures against closes published elsewhere."""

import re
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise

import pytest
from exchange_calendars import get_calendar

from monitor.calendars.vix import vix_expiries
from monitor.timetravel.tables import (
    eth_days,
    eth_hours,
    indices,
    vix_closes,
    vx_before,
    vx_prices,
    vx_settlements,
)

ETH = dict(eth_hours())
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
    sessions = get_calendar("XNYS").sessions_in_range("2019-01-02", "2025-05-30")
    assert list(VIX) == [session.date() for session in sessions]


def test_the_lowest_close_after_the_spike_is_of_5_june() -> None:
    after = {day: c for day, c in VIX.items() if date(2020, 3, 18) < day < date(2020, 6, 16)}
    assert min(after, key=after.__getitem__) == date(2020, 6, 5)


def test_eth_is_six_hourly_without_a_hole_over_four_stretches() -> None:
    steps = [later - earlier for earlier, later in pairwise(ETH)]
    holes = [step for step in steps if step != timedelta(hours=6)]
    assert min(ETH) == datetime(2020, 2, 14, tzinfo=UTC)
    assert len(holes) == 3
    assert datetime(2020, 6, 15, 18, tzinfo=UTC) in ETH
    assert datetime(2022, 6, 18, 18, tzinfo=UTC) in ETH


def test_eth_fell_by_two_fifths_on_12_march() -> None:
    # Binance's daily candle of 2020-03-12: open 194.61, close 107.82.
    assert ETH[datetime(2020, 3, 12, tzinfo=UTC)] == 194.61
    assert ETH[datetime(2020, 3, 13, tzinfo=UTC)] == 107.82


def test_days_of_eth_have_no_hole_and_are_the_hours_own() -> None:
    days = dict(eth_days())
    steps = {later - earlier for earlier, later in pairwise(days)}
    assert steps == {timedelta(days=1)}
    assert days[date(2020, 2, 13)] == ETH[datetime(2020, 2, 14, tzinfo=UTC)] == 268.32
    assert days[date(2020, 3, 12)] == 107.82
    whole = {at.date() - timedelta(days=1): close for at, close in ETH.items() if not at.hour}
    assert all(days[day] == close for day, close in whole.items())


def test_vix_crosses_thirty_upward_seven_times_in_2020_and_eleven_in_2022() -> None:
    rows = list(VIX.items())
    ups = [day for (_, before), (day, now) in pairwise(rows) if before <= 30 < now]
    assert sum(day.year == 2020 for day in ups) == 7
    assert sum(day.year == 2022 for day in ups) == 11
    assert sum(close > 30 for day, close in rows if day.year == 2022) == 48


def test_the_other_indices_have_their_published_extremes() -> None:
    table = dict(indices())
    assert table[date(2020, 3, 23)]["spx"] == 2237.40
    assert table[date(2020, 3, 16)]["vvix"] == 207.59  # the highest close there has been


def test_the_futures_before_are_the_two_nearest_months_of_each_session() -> None:
    told = sorted((day, expiry) for expiry, rows in vx_before().items() for day, _ in rows)
    expiries = vix_expiries(date(2019, 2, 1), date(2020, 5, 31))
    wanted = [
        (day, expiry)
        for day in VIX
        if date(2019, 2, 6) <= day < date(2020, 2, 14)
        for expiry in [one for one in expiries if one > day][:2]
    ]
    assert told == wanted
    # The front month of 5 August 2019 and that of the day after, with the VIX at 24.59 and 20.17.
    front = dict(vx_before()[date(2019, 8, 21)])
    assert front[date(2019, 8, 5)] > front[date(2019, 8, 6)] > 16


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


def test_no_future_is_told_after_its_expiry_and_only_of_sessions() -> None:
    assert set(VX) <= set(VIX)
    assert {day for day in VIX if date(2020, 2, 14) <= day <= date(2020, 6, 15)} <= set(VX)
    assert all(expiry > day for day, curve in VX.items() for expiry, _ in curve)


def test_what_is_no_settlement_says_so() -> None:
    spring = [price for price in vx_prices() if price.session.year == 2020]
    kinds = {(price.session >= date(2020, 5, 1), price.kind) for price in spring}
    assert kinds == {(False, "settlement"), (True, "snapshot")}
    may = {day: curve for day, curve in VX.items() if date(2020, 5, 1) <= day <= date(2020, 6, 15)}
    assert {len(curve) for curve in may.values()} == {2}
    assert {price.kind for price in vx_prices() if price.session.year > 2020} == {"settlement"}


PUBLISHERS = {
    "cpi.csv": "US Bureau of Labor Statistics",
    "dvol_eth.csv": "Deribit",
    "eth_days.csv": "Binance",
    "eth_hours.csv": "Binance",
    "fed_funds.csv": "Federal Reserve",
    "funding_eth.csv": "Binance",
    "indices.csv": "Cboe, *_History.csv; S&P Dow Jones Indices",
    "vix.csv": "Cboe",
    "vx.csv": "Cboe Futures Exchange",
    "vx_2019.csv": "a term-structure page's snapshots in Nhyiraba/WQU_Capstone_Project",
}


def test_every_table_names_its_source() -> None:
    for path in sorted((files("monitor.timetravel") / "data").iterdir(), key=lambda one: one.name):
        if path.name.endswith(".csv"):
            lines = path.read_text(encoding="ascii").splitlines()
            told = " ".join(line[2:] for line in lines if line.startswith("# "))
            assert re.search(rf"Sources?: {re.escape(PUBLISHERS[path.name])}", told), path.name
            assert "a public" not in told
