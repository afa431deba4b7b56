from contextlib import suppress
from pathlib import Path

import pytest

from monitor.config import load_settings, parse_settings
from monitor.errors import ConfigError
from monitor.store.opening import FORM

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

NPM = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"
ENTRY = '[[entry]]\nposition = "1:{}:1"\namount0 = "1"\namount1 = "2"\n'


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


def test_a_relative_store_lies_beside_the_file_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "config.toml"
    file.parent.mkdir()
    for given, found in (
        ("sqlite:///var/x.db", f"sqlite:///{tmp_path}/elsewhere/var/x.db"),
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
    ):
        file.write_text(f'[store]\nurl = "{given}"\n{CHAIN}{WATCH}')
        assert load_settings(file).store.url == found
    file.write_text(CHAIN + WATCH)
    assert load_settings(file).store.url == f"sqlite:///{tmp_path}/elsewhere/var/hedgewatch.db"


def test_other_relative_paths_lie_there_too(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for given, found in (("x", f"{tmp_path}/x"), ("/srv/x", "/srv/x")):
        file.write_text(f'{CHAIN}{WATCH}[rules]\nfolder = "{given}"\n[clock]\nscenario = "{given}"')
        settings = load_settings(file)
        assert (settings.rules.folder, settings.clock.scenario) == (found, found)


def test_an_id_that_no_token_can_bear_is_told_with_what_it_was() -> None:
    ids = "token ids are whole numbers from 0 to 2^256 − 1"
    assert faults(CHAIN + WATCH.replace("[1]", "[-7]")) == [
        f"my.toml: watch.0.nft.0: {ids}, was -7"
    ]
    told = faults(CHAIN + WATCH.replace("[1]", f"[{2**256}]"))
    assert told == [f"my.toml: watch.0.nft.0: {ids}, was {2**256}"]
    assert "not TOML: " in faults(CHAIN + WATCH.replace("[1]", f"[{'9' * 5_000}]"))[0]


def test_several_chains_protocols_and_stakers_load_in_one_file() -> None:
    address = "0x" + "4" * 40
    settings = parse_settings(f"""
[chain.base]
rpc = ["env:BASE"]
[chain.mine]
rpc = ["env:MINE"]
chain_id = 5
managers = {{ slipstream = "{address}" }}
[[watch]]
chain = "base"
protocol = "pancakeswap_v3"
wallet = "{address}"
[[watch]]
chain = "mine"
protocol = "slipstream"
wallet = "{address}"
stakers = ["{address}"]
""")
    assert settings.chain["mine"].managers == {"slipstream": address}
    assert [one.stakers for one in settings.watch] == [(), (address,)]


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
        "my.toml: chain.ethereum.poll_s: must be greater than or equal to 0.02, was -1",
        "my.toml: channel.mqtt.host: must be given",
        "my.toml: channel.mqtt.port: must be less than or equal to 65535, was 99999",
        "my.toml: instanc: unknown key; did you mean instance?",
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
            CHAIN + '[[watch]]\nchain = "ethereum"\nnft = [1]\nprotocol = "slipstream"\n',
            "my.toml: watch.0.protocol: no position manager of slipstream is known on ethereum, "
            "which has uniswap_v3, pancakeswap_v3, uniswap_v4: "
            'give [chain.ethereum] managers = { slipstream = "0x…" }',
            id="a protocol that is not on its chain",
        ),
        pytest.param(
            CHAIN
            + 'managers = { pancakeswap_v3 = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88" }\n'
            + WATCH,
            "my.toml: chain.ethereum: chain 'ethereum' names one position manager for two "
            "protocols",
            id="one manager under two names",
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
            CHAIN + WATCH + '[store]\nurl = "mysql://me:secret@db/x"\n',
            f"my.toml: store.url: is no store: {FORM}",
            id="a store of another kind, which is not quoted",
        ),
        pytest.param(
            CHAIN + WATCH + ENTRY.format(NPM) + ENTRY.format(NPM.lower()),
            f"my.toml: entry.1.position: 1:{NPM}:1 has another [[entry]] already",
            id="two entries of one position, in another case",
        ),
        pytest.param(
            CHAIN + '[[watch]]\nchain = "ethereum"\nnft = [true]\n',
            "my.toml: watch.0.nft.0: must be a whole number, was True",
            id="a truth where a token id belongs",
        ),
        pytest.param(
            CHAIN + '[[watch]]\nchain = "ethereum"\nnft = [1, 1]\n',
            "my.toml: watch.0: the same nft stands there twice",
            id="a token id twice",
        ),
        pytest.param(
            CHAIN + WATCH + '[channel.mqtt]\nhost = ""\n',
            "my.toml: channel.mqtt.host: must not be empty, was ''",
            id="a broker without a name",
        ),
        pytest.param(
            CHAIN + WATCH + f'[chain.mine]\nrpc = ["env:X"]\nchain_id = 1\nmanager = "{NPM}"\n',
            "my.toml: chain.mine: is chain 1, as [chain.ethereum] is already",
            id="one chain under two names",
        ),
        pytest.param(
            CHAIN + WATCH + '[rules]\nmax_gap = "0s"\n',
            "my.toml: rules.max_gap: must be above 0",
            id="no time at all",
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
            "avalanche, base, bsc, celo, ethereum, optimism, polygon, unichain, zksync",
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            CHAIN + "timeout_z = 3\ntimeout_s = 3\n" + WATCH,
            "chain.ethereum.timeout_z: unknown key",
            id="given",
        ),
        pytest.param(
            CHAIN + "pol_s = 3\n" + WATCH,
            "chain.ethereum.pol_s: unknown key; did you mean poll_s?",
            id="in a table under a name",
        ),
        pytest.param(
            CHAIN + WATCH + 'walet = "x"\n',
            "watch.0.walet: unknown key; did you mean wallet?",
            id="in a row",
        ),
        pytest.param(
            CHAIN + WATCH + '[channel.mqtt]\nhost = "h"\ntls = { crt = "x" }\n',
            "channel.mqtt.tls.crt: unknown key; did you mean cert?",
            id="in a table that may be true instead",
        ),
        pytest.param(
            CHAIN + WATCH + "[feed.manual.values.vix]\nval = 1\nas_of = 2020-02-14\n",
            "feed.manual.values.vix.val: unknown key; did you mean value?",
            id="in a table within a table",
        ),
        pytest.param(CHAIN + WATCH + "[zebra]\n", "zebra: unknown key", id="like no other"),
    ],
)
def test_an_unknown_key_is_told_with_the_key_probably_meant(text: str, told: str) -> None:
    assert f"my.toml: {told}" in faults(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[chain.ethereum]\nbehind = true", "behind: must be a whole number, was True"),
        ("[chain.ethereum]\nbehind = 1.5", "behind: must be a whole number, was 1.5"),
        ('[chain.ethereum]\npoll_s = "12"', "poll_s: must be a number, was '12'"),
        ("[chain.ethereum]\nagree_grace_s = true", "agree_grace_s: must be a number, was True"),
        ('[channel.mqtt]\nport = "1883"', "port: must be a whole number, was '1883'"),
        ("[channel.mqtt]\ntimeout_s = true", "timeout_s: must be a number, was True"),
        ("[channel.telegram]\nchat = true", "chat: must be a number, @channel or a reference"),
        ('[feed.cboe]\npoll_s = "60"', "poll_s: must be a number, was '60'"),
        ("[feed.manual.values.vix]\nvalue = true", "value: must be a number, was True"),
    ],
)
def test_a_truth_or_a_text_is_no_number(text: str, told: str) -> None:
    table = text.partition("]")[0].removeprefix("[")
    assert f"my.toml: {table}.{told}" in faults(text)


