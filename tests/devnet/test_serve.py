"""`hedgewatch devnet`: what it prints, and that what it prints is true."""

import re

from monitor.config import parse_settings
from monitor.devnet.serve import DevnetSettings, run_devnet

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


async def test_the_config_it_prints_loads() -> None:
    said: list[str] = []
    await run_devnet(QUICK, say=said.append)
    start = said.index('instance = "devnet"')
    end = next(number for number, line in enumerate(said) if line.startswith("block "))
    settings = parse_settings("\n".join(said[start:end]))
    assert settings.chain["devnet"].chain_id == 31337
    assert settings.watch[0].nft == (2, 3, 4, 5)
