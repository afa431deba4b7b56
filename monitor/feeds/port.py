"""The port every feed fills, and the fake that ships with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from monitor.errors import HedgewatchError
from monitor.model.observation import Missing
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading


class Feed(Protocol):
    """One provider of one or more signals."""

    @property
    def name(self) -> str:
        """Return the provider's name, as in `config.toml`."""
        ...

    async def read(self) -> tuple[Reading, ...]:
        """Return what the source says now; raise Transient or Permanent, never guess."""
        ...


@runtime_checkable
class Bundled(Protocol):
    """A feed that has days known beforehand, for when its source fails."""

    def bundled(self) -> str:
        """Return why those are given alone; empty while the source answers."""
        ...


@runtime_checkable
class Refusing(Protocol):
    """A feed that says which members of its families are no longer to be believed."""

    def refused(self) -> tuple[Missing, ...]:
        """Return those the last answer left out, by `name|key`, and why."""
        ...


@runtime_checkable
class Quoting(Protocol):
    """A feed whose answers also hold what single contracts are quoted at."""

    def quotes(self) -> tuple[OptionQuote, ...]:
        """Return those of the answer that `read` gave last."""
        ...


def quoted_by(feed: Feed) -> tuple[OptionQuote, ...]:
    """Return what a feed quoted in the answer it gave last; nothing where it quotes none."""
    return feed.quotes() if isinstance(feed, Quoting) else ()


@dataclass(slots=True)
class ScriptedFeed:
    """Gives scripted answers, then repeats the last. For replays and tests."""

    name: str
    script: Sequence[tuple[Reading, ...] | HedgewatchError]
    asked: int = field(default=0)

    async def read(self) -> tuple[Reading, ...]:
        answer = self.script[min(self.asked, len(self.script) - 1)]
        self.asked += 1
        if isinstance(answer, HedgewatchError):
            raise answer
        return answer
