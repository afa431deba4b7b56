"""Which blocks will not be undone any more."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from monitor.chain.heads import header
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.errors import HedgewatchError

# Where a node does not tell `finalized`: two epochs on Ethereum; half an hour of blocks on
# the chains that settle there; four minutes of Polygon's; Avalanche decides in seconds.
_USUAL: Final = 64
_DEPTHS: Final[Mapping[int, int]] = MappingProxyType(
    {
        10: 900,
        130: 1_800,
        137: 128,
        324: 1_800,
        8453: 900,
        42161: 7_200,
        42220: 1_800,
        43114: 16,
    }
)
_RATE: Final = 8


class Finality:
    """Tells the newest final block of one chain, asking seldom.

    depth: blocks after which one counts as final where the node does not tell; also
    how long to wait before asking.
    """

    def __init__(self, chain: Chain) -> None:
        self.depth = chain.final_after or _DEPTHS.get(chain.chain_id, _USUAL)
        self._asked: int | None = None
        self._final = -1

    @property
    def pause(self) -> int:
        """Return how many blocks to let pass before asking again."""
        return max(self.depth // _RATE, 1)

    async def newest(self, endpoint: Endpoint, block: int) -> int:
        """Return the number of the newest final block, `block` at most; -1 for none.

        The node's own `finalized` where it offers that, so many blocks behind else.
        """
        asked = self._asked
        if asked is not None and asked <= block < asked + self.pause:
            return self._final
        try:
            told = (await header(endpoint, "finalized")).block.number
        except HedgewatchError:
            told = block - self.depth  # an optional answer; what matters is asked elsewhere
        self._asked, self._final = block, max(min(told, block), -1)
        return self._final
