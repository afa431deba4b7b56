"""FRED's chart files, in the form captured in February 2026."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.fred import PROVIDER, Fred
from monitor.feeds.fred_files import parse_file
from monitor.feeds.http import Web
from monitor.feeds.port import Feed
from monitor.feeds.provider import FeedSettings, Stretch

DAILY = {"VIXCLS": 16.63, "SP500": 6_715.79, "SOFR": 4.21, "DGS3MO": 3.95, "DGS10": 4.12}
DFF = "2026-09-30,4.09\n2026-10-01,4.08\n2026-10-03,4.08\n"
CPI = """\
2024-08-01,314.796
2025-07-01,323.048
2025-08-01,323.976
2026-07-01,333.918
2026-08-01,334.98
"""


def file(series: str, rows: str, date_title: str = "observation_date") -> dict[str, str]:
    return {"body": f"{date_title},{series}\n{rows}", "content_type": "text/csv"}


def serve(server: Any, **changed: dict[str, Any]) -> None:
    files = {series: file(series, f"2026-10-01,{value}\n") for series, value in DAILY.items()}
    files["DFF"] = file("DFF", DFF)
    files["RBUSBIS"] = file("RBUSBIS", "2026-07-01,104.1\n2026-08-01,104.82\n")
    files["CPIAUCNS"] = file("CPIAUCNS", CPI)
    files["PPIFID"] = file("PPIFID", "2025-08-01,144.2\n2026-07-01,150.0\n2026-08-01,151.5\n")
    for series, answer in {**files, **changed}.items():
        server.serves(f"id={series}&", **answer)


@pytest.fixture
def fred(server: Any, site: Web, clock: ManualClock) -> Fred:
    serve(server)
    return Fred(web=site, clock=clock, base_url=server.url)


async def read(server: Any, site: Web, clock: ManualClock) -> dict[str, list[Any]]:
    feed: Feed = Fred(web=site, clock=clock, base_url=server.url)
    told: dict[str, list[Any]] = {}
    for reading in await feed.read():
        told.setdefault(reading.name, []).append(reading)
    return told


async def test_every_series_gives_what_it_has(server: Any, site: Web, clock: ManualClock) -> None:
    serve(server)
    told = await read(server, site, clock)
    assert set(told) == set(PROVIDER.signals)
    thursday = datetime(2026, 10, 1, 20, 15, tzinfo=UTC)  # 16:15 in New York
    newest = {name: (readings[-1].value, readings[-1].as_of) for name, readings in told.items()}
    assert newest["vix"] == (16.63, thursday)
    assert newest["spx.price"] == (6_715.79, thursday)
    assert newest["rates.sofr"] == (pytest.approx(0.0421), thursday)
    assert newest["rates.risk_free"] == (pytest.approx(0.0395), thursday)
    assert newest["rates.us10y"] == (pytest.approx(0.0412), thursday)


async def test_a_rate_gives_its_last_sessions_and_no_saturday(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server)
    rates = (await read(server, site, clock))["rates.fed_funds"]
    assert [(r.as_of.date(), r.value) for r in rates] == [
        (date(2026, 9, 30), pytest.approx(0.0409)),
        (date(2026, 10, 1), pytest.approx(0.0408)),
    ]


async def test_prices_are_changes_known_from_their_release(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server)
    told = await read(server, site, clock)
    newest = told["macro.cpi_yoy"][-1]
    assert newest.value == pytest.approx(0.033965, abs=1e-6)  # as published
    assert (newest.period, newest.as_of) == (
        date(2026, 8, 1),
        datetime(2026, 9, 11, 12, 30, tzinfo=UTC),
    )
    assert [r.period for r in told["macro.cpi_mom"]] == [date(2025, 8, 1), date(2026, 8, 1)]
    assert told["macro.ppi_mom"][-1].value == pytest.approx(0.01)
    usual = datetime(2026, 9, 16, 12, 30, tzinfo=UTC)
    assert told["macro.ppi_mom"][-1].as_of == usual, "its release is not known"


async def test_the_exchange_rate_is_a_month_s(server: Any, site: Web, clock: ManualClock) -> None:
    serve(server)
    rates = (await read(server, site, clock))["macro.reer"]
    assert [(r.period, r.value) for r in rates] == [
        (date(2026, 7, 1), 104.1),
        (date(2026, 8, 1), 104.82),
    ]


async def test_a_frozen_file_keeps_its_own_time(server: Any, site: Web, clock: ManualClock) -> None:
    serve(server)
    feed = Fred(web=site, clock=clock, base_url=server.url)
    before = await feed.read()
    await clock.advance(7 * 86_400)
    assert await feed.read() == before


FAILURES = [
    pytest.param(
        {"body": "<html>", "content_type": "text/html"}, "sent an HTML page", id="HTML with 200"
    ),
    pytest.param({"body": ""}, "fred sent an empty file for VIXCLS", id="nothing"),
    pytest.param(file("VIXCLS", ""), "fred has no value of VIXCLS", id="a header alone"),
    pytest.param(file("VIXCLS", "2026-10-01,.\n2026-10-02,\n"), "no value", id="all missing"),
    pytest.param(file("VXVCLS", "2026-10-01,16\n"), "its header is: ", id="another series"),
    pytest.param(file("VIXCLS", "2026-10-01\n"), "cut short: '2026-10-01'", id="a row cut short"),
    pytest.param(file("VIXCLS", "10/01/2026,16\n"), "which is no date", id="another date"),
    pytest.param(file("VIXCLS", "2026-10-01,n/a\n"), "which is no number", id="no number"),
    pytest.param(file("VIXCLS", "2026-10-01,1663\n"), "which is absurd", id="an absurd value"),
    pytest.param(file("VIXCLS", "2026-10-05,16.63\n"), "which is to come", id="a day to come"),
    pytest.param({"status": 500}, "is in trouble (HTTP 500)", id="HTTP 500"),
    pytest.param({"hang": True}, "did not answer in full", id="hang"),
]


@pytest.mark.parametrize(("answer", "said"), FAILURES)
async def test_a_series_that_fails_costs_no_other(
    server: Any, fred: Fred, answer: dict[str, Any], said: str
) -> None:
    serve(server, VIXCLS=answer)
    told = {reading.name for reading in await fred.read()}
    assert told == set(PROVIDER.signals) - {"vix"}
    (silence,) = fred.several.silences("vix")
    assert said in silence.why


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence"),
    [
        pytest.param(
            {"body": "<html></html>", "content_type": "text/html"},
            Transient,
            "127.0.0.1 sent an HTML page with HTTP 200 instead of text/csv",
            id="an HTML page with HTTP 200",
        ),
        pytest.param(
            {"body": "DATE,GDP\n", "content_type": "text/csv"},
            Permanent,
            "fred was asked for VIXCLS, and its header is: DATE,GDP",
            id="another file for every series",
        ),
        pytest.param(
            {"status": 500}, Transient, "127.0.0.1 is in trouble (HTTP 500)", id="HTTP 500"
        ),
        pytest.param(
            {"hang": True}, Transient, "127.0.0.1 did not answer in full within 0.5 s", id="hang"
        ),
    ],
)
async def test_a_failure_of_all_is_one_sentence(
    fails: Any, answer: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    assert await fails(Fred, answer) == (verdict, sentence)


async def test_a_host_that_wants_rest_is_a_transient(fails: Any) -> None:
    verdict, _ = await fails(Fred, {"status": 429})
    assert verdict is Transient


@pytest.mark.parametrize("title", ["DATE", "observation_date"])
def test_columns_go_by_their_place(title: str) -> None:
    text = f"{title},SP500\n2016-02-12,1864.78\n2016-02-15,\n2016-02-16,.\n"
    assert parse_file(text, "SP500") == ((date(2016, 2, 12), 1864.78),)


@pytest.mark.parametrize(
    ("signal", "days", "values"),
    [
        pytest.param("vix", ("2026-10-01", "2026-10-01"), [16.63], id="sessions"),
        pytest.param(
            "rates.fed_funds", ("2026-09-01", "2026-09-30"), [0.0409], id="up to the last day"
        ),
        pytest.param("macro.reer", ("2026-08-01", "2026-08-31"), [104.82], id="months"),
        pytest.param("macro.cpi_yoy", ("2026-08-01", "2026-08-31"), [0.033965], id="changes"),
    ],
)
async def test_the_past_is_bars(
    fred: Fred, signal: str, days: tuple[str, str], values: list[float]
) -> None:
    first, last = (date.fromisoformat(day) for day in days)
    stretch = Stretch(signal=signal, first=first, last=last)
    assert PROVIDER.history is not None
    own = FeedSettings(base_url=fred.base_url)
    past = await PROVIDER.history.fetch(fred.web, fred.clock, own, stretch)
    assert [bar.close for bar in past[""]] == pytest.approx(values, abs=1e-6)
    assert all(first <= bar.day <= last for bar in past[""])


@pytest.mark.parametrize("signal", ["fed_funds", "sofr", "risk_free", "us10y"])
async def test_a_rate_of_the_past_is_known_from_the_next_morning(
    server: Any, fred: Fred, signal: str
) -> None:
    # The Fed cut on 3 March 2020; the rate of that day was published on the 4th.
    series = {"fed_funds": "DFF", "sofr": "SOFR", "risk_free": "DGS3MO", "us10y": "DGS10"}[signal]
    rows = "2020-03-03,1.59\n2020-03-04,1.09\n2020-03-05,1.09\n2020-03-06,1.09\n"
    serve(server, **{series: file(series, rows)})
    known = await past_of(fred, f"rates.{signal}", date(2020, 3, 3), date(2020, 3, 6))
    assert [f"{at:%m-%d %H:%M}" for at in known.values()] == [
        "03-04 14:00",
        "03-05 14:00",
        "03-06 14:00",
        "03-09 13:00",
    ], "09:00 in New York, past a weekend and into summer time"


async def test_closes_of_the_past_are_known_on_their_day(fred: Fred) -> None:
    known = await past_of(fred, "vix", date(2026, 10, 1), date(2026, 10, 1))
    assert known == {date(2026, 10, 1): datetime(2026, 10, 1, 20, 15, tzinfo=UTC)}


async def past_of(fred: Fred, signal: str, first: date, last: date) -> dict[date, datetime]:
    assert PROVIDER.history is not None
    stretch = Stretch(signal=signal, first=first, last=last)
    own = FeedSettings(base_url=fred.base_url)
    past = await PROVIDER.history.fetch(fred.web, fred.clock, own, stretch)
    return {bar.day: bar.at for bar in past[""]}


@pytest.mark.parametrize("signal", ["macro.ppi_mom", "macro.ppi_yoy"])
async def test_the_past_of_producer_prices_is_unknown_and_it_says_why(
    fred: Fred, signal: str
) -> None:
    with pytest.raises(Permanent) as told:
        await past_of(fred, signal, date(2026, 1, 1), date(2026, 8, 31))
    assert str(told.value) == (
        f"it is not known on which days {signal} was released, so its past stays unknown"
    )


async def test_months_without_a_release_day_are_left_out_of_the_past(
    server: Any, fred: Fred
) -> None:
    rows = "2018-10-01,252.885\n2018-11-01,252.038\n2018-12-01,251.233\n2019-01-01,251.712\n"
    serve(server, CPIAUCNS=file("CPIAUCNS", rows))
    known = await past_of(fred, "macro.cpi_mom", date(2018, 10, 1), date(2019, 1, 31))
    assert known == {
        date(2018, 12, 1): datetime(2019, 1, 11, 13, 30, tzinfo=UTC),
        date(2019, 1, 1): datetime(2019, 2, 13, 13, 30, tzinfo=UTC),
    }


async def test_the_past_of_the_exchange_rate_is_known_25_days_after_its_month(fred: Fred) -> None:
    known = await past_of(fred, "macro.reer", date(2026, 7, 1), date(2026, 8, 31))
    assert known[date(2026, 7, 1)] == datetime(2026, 8, 25, 12, 30, tzinfo=UTC)


async def test_a_change_of_the_past_asks_for_the_year_before_it(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server)
    stretch = Stretch(signal="macro.cpi_yoy", first=date(2026, 8, 1), last=date(2026, 8, 31))
    assert PROVIDER.history is not None
    own = FeedSettings(base_url=server.url)
    (bar,) = (await PROVIDER.history.fetch(site, clock, own, stretch))[""]
    assert server.asked[0].query["cosd"] == "2025-08-01"
    assert bar.at == datetime(2026, 9, 11, 12, 30, tzinfo=UTC), "it was not known before"
