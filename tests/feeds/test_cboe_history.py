"""Cboe's daily files, against rows as they were captured in 2026."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.cboe_history import PROVIDER, CboeHistory, parse_bars
from monitor.feeds.http import Web
from monitor.feeds.port import Feed
from monitor.feeds.provider import FeedSettings, Stretch
from monitor.model.reading import Bar

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
VIX = """\
DATE,OPEN,HIGH,LOW,CLOSE
03/25/2026,25.92,27.10,25.11,25.33
03/26/2026,25.45,28.04,25.40,27.44
03/27/2026,27.54,31.65,27.54,31.05
"""
VIX3M = """\
DATE,OPEN,HIGH,LOW,CLOSE
09/18/2009,25.910000,26.660000,25.910000,26.540000
09/21/2009,26.960000,27.240000,26.170000,26.230000
"""
VVIX = "DATE,VVIX\n07/21/2026,96.110000\n07/22/2026,95.550000\n"
LIKE_VIX = "DATE,OPEN,HIGH,LOW,CLOSE\n03/27/2026,20,22,19,21\n"
FILES = {
    "VIX_History": VIX,
    "VIX9D_History": LIKE_VIX,
    "VIX3M_History": VIX3M,
    "VIX6M_History": LIKE_VIX,
    "VVIX_History": VVIX,
    "SKEW_History": "DATE,SKEW\n07/22/2026,141.25\n",
}


def csv(body: str) -> dict[str, str]:
    return {"body": body, "content_type": "text/csv"}


def serve(server: Any, **changed: dict[str, Any]) -> None:
    for name, body in FILES.items():
        server.serves(f"/{name}", **(changed.get(name) or csv(body)))


async def test_each_file_gives_its_last_close(server: Any, site: Web, clock: ManualClock) -> None:
    serve(server)
    feed: Feed = CboeHistory(web=site, clock=clock, base_url=server.url)
    told = {reading.name: (reading.value, reading.as_of) for reading in await feed.read()}
    friday = datetime(2026, 3, 27, 20, 15, tzinfo=UTC)  # 16:15 in New York
    assert told == {
        "vix": (31.05, friday),
        "vix9d": (21, friday),
        "vix3m": (26.23, datetime(2009, 9, 21, 20, 15, tzinfo=UTC)),
        "vix6m": (21, friday),
        "vvix": (95.55, datetime(2026, 7, 22, 20, 15, tzinfo=UTC)),
        "skew": (141.25, datetime(2026, 7, 22, 20, 15, tzinfo=UTC)),
    }


async def test_a_row_on_a_holiday_is_no_session(server: Any, site: Web, clock: ManualClock) -> None:
    thanksgiving = VIX.replace("03/26/2026", "11/27/2024").replace("03/27/2026", "11/28/2024")
    serve(server, VIX_History=csv(thanksgiving))
    told = {r.name: r for r in await CboeHistory(web=site, clock=clock, base_url=server.url).read()}
    assert told["vix"].value == 27.44
    assert told["vix"].as_of == datetime(2024, 11, 27, 21, 15, tzinfo=UTC)


async def test_a_file_that_fails_costs_its_own_index(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server, VVIX_History={"status": 500}, SKEW_History=csv("DATE,SKEW\n07/22/2026,0\n"))
    told = await CboeHistory(web=site, clock=clock, base_url=server.url).read()
    assert {reading.name for reading in told} == {"vix", "vix9d", "vix3m", "vix6m"}


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence"),
    [
        pytest.param(
            {"body": "<html>Just a moment</html>", "content_type": "text/html"},
            Transient,
            "127.0.0.1 sent an HTML page with HTTP 200 instead of text/csv",
            id="an HTML page with HTTP 200",
        ),
        pytest.param(csv(""), Transient, "cboe_history sent an empty file for VIX", id="nothing"),
        pytest.param(
            csv("DATE,OPEN,HIGH,LOW,CLOSE\n"),
            Transient,
            "cboe_history has no session of VIX in its file",
            id="a header alone",
        ),
        pytest.param(
            csv("DATE,OPEN,HIGH,LOW,LAST\n03/27/2026,1,2,3,4\n"),
            Permanent,
            "cboe_history sent another header for VIX: 'DATE,OPEN,HIGH,LOW,LAST'",
            id="a renamed header",
        ),
        pytest.param(
            csv("DATE,OPEN,HIGH,LOW,CLOSE\n03/27/2026,27.54,31.65\n"),
            Transient,
            "cboe_history sent a row cut short: '03/27/2026,27.54,31.65'",
            id="a row cut short",
        ),
        pytest.param(
            csv("DATE,OPEN,HIGH,LOW,CLOSE\n2026-03-27,1,2,3,4\n"),
            Transient,
            "cboe_history sent '2026-03-27' as a date",
            id="dates of another form",
        ),
        pytest.param(
            csv("DATE,OPEN,HIGH,LOW,CLOSE\n03/27/2026,27.54,31.65,27.54,n/a\n"),
            Transient,
            "cboe_history sent 'n/a' as the close of VIX, which is no number",
            id="a close that is no number",
        ),
        pytest.param(
            csv("DATE,OPEN,HIGH,LOW,CLOSE\n03/27/2026,27.54,31.65,27.54,3105\n"),
            Transient,
            "cboe_history sent 3105.0 as the close of VIX, which is absurd:"
            " it is above 0 and up to 200",
            id="an absurd close",
        ),
        pytest.param(
            csv("DATE,OPEN,HIGH,LOW,CLOSE\n10/05/2026,16,17,15,16.5\n"),
            Transient,
            "cboe_history sent a value stamped 2026-10-05 20:15 UTC, which is to come",
            id="a session to come",
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
    fails: Any, server: Any, answer: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    for name in FILES:
        if name != "VIX_History":
            server.serves(f"/{name}", status=404)
    assert await fails(CboeHistory, answer) == (verdict, sentence)


async def test_a_host_that_wants_rest_is_a_transient(fails: Any) -> None:
    answer = {"status": 429, "headers": {"Retry-After": "30"}}
    verdict, sentence = await fails(CboeHistory, answer)
    assert verdict is Transient
    assert sentence.startswith("127.0.0.1 refused us (HTTP 429)")


def test_bars_are_true_ones_where_the_file_has_them() -> None:
    at = datetime(2026, 3, 27, 20, 15, tzinfo=UTC)
    *_, last = parse_bars(VIX, "vix", until=NOW)
    assert last == Bar(day=date(2026, 3, 27), open=27.54, high=31.65, low=27.54, close=31.05, at=at)


def test_a_file_of_closes_gives_points() -> None:
    *_, last = parse_bars(VVIX, "vvix", until=NOW)
    assert (last.open, last.high, last.low, last.close) == (95.55,) * 4


@pytest.mark.parametrize(
    ("row", "closes"),
    [
        pytest.param("01/01/2026,1,2,1,2", [], id="a holiday"),
        pytest.param("03/27/2026,27.5,31,27,0", [], id="a close of 0"),
        pytest.param("03/27/2026,27.5,31,27,n/a", [], id="a close that is no number"),
        pytest.param("03/27/2026,0,0,0,31.05", [(31.05, 31.05, 31.05, 31.05)], id="no range"),
        pytest.param("03/27/2026,27.5,27,31,30", [(27.5, 31, 27, 30)], id="high and low swapped"),
        pytest.param("10/05/2026,16,17,15,16.5", [], id="a session to come"),
    ],
)
def test_what_a_bar_is_made_of(row: str, closes: list[tuple[float, ...]]) -> None:
    bars = parse_bars(f"DATE,OPEN,HIGH,LOW,CLOSE\n{row}\n", "vix", until=NOW)
    assert [(bar.open, bar.high, bar.low, bar.close) for bar in bars] == closes


async def test_a_stretch_of_the_past_is_cut_from_the_whole_file(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server)
    stretch = Stretch(signal="vix", first=date(2026, 3, 26), last=date(2026, 3, 27))
    assert PROVIDER.history is not None
    past = await PROVIDER.history.fetch(site, clock, FeedSettings(base_url=server.url), stretch)
    assert [bar.close for bar in past[""]] == [27.44, 31.05]
