"""Which positions the watched wallets hold or have staked, and which have left them.

A wallet's count and the owner of everything it holds are asked in every batch, so that
what comes or goes is noticed at the next block without a request more; `Transfer` logs
would cost one a poll. What is found closed, without liquidity and with nothing owed,
falls asleep: it is no position to show, and is asked for only to see whether it woke.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from monitor.chain.listing import Listing
from monitor.chain.multicall import CALLS_A_REQUEST, Pinned
from monitor.chain.purse import Purse, Sighted, Sighting, closed, glance, keeper_of, whole_of
from monitor.chain.registry import Dex, Nft
from monitor.chain.words import Answer, uint

_MOST_HELD: Final = 20_000
ASLEEP_A_POLL: Final = 200
"""Closed positions looked at in one poll, in turn; with more of them that costs a request."""


class Wallets:
    """Holdings of the watched wallets, listed again only when something moved.

    held: NFTs by purse, as last listed. left: the wallet an NFT was in, for those that
    went elsewhere while we watched. asleep: those held that are closed, or ignored.
    broken: purses whose holdings cannot be told, or not yet.
    """

    def __init__(self, purses: Iterable[Purse], *, ignored: Iterable[Nft] = ()) -> None:
        self.held: dict[Purse, tuple[Nft, ...]] = dict.fromkeys(purses, ())
        self.left: dict[Nft, str] = {}
        self.asleep: set[Nft] = set()
        self.broken: dict[Purse, str] = {}
        self._ignored = frozenset(ignored)
        self._listing = Listing()
        self._unsorted: set[Nft] = set()
        self._stray: set[Purse] = set()
        self._sure: set[Purse] = set()
        self._turn = 0

    def add(self, dex: Dex, staker: str) -> bool:
        """Watch the same wallets' positions in a staker; return whether it is a new one."""
        same = [Purse(dex, one.wallet, staker) for one in self.held if one.dex is dex]
        new = [purse for purse in same if purse not in self.held]
        self.held |= dict.fromkeys(new, ())
        return bool(new)

    def awake(self) -> set[Nft]:
        """Return every NFT to be read in full: held, or held before and since left."""
        held = {one for all_of in self.held.values() for one in all_of}
        return (held - self.asleep - self._unsorted) | self.left.keys()

    def dozing(self) -> tuple[Nft, ...]:
        """Return closed NFTs few enough to be asked for in every batch."""
        return tuple(sorted(self.asleep)) if len(self.asleep) <= ASLEEP_A_POLL else ()

    def staked_by(self) -> dict[Nft, str]:
        """Return the depositor of everything that a gauge lists."""
        return {
            nft: purse.wallet for purse, held in self.held.items() if purse.lists for nft in held
        }

    async def begin(self, pinned: Pinned) -> bool:
        """Start a poll: look at the next of many closed NFTs; return whether any woke."""
        self._listing.begin()
        if len(self.asleep) <= ASLEEP_A_POLL:
            return False
        start = self._turn if self._turn < len(self.asleep) else 0
        now = sorted(self.asleep)[start : start + ASLEEP_A_POLL]
        answers = await pinned.ask_once([call for nft in now for call in glance(nft)])
        self._turn = start + len(now)
        return self.look(zip(now, answers[::2], answers[1::2], strict=True))

    def look(self, seen: Iterable[tuple[Nft, Answer, Answer]]) -> bool:
        """Take in closed NFTs' `positions` and `ownerOf`; return whether any woke."""
        woke, by_purse = False, dict[Nft, Purse]()
        for nft, told, owner in seen:
            by_purse = by_purse or {nft: one for one, held in self.held.items() for nft in held}
            purse = by_purse.get(nft)
            if purse is not None and keeper_of(owner) != purse.keeper:
                self._stray.add(purse)
            elif told.ok and not closed(told.data) and nft not in self._ignored:
                self.asleep.discard(nft)
                woke = True
        return woke

    async def refresh(
        self,
        pinned: Pinned,
        counts: Mapping[Purse, Answer],
        sighted: Sighted,
        *,
        still: bool = False,
    ) -> dict[Nft, bytes] | None:
        """List again what changed; return what came with its `positions`, None if nothing moved.

        counts: what each purse's call answered. sighted: tells who keeps what is awake;
        still: whether it would say of each what it said last time.
        """
        if not still:
            self._sure.clear()
        before = dict(self.held)
        for purse, told in counts.items():
            await self._relist(pinned, purse, told, sighted)
        came = await self._sort(pinned)
        self.broken |= _unlooked(self.held, self._unsorted)
        if self.held == before and came is None:
            return None
        now = {one for held in self.held.values() for one in held}
        for purse, held in before.items():
            gone = set(held) - now - self.asleep - self._unsorted
            self.left |= dict.fromkeys(gone, purse.wallet)
        self.asleep &= now
        self.left = {nft: wallet for nft, wallet in self.left.items() if nft not in now}
        return came or {}

    async def _relist(self, pinned: Pinned, purse: Purse, told: Answer, sighted: Sighted) -> None:
        whole = whole_of(purse, told) if purse.lists else None
        count = len(whole) if whole is not None else uint(told.data, 0) if told.ok else -1
        if not 0 <= count <= _MOST_HELD or (purse.lists and whole is None):
            self.broken[purse] = _untold(purse, count)
            return
        same = whole is None and purse not in self._listing and count == len(self.held[purse])
        if same and self._all_in(purse, sighted):
            self.broken.pop(purse, None)
            return
        now = whole if whole is not None else await self._listing.of(pinned, purse, count)
        if now is None:
            listed = f"{self._listing.done(purse)} of the {count} positions of {purse.wallet}"
            self.broken[purse] = f"{listed} are listed"
            return
        self.broken.pop(purse, None)
        self._stray.discard(purse)
        self._unsorted |= set(now) - {one for held in self.held.values() for one in held}
        self._sure.discard(purse)
        self.held[purse] = now

    def _all_in(self, purse: Purse, sighted: Sighted) -> bool:
        """Return whether everything it held still says so: one may leave as another comes."""
        if purse in self._stray:
            return False
        if purse in self._sure:
            return True
        for nft in self.held[purse]:
            if nft in self.asleep or nft in self._unsorted:
                continue
            if not _still_in(purse, sighted(nft)):
                return False
        self._sure.add(purse)
        return True

    async def _sort(self, pinned: Pinned) -> dict[Nft, bytes] | None:
        """Tell what is new and open from what is closed, newest ids first; None where none was."""
        if not self._unsorted or not self._listing.left:
            return None
        self._unsorted &= {one for held in self.held.values() for one in held}
        self.asleep |= self._unsorted & self._ignored
        self._unsorted -= self._ignored
        waiting, came = sorted(self._unsorted, reverse=True), dict[Nft, bytes]()
        for start in range(0, len(waiting), CALLS_A_REQUEST):
            if not self._listing.spend():
                break
            part = waiting[start : start + CALLS_A_REQUEST]
            answers = await pinned.ask_once([glance(nft)[0] for nft in part])
            for nft, told in zip(part, answers, strict=True):
                if told.ok and closed(told.data):
                    self.asleep.add(nft)
                else:
                    came[nft] = told.data if told.ok else b""
            self._unsorted -= set(part)
        return came


