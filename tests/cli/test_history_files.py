"""`history pull --parquet` and `timetravel --data`: days the shipped tables lack."""

import asyncio
import importlib.util
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.cli import main
from monitor.timetravel.tables import eth_days, vix_closes

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason="the extra hedgewatch[parquet] is absent"
)

JUNE = [date(2025, 6, 2) + timedelta(days=n) for n in range(26) if n % 7 < 5 and n != 17]
"""Sessions of June 2025 to the 27th, without the 19th; no shipped table reaches so far."""


@dataclass
class Exchanges:
    """Serves Cboe's file of the VIX and Binance's daily candles; keeps what it was asked."""

    asked: list[str] = field(default_factory=list)
    broken_from: date = date.max
    url: str = ""

    async def vix(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        rows = [f"{day:%m/%d/%Y},19,20,14,{14 if day.day > 20 else 18}.5" for day in JUNE]
        return web.Response(
            text="\n".join(("DATE,OPEN,HIGH,LOW,CLOSE", *rows)), content_type="text/csv"
        )

    async def candles(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        begin, end = (int(request.query[key]) // 1000 for key in ("startTime", "endTime"))
        if datetime.fromtimestamp(begin, UTC).date() >= self.broken_from:
            return web.Response(text="<html>", content_type="text/html")
        rows = [
            [at * 1000, "2500", "2600", "2400", str(2500 + at // 86_400 % 7)]
            for at in range(begin, end, 86_400)
        ]
        return web.json_response(rows)


@pytest.fixture
async def exchanges() -> AsyncIterator[Exchanges]:
    one = Exchanges()
    app = web.Application()
    app.router.add_get("/prices/VIX_History.csv", one.vix)
    app.router.add_get("/api/v3/klines", one.candles)
    server = TestServer(app)
    await server.start_server(access_log=None)
    one.url = str(server.make_url("")).rstrip("/")
    yield one
    await server.close()


@pytest.fixture
def config(tmp_path: Path, exchanges: Exchanges) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(
        '[chain.ethereum]\nrpc = ["http://127.0.0.1:9"]\n'
        '[[watch]]\nchain = "ethereum"\nnft = [1]\n'
        f'[feed.cboe_history]\nbase_url = "{exchanges.url}/prices"\n'
        f'[feed.binance]\nbase_url = "{exchanges.url}"\n'
    )
    return path


async def run(*words: str | Path) -> int:
    return await asyncio.to_thread(main, [str(word) for word in words])


async def test_what_was_pulled_fills_the_days_after_the_shipped_tables(
    config: Path, exchanges: Exchanges, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    assert eth_days()[-1][0] < JUNE[0]
    assert vix_closes()[-1][0] < JUNE[0]
    where = ("--parquet", data, "--config", config, "--to", "2025-06-27")
    assert await run("history", "pull", "vix", "--from", "2025-06-02", *where) == 0
    told = capfd.readouterr().out
    assert f"vix: {len(JUNE)} sessions fetched from cboe_history" in told
    assert "no gaps" in told
    assert "written" in told
    assert await run("history", "pull", "eth.price", "--from", "2025-05-31", *where) == 0
    assert not (tmp_path / "var").exists()  # the store is no part of it
    import pyarrow.parquet  # noqa: PLC0415 - not there without the extra

    (file,) = (data / "vix").rglob("*.parquet")
    told_of = pyarrow.parquet.read_schema(file).metadata
    assert json.loads(told_of[b"urls"]) == [f"{exchanges.url}/prices/VIX_History.csv"]
    story = ("timetravel", "--from", "2025-06-03", "--to", "2025-06-27", "--rules", "alvh")
    assert await run(*story, "--config", config, "--data", data, "--out", out) == 0
    alerts = [json.loads(line) for line in (out / "alerts.jsonl").read_text().splitlines()]
    # 18.5 until Friday the 20th, 14.5 from Monday on: 16:15 New York and twenty minutes.
    adds = {one["at"] for one in alerts if one["action"] == "add" and one["state"] == "firing"}
    assert adds == {"2025-06-23T20:35:00+00:00"}
    assert await run(*story, "--config", config) == 1
    assert "no price of ETH is had from 2025-06-03" in capfd.readouterr().err


async def test_a_pull_that_broke_off_goes_on_and_asks_nothing_twice(
    config: Path, exchanges: Exchanges, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ("history", "pull", "eth.price", "--from", "2023-01-01", "--to", "2025-06-27")
    where = ("--parquet", tmp_path / "data", "--config", config)
    exchanges.broken_from = date(2024, 6, 1)
    assert await run(*words, *where) == 1
    assert "not all of it came: the same command goes on from here" in capfd.readouterr().out
    first, exchanges.asked, exchanges.broken_from = exchanges.asked, [], date.max
    assert await run(*words, *where) == 0
    # The question that failed comes again; none of those that were answered.
    assert exchanges.asked[0] == first[-1]
    assert not set(first[:-1]) & set(exchanges.asked)
    told = capfd.readouterr().out
    assert "909 sessions, 1 Jan 2023 to 27 Jun 2025" in told
    exchanges.asked = []
    assert await run(*words, *where) == 0
    assert exchanges.asked == []
    assert "nothing to fetch, all of it is there already" in capfd.readouterr().out


async def test_a_folder_that_no_pull_made_is_refused(
    config: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await run("timetravel", "covid_2020", "--config", config, "--data", tmp_path) == 2
    assert capfd.readouterr().err.startswith("timetravel: --data: ")
