"""`hedgewatch init` with somebody to ask: wrong answers, secrets, and what a Ctrl-C leaves."""

import asyncio
import os
import pty
import re
import signal
import stat
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import Any

import pytest

from monitor.cli.init import begin
from monitor.cli.init_channels import broker_at
from monitor.cli.init_watch import read_watched
from monitor.cli.parser import parser
from monitor.clock import SystemClock
from monitor.config import load_settings, secret_faults
from monitor.config.draft import read_draft
from monitor.errors import Permanent

TOKEN = "123456789:" + "AAcanary-Canary_canary-Canary_canar"
URL = "http://127.0.0.1:9/v2/canaryCanaryCanaryCanary"
WALLET = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
# Keys such as Ctrl-C reach a process only through the terminal of its session.
AT_A_TERMINAL = """
import fcntl, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever began the tests may ignore it
from monitor.cli import main
sys.exit(main())
"""
KEYS = {"Ctrl-C": b"\x03", "Ctrl-D": b"\x04"}


@dataclass
class Script:
    """Answers questions by how they begin; each answer once, in order. `-` takes the default."""

    answers: list[tuple[str, str]]
    asked: list[str] = field(default_factory=list)

    def ask(self, question: str, default: str = "") -> str:
        self.asked.append(question)
        if not self.answers:
            raise Permanent(f"nobody answers {question}")
        begins, answer = self.answers.pop(0)
        assert question.startswith(begins), (question, begins)
        return default if answer == "-" else answer

    def hidden(self, question: str, default: str = "") -> str:
        return self.ask(question, default)

    def yes(self, question: str, *, default: bool) -> bool:
        return self.ask(question, "y" if default else "n") == "y"


def converse(config: Path, *answers: tuple[str, str], flags: tuple[str, ...] = ()) -> Script:
    script = Script(list(answers))
    asked = parser().parse_args(["init", "--config", str(config), *flags])
    begin(asked, script)
    assert script.answers == []
    return script


