"""`hedgewatch telegram pair`: a code on the screen, and what belongs into the config."""

import argparse
import asyncio
import re
import tomllib
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.settings import CommandSettings, TelegramSettings
from monitor.channels.telegram_pairing import Paired
from monitor.cli.main import main
from monitor.cli.telegram_pair import lines, show
from monitor.clock import SystemClock
from tests.channels.bot_server import TOKEN, asked, serving

ROOT = Path(__file__).parents[2]
FOUND = Paired(user=501, chat=501, name="Ann")


def written(settings: TelegramSettings) -> Any:
    return tomllib.loads("\n".join(lines(settings, FOUND)))["channel"]["telegram"]


def test_of_a_new_bot_everything_is_printed() -> None:
    assert written(TelegramSettings(token="env:T", chat=0)) == {
        "token": "env:T",
        "chat": 501,
        "commands": {"read": [501], "write": [501]},
    }


def test_what_else_is_configured_is_printed_too() -> None:
    more = {"topic": 7, "base_url": "http://127.0.0.1:8081/bot", "timeout_s": 4.5}
    told = written(TelegramSettings(token="env:T", chat=-9, **more))
    assert {key: told[key] for key in more} == more


def test_what_is_configured_stays_and_the_private_chat_is_heard_beside_it() -> None:
    known = CommandSettings(read=(7,), write=(8, 501), chats=(-9,))
    assert written(TelegramSettings(token="env:T", chat="env:C", commands=known)) == {
        "token": "env:T",
        "chat": "env:C",
        "commands": {"read": [7, 501], "write": [8, 501], "chats": [-9, 501]},
    }


async def test_the_code_that_is_shown_is_the_one_that_pairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    config = tmp_path / "config.toml"
    async with serving() as api, asyncio.TaskGroup() as group:
        config.write_text(
            (ROOT / "config.toml").read_text("utf-8")
            + f'[channel.telegram]\ntoken = "file:{tmp_path}/token"\nchat = 0\n'
            f'base_url = "{api.url}"\n'
        )
        asks = argparse.Namespace(config=config, token=None)
        done = group.create_task(asyncio.to_thread(show, asks))
        said = ""
        while not (code := re.search(r"^  (\S{4}-\S{4})$", said, re.MULTILINE)):
            await SystemClock().sleep(0.01)
            said += capsys.readouterr().out
        assert "Send this to @hedge_bot, in a chat with it alone, within 10 minutes:" in said
        api.add([asked(1, code[1], user=501, chat=501)])
        assert await done == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Paired with x, user 501. Into {config}:\n\n[channel.telegram]\n")
    assert TOKEN not in said + told


@pytest.mark.usefixtures("logging_put_back")
def test_a_token_that_cannot_be_had_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with chdir(tmp_path):  # where there is no config yet
        assert main(["telegram", "pair", "--token", "env:NO_SUCH_TOKEN"]) == 2
        assert main(["telegram", "pair", "--token", TOKEN]) == 2
        assert main(["telegram", "pair", "--config", "none.toml"]) == 2
    told = capsys.readouterr().err
    assert "none.toml: " in told
    assert "channel.telegram.token: the environment variable NO_SUCH_TOKEN is not set" in told
    asked = '"env:NAME", "file:/path" or "credential:NAME", never the text itself'
    assert f"--token: token must be {asked}" in told
    assert TOKEN not in told
