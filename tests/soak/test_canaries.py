"""Canary secrets through every failure path of the daemon itself: told nowhere."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from aiohttp import ClientSession, web

from monitor.clock import SystemClock, stopwatch
from monitor.devnet.broker import Broker
from monitor.devnet.cboe_server import Failure
from monitor.devnet.child import free_port
from monitor.timetravel.story import moments

FIRST = next(moments())
SYSTEM = SystemClock()
SECRETS = {
    "token": "192837465:" + "AAtells-Canary_canary-Canary_canar0",
    "path": "kEy0canary0of0the0path0000000a1b",
    "short": "kEy0canary0short",  # of no form by which a key is known: it must be remembered
    "query": "kEy0canary0of0the0query000000c3d",
    "dns": "kEy0canary0of0the0lost0host00e5f",
    "tls": "kEy0canary0of0the0tls0000000g7h8",
    "password": "canary-password-of-the-daemon-01",
    "ping": "kEy0canary0of0the0dead0man0000i9j0",
    "page": "canary-token-of-the-status-page-02",
}
PAGES = ("/", "/metrics", "/readyz", "/healthz", "/series.json", "/login", "/nothing")
WHERE = ("rpc", "bot", "ping")
WAYS = ("401", "403", "429", "500", "cut short", "another shape", "an error's text", "closed")


def failing(way: str, request: web.Request) -> web.StreamResponse:
    """Return a failure that quotes the whole URL it was asked by, secrets and all."""
    url = str(request.url)
    match way:
        case "closed":
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        case "cut short":
            return web.Response(text=f'{{"result": "{url}', content_type="application/json")
        case "another shape":
            return web.json_response([url])
        case "an error's text":
            error = {"code": -32005, "message": f"limit reached for {url}"}
            return web.json_response(
                {"jsonrpc": "2.0", "id": 1, "error": error, "ok": False, "description": url}
            )
    body = {"ok": False, "error_code": int(way), "description": f"refused: {url}"}
    return web.json_response(body, status=int(way), headers={"X-Asked": url, "Retry-After": "1"})


@dataclass
class Unwell:
    """A server that fails in every way, one after the other; keeps what it was told."""

    ways: Any = field(default_factory=lambda: cycle(WAYS))
    shown: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        way = next(self.ways)
        self.told.append(await request.text())
        self.shown.add(way)
        return failing(way, request)


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[str, str], str]:
    """Return a keeper of secrets: in a private file each, told by its reference."""

    def kept(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o600)
        return f"file:{path}"

    return kept


def configure(play: Any, keep: Any, urls: Mapping[str, str], ports: Mapping[str, int]) -> None:
    """Put a secret wherever the daemon takes one."""
    rpc = [
        f"{urls['rpc']}/v2/{SECRETS['path']}",
        f"{urls['rpc']}/?apikey={SECRETS['query']}",
        f"{urls['rpc']}/key/{SECRETS['short']}",
        f"https://nowhere.invalid/v2/{SECRETS['dns']}",
        f"{urls['rpc'].replace('http:', 'https:')}/v3/{SECRETS['tls']}",
    ]
    named = ", ".join(f'"{keep(f"rpc{n}", url)}"' for n, url in enumerate(rpc))
    play.edit(f'"{play.stage.devnet.url}"', named)
    mqtt = f"[channel.mqtt]\nusername = 'daemon'\npassword = '{keep('word', SECRETS['password'])}'"
    bot = f"token = '{keep('token', SECRETS['token'])}'\nchat = 7\nbase_url = '{urls['bot']}/bot'"
    play.edit("[channel.mqtt]", f"[channel.telegram]\n{bot}\ntimeout_s = 1.0\n{mqtt}")
    play.edit(f"port = {play.stage.broker.port}\n", f"port = {ports['broker']}\n")
    ping = keep("ping", f"{urls['ping']}/{SECRETS['ping']}?key={SECRETS['query']}")
    page = f"[web]\non = true\nport = {ports['page']}\ntoken = '{keep('page', SECRETS['page'])}'"
    play.edit("[usd]", f"[deadman]\nurl = '{ping}'\nevery_s = 10.0\n{page}\n[usd]")


async def leafed_through(port: int) -> str:
    """Return what the status page's server answers, with its headers, in all its places."""
    told = list[str]()
    there = {"Authorization": f"Bearer {SECRETS['page']}"}
    async with ClientSession(f"http://127.0.0.1:{port}") as client:
        for path in PAGES:
            for headers in (there, {}):
                async with client.get(path, headers=headers, allow_redirects=False) as answer:
                    told += [f"{answer.status} {answer.headers}", await answer.text()]
        for given in (SECRETS["page"], SECRETS["page"][:-1]):
            form = {"token": given}
            async with client.post("/login", data=form, allow_redirects=False) as answer:
                told += [f"{answer.status} {answer.headers}", await answer.text()]
        async with client.get("/events", headers=there) as answer:
            told += [f"{answer.headers}", (await answer.content.readline()).decode()]
    return "\n".join(told)