async def test_a_conversation_with_every_slip_ends_in_a_config_that_holds(
    world: Any, events: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    made, where = world.devnet.deployment, f"{world.broker.host}:{world.broker.port}"
    await asyncio.to_thread(
        converse,
        world.config,
        ("Endpoint:", "http://127.0.0.1:9"),
        ("Keep it all the same?", "n"),
        ("Endpoint:", world.devnet.url),
        ("Another,", "-"),
        ("What to call it:", "my chain"),
        ("What to call it:", "-"),
        ("Its Uniswap v3 position manager", "0x12"),
        ("Its Uniswap v3 position manager", made.usdc),
        ("Watch:", f"{world.token_id}"),
        ("So far nothing that is watched can be read", "n"),
        ("Its Uniswap v3 position manager", "0x" + "12" * 20),
        ("Watch:", f"{world.token_id}"),
        ("So far an endpoint will not do", "n"),
        ("Its Uniswap v3 position manager", made.manager),
        ("Watch:", "my wallet"),
        ("Watch:", "0x" + "12" * 20),
        ("So far no position is there", "n"),
        ("Watch:", f"{world.owner}, {world.token_id}"),
        ("Coins", made.usdc),
        ("Enable:", "self alhv"),
        ("Enable:", "self"),
        ("MQTT broker", "127.0.0.1:x"),
        ("MQTT broker", f"mqtt://me:pass@{where}"),
        ("MQTT broker", where),
        ("Over TLS?", "-"),
        ("User name", "-"),
        ("Token,", TOKEN),
        ("Pair with it", "n"),
        ("Chat:", "owner"),
        ("Pair with it", "n"),
        ("Chat:", "7"),
        ("Your own user id", "me"),
        ("Pair with it", "n"),
        ("Chat:", "7"),
        ("Your own user id", "-"),
        ("May you tell it", "-"),
        ("Write ", "-"),
        flags=("--telegram-api", world.bot.url, "--feed", "vix=", "--feed", "dvol.eth="),
    )
    settings = load_settings(world.config)
    telegram = settings.channel.telegram
    assert telegram is not None
    assert telegram.commands is not None
    assert (telegram.chat, telegram.commands.read, telegram.commands.write) == (7, (7,), ())
    assert settings.usd.pegged == (made.usdc,)
    kept = world.folder / "secrets" / "telegram-token"
    assert telegram.token == f"file:{kept}"
    assert kept.read_text() == f"{TOKEN}\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert world.left() == {"config.toml", "secrets", "secrets/telegram-token"}
    assert len(world.bot.texts()) == 1
    assert await asyncio.wait_for(events.get(), 10)
    assert "me:pass" not in capsys.readouterr().out


async def test_a_token_that_is_refused_is_told_of_where_it_would_lie(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    world.bot.refused["getMe"] = (401, "Unauthorized")
    answers = (("Token,", TOKEN), ("Keep it all the same?", "n"), ("Token,", "-"), ("Write", "-"))
    words = (*world.chain(), "--chain", "devnet", "--nft", str(world.token_id), "--no-mqtt")
    flags = (*words, "--telegram-api", world.bot.url)
    await asyncio.to_thread(converse, world.config, *answers, flags=flags)
    said = capsys.readouterr().out
    assert "Telegram refused the token in" in said
    assert "hedgewatch-init" not in "".join(said.split())  # where it lay while it was tried
    assert world.left() == {"config.toml"}


def typed(code: str) -> dict[str, Any]:
    """Return the update Telegram hands a bot when its owner has written to it in private."""
    owner = {"id": 777, "is_bot": False, "first_name": "Ada"}
    chat = {"id": 777, "type": "private", "first_name": "Ada"}
    message = {"message_id": 1, "date": 1, "from": owner, "chat": chat, "text": code}
    return {"update_id": 1, "message": message}


async def test_an_owner_is_paired_by_a_code_and_types_no_number(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("init", "--config", world.config, *world.chain(), "--wallet", world.owner)
    more = (
        "--chain",
        "devnet",
        "--telegram-token",
        f"file:{world.folder}/token",
        "--telegram-api",
        world.bot.url,
    )
    (world.folder / "token").write_text(TOKEN)
    (world.folder / "token").chmod(0o600)
    asked = parser().parse_args([str(one) for one in (*words, *more, "--no-mqtt")])
    script = Script([("Pair with it", "-"), ("May you tell it", "y"), ("Write", "-")])
    shown = ""

    async def owner() -> None:
        nonlocal shown
        while (found := re.search(r"^  (\w{4}-\w{4})$", shown, re.MULTILINE)) is None:
            await SystemClock().sleep(0.02)
            shown += capsys.readouterr().out
        world.bot.updates.append(typed(found[1]))

    async with asyncio.TaskGroup() as group:
        group.create_task(owner(), name="owner")
        group.create_task(asyncio.to_thread(begin, asked, script), name="init")
    telegram = load_settings(world.config).channel.telegram
    assert telegram is not None
    assert telegram.commands is not None
    assert (telegram.chat, telegram.commands.read, telegram.commands.write) == (777, (777,), (777,))
    assert "paired with Ada" in capsys.readouterr().out


UNTRIED = ("--untested", "--no-mqtt", "--no-telegram", "--chain", "ethereum")


def test_an_endpoint_with_a_key_is_kept_in_a_file_of_ones_own(lone: Any) -> None:
    answers = (("Endpoint:", URL), ("Keep it in", "-"), ("Another", "-"), ("Watch:", WALLET))
    converse(lone.config, *answers, ("Enable:", "-"), ("Write", "-"), flags=UNTRIED)
    assert "canary" not in lone.config.read_text().lower()
    assert list(secret_faults(read_draft(lone.config).secrets)) == []
    assert (lone.folder / "secrets" / "rpc").read_text() == f"{URL}\n"


def test_a_secret_that_lies_there_already_is_never_written_over(lone: Any) -> None:
    kept = lone.folder / "secrets" / "rpc"
    kept.parent.mkdir()
    kept.write_text("http://127.0.0.1:9/v2/another")
    answers = (("Endpoint:", URL), ("Keep it in", "-"), ("Another", "-"), ("Watch:", WALLET))
    converse(lone.config, *answers, ("Enable:", "-"), ("Write", "-"), flags=UNTRIED)
    assert kept.read_text() == "http://127.0.0.1:9/v2/another"
    assert (kept.parent / "rpc-2").read_text() == f"{URL}\n"


def test_who_will_keep_the_key_himself_leaves_no_file(lone: Any) -> None:
    converse(
        lone.config,
        *(("Endpoint:", URL), ("Keep it in", "n"), ("Endpoint:", "env:MY_RPC"), ("Another", "-")),
        *(("Watch:", WALLET), ("Enable:", "-"), ("Write", "-")),
        flags=UNTRIED,
    )
    assert lone.left() == {"config.toml"}
    assert load_settings(lone.config).chain["ethereum"].rpc == ("env:MY_RPC",)


def test_a_credential_of_systemd_is_a_reference_and_no_secret(lone: Any) -> None:
    converse(
        lone.config,
        *(("Endpoint:", "credential:eth_rpc"), ("Another", "-"), ("Watch:", WALLET)),
        *(("Enable:", "-"), ("Write", "-")),
        flags=UNTRIED,
    )
    assert lone.left() == {"config.toml"}
    assert load_settings(lone.config).chain["ethereum"].rpc == ("credential:eth_rpc",)


@pytest.mark.parametrize(
    ("answer", "enabled"),
    [
        pytest.param("-", ("alvh", "crypto_dvol", "lp_range", "self"), id="the usual ones"),
        pytest.param(
            "+lp_crossings",
            ("alvh", "crypto_dvol", "lp_range", "self", "lp_crossings"),
            id="one beside them",
        ),
        pytest.param("self, lp_range", ("self", "lp_range"), id="these alone"),
    ],
)
def test_packs_are_named_alone_or_beside_the_usual(
    answer: str, enabled: tuple[str, ...], lone: Any
) -> None:
    answers = (("Endpoint:", "env:MY_RPC"), ("Another", "-"), ("Watch:", WALLET))
    converse(lone.config, *answers, ("Enable:", answer), ("Write", "-"), flags=UNTRIED)
    assert load_settings(lone.config).rules.enabled == enabled


def test_a_chain_nobody_knows_is_asked_again(lone: Any) -> None:
    converse(
        lone.config,
        *(("Endpoint:", "env:MY_RPC"), ("Another", "-"), ("Chain:", "etherum"), ("Chain:", "base")),
        *(("Watch:", WALLET), ("Enable:", "-"), ("Write", "-")),
        flags=("--untested", "--no-mqtt", "--no-telegram"),
    )
    assert list(load_settings(lone.config).chain) == ["base"]


def test_who_says_no_at_the_end_finds_nothing_written(lone: Any) -> None:
    answers = (("Endpoint:", URL), ("Keep it in", "-"), ("Another", "-"), ("Watch:", "1 2"))
    with pytest.raises(Permanent, match="nothing was written"):
        converse(lone.config, *answers, ("Enable:", "-"), ("Write", "n"), flags=UNTRIED)
    assert lone.left() == set()


@pytest.mark.parametrize(
    ("before", "answer", "default"),
    [
        pytest.param("instance = 'x'", "n", "n", id="one's own: no, by default"),
        pytest.param(None, "n", "y", id="the example: yes, by default"),
    ],
)
def test_a_config_that_is_there_is_asked_about(
    lone: Any, before: str | None, answer: str, default: str
) -> None:
    text = before or (Path(__file__).parents[3] / "config.toml").read_text()
    lone.config.write_text(text)
    script = Script([(str(lone.config), answer)])
    with pytest.raises(Permanent, match="nothing was written"):
        begin(parser().parse_args(["init", "--config", str(lone.config)]), script)
    assert lone.config.read_text() == text
    taken = Script([(str(lone.config), "-")])
    with pytest.raises(Permanent, match="nothing was written" if default == "n" else "Endpoint:"):
        begin(parser().parse_args(["init", "--config", str(lone.config)]), taken)


@pytest.mark.parametrize(
    ("way", "status"), [("Ctrl-C", 130), ("Ctrl-D", 1), ("SIGTERM", 130), ("SIGHUP", 130)]
)
def test_a_terminal_left_early_leaves_nothing(lone: Any, way: str, status: int) -> None:
    ours, theirs = pty.openpty()
    with (
        subprocess.Popen(
            [sys.executable, "-c", AT_A_TERMINAL, "init", *UNTRIED],
            cwd=lone.folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)
        os.close(theirs)
        said = _until(ours, b"Endpoint:")
        os.write(ours, f"{URL}\n".encode())
        said += _until(ours, b"[Y/n]")
        os.write(ours, b"\n")
        said += _until(ours, b"(Enter: none):")
        os.write(ours, b"\n")
        said += _until(ours, b"Watch:")
        assert any(one.startswith(".hedgewatch-init-") for one in lone.left())
        # Again: what comes between the prompt and the read behind it is heard after that read.
        while b"nothing was written" not in said:
            if way in KEYS:
                os.write(ours, KEYS[way])
            else:
                process.send_signal(signal.Signals[way])
            while b"nothing was written" not in said and select([ours], [], [], 0.5)[0]:
                said += os.read(ours, 4096)
        assert process.wait() == status
    os.close(ours)
    assert b"anary" not in said  # it was not shown as it was typed
    assert lone.left() == set()


def _until(terminal: int, wanted: bytes) -> bytes:
    said = b""
    while wanted not in said:
        said += os.read(terminal, 4096)
    return said


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("mq.example", "mq.example", 1883),
        ("mq.example:8883", "mq.example", 8883),
        ("[::1]:1884", "::1", 1884),
        ("::1", "::1", 1883),
    ],
)
def test_where_a_broker_is(text: str, host: str, port: int) -> None:
    assert broker_at(text) == (host, port)


def test_what_to_watch_may_be_several_of_each() -> None:
    told = read_watched(f"{WALLET.lower()}, 7 #8 pool {WALLET}")
    assert told == {"wallets": (WALLET,), "nft": (7, 8), "pools": (WALLET,)}


@pytest.mark.parametrize("text", ["", "pool", "me", "0x12", "7 pool 7", "-1", str(2**256)])
def test_what_is_nothing_to_watch_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_watched(text)
