"""The settings of verbs that can do without any."""

from pathlib import Path

from monitor.cli.verbs import CONFIG
from monitor.config import Settings, load_settings


def settings_of(config: Path) -> Settings | None:
    """Return a file's settings; None where nobody named one and `./config.toml` is not there.

    Raises ConfigError for a file that was named and is not there, or that is faulty.
    """
    if config == CONFIG and not config.exists():
        return None
    return load_settings(config)