def test_what_is_of_the_wrong_form_does_not_hide_what_is_contradictory() -> None:
    told = faults(
        '[chain.ethereum]\nrpc = ["env:X"]\npoll_s = "often"\n'
        '[[watch]]\nchain = "ethereum"\nnft = ["one"]\n'
        '[[watch]]\nchain = "base"\nnft = [1]\n'
        '[[watch]]\nchain = "ethereum"\nnft = [1]\nnft_id = 2\npool = "0x' + "1" * 40 + '"\n'
        '[feeds]\nvix = ["cbo"]\n[rules]\nmax_gap = "5"\n'
    )
    assert [fault.removeprefix("my.toml: ").partition(":")[0] for fault in told] == [
        "chain.ethereum.poll_s",
        "watch.0.nft.0",
        "watch.2.nft_id",
        "watch.2",
        "watch.1.chain",
        "feeds.vix",
        "rules.max_gap",
    ]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        pytest.param(
            "[chain.ethereum]\npoll_s = 3\n" + WATCH,
            ["chain.ethereum.rpc"],
            id="a watch on a chain that is there but faulty",
        ),
        pytest.param(
            CHAIN + WATCH + '[channel.mqtt]\nhots = "h"\n',
            ["channel.mqtt.hots"],
            id="a key that must be given, mistyped",
        ),
        pytest.param(
            CHAIN.replace("chain", "chian") + WATCH, ["chian"], id="a watch where chain is mistyped"
        ),
        pytest.param(
            CHAIN + WATCH.replace("watch", "wacth"), ["wacth"], id="nothing watched but by a slip"
        ),
        pytest.param(
            CHAIN + '[[watch]]\nchain = "ethereum"\nwalet = "x"\n',
            ["watch.0.walet"],
            id="a row without what its mistyped key gives",
        ),
        pytest.param(
            CHAIN + WATCH + '[channel.mqtt]\nhost = "h"\nusername = 5\npassword = "env:P"\n',
            ["channel.mqtt.username"],
            id="a password without the username that is faulty",
        ),
        pytest.param(
            '[chain.x]\nrpc = ["env:X"]\nchain_id = "one"\n[[watch]]\nchain = "x"\nnft = [1]\n'
            f'[[entry]]\nposition = "1:0x{"1" * 40}:1"\namount0 = "1"\namount1 = "1"\n',
            ["chain.x.chain_id"],
            id="an entry on a chain whose number is faulty",
        ),
    ],
)
def test_what_is_faulty_is_not_called_absent(text: str, keys: list[str]) -> None:
    told = [fault.removeprefix("my.toml: ").partition(":")[0] for fault in faults(text)]
    assert told == keys


