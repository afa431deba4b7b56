"""The garbage collector, held back."""

import gc


def collect_seldom() -> None:
    """Have the garbage collector leave the state alone for most polls.

    A poll makes ten records a position and they have no cycles; by default the collector
    would walk through all of them every second poll, which takes as long as the poll.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
