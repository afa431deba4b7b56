"""What `[feeds]` and `[feed.NAME]` get wrong, told in one sentence each."""

import pytest

from monitor.config import parse_settings
from monitor.errors import ConfigError

REST = '[chain.ethereum]\nrpc = ["http://127.0.0.1:9"]\n[[watch]]\nchain = "ethereum"\nnft = [1]\n'


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_settings(REST + text, "my.toml")
    return [str(fault).removeprefix("my.toml: ") for fault in caught.value.faults]


@pytest.mark.parametrize("name", ["bls", "releases", "fred"])
@pytest.mark.parametrize("key", ['"CANARYKEY1234567890"', '"env: CANARYKEY"', '["CANARYKEY"]'])
def test_a_key_written_into_the_file_is_refused_and_never_quoted(name: str, key: str) -> None:
    assert faults(f"[feed.{name}]\nkey = {key}\n") == [
        f'feed.{name}.key: must be "env:NAME", "file:/path" or "credential:NAME"'
    ]


def test_a_key_that_cannot_be_read_is_not_missed_besides() -> None:
    text = '[feeds]\n"calendar.ppi" = ["releases"]\n[feed.releases]\nkey = "CANARYKEY"\n'
    assert faults(text) == [
        'feed.releases.key: must be "env:NAME", "file:/path" or "credential:NAME"'
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            'dvol.eth = ["deribit"]',
            'feeds.dvol: a name with a dot in it is written in quotes: "dvol.eth" = […]',
            id="a name that is not quoted",
        ),
        pytest.param(
            'vix = "cboe"',
            'feeds.vix: must be a list of feeds, also where it is one: ["cboe"]',
            id="a text for a list",
        ),
        pytest.param(
            "vix = 5",
            "feeds.vix: must be a list of feeds, also where it is one: […]",
            id="a number for a list",
        ),
        pytest.param(
            '"vol.term" = ["cboe"]',
            "feeds.vol.term: vol.term is worked out here and has no feed",
            id="what is worked out here",
        ),
        pytest.param(
            '"aave.supply" = ["cboe"]',
            "feeds.aave.supply: aave.supply is read on chain and has no feed",
            id="what a chain tells",
        ),
        pytest.param(
            '"equity.pe" = ["manual"]',
            'feeds.equity.pe: no value is typed: [feed.manual.values] "equity.pe"',
            id="a typed value that nobody typed",
        ),
        pytest.param(
            '"calendar.ppi" = ["releases"]',
            "feeds.calendar.ppi: releases gives calendar.ppi with a key only: [feed.releases] key",
            id="what needs a key",
        ),
    ],
)
def test_an_order_that_is_wrong_says_what_to_write(text: str, fault: str) -> None:
    assert faults(f"[feeds]\n{text}\n") == [fault]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            '[feed.ccxt.names]\nexchang = "okx"\n',
            ["feed.ccxt.names.exchang: unknown name; ccxt knows exchange"],
            id="ccxt",
        ),
        pytest.param(
            '[feed.defillama.names]\nprotocl = "aave"\n',
            ["feed.defillama.names.protocl: unknown name; defillama knows protocol"],
            id="defillama",
        ),
        pytest.param(
            '[feed.manual.values]\n"rates.risk_free" = { value = 4.2, as_of = 2026-11-20 }\n',
            [
                (
                    "feed.manual.values.rates.risk_free.value: is above -0.2 and up to 1, was 4.2;"
                    " 4.2 % is 0.042"
                )
            ],
            id="a percentage typed as a fraction",
        ),
    ],
)
def test_a_table_that_is_wrong_says_what_to_write(text: str, told: list[str]) -> None:
    assert faults(text) == told


def test_names_that_a_provider_knows_or_a_person_makes_up_are_taken() -> None:
    parse_settings(
        f'{REST}[feed.ccxt.names]\nexchange = "okx"\n[feed.defillama.names]\nprotocol = "aave"\n'
        '[feed.coingecko.names]\ntoken = "uniswap"\n'
    )
