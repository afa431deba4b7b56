"""`hedgewatch init` from the command line alone, against a real chain and a real broker."""

import asyncio
import json
import stat
import tomllib
from typing import Any

import pytest

from monitor.config import load_settings

TOKEN = "123456789:" + "AAcanary-Canary_canary-Canary_canar"
KEPT = ("--telegram-token", "env:BOT", "--telegram-chat", "7", "--telegram-user", "7")


async def heard(events: Any, topic: str) -> str:
    async with asyncio.timeout(10):
        while True:
            where, payload = await events.get()
            if where == topic:
                return str(payload)


async def test_one_command_leads_from_nothing_to_a_test_alert_in_each_channel(
    world: Any, events: Any
) -> None:
    mqtt = ("--mqtt", f"{world.broker.host}:{world.broker.port}")
    words = ("init", "--yes", *world.chain(), "--wallet", world.owner, *mqtt, *KEPT)
    told = await world.run(*words, "--telegram-api", world.bot.url, BOT=TOKEN)
    assert told.status == 0, told.out + told.err
    assert "1 position in 1 pool read" in told.out
    assert f"#{world.token_id} " in told.out
    assert "@hedge_bot reaches Owner" in " ".join(told.out.split())
    event = json.loads(await heard(events, "hedgewatch/home/event"))
    assert (event["state"], event["action"], event["title"]) == ("firing", "notify", "Test alert")
    (text,) = world.bot.texts()
    assert "Test alert" in text
    assert event["id"] in text
    assert "Watching 1 wallet on devnet" in text
    assert told.out.rstrip().splitlines()[-1].split() == [
        "hedgewatch",
        "run",
        "watch",
        "until",
        "Ctrl-C",
    ]
    settings = load_settings(world.config)
    assert settings.watch[0].wallet == world.owner
    assert world.left() == {"config.toml"}

    checked = await world.run("rules", "check", BOT=TOKEN)
    assert checked.status == 0, checked.err
    visited = await world.run("doctor", BOT=TOKEN)
    assert (visited.status, visited.out.splitlines()[-1]) == (0, "Nothing to fix."), visited.out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        pytest.param([], "give --rpc, and one of --wallet, --nft and --pool", id="nothing"),
        pytest.param(["--rpc", "env:X"], "give one of --wallet, --nft and --pool", id="no watch"),
        pytest.param(
            ["--rpc", "env:X", "--nft", "1", "--telegram-token", "env:T"],
            "give --telegram-chat", id="a bot without a chat",
        ),
        pytest.param(
            ["--rpc", "https://rpc.example/v2/canaryCanarycanary", "--nft", "1"],
            "--rpc takes env:NAME, file:/path", id="a URL that may hold a key",
        ),
        pytest.param(
            ["--rpc", "env:NOT_SET_ANYWHERE", "--nft", "1"],
            "--rpc: the environment variable NOT_SET_ANYWHERE is not set", id="a secret not there",
        ),
        pytest.param(
            ["--untested", "--rpc", "env:X", "--wallet", "0x12"],
            "--wallet, --nft, --pool: an address is 0x and 40", id="a wallet that is none",
        ),
        pytest.param(
            ["--untested", "--rpc", "env:X", "--nft", "-3"],
            "--wallet, --nft, --pool: token ids are whole numbers", id="an id that is none",
        ),
        pytest.param(
            ["--untested", "--rpc", "env:X", "--nft", "1", "--packs", "alhv"],
            "--packs: there is no pack 'alhv'; did you mean alvh?", id="a pack mistyped",
        ),
        pytest.param(
            ["--untested", "--rpc", "env:X", "--nft", "1", "--chain", "mars"],
            "chain 'mars' is not known by name: give --chain-id and --manager", id="a chain",
        ),
        pytest.param(
            ["--untested", "--rpc", "env:X", "--nft", "1", "--mqtt", "h:x"],
            "--mqtt: a broker is host or host:port, was 'h:x'", id="a broker's port",
        ),
        pytest.param(
            ["--untested", "--rpc", "env:X", "--nft", "1", "--mqtt", "h", "--mqtt-user", "u",
             "--mqtt-password", "canary"],
            "password must be", id="a password itself",
        ),
        pytest.param(
            ["--untested", "--rpc", "env:X", "--nft", "1", "--telegram-token", TOKEN,
             "--telegram-chat", "7"], "token must be", id="a token itself",
        ),
        pytest.param(
            ["--untested", "--rpc", "env:X", "--nft", "1", "--instance", "my home"],
            "letters, digits, - and _ only", id="an instance",
        ),
        pytest.param(
            ["--untested", "--rpc", "env:X", "--nft", "1", "--config", "no/such/c.toml"],
            "--config: there is no folder no/such", id="a folder that is not there",
        ),
        pytest.param(
            ["--untested", "--rpc", "env:X", "--nft", "1", "--feed", "vix=cbeo"],
            "--feed: feeds.vix", id="a provider mistyped",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_written(
    words: list[str], reason: str, lone: Any, run: Any
) -> None:
    told = run("init", "--yes", "--config", lone.config, *words)
    assert told.status == 2
    assert reason in told.err
    assert len(told.err.splitlines()) == 1
    assert "canary" not in told.err.lower()
    assert lone.left() == set()


def test_a_coin_that_is_one_dollar_is_written_untried_too(lone: Any, run: Any) -> None:
    usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
    words = ("--untested", "--rpc", "env:X", "--chain", "ethereum", "--nft", "1")
    run("init", "--yes", "--config", lone.config, *words, "--pegged", usdc)
    assert tomllib.loads(lone.config.read_text())["usd"]["pegged"] == [usdc]


def test_a_folder_that_takes_no_file_is_told_in_a_sentence(run: Any) -> None:
    words = ("--untested", "--rpc", "env:X", "--nft", "1", "--config", "/proc/config.toml")
    told = run("init", "--yes", *words)
    assert told.err == "hedgewatch: no file can be made in /proc: No such file or directory\n"
    assert told.status == 1


def test_a_config_that_cannot_be_read_is_told_in_a_sentence(run: Any) -> None:
    words = ("--untested", "--rpc", "env:X", "--nft", "1", "--config", "/proc/self/mem")
    told = run("init", "--yes", "--force", *words)
    assert told.err.startswith("hedgewatch: ")
    assert (told.status, len(told.err.splitlines())) == (1, 1)


def test_a_chain_is_called_by_the_id_that_is_given(lone: Any, run: Any) -> None:
    words = ("init", "--yes", "--untested", "--rpc", "env:X", "--nft", "1", "--chain-id", "42161")
    assert run(*words, "--config", lone.config).status == 0
    assert list(load_settings(lone.config).chain) == ["arbitrum"]


async def test_a_manager_that_is_none_is_not_written(world: Any) -> None:
    words = [one for one in world.chain() if one != world.devnet.deployment.manager]
    words.insert(words.index("--manager") + 1, world.devnet.deployment.usdc)
    told = await world.run("init", "--yes", *words, "--nft", str(world.token_id))
    assert (told.status, world.left()) == (1, set())
    assert "nothing that is watched can be read" in told.err


def test_a_config_that_is_there_is_kept_unless_that_was_asked_for(lone: Any, run: Any) -> None:
    words = ("init", "--yes", "--untested", "--config", lone.config, "--rpc", "env:X", "--nft")
    assert run(*words, "1").status == 0
    first = lone.config.read_text()
    told = run(*words, "2")
    there, kept = f"{lone.config} is there", f"{lone.config}.old"
    assert told.err == f"init: {there}: --force writes over it and keeps it as {kept}\n"
    assert told.status == 2
    assert lone.config.read_text() == first
    for number in ("2", "3"):
        assert run(*words, number, "--force").status == 0
    assert (lone.folder / "config.toml.old").read_text() == first
    assert "nft = [2]" in (lone.folder / "config.toml.old.2").read_text()
    assert "nft = [3]" in lone.config.read_text()


async def test_what_does_not_answer_is_not_written_without_a_word(world: Any) -> None:
    await world.broker.stop()
    where = f"{world.broker.host}:{world.broker.port}"
    words = ("init", "--yes", *world.chain(), "--wallet", world.owner, "--mqtt", where)
    told = await world.run(*words)
    assert told.status == 1
    assert "fix   mqtt  the MQTT broker at" in told.out
    assert "--untested to write it all the same" in told.err
    assert world.left() == set()
    assert (await world.run(*words, "--untested", "--chain-id", "31337")).status == 0
    assert world.left() == {"config.toml"}


async def test_a_wallet_without_a_position_is_told(world: Any) -> None:
    nobody = "0x" + "12" * 20
    told = await world.run("init", "--yes", *world.chain(), "--wallet", nobody)
    assert (told.status, world.left()) == (1, set())
    assert "no position is there" in told.err


async def test_a_chat_that_takes_no_message_is_told(world: Any) -> None:
    world.bot.refused["getChat"] = (400, "Bad Request: chat not found")
    words = ("init", "--yes", *world.chain(), "--wallet", world.owner, *KEPT)
    told = await world.run(*words, "--telegram-api", world.bot.url, BOT=TOKEN)
    assert (told.status, world.left()) == (1, set())
    assert "Chat not found: is channel.telegram.chat the right" in told.out


async def test_a_test_alert_that_is_refused_is_told_and_the_config_stays(world: Any) -> None:
    world.bot.refused["sendMessage"] = (403, "Forbidden: bot was blocked by the user")
    words = ("init", "--yes", *world.chain(), "--wallet", world.owner, *KEPT)
    told = await world.run(*words, "--telegram-api", world.bot.url, BOT=TOKEN)
    assert (told.status, world.left()) == (1, {"config.toml"})
    assert "blocked by the user" in " ".join(told.out.split())


def test_the_config_holds_no_secret_and_anybody_may_read_it(lone: Any, run: Any) -> None:
    (lone.folder / "key").write_text(TOKEN)
    (lone.folder / "key").chmod(0o600)
    told = run(
        *("init", "--yes", "--untested", "--config", lone.config),
        *("--rpc", f"file:{lone.folder}/key", "--nft", "1"),
        *("--mqtt", "127.0.0.1", "--mqtt-user", "u", "--mqtt-password", f"file:{lone.folder}/key"),
    )
    assert told.status == 0, told.err
    assert "canary" not in lone.config.read_text().lower()
    assert lone.config.stat().st_mode & stat.S_IROTH
