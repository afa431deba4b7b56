"""A folder of Parquet files as the shelf of a pull."""

from dataclasses import dataclass, field
from datetime import datetime

import httpx

from monitor.feeds.provider import Bygone, Stretch
from monitor.logs import redact
from monitor.store.parquet import Archive, Chunk, Origin


@dataclass(slots=True)
class FileShelf:
    """Leaves each chunk in a file of its own, with the addresses that were asked for it."""

    archive: Archive
    _asked: list[str] = field(default_factory=list, init=False)

    async def note(self, request: httpx.Request) -> None:
        """Note what is asked; for the client's own hook."""
        self._asked.append(redact(str(request.url)))

    def had(self, source: str, stretch: Stretch) -> bool:
        return self.archive.had(_chunk(source, stretch))

    def keep(self, source: str, stretch: Stretch, found: Bygone, now: datetime) -> tuple[str, ...]:
        urls, self._asked = tuple(self._asked), []
        path = self.archive.save(_chunk(source, stretch), found, Origin(urls=urls, fetched_at=now))
        return (f"written {path}",)


def _chunk(source: str, stretch: Stretch) -> Chunk:
    return Chunk(signal=stretch.signal, source=source, first=stretch.first, last=stretch.last)
