"""The unit systemd runs the daemon by, its template filled in for one config."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from stat import S_IROTH, S_IXOTH
from string import Template
from typing import Final

from monitor.config import Draft, Settings
from monitor.errors import ConfigError, Fault
from monitor.store.connection import database_path
from monitor.store.opening import is_shared

_TEMPLATE: Final = Path(__file__).with_name("hedgewatch.service")
_STATE: Final = Path("/var/lib")
_HOMES: Final = tuple(map(Path, ("/home", "/root", "/run/user")))
_WATCHDOG_S: Final = 90
_SENDS: Final = 6
"""A send may wait for so many of a channel's time-outs: to connect, to write, to be answered."""


def unit(draft: Draft, command: Sequence[Path | str], user: str | None) -> str:
    """Return the unit's text.

    command: how the daemon is started, before `run`. user: None for one made for the service
    alone, which may write below /var/lib and read no file that is private to another.
    Raises ConfigError where the store or a secret lies out of such a user's reach.
    """
    settings = draft.settings
    shared = is_shared(settings.store.url)
    store = None if shared else database_path(settings.store.url)
    faults = [] if user else [*_out_of_reach(draft, store)]
    if faults:
        raise ConfigError(faults)
    places = [Path(draft.file), *(one for one in command if isinstance(one, Path))]
    places += [store] if store else []
    at_home = any(one.is_relative_to(home) for one in _all(places) for home in _HOMES)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=settings.instance,
        command=" ".join(_quoted(str(one)) for one in command),
        config=_quoted(draft.file),
        watchdog_s=_watchdog_s(settings),
        identity="\n".join(_identity(store, user)),
        secrets="\n".join(_secrets(draft)),
        home="read-only" if at_home else "yes",
    )


def closed_to_others(draft: Draft, command: Sequence[Path | str]) -> Iterator[Fault]:
    """Yield what of settings and program a user made for the service alone cannot read."""
    places = [Path(draft.file), *(one for one in command if isinstance(one, Path))]
    for place in dict.fromkeys(_all(places)):
        within = [one for one in place.parents if one.exists() and not one.stat().st_mode & S_IXOTH]
        shut = [*within, *([] if place.stat().st_mode & S_IROTH else [place])]
        if shut:
            reason = (
                f"a user made for the service must read {place}, and {shut[0]} is closed to "
                "others: open it, or install elsewhere, or name who runs it by --user"
            )
            yield Fault(file=draft.file, where="systemd", reason=reason)


def _all(places: Sequence[Path]) -> Iterator[Path]:
    """Yield each place and where its links lead: a virtual environment's interpreter is one."""
    for place in places:
        yield place
        yield place.resolve()


def _out_of_reach(draft: Draft, store: Path | None) -> Iterator[Fault]:
    if store and not _in_a_state_folder(store):
        reason = (
            f'a service of systemd writes in a folder of {_STATE}: "sqlite:///{_STATE}/hedgewatch/'
            'hedgewatch.db"; or name who runs it by --user'
        )
        yield Fault(file=draft.file, where="store.url", reason=reason)
    for where, reference in draft.secrets:
        if reference.startswith("file:"):
            reason = 'no user made for a service may read it: "credential:NAME", or --user'
            yield Fault(file=draft.file, where=where, reason=reason)


def _in_a_state_folder(store: Path) -> bool:
    return store.is_relative_to(_STATE) and len(store.relative_to(_STATE).parts) > 1


def _identity(store: Path | None, user: str | None) -> Iterator[str]:
    yield f"User={user}" if user else "DynamicUser=yes"
    if store is None:
        return
    if _in_a_state_folder(store):
        yield f"StateDirectory={store.relative_to(_STATE).parts[0]}"
        yield "StateDirectoryMode=0700"
    else:
        yield f"ReadWritePaths={_quoted(str(store.parent))}"


def _secrets(draft: Draft) -> Iterator[str]:
    """Yield where each secret comes from that the settings name; files are the user's own."""
    kept = [reference.partition(":") for _, reference in draft.secrets]
    folder = Path(draft.file).parent
    if names := sorted({name for kind, _, name in kept if kind == "env"}):
        yield f"# This file, for root alone, sets {', '.join(names)}; credentials are safer."
        yield f"EnvironmentFile={_quoted(str(folder / 'environment'))}"
    for name in sorted({name for kind, _, name in kept if kind == "credential"}):
        yield f"LoadCredential={_quoted(f'{name}:{folder}/credentials/{name}')}"


def _watchdog_s(settings: Settings) -> int:
    given = (settings.channel.telegram, settings.channel.mqtt)
    slowest = max((one.timeout_s for one in given if one is not None), default=0.0)
    return max(_WATCHDOG_S, round(_SENDS * slowest))


def _quoted(text: str) -> str:
    """Return one word as systemd reads it: % begins its own names, a space would end it."""
    text = text.replace("%", "%%")
    plain = not set(text) & set(" \t\"'\\$;")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return text if plain else f'"{escaped}"'
