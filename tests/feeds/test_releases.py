"""Release days: those known, and what FRED's calendar makes of those to come."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.http import Web
from monitor.feeds.releases import CPI_DAYS, Releases, merged, released_at


@pytest.fixture
def key(tmp_path: Any) -> str:
    file = tmp_path / "key"
    file.write_text("0123456789abcdef0123456789abcdef")
    file.chmod(0o600)
    return f"file:{file}"


def dates(release: int, *days: str) -> dict[str, str]:
    rows = [{"release_id": release, "date": day} for day in days]
    return {"body": json.dumps({"count": len(rows), "release_dates": rows})}


def days_in(readings: tuple[Any, ...], name: str) -> list[str]:
    return [reading.key for reading in readings if reading.name == name]


async def test_without_a_key_the_known_days_are_given(
    server: Any, site: Web, clock: ManualClock
) -> None:
    told = await Releases(web=site, clock=clock, base_url=server.url).read()
    assert len(told) == 95
    assert {(r.name, r.value, r.unit, r.as_of) for r in told} == {
        ("calendar.cpi", 1.0, "count", clock.now())
    }
    assert (told[0].key, told[-1].key) == ("2019-01-11", "2026-12-10")
    assert not server.asked


async def test_without_a_key_the_end_of_the_known_days_is_no_silence(
    server: Any, site: Web, clock: ManualClock
) -> None:
    feed = Releases(web=site, clock=clock, base_url=server.url)
    clock.present = datetime(2026, 12, 11, 4, 59, tzinfo=UTC)  # 23:59 on the 10th, in New York
    assert days_in(await feed.read(), "calendar.cpi")[-1] == "2026-12-10"
    clock.present = datetime(2026, 12, 11, 5, 0, tzinfo=UTC)
    told = "^no CPI release after 10 Dec 2026 is known: give \\[feed.releases\\] key$"
    with pytest.raises(Permanent, match=told):
        await feed.read()


async def test_with_a_key_the_days_to_come_are_fred_s(
    server: Any, site: Web, clock: ManualClock, key: str
) -> None:
    server.serves("release_id=10&", **dates(10, "2026-09-11", "2026-10-15", "2027-01-13"))
    server.serves("release_id=46&", **dates(46, "2026-09-10", "2026-10-16"))
    told = await Releases(web=site, clock=clock, key=key, base_url=server.url).read()
    assert days_in(told, "calendar.cpi")[-3:] == ["2026-09-11", "2026-10-15", "2027-01-13"]
    assert days_in(told, "calendar.ppi") == ["2026-09-10", "2026-10-16"]
    assert server.asked[0].query["api_key"] == "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param((), "2026-09-11 2026-10-14", id="nothing told leaves what is known"),
        pytest.param(("2026-10-20",), "2026-09-11 2026-10-20", id="a release that moved"),
        pytest.param(
            ("2026-09-11", "2026-10-01"),
            "2026-09-11 2026-10-01 2026-10-14",
            id="a past day after the last known",
        ),
        pytest.param(("2026-02-06",), "2026-09-11 2026-10-14", id="another past day is passed"),
    ],
)
def test_merged(told: tuple[str, ...], expected: str) -> None:
    known = (date(2026, 9, 11), date(2026, 10, 14))
    days = merged(known, tuple(map(date.fromisoformat, told)), today=date(2026, 10, 2))
    assert " ".join(day.isoformat() for day in days) == expected


FAILURES = [
    pytest.param(
        {"body": "<html></html>", "content_type": "text/html"},
        Transient,
        "127.0.0.1 sent an HTML page with HTTP 200 instead of application/json",
        id="an HTML page with HTTP 200",
    ),
    pytest.param({"body": ""}, Transient, "releases sent an empty answer", id="nothing"),
    pytest.param(
        {"body": '{"dates": []}'},
        Permanent,
        "releases sent no release_dates: has its answer changed shape?",
        id="a renamed key",
    ),
    pytest.param(
        dates(10), Permanent, "releases sent no release_dates: has its answer changed shape?",
        id="no date at all",
    ),
    pytest.param(
        dates(53, "2026-10-14"),
        Permanent,
        "releases was asked for release 10 and sent 53",
        id="another release",
    ),
    pytest.param(
        dates(10, "14 October"),
        Transient,
        "releases sent '14 October' as a release date, which is no date",
        id="no date",
    ),
    pytest.param(
        {"status": 429, "headers": {"Retry-After": "30"}},
        Transient,
        "127.0.0.1 refused us (HTTP 429); next try in 30 s",
        id="HTTP 429",
    ),
    pytest.param(
        {"status": 400}, Permanent, "127.0.0.1 answered HTTP 400", id="a key that is refused"
    ),
    pytest.param({"status": 500}, Transient, "127.0.0.1 is in trouble (HTTP 500)", id="HTTP 500"),
    pytest.param(
        {"hang": True}, Transient, "127.0.0.1 did not answer in full within 0.5 s", id="hang"
    ),
]  # fmt: skip


@pytest.fixture
def late(fails: Any, clock: ManualClock, key: str) -> Any:
    clock.present = datetime(2027, 1, 4, tzinfo=UTC)
    return lambda answer: fails(lambda **given: Releases(key=key, **given), answer)


@pytest.mark.parametrize(("answer", "verdict", "sentence"), FAILURES)
async def test_a_failure_is_raised_once_no_known_day_lies_ahead(
    late: Any, answer: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    assert await late(answer) == (verdict, sentence)


async def test_until_then_the_known_days_serve_and_why_is_said(
    server: Any, site: Web, clock: ManualClock, key: str
) -> None:
    feed = Releases(web=site, clock=clock, key=key, base_url=server.url)
    server.serves("dates", status=500)
    assert days_in(await feed.read(), "calendar.cpi")[-1] == "2026-12-10"
    assert feed.bundled() == "127.0.0.1 is in trouble (HTTP 500)"
    server.places.clear()
    server.serves("release_id=10&", **dates(10, "2026-10-14"))
    server.serves("release_id=46&", **dates(46, "2026-10-15"))
    await feed.read()
    assert feed.bundled() == ""


@pytest.mark.parametrize(
    ("index", "month", "at"),
    [
        pytest.param("cpi", "2018-12-01", "2019-01-11T13:30", id="the first known"),
        pytest.param("cpi", "2026-08-01", "2026-09-11T12:30", id="in summer"),
        pytest.param("cpi", "2025-09-01", "2025-10-24T12:30", id="late, in the shutdown"),
        pytest.param("cpi", "2025-10-01", None, id="never published"),
        pytest.param("cpi", "2026-11-01", "2026-12-10T13:30", id="the last known"),
        pytest.param("cpi", "2018-11-01", None, id="before what is known"),
        pytest.param("ppi", "2026-08-01", None, id="no list of the PPI's is had"),
    ],
)
def test_released_at(index: str, month: str, at: str | None) -> None:
    expected = None if at is None else datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert released_at(index, date.fromisoformat(month)) == expected


def test_a_month_has_one_release_at_most() -> None:
    assert len({(day.year, day.month) for day in CPI_DAYS}) == len(CPI_DAYS) == 95
    assert all(day.isoweekday() <= 5 for day in CPI_DAYS)
