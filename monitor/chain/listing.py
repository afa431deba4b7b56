"""Listing what wallets hold one by one, over as many polls as that takes."""

from typing import Final

from monitor.chain.multicall import CALLS_A_REQUEST, Pinned
from monitor.chain.purse import Purse
from monitor.chain.registry import Nft
from monitor.chain.words import uint
from monitor.errors import Transient

REQUESTS_A_POLL: Final = 10
"""Requests a poll spends at most on listing wallets and looking through what they hold."""


class Listing:
    """The purses being listed. left: requests of this poll's allowance.

    The ids read so far outlast a poll and its failure; where they turn out not to fit
    together, because something moved meanwhile, they are listed afresh.
    """

    def __init__(self) -> None:
        self._so_far: dict[Purse, list[Nft]] = {}
        self.left = REQUESTS_A_POLL

    def begin(self) -> None:
        """Start a poll with its whole allowance."""
        self.left = REQUESTS_A_POLL

    def spend(self) -> bool:
        """Take one request of the allowance; return whether there was one."""
        if not self.left:
            return False
        self.left -= 1
        return True

    def __contains__(self, purse: Purse) -> bool:
        return purse in self._so_far

    def done(self, purse: Purse) -> int:
        """Return how many of a purse are listed."""
        return len(self._so_far.get(purse, ()))

    async def of(self, pinned: Pinned, purse: Purse, count: int) -> tuple[Nft, ...] | None:
        """Return all `count` of a purse, or None until another poll where it is too much for one.

        Raises Transient where the chain does not name every one.
        """
        listed = self._so_far.setdefault(purse, [])
        if len(listed) > count:
            listed.clear()
        while len(listed) < count:
            if not self.spend():
                return None
            indices = range(len(listed), min(len(listed) + CALLS_A_REQUEST, count))
            answers = await pinned.ask_once([purse.named(index) for index in indices])
            if not all(answer.ok for answer in answers):
                lister = purse.staker or purse.dex.manager
                raise Transient(f"{lister} does not list all {count} positions of {purse.wallet}")
            listed += [Nft(purse.dex.manager, uint(answer.data, 0)) for answer in answers]
        if len(set(listed)) < count:
            listed.clear()
            return None
        return tuple(sorted(self._so_far.pop(purse)))
