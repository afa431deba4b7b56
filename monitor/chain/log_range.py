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
    granted, and after every refusal twice as many. Where even the narrowest is refused it
    was not the width that was minded, and what was learned on the way down is forgotten.
    """

    def __init__(self, most: int | None) -> None:
        self.width = most
        self._most = most
        self._patience = _PATIENCE
        self._before: tuple[int | None, int] | None = None
        self._granted = 0
        self._silent = 0

    def granted(self, blocks: int) -> None:
        """Note that a request over so many blocks was answered."""
        self._silent = 0
        self._before = None
        if self.width is None or blocks < self.width:
            return
        self._granted += 1
        if self._granted >= self._patience:
            self._granted = 0
            wider = self.width * 2
            self.width = wider if self._most is None else min(wider, self._most)

    def forget(self) -> None:
        """Forget what refusals taught, but for what the node said itself."""
        self.width, self._before, self._granted = self._most, None, 0

    def unanswered(self, blocks: int) -> None:
        """Note that none came in time: twice in a row over very many blocks is a refusal."""
        self._silent += 1
        if self._silent >= _SILENCES and blocks > _STEPS[0]:
            self._silent = 0
            self.refused(blocks)

    def refused(self, blocks: int, stated: int | None = None) -> bool:
        """Narrow the range; return False where so few were asked for that it cannot be.

        stated: the most blocks the node says it gives, which is never exceeded from then on.
        """
        if self._before is None:
            self._before = self.width, self._patience
        if stated is not None and stated < blocks:
            self._most = stated if self._most is None else min(self._most, stated)
            self.width = self._most
        elif blocks <= _FLOOR:
            (self.width, self._patience), self._before = self._before, None
            return False
        else:
            narrower = (step for step in _STEPS if step < blocks)
            self.width = next(narrower, max(blocks // 2, _FLOOR))
        self._granted = 0
        self._patience = min(self._patience * 2, _MOST_PATIENCE)
        return True
