"""What was put into each position: its events, read once and then only when it changes.

Between two snapshots that show the same liquidity, owed tokens and fee marks
nothing was deposited, withdrawn or collected, so an unchanged position costs no
request. A changed one costs one, over the few blocks since, with an overlap that
lets a reorganised chain correct what was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Context
from typing import Final

from monitor.amm.ledger import basis_from_entry, fold
from monitor.chain.abi import encode_call
from monitor.chain.events import LogScan
from monitor.chain.failures import EmptyAnswer, NoHistory, Reverted
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import EntrySettings
from monitor.chain.words import uint
from monitor.errors import HedgewatchError, Permanent
from monitor.model.pool import Pool
from monitor.model.position import Basis, Flow, LiquidityEvent, Position

OVERLAP: Final = 64
REQUESTS_A_POLL: Final = 8
REQUESTS_IN_ALL: Final = 500
_RAW: Final = Context(prec=120, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """One position's events so far. whole: all blocks up to next_block were read.

    gave_up: no more requests are made for it; `note` says why.
    """

    mark: tuple[int, ...]
    events: tuple[LiquidityEvent, ...] = ()
    next_block: int
    whole: bool = False
    gave_up: bool = False
    basis: Basis | None = None
    note: str = ""


class Histories:
    """Gives positions their basis, from their events or from an entry in config."""

    def __init__(self, chain: Chain, entries: Sequence[EntrySettings]) -> None:
        self._chain = chain
        self._entries = {entry.position: entry for entry in entries}
        self._scan = LogScan(chain)
        self._known: dict[int, _History] = {}
        self._waiting: dict[int, str] = {}
        self._entered: dict[str, int] = {}

    async def attach(
        self,
        endpoint: Endpoint,
        positions: Sequence[Position],
        *,
        pools: Mapping[str, Pool],
        block: int,
    ) -> list[Position]:
        """Return the positions with their basis as of `block`, or a note where it is unknown.

        Never raises for what a node cannot tell: that is a note too. pools: by key.
        """
        asked = [one for one in positions if one.key not in self._entries]
        for first, group in self._due(asked, block).items():
            try:
                await self._read(endpoint, group, first, pools=pools, block=block)
            except HedgewatchError as error:
                self._note(group, block, error)
        return [self._with_basis(one, pools) for one in positions]

    def _due(self, positions: Sequence[Position], block: int) -> dict[int | None, list[Position]]:
        """Return positions whose events must be read, by first block; None if not yet known."""
        due: dict[int | None, list[Position]] = {}
        for position in positions:
            known = self._known.get(position.token_id)
            if known is None:
                due.setdefault(None, []).append(position)
            elif known.gave_up:
                continue
            elif not known.whole:
                due.setdefault(known.next_block, []).append(position)
            elif known.mark == _mark(position):
                self._known[position.token_id] = replace(known, next_block=block + 1)
            else:
                first = max(min(known.next_block, block + 1) - OVERLAP, 0)
                due.setdefault(first, []).append(position)
        return due

    async def _read(
        self,
        endpoint: Endpoint,
        group: Sequence[Position],
        first: int | None,
        *,
        pools: Mapping[str, Pool],
        block: int,
    ) -> None:
        token_ids = [one.token_id for one in group]
        begun = first if first is not None else await self._start(endpoint, token_ids, block)
        found = await self._scan.read(endpoint, token_ids, begun, block, most=REQUESTS_A_POLL)
        if first is None and found.next_block == begun:
            # The node has just refused the whole range: begin where it pays.
            begun = await self._start(endpoint, token_ids, block)
            found = await self._scan.read(endpoint, token_ids, begun, block, most=REQUESTS_A_POLL)
        for position in group:
            new = found.events[position.token_id]
            priced = await self._priced(endpoint, new, pools[position.pool].address)
            self._add(position, priced, first=begun, next_block=found.next_block, block=block)

    async def _start(self, endpoint: Endpoint, token_ids: Sequence[int], block: int) -> int:
        """Return the block from which to read positions never seen before."""
        width = self._scan.width(endpoint)
        first = self._chain.start_block
        if first is None:
            if width is None or width > block:
                return 0
            # Ids are given out in order, so the smallest was minted first.
            first = await self._minted(endpoint, min(token_ids), block)
        needed = 1 if width is None else (block - first) // width + 1
        if needed > REQUESTS_IN_ALL:
            raise Permanent(
                f"{endpoint.host} gives logs of {width} blocks at once: reading back to block "
                f"{first} would take {needed} requests; state an [[entry]] or start_block"
            )
        return first

    async def _minted(self, endpoint: Endpoint, token_id: int, block: int) -> int:
        """Return the block a token id was minted in, by halving; an archive node can tell."""
        owner_of = "0x" + encode_call("nonfungible_position_manager", "ownerOf", token_id).hex()
        before, after = -1, block
        while after - before > 1:
            middle = (before + after) // 2
            try:
                await endpoint.eth_call(self._chain.manager, owner_of, middle)
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

    async def _priced(
        self, endpoint: Endpoint, events: Sequence[LiquidityEvent], pool: str
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

    def _add(
        self,
        position: Position,
        new: Sequence[LiquidityEvent],
        *,
        first: int,
        next_block: int,
        block: int,
    ) -> None:
        """Fold new events into a position's history; an overlap replaces what it covers."""
        known = self._known.get(position.token_id)
        kept = [one for one in known.events if one.block_number < first] if known else []
        events = (*kept, *new)
        if next_block <= block:
            note = f"its deposits are still being read: block {next_block} of {block}"
            self._known[position.token_id] = _History(
                mark=_mark(position), events=events, next_block=next_block, note=note
            )
            return
        basis = fold(events, position.tick_lower, position.tick_upper)
        if basis is not None and basis.liquidity == position.liquidity:
            # A change no event explains: the logs lag the state, so look again next time.
            lagging = known is not None and known.whole and known.events == events
            mark = known.mark if known is not None and lagging else _mark(position)
            self._known[position.token_id] = _History(
                mark=mark, events=events, next_block=block + 1, whole=True, basis=basis
            )
        elif known is not None and known.whole:
            del self._known[position.token_id]  # from the start again, next time
        else:
            found = basis.liquidity if basis is not None else 0
            self._known[position.token_id] = _History(
                mark=_mark(position),
                events=events,
                next_block=block + 1,
                whole=True,
                note=f"the deposits found make liquidity {found}, the position has "
                f"{position.liquidity}: state an [[entry]], or an earlier start_block",
            )

    def _note(self, group: Sequence[Position], block: int, error: HedgewatchError) -> None:
        """Keep why a group's events could not be read; a Permanent reason ends the asking."""
        gave_up = type(error) is Permanent  # not a refusal another endpoint would not share
        for position in group:
            known = self._known.get(position.token_id)
            if known is not None:
                self._known[position.token_id] = replace(
                    known, basis=None, note=str(error), gave_up=gave_up
                )
            elif gave_up:
                self._known[position.token_id] = _History(
                    mark=_mark(position), next_block=block, note=str(error), gave_up=True
                )
            else:
                self._waiting[position.token_id] = str(error)

    def _with_basis(self, position: Position, pools: Mapping[str, Pool]) -> Position:
        entry = self._entries.get(position.key)
        if entry is not None:
            first_seen = self._entered.setdefault(position.key, position.liquidity)
            return _from_entry(position, entry, pools[position.pool], first_seen)
        known = self._known.get(position.token_id)
        if known is None:
            why = self._waiting.get(position.token_id, "they are read again at the next block")
            return replace(position, basis_note=f"its deposits are not known yet: {why}")
        return replace(position, basis=known.basis, basis_note=known.note)


def _mark(position: Position) -> tuple[int, ...]:
    """Return what every deposit, withdrawal and collect of anything leaves changed."""
    return (
        position.liquidity,
        position.fee_growth_inside0_last_x128,
        position.fee_growth_inside1_last_x128,
        position.tokens_owed0,
        position.tokens_owed1,
    )


def _from_entry(position: Position, entry: EntrySettings, pool: Pool, first_seen: int) -> Position:
    """Return the position with its stated basis, while its liquidity is the one it was for.

    first_seen: the liquidity taken for the entry's own where it states none.
    """
    stated = first_seen if entry.liquidity is None else entry.liquidity
    if stated != position.liquidity:
        return replace(
            position,
            basis_note=f"its [[entry]] is for liquidity {stated}, "
            f"the position has {position.liquidity}: state the entry anew",
        )
    amounts = [
        int(_RAW.to_integral_value(_RAW.scaleb(amount, token.decimals)))
        for amount, token in ((entry.amount0, pool.token0), (entry.amount1, pool.token1))
    ]
    basis = basis_from_entry(amounts[0], amounts[1], position.liquidity, entry.at)
    return replace(position, basis=basis)
