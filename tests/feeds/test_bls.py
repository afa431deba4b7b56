"""Consumer and producer prices in the answer of the US Bureau of Labor Statistics."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.bls import Bls
from monitor.feeds.http import Web
from monitor.feeds.port import Feed

# Not seasonally adjusted, as published; that of October 2025 was not.
CPI = {
    "2025 M07": "323.048",
    "2025 M08": "323.976",
    "2025 M09": "324.800",
    "2025 M10": "-",
    "2025 M11": "324.122",
    "2025 M13": "321.9",
    "2026 M07": "333.918",
    "2026 M08": "334.980",
}
PPI = {"2026 M07": "150.0", "2026 M08": "151.5"}


def rows(levels: dict[str, str]) -> list[dict[str, Any]]:
    newest_first = sorted(levels.items(), reverse=True)
    return [
        {
            "year": when[:4],
            "period": when[5:],
            "periodName": "",
            "value": value,
            "footnotes": [{}],
        }
        for when, value in newest_first
    ]


def answer(cpi: object = None, ppi: object = None, **changed: Any) -> dict[str, Any]:
    series = [
        {"seriesID": "CUUR0000SA0", "data": rows(CPI) if cpi is None else cpi},
        {"seriesID": "WPUFD4", "data": rows(PPI) if ppi is None else ppi},
    ]
    body = {
        "status": "REQUEST_SUCCEEDED",
        "responseTime": 131,
        "message": [],
        "Results": {"series": series},
        **changed,
    }
    return {"body": json.dumps({key: value for key, value in body.items() if value is not ...})}


async def test_both_indices_are_asked_for_at_once(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**answer())
    feed: Feed = Bls(web=site, clock=clock, base_url=server.url)
    told = await feed.read()
    (request,) = server.asked
    assert (request.method, request.path) == ("POST", "/v1/timeseries/data/")
    by_month = {(r.name, r.period): r for r in told}
    newest = by_month["macro.cpi_yoy", date(2026, 8, 1)]
    assert newest.value == pytest.approx(0.033965, abs=1e-6)  # as published
    assert newest.as_of == datetime(2026, 9, 11, 12, 30, tzinfo=UTC)  # 08:30 in New York
    assert by_month["macro.ppi_mom", date(2026, 8, 1)].value == pytest.approx(0.01)


async def test_a_month_never_published_is_unknown_and_no_zero(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**answer())
    told = await Bls(web=site, clock=clock, base_url=server.url).read()
    months = [r.period for r in told if r.name == "macro.cpi_mom"]
    assert months == [date(2025, 8, 1), date(2025, 9, 1), date(2026, 8, 1)]


async def test_a_key_is_read_when_it_is_needed(
    server: Any, site: Web, clock: ManualClock, tmp_path: Any
) -> None:
    server.answers(**answer())
    file = tmp_path / "key"
    feed = Bls(web=site, clock=clock, base_url=server.url, key=f"file:{file}")
    with pytest.raises(Permanent, match="bls has no key: "):
        await feed.read()
    file.write_text("0123456789abcdef")
    file.chmod(0o600)
    await feed.read()
    assert [request.path for request in server.asked] == ["/v2/timeseries/data/"]


async def test_an_index_that_fails_costs_no_other(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**answer(ppi=[]))
    told = await Bls(web=site, clock=clock, base_url=server.url).read()
    assert {reading.name for reading in told} == {"macro.cpi_mom", "macro.cpi_yoy"}


BAD = [{"year": "2026", "period": "M08", "value": "n/a"}]


@pytest.mark.parametrize(
    ("said", "verdict", "sentence"),
    [
        pytest.param(
            {"body": "<html>Access Denied</html>", "content_type": "text/html"},
            Transient,
            "127.0.0.1 sent an HTML page with HTTP 200 instead of application/json",
            id="an HTML page with HTTP 200",
        ),
        pytest.param({"body": ""}, Transient, "bls sent an empty answer", id="nothing"),
        pytest.param(
            answer(status="REQUEST_NOT_PROCESSED", message=["daily threshold reached"]),
            Transient,
            "bls answered: daily threshold reached",
            id="too many questions, with HTTP 200",
        ),
        pytest.param(
            answer(status=...),
            Permanent,
            "bls sent no status: has its answer changed shape?",
            id="a renamed key",
        ),
        pytest.param(
            answer(Results={"rows": []}),
            Permanent,
            "bls sent no Results.series: has its answer changed shape?",
            id="a renamed list",
        ),
        pytest.param(
            answer(cpi=[], ppi=[]), Transient, "bls sent no value of CUUR0000SA0", id="no rows"
        ),
        pytest.param(
            answer(cpi=BAD, ppi=BAD),
            Transient,
            "bls sent 'n/a' as CUUR0000SA0, which is no number",
            id="a value that is no number",
        ),
        pytest.param(
            answer(cpi=rows({"2026 M08": "0"}), ppi=[]),
            Transient,
            "bls sent 0.0 as an index, which is absurd: it is above 0 and up to 100000",
            id="a level of zero",
        ),
        pytest.param(
            answer(cpi=rows({"2026 M10": "335", "2026 M09": "335"}), ppi=[]),
            Transient,
            "bls sent a value stamped 2026-11-01 04:00 UTC, which is to come",
            id="a month to come",
        ),
        pytest.param(
            {"status": 429, "headers": {"Retry-After": "30"}},
            Transient,
            "127.0.0.1 refused us (HTTP 429); next try in 30 s",
            id="HTTP 429",
        ),
        pytest.param(
            {"status": 500}, Transient, "127.0.0.1 is in trouble (HTTP 500)", id="HTTP 500"
        ),
        pytest.param(
            {"hang": True}, Transient, "127.0.0.1 did not answer in full within 0.5 s", id="hang"
        ),
    ],
)
async def test_a_failure_is_one_sentence(
    fails: Any, said: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    assert await fails(Bls, said) == (verdict, sentence)


async def test_a_frozen_answer_keeps_its_stamps(server: Any, site: Web, clock: ManualClock) -> None:
    server.answers(**answer())
    feed = Bls(web=site, clock=clock, base_url=server.url)
    before = await feed.read()
    await clock.advance(30 * 86_400)
    assert await feed.read() == before
