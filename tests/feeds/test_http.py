"""What a server may do to us, and the one sentence we make of it."""

import asyncio
import gzip
from datetime import timedelta
from typing import Any

import httpx
import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.http import CSV, JSON, HttpSettings, Pacer, Web, open_client


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence"),
    [
        pytest.param(
            {"body": "<html>Down for maintenance</html>", "content_type": "text/html"},
            Transient,
            "127.0.0.1 sent an HTML page with HTTP 200 instead of application/json",
            id="an HTML page with HTTP 200",
        ),
        pytest.param(
            {"body": "{}", "content_type": "application/pdf"},
            Transient,
            "127.0.0.1 sent application/pdf with HTTP 200 instead of application/json",
            id="some other type",
        ),
        pytest.param(
            {"status": 500, "body": "oops"},
            Transient,
            "127.0.0.1 is in trouble (HTTP 500)",
            id="HTTP 500",
        ),
        pytest.param(
            {"status": 404, "body": "gone"}, Permanent, "127.0.0.1 answered HTTP 404", id="HTTP 404"
        ),
        pytest.param(
            {"status": 451},
            Permanent,
            "127.0.0.1 does not serve the country it is asked from (HTTP 451)",
            id="HTTP 451",
        ),
        pytest.param(
            {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
            Permanent,
            "127.0.0.1 sends us elsewhere (HTTP 302), which is not followed",
            id="a redirect",
        ),
        pytest.param(
            {"status": 429, "headers": {"Retry-After": "120"}},
            Transient,
            "127.0.0.1 refused us (HTTP 429); next try in 120 s",
            id="HTTP 429 with Retry-After",
        ),
        pytest.param(
            {"status": 403},
            Transient,
            "127.0.0.1 refused us (HTTP 403); next try in 60 s",
            id="403",
        ),
        pytest.param(
            {"hang": True},
            Transient,
            "127.0.0.1 did not answer in full within 0.5 s",
            id="a server that hangs",
        ),
        pytest.param(
            {"drip": True},
            Transient,
            "127.0.0.1 did not answer in full within 0.5 s",
            id="a body that never ends",
        ),
        pytest.param(
            {"body": "x" * 200_001},
            Permanent,
            "127.0.0.1 sent more than 200,000 bytes",
            id="a body too large",
        ),
        pytest.param(
            {"body": gzip.compress(b"0" * 900_000), "headers": {"Content-Encoding": "gzip"}},
            Permanent,
            "127.0.0.1 sent more than 200,000 bytes",
            id="a small body that unpacks to a large one",
        ),
        pytest.param(
            {"body": b"not gzip", "headers": {"Content-Encoding": "gzip"}},
            Transient,
            "127.0.0.1 sent a body that cannot be unpacked",
            id="a body that does not unpack",
        ),
        pytest.param(
            {"body": b"\xff\xfe{}"},
            Transient,
            "127.0.0.1 sent a body that is not UTF-8 text",
            id="bytes that are no text",
        ),
    ],
)
async def test_a_failure_is_one_sentence(
    server: Any, site: Web, answer: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    server.answers(**answer)
    async with asyncio.timeout(5):
        with pytest.raises(verdict) as caught:
            await site.get(f"{server.url}/x", accepts=JSON)
    assert str(caught.value) == sentence


async def test_a_closed_port_is_transient(site: Web) -> None:
    with pytest.raises(Transient, match=r"127.0.0.1 cannot be reached \(ConnectError\)"):
        await site.get("http://127.0.0.1:9/x", accepts=JSON)


async def test_an_empty_body_is_left_to_the_feed(site: Web, server: Any) -> None:
    server.answers(body="", content_type="text/html")
    assert await site.get(f"{server.url}/x", accepts=CSV) == ""


async def test_a_byte_order_mark_is_taken_off(site: Web, server: Any) -> None:
    server.answers(body=b"\xef\xbb\xbf{}")
    assert await site.get(f"{server.url}/x", accepts=JSON) == "{}"


async def test_an_unchanged_page_is_not_sent_twice(site: Web, server: Any) -> None:
    server.answers(body='{"n": 1}', headers={"ETag": '"one"', "Last-Modified": "today"})
    server.answers(status=304)
    first = await site.get(f"{server.url}/x", accepts=JSON)
    second = await site.get(f"{server.url}/x", accepts=JSON)
    assert first == second == '{"n": 1}'
    assert server.asked[1].headers["If-None-Match"] == '"one"'
    assert server.asked[1].headers["If-Modified-Since"] == "today"


@pytest.mark.parametrize(("length", "remembered"), [(1_000_000, True), (1_000_001, False)])
async def test_a_page_above_a_megabyte_is_not_kept_in_memory(
    site: Web, server: Any, length: int, remembered: bool
) -> None:
    server.answers(body="1" * length, headers={"ETag": '"one"'})
    for _ in range(2):
        told = await site.get(f"{server.url}/x", accepts=JSON, max_bytes=2_000_000)
        assert len(told) == length
    assert ("If-None-Match" in server.asked[1].headers) is remembered


async def test_a_letter_cut_in_two_on_its_way_is_whole(site: Web, server: Any) -> None:
    # Three bytes each, so that pieces of any power of two end within one.
    server.answers(body="\ufeff" + "€" * 300_000)
    told = await site.get(f"{server.url}/x", accepts=JSON, max_bytes=1_000_000)
    assert told == "€" * 300_000


async def test_a_body_that_ends_within_a_letter_is_no_text(site: Web, server: Any) -> None:
    server.answers(body="€".encode()[:2])
    with pytest.raises(Transient, match="sent a body that is not UTF-8 text"):
        await site.get(f"{server.url}/x", accepts=JSON)


async def test_another_query_is_another_page(site: Web, server: Any) -> None:
    server.answers(body="{}", headers={"ETag": '"one"'})
    await site.get(f"{server.url}/x", accepts=JSON, params={"dt": "2020-02-21"})
    await site.get(f"{server.url}/x", accepts=JSON, params={"dt": "2020-02-24"})
    assert "If-None-Match" not in server.asked[1].headers


async def test_a_304_nobody_asked_for_is_refused(site: Web, server: Any) -> None:
    server.answers(status=304)
    with pytest.raises(Permanent, match="HTTP 304"):
        await site.get(f"{server.url}/x", accepts=JSON)


async def test_a_host_that_refuses_is_left_alone_for_as_long_as_it_asked(
    site: Web, server: Any, clock: ManualClock
) -> None:
    server.answers(status=429, headers={"Retry-After": "120"})
    server.answers(body="{}")
    with pytest.raises(Transient) as refused:
        await site.get(f"{server.url}/x", accepts=JSON)
    assert refused.value.retry_after == timedelta(seconds=120)
    await clock.advance(119)
    with pytest.raises(Transient, match="left alone until 20:32:00 UTC"):
        await site.get(f"{server.url}/x", accepts=JSON)
    assert len(server.asked) == 1
    await clock.advance(1)
    assert await site.get(f"{server.url}/x", accepts=JSON) == "{}"


async def test_a_host_that_rests_until_tomorrow_is_said_to_with_the_date(
    site: Web, server: Any
) -> None:
    server.answers(status=429, headers={"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT"})
    for said in ("next try in 86400 s", "left alone until 03 Oct 20:30:00 UTC"):
        with pytest.raises(Transient, match=said):
            await site.get(f"{server.url}/x", accepts=JSON)


@pytest.mark.parametrize(
    ("header", "rest_s"),
    [
        pytest.param("30", 30, id="seconds"),
        pytest.param("Fri, 02 Oct 2026 20:35:00 GMT", 300, id="a date"),
        pytest.param("Fri, 02 Oct 2026 20:00:00 GMT", 0, id="a date gone by"),
        pytest.param("soon", 60, id="neither: our own pause"),
        pytest.param("²", 60, id="a digit that is no number"),
        pytest.param("9" * 20, 86_400, id="more than a day"),
        pytest.param("9" * 5_000, 60, id="more digits than a number may have"),
        pytest.param("Fri, 31 Dec 2027 23:59:59 GMT", 86_400, id="a date in a year"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", 86_400, id="the last date there is"),
        pytest.param("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 60, id="a date there is not"),
    ],
)
async def test_retry_after_is_read(site: Web, server: Any, header: str, rest_s: float) -> None:
    server.answers(status=429, headers={"Retry-After": header})
    with pytest.raises(Transient) as refused:
        await site.get(f"{server.url}/x", accepts=JSON)
    assert refused.value.retry_after == timedelta(seconds=rest_s)


def test_repeated_refusals_double_the_pause_up_to_a_quarter_of_an_hour(clock: ManualClock) -> None:
    pacer = Pacer(clock, HttpSettings())
    pauses = [pacer.refused("a.example", None).total_seconds() for _ in range(6)]
    assert pauses == [60, 120, 240, 480, 900, 900]
    pacer.accepted("a.example")
    assert pacer.refused("a.example", None) == timedelta(seconds=60)


async def test_who_waits_for_a_turn_learns_that_the_one_before_was_refused(
    clock: ManualClock,
) -> None:
    pacer = Pacer(clock, HttpSettings())
    await pacer.turn("a.example")
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(_refusal(pacer))
        await clock.advance(0.5)
        pacer.refused("a.example", timedelta(seconds=30))
        await clock.advance(0.5)
    assert waiting.result() == "a.example is left alone until 20:30:30 UTC, as it refused us"


async def _refusal(pacer: Pacer) -> str:
    with pytest.raises(Transient) as refused:
        await pacer.turn("a.example")
    return str(refused.value)


async def test_requests_to_one_host_are_a_second_apart(clock: ManualClock) -> None:
    pacer = Pacer(clock, HttpSettings())
    turns: list[tuple[str, float]] = []
    start = clock.now()

    async def ask(host: str) -> None:
        await pacer.turn(host)
        turns.append((host, (clock.now() - start).total_seconds()))

    async with asyncio.TaskGroup() as group:
        for host in ("a.example", "a.example", "a.example", "b.example"):
            group.create_task(ask(host))
        await clock.advance(2.5)
    a_turns = [("a.example", 0), ("a.example", 1), ("a.example", 2)]
    assert sorted(turns) == [*a_turns, ("b.example", 0)]


async def test_a_clock_set_back_stalls_nobody(clock: ManualClock) -> None:
    pacer = Pacer(clock, HttpSettings())
    await pacer.turn("a.example")
    clock.present -= timedelta(days=400)
    async with asyncio.TaskGroup() as group:
        group.create_task(pacer.turn("a.example"))
        await clock.advance(1)


async def test_our_own_loopback_is_not_paced(clock: ManualClock) -> None:
    pacer = Pacer(clock, HttpSettings())
    for _ in range(3):
        await pacer.turn("127.0.0.1")
    assert clock.now() == clock.present


async def test_a_hanging_server_does_not_hold_up_the_loop(server: Any, clock: ManualClock) -> None:
    server.answers(hang=True)
    ticks = 0
    async with httpx.AsyncClient(trust_env=False, timeout=0.2) as client:
        asking = asyncio.ensure_future(
            Web(client, clock, settings=HttpSettings(total_s=0.2)).get(server.url, accepts=JSON)
        )
        while not asking.done():
            ticks += 1
            await asyncio.wait([asking], timeout=0.01)
    with pytest.raises(Transient):
        asking.result()
    assert ticks > 5


async def test_the_shared_client_names_us_and_follows_nothing() -> None:
    async with open_client(HttpSettings(connect_s=1, read_s=2)) as client:
        assert client.headers["User-Agent"].startswith("hedgewatch/")
        assert not client.follow_redirects
        assert (client.timeout.connect, client.timeout.read) == (1, 2)
