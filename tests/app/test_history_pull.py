"""`hedgewatch history pull` beside a real daemon, from a server in the shape of Cboe's files."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.calendars.sessions import sessions_back
from monitor.timetravel.story import moments

FIRST = next(moments())  # Friday, 14 February 2020
DAY = FIRST.at.date()
HEADER = "product,symbol,expiration_date,price,duration_type\n"
FUTURES = "VX,VX/H0,2020-03-18,{near},M\nVX,VX/J0,2020-04-15,{far},M\n"


@dataclass
class Cboe:
    """Serves the history of an index and settlements a session; keeps what it was asked.

    hang: the session at whose question it says nothing any more. without: sessions it lacks.
    """

    asked: list[str] = field(default_factory=list)
    hang: date | None = None
    without: tuple[date, ...] = ()
    broken: bool = False
    url: str = ""
    never: asyncio.Event = field(default_factory=asyncio.Event)

    async def history(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.broken:
            return web.Response(text="<html>", content_type="text/html")
        days = (sessions_back(DAY, back) for back in range(600, -1, -1))
        rows = [
            f"{day:%m/%d/%Y},15.000000,{45 if back == 590 else 16}.000000,14.500000,15.500000"
            for back, day in enumerate(days)
            if day not in self.without
        ]
        return web.Response(
            text="\n".join(("DATE,OPEN,HIGH,LOW,CLOSE", *rows)), content_type="text/csv"
        )

    async def settlements(self, request: web.Request) -> web.Response:
        day = date.fromisoformat(request.query["dt"])
        self.asked.append(f"{day}")
        if day == self.hang:
            await self.never.wait()
        rows = FUTURES.format(near=15 + day.day / 100, far=16 + day.day / 100)
        return web.Response(text=HEADER + rows, content_type="text/csv")


@pytest.fixture
async def cboe() -> AsyncIterator[Cboe]:
    one = Cboe()
    app = web.Application()
    app.router.add_get("/prices/VIX_History.csv", one.history)
    app.router.add_get("/settle/csv", one.settlements)
    server = TestServer(app)
    await server.start_server(access_log=None, shutdown_timeout=0.1)
    one.url = str(server.make_url("")).rstrip("/")
    yield one
    one.never.set()
    await server.close()


@dataclass
class Puller:
    """Runs `hedgewatch history` on a play's store, with a config of its own: other addresses."""

    play: Any
    cboe: Cboe

    @property
    def config(self) -> Path:
        stage = self.play.stage
        text = stage.config.read_text("utf-8").replace(
            stage.cboe.settlement_base_url, f"{self.cboe.url}/settle"
        )
        file = stage.folder / "pull.toml"
        history = f'[feed.cboe_history]\nbase_url = "{self.cboe.url}/prices"\n'
        file.write_text(text.replace("[feed.cboe]\n", f"{history}[feed.cboe]\n"), "utf-8")
        return file

    async def begin(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", "history", *words, "--config", str(self.config)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def told(self, *words: str, status: int = 0) -> tuple[list[str], list[str]]:
        """Return what it prints, and what it tells meanwhile."""
        process = await self.begin(*words)
        said, meanwhile = await process.communicate()
        assert process.returncode == status, meanwhile.decode()
        return said.decode().splitlines(), meanwhile.decode().splitlines()


@pytest.fixture
async def pull(set_stage: Any, cboe: Cboe) -> Puller:
    """A puller on a stage whose rules look 20 sessions of the VIX back; no daemon runs yet."""
    play = await set_stage("alvh")
    play.stage.set_clock(FIRST.at)
    return Puller(play, cboe)


def bars(play: Any, key: str = "vix|") -> list[date]:
    known = play.state().facts.bars.get(key)
    return [bar.day for bar in known.bars] if known else []


async def test_while_the_daemon_runs_it_takes_the_past_up_at_once(pull: Puller) -> None:
    play = pull.play
    play.daemon.start()
    await play.until(lambda: play.state().facts.chains, "the first look")
    lines, meanwhile = await pull.told("pull", "vix", "--from", "2019-12-02")
    assert lines == [
        "vix: 52 sessions fetched from cboe_history",
        "known: 52 sessions, 2 Dec 2019 to 14 Feb 2020",
        "no gaps",
        "taken up by the daemon",
    ]
    assert meanwhile == ["vix  2019-12-02 to 2020-02-14  52 sessions, cboe_history"]
    play.daemon.must_live()
    assert len(bars(play)) == 52
    samples = play.state().facts.series["vix|"].samples
    assert len(samples) >= 20, "what the rules look back on is warm"
    again, _ = await pull.told("pull", "vix", "--from", "2019-12-02")
    assert again[0] == "vix: nothing to fetch, all of it is there already"
    assert again[1:] == lines[1:3]
    assert len(pull.cboe.asked) == 1
    shown, _ = await pull.told("list")
    assert shown[1].split() == ["vix", "52", "2019-12-02", "2020-02-14", "0"]


async def test_while_the_daemon_is_down_it_is_queued_and_taken_up_when_it_starts(
    pull: Puller,
) -> None:
    play, pull.cboe.without = pull.play, (date(2020, 2, 5), date(2020, 2, 6))
    lines, _ = await pull.told("pull", "vix", "--from", "2020-01-02")
    assert lines == [
        "vix: 29 sessions fetched from cboe_history",
        "known: 29 sessions, 2 Jan 2020 to 14 Feb 2020",
        "2 missing: 2020-02-05, 2020-02-06",
        "queued: the daemon is down, and takes it up when it starts",
    ]
    assert bars(play) == []
    play.daemon.start()
    await play.until(lambda: len(bars(play)) == 29, "the past, taken up")
    before = play.state().facts
    beats = play.state().at
    play.daemon.kill()
    play.stage.set_clock(FIRST.at + timedelta(minutes=1))
    play.daemon.start()
    await play.until(lambda: play.state().at > beats, "the restart")
    after = play.state().facts
    assert (after.bars["vix|"].bars, after.series["vix|"]) == (
        before.bars["vix|"].bars,
        before.series["vix|"],
    )


async def test_an_interrupted_pull_goes_on_without_asking_twice(pull: Puller) -> None:
    play, pull.cboe.hang = pull.play, date(2020, 2, 12)
    process = await pull.begin("pull", "vx.settle", "--from", "2020-01-30")
    await play.until(lambda: "2020-02-12" in pull.cboe.asked, "the question that hangs")
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == 130
    had = ["2020-01-30", "2020-01-31"] + [f"2020-02-{day:02}" for day in (3, 4, 5, 6, 7)]
    week = [f"2020-02-{day}" for day in (10, 11, 12, 13, 14)]
    assert pull.cboe.asked == [*had, *week[:3]]
    pull.cboe.hang, pull.cboe.asked = None, []
    lines, meanwhile = await pull.told("pull", "vx.settle", "--from", "2020-01-30")
    assert pull.cboe.asked == week, "a week is a part, and the one that broke off was not had"
    assert lines[0] == "vx.settle: 5 sessions fetched from cboe_settlement, 2 parts there already"
    assert lines[1:3] == ["known: 12 sessions, 30 Jan 2020 to 14 Feb 2020", "no gaps"]
    assert "vx.settle  2020-02-02 to 2020-02-08  there already, cboe_settlement" in meanwhile
    play.daemon.start()
    for key in ("vx.settle|2020-03-18", "vx.settle|2020-04-15"):
        await play.until(lambda key=key: len(bars(play, key)) == 12, "the settlements")


async def test_a_source_that_fails_is_told_and_the_pull_fails_where_no_other_has_it(
    pull: Puller,
) -> None:
    pull.cboe.broken = True
    words = ("pull", "vix", "--from", "2020-01-02", "--source", "cboe_history")
    lines, meanwhile = await pull.told(*words, status=1)
    assert " ".join(meanwhile).startswith("cboe_history: 127.0.0.1 sent an HTML page with HTTP 200")
    assert " ".join(meanwhile).endswith("no other source has it")
    assert lines == [
        "vix: 0 sessions fetched",
        "nothing is known from 2 Jan 2020 to 14 Feb 2020",
        "not all of it came: the same command goes on from here",
    ]
    pull.cboe.broken = False
    lines, _ = await pull.told("pull", "vix", "--from", "1990-01-02")
    assert lines[:3] == [
        "vix: 520 sessions fetched from cboe_history",
        "520 sessions are kept: from 23 Jan 2018 on",
        "known: 520 sessions, 23 Jan 2018 to 14 Feb 2020",
    ]
