"""The page as it is served: real requests over a real socket."""

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.clock import SystemClock
from monitor.config.web_settings import WebSettings
from monitor.errors import ConfigError, Transient
from monitor.web.seen import Seen
from monitor.web.server import listener, serve, token_of
from monitor.web.site import STATIC
from tests.web.conftest import Given, Serving, environment, free_port

PATHS = ("/", "/events", "/series.json", "/metrics", "/healthz", "/readyz", "/static/page.js")
TOKEN = "canary-token-long-enough"


async def get(url: str, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(url, **more)


async def test_the_page_has_a_strict_policy_and_nothing_from_elsewhere(
    serving: Serving, stormy: Seen
) -> None:
    async with serving(stormy) as served:
        answer = await get(served.url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "server" not in answer.headers
    body = answer.text
    assert "://" not in body.replace("http://www.w3.org", "")
    assert " style=" not in body
    assert "javascript:" not in body
    assert body.count("<script") == body.count("<script src=") == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_no_route_takes_anything(serving: Serving, stormy: Seen, method: str) -> None:
    async with serving(stormy) as served, httpx.AsyncClient() as client:
        for path in PATHS:
            answer = await client.request(method, served.url + path, content=b"x")
            assert answer.status_code == 405, path


async def test_only_this_machine_by_its_own_name_is_served(serving: Serving, stormy: Seen) -> None:
    async with serving(stormy) as served:
        for path in PATHS:
            answer = await get(served.url + path, headers={"host": "evil.example"})
            assert answer.status_code == 421, path
            assert "WETH" not in answer.text


async def test_health_is_alive_and_ready_while_the_daemon_sees(
    serving: Serving, stormy: Seen
) -> None:
    async with serving(stormy) as served:
        alive, ready = await get(f"{served.url}/healthz"), await get(f"{served.url}/readyz")
        assert (alive.status_code, alive.text) == (200, "alive\n")
        assert (ready.status_code, ready.text) == (200, "ready\n")
        served.source.seen = replace(stormy, running=False, now=stormy.now + timedelta(minutes=7))
        blind = await get(f"{served.url}/readyz")
    assert blind.status_code == 503
    assert blind.text.splitlines() == [
        "no daemon runs on this store",
        "nothing was observed for 7 m",
        "main: no good snapshot for 7 m",
    ]


async def test_a_store_that_takes_nothing_is_not_ready(serving: Serving, stormy: Seen) -> None:
    full = replace(stormy, trouble="database or disk is full")
    async with serving(full) as served:
        answer = await get(f"{served.url}/readyz")
        page = (await get(served.url)).text
        metrics = (await get(f"{served.url}/metrics")).text
    assert answer.status_code == 503
    assert answer.text == "the store takes nothing: database or disk is full\n"
    assert "The store takes nothing." in page
    assert "hedgewatch_store_failing 1.0" in metrics


async def test_what_the_page_is_made_of_is_asked_for_anew_after_an_upgrade(
    serving: Serving, stormy: Seen
) -> None:
    async with serving(stormy) as served:
        answer = await get(f"{served.url}/static/page.js")
        assert answer.headers["cache-control"] == "no-cache"
        known = {"if-none-match": answer.headers["etag"]}
        assert (await get(f"{served.url}/static/page.js", headers=known)).status_code == 304


async def test_where_there_is_nothing_to_tell_it_says_so(serving: Serving) -> None:
    async with serving(None) as served:
        answers = {path: await get(served.url + path) for path in ("/", "/readyz", "/metrics")}
        assert (await get(f"{served.url}/healthz")).status_code == 200
    assert {answer.status_code for answer in answers.values()} == {503}
    assert all("the store is busy" in answer.text for answer in answers.values())
    # Who opened the page too early need not ask again by hand.
    assert '<meta http-equiv="refresh" content="10">' in answers["/"].text


async def test_the_stream_begins_at_once_and_goes_on_by_its_last_id(
    serving: Serving, stormy: Seen
) -> None:
    async with serving(stormy) as served, httpx.AsyncClient() as client:
        page = await client.get(served.url)
        stamp = page.text.partition('data-stamp="')[2].partition('"')[0]
        async with client.stream("GET", f"{served.url}/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = await _data(answer)
        assert lines[0] == "retry: 2000"
        assert f"id: {stamp}" in lines
        served.source.seen = replace(stormy, running=False)
        headers = {"last-event-id": stamp}
        async with (
            client.stream("GET", f"{served.url}/events", headers=headers) as answer,
            asyncio.TaskGroup() as group,
        ):
            reading = group.create_task(_data(answer))
            while not reading.done():
                await served.clock.advance(3)
        lines = reading.result()
    assert '"headline"' in lines[-1]
    assert '"positions"' not in lines[-1]


async def _data(answer: httpx.Response) -> list[str]:
    return [line async for line in _until(answer, "data: {")]


async def _until(answer: httpx.Response, beginning: str) -> Any:
    async for line in answer.aiter_lines():
        yield line
        if line.startswith(beginning):
            return


async def test_the_series_has_a_column_a_figure_and_null_where_one_is_unknown(
    serving: Serving, stormy: Seen
) -> None:
    async with serving(stormy) as served:
        told = (await get(f"{served.url}/series.json")).json()
    assert set(told) == {"at", "il", "lost_usd", "hedge_usd", "together_usd", "vix"}
    assert {len(column) for column in told.values()} == {len(stormy.course)}
    dark = len(stormy.course) // 2
    assert told["il"][dark] is None
    assert told["together_usd"][dark] is None
    assert told["hedge_usd"][dark] is not None
    assert told["together_usd"][0] == pytest.approx(told["lost_usd"][0] + told["hedge_usd"][0])


async def test_metrics_are_read_by_the_parser_of_prometheus(serving: Serving, stormy: Seen) -> None:
    async with serving(stormy) as served:
        plain = await get(f"{served.url}/metrics")
        openly = await get(
            f"{served.url}/metrics", headers={"accept": "application/openmetrics-text"}
        )
    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert openly.text.endswith("# EOF\n")
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(plain.text)
        for sample in family.samples
    }
    assert told["hedgewatch_vix_points",] == 82.69
    assert told["hedgewatch_chain_polls_total", "main"] == 223_200
    assert told["hedgewatch_outbox_waiting", "telegram"] == 3
    assert told["hedgewatch_outbox_oldest_age_seconds", "telegram"] == 124
    assert told["hedgewatch_rules", "firing"] == 4
    assert told["hedgewatch_layers", "on"] == 2
    assert told["hedgewatch_chain_last_success_timestamp_seconds", "main"] == (
        stormy.now.timestamp() - 4
    )
    assert ("hedgewatch_book_il_ratio",) not in told  # unknown: one entry is


async def test_with_a_token_nothing_is_told_without_it(serving: Serving, stormy: Seen) -> None:
    with environment(PAGE_TOKEN=TOKEN):
        async with serving(stormy, token="env:PAGE_TOKEN") as served:
            for path in ("/events", "/series.json", "/metrics", "/readyz"):
                assert (await get(served.url + path)).status_code == 401, path
            first = await get(served.url)
            assert (first.status_code, first.headers["location"]) == (303, "login")
            shown = {"authorization": f"Bearer {TOKEN}"}
            told = await get(f"{served.url}/metrics", headers=shown)
            assert told.status_code == 200
            assert TOKEN not in told.text
            # A name made to point here has no cookie; the page may have any name of its owner's.
            named = {**shown, "host": "hedge.example"}
            assert (await get(served.url, headers=named)).status_code == 200


async def test_the_form_opens_a_session_once(serving: Serving, stormy: Seen) -> None:
    with environment(PAGE_TOKEN=TOKEN):
        async with (
            serving(stormy, token="env:PAGE_TOKEN") as served,
            httpx.AsyncClient(follow_redirects=True) as client,
        ):
            form = await client.get(served.url)
            assert "Token" in form.text
            assert 'type="password"' in form.text
            wrong = await client.post(f"{served.url}/login", data={"token": "a guess"})
            assert wrong.status_code == 403
            assert not client.cookies
            page = await client.post(f"{served.url}/login", data={"token": TOKEN})
            assert page.status_code == 200
            assert "WETH/USDC" in page.text
            [cookie] = page.history[0].headers.get_list("set-cookie")
            assert "HttpOnly" in cookie
            assert "SameSite=strict" in cookie
            assert TOKEN not in cookie
            assert (await client.get(f"{served.url}/readyz")).status_code == 200
            big = await client.post(f"{served.url}/login", content=b"x" * 10_000)
            assert big.status_code == 413


async def test_an_address_that_is_taken_is_told_in_a_sentence(stormy: Seen) -> None:
    settings = WebSettings(port=free_port())
    with listener(settings), pytest.raises(Transient) as told:
        await serve(settings, Given(stormy), clock=SystemClock(), stop=asyncio.Event())
    where = f"127.0.0.1:{settings.port}"
    assert str(told.value) == f"web: {where} cannot be listened on: Address already in use"


def test_an_address_that_is_not_up_yet_is_no_fault_of_a_file() -> None:
    """systemd begins it anew then; after a faulty file it never does."""
    settings = WebSettings(host="192.0.2.1", token="env:PAGE_TOKEN")
    with pytest.raises(Transient, match=r"192\.0\.2\.1:8808 cannot be listened on"):
        listener(settings)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("short", "env:PAGE_TOKEN has fewer than 16 characters"),
        ("", "the environment variable PAGE_TOKEN is not set"),
    ],
)
def test_a_token_that_is_none_is_refused_before_anything_is_served(text: str, reason: str) -> None:
    settings = WebSettings(token="env:PAGE_TOKEN")
    with environment(PAGE_TOKEN=text), pytest.raises(ConfigError, match=reason):
        token_of(settings)


