"""What only a node that keeps old state can tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.amm.event_price import event_prices
from monitor.chain.abi import encode_call
from monitor.chain.checkpoint import Place
from monitor.chain.failures import EmptyAnswer, NoHistory, Reverted, TooFar
from monitor.chain.registry import Nft
from monitor.chain.rpc import Endpoint
from monitor.chain.words import uint
from monitor.model.position import LiquidityEvent


async def minted_at(endpoint: Endpoint, nft: Nft, block: int) -> int:
    """Return the block an NFT was minted in, found by halving.

    block: one in which it exists. Some 25 requests; raises what `existed` raises.
    """
    before, after = -1, block
    while after - before > 1:
        middle = (before + after) // 2
        if await existed(endpoint, nft, middle):
            after = middle
        else:
            before = middle
    return after


async def minted_since(endpoint: Endpoint, nfts: Iterable[Nft], block: int) -> frozenset[Nft]:
    """Return which of one manager's NFTs were minted in a block or later, found by halving.

    Ids are given out in order. Raises what `existed` raises.
    """
    ranked = sorted(nfts)
    old, young = -1, len(ranked)
    while block > 0 and young - old > 1:
        middle = (old + young) // 2
        if await existed(endpoint, ranked[middle], block - 1):
            old = middle
        else:
            young = middle
    return frozenset(ranked[old + 1 :])


async def existed(endpoint: Endpoint, nft: Nft, block: int) -> bool:
    """Return whether an NFT was there in a block; raise TooFar where the node no longer knows."""
    owner_of = "0x" + encode_call("nonfungible_position_manager", "ownerOf", nft.token_id).hex()
    try:
        await endpoint.eth_call(nft.manager, owner_of, block)
    except (Reverted, EmptyAnswer):
        return False
    except NoHistory as error:
        raise TooFar(
            f"{endpoint.host} gives logs of few blocks at once and keeps no old state to "
            f"find the mint with; state an [[entry]] or start_block"
        ) from error
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Events with what prices could be had. asked: requests made; left: some are yet to ask."""

    events: tuple[LiquidityEvent, ...]
    asked: int
    left: bool


class Prices:
    """Asks for a pool's price after the blocks of events that do not tell one themselves."""

    def __init__(self) -> None:
        self._pruned: dict[Endpoint, int] = {}

    async def fill(
        self, endpoint: Endpoint, events: Sequence[LiquidityEvent], place: Place, *, most: int
    ) -> Priced:
        """Return the events, priced by at most so many requests; raises what calls raise.

        A block whose state an endpoint has pruned is not asked of it twice, nor older ones.
        """
        slot0 = "0x" + encode_call("uniswap_v3_pool", "slot0").hex()
        prices = event_prices(events, place.tick_lower, place.tick_upper)
        filled = list(events)
        told: set[int] = set()
        asked = 0
        for index, event in enumerate(events):
            block = event.block_number
            if prices[index] is not None or not (event.amount0 or event.amount1) or block in told:
                continue
            if block <= self._pruned.get(endpoint, -1):
                continue
            if asked == most:
                return Priced(events=tuple(filled), asked=asked, left=True)
            asked += 1
            try:
                answer = await endpoint.eth_call(place.pool, slot0, block)
            except NoHistory:
                self._pruned[endpoint] = block
            except (EmptyAnswer, Reverted):
                continue
            else:
                filled[index] = replace(event, sqrt_price_x96=uint(answer, 0) or None)
                told.add(block)  # and so is whatever else happened in it
        return Priced(events=tuple(filled), asked=asked, left=False)
