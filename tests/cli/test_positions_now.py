"""`hedgewatch positions --wallet`: read from a real chain at its head, without a daemon."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from monitor.devnet.local_chain import Devnet
from monitor.signals.catalogue_lp import LP_SIGNALS

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


async def test_a_position_is_shown_at_a_block_of_the_past_with_every_measure(
    tmp_path: Path, devnet: Devnet
) -> None:
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300, value_usd=100_000)
    await devnet.swap_volume(2_000_000)
    then = (await devnet.head()).number
    due = await devnet.static_collect(token_id)
    await devnet.swap_to(280)
    key = f"{devnet.chain_id}:{devnet.deployment.manager}:{token_id}"
    status, lines = await told(tmp_path, devnet, "position", "show", key, "--block", str(then))
    assert status == 0
    assert all(len(line) <= 80 for line in lines)
    text = "\n".join(lines)
    # What the contract itself would have paid at that block, to the wei.
    for raw in (
        due.principal0,
        due.principal1,
        due.total0 - due.principal0,
        due.total1 - due.principal1,
    ):
        assert f"(raw {raw})" in text
    assert "now 250.00: in range" in text
    shown = {line.split()[0] for line in lines if line.startswith(("position.", "pool."))}
    assert shown == {one.name for one in LP_SIGNALS}


IDS = "token ids are whole numbers from 0 to 2^256 − 1"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        pytest.param(("77",), 1, "burned, or never minted", id="an id nobody minted"),
        pytest.param(("x",), 2, "chainId:manager:tokenId", id="what is no id"),
        pytest.param(
            ("1", "--protocol", "curve"), 2, "no position manager of 'curve'",
            id="a protocol nobody has",
        ),
        pytest.param(
            ("1", "--chain", "mars"), 2, "name one of devnet", id="a chain not configured"
        ),
        pytest.param(
            ("1:0xC36442b4a4522E871399CD717aBDD847Ab11FE88:1",), 2, "no configured chain has",
            id="a key of another chain",
        ),
        pytest.param(
            ("1", "--block", "99999999"), 1, "block 99,999,999 is yet to come: ",
            id="a block yet to come",
        ),
        pytest.param(
            ("1", "--block", "-5"), 2, "--block: a block is a whole number from 0 on, was -5",
            id="a block before the first",
        ),
        pytest.param((str(2**256),), 2, f"{IDS}, was {2**256}", id="an id no token can bear"),
        pytest.param(("-5",), 2, f"position: {IDS}, was -5", id="an id below zero"),
        pytest.param(("9" * 5_000,), 2, IDS, id="an id of five thousand digits"),
        pytest.param(
            (f"31337:0xC36442b4a4522E871399CD717aBDD847Ab11FE88:{2**256}",), 2, IDS,
            id="a key with an id no token can bear",
        ),
        pytest.param((str(2**256 - 1),), 1, "burned, or never minted", id="the last id there is"),
    ],
)  # fmt: skip
async def test_a_position_that_cannot_be_shown_is_told_in_one_sentence(
    tmp_path: Path, devnet: Devnet, words: tuple[str, ...], status: int, said: str
) -> None:
    found, lines = await told(tmp_path, devnet, "position", "show", *words)
    assert (found, len(lines)) == (status, 1)
    assert said in lines[0]