def test_the_page_needs_nothing_inline() -> None:
    script = (STATIC / "page.js").read_text("utf-8")
    assert "eval" not in script
    assert "://" not in script


@pytest.mark.parametrize("host", ["x/static/?", "x/static/#", "x/healthz?", "x/login?", "x"])
async def test_no_host_header_lets_anybody_in(serving: Serving, stormy: Seen, host: str) -> None:
    # A framework that puts host and path together may take the one for the other.
    with environment(PAGE_TOKEN=TOKEN):
        async with serving(stormy, token="env:PAGE_TOKEN") as served:
            for path in ("/", "/events", "/series.json", "/metrics", "/readyz"):
                port = int(served.url.rpartition(":")[2])
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                asked = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                writer.write(asked.encode())
                answer = await reader.read()
                writer.close()
                assert answer.split()[1] in {b"303", b"401"}, path
                assert b"WETH" not in answer


HALVES = (
    b"",
    b"GET / HTTP/1.1\r\nHost: x",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET / HT",
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\ntoken=",
)


async def test_who_asks_for_nothing_keeps_nobody_out(serving: Serving, stormy: Seen) -> None:
    """Enough open connections, of strangers too, would have `/healthz` answer 503 for ever."""
    async with asyncio.timeout(20), AsyncExitStack() as stack:
        stack.enter_context(environment(PAGE_TOKEN=TOKEN))
        served = await stack.enter_async_context(serving(stormy, token="env:PAGE_TOKEN"))
        client = await stack.enter_async_context(httpx.AsyncClient())
        shown = {"authorization": f"Bearer {TOKEN}"}
        reader = client.stream("GET", f"{served.url}/events", headers=shown)
        answer = await stack.enter_async_context(reader)
        async with asyncio.TaskGroup() as group:
            idle = [group.create_task(_idle(served.url, half)) for half in HALVES * 40]
            while not all(one.done() for one in idle):
                await served.clock.advance(3)
        assert (await get(f"{served.url}/healthz")).status_code == 200
        assert "retry: 2000" in await _data(answer), "who reads the stream reads on"


async def _idle(url: str, half: bytes) -> None:
    """Ask for less than a whole request until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(half)
    with suppress(ConnectionError):
        await reader.read()
    writer.close()
