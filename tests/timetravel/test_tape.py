"""A story as observations: each at the instant it could be had, none sooner."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from monitor.model.observation import Past, Readings, Snapshot
from monitor.signals.facts import Facts
from monitor.signals.market import market_of
from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.past_data import shipped
from monitor.timetravel.pool import Held, ModelPool
from monitor.timetravel.tape import modelled, tape

MARCH = Window(first=date(2020, 3, 9), last=date(2020, 3, 20), title="a fortnight")


def pool() -> ModelPool:
    return ModelPool(held=(Held(width=1.5, value_usd=100_000.0),), fee_share=1.0)


@pytest.mark.parametrize("name", EVENTS)
def test_a_story_runs_forward_and_reads_nothing_before_it_was_true(name: str) -> None:
    told = list(tape(EVENTS[name], pool()))
    assert all(later.observed_at >= one.observed_at for one, later in pairwise(told))
    assert all(
        reading.as_of <= seen.observed_at
        for seen in told
        if isinstance(seen, Readings)
        for reading in seen.readings
    )
    assert all(
        bar.at <= seen.observed_at for seen in told if isinstance(seen, Past) for bar in seen.bars
    )


def test_vix_is_had_twenty_minutes_after_its_close_and_futures_at_half_past_five() -> None:
    told = [one for one in tape(MARCH, pool()) if isinstance(one, Readings)]
    # 16 March 2020 in New York is four hours behind UTC.
    (vix,) = [
        one
        for one in told
        if one.source == "vix"
        and one.readings[0].as_of == datetime(2020, 3, 16, 20, 15, tzinfo=UTC)
    ]
    assert vix.observed_at == datetime(2020, 3, 16, 20, 35, tzinfo=UTC)
    assert vix.readings[0].value == 82.69
    settled = [one for one in told if one.source == "vx.settle"]
    assert datetime(2020, 3, 16, 21, 30, tzinfo=UTC) in {one.observed_at for one in settled}
    assert {reading.source for one in settled for reading in one.readings} == {"cboe_settlement"}


@pytest.mark.parametrize(
    ("day", "source", "note"),
    [
        pytest.param(date(2020, 4, 29), "cboe_settlement", "settlement of 17 Jun 2020", id="2020"),
        pytest.param(date(2020, 5, 28), "snapshot", "snapshot of 17 Jun 2020", id="seen at 16:31"),
        pytest.param(date(2022, 6, 1), "model", "model of 20 Jul 2022", id="nothing had"),
    ],
)
def test_what_a_hedge_is_priced_on_is_called_what_it_is(day: date, source: str, note: str) -> None:
    told = list(tape(Window(first=day, last=day, title=""), pool()))
    curves = [one for one in told if isinstance(one, Readings) and one.source == "vx.settle"]
    assert {one.source for one in curves[-1].readings} == {source}
    facts = Facts(readings={f"vx.settle|{one.key}": one for one in curves[-1].readings})
    priced = market_of(facts, curves[-1].observed_at, {"vix"}).vix.curve
    expiry = datetime.strptime(f"{note.partition(' of ')[2]} +0000", "%d %b %Y %z").date()
    forward = priced and priced.forward(expiry)
    assert forward is not None
    assert forward.note == note


def test_on_half_days_closes_are_had_three_hours_sooner() -> None:
    thanks = Window(first=date(2022, 11, 21), last=date(2022, 11, 28), title="Thanksgiving")
    told = [one for one in tape(thanks, pool()) if isinstance(one, Readings)]
    friday = {  # New York's exchanges closed at 13:00 on 25 November 2022, Cboe's VIX at 13:15
        one.source: (one.readings[0].as_of.time(), one.observed_at.time())
        for one in told
        if one.source in {"vix", "vvix", "spx.price"} and one.observed_at.day == 25
    }
    assert friday == {
        "vix": (time(18, 15), time(18, 35)),
        "vvix": (time(18, 15), time(18, 35)),
        "spx.price": (time(18), time(18, 35)),
    }


def test_the_year_before_ends_before_the_story_begins() -> None:
    pasts = [one for one in tape(MARCH, pool()) if isinstance(one, Past)]
    assert {one.name for one in pasts} == {"vix", "eth.price"}
    assert all(one.bars[-1].day < MARCH.first for one in pasts)


def test_a_block_comes_with_every_print_and_every_close() -> None:
    told = list(tape(MARCH, pool()))
    blocks = {one.observed_at for one in told if isinstance(one, Snapshot)}
    assert blocks == {one.observed_at for one in told if not isinstance(one, Past)}


def test_the_pool_says_no_block_once_its_last_price_is_a_day_old() -> None:
    days, closes = dict(shipped().eth_days), [date(2020, 7, 1), date(2020, 7, 2), date(2020, 7, 20)]
    had = replace(shipped(), eth_hours=(), eth_days=tuple((day, days[day]) for day in closes))
    july = Window(first=date(2020, 7, 2), last=date(2020, 7, 31), title="a month of three closes")
    told = list(tape(july, pool(), library=had))
    blocks = [one.observed_at for one in told if isinstance(one, Snapshot)]
    # A close is that of its day's end, and the next comes 18 days later.
    assert blocks[0] == datetime(2020, 7, 2, tzinfo=UTC)
    assert [one.day for one in blocks if one.day in range(4, 21)] == []
    assert max(blocks) <= datetime(2020, 7, 22, tzinfo=UTC)
    vix = [one.observed_at for one in told if isinstance(one, Readings) and one.source == "vix"]
    assert {one.day for one in vix} >= {6, 13, 31}  # the market prints on


def test_the_modelled_curve_comes_back_to_its_mean() -> None:
    high, low = modelled(40.0, date(2022, 3, 7)), modelled(12.0, date(2022, 3, 7))
    assert [price for _, price in high] == sorted((p for _, p in high), reverse=True)
    assert [price for _, price in low] == sorted(price for _, price in low)
    # After a quarter of a year what is left of the distance is 1/e.
    ninety = timedelta(days=91)
    _day, price = min(high, key=lambda row: abs(row[0] - date(2022, 3, 7) - ninety))
    assert price == pytest.approx(19.5 + 20.5 * 0.37, abs=1.0)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param(date(2012, 1, 1), date(2012, 2, 1), id="long before any"),
        pytest.param(date(2019, 2, 5), date(2019, 2, 6), id="the first close at its end"),
        pytest.param(date(2025, 6, 1), date(2025, 6, 9), id="the last close at its begin"),
    ],
)
def test_where_no_two_prices_are_had_it_says_so(first: date, last: date) -> None:
    with pytest.raises(ValueError, match=f"no price of ETH is had from {first} to {last}"):
        next(tape(Window(first=first, last=last, title=""), pool()))
