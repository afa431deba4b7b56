"""What chains have dropped and the road has not been told yet."""

from monitor.model.observation import Reorg


class Reorgs:
    """Keeps what came with a snapshot that was not believed, for the next one."""

    def __init__(self) -> None:
        self._owed: dict[str, Reorg] = {}

    def owing(self, chain: str, found: Reorg | None) -> Reorg | None:
        """Return what a chain has dropped since its last snapshot that was told."""
        owed = self._owed.get(chain)
        if found is not None and owed is not None:
            ancestor = min(found.ancestor, owed.ancestor)
            found = Reorg(ancestor=ancestor, dropped=(*owed.dropped, *found.dropped))
        if (reorg := found or owed) is not None:
            self._owed[chain] = reorg
        return reorg

    def told(self, chain: str) -> None:
        """Note that the road has been told."""
        self._owed.pop(chain, None)
