"""The page of daemons that share a store: each serves it, whoever leads."""

from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import httpx
import pytest

from monitor.clock import SystemClock, stopwatch
from monitor.devnet.stage import DaemonProcess
from monitor.store.opening import living, open_store
from monitor.timetravel.story import moments
from tests.web.conftest import free_port


async def answer(port: int, path: str) -> httpx.Response | None:
    """Return what the page answers, None where nobody listens."""
    try:
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.get(f"http://127.0.0.1:{port}/{path}")
    except httpx.TransportError:
        return None


async def until_ready(port: int, *, within_s: float = 60) -> None:
    began = stopwatch()
    while (told := await answer(port, "readyz")) is None or told.status_code != 200:
        assert stopwatch() - began < within_s, told.text if told else "nobody listens"
        await SystemClock().sleep(0.05)


@pytest.mark.timeout(300)
async def test_who_stands_by_shows_what_is_watched_and_goes_on_when_it_leads(
    set_stage: Any, postgres_url: str
) -> None:
    play = await set_stage("lp_range", "self")
    play.edit(f'url = "{play.stage.store_url}"', f'url = "{postgres_url}"\nlease_s = 2.0')
    play.stage.set_clock(next(moments()).at)
    ports = {name: free_port() for name in ("a", "b")}
    table = "[web]\non = true\nport = "
    with play.stage.config.open("a", encoding="utf-8") as file:
        file.write(f"{table}{ports['a']}\n")
    daemons = {name: DaemonProcess(play.stage, "--name", name) for name in ports}
    with ExitStack() as stack:
        store = stack.enter_context(closing(open_store(postgres_url, now=next(moments()).at)))
        shared = replace(play, store=store)
        stack.callback(daemons["a"].kill)
        daemons["a"].start()
        read = lambda: len(shared.state().facts.positions) == 4  # noqa: E731
        await shared.until(read, "four positions", within_s=90)
        # Two machines read one config; on one of them the page needs another port.
        play.edit(f"{table}{ports['a']}", f"{table}{ports['b']}")
        stack.callback(daemons["b"].kill)
        daemons["b"].start()
        for port in ports.values():
            await until_ready(port)
            page = await answer(port, "")
            assert page is not None
            assert page.text.count('data-key="position:') == 4
        daemons["a"].kill()
        leads = lambda: [one.name for one in living(postgres_url) if one.leads]  # noqa: E731
        await shared.until(lambda: leads() == ["b"], "b leads", within_s=60)
        await until_ready(ports["b"])
        daemons["b"].must_live()
        assert await answer(ports["a"], "healthz") is None
