"""`hedgewatch devnet`: what it prints, and that what it prints is true."""

import math
import re
from dataclasses import replace

import pytest

from monitor.config import parse_settings
from monitor.devnet.serve import DevnetSettings, run_devnet

WIDTHS = (1.05, 1.2, 1.5, 2.0)
QUICK = DevnetSettings(port=0, block_s=0.0, blocks=3)


async def test_prints_what_a_person_needs_and_walks() -> None:
    said: list[str] = []
    await run_devnet(QUICK, say=said.append)
    text = "\n".join(said)
    assert re.search(r"^devnet +http://127\.0\.0\.1:\d+ +chain 31337$", text, re.MULTILINE)
    for word in ("manager", "factory", "pool", "WETH", "USDC", "deployer"):
        assert re.search(rf"^{word} +0x[0-9a-fA-F]{{40}}", text, re.MULTILINE), word
    assert len(re.findall(r"^block [\d,]+ +[\d,.]+ USDC per WETH$", text, re.MULTILINE)) == 3
    assert max(map(len, said)) <= 80


@pytest.mark.parametrize("usdc_is_token0", [True, False])
async def test_the_ranges_it_prints_are_those_on_the_chain(usdc_is_token0: bool) -> None:
    said: list[str] = []
    await run_devnet(replace(QUICK, usdc_is_token0=usdc_is_token0), say=said.append)
    ranges = [re.search(r"^ +\d+  0x\w{40}  ([\d,.]+)-([\d,.]+)$", line) for line in said]
    told = [(float(m[1].replace(",", "")), float(m[2].replace(",", ""))) for m in ranges if m]
    assert len(told) == 4
    for prices in told:
        for price in prices:
            # Raw price: 1.0001 to the power of a tick, USDC having 6 decimals and WETH 18.
            ticks = math.log(price * 1e-12) / math.log(1.0001)
            assert ticks / 60 == pytest.approx(round(ticks / 60), abs=0.002)
    assert all(low < 2400 / width * 1.004 for (low, _), width in zip(told, WIDTHS, strict=True))
    assert all(high > 2400 * width / 1.004 for (_, high), width in zip(told, WIDTHS, strict=True))


def test_any_free_port_is_taken_unless_one_is_given() -> None:
    assert DevnetSettings().port == 0


async def test_the_config_it_prints_loads() -> None:
    said: list[str] = []
    await run_devnet(QUICK, say=said.append)
    start = said.index('instance = "devnet"')
    end = next(number for number, line in enumerate(said) if line.startswith("block "))
    settings = parse_settings("\n".join(said[start:end]))
    assert settings.chain["devnet"].chain_id == 31337
    assert settings.watch[0].nft == (2, 3, 4, 5)
