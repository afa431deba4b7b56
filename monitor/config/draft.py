"""`config.toml` as far as it can be read: its sound parts, and every fault of the rest."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from monitor.channels.settings import TlsSettings
from monitor.config.contradictions import contradictions
from monitor.config.schema import Misfit, Place, misfits, sound
from monitor.config.secrets import references
from monitor.config.settings import Settings
from monitor.errors import ConfigError, Fault
from monitor.store.connection import beside

_SETTINGS: Final = TypeAdapter(Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One file as far as it could be read.

    settings: its sound parts. faults: everything wrong with it. lost: places of what
    was given, or probably meant, and could not be read. secrets: where secrets are
    referred to, and how.
    """

    file: str
    settings: Settings
    faults: tuple[Fault, ...] = ()
    lost: frozenset[Place] = frozenset()
    secrets: tuple[tuple[str, str], ...] = ()

    def doubtful(self, *place: str | int) -> bool:
        """Tell whether something at this place, within or around it could not be read."""
        return any(all(a == b for a, b in zip(place, one, strict=False)) for one in self.lost)

    def channels(self) -> tuple[str, ...]:
        """Return the channels a rule may reach, with those whose own table is at fault."""
        there = set(self.settings.channel.names())
        return tuple(
            name
            for name in ("console", "telegram", "mqtt")
            if name in there or self.doubtful("channel", name)
        )


def load_settings(path: Path) -> Settings:
    """Return the settings in `path`; raise ConfigError with every fault found."""
    return _checked(read_draft(path))


def parse_settings(text: str, file: str = "config.toml") -> Settings:
    """Return the settings in `text`; `file` names it in messages."""
    return _checked(_draft(text, file))


def read_draft(path: Path) -> Draft:
    """Return what can be read of `path`; raise ConfigError when it is no TOML at all."""
    try:
        draft = _draft(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        reason = "no such file; `hedgewatch init` writes one"
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be read: {error}"
    else:
        return replace(draft, settings=_settled(draft.settings, path.parent))
    raise ConfigError([Fault(file=str(path), where="", reason=reason)])


def _settled(settings: Settings, folder: Path) -> Settings:
    """Return the settings with each relative path taken from `folder`."""
    rules, scenario, mqtt = settings.rules.folder, settings.clock.scenario, settings.channel.mqtt
    if mqtt is not None and isinstance(mqtt.tls, TlsSettings):
        files = {one.name: getattr(mqtt.tls, one.name) for one in fields(mqtt.tls)}
        told = {name: str(folder / file) if file else None for name, file in files.items()}
        mqtt = replace(mqtt, tls=replace(mqtt.tls, **told))
    return replace(
        settings,
        channel=replace(settings.channel, mqtt=mqtt),
        store=replace(settings.store, url=beside(settings.store.url, folder)),
        rules=replace(settings.rules, folder=str(folder / rules) if rules else None),
        clock=replace(settings.clock, scenario=str(folder / scenario) if scenario else None),
    )


def _checked(draft: Draft) -> Settings:
    if draft.faults:
        raise ConfigError(draft.faults)
    return draft.settings


def _draft(text: str, file: str) -> Draft:
    try:
        raw = tomllib.loads(text)
    except ValueError as error:  # or a number of more digits than Python reads
        raise ConfigError([Fault(file=file, where="", reason=f"not TOML: {error}")]) from None
    settings, told, gone, lost = _sifted(raw)
    draft = Draft(file=file, settings=settings, lost=frozenset(lost))

    def rows(*keys: str) -> list[int]:
        given: Any = raw
        for key in keys:
            given = given.get(key) if isinstance(given, dict) else None
        lost_whole = any(keys[:length] in gone for length in range(1, len(keys) + 1))
        count = len(given) if isinstance(given, list) and not lost_whole else 0
        return [number for number in range(count) if (*keys, number) not in gone]

    found = [
        *((one.where, one.reason) for one in told),
        *contradictions(settings, draft.doubtful, rows=rows),
    ]
    faults = tuple(Fault(file=file, where=where, reason=reason) for where, reason in found)
    return replace(draft, faults=faults, secrets=tuple(references(raw)))


def _sifted(raw: Mapping[str, Any]) -> tuple[Settings, list[Misfit], set[Place], set[Place]]:
    """Return the sound part of a file, its misfits, what is gone and what is lost with it."""
    told, gone, lost = list[Misfit](), set[Place](), set[Place]()
    while True:
        try:
            return _SETTINGS.validate_python(sound(raw, gone)), told, gone, lost
        except ValidationError as error:
            found = list(misfits(error, raw, gone))
            if gone.issuperset(one.gone for one in found):
                raise  # it would go on for ever: a slip of ours
        # A misfit that shows only now may come of what was left out before it.
        # A key that was probably meant by another is not called missing besides.
        hinted = {
            ".".join(map(str, one.meant)) for one in found if one.meant not in (None, one.gone)
        }
        told += [
            one
            for one in found
            if one.where not in hinted and not any(_within(place, one.gone) for place in lost)
        ]
        gone |= {one.gone for one in found}
        lost |= {one.meant for one in found if one.meant is not None}


def _within(place: Place, table: Place) -> bool:
    return place[: len(table)] == table
