"""The devnet's parts, as set-up lays them down, and the sentence that says one is missing."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from eth_utils import keccak

from monitor.devnet import parts
from monitor.errors import Permanent


@contextmanager
def environment(**values: str) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def selectors(abi: list[dict[str, object]]) -> set[str]:
    return {
        keccak(text=f"{entry['name']}({','.join(_types(entry['inputs']))})")[:4].hex()
        for entry in abi
        if entry["type"] == "function"
    }


def _types(inputs: object) -> Iterator[str]:
    assert isinstance(inputs, list)
    for each in inputs:
        if each["type"].startswith("tuple"):
            yield f"({','.join(_types(each['components']))}){each['type'][5:]}"
        else:
            yield each["type"]


def test_the_installed_node_runs_and_is_the_pinned_one() -> None:
    with environment(PATH=os.defpath):
        said = subprocess.run(
            [parts.anvil_path(), "--version"], capture_output=True, text=True, check=True
        )
    assert "1.7.1" in said.stdout


def test_an_anvil_on_path_is_preferred(tmp_path: Path) -> None:
    own = program(tmp_path / "bin" / "anvil")
    with environment(PATH=str(own.parent)):
        assert parts.anvil_path() == own


def test_another_folder_of_parts_may_be_named(tmp_path: Path) -> None:
    anvil = program(tmp_path / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")
    broker = program(tmp_path / ".cache/mosquitto/mosquitto")
    with environment(PATH=str(tmp_path), HEDGEWATCH_PARTS=str(tmp_path)):
        assert parts.anvil_path() == anvil
        assert parts.mosquitto_path() in {broker, Path("/usr/sbin/mosquitto")}


def test_the_broker_is_a_mosquitto_2(mosquitto: Path) -> None:
    said = subprocess.run([mosquitto, "-h"], capture_output=True, text=True, check=False)
    assert said.stdout.startswith("mosquitto version 2.")


# Selectors as published: the factory's createPool, the pool's slot0, ERC-20's mint by the
# preset's minter, the manager's mint and positions, the router's exactInputSingle.
@pytest.mark.parametrize(
    ("name", "known"),
    [
        pytest.param("UniswapV3Factory", {"a1671295", "1698ee82"}, id="factory"),
        pytest.param("UniswapV3Pool", {"3850c7bd", "128acb08"}, id="pool"),
        pytest.param("NonfungiblePositionManager", {"88316456", "99fbab88"}, id="manager"),
        pytest.param("SwapRouter", {"414bf389"}, id="router"),
        pytest.param("ERC20PresetMinterPauser", {"40c10f19", "a9059cbb"}, id="token"),
    ],
)
def test_a_contract_comes_with_its_interface_and_creation_code(name: str, known: set[str]) -> None:
    contract = parts.artifact(name)
    assert known <= selectors(contract["abi"])
    # Every contract compiled by solc 0.7 sets its free-memory pointer to at least 0x80 first.
    code = bytes.fromhex(contract["bytecode"].removeprefix("0x"))
    assert code[0] in {0x60, 0x61}
    assert len(code) > 4_000


def test_the_pool_is_the_one_that_mainnet_addresses_are_derived_from() -> None:
    # POOL_INIT_CODE_HASH of Uniswap v3's PoolAddress library.
    code = bytes.fromhex(parts.artifact("UniswapV3Pool")["bytecode"].removeprefix("0x"))
    assert keccak(code).hex() == "e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"


def test_multicall3_is_creation_code_that_carries_aggregate3() -> None:
    code = parts.multicall3_creation_code()
    assert bytes.fromhex("82ad56cb") in code  # aggregate3((address,bool,bytes)[])
    assert b"\x39\x60\x00\xf3" in code[:64]  # CODECOPY, PUSH1 0, RETURN: it deploys what follows


def test_an_interface_has_nothing_to_deploy() -> None:
    with pytest.raises(Permanent, match="IERC20 has no code of its own"):
        parts.artifact("IERC20")


def test_each_missing_part_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    with environment(PATH=str(tmp_path), HEDGEWATCH_PARTS=str(tmp_path)):
        with pytest.raises(Permanent, match=r"^anvil is missing: run `make setup`"):
            parts.anvil_path()
        with pytest.raises(Permanent, match=r"UniswapV3Pool is missing: run `make setup`$"):
            parts.artifact("UniswapV3Pool")
        with pytest.raises(Permanent, match=r"viem\) is missing: run `make setup`$"):
            parts.multicall3_creation_code()


def test_a_viem_that_changed_is_said_to_have_changed(tmp_path: Path) -> None:
    program(tmp_path / "node_modules/viem/_cjs/constants/contracts.js", "exports.other = '0x00'")
    with (
        environment(HEDGEWATCH_PARTS=str(tmp_path)),
        pytest.raises(Permanent, match="no longer carries Multicall3's code"),
    ):
        parts.multicall3_creation_code()
