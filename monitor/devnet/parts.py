"""Find what the devnet is made of: the node, the compiled contracts, the broker.

Set-up lays them beside the package, in `node_modules` and `.cache` of the
checkout; the environment's HEDGEWATCH_PARTS names another folder of that shape.
"""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any, TypedDict

import monitor
from monitor.errors import Permanent

PARTS_VARIABLE = "HEDGEWATCH_PARTS"

_ANVIL = "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
_MOSQUITTO = ".cache/mosquitto/mosquitto"
_VIEM_CONTRACTS = "node_modules/viem/_cjs/constants/contracts.js"
_ARTIFACTS = (
    "node_modules/@uniswap/v3-core/artifacts/contracts/{name}.sol/{name}.json",
    "node_modules/@uniswap/v3-periphery/artifacts/contracts/{name}.sol/{name}.json",
    "node_modules/@openzeppelin/contracts/build/contracts/{name}.json",
    "node_modules/@pancakeswap/v3-core/artifacts/contracts/{name}.sol/{name}.json",
    "node_modules/@pancakeswap/masterchef-v3/artifacts/contracts/{name}.sol/{name}.json",
    "node_modules/@uniswap/v4-periphery/foundry-out/{name}.sol/{name}.json",
    "node_modules/@uniswap/v4-periphery/foundry-out/{name}.sol/{name}.default.json",
)
# Debian puts the broker where a plain user's PATH does not look.
_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
_CREATION_CODE = re.compile(r"\bmulticall3Bytecode\s*=\s*['\"]0x([0-9a-fA-F]+)['\"]")


class Artifact(TypedDict):
    """A compiled contract: its interface, and its creation code as 0x-prefixed hex."""

    abi: list[dict[str, Any]]
    bytecode: str


def parts_dir() -> Path:
    """Return the folder the parts lie in: HEDGEWATCH_PARTS, else the checkout."""
    chosen = os.environ.get(PARTS_VARIABLE)
    return Path(chosen) if chosen else Path(monitor.__file__).resolve().parent.parent


def anvil_path() -> Path:
    """Return the node's program: the one on PATH, else the installed part.

    Raises Permanent where there is neither.
    """
    found = shutil.which("anvil") or shutil.which(parts_dir() / _ANVIL)
    if found is None:
        raise Permanent("anvil is missing: run `make setup`, or put an anvil on PATH")
    return Path(found)


def mosquitto_path() -> Path | None:
    """Return the broker's program, or None where there is none to be had."""
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS))
    found = shutil.which("mosquitto", path=folders) or shutil.which(parts_dir() / _MOSQUITTO)
    return Path(found) if found else None


def artifact(name: str) -> Artifact:
    """Return the compiled contract `name` of Uniswap v3, OpenZeppelin or Uniswap v4.

    Raises Permanent when it is not installed, or cannot be deployed as it stands.
    """
    root = parts_dir()
    for form in _ARTIFACTS:
        path = root / form.format(name=name)
        if path.is_file():
            return _read(path, name)
    raise Permanent(f"the compiled contract {name} is missing: run `make setup`")


def multicall3_creation_code() -> bytes:
    """Return Multicall3's creation code; what it returns when run is the code to place.

    Raises Permanent when viem, which carries it, is not installed or has changed.
    """
    path = parts_dir() / _VIEM_CONTRACTS
    if not path.is_file():
        raise Permanent("Multicall3's code (npm package viem) is missing: run `make setup`")
    found = _CREATION_CODE.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise Permanent(f"{path} no longer carries Multicall3's code: run `make setup`")
    return bytes.fromhex(found[1])


def _read(path: Path, name: str) -> Artifact:
    compiled = json.loads(path.read_text(encoding="utf-8"))
    abi, bytecode = compiled["abi"], compiled["bytecode"]
    if isinstance(bytecode, dict):  # as another compiler lays it down
        bytecode = bytecode["object"]
    if not re.fullmatch(r"0x(?:[0-9a-fA-F]{2})+", bytecode):
        raise Permanent(f"the contract {name} has no code of its own to deploy ({path})")
    return {"abi": abi, "bytecode": bytecode}
