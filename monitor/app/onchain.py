"""A real position's past, block by block, by the reader that polls it live."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from monitor.app.direct import Place
from monitor.chain.failures import NoBlock, NoCode, NoHistory
from monitor.chain.history import Told
from monitor.chain.past_blocks import first_block_at
from monitor.chain.reader import ChainReader, chain_reader
from monitor.clock import Clock
from monitor.config import Settings
from monitor.errors import ConfigError, Fault, Permanent, Transient
from monitor.model.observation import Snapshot

_T = TypeVar("_T")
_TRIES: Final = 5
_WAIT_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Which blocks to read: from the first to the last, both included, every `step`th.

    first, last: a number, or an instant; then the first block from it on, and the last before it.
    """

    first: int | datetime
    last: int | datetime
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Reads one place at blocks of the past. told: hears of each by its number, and of how many."""

    settings: Settings
    place: Place
    clock: Clock
    told: Callable[[Snapshot, int, int], None]

    def over(self, blocks: Blocks) -> Iterator[Snapshot]:
        """Yield a snapshot a block, observed when the block was stamped.

        Raises ConfigError where the endpoint or the contracts are not known, Transient where
        it fails again and again, Permanent where there is no such block.
        """
        return _one_by_one(self._over(blocks))

    async def _over(self, blocks: Blocks) -> AsyncGenerator[Snapshot, None]:
        async with self._reader() as reader:
            first, last = [await self._number(reader, one) for one in (blocks.first, blocks.last)]
            if isinstance(blocks.last, datetime):
                last -= 1
            numbers = range(first, last + 1, blocks.step)
            if not numbers:
                raise Permanent(f"there is no block from {blocks.first} to {blocks.last}")
            for done, number in enumerate(numbers, start=1):
                reader.pin(number)
                snapshot = await self._snapshot(reader)
                self.told(snapshot, done, len(numbers))
                yield replace(snapshot, observed_at=snapshot.block.timestamp)

    def _reader(self) -> ChainReader:
        settings, place = self.settings, self.place
        try:
            return chain_reader(
                place.chain,
                replace(settings.chain[place.chain], behind=0, agree=False),
                watches=[place.watch],
                told=Told(entries=settings.entry, links=settings.link),
                usd=settings.usd,
            )
        except ValueError as error:
            fault = Fault(file="config", where=f"chain.{place.chain}", reason=str(error))
            raise ConfigError([fault]) from error

    async def _number(self, reader: ChainReader, at: int | datetime) -> int:
        if isinstance(at, int):
            return at
        return await reader.endpoints.first_that_works(
            lambda endpoint: first_block_at(endpoint, at), self.clock.now()
        )

    async def _snapshot(self, reader: ChainReader) -> Snapshot:
        """Return the pinned block; what fails is tried again, after a wait that doubles."""
        for tries in range(1, _TRIES + 1):
            try:
                snapshot = await reader.snapshot(self.clock.now())
            except NoCode as error:
                raise Permanent(
                    f"{error} Or did it come later than the blocks asked for?"
                ) from None
            except Transient as error:
                if tries == _TRIES or isinstance(error, NoBlock | NoHistory):
                    raise
                await self.clock.sleep(_WAIT_S * 2**tries)
            else:
                assert snapshot is not None  # each block is above the one before
                return snapshot
        raise AssertionError


def _one_by_one(found: AsyncGenerator[_T, None]) -> Iterator[_T]:
    """Yield what comes, each asked for when it is wanted."""

    async def following() -> _T | None:
        return await anext(found, None)

    with asyncio.Runner() as runner:
        try:
            while (one := runner.run(following())) is not None:
                yield one
        finally:
            runner.run(found.aclose())
