"""`hedgewatch doctor` on a real chain, broker and feed server, and with each of them broken."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from monitor.timetravel.story import moments

COLUMNS = 80
FIRST = next(moments())
AT = FIRST.at
TOKEN = "123456789:" + "AAcanary-Canary_canary-Canary_canar"
Stage = Callable[..., Awaitable[Any]]


async def told(play: Any, **environment: str) -> tuple[int, list[str]]:
    """Return the exit status and the lines of a doctor's visit to the stage."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor", "doctor", "--config", str(play.stage.config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment},
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    lines = out.decode().splitlines()
    assert all(len(line) <= COLUMNS for line in lines), lines
    return process.returncode, lines


def about(lines: list[str], subject: str) -> list[str]:
    """Return what is said about a subject, each finding on one line, its verdict first."""
    found: list[str] = []
    for line in lines[:-1]:
        if line.startswith(" "):
            found[-1] += f" {line.strip()}"
        else:
            found.append(line)
    words = [one.split() for one in found]
    return [" ".join(one) for one in words if one[1] == subject]


@pytest.fixture
async def play(set_stage: Stage) -> Any:
    """A stage on which everything is there, and as new as its clock."""
    play = await set_stage("self")
    play.stage.set_clock(AT)
    play.stage.cboe.set_settlements(FIRST.at.date(), FIRST.settlements)
    play.stage.cboe.set_quote(13.68, AT - timedelta(minutes=15))
    await play.stage.devnet.mine(at=AT - timedelta(seconds=3))
    return play


async def test_where_all_is_there_nothing_is_to_be_fixed(play: Any) -> None:
    status, lines = await told(play)
    assert (status, lines[-1]) == (0, "Nothing to fix."), "\n".join(lines)
    host = play.stage.devnet.url.removeprefix("http://")
    made = play.stage.devnet.deployment
    endpoint, factory, *watched = about(lines, "devnet")
    assert endpoint == (
        f"ok devnet {host} chain 31337, head 3 s old, multicall yes, logs 10,000 blocks"
    )
    assert factory == f"ok devnet the uniswap_v3 factory {made.factory} stands behind its manager"
    assert watched[-1].endswith("pool read")
    assert about(lines, "cboe")[0].startswith("ok cboe vix 13.68, 15 m old")
    assert about(lines, "mqtt")[0].endswith("MQTT 5, QoS 1 acknowledged")
    assert "writable" in about(lines, "store")[0]


async def test_each_part_that_fails_is_told_and_the_others_are_asked_all_the_same(
    play: Any, serve: Any
) -> None:
    async def refuse(_: web.Request) -> web.Response:
        body = {"ok": False, "error_code": 401, "description": "Unauthorized"}
        return web.json_response(body, status=401)

    bot = await serve(refuse)
    stage = play.stage
    play.edit(
        f'rpc = ["{stage.devnet.url}"]', f'rpc = ["http://127.0.0.1:9", "{stage.devnet.url}"]'
    )
    stage.cboe.set_quote(13.68, AT - timedelta(days=9))
    telegram = f'[channel.telegram]\ntoken = "env:BOT"\nchat = 1\nbase_url = "{bot.url}/bot"\n'
    play.edit("[channel.mqtt]", f"{telegram}[channel.mqtt]")
    await stage.broker.stop()
    status, lines = await told(play, BOT=TOKEN)
    assert (status, lines[-1]) == (1, "4 things to fix.")
    dead, alive, *_ = about(lines, "devnet")
    assert dead.startswith("fix devnet 127.0.0.1:9 cannot be reached")
    assert alive.startswith("ok devnet")
    assert about(lines, "cboe")[0].startswith("fix cboe vix 13.68, ")
    assert "older than the 35 m allowed" in about(lines, "cboe")[0]
    assert about(lines, "cboe")[0].endswith("; name yahoo, cboe_history or fred in [feeds]")
    assert about(lines, "mqtt")[0].startswith("fix mqtt the MQTT broker at")
    assert "ask @BotFather" in about(lines, "telegram")[0]
    assert "canary" not in "\n".join(lines).lower()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        pytest.param(
            "chain_id = 31337", "chain_id = 1", "serves chain id 31337, not 1",
            id="an endpoint of another chain is no endpoint of this one",
        ),
        pytest.param(
            'manager = "', 'multicall = "0x00000000000000000000000000000000000000aa"\nmanager = "',
            "multicall no,", id="a node without Multicall3 is said to be one",
        ),
        pytest.param(
            "[[watch]]", f'managers = {{ pancakeswap_v3 = "0x{"0" * 38}aa" }}'
            '\n[[watch]]\nchain = "devnet"\nprotocol = "pancakeswap_v3"\nnft = [1]\n[[watch]]',
            "has no code for the pancakeswap_v3 position manager",
            id="a contract that is not there is named",
        ),
    ],
)  # fmt: skip
async def test_a_chain_that_is_another_is_told(
    play: Any, before: str, after: str, said: str
) -> None:
    play.edit(before, after)
    _, lines = await told(play)
    assert said in about(lines, "devnet")[0]


async def test_what_would_blind_the_daemon_is_told(play: Any) -> None:
    nowhere = "0x" + "0" * 38 + "aa"
    play.edit("[[watch]]", f'[[watch]]\nchain = "devnet"\npool = "{nowhere}"\n[[watch]]')
    status, lines = await told(play)
    (fault,) = [one for one in about(lines, "devnet") if one.startswith("fix")]
    assert status == 1
    assert nowhere[2:] in fault.lower()
    assert fault.endswith("check pool in its [[watch]]")


async def test_a_head_that_stands_is_told(play: Any) -> None:
    play.stage.set_clock(AT + timedelta(minutes=20))
    _, lines = await told(play)
    assert "stands at a block 20 m old" in about(lines, "devnet")[0]


async def test_a_secret_that_is_not_set_is_told_with_the_key_that_names_it(play: Any) -> None:
    telegram = '[channel.telegram]\ntoken = "env:HEDGEWATCH_NOBODY_SET"\nchat = 1\n'
    play.edit("[channel.mqtt]", f"{telegram}[channel.mqtt]")
    status, lines = await told(play)
    assert status == 1
    assert "channel.telegram.token" in about(lines, "config")[0]
    assert "HEDGEWATCH_NOBODY_SET" in about(lines, "telegram")[0]