async def eavesdrop(broker: Broker, heard: list[str]) -> None:
    client = aiomqtt.Client(
        broker.host, broker.port, username="other", password="others-own-word-0"
    )
    async with client:
        await client.subscribe("#", qos=1)
        async for one in client.messages:
            heard += [f"{one.topic} {one.payload!r} {one.properties}"]


async def spoken(*words: str | Path) -> str:
    """Return what a command prints, on either stream."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"COLUMNS": "200"},
    )
    return (await process.communicate())[0].decode()


async def failed_in_every_way(play: Any, unwell: Mapping[str, Unwell]) -> None:
    """Let the daemon go on for hours of the story, until each way to fail was met.

    The dead-man's server is called every ten real seconds at most: once must do.
    """
    began, minutes = stopwatch(), 0
    play.stage.cboe.fail(Failure.ERROR_500)
    quick = (unwell["rpc"], unwell["bot"])
    while any(one.shown != set(WAYS) for one in quick) or not unwell["ping"].shown:
        assert stopwatch() - began < 60, [one.shown for one in unwell.values()]
        minutes += 7  # past what a bot refused is left alone for
        play.stage.set_clock(FIRST.at + timedelta(minutes=minutes))
        await SYSTEM.sleep(0.1)
        play.daemon.must_live()


async def crashed(play: Any) -> None:
    """End the daemon by a fault, told with its traceback."""
    (play.stage.folder / "clock").write_text("no time at all")
    await play.until(lambda: not play.daemon.alive, "the crash")


@pytest.mark.timeout(300)
async def test_no_secret_is_told_by_a_daemon_that_fails_in_every_way(
    set_stage: Any, serve: Any, keep: Any, figure: Any
) -> None:
    play, unwell = await set_stage("self", "alvh"), {name: Unwell() for name in WHERE}
    urls = {name: (await serve(one.answer)).url for name, one in unwell.items()}
    folder, payloads, page = play.stage.folder, list[str](), free_port()
    users = {"daemon": SECRETS["password"], "other": "others-own-word-0"}
    async with (
        Broker(users=users) as broker,
        Broker(users={"daemon": "quite-another"}) as strict,
        asyncio.TaskGroup() as group,
    ):
        configure(play, keep, urls, {"broker": broker.port, "page": page})
        ear = group.create_task(eavesdrop(broker, payloads), name="ear")
        play.daemon.start()
        await failed_in_every_way(play, unwell)
        await play.until(
            lambda: any("self." in one for one in payloads), "an alert by MQTT", within_s=60
        )
        printed = {"page": await leafed_through(page)}
        await play.daemon.stop()
        play.edit(f"port = {broker.port}\n", f"port = {strict.port}\n")
        play.daemon.start()
        log = folder / "daemon.log"
        await play.until(lambda: "Not authorized" in log.read_text(), "the refusal", within_s=90)
        config = ("--config", play.stage.config)
        verbs = ("doctor", "status", "outbox", "log", "silences")
        said = await asyncio.gather(*(spoken(verb, *config) for verb in verbs))
        printed |= dict(zip(verbs, said, strict=True))
        await crashed(play)
        ear.cancel()
    play.edit(keep("token", SECRETS["token"]), SECRETS["token"])
    printed |= {"a literal": await spoken("rules", "check", *config)}
    printed |= {"help": await spoken("run", "--help")}
    told = printed | {name: "\n".join(one.told) for name, one in unwell.items()}
    told |= {"mqtt": "\n".join(payloads)}
    files = [log, folder / "console.txt", *folder.glob("hedgewatch.db*")]
    told |= {file.name: file.read_bytes().decode("latin-1") for file in files}
    assert "Traceback" in told["daemon.log"]
    assert "fix" in printed["doctor"]
    assert "hedgewatch_" in printed["page"]
    assert "never the text itself" in printed["a literal"]
    leaks = [
        f"{name} in {where}"
        for where, text in told.items()
        for name, secret in SECRETS.items()
        if secret[:20] in text or secret[-20:] in text
    ]
    size = sum(map(len, told.values()))
    how = f"{len(SECRETS)} secrets, {len(WAYS)} ways to fail, {len(told)} places, {size:,} bytes"
    figure("canaries.told", len(leaks), "secrets", most=0, measured=how + "".join(leaks))
