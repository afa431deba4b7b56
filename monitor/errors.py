"""The three verdicts an adapter may give, and nothing else.

HedgewatchError
├── Transient    it may work later: retry with backoff
├── Permanent    it will not work: give up and say so
└── ConfigError  a person must mend a file: exit status 2
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta


class HedgewatchError(Exception):
    """The root of everything Hedgewatch raises on purpose.

    told: true where whoever raises it has logged it, and logs its end.
    """

    told: bool = False


class Transient(HedgewatchError):
    """It failed now and may work later.

    retry_after: the least wait the other side asked for, if it asked.
    ambiguous: true when the work may have been done although no answer came. refused:
    true when the other side does not let us in at all (a wrong token): a person must act.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry_after: timedelta | None = None,
        ambiguous: bool = False,
        refused: bool = False,
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.ambiguous = ambiguous
        self.refused = refused


class Permanent(HedgewatchError):
    """It failed and will fail again in the same way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in one file: where it stands and what is wrong with it."""

    file: str
    where: str
    reason: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f":{self.line}"
        if self.column is not None:
            place += f":{self.column}" if self.line is not None else f" (column {self.column})"
        return f"{place}: {self.where}: {self.reason}" if self.where else f"{place}: {self.reason}"


class ConfigError(HedgewatchError):
    """A configuration or rule file is wrong; carries every fault found, not the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[tuple[Fault, ...]]]:
        """Say how it is made anew in another process: of its faults, not of its text."""
        return type(self), (self.faults,)
