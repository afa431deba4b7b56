"""What `config.toml` may say, in frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field

from monitor.alerts.policy import PLAIN, Policy
from monitor.chain.settings import ChainSettings, EntrySettings, LinkSettings, WatchSettings
from monitor.chain.usd_settings import UsdSettings
from monitor.channels.settings import MqttSettings, TelegramSettings
from monitor.config.service import AliveSettings, DeadmanSettings
from monitor.config.web_settings import WebSettings
from monitor.feeds.settings import FeedSettings
from monitor.hedge.profiles import Name

_STRICT: Final = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """url: `sqlite:///relative.db`, to the config file's folder, or `sqlite:////absolute.db`.

    Or a PostgreSQL that several daemons share: `postgresql://user@host/database` without a
    password, or `env:NAME`, `file:/path` or `credential:NAME` for where the whole URL is.
    lease_s: how long, there, a daemon that is not heard of leads on. shards: whether, there,
    several chains are divided among the daemons, each of which reads its own for whoever leads.
    keep_days: how long delivered alerts, polls and consumed words are kept. Samples are kept
    for as long as a window of a rule looks back, whatever this says.
    """

    __pydantic_config__: ClassVar = _STRICT

    url: str = "sqlite:///var/hedgewatch.db"
    keep_days: Annotated[int, Field(strict=True, ge=7, le=36_500)] = 90
    lease_s: Annotated[float, Field(strict=True, ge=1, le=60)] = 6.0
    shards: Annotated[bool, Field(strict=True)] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesSettings:
    """enabled: pack ids. max_gap: a silence longer than this restarts a rule's `for`.

    folder: of rule files, relative to the config file's; None means the shipped ones.
    """

    __pydantic_config__: ClassVar = _STRICT

    enabled: tuple[str, ...] = ("alvh", "crypto_dvol", "lp_range", "self")
    folder: str | None = None
    max_gap: str = "5m"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSettings:
    """profile: by which of the two characters `hedgewatch book` scores the hedge; no gate."""

    __pydantic_config__: ClassVar = _STRICT

    profile: Name = "steward"


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
    """scenario: a file, beside the config's, with the present of a story faster than life."""

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
    link: tuple[LinkSettings, ...] = ()
    usd: UsdSettings = field(default_factory=UsdSettings)
    feeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    feed: Mapping[str, FeedSettings] = field(default_factory=dict)
    rules: RulesSettings = RulesSettings()
    book: BookSettings = BookSettings()
    alerts: Policy = PLAIN
    channel: ChannelsSettings = ChannelsSettings()
    clock: ClockSettings = ClockSettings()
    web: WebSettings = field(default_factory=WebSettings)
    deadman: DeadmanSettings | None = None
    alive: AliveSettings | None = None
