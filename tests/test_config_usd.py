"""`[usd]` in config.toml: what prices a token, and what is told of what cannot."""

import pytest

from monitor.config import parse_settings
from monitor.errors import ConfigError

CHAIN = '[chain.ethereum]\nrpc = ["env:ETH_RPC_URL"]\n'
WATCH = '[[watch]]\nchain = "ethereum"\nnft = [1]\n'
TOKEN = "0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0"
FEED = f'[[usd.feed]]\nchain = "ethereum"\ntoken = "{TOKEN}"\n'
PROXY = "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419"


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "my.toml")
    return [str(one) for one in caught.value.faults]


def test_a_token_s_feeds_are_one_or_several() -> None:
    usd = parse_settings(
        CHAIN
        + WATCH
        + "[usd]\nchainlink = true\n"
        + FEED
        + 'feed = ["STETH/ETH", "ETH/USD"]\nheartbeat_s = [86400, 3600]\n'
        + FEED.replace(TOKEN, PROXY)
        + f'feed = "{PROXY}"\nheartbeat_s = 900\n'
        + f'[usd.sequencer]\nethereum = "{PROXY}"\n'
    ).usd
    assert usd.feed[0].feed == ("STETH/ETH", "ETH/USD")
    assert (usd.feed[1].feed, usd.feed[1].heartbeat_s) == ((PROXY,), (900,))
    assert usd.sequencer == {"ethereum": PROXY}
    assert parse_settings(CHAIN + WATCH).usd.chainlink, "feeds are read unless said otherwise"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            FEED + 'feed = "DOGE/USD"\n',
            "usd.feed.0.feed: no feed 'DOGE/USD' is known on this chain; known are ARB/USD, ",
            id="a name nobody knows",
        ),
        pytest.param(
            FEED.replace('"ethereum"', '"etherium"') + 'feed = "ETH/USD"\n',
            "usd.feed.0.chain: no [chain.etherium]; configured: ethereum",
            id="a chain nobody configured",
        ),
        pytest.param(
            FEED + f'feed = "{PROXY}"\n',
            "usd.feed.0: heartbeat_s: must be given",
            id="no heartbeat",
        ),
        pytest.param(
            2 * (FEED + 'feed = "ETH/USD"\n'), f"usd.feed.1.token: {TOKEN} of ethereum", id="twice"
        ),
        pytest.param(
            f'[usd.sequencer]\nbase = "{PROXY}"\n',
            "usd.sequencer.base: no [chain.base]; configured: ethereum",
            id="the sequencer of a chain nobody configured",
        ),
        pytest.param(FEED + 'fed = "ETH/USD"\n', "usd.feed.0.fed: unknown key", id="a slip"),
        pytest.param(
            "[usd]\nchainlink = false\n" + FEED + 'feed = "ETH/USD"\n',
            "usd.feed.0: no feed is read while usd.chainlink is false",
            id="a feed that nothing reads",
        ),
        pytest.param(
            '[usd]\npegged = ["USDC"]\n',
            "usd.pegged.0: an address is 0x and 40 hexadecimal digits",
            id="a peg by its name",
        ),
        pytest.param(
            f'[usd]\npegged = ["{TOKEN.replace("f", "F")}"]\n',
            "usd.pegged.0: the address fails its EIP-55 checksum",
            id="a peg with a slip",
        ),
    ],
)
def test_what_cannot_price_anything_is_told_with_its_place(text: str, told: str) -> None:
    found = faults(CHAIN + WATCH + text)
    assert any(one.startswith(f"my.toml: {told}") for one in found), found


def test_a_faulty_feed_leaves_the_places_of_those_after_it_as_they_are() -> None:
    text = FEED + 'fed = "ETH/USD"\n' + FEED + 'feed = "DOGE/USD"\n'
    assert any("usd.feed.1.feed: no feed 'DOGE/USD'" in one for one in faults(CHAIN + WATCH + text))


@pytest.mark.parametrize(
    "place", ["feed", "feed.0", "sequencer", "sequencer.ethereum", "chainlink"]
)
def test_whatever_stands_in_usd_is_read_or_told(place: str) -> None:
    for odd in (
        "5",
        '"x"',
        "true",
        "[]",
        "[1]",
        "[{}]",
        "{}",
        "{ a = 1 }",
        "nan",
        "[{ feed = 1 }]",
    ):
        told = faults(f"instance = 5\n[usd]\n{place} = {odd}\nchainlink = 7\n")
        assert all(fault.startswith("my.toml: ") for fault in told)
