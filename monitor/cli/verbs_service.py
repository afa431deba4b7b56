"""The verbs of a daemon that is left alone: its unit, its backups."""

import argparse
from pathlib import Path

from monitor.cli.verbs import Verbs, add_config, add_verb


def add_service(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add `systemd`, `backup` and `restore`."""
    unit = add_verb(
        verbs, "systemd", "print a hardened unit that runs this daemon", "systemd:systemd"
    )
    add_config(unit)
    unit.add_argument(
        "--user", metavar="NAME", help="who runs it (default: a user made for it alone)"
    )
    _example(
        unit,
        "hedgewatch systemd --config /etc/hedgewatch/config.toml \\\n"
        "    | sudo tee /etc/systemd/system/hedgewatch.service",
    )
    backup = add_verb(
        verbs, "backup", "copy the store, while a daemon runs on it or not", "backup:backup"
    )
    add_config(backup)
    backup.add_argument(
        "file", type=Path, metavar="FILE", help="made anew; its checksum goes to FILE.sha256"
    )
    _example(backup, "hedgewatch backup /srv/backup/hedgewatch.db")
    restore = add_verb(
        verbs,
        "restore",
        "put a backup in the store's place; the store there is kept aside",
        "backup:restore",
    )
    add_config(restore)
    restore.add_argument("file", type=Path, metavar="FILE", help="as `backup` wrote it")
    _example(restore, "hedgewatch restore /srv/backup/hedgewatch-2026-11-30.db")


def _example(verb: argparse.ArgumentParser, text: str) -> None:
    verb.formatter_class = argparse.RawDescriptionHelpFormatter
    verb.epilog = f"example:\n  {text}"
