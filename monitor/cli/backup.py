"""`hedgewatch backup` and `hedgewatch restore`."""

import argparse
from pathlib import Path

from monitor.app.present import clock_of
from monitor.config import Settings, load_settings
from monitor.errors import Permanent
from monitor.store.backup import Copy, back_up, put_back
from monitor.store.connection import database_path
from monitor.store.opening import is_shared


def backup(asked: argparse.Namespace) -> int:
    """Copy the store into a new file."""
    store = _file(load_settings(asked.config))
    copy = back_up(store, asked.file)
    print(f"{asked.file}: {_told(copy)}")
    print(f"sha256 {copy.sha256}, kept in {asked.file.name}.sha256")
    return 0


def restore(asked: argparse.Namespace) -> int:
    """Put a backup in the store's place."""
    settings = load_settings(asked.config)
    store, now = _file(settings), clock_of(settings).now()
    copy, aside = put_back(asked.file, store, settings.store.url, now=now)
    print(f"{store}: restored, {_told(copy)}")
    if copy.waiting:
        letters = "1 alert was" if copy.waiting == 1 else f"{copy.waiting} alerts were"
        print(f"{letters} still to be delivered when it was copied: `run` sends them now")
    print(f"the store before it is kept: {aside}" if aside else "there was no store before it")
    return 0


def _file(settings: Settings) -> Path:
    """Return the store's file; raise Permanent where it is a server's."""
    if is_shared(settings.store.url):
        raise Permanent(
            "the store is a PostgreSQL: copy it by `pg_dump -Fc` and put it back by `pg_restore`, "
            "as README tells under Several machines"
        )
    return database_path(settings.store.url)


def _told(copy: Copy) -> str:
    return f"{copy.events} events, schema {copy.schema}, {copy.bytes / 1e6:,.1f} MB, sound"
