"""Which positions the watched wallets hold, and which have left them."""

from collections.abc import Sequence
from typing import Final

from monitor.chain.abi import encode_call
from monitor.chain.multicall import Pinned
from monitor.chain.plan import Plan, Purse
from monitor.chain.registry import Nft
from monitor.chain.words import WORD, Answer, Call, address, uint
from monitor.errors import Transient

_MANAGER: Final = "nonfungible_position_manager"
_MOST_HELD: Final = 20_000


class Wallets:
    """Holdings of the watched wallets, listed again only when something moved.

    held: NFTs by purse. left: the wallet an NFT was in, for those that went
    elsewhere while we watched. broken: purses whose holdings cannot be told.
    """

    def __init__(self, purses: Sequence[Purse]) -> None:
        self.held: dict[Purse, tuple[Nft, ...]] = dict.fromkeys(purses, ())
        self.left: dict[Nft, str] = {}
        self.broken: dict[Purse, str] = {}

    def nfts(self) -> set[Nft]:
        """Return every NFT held now, or held before and since left."""
        return {one for held in self.held.values() for one in held} | self.left.keys()

    def whither(self, nft: Nft, owner: Answer) -> str:
        """Return where an NFT that left went, from its `ownerOf`."""
        now = address(owner.data, 0) if len(owner.data) == WORD else "someone else"
        return f"left the watched wallet {self.left[nft]} for {now}"

    async def refresh(self, pinned: Pinned, laid: Plan, answers: Sequence[Answer]) -> bool:
        """List again the wallets that changed; return whether any NFT came or went."""
        moved = False
        for purse, index in laid.purses.items():
            told = answers[index]
            count = uint(told.data, 0) if told.ok else -1
            if not 0 <= count <= _MOST_HELD:
                number = "nothing" if count < 0 else f"{count}, more than can be read"
                self.broken[purse] = f"asked what {purse.wallet} holds, the manager says {number}"
                continue
            self.broken.pop(purse, None)
            if count == len(self.held[purse]) and self._all_in(purse, laid, answers):
                continue
            now = await _list(pinned, purse, count)
            if now == self.held[purse]:
                continue
            self.left |= dict.fromkeys(set(self.held[purse]) - set(now), purse.wallet)
            self.held[purse] = now
            moved = True
        if moved:
            for nft in {one for held in self.held.values() for one in held}:
                self.left.pop(nft, None)
        return moved

    def _all_in(self, purse: Purse, laid: Plan, answers: Sequence[Answer]) -> bool:
        """Return whether everything it held still says so: one may leave as another comes."""
        for nft in self.held[purse]:
            row = laid.rows.get(nft)
            owner = answers[row.at + 1] if row is not None else None
            if owner is None or len(owner.data) < WORD or address(owner.data, 0) != purse.wallet:
                return False
        return True


async def _list(pinned: Pinned, purse: Purse, count: int) -> tuple[Nft, ...]:
    manager, wallet = purse
    answers = await pinned.ask_once(
        [
            Call(manager, encode_call(_MANAGER, "tokenOfOwnerByIndex", wallet, index))
            for index in range(count)
        ]
    )
    if not all(answer.ok for answer in answers):
        raise Transient(f"the manager does not list all {count} positions of {wallet}")
    return tuple(sorted(Nft(manager, uint(answer.data, 0)) for answer in answers))
