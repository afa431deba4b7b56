"""What only a node that keeps old state can tell."""

from collections.abc import Sequence
from dataclasses import replace

from monitor.chain.abi import encode_call
from monitor.chain.failures import EmptyAnswer, NoHistory, Reverted
from monitor.chain.rpc import Endpoint
from monitor.chain.words import uint
from monitor.errors import Permanent
from monitor.model.position import Flow, LiquidityEvent


async def minted_at(endpoint: Endpoint, manager: str, token_id: int, block: int) -> int:
    """Return the block a token id was minted in, found by halving.

    block: one in which it exists. Some 25 requests of an archive node; raises
    Permanent where the node keeps no old state.
    """
    owner_of = "0x" + encode_call("nonfungible_position_manager", "ownerOf", token_id).hex()
    before, after = -1, block
    while after - before > 1:
        middle = (before + after) // 2
        try:
            await endpoint.eth_call(manager, owner_of, middle)
        except (Reverted, EmptyAnswer):
            before = middle
        except NoHistory as error:
            raise Permanent(
                f"{endpoint.host} gives logs of few blocks at once and keeps no old state to "
                f"find the mint with; state an [[entry]] or start_block"
            ) from error
        else:
            after = middle
    return after


async def with_prices(
    endpoint: Endpoint, events: Sequence[LiquidityEvent], pool: str
) -> list[LiquidityEvent]:
    """Return the events, withdrawals with the pool's price after their block if known."""
    slot0 = "0x" + encode_call("uniswap_v3_pool", "slot0").hex()
    priced: list[LiquidityEvent] = []
    archive = True
    for event in events:
        price = None
        if event.flow is Flow.DECREASE and event.liquidity and archive:
            try:
                answer = await endpoint.eth_call(pool, slot0, event.block_number)
                price = uint(answer, 0) or None
            except (NoHistory, EmptyAnswer, Reverted):
                archive = False
        priced.append(replace(event, sqrt_price_x96=price))
    return priced
