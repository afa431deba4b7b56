"""`hedgewatch devnet`: a chain to try things on, with positions and a price that wanders."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Final

from monitor.clock import Clock, SystemClock
from monitor.devnet.local_chain import Devnet, open_devnet
from monitor.devnet.node import AnvilNode
from monitor.devnet.position_book import MintOrder

_START: Final = 2_400.0
_WIDTHS: Final = (1.05, 1.2, 1.5, 2.0)
_VALUE_USD: Final = 100_000.0
_STEP: Final = 0.003  # standard deviation of one block's log return
_PULL: Final = 0.01  # share of the way home a block, so that a long walk stays sensible
_VOLUME_USD: Final = 5_000.0
_CENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DevnetSettings:
    """How `hedgewatch devnet` runs.

    port: 0 for any free one. seed: of the walk. blocks: how many to walk; None
    until stopped.
    """

    port: int = 0
    block_s: float = 2.0
    usdc_is_token0: bool = True
    seed: int = 2020
    blocks: int | None = None


async def run_devnet(
    settings: DevnetSettings,
    *,
    say: Callable[[str], None] = print,
    clock: Clock | None = None,
) -> None:
    """Start everything, tell where it is, and walk the price until cancelled.

    Raises Permanent when a part is missing or the port is taken.
    """
    clock = clock or SystemClock()
    genesis = clock.now() - timedelta(minutes=1)
    node = AnvilNode(genesis=genesis, port=settings.port)
    opened = open_devnet(node, usdc_is_token0=settings.usdc_is_token0, price=_START)
    async with node, opened as devnet:
        wallets = devnet.deployment.wallets[:2]
        orders = [
            MintOrder(
                owner=wallets[index % len(wallets)],
                price_lower=_START / width,
                price_upper=_START * width,
                value_usd=_VALUE_USD,
            )
            for index, width in enumerate(_WIDTHS)
        ]
        token_ids = await devnet.mint_many(orders)
        for line in describe(devnet, orders, token_ids):
            say(line)
        await _walk(devnet, settings, clock=clock, say=say)


async def _walk(
    devnet: Devnet, settings: DevnetSettings, *, clock: Clock, say: Callable[[str], None]
) -> None:
    """Mine one block every `block_s`: some trading, then a small step of the price."""
    dice = random.Random(settings.seed)  # noqa: S311 - a price path, not a key
    price = _START
    mined = 0
    while settings.blocks is None or mined < settings.blocks:
        await clock.sleep(settings.block_s)
        drift = -_PULL * math.log(price / _START)
        price *= math.exp(drift + dice.gauss(0.0, _STEP))
        cents = Fraction(round(price * _CENT), _CENT)
        # Two blocks in one second would share a timestamp, which the node refuses.
        at = max(clock.now(), (await devnet.head()).timestamp + timedelta(seconds=1))
        await devnet.trade_to(cents, volume_usd=dice.uniform(0, _VOLUME_USD), at=at)
        mined += 1
        block = (await devnet.head()).number
        say(f"block {block:,}   {float(cents):>9,.2f} USDC per WETH")


def describe(devnet: Devnet, orders: Sequence[MintOrder], token_ids: Sequence[int]) -> list[str]:
    """Return what a person needs to watch this devnet, in 80 columns."""
    made = devnet.deployment
    order = "USDC, WETH" if made.quote.usdc_is_token0 else "WETH, USDC"
    lines = [
        f"devnet    {devnet.url}   chain {devnet.chain_id}",
        "",
        f"manager   {made.manager}",
        f"factory   {made.factory}",
        f"router    {made.router}",
        f"multicall {made.multicall3}",
        f"pool      {made.pool}   0.3 %",
        f"WETH      {made.weth}   18 decimals",
        f"USDC      {made.usdc}   6 decimals",
        f"order     token0, token1 = {order}",
        f"deployer  {made.deployer}",
        "",
        "position  owner                                       range (USDC per WETH)",
    ]
    for token_id, held in zip(token_ids, orders, strict=True):
        ticks = made.quote.ticks(held.price_lower, held.price_upper)
        low, high = (f"{float(price):,.2f}" for price in made.quote.edges(ticks))
        lines.append(f"{token_id:>8}  {held.owner}  {low}-{high}")
    return [*lines, "", "config.toml to watch it:", "", *config_lines(devnet, token_ids), ""]


def config_lines(devnet: Devnet, token_ids: Sequence[int]) -> list[str]:
    """Return a config.toml that watches these positions."""
    ids = ", ".join(str(token_id) for token_id in token_ids)
    return [
        'instance = "devnet"',
        "",
        "[chain.devnet]",
        f'rpc = ["{devnet.url}"]',
        "poll_s = 2.0",
        "behind = 0",
        f"chain_id = {devnet.chain_id}",
        f'manager = "{devnet.deployment.manager}"',
        "",
        "[[watch]]",
        'chain = "devnet"',
        f"nft = [{ids}]",
        "",
        "[usd]",
        f'pegged = ["{devnet.deployment.usdc}"]',
    ]
