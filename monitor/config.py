"""`config.toml`, read into frozen settings; every fault is reported at once."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

from monitor.chain.registry import settle
from monitor.chain.settings import ChainSettings, EntrySettings, WatchSettings
from monitor.channels.settings import MqttSettings, TelegramSettings
from monitor.errors import ConfigError, Fault
from monitor.feeds.settings import DEFAULT_ORDER, FeedSettings, feed_faults
from monitor.rules.durations import parse_duration

_STRICT: Final = ConfigDict(extra="forbid")
_PRIVATE: Final = frozenset({"rpc", "token", "chat", "password", "base_url"})
"""Keys whose values are never quoted in a message: a secret may have been put there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """url: `sqlite:///relative.db` or `sqlite:////absolute.db`."""

    __pydantic_config__: ClassVar = _STRICT

    url: str = "sqlite:///var/hedgewatch.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesSettings:
    """enabled: pack ids. folder: of rule files; None means the shipped ones.

    max_gap: a silence longer than this restarts a rule's `for`.
    """

    __pydantic_config__: ClassVar = _STRICT

    enabled: tuple[str, ...] = ("alvh", "crypto_dvol", "lp_range", "self")
    folder: str | None = None
    max_gap: str = "5m"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsdSettings:
    """pegged: token addresses the owner counts as one US dollar each; none by default."""

    __pydantic_config__: ClassVar = _STRICT

    pegged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """The console prints every event, one line each, unless it is off."""

    __pydantic_config__: ClassVar = _STRICT

    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsSettings:
    """The channels that are configured."""

    __pydantic_config__: ClassVar = _STRICT

    console: ConsoleSettings = ConsoleSettings()
    telegram: TelegramSettings | None = None
    mqtt: MqttSettings | None = None

    def names(self) -> tuple[str, ...]:
        """Return the channels a rule may reach."""
        given = (("console", self.console.on), ("telegram", self.telegram), ("mqtt", self.mqtt))
        return tuple(name for name, there in given if there)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """scenario: a file that holds the present, for stories told faster than life."""

    __pydantic_config__: ClassVar = _STRICT

    scenario: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of `config.toml`."""

    __pydantic_config__: ClassVar = _STRICT

    instance: str = "home"
    store: StoreSettings = StoreSettings()
    chain: Mapping[str, ChainSettings] = field(default_factory=dict)
    watch: tuple[WatchSettings, ...] = ()
    entry: tuple[EntrySettings, ...] = ()
    usd: UsdSettings = UsdSettings()
    feeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    feed: Mapping[str, FeedSettings] = field(default_factory=dict)
    rules: RulesSettings = RulesSettings()
    channel: ChannelsSettings = ChannelsSettings()
    clock: ClockSettings = ClockSettings()


_TAKEN: Final = frozenset({*DEFAULT_ORDER, "self", "inbox"})
_SETTINGS: Final = TypeAdapter(Settings)


def load_settings(path: Path) -> Settings:
    """Return the settings in `path`; raise ConfigError with every fault found."""
    return parse_settings(_text(path), str(path))


def parse_settings(text: str, file: str = "config.toml") -> Settings:
    """Return the settings in `text`; `file` names it in messages."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Fault(file=file, where="", reason=f"not TOML: {error}")]) from None
    try:
        settings = _SETTINGS.validate_python(raw)
    except ValidationError as error:
        raise ConfigError(_faults(error, file)) from None
    faults = [Fault(file=file, where=w, reason=r) for w, r in _contradictions(settings)]
    if faults:
        raise ConfigError(faults)
    return settings


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        reason = "no such file; `config.toml` of the project is one to start from"
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be read: {error}"
    raise ConfigError([Fault(file=str(path), where="", reason=reason)])


def _faults(error: ValidationError, file: str) -> Iterator[Fault]:
    for one in error.errors(include_url=False):
        where = ".".join(str(part) for part in one["loc"])
        reason = one["msg"].removeprefix("Value error, ")
        match one["type"]:
            case "unexpected_keyword_argument" | "extra_forbidden":
                reason = "unknown key"
            case "missing" | "missing_argument":
                reason = "must be given"
            case _ if not isinstance(one["input"], dict | list) and not _PRIVATE & set(one["loc"]):
                reason = f"{reason}, was {one['input']!r}"
            case _:
                pass
        yield Fault(file=file, where=where, reason=reason)


def _contradictions(settings: Settings) -> Iterator[tuple[str, str]]:
    for number, watch in enumerate(settings.watch):
        if watch.chain not in settings.chain:
            known = ", ".join(settings.chain) or "none"
            yield f"watch.{number}.chain", f"no [chain.{watch.chain}]; configured: {known}"
    yield from _chain_faults(settings)
    yield from feed_faults(settings.feeds, settings.feed)
    try:
        parse_duration(settings.rules.max_gap)
    except ValueError as error:
        yield "rules.max_gap", str(error)
    if not settings.watch:
        yield "watch", "nothing is watched: give a [[watch]] with a wallet, nft or pool"
    if not settings.instance.replace("-", "").replace("_", "").isalnum():
        yield "instance", f"letters, digits, - and _ only, was {settings.instance!r}"


def _chain_faults(settings: Settings) -> Iterator[tuple[str, str]]:
    managers = set[str]()
    for name, chain in settings.chain.items():
        if name in _TAKEN:
            yield f"chain.{name}", "this name is taken by a feed or by the daemon itself"
        try:
            settled = settle(name, chain)
        except ValueError as error:
            yield f"chain.{name}", str(error)
        else:
            managers.add(f"{settled.chain_id}:{settled.manager}")
    for number, entry in enumerate(settings.entry):
        if entry.position.rpartition(":")[0] not in managers:
            yield f"entry.{number}.position", f"{entry.position} is on no configured chain"
