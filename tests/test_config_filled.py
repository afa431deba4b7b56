"""An owner's answers in the shipped config: each is read back, and every comment stays."""

from dataclasses import replace

import pytest

from monitor.config import Settings, parse_settings
from monitor.config.filled import MqttPlan, Plan, TelegramPlan, filled
from monitor.shipped import example_config

WALLET = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
LEAST = Plan(rpc=("env:ETH_RPC_URL",), wallets=(WALLET,))


def read(plan: Plan) -> Settings:
    return parse_settings(filled(example_config(), plan))


def test_the_least_plan_is_the_example_with_its_wallet() -> None:
    shipped = example_config().splitlines()
    made = filled(example_config(), LEAST).splitlines()
    other = [(a, b) for a, b in zip(shipped, made, strict=True) if a != b]
    assert [b.split()[:3] for _, b in other] == [["wallet", "=", f'"{WALLET}"']]


def test_a_chain_of_ones_own_and_several_things_to_watch() -> None:
    settings = read(
        Plan(
            instance="cellar",
            chain="devnet",
            rpc=("http://127.0.0.1:8545", "file:/etc/hedgewatch/rpc"),
            chain_id=31_337,
            manager="0xC36442b4a4522E871399CD717aBDD847Ab11FE88",
            wallets=(WALLET,),
            nft=(7, 2**200),
            pools=(USDC,),
            pegged=(USDC,),
            feeds={"vix": ("cboe", "yahoo"), "dvol.eth": (), "vvix": ("cboe",)},
            packs=("lp_range", "self"),
        )
    )
    (chain,) = settings.chain.items()
    assert settings.instance == "cellar"
    assert (chain[0], chain[1].chain_id) == ("devnet", 31_337)
    assert chain[1].rpc == ("http://127.0.0.1:8545", "file:/etc/hedgewatch/rpc")
    told = [(one.wallet, one.nft, one.pool) for one in settings.watch]
    assert told == [(WALLET, (), None), (None, (7, 2**200), None), (None, (), USDC)]
    assert settings.usd.pegged == (USDC,)
    assert settings.rules.enabled == ("lp_range", "self")
    assert settings.feeds["vix"] == ("cboe", "yahoo")
    assert (settings.feeds["dvol.eth"], settings.feeds["vvix"]) == ((), ("cboe",))


def test_channels_take_the_place_of_their_examples() -> None:
    mqtt = MqttPlan(host="mq.example", port=8883, username="u", password="env:MQ", tls=True)
    telegram = TelegramPlan(token="env:T", chat=-100, users=(7, 8), tells=True)
    settings = read(replace(LEAST, mqtt=mqtt, telegram=telegram))
    broker, bot = settings.channel.mqtt, settings.channel.telegram
    assert broker is not None
    assert (broker.host, broker.port, broker.username) == ("mq.example", 8883, "u")
    assert (broker.password, broker.tls) == ("env:MQ", True)
    assert bot is not None
    assert bot.commands is not None
    assert (bot.token, bot.chat, bot.commands.heard) == ("env:T", -100, {7, 8})


@pytest.mark.parametrize(("tells", "may"), [(False, ()), (True, (7,))])
def test_who_may_ask_may_tell_of_trades_only_where_that_was_said(
    tells: bool, may: tuple[int, ...]
) -> None:
    settings = read(
        replace(LEAST, telegram=TelegramPlan(token="env:T", chat=7, users=(7,), tells=tells))
    )
    assert settings.channel.telegram is not None
    assert settings.channel.telegram.commands is not None
    assert settings.channel.telegram.commands.write == may


@pytest.mark.parametrize("odd", ['a"b', "a\\b", "tab\there", "ünï", "]"])
def test_what_a_text_holds_cannot_leave_its_quotes(odd: str) -> None:
    settings = read(replace(LEAST, mqtt=MqttPlan(host=odd)))
    assert settings.channel.mqtt is not None
    assert settings.channel.mqtt.host == odd


def test_every_comment_of_the_example_stays() -> None:
    mqtt, telegram = MqttPlan(host="h"), TelegramPlan(token="env:T", chat=7, users=(7,), tells=True)
    made = filled(example_config(), replace(LEAST, mqtt=mqtt, telegram=telegram))
    for line in example_config().splitlines():
        words = line.removeprefix("# ")
        if line.startswith("# ") and " = " not in words and not words.startswith("["):
            assert line in made.splitlines()
