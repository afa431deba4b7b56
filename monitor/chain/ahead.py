"""Requests sent ahead: while one answer is read here, the node works on the next."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Final, Self

from monitor.errors import HedgewatchError

IN_FLIGHT: Final = 2


class Ahead:
    """Fetches what will be wanted in this order; to be entered around the wanting.

    A failure is raised where its answer is wanted, and not before. What is not wanted
    after all is given up when the context ends.
    """

    def __init__(self, fetch: Callable[[str], Awaitable[bytes]], wanted: Iterable[str]) -> None:
        self._fetch = fetch
        self._later = list(reversed([*wanted]))
        self._group = asyncio.TaskGroup()
        self._sent: dict[str, asyncio.Task[bytes | HedgewatchError]] = {}

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._sent.values():
            task.cancel()
        # As if all were well: what went wrong goes on by itself, and not in a group.
        await self._group.__aexit__(None, None, None)

    async def get(self, one: str) -> bytes:
        """Return the answer to one request, sent ahead or not; raise what fetching raised."""
        if one not in self._sent and one not in self._later:
            return await self._fetch(one)
        while self._later and (len(self._sent) < IN_FLIGHT or one not in self._sent):
            self._send(self._later.pop())
        answer = await self._sent[one]
        del self._sent[one]
        if isinstance(answer, HedgewatchError):
            raise answer
        return answer

    def _send(self, one: str) -> None:
        self._sent[one] = self._group.create_task(self._try(one), name="batch sent ahead")

    async def _try(self, one: str) -> bytes | HedgewatchError:
        try:
            return await self._fetch(one)
        except HedgewatchError as error:
            return error
