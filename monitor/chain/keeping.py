"""Which stories are saved, and when."""

from collections.abc import Iterable, Mapping

from monitor.chain.checkpoint import Checkpoints
from monitor.chain.story import Story, Subject, resumed
from monitor.errors import HedgewatchError


class Keeping:
    """Gives out what an earlier run saved, and saves what this one reads."""

    def __init__(self, checkpoints: Checkpoints, chain_id: int, start_block: int | None) -> None:
        self._checkpoints = checkpoints
        self._start_block = start_block
        self._kept = {one.key: one for one in checkpoints.load(chain_id)}
        self._changed: set[str] = set()

    def resume(self, subject: Subject) -> Story | None:
        """Return the story an earlier run left off at, once; None where there is none.

        One that was not read to its end is dropped where it begins later than is wanted now.
        """
        kept = self._kept.pop(subject.key, None)
        wanted = self._start_block
        if kept is None or (not kept.mark and wanted is not None and wanted < kept.first):
            return None
        return resumed(kept, subject)

    def changed(self, keys: Iterable[str]) -> None:
        """Note stories that are to be saved."""
        self._changed.update(keys)

    def save(self, stories: Mapping[str, Story]) -> None:
        """Save what has changed; where the store cannot, it is tried again next time."""
        if not self._changed:
            return
        told = [
            stories[key].checkpoint(key)
            for key in sorted(self._changed)
            if key in stories and stories[key].worth_keeping
        ]
        try:
            self._checkpoints.save(told)
        except HedgewatchError:
            return  # the daemon's own commit meets the same store, and says what ails it
        self._changed.clear()
