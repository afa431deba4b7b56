"""Config, rules and secrets looked at together, so that a person mends everything at once."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.alerts.policy import Policy
from monitor.app.present import clock_of
from monitor.app.rulebook import read_enabled
from monitor.config import Draft, Settings, read_draft, secret_faults
from monitor.errors import ConfigError, Fault
from monitor.rules.pack import Pack

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one config came to.

    settings, packs: the sound parts. faults: of all files. unset: secrets that cannot be had.
    """

    settings: Settings
    packs: tuple[Pack, ...]
    faults: tuple[Fault, ...]
    unset: tuple[Fault, ...]


def look_over(path: Path) -> Findings:
    """Return what is sound and what is not; raise ConfigError where `path` is no TOML."""
    draft = read_draft(path)
    settings = draft.settings
    packs, faults = tuple[Pack, ...](), list[Fault]()
    # Without knowing which packs were meant, none of them can be blamed.
    if not draft.doubtful("rules", "enabled") and not draft.doubtful("rules", "folder"):
        packs, faults = read_enabled(settings.rules, draft.channels())
    return Findings(
        settings=settings,
        packs=packs,
        faults=(*draft.faults, *_untimely(draft), *faults),
        unset=tuple(
            Fault(file=draft.file, where=where, reason=reason)
            for where, reason in secret_faults(draft.secrets)
        ),
    )


def ready(path: Path) -> tuple[Settings, tuple[Pack, ...]]:
    """Return settings and enabled packs; raise ConfigError with every fault, secrets' too."""
    found = look_over(path)
    if found.faults or found.unset:
        raise ConfigError([*found.faults, *found.unset])
    return found.settings, found.packs


@dataclass(slots=True)
class Files:
    """A daemon's files, as they were when last they were sound."""

    path: Path
    _last: tuple[Settings, tuple[Pack, ...]] | None = None

    def read(self) -> tuple[Settings, tuple[Pack, ...]]:
        """Return settings and enabled packs: those before where the files have become faulty.

        A daemon that leads anew, as after a blink of its database, has seen them sound: a slip in
        a file must not end it. Raises ConfigError where they never were.
        """
        try:
            self._last = ready(self.path)
        except ConfigError as error:
            if self._last is None:
                raise
            _log.error("what was in force stays, the files have become faulty: %s", error)
        return self._last

    def heed(self, hangup: asyncio.Event) -> None:
        """Read them anew where a SIGHUP has come: of a daemon that stands by."""
        if hangup.is_set():
            hangup.clear()
            self.read()

    def policy(self) -> Policy:
        """Return the policy of alerts that is in force."""
        return self._last[0].alerts if self._last else self.read()[0].alerts

    def keep(self, settings: Settings, packs: tuple[Pack, ...]) -> None:
        """Take note of what was read and is in force."""
        self._last = settings, packs


def _untimely(draft: Draft) -> Iterator[Fault]:
    """Yield a fault for each typed value whose date is to come."""
    manual = draft.settings.feed.get("manual")
    if manual is None or not manual.values:
        return
    with suppress(OSError):  # a story whose clock cannot be read is told of when it begins
        now = clock_of(draft.settings).now()
        for signal, typed in manual.values.items():
            with suppress(ValueError):  # a time without its offset is told with the rest
                if reason := typed.untimely(now):
                    where = f"feed.manual.values.{signal}.as_of"
                    yield Fault(file=draft.file, where=where, reason=reason)
