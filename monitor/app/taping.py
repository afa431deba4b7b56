"""What a run writes to its tape, and what the store keeps of it."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from monitor import __version__
from monitor.model.observation import Observation
from monitor.pipeline import Rulebook
from monitor.sources.tape import Head, Line, Recorder, open_tape
from monitor.store.port import Store
from monitor.store.records import Change, RowKey, Saved
from monitor.store.rows import epoch_of

_log = logging.getLogger(__name__)

ROW: Final[RowKey] = ("tape", "file")
"""The store's row of how far the road came on which tape."""


@dataclass(slots=True, kw_only=True)
class Taping:
    """A run's tape. A disk that is full ends the tape, and never the watch."""

    recorder: Recorder | None = None
    epoch: str
    now: Callable[[], datetime]
    _ended: bool = field(default=False, init=False)

    def note(self, seen: Observation) -> Mapping[RowKey, str | None]:
        """Write an observation; return what to commit with what comes of it."""
        size = self._written(seen)
        if self.recorder is not None:
            return {ROW: json.dumps({"file": _name(self.recorder.path), "came_to": size})}
        ended, self._ended = self._ended, False
        return {ROW: None} if ended else {}

    def judged_by(self, book: Rulebook) -> None:
        """Note that the run goes on with these rules."""
        self._written(self._head(book))

    def begun(self, saved: Saved, book: Rulebook) -> None:
        """Note where the run begins: after the tape's last line, or with the state saved."""
        if self.recorder is None:
            return
        rows = tuple((*key, text) for key, text in saved.rows.items() if key != ROW)
        samples = tuple((one.series, one.at, one.value) for one in saved.samples)
        whole = None if self.recorder.goes_on else rows
        self._written(self._head(book, whole, () if whole is None else samples))

    def _head(
        self,
        book: Rulebook,
        rows: tuple[tuple[str, str, str], ...] | None = None,
        samples: tuple[tuple[str, datetime, float], ...] = (),
    ) -> Head:
        return Head(
            version=__version__,
            epoch=self.epoch,
            rules=fingerprint(book),
            at=self.now(),
            rows=rows,
            samples=samples,
        )

    def _written(self, line: Line) -> int | None:
        """Write a line and return how long the tape is then; None where it ends, or has ended."""
        if self.recorder is None:
            return None
        try:
            return self.recorder.write(line)
        except OSError as error:
            _log.error("the tape %s ends here: %s", self.recorder.path, error.strerror)
            self.recorder.__exit__()
            self.recorder, self._ended = None, True
            return None


@contextmanager
def taping(
    path: Path | None, store: Store, book: Rulebook, now: Callable[[], datetime]
) -> Iterator[Taping]:
    """Open a run's tape, where one is asked for, and close it.

    Without one the store forgets how far an older tape came: the next does not go on from it.
    Raises ConfigError for a file that is no tape.
    """
    saved = store.load()
    epoch = epoch_of(saved.created_at)
    if path is None:
        if ROW in saved.rows:
            store.commit(Change(rows={ROW: None}))
        yield Taping(epoch=epoch, now=now)
        return
    with open_tape(path, came_to=_came_to(saved, path)) as recorder:
        tape = Taping(recorder=recorder, epoch=epoch, now=now)
        tape.begun(saved, book)
        yield tape


def _came_to(saved: Saved, path: Path) -> int | None:
    text = saved.rows.get(ROW)
    known = json.loads(text) if text else {}
    return known["came_to"] if known.get("file") == _name(path) else None


def _name(path: Path) -> str:
    return str(path.resolve())


def fingerprint(book: Rulebook) -> str:
    """Return what stands for the rules and for how observations are looked at."""
    lens = book.lens
    told = [
        *(f"{pack.id} {sha256(Path(pack.file).read_bytes()).hexdigest()}" for pack in book.packs),
        f"pegged {sorted(lens.pegged)} chains {sorted(lens.chains)} feeds {sorted(lens.feeds)}",
        f"max_gap {book.max_gap}",
    ]
    return sha256("\n".join(told).encode()).hexdigest()[:16]
