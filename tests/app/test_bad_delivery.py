"""What channels do to the daemon: alerts wait or are given up, each with its sentence."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from aiohttp import web

from monitor.alerts.wire import from_json
from monitor.devnet.broker import Broker
from monitor.devnet.listener import listening
from monitor.timetravel.story import moments

FIRST = next(moments())
ADDS = {"L1.add", "L2.add", "L3.add"}
TOPIC = "hedgewatch/demo/event"
TOKEN = "192837465:" + "AAtells-Canary_canary-Canary_canar0"
RPC_KEY = "kEy0canary0tells0of0the0node0"


async def adds_decided(play: Any) -> None:
    """Let the three layers be proposed and the console be told."""
    play.stage.cboe.set_settlements(FIRST.at.date(), FIRST.settlements)
    play.stage.set_clock(FIRST.at)
    play.stage.cboe.set_quote(13.68, FIRST.at - timedelta(minutes=75))
    await play.until(lambda: play.firing() >= ADDS, "the three adds")
    await play.until(lambda: not play.owed("console"), "the console")


def given_up(play: Any) -> list[tuple[str, str, str]]:
    """Return channel, rule and reason of each dead letter."""
    letters = play.store.outbox.dead_letters()
    return [(one.channel, from_json(one.payload).rule, one.error) for one in letters]


def secret(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    return f"file:{path}"


def telegram(play: Any, api: Any) -> str:
    """Configure Telegram at a local server; return where its token is read from."""
    where = secret(play.stage.folder, "token", TOKEN)
    lines = f'[channel.telegram]\ntoken = "{where}"\nchat = 7\nbase_url = "{api.url}/bot"\n'
    play.edit("[channel.mqtt]", f"{lines}[channel.mqtt]")
    return where


async def test_alerts_wait_for_a_broker_that_is_down_at_start_and_arrive_once_it_is_up(
    set_stage: Any, watching: Any
) -> None:
    play = await set_stage("alvh")
    await play.stage.broker.stop()
    where = f"{play.stage.broker.host}:{play.stage.broker.port}"
    async with watching(play.stage.config) as watch:
        await adds_decided(play)
        assert play.owed("mqtt") == 3
        assert {line.split()[3] for line in watch.console.getvalue().splitlines()} >= ADDS
        assert f"mqtt: no connection to {where}: " in watch.log.getvalue()
        await play.stage.broker.start()
        await play.until(lambda: not play.owed("mqtt"), "the letters, delivered")
        assert "mqtt works again" in watch.log.getvalue()
    received = play.stage.broker.log.count(f"'{TOPIC}'")
    assert received == 3
    assert given_up(play) == []


async def test_alerts_wait_while_the_broker_refuses_the_daemon(
    set_stage: Any, watching: Any
) -> None:
    play = await set_stage("alvh")
    wrong = secret(play.stage.folder, "password", "not-the-password")
    async with Broker(users={"daemon": "the-password"}) as strict:
        play.edit(
            f"port = {play.stage.broker.port}\n",
            f'port = {strict.port}\nusername = "daemon"\npassword = "{wrong}"\n',
        )
        async with watching(play.stage.config) as watch:
            await adds_decided(play)
            await play.until(lambda: "Not authorized" in watch.log.getvalue(), "the refusal")
        assert play.owed("mqtt") == 3
        assert given_up(play) == []
        secret(play.stage.folder, "password", "the-password")
        async with watching(play.stage.config):
            await play.until(lambda: not play.owed("mqtt"), "the letters, delivered")


async def test_alerts_wait_while_the_broker_refuses_their_topic_and_that_is_an_alert(
    set_stage: Any, watching: Any
) -> None:
    play = await set_stage("alvh", "self")
    async with Broker(acl="topic read hedgewatch/#\n") as strict:
        play.edit(f"port = {play.stage.broker.port}\n", f"port = {strict.port}\n")
        async with watching(play.stage.config) as watch:
            await adds_decided(play)
            await play.until(lambda: "self.channel" in play.firing(), "the alarm")
        why = f"the MQTT broker at {strict.host}:{strict.port} refused {TOPIC}: Not authorized"
        assert f"asked again every 5 minutes: {why}" in watch.log.getvalue()
        assert play.owed("mqtt") == 4
    assert given_up(play) == []
    play.edit(f"port = {strict.port}\n", f"port = {play.stage.broker.port}\n")
    async with watching(play.stage.config):
        await play.until(lambda: not play.owed("mqtt"), "the letters, delivered")


Step = Callable[[web.Request], Awaitable[web.StreamResponse]]


def refuses(status: int, description: str) -> Step:
    async def answer(_: web.Request) -> web.Response:
        body = {"ok": False, "error_code": status, "description": description}
        return web.json_response(body, status=status)

    return answer


def accepts() -> Step:
    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/getMe"):
            result: dict[str, Any] = {"id": 1, "is_bot": True, "first_name": "b", "username": "b"}
        else:
            result = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}}
        return web.json_response({"ok": True, "result": result})

    return answer


async def test_a_wrong_token_stops_telegram_alarms_elsewhere_and_loses_no_alert(
    set_stage: Any, watching: Any, serve: Any
) -> None:
    play = await set_stage("alvh", "self")
    api = await serve(refuses(401, "Unauthorized"))
    where = telegram(play, api)
    why = f"Telegram refused the token in {where} (Unauthorized): ask @BotFather for a new one"
    async with (
        listening(play.stage.broker.host, play.stage.broker.port, TOPIC) as heard,
        watching(play.stage.config) as watch,
    ):
        await play.until(lambda: "self.channel" in play.firing(), "the alarm, before any alert")
        await adds_decided(play)
        await play.until(lambda: len(heard.events) == 4, "MQTT, which goes on")
        assert (play.owed("telegram"), given_up(play)) == (4, [])
        assert watch.log.getvalue().count(why) == 1
        assert TOKEN not in watch.log.getvalue()
    assert {event["rule"] for event in heard.events} == ADDS | {"self.channel"}
    (alarm,) = (event for event in heard.events if event["rule"] == "self.channel")
    assert alarm["severity"] == "critical"
    assert [term["note"] for term in alarm["trace"]] == [f"telegram: {why}"]
    assert {path.rpartition("/")[2] for path in api.paths} == {"getMe"}

    telegram_again = await serve(accepts())
    play.edit(api.url, telegram_again.url)
    async with watching(play.stage.config):
        await play.until(lambda: not play.owed("telegram"), "every letter, once it is let in")
        await play.until(lambda: "self.channel" not in play.firing(), "the alarm's end")
    assert given_up(play) == []


async def test_what_is_no_token_at_all_is_told_at_start_and_the_daemon_goes_on(
    set_stage: Any, watching: Any, serve: Any
) -> None:
    play = await set_stage("alvh")
    where = telegram(play, await serve(refuses(404, "Not Found")))
    secret(play.stage.folder, "token", "hunter2")
    async with watching(play.stage.config) as watch:
        await play.until(lambda: "ERROR" in watch.log.getvalue(), "the line in the log")
        await adds_decided(play)
        assert play.owed("telegram") == 3
    told = [line for line in watch.log.getvalue().splitlines() if "ERROR" in line]
    assert len(told) == 1
    assert f"what is in {where} is not of the form of a bot's token" in told[0]
    assert "hunter2" not in watch.log.getvalue()


async def test_letters_for_a_channel_that_is_configured_no_more_are_given_up(
    set_stage: Any, watching: Any, serve: Any
) -> None:
    play = await set_stage("alvh")
    telegram(play, await serve(refuses(502, "Bad Gateway")))
    async with watching(play.stage.config):
        await adds_decided(play)
        assert play.owed("telegram") == 3
    text = play.stage.config.read_text()
    start, end = text.index("[channel.telegram]"), text.index("[channel.mqtt]")
    play.edit(text[start:end], "")
    async with watching(play.stage.config) as watch:
        await play.until(lambda: not play.owed("telegram"), "the letters, given up")
    why = "telegram is no longer configured"
    assert given_up(play) == [("telegram", rule, why) for rule in sorted(ADDS)]
    assert "3 alerts wait for telegram, which is no longer configured" in watch.log.getvalue()
    # They are listed, and no alarm: what is not configured owes nothing.
    (dead,) = (r for k, r in play.state().facts.readings.items() if "dead_letters" in k)
    assert dead.value == 0.0


def echo(status: int) -> Step:
    """Answer with what was sent, as servers in debug mode do: each time in another way."""
    turns = cycle(range(3))

    async def answer(request: web.Request) -> web.Response:
        sent = f"{request.url} {await request.text()} {dict(request.headers)}"
        turn = next(turns)
        if turn == 0:
            return web.Response(status=status, text=sent)
        if turn == 1:
            return web.Response(text=f"<html>{sent}</html>", content_type="text/html")
        told = {"code": -32000, "message": f"no such project {sent}"}
        body = {"jsonrpc": "2.0", "id": 1, "error": told}
        return web.json_response(body | {"ok": False, "error_code": 400, "description": sent})

    return answer


async def test_no_key_and_no_token_is_told_however_they_are_echoed(
    set_stage: Any, serve: Any
) -> None:
    play = await set_stage("alvh", "self")
    folder = play.stage.folder
    telegram(play, await serve(echo(502)))
    node = await serve(echo(401))
    where = secret(folder, "rpc", f"{node.url}/v2/{RPC_KEY}")
    play.edit(f'rpc = ["{play.stage.devnet.url}"]', f'rpc = ["{where}"]')
    play.daemon.start()
    await adds_decided(play)
    await play.until(lambda: len(play.gaps("devnet")) >= 3, "three kinds of gap")
    await play.until(lambda: not play.owed("mqtt"), "MQTT, which goes on")
    # At least: given up on one, pack `self` may have its own to say of it by now.
    await play.until(lambda: len(errors(folder)) >= 3, "each letter's own failure")
    await play.daemon.stop()
    assert any(RPC_KEY in path for path in node.paths), "a canary never sent proves nothing"
    written = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert all(written[name] for name in ("daemon.log", "console.txt", "hedgewatch.db"))
    leaks = {
        (name, canary)
        for name, text in written.items()
        for canary in (RPC_KEY, TOKEN, TOKEN.partition(":")[2])
        if canary.encode() in text and name not in {"rpc", "token"}
    }
    assert leaks == set()


def errors(folder: Path) -> list[str]:
    """Return what went wrong with each letter to Telegram."""
    with closing(sqlite3.connect(folder / "hedgewatch.db")) as database:
        asked = "SELECT error FROM outbox WHERE channel = 'telegram' AND error != ''"
        return [error for (error,) in database.execute(asked)]
