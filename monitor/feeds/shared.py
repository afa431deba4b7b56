"""One question for all who ask: a provider of many signals is asked once for them all."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.clock import stopwatch
from monitor.feeds.port import Feed, quoted_by
from monitor.feeds.several import InParts, Several
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading


@dataclass(slots=True)
class SharedFeed:
    """Gives what the feed said within the last `fresh_s` real seconds, its refusals too.

    Whoever asks while a question is under way waits for its answer; where the one who put
    it is cancelled, the next in turn puts it again.
    """

    feed: Feed
    fresh_s: float
    seconds: Callable[[], float] = stopwatch
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _answered_at: float = field(default=float("-inf"), init=False)
    _answer: tuple[Reading, ...] | Exception = field(default=(), init=False)

    @property
    def name(self) -> str:
        """Return the provider's name."""
        return self.feed.name

    @property
    def several(self) -> Several:
        """Return what keeps the silences of its things; an empty one where it is one thing."""
        return self.feed.several if isinstance(self.feed, InParts) else Several(self.name)

    async def read(self) -> tuple[Reading, ...]:
        """Return what the provider says or said; raise what it raises or raised."""
        came = self.seconds()
        async with self._lock:
            waited_for = self._answered_at >= came
            if not waited_for and self.seconds() - self._answered_at >= self.fresh_s:
                await self._ask()
            answer = self._answer
        if isinstance(answer, Exception):
            raise answer.with_traceback(None)
        return answer

    def quotes(self) -> tuple[OptionQuote, ...]:
        """Return what came with the answer of single contracts."""
        return quoted_by(self.feed)

    async def _ask(self) -> None:
        try:
            self._answer = await self.feed.read()
        except Exception as error:  # noqa: BLE001 - raised for each who asks
            self._answer = error
        self._answered_at = self.seconds()
