"""Config, rules and secrets looked at together, so that a person mends everything at once."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.app.present import clock_of
from monitor.app.rulebook import read_enabled
from monitor.config import Draft, Settings, read_draft, secret_faults
from monitor.errors import ConfigError, Fault
from monitor.rules.pack import Pack


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
