"""What config may say of chains, watches and entries, and how it is refused."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import is_checksum_address
from pydantic import TypeAdapter, ValidationError

from monitor.chain.facts import quote_of
from monitor.chain.pacing import Allowance
from monitor.chain.reader import allowance
from monitor.chain.registry import KNOWN, MULTICALL3, settle
from monitor.chain.settings import (
    QUOTES,
    ChainSettings,
    EntrySettings,
    WatchSettings,
    checked_address,
    rpc_url,
)
from monitor.logs import Secret
from monitor.model.pool import Token
from monitor.rules.surroundings import CHAIN_MAX_AGE

CHAIN: TypeAdapter[ChainSettings] = TypeAdapter(ChainSettings)
WATCH: TypeAdapter[WatchSettings] = TypeAdapter(WatchSettings)
ENTRY: TypeAdapter[EntrySettings] = TypeAdapter(EntrySettings)
# EIP-55's own test cases.
EIP_55 = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
NPM = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"
IDS = "token ids are whole numbers from 0 to 2^256 − 1"


@pytest.mark.parametrize("address", EIP_55)
def test_an_address_keeps_its_checksum_or_gets_one(address: str) -> None:
    assert checked_address(address) == address
    assert checked_address(address.lower()) == address
    swapped = address[:-1].swapcase().replace("X", "x") + address[-1]
    with pytest.raises(ValueError, match="EIP-55"):
        checked_address(swapped)


def only_message(adapter: TypeAdapter[Any], raw: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(raw)
    (told,) = caught.value.errors(include_url=False)
    return ".".join(str(part) for part in told["loc"]), told["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("adapter", "raw", "where", "reason"),
    [
        pytest.param(CHAIN, {"rpc": []}, "rpc", "needs at least one endpoint", id="no endpoint"),
        pytest.param(
            CHAIN,
            {"rpc": ["env:A", "https://eth.example/v2/0123456789abcdef"]},
            "rpc",
            'entry 1: only a loopback URL may stand here: keep others in "env:NAME"',
            id="a URL of another machine",
        ),
        pytest.param(
            CHAIN,
            {"rpc": ["http://127.0.0.1:8545/v2/0123456789abcdef"]},
            "rpc",
            'entry 0: a URL with a user, a path or a query may hold a key: use "env:NAME"',
            id="a loopback URL with a path",
        ),
        pytest.param(
            CHAIN,
            {"rpc": ["http://me:secret@localhost:8545"]},
            "rpc",
            'entry 0: a URL with a user, a path or a query may hold a key: use "env:NAME"',
            id="a loopback URL with a password",
        ),
        pytest.param(
            CHAIN, {"rpc": ["env:"]}, "rpc", "entry 0: only a loopback URL", id="env: alone"
        ),
        pytest.param(
            CHAIN, {"rpc": ["env:A", "env:A"]}, "rpc", "the same endpoint", id="an endpoint twice"
        ),
        pytest.param(
            CHAIN,
            {"rpc": ["env:A"], "agree": True},
            "",
            "agree = true needs a second endpoint in rpc",
            id="agreement of one",
        ),
        *(
            pytest.param(
                CHAIN,
                {"rpc": ["env:A", "env:B"], key: 241},
                key,
                "must be at most 240: a chain that shows no block for 5 minutes counts as blind",
                id=f"{key} so long that the chain seems blind",
            )
            for key in ("poll_s", "agree_grace_s")
        ),
        pytest.param(
            CHAIN,
            {"rpc": ["env:A", "env:B"], "agree": True, "poll_s": 60, "agree_grace_s": 181},
            "",
            "with agree, 2 × poll_s + agree_grace_s must be at most 300: a chain that shows no",
            id="both together so long",
        ),
        pytest.param(
            CHAIN, {"rpc": ["env:A"], "rps": 0}, "rps", "Input should be", id="no requests at all"
        ),
        pytest.param(
            CHAIN, {"rpc": ["env:A"], "pol_s": 1}, "pol_s", "Unexpected keyword", id="a typo"
        ),
        pytest.param(
            CHAIN, {"rpc": ["env:A"], "poll_s": 0}, "poll_s", "Input should be", id="no interval"
        ),
        pytest.param(
            CHAIN, {"rpc": ["env:A"], "behind": -1}, "behind", "Input should be", id="the future"
        ),
        pytest.param(
            CHAIN, {"rpc": ["env:A"], "manager": NPM[:-1]}, "manager", "an address is", id="short"
        ),
        pytest.param(
            CHAIN,
            {"rpc": ["env:A"], "quote": ["USDC", NPM[:-2] + "89"]},
            "quote",
            "the address fails its EIP-55 checksum",
            id="a mistyped quote token",
        ),
        pytest.param(
            WATCH,
            {"chain": "base"},
            "",
            "needs exactly one of wallet, nft and pool, was none",
            id="nothing to watch",
        ),
        pytest.param(
            WATCH,
            {"chain": "base", "wallet": NPM, "nft": [1]},
            "",
            "needs exactly one of wallet, nft and pool, was wallet and nft",
            id="two things in one watch",
        ),
        pytest.param(WATCH, {"chain": "base", "nft": [-1]}, "nft.0", IDS, id="a negative id"),
        pytest.param(
            WATCH, {"chain": "base", "nft": [7, 2**256]}, "nft.1", IDS, id="an id too large"
        ),
        pytest.param(
            WATCH,
            {"chain": "base", "wallet": NPM, "ignore": [2**256]},
            "ignore.0",
            IDS,
            id="an ignored id too large",
        ),
        pytest.param(
            ENTRY,
            {"position": f"1:{NPM}:{2**256}", "amount0": "1", "amount1": "1"},
            "position",
            IDS,
            id="an entry of an id too large",
        ),
        pytest.param(
            ENTRY,
            {"position": "1:7", "amount0": "1", "amount1": "1"},
            "position",
            "a position is written chainId:manager:tokenId",
            id="a key of two parts",
        ),
        pytest.param(
            ENTRY,
            {"position": f"1:{NPM}:7", "amount0": 1.5, "amount1": "1"},
            "amount0",
            'whole tokens, written as a string like "1.5"',
            id="a float",
        ),
        pytest.param(
            ENTRY,
            {"position": f"1:{NPM}:7", "amount0": "1", "amount1": "-1"},
            "amount1",
            'whole tokens, written as a string like "1.5", zero or more',
            id="a negative amount",
        ),
        pytest.param(
            ENTRY,
            {"position": f"1:{NPM}:7", "amount0": "NaN", "amount1": "1"},
            "amount0",
            'whole tokens, written as a string like "1.5", zero or more',
            id="not a number",
        ),
        pytest.param(
            ENTRY,
            {"position": f"1:{NPM}:7", "amount0": "1", "amount1": "1", "at": "2026-01-01T00:00"},
            "at",
            "Input should have timezone",
            id="an instant without its offset",
        ),
    ],
)
def test_what_is_refused_and_how(
    adapter: TypeAdapter[Any], raw: dict[str, Any], where: str, reason: str
) -> None:
    told_where, told_reason = only_message(adapter, raw)
    assert told_where == where
    assert told_reason.startswith(reason)


def test_a_refusal_never_quotes_the_url() -> None:
    with pytest.raises(ValidationError) as caught:
        CHAIN.validate_python({"rpc": ["https://eth.example/v2/0123456789abcdef"]})
    (told,) = caught.value.errors(include_url=False, include_input=False)
    assert "0123456789abcdef" not in str(told)


def test_the_longest_waits_leave_a_chain_in_sight() -> None:
    raw = {"rpc": ["env:A", "env:B"]}
    longest = CHAIN.validate_python(raw | {"poll_s": 240, "agree_grace_s": 240})
    assert longest.poll_s < CHAIN_MAX_AGE.total_seconds()
    both = CHAIN.validate_python(raw | {"agree": True, "poll_s": 60, "agree_grace_s": 180})
    assert 2 * both.poll_s + both.agree_grace_s == CHAIN_MAX_AGE.total_seconds()


def test_the_smallest_config_gets_the_named_defaults() -> None:
    settings = CHAIN.validate_python({"rpc": ["env:ETH_RPC_URL"]})
    assert (settings.poll_s, settings.behind, settings.timeout_s) == (12, 1, 10)
    assert settings.quote == QUOTES


@pytest.mark.parametrize(
    ("given", "url", "expected"),
    [
        pytest.param(
            {}, "https://eth.example", Allowance(rps=10, burst=20), id="a stranger's node, gently"
        ),
        pytest.param(
            {}, "http://127.0.0.1:8545", Allowance(rps=None, burst=20), id="one's own, freely"
        ),
        pytest.param(
            {"rps": 2.5, "burst": 3, "at_once": 1},
            "http://127.0.0.1:8545",
            Allowance(rps=2.5, burst=3, at_once=1),
            id="either, as config says",
        ),
    ],
)
def test_how_fast_an_endpoint_is_asked(
    given: dict[str, Any], url: str, expected: Allowance
) -> None:
    settings = CHAIN.validate_python({"rpc": ["env:A"], **given})
    assert allowance(settings, Secret(url)) == expected


def test_an_entry_names_its_position_as_snapshots_do() -> None:
    raw = {"position": f"1:{NPM.lower()}:7", "amount0": "1.50", "amount1": "0"}
    entry = ENTRY.validate_python(raw)
    assert (entry.position, entry.amount0) == (f"1:{NPM}:7", Decimal("1.5"))


def test_a_url_is_read_from_the_environment_or_a_file(tmp_path: Path) -> None:
    kept = tmp_path / "url"
    kept.write_text("https://eth.example/v2/0123456789abcdef\n")
    kept.chmod(0o600)
    secret = rpc_url(f"file:{kept}")
    assert secret.reveal() == "https://eth.example/v2/0123456789abcdef"
    assert "0123456789abcdef" not in f"{secret} {secret!r}"
    assert rpc_url("http://127.0.0.1:8545").reveal() == "http://127.0.0.1:8545"


def test_what_is_no_url_is_told_without_telling_it(tmp_path: Path) -> None:
    kept = tmp_path / "url"
    kept.write_text("0123456789abcdef")
    kept.chmod(0o600)
    with pytest.raises(ValueError, match="does not hold an http:// or https:// URL") as caught:
        rpc_url(f"file:{kept}")
    assert "0123456789abcdef" not in str(caught.value)
    with pytest.raises(ValueError, match="HEDGEWATCH_NO_SUCH_URL is not set"):
        rpc_url("env:HEDGEWATCH_NO_SUCH_URL")


def test_every_known_manager_has_its_checksum() -> None:
    assert is_checksum_address(MULTICALL3)
    for chain in KNOWN.values():
        assert is_checksum_address(chain.multicall)
        for dex in chain.dexes.values():
            assert all(is_checksum_address(one) for one in (dex.manager, *dex.stakers))
    assert len({chain.chain_id for chain in KNOWN.values()}) == len(KNOWN) == 10


@pytest.mark.parametrize(
    ("name", "chain_id", "manager"),
    [
        # Uniswap's published deployments, each from its chain's own page.
        pytest.param("ethereum", 1, NPM, id="ethereum"),
        pytest.param("arbitrum", 42161, NPM, id="arbitrum"),
        pytest.param("base", 8453, "0x03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1", id="base"),
        pytest.param("celo", 42220, "0x3d79EdAaBC0EaB6F08ED885C05Fc0B014290D95A", id="celo"),
    ],
)
def test_a_known_chain_needs_only_its_name(name: str, chain_id: int, manager: str) -> None:
    chain = settle(name, ChainSettings(rpc=("env:A",)))
    assert (chain.chain_id, chain.dexes[0].manager, chain.multicall) == (
        chain_id,
        manager,
        MULTICALL3,
    )


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        pytest.param({}, "chain_id", id="nothing but a name"),
        pytest.param({"chain_id": 31337}, "manager", id="an id alone"),
    ],
)
def test_an_unknown_chain_says_what_it_needs(given: dict[str, Any], lacking: str) -> None:
    with pytest.raises(ValueError, match=f"chain 'devnet' needs {lacking}; known by name are arb"):
        settle("devnet", ChainSettings(rpc=("env:A",), **given))


def test_a_fork_under_a_known_name_does_not_borrow_its_manager() -> None:
    with pytest.raises(ValueError, match="needs manager"):
        settle("ethereum", ChainSettings(rpc=("env:A",), chain_id=31337))


def token(symbol: str, digit: str) -> Token:
    return Token(address=checked_address("0x" + digit * 40), symbol=symbol, decimals=18)


@pytest.mark.parametrize(
    ("first", "second", "preferred", "quote"),
    [
        pytest.param("USDC", "WETH", QUOTES, 0, id="USDC before WETH, first by address"),
        pytest.param("WETH", "USDC", QUOTES, 1, id="USDC before WETH, second by address"),
        pytest.param("DAI", "USDC", QUOTES, 1, id="USDC before DAI"),
        pytest.param("WETH", "UNI", QUOTES, 0, id="WETH where there is no dollar"),
        pytest.param("WBTC", "UNI", QUOTES, 1, id="token1 where nothing is preferred"),
        pytest.param("A", "B", ("0x" + "1" * 40,), 0, id="by address, whatever its symbol says"),
    ],
)
def test_people_count_in_the_preferred_token(
    first: str, second: str, preferred: tuple[str, ...], quote: int
) -> None:
    assert quote_of(token(first, "1"), token(second, "2"), preferred) == quote