def gone(wallets: Wallets, nft: Nft, seen: Sighting | None) -> str:
    """Return where an NFT that left went; nothing where it is in a watched purse after all.

    A large wallet is listed over several polls, which may pass over one that moves meanwhile.
    """
    mine = (purse for purse in wallets.held if purse.dex.manager == nft.manager)
    if any(_still_in(purse, seen) for purse in mine):
        return ""
    now = seen.keeper if seen and seen.keeper else "someone else"
    return f"left the watched wallet {wallets.left[nft]} for {now}"


def _unlooked(held: Mapping[Purse, tuple[Nft, ...]], unsorted: set[Nft]) -> dict[Purse, str]:
    """Return, for purses with NFTs that are still to be looked at, how many."""
    left = {purse: len(unsorted.intersection(those)) for purse, those in held.items() if unsorted}
    return {
        purse: f"{count} of the {len(held[purse])} positions of {purse.wallet} are still to be"
        " looked at"
        for purse, count in left.items()
        if count
    }


def _untold(purse: Purse, count: int) -> str:
    """Return that what a purse holds cannot be told. count: below 0 for no answer."""
    where = f"the staker {purse.staker}" if purse.staker else "the manager"
    number = "nothing" if count < 0 else f"{count}, more than can be read"
    return f"asked what {purse.wallet} holds, {where} says {number}"


def _still_in(purse: Purse, seen: Sighting | None) -> bool:
    if seen is None or seen.keeper != purse.keeper:
        return False
    return not purse.staker or seen.user == purse.wallet