def test_the_rows_that_are_sound_keep_their_numbers() -> None:
    row = '[[entry]]\nposition = "1:0x{}:1"\namount0 = "{}"\namount1 = "1"\n'
    text = CHAIN + WATCH + row.format("1" * 40, "x") + row.format("2" * 40, "1")
    where = [fault.removeprefix("my.toml: ").partition(":")[0] for fault in faults(text)]
    assert where == ["entry.0.amount0", "entry.1.position"]


def test_what_shows_only_once_a_row_is_left_out_is_told_of_its_own_row() -> None:
    both = f'nft = [1]\nodd = 2\npool = "0x{"1" * 40}"\n'
    text = CHAIN + '[[watch]]\nchain = "ethereum"\n' + f'[[watch]]\nchain = "ethereum"\n{both}'
    told = "needs exactly one of wallet, nft and pool, was"
    assert faults(text) == [
        f"my.toml: watch.0: {told} none",
        "my.toml: watch.1.odd: unknown key",
        f"my.toml: watch.1: {told} nft and pool",
    ]


ODD = ("5", '"env:X"', "true", "[]", "[1, 'a']", "{}", "{ a = 1 }", "2020-02-14", "nan")
PLACES = (
    *("chain", "chain.ethereum", "chain.ethereum.rpc", "chain.bool", "watch", "entry", "usd"),
    *("usd.pegged", "feeds", "feeds.vix", "feed", "feed.manual", "feed.manual.values"),
    *("feed.manual.values.vix", "rules", "rules.enabled", "rules.folder", "channel"),
    *("channel.mqtt", "channel.mqtt.tls", "channel.telegram", "channel.telegram.chat", "clock"),
    *("channel.mqtt.tls.key", "store.url", "instance", "bool", "watch.nft"),
)


@pytest.mark.parametrize("place", PLACES)
def test_whatever_stands_anywhere_is_read_or_told(place: str) -> None:
    for odd in ODD:
        with suppress(ConfigError):
            parse_settings(f"{place} = {odd}\n")
        told = faults(f"instance = 5\n{place} = {odd}\n" if place != "instance" else "watch = 5")
        assert all(fault.startswith("my.toml: ") for fault in told)


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
        pytest.param('[channel]\ntelegram = "CANARYKEY"\n', id="text instead of a table"),
        pytest.param('[chain]\nethereum = "CANARYKEY"\n', id="text instead of a chain"),
        pytest.param('channel = "CANARYKEY"\n', id="text instead of every table"),
        pytest.param('[channel.telegram]\ntokn = "CANARYKEY"\n', id="under a mistyped key"),
        pytest.param('[channel.telegram]\ntoken = 5\nchat = ["CANARYKEY"]\n', id="chat"),
        pytest.param(
            '[channel.mqtt]\nhost = "h"\nusername = "u"\npassword = "CANARYKEY"\n', id="password"
        ),
    ],
)
def test_a_secret_written_into_the_file_is_refused_and_never_quoted(text: str) -> None:
    assert all("CANARY" not in fault for fault in faults(text))
