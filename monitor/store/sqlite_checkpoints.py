"""The table of what the chain's readers need not read again."""

import logging
from collections.abc import Sequence
from typing import Final

from pydantic import TypeAdapter, ValidationError

from monitor.chain.checkpoint import Checkpoint
from monitor.store.database import Database

_LOG: Final = logging.getLogger(__name__)
_CHECKPOINT: Final = TypeAdapter(Checkpoint)


class SqliteCheckpoints:
    """Checkpoints by position key; see `monitor.chain.checkpoint.Checkpoints`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, chain_id: int) -> tuple[Checkpoint, ...]:
        rows = self._database.read(
            "SELECT key, json FROM checkpoint WHERE chain_id = ? ORDER BY key", chain_id
        )
        found: list[Checkpoint] = []
        for key, json in rows:
            try:
                found.append(_CHECKPOINT.validate_json(json))
            except ValidationError:
                _LOG.warning("the kept history of %s cannot be read: it is read anew", key)
        return tuple(found)

    def save(self, checkpoints: Sequence[Checkpoint]) -> None:
        with self._database.transaction():
            self._database.run_many(
                "INSERT INTO checkpoint VALUES (?, ?, ?) ON CONFLICT (key)"
                " DO UPDATE SET chain_id = excluded.chain_id, json = excluded.json",
                [
                    (one.key, int(one.key.partition(":")[0]), _CHECKPOINT.dump_json(one).decode())
                    for one in checkpoints
                ],
            )
