"""One position's story: what is known of it, and when to look again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.amm.ledger import fold
from monitor.chain.checkpoint import Checkpoint, Hand, Mark, Place
from monitor.chain.registry import Nft
from monitor.model.position import Basis, LiquidityEvent, Position

NEVER: Final = 2**63
_NOBODY: Final = "0x" + "00" * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An NFT whose story is wanted.

    liquidity: what the story must add up to, None where the NFT itself is not read.
    owners: who has it, and who staked it.
    """

    key: str
    nft: Nft
    mark: Mark
    liquidity: int | None = None
    place: Place | None = None
    owners: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What was read of a subject: blocks first to below next_block.

    final: blocks below it will not be undone, and nothing in them was left out. mark: the
    subject's when all was read, empty where it must be looked at again. whole: all
    blocks were read. unpriced: some prices are yet to be asked for; unjudged: so is who
    made some deposits. settle_at: the block to read once more what was not final.
    """

    first: int
    next_block: int
    final: int
    mark: Mark = ()
    place: Place | None = None
    events: tuple[LiquidityEvent, ...] = ()
    hands: tuple[Hand, ...] = ()
    whole: bool = False
    unpriced: bool = False
    unjudged: bool = False
    settle_at: int = NEVER
    basis: Basis | None = None
    note: str = ""

    @property
    def newest(self) -> int:
        """Return the block of the last thing told, -1 where nothing is."""
        told = [one.block_number for one in self.events] + [one.block_number for one in self.hands]
        return max(told, default=-1)

    @property
    def provisional(self) -> bool:
        """Return whether some of it may yet be undone."""
        return self.newest >= self.final

    @property
    def worth_keeping(self) -> bool:
        """Return whether it is right as far as it goes."""
        return not self.whole or self.basis is not None

    def quiet(self, block: int, depth: int) -> "Story":
        """Return the story after blocks up to this one have shown no change."""
        final = self.final if self.provisional else max(self.final, block + 1 - depth)
        return replace(self, next_block=max(self.next_block, block + 1), final=final)

    def before(self, block: int) -> "Story":
        """Return what is told of blocks below one."""
        return replace(
            self,
            events=tuple(one for one in self.events if one.block_number < block),
            hands=tuple(one for one in self.hands if one.block_number < block),
        )

    def checkpoint(self, key: str) -> Checkpoint:
        """Return what of it may be kept for good."""
        settled = self.whole and not (self.provisional or self.unpriced or self.unjudged)
        told = self.before(self.final)
        return Checkpoint(
            key=key,
            first=self.first,
            next_block=self.final,
            mark=self.mark if settled else (),
            place=self.place,
            events=told.events,
            hands=told.hands,
        )


def resumed(kept: Checkpoint, subject: Subject) -> Story:
    """Return the story a checkpoint tells: whole if the subject has not changed since."""
    story = Story(
        first=kept.first,
        next_block=kept.next_block,
        final=kept.next_block,
        mark=kept.mark,
        place=subject.place or kept.place,
        events=kept.events,
        hands=kept.hands,
        whole=bool(kept.mark),
    )
    return folded(story, subject) if story.whole else story


def folded(story: Story, subject: Subject) -> Story:
    """Return the story with the basis its events make, or a note where they make none."""
    basis = None
    if story.place is not None:
        basis = fold(story.events, story.place.tick_lower, story.place.tick_upper)
    if basis is None or subject.liquidity not in (None, basis.liquidity):
        found = basis.liquidity if basis is not None else 0
        note = (
            f"the deposits found make liquidity {found}, the position has "
            f"{subject.liquidity or 0}: state an [[entry]], or an earlier start_block"
        )
        return replace(story, basis=None, note=note)
    basis = replace(basis, provisional=story.provisional)
    notes = (
        _bought(story.hands, subject.owners),
        _minted_by_a_stranger(story.events),
        "who made some of its deposits is still being read" if story.unjudged else "",
    )
    return replace(story, basis=basis, note="; ".join(filter(None, notes)))


def carried(
    old: Sequence[LiquidityEvent], new: Sequence[LiquidityEvent]
) -> tuple[LiquidityEvent, ...]:
    """Return new events with what was found out about the same ones before."""
    known = {_name(one): one for one in old}
    return tuple(known.get(_name(one), one) for one in new)


def mark_of(position: Position) -> Mark:
    """Return a position's mark."""
    return (
        position.liquidity,
        position.fee_growth_inside0_last_x128,
        position.fee_growth_inside1_last_x128,
        position.tokens_owed0,
        position.tokens_owed1,
        position.owner,
        position.staked_in,
    )


def nft_of(key: str) -> Nft:
    """Return the NFT that a position key names."""
    _, manager, token_id = key.split(":")
    return Nft(manager, int(token_id))


def subject_of(position: Position, pool: str) -> Subject:
    """Return a position as the subject of a story. pool: its pool's address."""
    return Subject(
        key=position.key,
        nft=nft_of(position.key),
        mark=mark_of(position),
        liquidity=position.liquidity,
        place=Place(pool, position.tick_lower, position.tick_upper),
        owners=frozenset({position.owner, position.staked_in} - {""}),
    )


def link_of(key: str) -> Subject:
    """Return an earlier link of a chain, which is not read itself, as the subject of a story."""
    return Subject(key=key, nft=nft_of(key), mark=("link",))


def _name(event: LiquidityEvent) -> tuple[str, str, int]:
    return event.block_hash, event.transaction, event.log_index


def _minted_by_a_stranger(events: Sequence[LiquidityEvent]) -> str:
    """Return a note on an NFT whose first deposit nobody on its owner's side has paid."""
    first = min(events, key=lambda one: (one.block_number, one.log_index))
    if not first.given:
        return ""
    return (
        f"it was minted by {first.sender} in block {first.block_number}, who is not its owner: "
        f"that deposit is a gift and no cost; state an [[entry]] to count it as paid"
    )


def _bought(hands: Sequence[Hand], owners: frozenset[str]) -> str:
    """Return a note on an NFT that came from another hand than the mint's.

    To a staker and back is no such thing: then whoever it was minted for has it again.
    """
    moves = [one for one in hands if not one.approval]
    minted = {one.transaction for one in moves if one.giver == _NOBODY}
    first = [one.taker for one in moves if one.transaction in minted]
    later = [one for one in moves if one.transaction not in minted]
    if not later or not first or first[-1] in owners:
        return ""
    return (
        f"it came from {later[-1].giver} in block {later[-1].block_number}: its figures count "
        f"since its mint; state an [[entry]] to count from there"
    )
