"""How many blocks of logs one endpoint gives at once, learned from what it refuses."""

from typing import Final

_STEPS: Final = (10_000, 1_000)
_FLOOR: Final = 50
_SILENCES: Final = 2
_PATIENCE: Final = 8
_MOST_PATIENCE: Final = 1_024


class LogRange:
    """One endpoint's range. width: blocks a request; None while nothing was refused.

    It narrows at once and widens with care: after so many full ranges in a row that were
    granted, and after every refusal twice as many.
    """

    def __init__(self, most: int | None) -> None:
        self.width = most
        self._most = most
        self._patience = _PATIENCE
        self._granted = 0
        self._silent = 0

    def granted(self, blocks: int) -> None:
        """Note that a request over so many blocks was answered."""
        self._silent = 0
        if self.width is None or blocks < self.width:
            return
        self._granted += 1
        if self._granted >= self._patience:
            self._granted = 0
            wider = self.width * 2
            self.width = wider if self._most is None else min(wider, self._most)

    def unanswered(self, blocks: int) -> None:
        """Note that none came in time: twice in a row over very many blocks is a refusal."""
        self._silent += 1
        if self._silent >= _SILENCES and blocks > _STEPS[0]:
            self._silent = 0
            self.refused(blocks)

    def refused(self, blocks: int) -> bool:
        """Narrow the range; return False where so few were asked for that it cannot be."""
        if blocks <= _FLOOR:
            return False
        self.width = next((step for step in _STEPS if step < blocks), max(blocks // 2, _FLOOR))
        self._granted = 0
        self._patience = min(self._patience * 2, _MOST_PATIENCE)
        return True
