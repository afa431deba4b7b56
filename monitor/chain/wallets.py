"""Which positions the watched wallets hold, and which have left them."""

from collections.abc import Sequence
from typing import Final

from monitor.chain.abi import encode_call
from monitor.chain.multicall import Pinned
from monitor.chain.plan import Plan
from monitor.chain.registry import Chain
from monitor.chain.words import WORD, Answer, Call, address, uint
from monitor.errors import Transient

_MANAGER: Final = "nonfungible_position_manager"
_MOST_HELD: Final = 20_000


class Wallets:
    """Holdings of the watched wallets, listed again only when something moved.

    held: token ids by wallet. left: the wallet a token id was in, for those that
    went elsewhere while we watched. broken: wallets whose holdings cannot be told.
    """

    def __init__(self, chain: Chain, wallets: Sequence[str]) -> None:
        self.held: dict[str, tuple[int, ...]] = dict.fromkeys(wallets, ())
        self.left: dict[int, str] = {}
        self.broken: dict[str, str] = {}
        self._chain = chain

    def token_ids(self) -> set[int]:
        """Return every token id held now, or held before and since left."""
        return {one for held in self.held.values() for one in held} | self.left.keys()

    def whither(self, token_id: int, owner: Answer) -> str:
        """Return where a token id that left went, from its `ownerOf`."""
        now = address(owner.data, 0) if len(owner.data) == WORD else "someone else"
        return f"left the watched wallet {self.left[token_id]} for {now}"

    async def refresh(self, pinned: Pinned, laid: Plan, answers: Sequence[Answer]) -> bool:
        """List again the wallets that changed; return whether any token id came or went."""
        moved = False
        for wallet, index in laid.wallets.items():
            told = answers[index]
            count = uint(told.data, 0) if told.ok else -1
            if not 0 <= count <= _MOST_HELD:
                told_count = "nothing" if count < 0 else f"{count}, more than can be read"
                self.broken[wallet] = f"asked what {wallet} holds, the manager says {told_count}"
                continue
            self.broken.pop(wallet, None)
            if count == len(self.held[wallet]) and self._all_in(wallet, laid, answers):
                continue
            now = await self._list(pinned, wallet, count)
            if now == self.held[wallet]:
                continue
            self.left |= dict.fromkeys(set(self.held[wallet]) - set(now), wallet)
            self.held[wallet] = now
            moved = True
        if moved:
            for token_id in {one for held in self.held.values() for one in held}:
                self.left.pop(token_id, None)
        return moved

    def _all_in(self, wallet: str, laid: Plan, answers: Sequence[Answer]) -> bool:
        """Return whether everything it held still says so: one may leave as another comes."""
        for token_id in self.held[wallet]:
            index = laid.positions.get(token_id)
            owner = answers[index + 1] if index is not None else None
            if owner is None or len(owner.data) < WORD or address(owner.data, 0) != wallet:
                return False
        return True

    async def _list(self, pinned: Pinned, wallet: str, count: int) -> tuple[int, ...]:
        answers = await pinned.ask_once(
            [
                Call(
                    self._chain.manager,
                    encode_call(_MANAGER, "tokenOfOwnerByIndex", wallet, index),
                )
                for index in range(count)
            ]
        )
        if not all(answer.ok for answer in answers):
            raise Transient(f"the manager does not list all {count} positions of {wallet}")
        return tuple(sorted(uint(answer.data, 0) for answer in answers))
