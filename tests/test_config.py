from pathlib import Path

import pytest

from monitor.config import load_settings, parse_settings
from monitor.errors import ConfigError

CHAIN = '[chain.ethereum]\nrpc = ["env:ETH_RPC_URL"]\n'
WATCH = '[[watch]]\nchain = "ethereum"\nnft = [1]\n'

# The form the project agreed on before any of it was built.
AGREED = """
instance = "home"
[store]
url = "sqlite:///var/hedgewatch.db"
[chain.ethereum]
rpc = ["env:ETH_RPC_URL", "env:ETH_RPC_URL_2"]   # several: failover
poll_s = 12
behind = 1                                       # blocks behind the head
[[watch]]
chain = "ethereum"
wallet = "0x0000000000000000000000000000000000000000"   # or nft = [1, 2], or pool = "0x…"
[feeds]
vix = ["cboe", "yahoo"]
[rules]
enabled = ["alvh", "crypto_dvol", "lp_range", "self"]
[channel.telegram]
token = "env:TELEGRAM_TOKEN"
chat = "env:TELEGRAM_CHAT"
[channel.mqtt]
host = "127.0.0.1"
protocol = "auto"                                # 5, falling back to 3.1.1
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "my.toml")
    return [str(fault) for fault in caught.value.faults]


def test_the_agreed_form_loads_as_it_stands() -> None:
    settings = parse_settings(AGREED)
    assert settings.chain["ethereum"].rpc == ("env:ETH_RPC_URL", "env:ETH_RPC_URL_2")
    assert settings.feeds["vix"] == ("cboe", "yahoo")
    assert settings.channel.names() == ("console", "telegram", "mqtt")
    assert settings.rules.enabled == ("alvh", "crypto_dvol", "lp_range", "self")


def test_the_shipped_file_loads() -> None:
    settings = load_settings(Path(__file__).parents[1] / "config.toml")
    assert settings.watch[0].chain == "ethereum"


def test_every_fault_is_told_at_once_with_file_and_key() -> None:
    told = faults(
        'instanc = "x"\n[chain.ethereum]\nrpc = ["env:X"]\npoll = 3\npoll_s = -1\n'
        '[[watch]]\nchain = "ethereum"\n[channel.mqtt]\nport = 99999\n'
    )
    assert sorted(told) == [
        "my.toml: chain.ethereum.poll: unknown key",
        "my.toml: chain.ethereum.poll_s: Input should be greater than or equal to 0.02, was -1",
        "my.toml: channel.mqtt.host: must be given",
        "my.toml: channel.mqtt.port: Input should be less than or equal to 65535, was 99999",
        "my.toml: instanc: unknown key",
        "my.toml: watch.0: needs exactly one of wallet, nft and pool, was none",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            CHAIN + '[[watch]]\nchain = "base"\nnft = [1]\n',
            "my.toml: watch.0.chain: no [chain.base]; configured: ethereum",
            id="a watch on a chain that is not configured",
        ),
        pytest.param(
            CHAIN,
            "my.toml: watch: nothing is watched: give a [[watch]] with a wallet, nft or pool",
            id="nothing to watch",
        ),
        pytest.param(
            CHAIN + WATCH + '[feeds]\nvix = ["cbo"]\n',
            "my.toml: feeds.vix: no feed is called 'cbo'; did you mean cboe?",
            id="a feed nobody knows",
        ),
        pytest.param(
            CHAIN + WATCH + '[rules]\nmax_gap = "5"\n',
            "my.toml: rules.max_gap: '5' is not a span: write a whole number and s, m, h, d or w, "
            'as in "30m"',
            id="a span without its unit",
        ),
        pytest.param(
            '[chain.mainnet]\nrpc = ["env:X"]\n[[watch]]\nchain = "mainnet"\nnft = [1]\n',
            "my.toml: chain.mainnet: chain 'mainnet' needs chain_id; known by name are arbitrum, "
            "avalanche, base, bsc, celo, ethereum, optimism, polygon, unichain",
            id="a chain without id that has no known name",
        ),
        *(
            pytest.param(
                f'[chain.{name}]\nrpc = ["env:X"]\nchain_id = 1\nmanager = "0x{"4" * 40}"\n'
                f'[[watch]]\nchain = "{name}"\nnft = [1]\n',
                f"my.toml: chain.{name}: this name is taken by a feed or by the daemon itself",
                id=f"a chain called {name}, as something else is",
            )
            for name in ("vix", "self", "inbox")
        ),
    ],
)
def test_a_contradiction_is_one_sentence(text: str, told: str) -> None:
    assert faults(text) == [told]


def test_what_is_not_toml_says_where() -> None:
    assert faults("instance = \n") == ["my.toml: not TOML: Invalid value (at line 1, column 12)"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[chain.ethereum]\nrpc = "https://rpc.example/CANARYKEY"\n', id="rpc as text"),
        pytest.param(
            '[chain.ethereum]\nrpc = ["https://rpc.example/CANARYKEY"]\n', id="rpc in a list"
        ),
        pytest.param('[channel.telegram]\ntoken = "CANARYKEY"\nchat = 1\n', id="bot token"),
        pytest.param('[channel.telegram]\ntoken = 5\nchat = ["CANARYKEY"]\n', id="chat"),
        pytest.param(
            '[channel.mqtt]\nhost = "h"\nusername = "u"\npassword = "CANARYKEY"\n', id="password"
        ),
    ],
)
def test_a_secret_written_into_the_file_is_refused_and_never_quoted(text: str) -> None:
    assert all("CANARY" not in fault for fault in faults(text))
