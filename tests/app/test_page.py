"""The page of a real daemon, and of `hedgewatch web` beside it, over its store alone."""

import asyncio
import socket
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx

from monitor.timetravel.story import moments
from tests.app.conftest import said

Setter = Callable[..., Awaitable[Any]]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def contents(store: Path) -> str:
    """Return every row of a database."""
    with closing(sqlite3.connect(store)) as database:
        return "\n".join(database.iterdump())


@asynccontextmanager
async def beside(config: Path, port: int) -> AsyncIterator[str]:
    """Run `hedgewatch web` as a process of its own; hand over its address."""
    words = ("-m", "monitor", "web", "--config", str(config), "--port", str(port))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE)
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        assert line.endswith("shows what the daemon saves; Ctrl-C ends\n")
        yield line.split()[0]
    finally:
        process.terminate()
        assert await process.wait() == 0


async def test_the_daemon_and_a_process_beside_it_show_the_same(set_stage: Setter) -> None:
    play = await set_stage("alvh", "lp_range", "self")
    port = free_port()
    with play.stage.config.open("a", encoding="utf-8") as file:
        file.write(f"[web]\non = true\nport = {port}\n")
    play.stage.set_clock(next(moments()).at)
    play.daemon.start()
    await play.until(lambda: len(play.state().facts.positions) == 4, "four positions are read")
    own = f"http://127.0.0.1:{port}/"
    async with httpx.AsyncClient(timeout=30) as client:
        page = (await client.get(own)).text
        assert page.count('data-key="position:') == 4
        assert (await client.get(f"{own}readyz")).text == "ready\n"
        assert "Silences" not in page
        await said(play, "silence", "pack=alvh", "--for", "4h", "--reason", "the roof")
        page = (await client.get(own)).text
        assert "the roof" in page
        async with beside(play.stage.config, free_port()) as other:
            told = (await client.get(other)).text
            assert told.count('data-key="position:') == 4
            assert "the roof" in told
            assert told.count('data-key="rule:') == page.count('data-key="rule:') > 10
            assert (await client.get(f"{other}readyz")).text == "ready\n"
            await play.daemon.stop()
            before = contents(play.stage.folder / "hedgewatch.db")
            for path in ("", "events", "series.json", "metrics", "readyz", "healthz"):
                for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
                    async with client.stream(method, other + path) as answer:
                        assert answer.status_code in {200, 405, 503}
            unready = await client.get(f"{other}readyz")
            assert unready.status_code == 503
            assert "no daemon runs on this store" in unready.text
            assert "The daemon is not running." in (await client.get(other)).text
            assert contents(play.stage.folder / "hedgewatch.db") == before


async def test_a_page_that_has_no_address_yet_keeps_nobody_from_watching(
    set_stage: Setter,
) -> None:
    play = await set_stage("self")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with play.stage.config.open("a", encoding="utf-8") as file:
            file.write(f"[web]\non = true\nport = {port}\n")
        play.stage.set_clock(next(moments()).at)
        play.daemon.start()
        await play.until(play.blocks, "a first block")
        assert f"web: 127.0.0.1:{port} cannot be listened on: Address already in use" in (
            play.daemon_log()
        )

    def served() -> bool:
        return "the status page is served now" in play.daemon_log()

    await play.until(served, "the page is served")
    async with httpx.AsyncClient(timeout=30) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
    assert play.daemon_log().count("cannot be listened on") == 1
