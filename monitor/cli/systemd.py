"""`hedgewatch systemd`: the unit that runs this daemon, with this installation's paths."""

import argparse
import shutil
import sys
from pathlib import Path

from monitor.app.service_unit import closed_to_others, unit
from monitor.config import read_draft
from monitor.errors import ConfigError


def systemd(asked: argparse.Namespace) -> int:
    """Print the unit; raise ConfigError where the settings cannot be run so."""
    draft = read_draft(asked.config.resolve())
    if draft.faults:
        raise ConfigError(draft.faults)
    text = unit(draft, _command(), asked.user)
    if not asked.user and (closed := [*closed_to_others(draft, _command())]):
        raise ConfigError(closed)
    print(text, end="")
    return 0


def _command() -> tuple[Path | str, ...]:
    """Return how this very installation is started: its command, or else its interpreter."""
    here = Path(sys.executable).parent
    found = shutil.which("hedgewatch", path=str(here))
    return (Path(found),) if found else (Path(sys.executable), "-m", "monitor")
