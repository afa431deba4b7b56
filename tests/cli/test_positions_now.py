"""`hedgewatch positions --wallet`: read from a real chain at its head, without a daemon."""

import asyncio
import os
import sys
from pathlib import Path

from monitor.devnet.local_chain import Devnet

DEAD = "http://127.0.0.1:9"


async def told(folder: Path, devnet: Devnet, *words: str, url: str = "") -> tuple[int, list[str]]:
    """Return the exit status and lines of a command over the devnet; no store is there."""
    config = folder / "config.toml"
    config.write_text(
        f'[store]\nurl = "sqlite:///{folder}/none.db"\n'
        f'[usd]\npegged = ["{devnet.deployment.usdc}"]\n'
        f'[chain.devnet]\nrpc = ["{url or devnet.url}"]\nchain_id = {devnet.chain_id}\nbehind = 0\n'
        f'manager = "{devnet.deployment.manager}"\n'
        '[[watch]]\nchain = "devnet"\nnft = [1]\n'
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor", *words, "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ,
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    assert not (folder / "none.db").exists()
    return process.returncode, out.decode().splitlines()


async def test_a_wallets_positions_are_shown_as_they_are_now(
    tmp_path: Path, devnet: Devnet
) -> None:
    owner = devnet.deployment.wallets[0]
    first = await devnet.mint(owner, 200, 300, value_usd=100_000)
    await devnet.swap_to(280)
    status, lines = await told(tmp_path, devnet, "positions", "--wallet", owner)
    assert status == 0
    assert all(len(line) <= 80 for line in lines)
    (row,) = [line for line in lines if line.startswith(f"#{first} ")]
    assert "WETH/USDC" in row
    assert "280.00" in row
    assert "−" in row  # it has an impermanent loss


async def test_a_wallet_that_holds_nothing_is_said_to(tmp_path: Path, devnet: Devnet) -> None:
    status, lines = await told(
        tmp_path, devnet, "positions", "--wallet", devnet.deployment.wallets[1]
    )
    assert status == 0
    assert lines[0] == "no position there"


async def test_a_mistyped_wallet_is_a_fault_of_the_argument(tmp_path: Path, devnet: Devnet) -> None:
    status, lines = await told(tmp_path, devnet, "positions", "--wallet", "0x12")
    assert status == 2
    assert "--wallet" in lines[0]
    assert "40 hexadecimal digits" in lines[0]


async def test_a_chain_that_cannot_be_read_is_told_and_is_a_failure(
    tmp_path: Path, devnet: Devnet
) -> None:
    owner = devnet.deployment.wallets[0]
    status, lines = await told(tmp_path, devnet, "positions", "--wallet", owner, url=DEAD)
    assert status == 1
    assert "cannot be reached" in " ".join(lines)
