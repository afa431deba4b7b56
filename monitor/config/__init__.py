"""`config.toml`, read into frozen settings; every fault is reported at once."""

from monitor.chain.usd_settings import UsdSettings
from monitor.config.draft import Draft, load_settings, parse_settings, read_draft
from monitor.config.secrets import secret_faults
from monitor.config.settings import (
    ChannelsSettings,
    ClockSettings,
    ConsoleSettings,
    RulesSettings,
    Settings,
    StoreSettings,
)

__all__ = [
    "ChannelsSettings",
    "ClockSettings",
    "ConsoleSettings",
    "Draft",
    "RulesSettings",
    "Settings",
    "StoreSettings",
    "UsdSettings",
    "load_settings",
    "parse_settings",
    "read_draft",
    "secret_faults",
]
