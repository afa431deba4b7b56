"""What keeps providers from giving fresh values: each cause said once for all it touches."""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.faults import Faults

_log: Final = logging.getLogger(__name__)


class Kind(StrEnum):
    """How a provider fails a signal."""

    FAILS = "fails"
    SILENT = "silent"
    OLD = "old"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a provider does not serve a signal.

    of: what tells it from others of its kind; empty for a failure, which is one outage
    of its provider whatever signal meets it and however its words change. text: the
    reason, which names the provider's host where that is to blame.
    """

    provider: str
    kind: Kind
    of: str = ""
    text: str = field(compare=False)

    @property
    def over(self) -> str:
        """Return what is said at its end."""
        said = "answers again" if self.kind is Kind.FAILS else "gives news again"
        return f"{self.provider} {said}"


@dataclass(slots=True)
class Outages:
    """The causes in force, shared by the signals of one daemon.

    A cause is said when the first signal meets it, and with that signal only. Its end is
    said when the last signal is rid of it, and only if it was seen to end: a provider no
    longer asked is not back.
    """

    faults: Faults = field(default_factory=Faults, init=False)
    _held: dict[Cause, set[str]] = field(default_factory=dict, init=False)
    _ended: set[Cause] = field(default_factory=set, init=False)

    def tell(
        self, signal: str, line: str, *, causes: Collection[Cause], ended: Collection[Cause]
    ) -> None:
        """Take what a signal meets now. line: what is logged if any of the causes is new."""
        new = [cause for cause in causes if cause not in self._held]
        for cause in causes:
            self._held.setdefault(cause, set()).add(signal)
        self._ended.difference_update(causes)
        if new:
            _log.warning("%s", line)
        for cause in [one for one, who in self._held.items() if signal in who]:
            if cause not in causes:
                self._release(signal, cause, ended=cause in ended)

    def _release(self, signal: str, cause: Cause, *, ended: bool) -> None:
        self._held[cause].discard(signal)
        if ended:
            self._ended.add(cause)
        if self._held[cause]:
            return
        del self._held[cause]
        if cause in self._ended:
            self._ended.discard(cause)
            _log.info("%s", cause.over)


def reasons(causes: Iterable[Cause]) -> str:
    """Return the reasons as one text: each once, with the providers it is true of."""
    named: dict[str, list[str]] = {}
    for cause in causes:
        named.setdefault(cause.text, []).append(cause.provider)
    return "; ".join(
        text if text.startswith(f"{who[0]} ") else f"{', '.join(who)}: {text}"
        for text, who in named.items()
    )


def as_one(errors: Sequence[HedgewatchError], reason: str, *, later: bool) -> HedgewatchError:
    """Return failures as one: Transient if any may pass, with the shortest wait asked for.

    later: an answer may yet come all the same.
    """
    transient = [error for error in errors if isinstance(error, Transient)]
    waits = [error.retry_after for error in transient if error.retry_after is not None]
    if transient or later:
        return Transient(reason, retry_after=min(waits, default=None))
    return Permanent(reason)
